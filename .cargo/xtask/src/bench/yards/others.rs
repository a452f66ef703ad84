//! Other servers of Yjs documents, all from the registries, each as it starts by default and keeping documents in memory.

use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use super::super::pair::settle;
use crate::command;
use crate::http;
use crate::install;
use crate::processes::Processes;
use crate::workspace::{Failure, Workspace};

const STARTS_WITHIN: Duration = Duration::from_secs(30);
const Y_SWEET: &str = "y-sweet@0.9.1";

/// One of them, running.
pub(super) struct Other {
    pub(super) name: &'static str,
    pub(super) port: u16,
    pub(super) pid: u32,
    processes: Processes,
}

impl Other {
    pub(super) const ALL: [&'static str; 3] = ["y-websocket", "hocuspocus", "y-sweet"];

    pub(super) fn start(workspace: &Workspace, name: &'static str) -> Result<Other, Failure> {
        let port = http::free_port()?;
        let mut program = match name {
            "y-sweet" => y_sweet(workspace, port)?,
            "hocuspocus" => node(workspace, port, "hocuspocus.mjs")?,
            _ => node(workspace, port, "node_modules/@y/websocket-server/src/server.js")?,
        };
        let mut processes = Processes::new(workspace)?;
        let pid = processes.start(name, &mut program)?;
        processes.wait_until(name, STARTS_WITHIN, || TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(Other { name, port, pid, processes })
    }

    /// Lets time pass while it runs.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        settle(&mut self.processes)
    }
}

fn node(workspace: &Workspace, port: u16, script: &str) -> Result<Command, Failure> {
    install::install(workspace, &install::BENCH)?;
    let mut node = Command::new("node");
    node.current_dir(workspace.root.join("tests/bench")).arg(script).env("HOST", "127.0.0.1").env("PORT", port.to_string());
    Ok(node)
}

/// Its npm package fetches the program from elsewhere, so that it comes from its crate, as optimised as it is released.
fn y_sweet(workspace: &Workspace, port: u16) -> Result<Command, Failure> {
    let root = workspace.notes().join("y-sweet");
    let mut cargo = command::program(workspace, "cargo");
    cargo.args(["install", "--locked", "--root"]).arg(&root).arg(Y_SWEET);
    command::quietly(workspace, "y-sweet", &mut cargo)?;
    let mut program = Command::new(root.join("bin/y-sweet"));
    program.args(["serve", "--host", "127.0.0.1", "--port", &port.to_string()]);
    Ok(program)
}
