//! Running other programs.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::workspace::{Failure, Workspace};

/// A program of this repository's tools or of this machine, started at the top folder.
pub(crate) fn program(workspace: &Workspace, name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(&workspace.root).env("PATH", search_path(workspace)).stdin(Stdio::null());
    // `cargo run` tells a program which package it is. Build scripts (ring's) ask the same names, and would run again for every cargo that is called from here.
    for (variable, _) in std::env::vars_os() {
        if variable.to_str().is_some_and(|name| ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"].iter().any(|prefix| name.starts_with(prefix))) {
            command.env_remove(variable);
        }
    }
    command
}

/// Where `name` lies, if it can be run.
pub(crate) fn find(workspace: &Workspace, name: &str) -> Option<PathBuf> {
    std::env::split_paths(&search_path(workspace)).map(|folder| folder.join(name)).find(|path| is_program(path))
}

/// The first line that a program prints, if it can be run and ends well.
pub(crate) fn first_line(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
}

/// Runs a program whose output matters only when it fails or when a person watches: to the terminal if there is one, else to `target/xtask/NAME.log`, the end
/// of which is shown on failure.
///
/// # Errors
/// When it cannot start or does not end well.
pub(crate) fn quietly(workspace: &Workspace, name: &str, command: &mut Command) -> Result<(), Failure> {
    if std::io::stderr().is_terminal() {
        return check(name, command);
    }
    fs::create_dir_all(workspace.notes()).map_err(Failure::at("making target/xtask"))?;
    let path = workspace.notes().join(format!("{name}.log"));
    let log = File::create(&path).and_then(|log| Ok((log.try_clone()?, log))).map_err(Failure::at(format!("making {}", path.display())))?;
    let result = check(name, command.stdout(log.0).stderr(log.1));
    if result.is_err() {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        eprintln!("{}", lines[lines.len().saturating_sub(40)..].join("\n"));
    }
    result
}

/// Runs a program with this one's own output.
///
/// # Errors
/// When it cannot start or does not end well.
pub(crate) fn check(name: &str, command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(Failure::at(format!("cannot start {name}")))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("{name} failed ({status})"))) }
}

/// What a program printed.
///
/// # Errors
/// What it said about why it failed, in one line.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("cannot start {}: {error}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let last = words.lines().rev().find(|line| !line.trim().is_empty());
    Err(last.map_or_else(|| output.status.to_string(), str::to_owned))
}

fn search_path(workspace: &Workspace) -> std::ffi::OsString {
    // Debian's wasm-opt 108 exports the wrong table of a module that has two, and such a page does not start: the one from npm comes first.
    let own = [workspace.tools.join("bin"), workspace.root.join("app/node_modules/.bin")];
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(own.into_iter().chain(std::env::split_paths(&path))).unwrap_or(path)
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}
