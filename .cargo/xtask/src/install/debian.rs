//! Programs that Debian packages.

use std::fs;
use std::path::PathBuf;

use crate::command;
use crate::workspace::{Failure, Workspace};

/// One program, and the package that brings it.
pub(super) struct Packaged {
    /// Any of these will do.
    programs: &'static [&'static str],
    package: &'static str,
    purpose: &'static str,
}

pub(super) const BROTLI: Packaged = Packaged { programs: &["brotli"], package: "brotli", purpose: "compresses the page once, ahead of everybody who loads it" };
pub(super) const CHROMIUM: Packaged = Packaged { programs: &CHROMIUMS, package: "chromium", purpose: "is the browser of the browser tests" };

pub(super) const GO: Packaged = Packaged { programs: &["go"], package: "golang-go", purpose: "builds the node's programs" };
pub(super) const CONTAINERD: Packaged = Packaged { programs: &["containerd"], package: "containerd", purpose: "runs containers on the node" };
pub(super) const RUNC: Packaged = Packaged { programs: &["runc"], package: "runc", purpose: "makes one container" };
/// A path that is absolute is looked for as it is.
pub(super) const CNI_PLUGINS: Packaged =
    Packaged { programs: &["/usr/lib/cni/bridge"], package: "containernetworking-plugins", purpose: "joins pods to the node's network" };
pub(super) const BUSYBOX: Packaged = Packaged { programs: &["busybox"], package: "busybox-static", purpose: "is in the node's image with a shell" };
pub(super) const OPENSSL: Packaged = Packaged { programs: &["openssl"], package: "openssl", purpose: "makes the node's certificates" };
pub(super) const REDIS: Packaged = Packaged { programs: &["redis-server"], package: "redis-server", purpose: "keeps rooms that several proxies share" };
pub(super) const IPROUTE: Packaged = Packaged { programs: &["ip"], package: "iproute2", purpose: "makes the node's bridge" };

/// Names under which systems have Chromium.
const CHROMIUMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

impl Packaged {
    pub(super) fn missing(&self, workspace: &Workspace) -> Option<String> {
        self.path(workspace).is_none().then(|| format!("{}, which {}", self.package, self.purpose))
    }

    pub(super) fn path(&self, workspace: &Workspace) -> Option<PathBuf> {
        self.programs.iter().find_map(|program| command::find(workspace, program))
    }

    pub(super) fn install(&self, workspace: &Workspace) -> Result<(), Failure> {
        let package = self.package;
        if command::find(workspace, "apt-get").is_none() {
            return Err(Failure::new(format!("{package} is missing, which {}: please install it; {} must be on PATH", self.purpose, self.programs[0])));
        }
        if !is_root() {
            return Err(Failure::new(format!("{package} is missing, which {}: please run `sudo apt-get install {package}`", self.purpose)));
        }
        if apt(workspace, package, &["install", package]).is_ok() {
            return Ok(());
        }
        println!("  the list of packages is old or absent: fetching it");
        apt(workspace, package, &["update"])?;
        apt(workspace, package, &["install", package])
    }
}

fn apt(workspace: &Workspace, package: &str, arguments: &[&str]) -> Result<(), Failure> {
    let mut apt = command::program(workspace, "apt-get");
    apt.args(["-q", "-y", "--no-install-recommends"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command::quietly(workspace, &format!("apt-{package}"), &mut apt)
}

/// Whether the effective user is root: std does not say, but the owner of what this process is does.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
