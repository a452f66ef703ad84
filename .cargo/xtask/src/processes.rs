//! Programs that run beside this one, each in a process group of its own, and end with it.

use std::fmt;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::workspace::{Failure, Workspace};

/// How long a program may take to end once it was asked to.
const GRACE: Duration = Duration::from_secs(5);

/// What happens while programs run.
enum Event {
    /// One ended.
    Ended { pid: u32, status: ExitStatus },
    /// Somebody wants this program to end.
    Signal,
}

/// Why waiting was over.
pub(crate) enum End {
    /// Ctrl-C, or another signal that ends programs.
    Asked,
    /// A program ended by itself.
    Died(Died),
}

/// A program that ended by itself.
pub(crate) struct Died {
    pub(crate) name: String,
    status: ExitStatus,
    log: PathBuf,
}

impl fmt::Display for Died {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        write!(f, "{} ended by itself ({}); its last words, from {}:", self.name, self.status, self.log.display())?;
        lines[lines.len().saturating_sub(12)..].iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

struct Running {
    name: String,
    pid: u32,
    log: PathBuf,
}

/// Running programs. All of them end when this is dropped.
pub(crate) struct Processes {
    logs: PathBuf,
    running: Vec<Running>,
    events: Receiver<Event>,
    sender: SyncSender<Event>,
    /// Whether Ctrl-C was seen while a program [ran](Processes::run).
    asked: bool,
}

impl Processes {
    /// None yet. From here on Ctrl-C is an [`End`] and no longer kills this program.
    ///
    /// # Errors
    /// When signals cannot be caught.
    pub(crate) fn new(workspace: &Workspace) -> Result<Processes, Failure> {
        let (sender, events) = sync_channel(64);
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(Failure::at("catching Ctrl-C"))?;
        let on_signal = sender.clone();
        thread::spawn(move || signals.forever().all(|_| on_signal.send(Event::Signal).is_ok()));
        let logs = workspace.notes().join("logs");
        fs::create_dir_all(&logs).map_err(Failure::at("making target/xtask/logs"))?;
        Ok(Processes { logs, running: Vec::new(), events, sender, asked: false })
    }

    /// Starts a program; what it prints goes to `target/xtask/logs/NAME.log`. Answers its process id.
    ///
    /// # Errors
    /// When it cannot start.
    pub(crate) fn start(&mut self, name: &str, command: &mut Command) -> Result<u32, Failure> {
        let log = self.logs.join(format!("{name}-{}.log", std::process::id()));
        let file = File::create(&log).map_err(Failure::at(format!("making {}", log.display())))?;
        let errors = file.try_clone().map_err(Failure::at(format!("making {}", log.display())))?;
        let child = command.process_group(0).stdin(Stdio::null()).stdout(file).stderr(errors).spawn();
        self.look_after(name, child, log)
    }

    fn look_after(&mut self, name: &str, child: std::io::Result<Child>, log: PathBuf) -> Result<u32, Failure> {
        let mut child = child.map_err(Failure::at(format!("cannot start {name}")))?;
        let (pid, sender) = (child.id(), self.sender.clone());
        thread::spawn(move || child.wait().map(|status| sender.send(Event::Ended { pid, status })));
        self.running.push(Running { name: name.to_owned(), pid, log });
        Ok(pid)
    }

    /// Runs a program with this one's own output to its end. Once Ctrl-C was seen, nothing runs any more.
    ///
    /// # Errors
    /// When it cannot start, does not end well, or is ended by Ctrl-C.
    pub(crate) fn run(&mut self, name: &str, command: &mut Command) -> Result<(), Failure> {
        if self.is_asked() {
            return Err(Failure::new("stopped"));
        }
        let child = command.process_group(0).stdin(Stdio::null()).spawn();
        let pid = self.look_after(name, child, PathBuf::new())?;
        loop {
            match self.events.recv() {
                Ok(Event::Signal) => {
                    self.asked = true;
                    self.stop();
                    return Err(Failure::new(format!("{name} was stopped")));
                }
                Ok(Event::Ended { pid: ended, status }) => {
                    self.forget(ended);
                    if ended == pid {
                        return if status.success() { Ok(()) } else { Err(Failure::new(format!("{name} failed ({status})"))) };
                    }
                }
                Err(_) => return Err(Failure::new(format!("nobody waits for {name}"))),
            }
        }
    }

    /// Whether somebody wants this program to end.
    pub(crate) fn is_asked(&mut self) -> bool {
        while let Ok(event) = self.events.try_recv() {
            match event {
                Event::Signal => self.asked = true,
                Event::Ended { pid, .. } => drop(self.forget(pid)),
            }
        }
        self.asked
    }

    /// Until something ends.
    pub(crate) fn wait(&mut self) -> End {
        loop {
            if let Some(end) = self.wait_for(Duration::from_secs(3600)) {
                return end;
            }
        }
    }

    /// Until something ends, or for so long.
    pub(crate) fn wait_for(&mut self, long: Duration) -> Option<End> {
        match self.events.recv_timeout(long) {
            Ok(Event::Signal) => Some(End::Asked),
            Ok(Event::Ended { pid, status }) => self.forget(pid).map(|gone| End::Died(Died { name: gone.name, status, log: gone.log })),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }

    /// Until `ready` says so. Answers how long that took.
    ///
    /// # Errors
    /// When it takes longer than `most`, or something ends before.
    pub(crate) fn wait_until(&mut self, what: &str, most: Duration, mut ready: impl FnMut() -> bool) -> Result<Duration, Failure> {
        let start = Instant::now();
        while !ready() {
            match self.wait_for(Duration::from_millis(2)) {
                Some(End::Asked) => return Err(Failure::new("stopped")),
                Some(End::Died(died)) => return Err(Failure::new(died.to_string())),
                None if start.elapsed() > most => {
                    let logs: Vec<_> = self.running.iter().map(|running| running.log.display().to_string()).collect();
                    return Err(Failure::new(format!("{what} is not ready after {} s; see {}", most.as_secs(), logs.join(", "))));
                }
                None => {}
            }
        }
        Ok(start.elapsed())
    }

    /// Asks all to end; whoever does not, is ended.
    fn stop(&mut self) {
        for running in &self.running {
            signal_group("TERM", running.pid);
        }
        let start = Instant::now();
        while !self.running.is_empty() && start.elapsed() < GRACE {
            self.wait_for(GRACE.saturating_sub(start.elapsed()));
        }
        for stubborn in self.running.drain(..) {
            eprintln!("{} does not end: killing it", stubborn.name);
            signal_group("KILL", stubborn.pid);
        }
    }

    fn forget(&mut self, pid: u32) -> Option<Running> {
        let at = self.running.iter().position(|running| running.pid == pid)?;
        Some(self.running.remove(at))
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.stop();
    }
}

/// std can only kill, not ask; `kill` asks. A group that is gone is no error.
fn signal_group(signal: &str, pid: u32) {
    let _ = Command::new("kill").args([&format!("-{signal}"), "--", &format!("-{pid}")]).stderr(Stdio::null()).status();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> Workspace {
        Workspace::find().unwrap()
    }

    #[test]
    fn what_ends_by_itself_is_named_with_its_last_words() {
        let mut processes = Processes::new(&workspace()).unwrap();
        processes.start("speaks", Command::new("sh").args(["-c", "echo no room here; exit 3"])).unwrap();
        let End::Died(died) = processes.wait() else { panic!("nobody asked") };
        let words = died.to_string();
        assert!(words.contains("speaks ended by itself") && words.contains("exit status: 3") && words.contains("no room here"), "{words}");
    }

    #[test]
    fn what_runs_to_its_end_fails_as_it_does_and_ctrl_c_ends_it_and_all_that_would_follow() {
        let mut processes = Processes::new(&workspace()).unwrap();
        let sh = |text: &str| {
            let mut sh = Command::new("sh");
            sh.args(["-c", text]);
            sh
        };
        assert!(processes.run("ends well", &mut sh("exit 0")).is_ok());
        assert!(processes.run("fails", &mut sh("exit 3")).unwrap_err().to_string().contains("exit status: 3"));
        processes.sender.send(Event::Signal).unwrap();
        assert!(processes.run("never ends", &mut sh("sleep 600")).is_err());
        assert!(processes.is_asked() && processes.run("comes later", &mut sh("exit 0")).is_err());
    }

    #[test]
    fn dropping_ends_whole_groups() {
        let mut processes = Processes::new(&workspace()).unwrap();
        let pid = processes.start("family", Command::new("sh").args(["-c", "sleep 600 & wait"])).unwrap();
        let alive = || {
            let output = Command::new("ps").args(["-A", "-o", "pgid=,stat="]).output().unwrap();
            let group =
                |line: &str| matches!(*line.split_whitespace().collect::<Vec<_>>(), [pgid, state] if pgid == pid.to_string() && !state.starts_with('Z'));
            String::from_utf8_lossy(&output.stdout).lines().any(group)
        };
        assert!(alive());
        drop(processes);
        // The leader is gone; the other one was asked at the same time, and nobody waits for it.
        assert!((0..1000).any(|_| !alive()));
    }
}
