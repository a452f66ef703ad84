//! `cargo xtask node down`: everything that a node began, ended; everything that it made outside of its folder, gone; its folder, gone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::services::{CGROUP, NAMES};
use super::state::{Started, State};
use super::{network, wait};
use crate::command;
use crate::workspace::Failure;

/// How long a program may take to end once it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// Folders that programs make wherever their flags point: the CNI library's results, the kubelet's sockets of device plugins and links to logs, and the
/// sockets of containerd's shims. Those that were not there before are removed.
const OUTSIDE: [&str; 5] = ["/var/lib/cni", "/var/lib/kubelet", "/var/log/containers", "/run/containerd", "/run/runc"];

/// What the kubelet sets: `setupKernelTunables` in its container manager.
const TUNABLES: [&str; 6] =
    ["vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes"];

/// The file in which [`note_what_is_there`] keeps its notes.
const NOTES: &str = "before.json";

const CGROUPS: &str = "/sys/fs/cgroup";

pub(super) fn run(state: &State) -> Result<(), Failure> {
    if !state.exists() {
        println!("there is no node");
        return Ok(());
    }
    // The kubelet first: it would start again what is ended here.
    for name in NAMES.into_iter().rev().filter(|name| *name != "containerd") {
        if let Some(started) = state.running(name) {
            end(name, &started)?;
        }
    }
    kill_pods(state)?;
    if let Some(started) = state.running("containerd") {
        end("containerd", &started)?;
    }
    unmount(state)?;
    network::down()?;
    remove_cgroups()?;
    restore(state)?;
    fs::remove_dir_all(state.root()).map_err(Failure::at(format!("removing {}", state.root().display())))?;
    println!("the node is gone");
    Ok(())
}

/// Remembers what the machine was like, so that it can be so again.
pub(super) fn note_what_is_there(state: &State) -> Result<(), Failure> {
    let absent: Vec<_> = OUTSIDE.into_iter().filter(|path| !Path::new(path).exists()).collect();
    let tunables: BTreeMap<_, _> = TUNABLES.into_iter().filter_map(|name| Some((name, fs::read_to_string(tunable(name)).ok()?.trim().to_owned()))).collect();
    state.write(NOTES, &serde_json::json!({"absent": absent, "tunables": tunables}).to_string())
}

/// The node's own cgroup, in every hierarchy that there is: the kubelet makes none above its pods'.
pub(super) fn make_cgroups() -> Result<(), Failure> {
    for path in cgroups() {
        fs::create_dir_all(&path).map_err(Failure::at(format!("making the cgroup {}", path.display())))?;
    }
    Ok(())
}

/// Version 2 has one hierarchy at the top, version 1 one for each controller below it.
fn cgroups() -> Vec<PathBuf> {
    let top = Path::new(CGROUPS);
    if top.join("cgroup.controllers").is_file() {
        return vec![top.join(CGROUP)];
    }
    let hierarchies = fs::read_dir(top).into_iter().flatten().flatten().map(|entry| entry.path());
    hierarchies.filter(|path| path.join("cgroup.procs").is_file() && !path.is_symlink()).map(|path| path.join(CGROUP)).collect()
}

fn end(name: &str, started: &Started) -> Result<(), Failure> {
    signal("TERM", started.pid);
    if wait::until(GRACE, || !started.is_alive()) {
        return Ok(());
    }
    println!("{name} does not end: killing it");
    signal("KILL", started.pid);
    if wait::until(GRACE, || !started.is_alive()) { Ok(()) } else { Err(Failure::new(format!("{name} (pid {}) cannot be killed", started.pid))) }
}

/// Every process in the node's cgroups, and the shims that watch over them.
fn kill_pods(state: &State) -> Result<(), Failure> {
    let left = || {
        let mut pids = shims(state);
        cgroups().iter().for_each(|cgroup| processes_in(cgroup, &mut pids));
        pids
    };
    let is_gone = || {
        let pids = left();
        pids.iter().for_each(|pid| signal("KILL", *pid));
        pids.is_empty()
    };
    if wait::until(GRACE, is_gone) { Ok(()) } else { Err(Failure::new(format!("processes of pods cannot be killed: {:?}", left()))) }
}

fn processes_in(cgroup: &Path, pids: &mut Vec<u32>) {
    let text = fs::read_to_string(cgroup.join("cgroup.procs")).unwrap_or_default();
    pids.extend(text.lines().filter_map(|line| line.parse::<u32>().ok()));
    for child in folders_in(cgroup) {
        processes_in(&child, pids);
    }
}

/// They are told the address of their containerd.
fn shims(state: &State) -> Vec<u32> {
    let address = state.text("containerd.sock");
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_shim = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0);
        words.next().is_some_and(|program| program.windows(15).any(|part| part == b"containerd-shim")) && words.any(|word| word == address.as_bytes())
    };
    pids.filter(is_shim).collect()
}

/// What is mounted below the folder, the last one first.
fn unmount(state: &State) -> Result<(), Failure> {
    let mounts = fs::read_to_string("/proc/self/mounts").map_err(Failure::at("reading /proc/self/mounts"))?;
    for point in points_below(&mounts, state.root()).iter().rev() {
        command::output(Command::new("umount").arg(point)).map_err(|why| Failure::new(format!("unmounting {point} failed: {why}")))?;
    }
    Ok(())
}

fn points_below<'a>(mounts: &'a str, root: &Path) -> Vec<&'a str> {
    mounts.lines().filter_map(|line| line.split(' ').nth(1)).filter(|point| Path::new(point).starts_with(root)).collect()
}

/// A cgroup goes when nothing is in it, and a process that was killed may need a moment.
pub(super) fn remove_cgroups() -> Result<(), Failure> {
    for cgroup in cgroups() {
        if !wait::until(GRACE, || remove_cgroup(&cgroup)) {
            return Err(Failure::new(format!("the cgroup {} cannot be removed", cgroup.display())));
        }
    }
    Ok(())
}

/// Says whether it is gone.
fn remove_cgroup(cgroup: &Path) -> bool {
    for child in folders_in(cgroup) {
        remove_cgroup(&child);
    }
    !cgroup.exists() || fs::remove_dir(cgroup).is_ok()
}

fn restore(state: &State) -> Result<(), Failure> {
    let notes: serde_json::Value = serde_json::from_str(&state.read(NOTES).unwrap_or_default()).unwrap_or_default();
    for path in notes["absent"].as_array().into_iter().flatten().filter_map(|path| path.as_str()) {
        // Only what this program itself lists: the notes are a file that somebody may have changed.
        if OUTSIDE.contains(&path) && Path::new(path).exists() {
            fs::remove_dir_all(path).map_err(Failure::at(format!("removing {path}")))?;
        }
    }
    for name in TUNABLES {
        let (before, now) = (notes["tunables"][name].as_str(), fs::read_to_string(tunable(name)).unwrap_or_default());
        if let Some(before) = before.filter(|before| *before != now.trim()) {
            fs::write(tunable(name), before).map_err(Failure::at(format!("setting {name} back to {before}")))?;
        }
    }
    Ok(())
}

fn tunable(name: &str) -> PathBuf {
    Path::new("/proc/sys").join(name)
}

fn folders_in(path: &Path) -> Vec<PathBuf> {
    fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

fn signal(signal: &str, pid: u32) {
    // One that is gone meanwhile is no error.
    let _ = Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).stderr(std::process::Stdio::null()).status();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_mounted_below_the_folder_is_unmounted() {
        let mounts = "overlay /cache/node/containerd/run/a/rootfs overlay rw 0 0\nproc /proc proc rw 0 0\ntmpfs /cache/node2/x tmpfs rw 0 0\nshm /cache/node/containerd/run/a/shm tmpfs rw 0 0\n";
        assert_eq!(points_below(mounts, Path::new("/cache/node")), ["/cache/node/containerd/run/a/rootfs", "/cache/node/containerd/run/a/shm"]);
    }
}
