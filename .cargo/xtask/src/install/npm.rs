//! npm packages, exactly as a package-lock.json names them.

use std::fs;
use std::path::PathBuf;

use crate::command;
use crate::workspace::{Failure, Workspace};

/// Oldest Node that playwright-core runs on.
const NODE: u32 = 20;

/// A folder with a package-lock.json.
pub(super) struct Packages {
    folder: &'static str,
    purpose: &'static str,
}

pub(super) const APP: Packages = Packages { folder: "app", purpose: "the terminal, the fonts and wasm-opt" };
pub(super) const BROWSER_TESTS: Packages = Packages { folder: "tests/browser", purpose: "what drives the browser" };
pub(super) const SYNC_TESTS: Packages = Packages { folder: "tests/sync", purpose: "Yjs and its clients" };
pub(super) const BENCH: Packages = Packages { folder: "tests/bench", purpose: "servers to measure against" };

impl Packages {
    /// # Errors
    /// When there is no package-lock.json.
    pub(super) fn missing(&self, workspace: &Workspace) -> Result<Option<String>, Failure> {
        let wanted = fs::read(self.lock(workspace)).map_err(Failure::at(format!("reading {}/package-lock.json", self.folder)))?;
        let installed = fs::read(self.stamp(workspace)).unwrap_or_default();
        Ok((wanted != installed).then(|| format!("npm packages of {}, {}", self.folder, self.purpose)))
    }

    pub(super) fn install(&self, workspace: &Workspace) -> Result<(), Failure> {
        check_node(workspace)?;
        let folder = workspace.root.join(self.folder);
        let mut npm = command::program(workspace, "npm");
        command::quietly(workspace, "npm", npm.current_dir(folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
        fs::copy(self.lock(workspace), self.stamp(workspace)).map(drop).map_err(Failure::at("noting what npm installed"))
    }

    fn lock(&self, workspace: &Workspace) -> PathBuf {
        workspace.root.join(self.folder).join("package-lock.json")
    }

    /// The package-lock.json that was installed; it goes when its packages go.
    fn stamp(&self, workspace: &Workspace) -> PathBuf {
        workspace.root.join(self.folder).join("node_modules/.installed-package-lock.json")
    }
}

fn check_node(workspace: &Workspace) -> Result<(), Failure> {
    let version = command::first_line(command::program(workspace, "node").arg("--version"));
    let major = version.as_deref().and_then(|version| version.strip_prefix('v')?.split('.').next()?.parse::<u32>().ok());
    match major {
        Some(major) if major >= NODE => Ok(()),
        Some(_) => Err(Failure::new(format!("Node {} is too old: please install Node {NODE} or newer with its npm", version.unwrap_or_default()))),
        None => Err(Failure::new(format!("Node is missing: please install Node {NODE} or newer with its npm"))),
    }
}
