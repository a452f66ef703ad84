//! Several proxies on one Yard: a Redis that keeps what it acknowledged whatever happens, and before them a load balancer.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{STARTS_WITHIN, balancer, serve};
use crate::http;
use crate::processes::Processes;
use crate::workspace::{Failure, Workspace};

/// One of several proxies.
pub(super) struct Replica {
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) pid: u32,
}

/// Starts `count` proxies, each by a command of its own, behind a port.
///
/// # Errors
/// When one does not start.
pub(super) fn start(
    workspace: &Workspace,
    processes: &mut Processes,
    command: impl Fn() -> Command,
    count: u32,
    port: u16,
    page: &Path,
) -> Result<Vec<Replica>, Failure> {
    let redis = start_redis(workspace, processes)?;
    let mut replicas = Vec::new();
    for number in 1..=count {
        let (name, own_port, mut proxy) = (format!("krateyard-{number}"), http::free_port()?, command());
        proxy.args(["--rooms", &format!("redis://127.0.0.1:{redis}")]);
        for host in ["127.0.0.1", "localhost"] {
            proxy.args(["--public-origin", &format!("http://{host}:{port}")]);
        }
        let (pid, _) = serve(processes, &name, proxy, own_port, Some(page))?;
        replicas.push(Replica { name, port: own_port, pid });
    }
    balancer::start(port, replicas.iter().map(|replica| replica.port).collect())?;
    Ok(replicas)
}

/// An empty one, on a port of its own.
fn start_redis(workspace: &Workspace, processes: &mut Processes) -> Result<u16, Failure> {
    let folder = workspace.notes().join("demo-redis");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(Failure::at(format!("making {}", folder.display())))?;
    let port = http::free_port()?;
    let mut redis = Command::new("redis-server");
    redis.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--dir"]).arg(&folder);
    processes.start("redis", &mut redis)?;
    processes.wait_until("Redis", STARTS_WITHIN, || !http::is_free(port))?;
    Ok(port)
}
