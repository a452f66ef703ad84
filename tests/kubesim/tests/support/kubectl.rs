//! The real kubectl against a simulator: `KRATEYARD_KUBECTL` names the program.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use kubesim::Sim;

/// Seconds that one command may take, as `timeout` takes them.
const PATIENCE: &str = "60";

/// kubectl with a HOME of its own, where it keeps what it has discovered.
pub(crate) struct Kubectl {
    program: String,
    home: PathBuf,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// The output of a command that must have gone well.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// What a command that must have failed said, with its exit code.
    #[track_caller]
    pub(crate) fn bad(self) -> (i32, String) {
        assert_ne!(self.code, 0, "{self:?}");
        (self.code, self.err)
    }
}

impl Kubectl {
    /// None, and a line that says so, when no kubectl is named.
    pub(crate) fn find(sim: &Sim, user: &str) -> Option<Self> {
        static SAID: Once = Once::new();
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let Ok(program) = std::env::var("KRATEYARD_KUBECTL") else {
            SAID.call_once(|| eprintln!("left out: kubectl against kubesim, since KRATEYARD_KUBECTL names no kubectl"));
            return None;
        };
        let home = std::env::temp_dir().join(format!("kubesim-kubectl-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed)));
        std::fs::create_dir_all(&home).unwrap();
        std::fs::write(home.join("config"), sim.kubeconfig(user)).unwrap();
        Some(Self { program, home })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("HOME", &self.home).env("KUBECONFIG", self.home.join("config")).env_remove("KUBERNETES_SERVICE_HOST");
        command
    }

    /// Runs `kubectl` with words separated by spaces.
    pub(crate) fn run(&self, words: &str) -> Ended {
        self.run_words(&words.split(' ').collect::<Vec<_>>(), "")
    }

    /// Runs `kubectl`, with what it reads from its standard input.
    pub(crate) fn run_words(&self, words: &[&str], input: &str) -> Ended {
        let mut command = self.command("timeout");
        command.arg(PATIENCE).arg(&self.program).args(words);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        ended(child)
    }

    /// Runs `kubectl` on a terminal, by util-linux' `script`, and types.
    pub(crate) fn run_on_a_terminal(&self, words: &str, typed: &str) -> Ended {
        let mut command = self.command("timeout");
        command.args([PATIENCE, "script", "-qec", &format!("{} {words}", self.program), "/dev/null"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
        ended(child)
    }

    /// Starts `kubectl` and reads its lines as they come.
    pub(crate) fn follow(&self, words: &str) -> Following {
        let mut command = self.command("timeout");
        command.arg(PATIENCE).arg(&self.program).args(words.split(' '));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Following { child, lines }
    }

    /// Writes a file into the HOME; answers its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.home.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

impl Drop for Kubectl {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

fn ended(child: Child) -> Ended {
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ended { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// A command that goes on until it is dropped, or its time is over.
pub(crate) struct Following {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Following {
    /// Reads until a line has all these words.
    #[track_caller]
    pub(crate) fn until(&mut self, words: &[&str]) -> String {
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "ended without {words:?}:\n{seen}");
            if words.iter().all(|word| line.contains(word)) {
                return line;
            }
            seen.push_str(&line);
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        // `timeout` passes its own end on to what it runs
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
