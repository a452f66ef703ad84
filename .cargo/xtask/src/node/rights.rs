//! What a machine must allow, said before anything is begun.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::services;
use super::state::State;
use super::{down, network};
use crate::command;
use crate::http;
use crate::workspace::Failure;

/// Rights of a process, by their bit in `CapEff` of /proc/self/status: linux/capability.h.
const CAPABILITIES: [(u32, &str, &str); 3] =
    [(12, "CAP_NET_ADMIN", "the bridge of the pods"), (21, "CAP_SYS_ADMIN", "mounts and namespaces of containers"), (18, "CAP_SYS_CHROOT", "containers")];

/// # Errors
/// Everything that is missing, each with what it is needed for.
pub(super) fn check(state: &State) -> Result<(), Failure> {
    let mut missing = Vec::new();
    if !cfg!(target_os = "linux") {
        missing.push("Linux: a node is made of its namespaces and cgroups".to_owned());
    }
    let effective = effective_capabilities(&fs::read_to_string("/proc/self/status").unwrap_or_default());
    for (bit, name, purpose) in CAPABILITIES {
        if effective >> bit & 1 == 0 {
            missing.push(format!("the right {name}, for {purpose} (are you root?)"));
        }
    }
    if !fs::read_to_string("/proc/filesystems").is_ok_and(|known| known.contains("overlay")) && !Path::new("/sys/module/overlay").exists() {
        missing.push("the file system overlay in the kernel, for images (`modprobe overlay`)".to_owned());
    }
    if !Path::new("/sys/fs/cgroup/memory").is_dir() && !Path::new("/sys/fs/cgroup/cgroup.controllers").is_file() {
        missing.push("cgroups at /sys/fs/cgroup, for pods' resources".to_owned());
    }
    for (program, port) in services::PORTS {
        if !http::is_free(port) {
            missing.push(format!("port {port} of 127.0.0.1, for {program}: somebody else listens there"));
        }
    }
    if network::is_foreign() {
        missing.push(format!("the network {}.0/24, for pods: this machine has an address or a route in it", network::PREFIX));
    }
    // What is allowed in words may still be forbidden: in a sandbox, by a security module.
    if missing.is_empty() {
        missing.extend(tried(&state.root().with_extension("tried")));
    }
    if missing.is_empty() { Ok(()) } else { Err(Failure::new(format!("a node cannot run here; it needs:\n  {}", missing.join("\n  ")))) }
}

/// Does each thing once that a node does all the time, and undoes it. Answers what cannot be done.
fn tried(folder: &Path) -> Vec<String> {
    let cgroups = down::make_cgroups().and_then(|()| down::remove_cgroups());
    let tried = [("a cgroup of its own", cgroups), ("a bridge", network::probe()), ("a mount of the file system overlay", overlay(folder))];
    // It holds nothing that matters.
    let _ = fs::remove_dir_all(folder);
    tried.into_iter().filter_map(|(what, result)| Some(format!("{what}: {}", result.err()?))).collect()
}

fn overlay(folder: &Path) -> Result<(), Failure> {
    let place = |name: &str| folder.join(name);
    for name in ["lower", "upper", "work", "merged"] {
        fs::create_dir_all(place(name)).map_err(Failure::at(format!("making {}", folder.display())))?;
    }
    let options = format!("lowerdir={},upperdir={},workdir={}", place("lower").display(), place("upper").display(), place("work").display());
    command::output(Command::new("mount").args(["-t", "overlay", "overlay", "-o", &options]).arg(place("merged"))).map_err(Failure::new)?;
    command::output(Command::new("umount").arg(place("merged"))).map(drop).map_err(Failure::new)
}

fn effective_capabilities(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_from_the_effective_mask() {
        let status = "Name:\txtask\nCapPrm:\t000001ffffffffff\nCapEff:\t000001fffeffffff\n";
        assert_eq!(effective_capabilities(status) >> 21 & 1, 1);
        assert_eq!(effective_capabilities(status) >> 24 & 1, 0, "CAP_SYS_RESOURCE is not needed");
        assert_eq!(effective_capabilities(""), 0);
    }
}
