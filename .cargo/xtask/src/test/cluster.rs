//! The real cluster that tests run on, and the scene that is set on it for them.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::command;
use crate::native;
use crate::node;
use crate::processes::Processes;
use crate::workspace::{Failure, Workspace};

/// A cluster, for its administrator.
pub(super) struct Cluster {
    kubeconfig: PathBuf,
    /// The current one when absent.
    context: Option<String>,
    /// A kubectl that is known to fit.
    kubectl: Option<PathBuf>,
}

impl Cluster {
    /// What `--cluster` means: `node`, which is started, or `kubeconfig:PATH[:CONTEXT]`.
    ///
    /// # Errors
    /// When there is no such thing.
    pub(super) fn of_word(workspace: &Workspace, word: &str) -> Result<Cluster, Failure> {
        if word == "node" {
            let node::Node { kubeconfig, kubectl } = node::up(workspace)?;
            return Ok(Cluster { kubeconfig, context: None, kubectl: Some(kubectl) });
        }
        let named = word.strip_prefix("kubeconfig:");
        let named = named.ok_or_else(|| Failure::new(format!("`{word}` is no cluster: say `node`, or `kubeconfig:PATH` or `kubeconfig:PATH:CONTEXT`")))?;
        let (kubeconfig, context) = file_and_context(&at_home(named))?;
        let kubectl = std::env::var_os("KRATEYARD_KUBECTL").map(PathBuf::from).or_else(|| command::find(workspace, "kubectl"));
        Ok(Cluster { kubeconfig, context, kubectl })
    }

    pub(super) fn has_kubectl(&self) -> bool {
        self.kubectl.is_some()
    }

    /// Tells a test program of the cluster, and of the scene.
    pub(super) fn tell(&self, scene: &Scene, program: &mut Command) {
        program.env("KRATEYARD_SCENE", &scene.file).env("KRATEYARD_KUBECONFIG", &self.kubeconfig);
        if let Some(context) = &self.context {
            program.env("KRATEYARD_CONTEXT", context);
        }
        if let Some(kubectl) = &self.kubectl {
            program.env("KRATEYARD_KUBECTL", kubectl);
        }
    }
}

/// A scene on a cluster (tests/flows, `scene`). It is removed when this is dropped, if it was not before.
pub(super) struct Scene {
    program: PathBuf,
    file: PathBuf,
}

impl Scene {
    /// Sets it, after removing those that a killed run left.
    ///
    /// # Errors
    /// When it cannot be made, or its workloads do not become what they should be.
    pub(super) fn up(workspace: &Workspace, processes: &mut Processes, cluster: &Cluster) -> Result<Scene, Failure> {
        let program = native::build_programs(workspace, false, &["--bin", "scene"])?.join("scene");
        for file in left_behind(workspace) {
            if let Err(failure) = (Scene { program: program.clone(), file: file.clone() }).remove() {
                println!("what an earlier run made cannot be removed, see {}: {failure}", file.display());
            }
        }
        let scene = Scene { file: workspace.notes().join(format!("scene-{}.json", std::process::id())), program };
        fs::create_dir_all(workspace.notes()).map_err(Failure::at("making target/xtask"))?;
        let mut up = Command::new(&scene.program);
        up.arg("up").arg("--kubeconfig").arg(&cluster.kubeconfig).arg("--out").arg(&scene.file);
        if let Some(context) = &cluster.context {
            up.arg("--context").arg(context);
        }
        processes.run("scene up", &mut up)?;
        Ok(scene)
    }

    /// Removes it.
    ///
    /// # Errors
    /// When something of it is left.
    pub(super) fn down(self) -> Result<(), Failure> {
        self.remove()
    }

    /// In a process group of its own: a second Ctrl-C does not end it.
    fn remove(&self) -> Result<(), Failure> {
        if !self.file.exists() {
            return Ok(());
        }
        let mut down = Command::new(&self.program);
        command::check("scene down", down.arg("down").arg(&self.file).process_group(0).stdin(Stdio::null()))
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if let Err(failure) = self.remove() {
            eprintln!("{failure}; `{} down {}` tries again", self.program.display(), self.file.display());
        }
    }
}

/// Scenes of runs that are no more.
fn left_behind(workspace: &Workspace) -> Vec<PathBuf> {
    let files = fs::read_dir(workspace.notes()).into_iter().flatten().flatten().map(|entry| entry.path());
    files.filter(|file| run_of(file).is_some_and(|pid| !is_running(pid))).collect()
}

/// The process that set a scene.
fn run_of(file: &Path) -> Option<u32> {
    file.file_name()?.to_str()?.strip_prefix("scene-")?.strip_suffix(".json")?.parse().ok()
}

fn is_running(pid: u32) -> bool {
    Command::new("kill").args(["-0", &pid.to_string()]).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// `~/` is left to programs where it stands behind a colon.
fn at_home(named: &str) -> String {
    match (named.strip_prefix("~/"), std::env::var("HOME")) {
        (Some(rest), Ok(home)) => format!("{home}/{rest}"),
        _ => named.to_owned(),
    }
}

/// Takes `PATH[:CONTEXT]` apart where the path is a file: contexts may have colons (Amazon's do), paths as well.
fn file_and_context(named: &str) -> Result<(PathBuf, Option<String>), Failure> {
    let ends = named.match_indices(':').map(|(at, _)| at).chain([named.len()]);
    let end = ends.into_iter().find(|end| Path::new(&named[..*end]).is_file());
    let end = end.ok_or_else(|| Failure::new(format!("there is no kubeconfig {named}")))?;
    let context = named[end..].strip_prefix(':').filter(|context| !context.is_empty());
    let path = std::path::absolute(&named[..end]).map_err(Failure::at(format!("finding {named}")))?;
    Ok((path, context.map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_is_told_from_its_context_by_being_there() {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert_eq!(file_and_context(here).unwrap(), (PathBuf::from(here), None));
        assert_eq!(file_and_context(&format!("{here}:kind-kind")).unwrap(), (PathBuf::from(here), Some("kind-kind".into())));
        assert_eq!(file_and_context(&format!("{here}:arn:aws:eks")).unwrap(), (PathBuf::from(here), Some("arn:aws:eks".into())));
        assert!(file_and_context("/no/such/file:kind").unwrap_err().to_string().contains("/no/such/file"));
    }

    #[test]
    fn a_scene_is_known_by_the_process_that_set_it() {
        assert_eq!(run_of(Path::new("target/xtask/scene-12.json")), Some(12));
        assert_eq!(run_of(Path::new("target/xtask/scene-12.kubeconfig")), None);
        assert!(is_running(std::process::id()));
    }
}
