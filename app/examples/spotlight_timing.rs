//! How long a key takes over 100,000 objects: `cargo run --release --example spotlight_timing`. Native; the browser takes about twice as long.
#![allow(clippy::print_stdout)]

use std::sync::Arc;
use std::time::Instant;

use krateyard_app::spotlight::{Query, Spotlight};
use krateyard_shared::identity::ClusterName;
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{Facts, ReplicaSetFacts, Row};

fn main() {
    let words = ["payments", "checkout", "search", "ledger", "edge", "reports", "auth", "catalog", "mail", "orders"];
    let parts = ["api", "worker", "web", "cache", "export", "gateway", "indexer"];
    let row = |n: usize| {
        let (word, part) = (words[n % words.len()], parts[n / 7 % parts.len()]);
        Arc::new(Row {
            kind: Kind::ReplicaSet,
            uid: format!("uid-{n}"),
            namespace: Some(words[n / 11 % words.len()].into()),
            name: format!("{word}-{part}-{:010x}-{:05x}", n * 2_654_435_761 % 0xff_ffff_ffff, n),
            created: 0,
            deleting: None,
            labels: vec![],
            owner: None,
            facts: Facts::ReplicaSet(ReplicaSetFacts { desired: 1, current: 1, ready: u32::from(!n.is_multiple_of(50)) }),
        })
    };
    let rows: Vec<_> = (0..100_000).map(row).collect();
    let mut spotlight = Spotlight::new(ClusterName("c".into()), &[]);
    let timed = |what: &str, work: &mut dyn FnMut() -> usize| {
        let start = Instant::now();
        let found = work();
        println!("{what:<24} {:>8.2} ms  {found} found", start.elapsed().as_secs_f64() * 1000.0);
    };
    timed("first rows", &mut || {
        spotlight.set_objects(&rows, []);
        spotlight.objects()
    });
    timed("same rows again", &mut || {
        spotlight.set_objects(&rows, []);
        spotlight.objects()
    });
    for word in ["payments-api", "zxq", "pa7d"] {
        for end in 1..=word.len() {
            let query = Query { text: word[..end].into(), ..Query::default() };
            timed(&word[..end], &mut || spotlight.search(&query).groups.iter().map(|group| group.total).sum());
        }
        spotlight.search(&Query { text: "~".into(), ..Query::default() });
    }
}
