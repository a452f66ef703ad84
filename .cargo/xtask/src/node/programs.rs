//! The node's programs, built once into the tools' folder: one binary under six names, and what a pod's sandbox runs.

use std::fs;
use std::path::{Path, PathBuf};

use super::go;
use crate::command;
use crate::fingerprint::fingerprint;
use crate::progress::Steps;
use crate::workspace::{Failure, Workspace};

/// The release of Kubernetes that tests/node/go.mod requires: programs are told which they are.
pub(super) const KUBERNETES: &str = "1.36.2";

/// What the programs are built of.
const INPUTS: [&str; 4] = ["tests/node/go.mod", "tests/node/go.sum", "tests/node/main.go", "tests/node/pause"];

/// The names that `tests/node/main.go` goes by.
const NAMES: [&str; 6] = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl"];

/// Where they lie.
pub(super) struct Programs(PathBuf);

impl Programs {
    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn kubectl(&self) -> PathBuf {
        self.path("kubectl")
    }
}

/// Those of this checkout, if they were built.
pub(super) fn find(workspace: &Workspace) -> Result<Option<Programs>, Failure> {
    let programs = programs(workspace)?;
    Ok(programs.kubectl().is_file().then_some(programs))
}

fn programs(workspace: &Workspace) -> Result<Programs, Failure> {
    Ok(Programs(workspace.tools.join(format!("node-{KUBERNETES}-{:016x}", fingerprint(workspace, &INPUTS)?))))
}

/// Builds them unless they are there. Eleven minutes of one core the first time, most of it Kubernetes itself.
///
/// # Errors
/// When Go, or a module, cannot be had.
pub(super) fn build(workspace: &Workspace) -> Result<Programs, Failure> {
    if let Some(programs) = find(workspace)? {
        return Ok(programs);
    }
    let go = go::find_or_fetch(workspace)?;
    let _lock = workspace.lock()?;
    Steps::new(workspace, 1).step("building the node's programs: etcd, Kubernetes, kubectl", || {
        let programs = programs(workspace)?;
        // Built beside its place, so that what is in place is whole.
        let unfinished = programs.0.with_extension("unfinished");
        compile(workspace, &go, ".", &unfinished.join("node"))?;
        compile(workspace, &go, "./pause", &unfinished.join("pause"))?;
        for name in NAMES {
            let link = unfinished.join(name);
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink("node", &link).map_err(Failure::at(format!("linking {}", link.display())))?;
        }
        fs::rename(&unfinished, &programs.0).map_err(Failure::at("putting the node's programs in place"))?;
        Ok(programs)
    })
}

/// Fetches every module that the programs are made of.
///
/// # Errors
/// When Go, or a module, cannot be had.
pub(super) fn fetch(workspace: &Workspace) -> Result<(), Failure> {
    if find(workspace)?.is_some() {
        return Ok(());
    }
    let go = go::find_or_fetch(workspace)?;
    let mut list = command::program(workspace, go);
    list.current_dir(workspace.root.join("tests/node")).env("CGO_ENABLED", "0").env_remove("GOROOT").args(["list", "-mod=readonly", "-deps", "./..."]);
    command::output(&mut list).map(drop).map_err(|why| Failure::new(format!("Go's modules cannot be fetched: {why}")))
}

fn compile(workspace: &Workspace, go: &Path, package: &str, output: &Path) -> Result<(), Failure> {
    let version = |name: &str, value: &str| format!(" -X k8s.io/component-base/version.{name}={value}");
    let [major, minor] = [0, 1].map(|at| KUBERNETES.split('.').nth(at).unwrap_or_default());
    let flags = ["-s -w".to_owned(), version("gitVersion", &format!("v{KUBERNETES}")), version("gitMajor", major), version("gitMinor", minor)].concat();
    let mut build = command::program(workspace, go);
    build.current_dir(workspace.root.join("tests/node")).env("CGO_ENABLED", "0").env_remove("GOROOT");
    build.args(["build", "-mod=readonly", "-trimpath", "-ldflags", &flags, "-o"]).arg(output).arg(package);
    command::quietly(workspace, "node-programs", &mut build)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_are_told_the_release_that_go_mod_requires() {
        let modules = fs::read_to_string(Workspace::find().unwrap().root.join("tests/node/go.mod")).unwrap();
        assert!(modules.contains(&format!("k8s.io/kubernetes v{KUBERNETES}\n")), "go.mod requires another release than {KUBERNETES}");
    }
}
