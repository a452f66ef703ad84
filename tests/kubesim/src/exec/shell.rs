//! The shell: scripts, a prompt, and what programs come to.

use futures::future::BoxFuture;

use super::files::absolute;
use super::images::Machine;
use super::io::{Io, Stop, Stream};
use super::line::{Editor, Line};
use super::words::{Command, Joint, Redirect, parse};
use super::{commands, images::Toolbox};

/// How an exec ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Exited(i32),
    /// The program could not be started.
    NotStarted(String),
    /// The client went first.
    Gone,
}

/// What stops a script before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// `exit`.
    Exit(i32),
    /// From outside.
    Stop(Stop),
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// A shell with its streams.
pub(super) struct Shell<'a> {
    pub(super) machine: Machine,
    pub(super) io: &'a mut Io,
    pub(super) folder: String,
    pub(super) environment: Vec<(String, String)>,
    pub(super) status: i32,
    /// What the left side of a pipe has written.
    pub(super) piped: Option<Vec<u8>>,
}

/// Stands for `$?` until the moment it is known.
const STATUS: char = '\u{1}';

impl<'a> Shell<'a> {
    pub(super) fn new(machine: Machine, io: &'a mut Io) -> Self {
        let environment = machine.environment.clone();
        Self { machine, io, folder: "/".to_owned(), environment, status: 0, piped: None }
    }

    /// Runs an exec's command.
    pub(super) async fn main(mut self, command: &[String]) -> Ending {
        let name = command[0].rsplit('/').next().unwrap_or_default();
        let result = match name {
            "sh" | "bash" | "ash" => match command.iter().position(|argument| argument.starts_with('-') && argument.ends_with('c')) {
                Some(at) => self.script(command.get(at + 1).map(String::as_str).unwrap_or_default()).await,
                None if self.io.tty => self.prompt().await,
                None => self.piped_script().await,
            },
            _ => {
                let words = std::iter::once(name.to_owned()).chain(command[1..].iter().cloned()).collect();
                self.simple(&Command { words, redirect: Redirect::None }).await
            }
        };
        match result {
            Ok(()) => Ending::Exited(self.status),
            Err(Halt::Exit(code)) => Ending::Exited(code),
            Err(Halt::Stop(Stop::Interrupted)) => Ending::Exited(130),
            Err(Halt::Stop(Stop::BrokenPipe)) => Ending::Exited(141),
            Err(Halt::Stop(Stop::Gone)) => Ending::Gone,
        }
    }

    /// A prompt in a terminal.
    async fn prompt(&mut self) -> Result<(), Halt> {
        let mut editor = Editor::default();
        loop {
            let prompt = self.prompt_text();
            match editor.read(self.io, &prompt).await? {
                Line::Text(line) => match self.script(&line).await {
                    Err(Halt::Stop(Stop::Interrupted)) => {
                        self.io.print("^C\n").await?;
                        self.status = 130;
                    }
                    Err(Halt::Stop(Stop::BrokenPipe)) => self.status = 141,
                    other => other?,
                },
                Line::Abandoned => self.status = 130,
                Line::End => return Err(Halt::Exit(self.status)),
            }
        }
    }

    fn prompt_text(&self) -> String {
        match self.machine.toolbox {
            Toolbox::Full => format!("\x1b[1;32mroot@{}\x1b[0m:\x1b[1;34m{}\x1b[0m# ", self.machine.hostname, self.folder),
            _ => format!("{} # ", self.folder),
        }
    }

    /// `sh` whose script comes on stdin.
    async fn piped_script(&mut self) -> Result<(), Halt> {
        let mut text = Vec::new();
        while let Some(bytes) = self.io.read().await? {
            text.extend_from_slice(&bytes);
            while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = text.drain(..=end).collect();
                self.script(&String::from_utf8_lossy(&line)).await?;
            }
        }
        self.script(&String::from_utf8_lossy(&text)).await
    }

    /// Runs a command line.
    pub(super) fn script<'b>(&'b mut self, text: &'b str) -> BoxFuture<'b, Result<(), Halt>> {
        Box::pin(async move {
            let variable = |name: &str| match name {
                "?" => STATUS.to_string(),
                "$" => "1042".to_owned(),
                name => self.variable(name),
            };
            let parsed = match parse(text, &variable) {
                Ok(parsed) => parsed,
                Err(error) => return self.complain(&format!("sh: {error}"), 2).await,
            };
            for (joint, pipeline) in parsed {
                let runs = match joint {
                    Joint::Always => true,
                    Joint::IfGood => self.status == 0,
                    Joint::IfBad => self.status != 0,
                };
                if runs {
                    self.pipeline(&pipeline).await?;
                }
            }
            Ok(())
        })
    }

    pub(super) fn variable(&self, name: &str) -> String {
        self.environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    async fn pipeline(&mut self, pipeline: &[Command]) -> Result<(), Halt> {
        let last = pipeline.len() - 1;
        for (index, command) in pipeline.iter().enumerate() {
            if index == last {
                self.redirected(command).await?;
                self.piped = None;
                continue;
            }
            let before = self.io.capture();
            let result = self.redirected(command).await;
            self.piped = Some(self.io.release(before));
            match result {
                // the left side wrote more than a pipe holds: its reader decides what to make of the beginning
                Err(Halt::Stop(Stop::BrokenPipe)) => {}
                other => other?,
            }
        }
        Ok(())
    }

    async fn redirected(&mut self, command: &Command) -> Result<(), Halt> {
        let (file, append) = match &command.redirect {
            Redirect::None => return self.simple(command).await,
            Redirect::ToErr => {
                let before = self.io.capture();
                let result = self.simple(command).await;
                let text = self.io.release(before);
                self.io.write(Stream::Err, &text).await?;
                return result;
            }
            Redirect::To(file) => (absolute(&self.folder, file), false),
            Redirect::Append(file) => (absolute(&self.folder, file), true),
        };
        let before = self.io.capture();
        let result = self.simple(command).await;
        let text = String::from_utf8_lossy(&self.io.release(before)).into_owned();
        if file != "/dev/null" && !self.store(&file, text, append) {
            return self.complain(&format!("sh: write error: {file}: No space left on device"), 1).await;
        }
        result
    }

    fn store(&self, path: &str, text: String, append: bool) -> bool {
        let mut files = self.machine.files.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = if append { files.read(path).unwrap_or_default().to_owned() } else { String::new() };
        files.write(path, before + &text)
    }

    async fn simple(&mut self, command: &Command) -> Result<(), Halt> {
        let mut words: Vec<String> = command.words.iter().map(|word| word.replace(STATUS, &self.status.to_string())).collect();
        while let Some((name, value)) = words.first().and_then(|word| word.split_once('=')).filter(|(name, _)| is_name(name)) {
            self.environment.retain(|(key, _)| key != name);
            self.environment.push((name.to_owned(), value.to_owned()));
            words.remove(0);
            self.status = 0;
        }
        if words.is_empty() {
            return Ok(());
        }
        self.status = commands::run(self, &words).await?;
        Ok(())
    }

    /// Writes an error and sets the status.
    pub(super) async fn complain(&mut self, text: &str, status: i32) -> Result<(), Halt> {
        self.io.write(Stream::Err, format!("{text}\n").as_bytes()).await?;
        self.status = status;
        Ok(())
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
