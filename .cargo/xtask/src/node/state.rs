//! The one folder in which a node keeps everything, and what it remembers there.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::workspace::{Failure, Workspace};

/// The folder. Only its owner may look into it: administrators' tokens lie there.
pub(super) struct State {
    root: PathBuf,
}

/// A program that was started, and may have ended since.
pub(super) struct Started {
    pub(super) pid: u32,
    /// In clock ticks after boot: a process id alone may be somebody else's by now.
    since: String,
}

impl State {
    pub(super) fn of(workspace: &Workspace) -> State {
        State { root: workspace.tools.with_file_name("node") }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn exists(&self) -> bool {
        self.root.is_dir()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A path as it stands in flags and configuration.
    pub(super) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// The administrator's; its other contexts are `editor`, `viewer` and `nobody`.
    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.path("kubeconfig")
    }

    /// Makes a folder, and what it lies in, for its owner alone.
    pub(super) fn make_folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = self.path(name);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(Failure::at(format!("making {}", path.display())))?;
        Ok(path)
    }

    /// Writes a file for its owner alone.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.path(name);
        let written =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(Failure::at(format!("writing {}", path.display())))
    }

    /// What was written, without the line's end; `None` where it was not.
    pub(super) fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(name)).ok().map(|text| text.trim_end().to_owned())
    }

    /// Remembers that a program was started.
    pub(super) fn remember(&self, program: &str, pid: u32) -> Result<(), Failure> {
        let since = start_of(pid).ok_or_else(|| Failure::new(format!("{program} ended at once; see {}", self.log(program).display())))?;
        self.write(&format!("pids/{program}"), &format!("{pid} {since}"))
    }

    /// The program, if it was started and still runs.
    pub(super) fn running(&self, program: &str) -> Option<Started> {
        let text = self.read(&format!("pids/{program}"))?;
        let (pid, since) = text.split_once(' ')?;
        Some(Started { pid: pid.parse().ok()?, since: since.to_owned() }).filter(Started::is_alive)
    }

    /// What a program prints.
    pub(super) fn log(&self, program: &str) -> PathBuf {
        self.path(&format!("logs/{program}.log"))
    }
}

impl Started {
    pub(super) fn is_alive(&self) -> bool {
        start_of(self.pid).is_some_and(|since| since == self.since)
    }
}

/// When a process started; `None` when there is none, or it has ended and nobody has noticed.
/// proc_pid_stat(5): after the name in brackets come the state and, as field 22 of all, the start.
fn start_of(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    (state != "Z").then(|| fields.nth(18).map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_id_that_somebody_else_has_now_is_not_the_program() {
        let pid = std::process::id();
        let since = start_of(pid).unwrap();
        assert!(since.parse::<u64>().unwrap() > 0);
        assert!(Started { pid, since: since.clone() }.is_alive());
        assert!(!Started { pid, since: format!("{since}0") }.is_alive());
        assert!(start_of(u32::MAX).is_none());
    }
}
