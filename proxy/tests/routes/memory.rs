//! What is bounded says so, and what runs goes on.

use std::time::Duration;

use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::{ClientMessage, ServerMessage};
use kubesim::Options;

use super::watch::{in_namespace, pods};
use crate::bench::{Bench, bounded};

#[tokio::test]
async fn a_full_memory_refuses_further_kinds_by_name_and_forgets_what_nobody_looks_at() {
    let bench = Bench::with(Options { pods: 30, ..Options::default() }, |config| {
        config.limits.hub_bytes = 1000;
        config.limits.hub_rest = Duration::from_millis(100);
    })
    .await;
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, pods(), Scope::All).await;
    let all = watch.rows(1).await.len();
    assert_eq!(all, bench.sim.list("v1", "Pod", "").len(), "what began grows on");
    for (id, resource) in [(2, Kind::Node.resource()), (3, Kind::Secret.resource())] {
        watch.subscribe(id, resource, Scope::All).await;
        let refusal = watch.denied(id).await;
        let named = matches!(&refusal, Refusal::Limit { which, .. } if which.contains("memory (0 of 0 MB)"));
        assert!(named && refusal.is_passing(), "{refusal}");
    }
    // A view of what is there costs nothing.
    watch.subscribe(4, pods(), in_namespace("web")).await;
    assert!(!watch.rows(4).await.is_empty());
    for id in [1, 4] {
        watch.send(&ClientMessage::Unsubscribe { id }).await;
    }
    bounded(async {
        for id in 5.. {
            watch.subscribe(id, Kind::Node.resource(), Scope::All).await;
            let began = watch
                .until(|message| match message {
                    ServerMessage::Ack { id: of, .. } if of == id => Some(true),
                    ServerMessage::Denied { id: of, .. } if of == id => Some(false),
                    _ => None,
                })
                .await;
            if began {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}
