//! Rust's standard library for the browser. `rust-toolchain.toml` names it, but where rustup may not install by itself that is not enough.

use std::path::Path;

use crate::command;
use crate::workspace::{Failure, Workspace};

const TARGET: &str = "wasm32-unknown-unknown";

pub(super) fn missing(workspace: &Workspace) -> Option<String> {
    let sysroot = command::first_line(command::program(workspace, "rustc").args(["--print", "sysroot"]))?;
    let library = Path::new(&sysroot).join("lib/rustlib").join(TARGET).join("lib");
    (!library.is_dir()).then(|| format!("Rust's target {TARGET}, for the page"))
}

pub(super) fn install(workspace: &Workspace) -> Result<(), Failure> {
    if command::find(workspace, "rustup").is_none() {
        return Err(Failure::new(format!("Rust's target {TARGET} is missing and rustup, which could add it, is not on PATH")));
    }
    command::quietly(workspace, "rustup", command::program(workspace, "rustup").args(["target", "add", TARGET]))
}
