//! What is being done, how far it is, and how long it took the last time.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::workspace::{Failure, Workspace};

/// Numbered steps: `[2/6] building the page (last time 84 s)`.
pub(crate) struct Steps {
    of: usize,
    done: usize,
    times: Times,
}

impl Steps {
    /// For a known number of steps.
    pub(crate) fn new(workspace: &Workspace, of: usize) -> Steps {
        Steps { of, done: 0, times: Times::of(workspace) }
    }

    /// Does one step and remembers how long it took.
    ///
    /// # Errors
    /// Those of `work`.
    pub(crate) fn step<T>(&mut self, what: &str, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        self.done += 1;
        println!("[{}/{}] {what}{}", self.done, self.of, self.times.last(what));
        let start = Instant::now();
        let result = work()?;
        self.times.remember(what, start.elapsed());
        Ok(result)
    }
}

/// How long things took the last time, in a file of its own; a machine's memory, never needed.
struct Times {
    path: PathBuf,
}

impl Times {
    fn of(workspace: &Workspace) -> Times {
        Times { path: workspace.notes().join("times.json") }
    }

    fn read(&self) -> BTreeMap<String, f64> {
        fs::read(&self.path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    fn last(&self, what: &str) -> String {
        match self.read().get(what) {
            Some(seconds) if *seconds >= 1.0 => format!(" (last time {})", words(Duration::from_secs_f64(*seconds))),
            _ => String::new(),
        }
    }

    fn remember(&self, what: &str, took: Duration) {
        let mut times = self.read();
        times.insert(what.to_owned(), took.as_secs_f64());
        // Without it the next run only says less.
        let _ = fs::create_dir_all(self.path.parent().expect("it lies in a folder"));
        let _ = fs::write(&self.path, serde_json::to_vec_pretty(&times).unwrap_or_default());
    }
}

/// `84 s`, `3 min 5 s`.
pub(crate) fn words(took: Duration) -> String {
    let seconds = took.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", took.as_secs_f64()),
        10..100 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_a_person_says_them() {
        assert_eq!(words(Duration::from_millis(1234)), "1.2 s");
        assert_eq!(words(Duration::from_secs(84)), "84 s");
        assert_eq!(words(Duration::from_secs(185)), "3 min 5 s");
    }
}
