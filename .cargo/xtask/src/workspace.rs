//! Where things lie.

use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Why a command cannot go on, in one line.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(why: impl Into<String>) -> Failure {
        Failure(why.into())
    }

    /// For `map_err`: what was attempted, and why it failed.
    pub(crate) fn at<E: fmt::Display>(what: impl fmt::Display) -> impl FnOnce(E) -> Failure {
        move |error| Failure(format!("{what}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// This repository on this machine.
#[derive(Clone)]
pub(crate) struct Workspace {
    /// Top folder.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    /// Tools that are installed for this repository only, and shared by its checkouts.
    pub(crate) tools: PathBuf,
}

impl Workspace {
    /// # Errors
    /// When there is neither a home nor a cache folder.
    pub(crate) fn find() -> Result<Workspace, Failure> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("this crate lies in .cargo/xtask").to_path_buf();
        let cache = match (std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("HOME")) {
            (Some(cache), _) if !cache.is_empty() => PathBuf::from(cache),
            (_, Some(home)) => Path::new(&home).join(".cache"),
            _ => return Err(Failure::new("there is no place for tools: set HOME or XDG_CACHE_HOME")),
        };
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
        Ok(Workspace { root, target, tools: cache.join("krateyard/tools") })
    }

    /// Where this program keeps what it remembers.
    pub(crate) fn notes(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// One builder at a time: two commands in one checkout wait for each other. Held until dropped.
    ///
    /// # Errors
    /// When the lock file cannot be made.
    pub(crate) fn lock(&self) -> Result<File, Failure> {
        fs::create_dir_all(self.notes()).map_err(Failure::at("making target/xtask"))?;
        let file = File::create(self.notes().join("lock")).map_err(Failure::at("making target/xtask/lock"))?;
        if file.try_lock().is_err() {
            println!("waiting for another `cargo xtask` of this checkout to finish building");
            file.lock().map_err(Failure::at("locking target/xtask/lock"))?;
        }
        Ok(file)
    }
}
