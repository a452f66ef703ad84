//! A cluster that fails, in every way that it can: what people are told, and that streams go on.

use std::time::Duration;

use krateyard_shared::kinds::Kind;
use krateyard_shared::logs::{LogControl, LogFrame, LogSourceState};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::{ClientMessage, Freshness, ServerMessage};
use kubesim::{Class, Effect, Fault, Options};
use serde_json::json;

use crate::bench::{Bench, bounded, eventually, refusal};
use crate::logs::running;

const NAMESPACES: &str = "/api/v1/namespaces";

fn small() -> Options {
    Options { pods: 30, ..Options::default() }
}

#[tokio::test]
async fn a_failing_request_is_said_in_its_own_words() {
    let bench = Bench::with(small(), |config| config.limits.upstream_timeout = Duration::from_millis(300)).await;
    let path = "/api/clusters/demo/resources/core/v1/namespaces/web";
    assert_eq!(bench.get("demo-admin", path).await.status(), 200);
    for (effect, status) in [
        (Effect::TooManyRequests(7), 429),
        (Effect::InternalError, 502),
        (Effect::Unavailable, 502),
        (Effect::Close, 502),
        (Effect::Delay(5_000), 502),
        (Effect::HalfBody(10), 502),
        (Effect::Stall(10), 502),
        (Effect::Unauthorized, 502),
        (Effect::Forbidden, 403),
    ] {
        let fault = bench.sim.faults().set(Fault::on(Class::Get, effect.clone()));
        let response = bench.get("demo-admin", path).await;
        assert_eq!(response.status(), status, "{effect:?}");
        if status == 429 {
            assert_eq!(response.headers()["retry-after"], "7");
            assert!(matches!(refusal(response).await, Refusal::Limit { retry_after_secs: 7, .. }));
        }
        bench.sim.faults().remove(fault);
    }
    assert_eq!(bench.get("demo-admin", path).await.status(), 200);
}

#[tokio::test]
async fn a_cluster_that_reviews_nothing_lets_nobody_in() {
    let bench = Bench::start().await;
    bench.get("demo-admin", "/api/session").await;
    let fault = bench.sim.faults().set(Fault::on(Class::Review, Effect::InternalError));
    assert_eq!(bench.get("demo-viewer", "/api/session").await.status(), 502);
    let response = bench.get("demo-admin", "/api/clusters/demo/resources/core/v1/nodes").await;
    assert_eq!(response.status(), 502);
    bench.sim.faults().remove(fault);
    assert_eq!(bench.get("demo-admin", "/api/clusters/demo/resources/core/v1/nodes").await.status(), 200, "a failure is not remembered as an answer");
}

#[tokio::test]
async fn a_watch_goes_on_after_each_way_of_breaking() {
    for effect in [Effect::Gone, Effect::GoneHttp, Effect::InternalError, Effect::TooManyRequests(1), Effect::Close, Effect::HalfBody(5), Effect::Unavailable] {
        let bench = Bench::start().await;
        let mut watch = bench.watch("demo-admin").await;
        watch.subscribe(1, Kind::Namespace.resource(), Scope::All).await;
        let before = watch.rows(1).await.len();
        bench.sim.faults().set(Fault {
            matching: kubesim::Matching { path: Some(NAMESPACES.into()), class: Some(Class::Watch), method: None },
            effect: effect.clone(),
            count: Some(2),
        });
        bench.sim.cut_connections().await;
        bench.sim.apply(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "after"}, "status": {"phase": "Active"}})).unwrap();
        // A stream that merely ended is begun again without a word: then there is nothing to be said of freshness.
        let mut fresh = Freshness::Live;
        let mut found = false;
        while !(found && fresh == Freshness::Live) {
            match watch.next().await {
                ServerMessage::Delta { upserts, .. } => found |= upserts.iter().any(|row| row.decode().unwrap().name == "after"),
                ServerMessage::Freshness { state, .. } => fresh = state,
                ServerMessage::Reset { .. } | ServerMessage::Denied { .. } | ServerMessage::Complete { .. } => panic!("{effect:?}"),
                _ => {}
            }
        }
        watch.subscribe(2, Kind::Namespace.resource(), Scope::All).await;
        assert_eq!(watch.rows(2).await.len(), before + 1, "{effect:?}");
    }
}

#[tokio::test]
async fn a_cluster_without_streaming_lists_is_listed_in_pages() {
    let bench = Bench::with(Options { pods: 1100, ..Options::default() }, |_| {}).await;
    bench.sim.faults().set(Fault {
        matching: kubesim::Matching { path: Some("/api/v1/pods".into()), class: Some(Class::Watch), method: None },
        effect: Effect::InternalError,
        count: Some(1),
    });
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, Kind::Pod.resource(), Scope::All).await;
    assert_eq!(watch.rows(1).await.len(), bench.sim.list("v1", "Pod", "").len());
    assert!(bench.sim.requests().of("list", "/api/v1/pods").made >= 3);
}

#[tokio::test]
async fn a_person_who_asks_gets_a_list_past_every_cache_that_begins_after_the_question() {
    let bench = Bench::start().await;
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, Kind::Node.resource(), Scope::All).await;
    watch.rows(1).await;
    assert_eq!(bench.sim.requests().of("list", "/api/v1/nodes").made, 0);
    for _ in 0..10 {
        watch.send(&ClientMessage::Refresh { id: 1 }).await;
    }
    eventually(|| bench.sim.requests().of("list", "/api/v1/nodes").made > 0).await;
    watch.subscribe(2, Kind::Node.resource(), Scope::All).await;
    watch.rows(2).await;
    assert_eq!(bench.sim.requests().of("list", "/api/v1/nodes").made, 1, "at most once in 5 s");
    let begun = std::time::Instant::now();
    eventually(|| bench.sim.requests().of("list", "/api/v1/nodes").made > 1).await;
    assert!(begun.elapsed() > Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_stalled_stream_is_left_for_another_one() {
    let bench = Bench::with(small(), |config| config.limits.watch_timeout_secs = 1).await;
    bench.sim.faults().set(Fault {
        matching: kubesim::Matching { path: Some("/api/v1/pods".into()), class: Some(Class::Watch), method: None },
        effect: Effect::Stall(20_000),
        count: Some(1),
    });
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, Kind::Pod.resource(), Scope::All).await;
    let rows = watch.rows(1).await;
    let mut uids: Vec<_> = rows.iter().map(|row| row.uid.clone()).collect();
    uids.sort();
    uids.dedup();
    assert_eq!(uids.len(), bench.sim.list("v1", "Pod", "").len());
}

/// Connected, and silent: open streams say nothing, new ones are not answered.
fn black_hole(bench: &Bench) {
    bench.sim.faults().freeze(true);
    bench.sim.faults().set(Fault::on(Class::Watch, Effect::Delay(600_000)));
    bench.sim.faults().set(Fault::on(Class::List, Effect::Delay(600_000)));
}

#[tokio::test]
async fn a_cluster_that_falls_silent_is_noticed_said_and_caught_up_with() {
    let bench = Bench::with(small(), |config| {
        config.limits.watch_timeout_secs = 1;
        config.limits.silence_margin = Duration::from_millis(200);
        config.limits.upstream_timeout = Duration::from_millis(300);
    })
    .await;
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, Kind::Namespace.resource(), Scope::All).await;
    let before = watch.rows(1).await.len();
    black_hole(&bench);
    bench.sim.apply(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "after"}, "status": {"phase": "Active"}})).unwrap();
    let cause = watch
        .until(|message| match message {
            ServerMessage::Freshness { state: Freshness::Stale { cause, .. }, .. } => Some(cause),
            ServerMessage::Delta { .. } => panic!("it is silent"),
            _ => None,
        })
        .await;
    assert!(["nothing was heard for 1 s", "no answer within", "does not answer"].iter().any(|words| cause.contains(words)), "{cause}");
    bench.sim.faults().clear();
    // Live is not said before what happened meanwhile.
    let mut found = false;
    watch
        .until(|message| match message {
            ServerMessage::Delta { upserts, .. } => {
                found |= upserts.iter().any(|row| row.decode().unwrap().name == "after");
                None
            }
            ServerMessage::Freshness { state: Freshness::Live, .. } => Some(()),
            _ => None,
        })
        .await;
    assert!(found, "live before it was");
    watch.subscribe(2, Kind::Namespace.resource(), Scope::All).await;
    assert_eq!(watch.rows(2).await.len(), before + 1);
}

#[tokio::test]
async fn a_list_of_a_cluster_that_is_down_is_502_at_once() {
    let bench = Bench::start().await;
    bench.get("demo-admin", "/api/session").await;
    assert_eq!(bench.get("demo-admin", "/api/clusters/demo/resources/core/v1/nodes").await.status(), 200);
    bench.sim.faults().set(Fault::on(Class::Watch, Effect::Unavailable));
    let response = bench.get("demo-admin", "/api/clusters/demo/resources/core/v1/services").await;
    assert_eq!(response.status(), 502);
    assert!(matches!(refusal(response).await, Refusal::UpstreamDown { .. }));
}

#[tokio::test]
async fn a_log_that_breaks_is_read_on_and_the_page_hears_why_it_waits() {
    let bench = Bench::start().await;
    let (pod, container) = running(&bench, "web", "");
    bench.sim.faults().set(Fault::on(Class::Log, Effect::HalfBody(2_000)));
    let path = format!("/ws/logs?cluster=demo&ns=web&pod={pod}&container={container}");
    let mut socket = bench.connect(&path, &[("authorization", "Bearer demo-admin")]).await.unwrap();
    let (mut lines, mut broke) = (0, 0);
    bounded(async {
        while broke < 3 {
            match socket.next().await {
                Ok(message) => match serde_json::from_str(message.to_text().unwrap()).unwrap() {
                    LogFrame::Lines { l } => lines += l.len(),
                    LogFrame::Control(LogControl::Ended { reason }) => panic!("it did not end: {reason}"),
                    LogFrame::Control(LogControl::State { state: LogSourceState::Reconnecting { attempt, .. }, .. }) => {
                        assert!(attempt > 0);
                        broke += 1;
                    }
                    LogFrame::Control(_) => {}
                },
                Err(closed) => panic!("{closed:?}"),
            }
        }
    })
    .await;
    assert!(lines > 0);
}

#[tokio::test]
async fn a_shell_that_cannot_be_opened_says_why() {
    let bench = Bench::start().await;
    let (pod, container) = running(&bench, "web", "");
    let path = format!("/ws/shell?cluster=demo&ns=web&pod={pod}&container={container}&cols=80&rows=24");
    for (effect, status) in [(Effect::InternalError, 502), (Effect::Close, 502), (Effect::TooManyRequests(3), 429)] {
        let fault = bench.sim.faults().set(Fault::on(Class::Exec, effect.clone()));
        let refused = bench.connect(&path, &[("authorization", "Bearer demo-admin")]).await.err().unwrap();
        assert_eq!(refused.0, status, "{effect:?}: {refused:?}");
        bench.sim.faults().remove(fault);
    }
}

#[tokio::test]
async fn a_stream_that_always_ends_is_not_begun_without_end() {
    // Bookmarks at once: the first byte of one is where each stream ends.
    let bench = Bench::with(Options { bookmark_every: Duration::from_millis(5), ..small() }, |_| {}).await;
    let mut watch = bench.watch("demo-admin").await;
    watch.subscribe(1, Kind::Node.resource(), Scope::All).await;
    watch.rows(1).await;
    bench.sim.faults().set(Fault::on(Class::Watch, Effect::HalfBody(1)));
    bench.sim.cut_connections().await;
    let count = || bench.sim.requests().of("watch", "/api/v1/nodes").made;
    eventually(|| count() >= 4).await;
    let (before, begun) = (count(), std::time::Instant::now());
    eventually(|| count() >= before + 2).await;
    assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
}
