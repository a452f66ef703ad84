//! Shells whose connection is cut: they go on, and nothing of them is lost or doubled.

use std::time::Duration;

use krateyard_shared::refusal::Refusal;
use krateyard_shared::shell::{Channel, KEPT, ShellStatus};
use kubesim::Options;

use crate::bench::{Bench, bounded, eventually};
use crate::shell::Terminal;

const EXEC: &str = "/api/v1/namespaces/{namespace}/pods/{name}/exec";

async fn editor(bench: &Bench) -> Terminal {
    Terminal::open(bench, "demo-editor", "payments", "payments/").await
}

fn running(bench: &Bench) -> usize {
    bench.sim.requests().all().into_iter().find(|count| count.path == EXEC).unwrap_or_default().open as usize
}

/// Numbers of a seed (Knuth's MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[tokio::test]
async fn a_thousand_cuts_under_output_lose_and_double_no_byte() {
    let seed = std::env::var("KRATEYARD_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    println!("seed {seed}");
    let mut random = Random(seed);
    let bench = Bench::start().await;
    let mut terminal = editor(&bench).await;
    terminal.status().await;
    let (mut all, mut cuts, start) = (String::new(), 0, terminal.position);
    terminal.typed("seq 1 4000000; echo the-''end\r").await;
    let is_whole = |all: &str| all[all.len().saturating_sub(400)..].contains("\nthe-end\r\n");
    while !is_whole(&all) {
        let until = all.len() as u64 + random.below(6_000);
        while (all.len() as u64) < until && !is_whole(&all) {
            let more = tokio::time::timeout(Duration::from_secs(10), terminal.output()).await;
            all += &more.unwrap_or_else(|_| panic!("nothing after {} bytes and {cuts} cuts: {:?}", all.len(), &all[all.len().saturating_sub(200)..]));
        }
        if cuts < 1_000 {
            cuts += 1;
            terminal.again(&bench).await.unwrap();
            assert_eq!(terminal.hello().await.position, start + all.len() as u64, "it goes on where it was cut");
        }
    }
    assert_eq!(cuts, 1_000, "the output was long enough");
    let numbers: Vec<u32> = all.lines().filter_map(|line| line.parse().ok()).collect();
    assert!(numbers.iter().copied().eq(1..=4_000_000), "{} numbers", numbers.len());
    assert_eq!(running(&bench), 1, "it is one shell all the time");
}

#[tokio::test]
async fn what_was_typed_into_a_connection_that_broke_is_sent_again_as_far_as_it_did_not_arrive() {
    let bench = Bench::start().await;
    let mut terminal = editor(&bench).await;
    terminal.status().await;
    let mut typed = b"cat\r".to_vec();
    terminal.typed("cat\r").await;
    let mut random = Random(7);
    for line in 0..200 {
        let words = format!("line-{line:04}\r");
        typed.extend(words.as_bytes());
        terminal.typed(&words).await;
        if random.below(3) == 0 {
            // Whether the proxy had it or not nobody here knows.
            terminal.again(&bench).await.unwrap();
            let session = terminal.hello().await;
            let lost = typed[session.taken as usize..].to_vec();
            if !lost.is_empty() {
                terminal.send(Channel::Stdin, &lost).await;
            }
        }
    }
    terminal.typed("the-end\r").await;
    let mut all = String::new();
    while all.matches("the-end").count() < 2 {
        all += &terminal.output().await;
    }
    // The terminal's echo, and what cat says.
    for line in 0..200 {
        assert_eq!(all.matches(&format!("line-{line:04}\r\n")).count(), 2, "line {line} of {all}");
    }
}

#[tokio::test]
async fn a_shell_without_its_viewer_waits_when_what_is_kept_is_full_and_ends_when_nobody_comes_back() {
    let keep = Duration::from_secs(3);
    let bench = Bench::with(Options::default(), |config| config.limits.shell_keep = keep).await;
    let mut terminal = editor(&bench).await;
    terminal.status().await;
    terminal.typed("yes\r").await;
    terminal.output().await;
    let seen = terminal.position;
    terminal.again(&bench).await.unwrap();
    terminal.hello().await;
    assert_eq!(terminal.position, seen);
    // All that is kept comes, and no more than that waited.
    terminal.socket.leave().await;
    tokio::time::timeout(keep / 2, eventually(|| running(&bench) == 0)).await.expect_err("it goes on for a while");
    terminal.again(&bench).await.unwrap();
    terminal.hello().await;
    let mut got = 0;
    while got < KEPT {
        got += terminal.output().await.len() as u64;
    }
    terminal.socket.leave().await;
    eventually(|| running(&bench) == 0).await;
    let gone = terminal.again(&bench).await;
    assert!(matches!(gone, Err((_, Some(Refusal::Gone { .. })))), "{gone:?}");
}

#[tokio::test]
async fn another_window_takes_it_over_and_another_person_never_does() {
    let bench = Bench::start().await;
    let mut first = editor(&bench).await;
    first.status().await;
    first.typed("echo he''re\r").await;
    first.until_shown("here\r\n").await;
    let mut second = first.beside(&bench, "Bearer demo-editor").await.unwrap();
    assert!(matches!(first.status().await, ShellStatus::Lost { .. }));
    assert_eq!(first.socket.closed().await.0, 1000);
    second.until_shown("here\r\n").await;
    second.typed("echo an''other\r").await;
    second.until_shown("another\r\n").await;
    // The administrator may open shells there as well; this one is not theirs.
    let refused = second.beside(&bench, "Bearer demo-admin").await.err();
    assert!(matches!(refused, Some((_, Some(Refusal::Gone { .. })))), "{refused:?}");
    second.typed("exit 3\r").await;
    assert!(matches!(second.status().await, ShellStatus::Exited { code: Some(3), .. }));
}

#[tokio::test]
async fn how_it_ended_meanwhile_is_said_to_who_comes_back() {
    let bench = Bench::start().await;
    let mut terminal = editor(&bench).await;
    terminal.status().await;
    terminal.typed("sleep 1; exit 5\r").await;
    terminal.until_shown("exit 5").await;
    terminal.socket.leave().await;
    eventually(|| running(&bench) == 0).await;
    terminal.again(&bench).await.unwrap();
    loop {
        if let ShellStatus::Exited { code, .. } = terminal.status().await {
            assert_eq!(code, Some(5));
            break;
        }
    }
}

#[tokio::test]
async fn who_signs_out_ends_the_shells_of_that_session_though_nobody_shows_them() {
    let bench = Bench::start().await;
    let (cookie, origin) = (bench.sign_in("demo-editor").await, bench.origin());
    let mut terminal = Terminal::of(&bench, "payments", "payments/", &[("cookie", &cookie), ("origin", &origin)]).await;
    terminal.status().await;
    terminal.socket.leave().await;
    let url = bench.url("/api/session");
    reqwest::Client::new().delete(url).header("cookie", &cookie).header("origin", &origin).send().await.unwrap().error_for_status().unwrap();
    tokio::time::timeout(Duration::from_secs(5), eventually(|| running(&bench) == 0)).await.expect("within 5 s");
}

#[tokio::test]
async fn nobody_has_more_shells_than_a_person_may() {
    let bench = Bench::with(Options::default(), |config| config.limits.shells_per_user = 2).await;
    let (first, _second) = (editor(&bench).await, editor(&bench).await);
    let refused = first.another(&bench).await.err();
    assert!(matches!(refused, Some((429, Some(Refusal::Limit { .. })))), "{refused:?}");
    let mut first = first;
    first.send(Channel::End, b"").await;
    bounded(async { while first.another(&bench).await.is_err() {} }).await;
}
