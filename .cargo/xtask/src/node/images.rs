//! The images of the node's pods, made of programs of this machine: nothing is pulled from anywhere. They go by the names that real clusters pull, so that the
//! same manifests run there.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::programs::Programs;
use super::state::State;
use crate::command;
use crate::workspace::Failure;

/// What a pod's sandbox runs; as a container it is one without a shell.
pub(super) const PAUSE: &str = "registry.k8s.io/pause:3.10";
/// A shell, and what goes with it. Talkers and crashers are this with a command.
pub(super) const BUSYBOX: &str = "docker.io/library/busybox:1.35.0";

/// Makes and imports both; there already: left as they are.
pub(super) fn import(state: &State, programs: &Programs) -> Result<(), Failure> {
    let known = command::output(ctr(state).args(["images", "list", "-q"])).map_err(|why| Failure::new(format!("listing containerd's images failed: {why}")))?;
    if !known.lines().any(|line| line == PAUSE) {
        let root = state.make_folder("images/pause/root")?;
        copy(&programs.path("pause"), &root.join("pause"))?;
        pack_and_import(state, "pause", PAUSE, "/pause")?;
    }
    if !known.lines().any(|line| line == BUSYBOX) {
        busybox(&state.make_folder("images/busybox/root")?)?;
        pack_and_import(state, "busybox", BUSYBOX, "sh")?;
    }
    Ok(())
}

/// containerd's own client, in the namespace in which the kubelet looks.
pub(super) fn ctr(state: &State) -> Command {
    let mut ctr = Command::new("ctr");
    ctr.arg("--address").arg(state.path("containerd.sock")).args(["--namespace", "k8s.io"]);
    ctr
}

fn busybox(root: &Path) -> Result<(), Failure> {
    let program = [PathBuf::from("/bin/busybox"), PathBuf::from("/usr/bin/busybox")].into_iter().find(|path| path.is_file());
    let program = program.ok_or_else(|| Failure::new("busybox is missing: please install busybox-static"))?;
    // A program that is linked names its loader.
    if fs::read(&program).is_ok_and(|bytes| bytes.windows(7).any(|part| part == b"/ld-lin")) {
        return Err(Failure::new(format!("{} is not static: please install busybox-static instead", program.display())));
    }
    for folder in ["bin", "etc", "root", "tmp", "var"] {
        fs::create_dir_all(root.join(folder)).map_err(Failure::at("making busybox's image"))?;
    }
    copy(&program, &root.join("bin/busybox"))?;
    let applets = command::output(Command::new(&program).arg("--list")).map_err(Failure::new)?;
    for applet in applets.lines().filter(|applet| *applet != "busybox") {
        let link = root.join("bin").join(applet);
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink("busybox", link).map_err(Failure::at("making busybox's image"))?;
    }
    fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
        .map_err(Failure::at("making busybox's image"))?;
    fs::write(root.join("etc/group"), "root:x:0:\nnobody:x:65534:\n").map_err(Failure::at("making busybox's image"))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let copied = fs::copy(from, to).and_then(|_| fs::set_permissions(to, fs::Permissions::from_mode(0o755)));
    copied.map_err(Failure::at(format!("copying {}", from.display())))
}

/// An archive as `docker save` makes it (<https://github.com/moby/docker-image-spec>): one layer, its configuration, and a manifest.
fn pack_and_import(state: &State, name: &str, image: &str, command: &str) -> Result<(), Failure> {
    let folder = state.path(&format!("images/{name}"));
    let tar = |arguments: &[&str]| {
        let mut tar = Command::new("tar");
        tar.current_dir(&folder).args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"]).args(arguments);
        command::output(&mut tar).map(drop).map_err(|why| Failure::new(format!("packing the image {name} failed: {why}")))
    };
    tar(&["-cf", "layer.tar", "-C", "root", "."])?;
    let sums = command::output(Command::new("sha256sum").arg(folder.join("layer.tar"))).map_err(Failure::new)?;
    let sum = sums.split_whitespace().next().unwrap_or_default();
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let configuration = serde_json::json!({
        "architecture": machine, "os": "linux", "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{sum}")]},
        "config": {"Cmd": [command], "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},
    });
    state.write(&format!("images/{name}/config.json"), &configuration.to_string())?;
    let manifest = serde_json::json!([{"Config": "config.json", "RepoTags": [image], "Layers": ["layer.tar"]}]);
    state.write(&format!("images/{name}/manifest.json"), &manifest.to_string())?;
    tar(&["-cf", "image.tar", "manifest.json", "config.json", "layer.tar"])?;
    command::output(ctr(state).args(["images", "import"]).arg(folder.join("image.tar")))
        .map_err(|why| Failure::new(format!("importing the image {name} failed: {why}")))?;
    fs::remove_dir_all(&folder).map_err(Failure::at("removing what the image was made of"))
}
