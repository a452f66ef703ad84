//! The socket of an exec: frames in and out, and the status at the end.

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use bytes::{Bytes, BytesMut};
use futures::stream::{BoxStream, SplitSink, SplitStream};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::images::Machine;
use super::io::{Frame, Input, Io};
use super::shell::{Ending, Shell};
use crate::names::{hash, mix};

/// Frames that wait for a slow client before the program has to.
const FRAMES: usize = 4;

/// The protocol's versions that are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V5,
    V4,
}

impl Version {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::V5 => "v5.channel.k8s.io",
            Self::V4 => "v4.channel.k8s.io",
        }
    }
}

/// What a session is about.
pub(super) enum Work {
    /// A command that is run.
    Command(Vec<String>),
    /// What a container prints.
    Output(BoxStream<'static, Bytes>),
}

/// One exec or attach.
pub(super) struct Session {
    pub(super) version: Version,
    pub(super) work: Work,
    pub(super) stdin: bool,
    pub(super) stdout: bool,
    pub(super) stderr: bool,
    pub(super) tty: bool,
    pub(super) machine: Machine,
}

impl Session {
    /// Works until the work or the client ends.
    pub(super) async fn run(mut self, socket: WebSocket) {
        let (sink, stream) = socket.split();
        let (to_program, input) = mpsc::channel(16);
        let (output, to_client) = mpsc::channel(FRAMES);
        // right after the handshake comes one empty frame on the first channel that is read from: recordings exec/v5-exit-0
        let first = if self.stdout { 1 } else { 2 };
        let _ = output.send((first, Bytes::new())).await;
        let writer = tokio::spawn(write(sink, to_client));
        let reader = tokio::spawn(read(stream, to_program, self.version, self.stdin));
        let ending = match std::mem::replace(&mut self.work, Work::Command(Vec::new())) {
            Work::Command(command) => self.command(&command, input, &output).await,
            Work::Output(lines) => show(lines, input, &output, self.stdout).await,
        };
        if let Some(status) = self.status(&ending) {
            let _ = output.send((3, Bytes::from(status.to_string()))).await;
        }
        drop(output);
        let _ = writer.await;
        reader.abort();
    }

    /// The command as it was given.
    fn words(&self) -> String {
        match &self.work {
            Work::Command(command) => command.join(" "),
            Work::Output(_) => String::new(),
        }
    }

    async fn command(&mut self, command: &[String], input: mpsc::Receiver<Input>, output: &mpsc::Sender<Frame>) -> Ending {
        let mut io = Io::new(input, output.clone(), self.tty, self.stdout, self.stderr);
        if !self.stdin {
            io.close_input();
        }
        let ending = match command.first() {
            None => Ending::NotStarted("args must not be empty".to_owned()),
            Some(program) if !self.machine.toolbox.has(program) => {
                Ending::NotStarted(format!("unable to start container process: exec: \"{program}\": {}", missing(program)))
            }
            Some(_) => Shell::new(self.machine.clone(), &mut io).main(command).await,
        };
        self.work = Work::Command(command.to_vec());
        ending
    }

    /// The status on channel 3; the texts differ between v4 and v5 (recordings exec/v4-exit-5, exec/v5-exit-5).
    fn status(&self, ending: &Ending) -> Option<Value> {
        Some(match ending {
            Ending::Gone => return None,
            Ending::Exited(0) => json!({"metadata": {}, "status": "Success"}),
            Ending::Exited(code) => {
                let what = match self.version {
                    Version::V5 => format!("command terminated with exit code {code}"),
                    Version::V4 => format!("error executing command [{}], exit code {code}", self.words()),
                };
                json!({
                    "metadata": {}, "status": "Failure", "message": format!("command terminated with non-zero exit code: {what}"),
                    "reason": "NonZeroExitCode", "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
                })
            }
            Ending::NotStarted(why) => {
                let seed = hash(&self.words()) ^ hash(&self.machine.hostname);
                let id: String = (0..4).map(|part| format!("{:016x}", mix(seed + part))).collect();
                let inner = format!(
                    "error executing command in container: failed to exec in container: failed to start exec \"{id}\": OCI runtime exec failed: exec failed: {why}: unknown"
                );
                let cause = match self.version {
                    Version::V5 => format!("Internal error occurred: {inner}"),
                    Version::V4 => inner,
                };
                json!({
                    "metadata": {}, "status": "Failure", "message": format!("Internal error occurred: {cause}"),
                    "reason": "InternalError", "details": {"causes": [{"message": cause}]}, "code": 500,
                })
            }
        })
    }
}

/// Passes on what a container prints. Input for a program that reads none is taken and goes nowhere: recordings exec/v5-attach-stdin-refused.
async fn show(mut lines: BoxStream<'static, Bytes>, mut input: mpsc::Receiver<Input>, output: &mpsc::Sender<Frame>, stdout: bool) -> Ending {
    loop {
        tokio::select! {
            typed = input.recv() => if typed.is_none() {
                return Ending::Gone;
            },
            chunk = lines.next() => match chunk {
                Some(chunk) if stdout => if output.send((1, chunk)).await.is_err() {
                    return Ending::Gone;
                },
                Some(_) => {}
                None => return Ending::Exited(0),
            },
        }
    }
}

fn missing(program: &str) -> String {
    if program.contains('/') { format!("stat {program}: no such file or directory") } else { "executable file not found in $PATH".to_owned() }
}

async fn write(mut sink: SplitSink<WebSocket, Message>, mut frames: mpsc::Receiver<Frame>) {
    while let Some((channel, data)) = frames.recv().await {
        let mut message = BytesMut::with_capacity(data.len() + 1);
        message.extend_from_slice(&[channel]);
        message.extend_from_slice(&data);
        if sink.send(Message::Binary(message.freeze())).await.is_err() {
            return;
        }
    }
    let _ = sink.send(Message::Close(Some(CloseFrame { code: 1000, reason: "".into() }))).await;
}

async fn read(mut stream: SplitStream<WebSocket>, program: mpsc::Sender<Input>, version: Version, stdin: bool) {
    while let Some(Ok(message)) = stream.next().await {
        let Message::Binary(frame) = message else { continue };
        let Some(channel) = frame.first().copied() else { continue };
        let data = frame.slice(1..);
        let input = match (channel, version) {
            (0, _) if stdin => Input::Bytes(data),
            (4, _) => match resize(&data) {
                Some(input) => input,
                None => continue,
            },
            // the close frame names the stream; for others than stdin it has no effect: recordings exec/v5-close-stdout
            (255, Version::V5) if data.first() == Some(&0) => Input::End,
            _ => continue,
        };
        if program.send(input).await.is_err() {
            return;
        }
    }
}

fn resize(data: &[u8]) -> Option<Input> {
    let size: Value = serde_json::from_slice(data).ok()?;
    let number = |field: &str| size[field].as_u64().and_then(|number| u16::try_from(number).ok());
    Some(Input::Resize(number("Height")?, number("Width")?))
}
