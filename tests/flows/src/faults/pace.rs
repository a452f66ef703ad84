use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::cable::Traffic;

/// Time passes in such steps, each when nothing came through for so many rounds; in longer ones where nothing came through since the last.
const STEP: Duration = Duration::from_millis(20);
const LONG_STEP: Duration = Duration::from_millis(100);
const QUIET: u32 = 3;

/// A paused clock of tokio's jumps on as soon as no task can run; but bytes on their way through the kernel are nobody's task. So it is held after each step, as it
/// is while a blocking task runs, until nothing came through any cable for some rounds. A round is a byte's way through the kernel: what was sent before it has
/// arrived by then.
pub(super) async fn pace(traffic: Traffic) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let (near, far) = futures::future::join(TcpStream::connect(listener.local_addr().expect("bound above")), listener.accept()).await;
    let (mut near, mut far) = (near.expect("it listens"), far.expect("it connects").0);
    near.set_nodelay(true).expect("a socket");
    let mut before = 0;
    loop {
        let (resume, held) = std::sync::mpsc::sync_channel::<()>(0);
        let clock = tokio::task::spawn_blocking(move || held.recv());
        let (mut seen, mut quiet) = (traffic.count(), 0);
        while quiet < QUIET {
            let mut byte = [0];
            near.write_all(&byte).await.expect("it reads");
            far.read_exact(&mut byte).await.expect("it writes");
            quiet = if traffic.count() == seen { quiet + 1 } else { 0 };
            seen = traffic.count();
        }
        drop(resume);
        let _ = clock.await;
        let is_still = std::mem::replace(&mut before, seen) == seen;
        tokio::time::sleep(if is_still { LONG_STEP } else { STEP }).await;
    }
}
