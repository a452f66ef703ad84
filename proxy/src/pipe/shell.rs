//! A shell in a container: the person's own exec, with both directions running independently, so that Ctrl-C passes a flood of output. It runs in a task of its own,
//! which a socket shows as long as it lasts ([`held`]).

mod exec;
mod held;
mod shells;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, close_code};
use bytes::{Bytes, BytesMut};
use futures::{FutureExt, SinkExt, Stream, StreamExt, stream};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::shell::{Channel, SHELLS, ShellSession, ShellStatus};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::authorize::{OpenShell, Permit};
use crate::config::Limits;
use crate::refuse;
use exec::{Ended, Exec, FromPod};
use held::{Next, Served};

pub(crate) use held::{Held, Place, Viewer};
pub(crate) use shells::Shells;

/// What is there already goes out in one frame of about so many bytes: a terminal's echo comes byte by byte.
const BATCH: usize = 32 * 1024;
/// A shell that has not failed after so long is running, even if it says nothing.
const SILENT: Duration = Duration::from_millis(1500);

/// A shell whose exec was accepted by the cluster.
pub(crate) struct Shell {
    permit: Permit<OpenShell>,
    first: Exec,
}

/// Opens the first shell under the person's own rights. That there is no such shell shows later.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Rejected` with the cluster's words.
pub(crate) async fn open(permit: Permit<OpenShell>) -> Result<Shell, Refusal> {
    let first = Exec::open(&permit, SHELLS[0]).await?;
    Ok(Shell { permit, first })
}

impl Shell {
    /// Runs until the shell ends, the right or the session is gone, or nobody wants it any more; then, for who comes back, how it ended is kept for a while.
    pub(crate) async fn run(self, held: Arc<Held>, mut input: mpsc::Receiver<Bytes>, shells: Arc<Shells>, stop: CancellationToken) {
        let Shell { permit, first } = self;
        let Limits { shell_keep: keep, shell_idle: idle, shell_life: life, .. } = permit.cluster().limits;
        let mut unwanted = pin!(async {
            tokio::select! {
                refusal = permit.revoked() => Ended::Refused(refusal),
                refusal = permit.session().ended() => Ended::Refused(refusal),
                () = held.abandoned(keep, idle) => Ended::Left,
                () = tokio::time::sleep(life) => Ended::TooOld,
                () = stop.cancelled() => Ended::Lost("krateyard restarts".into()),
            }
        });
        let mut exec = Some(first);
        let mut last = None;
        for shell in SHELLS {
            let current = match exec.take() {
                Some(exec) => Ok(exec),
                None => Exec::open(&permit, shell).await,
            };
            let ended = match current {
                Ok(exec) => pump(exec, shell, &mut input, &held, unwanted.as_mut()).await,
                Err(refusal) => Ended::Refused(refusal),
            };
            last = last_words(ended);
            if last.is_some() {
                break;
            }
        }
        let tried = || ShellStatus::NoShell { tried: SHELLS.iter().map(ToString::to_string).collect() };
        let (status, close) = last.unwrap_or_else(|| (tried(), normal()));
        let (typed, said) = held.bytes();
        tracing::info!(user = held.place.user, session = permit.session().audit_id, place = ?held.place, ?status, typed, said, "a shell ended");
        held.finish(status, close);
        tokio::select! {
            () = held.abandoned(keep, idle) => {}
            () = stop.cancelled() => {}
        }
        shells.forget(&held);
    }
}

/// What a viewer's socket is sent: where the shell is, then what it says, until it is over or another socket shows it.
pub(crate) fn shown(held: Arc<Held>, viewer: Viewer, session: &ShellSession) -> impl Stream<Item = Result<Message, CloseFrame>> + use<> {
    let served = Served { position: session.position, started: false };
    let first = Message::binary(Channel::Session.frame(&serde_json::to_vec(session).expect("a session is plain JSON")));
    let rest = stream::unfold((held, served, None), move |(held, mut served, close)| async move {
        if let Some(close) = close {
            return Some((Err(close), (held, served, None)));
        }
        let (message, close) = match held.next(viewer, &mut served).await {
            Next::Started(shell) => (status_frame(&ShellStatus::Started { shell }), None),
            Next::Output(output) => (Message::binary(Channel::Stdout.frame(&output)), None),
            Next::Over(status, close) => {
                // It is known now how it ended.
                held.done(viewer);
                (status_frame(&status), Some(close))
            }
        };
        Some((Ok(message), (held, served, close)))
    });
    stream::once(async { Ok(first) }).chain(rest)
}

/// What is said at the end; nothing where the next shell is tried, or nobody listens.
fn last_words(ended: Ended) -> Option<(ShellStatus, CloseFrame)> {
    Some(match ended {
        Ended::NoSuchShell => return None,
        Ended::Exited { code, reason } => (ShellStatus::Exited { code, reason }, normal()),
        Ended::Lost(reason) => (ShellStatus::Lost { reason }, normal()),
        Ended::Left => (ShellStatus::Lost { reason: "nobody came back to it in time".into() }, normal()),
        Ended::TooOld => (ShellStatus::Lost { reason: "it ran as long as a shell may".into() }, normal()),
        Ended::Refused(refusal) => {
            let close = refuse::close(&refusal);
            (ShellStatus::Refused { refusal }, close)
        }
    })
}

/// Runs one exec to its end. Typing and showing are two futures of one task: neither waits for the other.
async fn pump(exec: Exec, shell: &str, input: &mut mpsc::Receiver<Bytes>, held: &Held, unwanted: Pin<&mut impl Future<Output = Ended>>) -> Ended {
    let Exec { mut to, mut from, protocol } = exec;
    let mut sizes = held.sizes();
    let size = *sizes.borrow_and_update();
    if to.send(exec::resize(size)).await.is_err() {
        return Ended::Lost("the connection to the cluster broke".into());
    }
    let begun = Notify::new();
    let typing = async {
        // What is typed while shells are still being tried is for the one that is found.
        begun.notified().await;
        loop {
            let frame = tokio::select! {
                // What is typed after a change of size is meant for that.
                biased;
                Ok(()) = sizes.changed() => exec::resize(*sizes.borrow_and_update()),
                Some(bytes) = input.recv() => exec::stdin(&bytes),
                else => break,
            };
            if to.send(frame).await.is_err() {
                break;
            }
        }
        // The other half knows why.
        std::future::pending::<(Ended, bool)>().await
    };
    // A peer that still talks is a peer that lives: the cluster's balancers see traffic, too, when nobody types.
    let (ended, is_running) = tokio::select! {
        never = typing => never,
        ended = show(&mut from, shell, held, &begun) => (ended, false),
        ended = unwanted => (ended, true),
    };
    if is_running {
        exec::farewell(to, from, protocol).await;
    }
    ended
}

/// Keeps what the pod says, while that may be; `begun` is told as soon as it is known that there is such a shell.
async fn show(from: &mut FromPod, shell: &str, held: &Held, begun: &Notify) -> Ended {
    let mut started = false;
    let start = || {
        begun.notify_one();
        held.start(shell);
    };
    let mut waiting = None;
    let silence = tokio::time::sleep(SILENT);
    tokio::pin!(silence);
    loop {
        let next = async {
            match waiting.take() {
                Some(frame) => frame,
                None => {
                    held.may_read().await;
                    from.next().await
                }
            }
        };
        let frame = tokio::select! {
            frame = next => frame,
            () = &mut silence, if !started => {
                started = true;
                start();
                continue;
            }
        };
        let frame = match frame {
            Some(Ok(frame)) => frame,
            Some(Err(cause)) => return Ended::Lost(cause),
            None => return Ended::Lost("the connection to the cluster ended without a word".into()),
        };
        let (channel, payload) = match frame.split_first() {
            Some((channel, payload)) => (*channel, frame.slice_ref(payload)),
            None => continue,
        };
        match channel {
            // The API server begins with an empty frame (recordings, surprise 72).
            exec::STDOUT | exec::STDERR if payload.is_empty() => {}
            exec::STDOUT | exec::STDERR => {
                if !started {
                    started = true;
                    start();
                }
                let mut batch = BytesMut::from(&payload[..]);
                while batch.len() < BATCH {
                    match from.next().now_or_never() {
                        // A terminal has one output.
                        Some(Some(Ok(more))) if matches!(more.first(), Some(&(exec::STDOUT | exec::STDERR))) => batch.extend_from_slice(&more[1..]),
                        Some(other) => {
                            waiting = Some(other);
                            break;
                        }
                        None => break,
                    }
                }
                held.push(batch.freeze());
            }
            exec::ERROR => return exec::end(&payload, started),
            _ => {}
        }
    }
}

/// A status as it is sent.
pub(crate) fn status_frame(status: &ShellStatus) -> Message {
    Message::binary(Channel::Status.frame(&serde_json::to_vec(status).expect("statuses are plain JSON")))
}

fn normal() -> CloseFrame {
    CloseFrame { code: close_code::NORMAL, reason: "".into() }
}
