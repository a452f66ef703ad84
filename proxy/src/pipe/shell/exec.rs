use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures::{Sink, SinkExt, Stream, StreamExt, future};
use http::Method;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::shell::Size;
use kube::core::Status;
use kube_tungstenite::tungstenite::Message;

use crate::authorize::{OpenShell, Permit};
use crate::refuse::{self, Actor, Asked};
use crate::{impersonate, path};

// k8s.io/apimachinery, pkg/util/remotecommand/constants.go
const STDIN: u8 = 0;
pub(super) const STDOUT: u8 = 1;
pub(super) const STDERR: u8 = 2;
pub(super) const ERROR: u8 = 3;
const RESIZE: u8 = 4;
/// v5 alone: the stream named by the next byte ends.
const CLOSE: u8 = 255;

/// How long a shell may take to hear that it is over.
const FAREWELL: Duration = Duration::from_secs(2);
/// How often it is told, and how long it may take each time.
const FAREWELLS: usize = 8;
const AGAIN: Duration = Duration::from_millis(200);

/// Towards the pod, and from it.
pub(super) type ToPod = Pin<Box<dyn Sink<Vec<u8>, Error = String> + Send>>;
pub(super) type FromPod = Pin<Box<dyn Stream<Item = Result<Bytes, String>> + Send>>;

/// Which subprotocol the API server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// Streams end one by one.
    V5,
    /// Only all of it ends.
    V4,
}

/// One exec that the cluster accepted.
pub(super) struct Exec {
    pub(super) to: ToPod,
    pub(super) from: FromPod,
    pub(super) protocol: Protocol,
}

/// How an exec ended.
#[derive(Debug, PartialEq)]
pub(super) enum Ended {
    /// The image does not hold this shell.
    NoSuchShell,
    Exited {
        code: Option<i32>,
        reason: String,
    },
    Lost(String),
    /// Nobody wants it any more.
    Left,
    /// It ran as long as it may.
    TooOld,
    Refused(Refusal),
}

impl Exec {
    pub(super) async fn open(permit: &Permit<OpenShell>, shell: &str) -> Result<Exec, Refusal> {
        let OpenShell { namespace, pod, container } = permit.target();
        let container = path::query(container);
        let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}/exec?container={container}&command={shell}&stdin=true&stdout=true&tty=true");
        let asked = Asked { actor: Actor::Person, verb: "create", resource: "pods/exec".into(), namespace: Some(namespace), name: pod };
        let request = impersonate::request(permit, Method::GET, &path)?;
        let limit = permit.cluster().limits.upstream_timeout;
        let late = |_| Refusal::UpstreamDown { cause: format!("no answer within {} s", limit.as_secs_f32()) };
        let client = permit.cluster().client();
        let connection = tokio::time::timeout(limit, client.connect(request)).await.map_err(late)?.map_err(|error| refuse::of_kube(&error, &asked))?;
        let protocol = if connection.supports_stream_close() { Protocol::V5 } else { Protocol::V4 };
        let (to, from) = connection.into_stream().split();
        let to = to.sink_map_err(|error| error.to_string()).with(|frame: Vec<u8>| future::ok::<_, String>(Message::binary(frame)));
        let from = from.filter_map(|message| {
            future::ready(match message {
                Ok(Message::Binary(frame)) => Some(Ok(frame)),
                Ok(Message::Text(frame)) => Some(Ok(frame.into())),
                Ok(_) => None,
                Err(error) => Some(Err(error.to_string())),
            })
        });
        Ok(Exec { to: Box::pin(to), from: Box::pin(from), protocol })
    }
}

/// Bytes typed.
pub(super) fn stdin(bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(bytes.len() + 1);
    frame.push(STDIN);
    frame.extend_from_slice(bytes);
    frame
}

/// A terminal's size (remotecommand.TerminalSize).
pub(super) fn resize(size: Size) -> Vec<u8> {
    let mut frame = vec![RESIZE];
    frame.extend_from_slice(format!(r#"{{"Width":{},"Height":{}}}"#, size.cols, size.rows).as_bytes());
    frame
}

/// Ends a shell: a command goes on after its client has gone (recordings, surprise 79), so it is interrupted, and the shell told that input has ended. A shell that
/// comes back from a command to its prompt throws away what was typed before: it is told again until it ends.
pub(super) async fn farewell(mut to: ToPod, mut from: FromPod, protocol: Protocol) {
    let words = async {
        for _ in 0..FAREWELLS {
            to.send(stdin(b"\x03")).await?;
            to.send(stdin(b"\x04")).await?;
            if tokio::time::timeout(AGAIN, ended(&mut from)).await.is_ok() {
                break;
            }
        }
        if protocol == Protocol::V5 {
            to.send(vec![CLOSE, STDIN]).await?;
        }
        to.close().await
    };
    let _ = tokio::time::timeout(FAREWELL, words).await;
}

/// Until the pod says how it ended, or says nothing any more.
async fn ended(from: &mut FromPod) {
    while let Some(Ok(frame)) = from.next().await {
        if frame.first() == Some(&ERROR) {
            return;
        }
    }
}

/// What the status at the end of an exec means; `started` = the shell has said something.
pub(super) fn end(status: &[u8], started: bool) -> Ended {
    let Ok(status) = serde_json::from_slice::<Status>(status) else {
        return Ended::Exited { code: None, reason: String::from_utf8_lossy(&status[..status.len().min(1024)]).into_owned() };
    };
    let causes = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    // remotecommand.ExitCodeCauseType: the code is the cause's message.
    let code = causes.iter().find(|cause| cause.reason == "ExitCode").and_then(|cause| cause.message.parse().ok());
    let missing = status.message.contains("no such file or directory")
        || status.message.contains("executable file not found")
        || status.message.contains("not found in $PATH");
    match code {
        // 126 and 127: what runtimes that start through a shell of their own say for "not found".
        Some(126 | 127) if !started => Ended::NoSuchShell,
        None if missing => Ended::NoSuchShell,
        Some(code) => Ended::Exited { code: Some(code), reason: status.message },
        None if matches!(status.status, Some(kube::core::response::StatusSummary::Success)) => Ended::Exited { code: Some(0), reason: String::new() },
        None => Ended::Exited { code: None, reason: status.message },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_shell_that_throws_away_its_first_farewell_is_told_again() {
        let (to, mut typed) = futures::channel::mpsc::channel(64);
        let (mut pod, from) = futures::channel::mpsc::channel(1);
        let shell = tokio::spawn(async move {
            let mut ends = 0;
            while let Some(frame) = typed.next().await {
                ends += usize::from(frame == stdin(b"\x04"));
                if ends == 3 {
                    pod.send(Ok(Bytes::from_static(&[ERROR, b'{', b'}']))).await.unwrap();
                    break;
                }
            }
            typed.collect::<Vec<Vec<u8>>>().await
        });
        let to = to.sink_map_err(|error: futures::channel::mpsc::SendError| error.to_string());
        farewell(Box::pin(to), Box::pin(from), Protocol::V5).await;
        assert_eq!(shell.await.unwrap(), [vec![CLOSE, STDIN]], "and nothing more is typed");
    }

    /// Texts from recordings/exec.
    #[test]
    fn the_last_status_says_how_it_ended() {
        let code = br#"{"metadata":{},"status":"Failure","message":"command terminated with exit code 5","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"5"}]}}"#;
        assert_eq!(end(code, true), Ended::Exited { code: Some(5), reason: "command terminated with exit code 5".into() });
        assert_eq!(end(br#"{"metadata":{},"status":"Success"}"#, true), Ended::Exited { code: Some(0), reason: String::new() });
        let missing = br#"{"metadata":{},"status":"Failure","message":"Internal error occurred: OCI runtime exec failed: exec failed: unable to start container process: exec: \"bash\": stat bash: no such file or directory: unknown","reason":"InternalError","code":500}"#;
        assert_eq!(end(missing, false), Ended::NoSuchShell);
        let other = br#"{"status":"Failure","message":"Internal error occurred: container is paused","reason":"InternalError","code":500}"#;
        assert_eq!(end(other, false), Ended::Exited { code: None, reason: "Internal error occurred: container is paused".into() });
        assert_eq!(end(b"boom", true), Ended::Exited { code: None, reason: "boom".into() });
    }

    #[test]
    fn frames_are_those_of_the_remote_command_protocol() {
        assert_eq!(stdin(b"ls\r"), b"\x00ls\r");
        assert_eq!(resize(Size { cols: 80, rows: 24 }), b"\x04{\"Width\":80,\"Height\":24}");
    }
}
