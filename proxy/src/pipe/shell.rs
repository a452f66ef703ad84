//! A shell in a container: the person's own exec, with both directions running independently, so that Ctrl-C passes a flood of output.

mod exec;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, close_code};
use futures::{FutureExt, SinkExt, StreamExt};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::shell::{Channel, SHELLS, ShellStatus, Size};
use tokio::sync::{Notify, mpsc};

use super::Credit;
use crate::authorize::{OpenShell, Permit};
use crate::refuse;
use exec::{Ended, Exec, FromPod};

/// Frames that wait on their way to the browser; the socket's own backpressure does the rest.
const OUTGOING: usize = 2;
/// What is there already goes out in one frame of about so many bytes: a terminal's echo comes byte by byte.
const BATCH: usize = 32 * 1024;
/// A shell that has not failed after so long is running, even if it says nothing.
const SILENT: Duration = Duration::from_millis(1500);

/// A shell whose exec was accepted by the cluster.
pub(crate) struct Shell {
    permit: Permit<OpenShell>,
    first: Exec,
    size: Size,
}

/// What a browser sends, checked.
#[derive(Debug)]
pub(crate) enum Input {
    Stdin(bytes::Bytes),
    Resize(Size),
}

/// Frames and the close at the end.
pub(crate) type Outgoing = mpsc::Receiver<Result<Message, CloseFrame>>;

/// Opens the first shell under the person's own rights. That there is no such shell shows later.
///
/// # Errors
/// `NotFound`, `Forbidden`, `Rejected` with the cluster's words.
pub(crate) async fn open(permit: Permit<OpenShell>, size: Size) -> Result<Shell, Refusal> {
    let first = Exec::open(&permit, SHELLS[0]).await?;
    Ok(Shell { permit, first, size })
}

impl Shell {
    /// Runs until the shell ends, the right is gone, or `input` closes because the browser has gone: then the shell is ended as well.
    pub(crate) fn run(self, mut input: mpsc::Receiver<Input>, credit: Arc<Credit>) -> (impl Future<Output = ()> + Send, Outgoing) {
        let (out, outgoing) = mpsc::channel(OUTGOING);
        let task = async move {
            let Shell { permit, first, mut size } = self;
            let mut exec = Some(first);
            for shell in SHELLS {
                let current = match exec.take() {
                    Some(exec) => Ok(exec),
                    None => Exec::open(&permit, shell).await,
                };
                let ended = match current {
                    Ok(exec) => pump(exec, shell, &permit, &mut input, &mut size, &out, &credit).await,
                    Err(refusal) => Ended::Refused(refusal),
                };
                if let Some((status, close)) = last_words(ended) {
                    let _ = out.send(Ok(status_frame(&status))).await;
                    let _ = out.send(Err(close)).await;
                    return;
                }
            }
            let tried = SHELLS.iter().map(ToString::to_string).collect();
            let _ = out.send(Ok(status_frame(&ShellStatus::NoShell { tried }))).await;
            let _ = out.send(Err(normal())).await;
        };
        (task, outgoing)
    }
}

/// What is said at the end; nothing where the next shell is tried, or nobody listens.
fn last_words(ended: Ended) -> Option<(ShellStatus, CloseFrame)> {
    Some(match ended {
        Ended::NoSuchShell => return None,
        Ended::Exited { code, reason } => (ShellStatus::Exited { code, reason }, normal()),
        Ended::Lost(reason) => (ShellStatus::Lost { reason }, normal()),
        Ended::Left => (ShellStatus::Lost { reason: "the page has gone".into() }, normal()),
        Ended::Refused(refusal) => {
            let close = refuse::close(&refusal);
            (ShellStatus::Refused { refusal }, close)
        }
    })
}

/// Runs one exec to its end. Typing and showing are two futures of one task: neither waits for the other.
async fn pump(
    exec: Exec,
    shell: &str,
    permit: &Permit<OpenShell>,
    input: &mut mpsc::Receiver<Input>,
    size: &mut Size,
    out: &mpsc::Sender<Result<Message, CloseFrame>>,
    credit: &Credit,
) -> Ended {
    let Exec { mut to, mut from, protocol } = exec;
    if to.send(exec::resize(*size)).await.is_err() {
        return Ended::Lost("the connection to the cluster broke".into());
    }
    let begun = Notify::new();
    let typing = async {
        // What is typed while shells are still being tried is for the one that is found.
        begun.notified().await;
        while let Some(input) = input.recv().await {
            let frame = match input {
                Input::Stdin(bytes) => exec::stdin(&bytes),
                Input::Resize(new) => {
                    *size = new;
                    exec::resize(new)
                }
            };
            if to.send(frame).await.is_err() {
                // The other half knows why.
                std::future::pending::<()>().await;
            }
        }
    };
    let showing = show(&mut from, shell, out, credit, &begun);
    // A peer that still talks is a peer that lives: the cluster's balancers see traffic, too, when nobody types.
    let ended = tokio::select! {
        () = typing => Ended::Left,
        ended = showing => ended,
        refusal = permit.revoked() => Ended::Refused(refusal),
    };
    if matches!(ended, Ended::Left | Ended::Refused(_)) {
        exec::farewell(to, from, protocol).await;
    }
    ended
}

/// Shows what the pod says, while there is credit; `begun` is told as soon as it is known that there is such a shell.
async fn show(from: &mut FromPod, shell: &str, out: &mpsc::Sender<Result<Message, CloseFrame>>, credit: &Credit, begun: &Notify) -> Ended {
    let mut started = false;
    let start = async || {
        begun.notify_one();
        out.send(Ok(status_frame(&ShellStatus::Started { shell: shell.into() }))).await.is_ok()
    };
    let mut held = None;
    let silence = tokio::time::sleep(SILENT);
    tokio::pin!(silence);
    loop {
        let next = async {
            match held.take() {
                Some(frame) => frame,
                None => {
                    credit.some().await;
                    from.next().await
                }
            }
        };
        let frame = tokio::select! {
            frame = next => frame,
            () = &mut silence, if !started => {
                started = true;
                if !start().await {
                    return Ended::Left;
                }
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
                    if !start().await {
                        return Ended::Left;
                    }
                }
                let shown = if channel == exec::STDOUT { Channel::Stdout } else { Channel::Stderr };
                let mut batch = shown.frame(&payload);
                while batch.len() < BATCH {
                    match from.next().now_or_never() {
                        Some(Some(Ok(more))) if more.first() == Some(&channel) => batch.extend_from_slice(&more[1..]),
                        Some(other) => {
                            held = Some(other);
                            break;
                        }
                        None => break,
                    }
                }
                credit.spend(batch.len() - 1);
                if out.send(Ok(Message::binary(batch))).await.is_err() {
                    return Ended::Left;
                }
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
