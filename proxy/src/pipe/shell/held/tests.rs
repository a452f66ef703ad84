use futures::FutureExt;

use super::*;

fn held() -> (Held, mpsc::Receiver<Bytes>) {
    let place = Place { user: "ann".into(), cluster: "demo".into(), namespace: "web".into(), pod: "api".into(), container: "api".into() };
    Held::new("id".into(), place, 4)
}

const SIZE: Size = Size { cols: 80, rows: 24 };

fn bytes(count: u64) -> Bytes {
    Bytes::from(vec![b'x'; count as usize])
}

/// All that a viewer is sent now.
fn sent(held: &Held, viewer: Viewer, served: &mut Served) -> Vec<Next> {
    std::iter::from_fn(|| held.next(viewer, served).now_or_never()).collect()
}

fn length(sent: &[Next]) -> u64 {
    sent.iter().map(|next| if let Next::Output(output) = next { output.len() as u64 } else { 0 }).sum()
}

fn may_read(held: &Held) -> bool {
    held.may_read().now_or_never().is_some()
}

#[tokio::test]
async fn who_comes_back_goes_on_at_the_byte_that_is_missing() {
    let (held, _inputs) = held();
    let (first, session) = held.attach(SIZE, None);
    assert_eq!((session.position, session.taken), (0, 0));
    held.start("bash");
    held.push(Bytes::from_static(b"hello "));
    let mut served = Served { position: 0, started: false };
    assert_eq!(sent(&held, first, &mut served), [Next::Started("bash".into()), Next::Output(Bytes::from_static(b"hello "))]);
    held.detach(first);
    held.push(Bytes::from_static(b"wor"));
    held.push(Bytes::from_static(b"ld"));
    // Of the last frame two bytes had arrived.
    let (second, session) = held.attach(SIZE, Some(2));
    let mut served = Served { position: session.position, started: false };
    let all: Vec<u8> =
        sent(&held, second, &mut served).into_iter().flat_map(|next| if let Next::Output(output) = next { output.to_vec() } else { Vec::new() }).collect();
    assert_eq!(all, b"llo world");
    let last = held.next(first, &mut Served { position: 6, started: true }).await;
    assert!(matches!(last, Next::Over(ShellStatus::Lost { .. }, _)), "only one window shows it");
}

#[tokio::test]
async fn without_a_viewer_it_is_read_until_what_is_kept_is_full() {
    let (held, _inputs) = held();
    let (viewer, _) = held.attach(SIZE, None);
    held.push(bytes(1000));
    held.detach(viewer);
    let mut total = 1000;
    while may_read(&held) {
        held.push(bytes(100_000));
        total += 100_000;
    }
    assert!((KEPT..KEPT + 100_000).contains(&total), "{total}");
    let (viewer, session) = held.attach(SIZE, Some(1000));
    assert_eq!(session.position, 1000, "nothing was let go that nobody has seen");
    let mut served = Served { position: 1000, started: true };
    let mut got = length(&sent(&held, viewer, &mut served));
    assert_eq!(got, INITIAL_CREDIT);
    assert!(!may_read(&held));
    while got < total - 1000 {
        held.grant(viewer, 64 * 1024);
        got += length(&sent(&held, viewer, &mut served));
    }
    assert_eq!((got, served.position), (total - 1000, total));
    held.grant(viewer, INITIAL_CREDIT);
    assert!(may_read(&held));
}

#[tokio::test]
async fn what_was_drawn_is_let_go_past_what_is_kept() {
    let (held, _inputs) = held();
    let (viewer, _) = held.attach(SIZE, None);
    let mut served = Served { position: 0, started: true };
    for _ in 0..100 {
        held.push(bytes(50_000));
        assert_eq!(length(&sent(&held, viewer, &mut served)), 50_000);
        held.grant(viewer, 50_000);
    }
    let state = held.state();
    assert!((KEPT..KEPT + 50_000).contains(&(state.end - state.base)));
    drop(state);
    // Another window sees what is kept, and a position that is gone is said.
    assert!(held.attach(SIZE, None).1.position > 0 && held.attach(SIZE, Some(7)).1.position > 7);
    assert_eq!(held.attach(SIZE, Some(u64::MAX)).1.position, held.attach(SIZE, None).1.position);
}

#[tokio::test]
async fn who_says_to_have_drawn_what_it_was_never_sent_loses_nothing_and_stops_nothing() {
    let (held, _inputs) = held();
    let (viewer, _) = held.attach(SIZE, None);
    held.grant(viewer, u64::MAX);
    let mut total = 0;
    while may_read(&held) {
        held.push(bytes(100_000));
        total += 100_000;
    }
    let mut served = Served { position: 0, started: true };
    assert_eq!(length(&sent(&held, viewer, &mut served)), total);
    assert!(!may_read(&held));
    held.grant(viewer, total);
    assert!(may_read(&held));
}

#[tokio::test]
async fn input_counts_once_and_only_from_the_socket_that_shows_it() {
    let (held, mut inputs) = held();
    let (first, _) = held.attach(SIZE, None);
    held.put(first, Bytes::from_static(b"abc")).await;
    let (second, session) = held.attach(SIZE, Some(0));
    assert_eq!(session.taken, 3);
    held.put(first, Bytes::from_static(b"late")).await;
    held.put(second, Bytes::from_static(b"de")).await;
    let typed: Vec<usize> = std::iter::from_fn(|| inputs.try_recv().ok()).map(|bytes| bytes.len()).collect();
    assert_eq!((typed, held.bytes().0), (vec![3, 2], 5));
}

#[tokio::test]
async fn nobody_keeps_a_shell_for_ever() {
    let (keep, idle) = (Duration::from_secs(120), Duration::from_secs(600));
    let (held, _inputs) = held();
    let (viewer, _) = held.attach(SIZE, None);
    let due = |held: &Held| held.state().due(keep, idle);
    let of = |held: &Held| {
        let state = held.state();
        (state.last, state.left)
    };
    assert_eq!(due(&held), of(&held).0 + idle);
    held.detach(viewer);
    let (last, left) = of(&held);
    assert_eq!(due(&held), left + keep);
    let whichever_is_first = held.state().due(idle, keep);
    assert_eq!(whichever_is_first, last + keep);
    let (viewer, _) = held.attach(SIZE, None);
    assert!(held.abandoned(keep, idle).now_or_never().is_none());
    held.done(viewer);
    assert!(due(&held) <= Instant::now());
    held.abandoned(keep, idle).await;
}
