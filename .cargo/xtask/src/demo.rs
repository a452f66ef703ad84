//! `cargo xtask demo`: Krateyard on a simulated cluster, started with one command and ended with Ctrl-C.

mod balancer;
mod replicas;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::arguments::Arguments;
use crate::http;
use crate::install::{self, Need};
use crate::native;
use crate::page::{self, Mode};
use crate::processes::{Died, End, Processes};
use crate::progress::Steps;
use crate::workspace::{Failure, Workspace};
use replicas::Replica;

/// Name of the simulated cluster.
pub(crate) const CLUSTER: &str = "prod-eu-1";
/// The proxy's own service account in it.
const PROXY_TOKEN: &str = "krateyard-proxy";
/// A slow machine that starts with 10,000 pods needs less.
const STARTS_WITHIN: Duration = Duration::from_secs(30);

/// What a demo is made of.
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) pods: u32,
    /// Changes a second on top of the living world's own.
    pub(crate) churn: u32,
}

/// The most clusters of one demo: each is a program.
const MOST_CLUSTERS: u32 = 12;
/// The most proxies: so is each of them.
const MOST_REPLICAS: u32 = 9;

/// Runs until Ctrl-C.
///
/// # Errors
/// When it cannot start, or a part of it ends by itself.
pub(crate) fn run(workspace: &Workspace, arguments: &mut Arguments) -> Result<(), Failure> {
    let options = Options {
        port: arguments.value("--port")?.unwrap_or(8470),
        pods: arguments.value("--pods")?.unwrap_or(250),
        churn: arguments.value("--churn")?.unwrap_or(0),
    };
    let clusters = arguments.value("--clusters")?.unwrap_or(1);
    let replicas = arguments.value("--replicas")?.unwrap_or(1);
    let mode = Mode::of_arguments(arguments);
    arguments.finish()?;
    check_port(options.port)?;
    if !(1..=MOST_CLUSTERS).contains(&clusters) {
        return Err(Failure::new(format!("--clusters must lie between 1 and {MOST_CLUSTERS}")));
    }
    if !(1..=MOST_REPLICAS).contains(&replicas) {
        return Err(Failure::new(format!("--replicas must lie between 1 and {MOST_REPLICAS}")));
    }
    if replicas > 1 {
        install::install(workspace, &[Need::Redis])?;
    }
    let programs = build(workspace, mode)?;
    let mut demo = Demo::start(workspace, &programs, &options, clusters, replicas)?;
    println!("Krateyard is ready: {}", demo.url());
    println!("Sign in with one of these tokens:");
    println!("  demo-admin   may do everything");
    println!("  demo-editor  may edit namespace payments, and nothing else");
    println!("  demo-viewer  may view namespace web, and nothing else");
    if clusters > 1 {
        println!("The top bar's name is the menu of its {clusters} clusters. They stand in {}: what changes there is followed.", demo.file.display());
    }
    if replicas > 1 {
        println!("{replicas} proxies stand behind that address, and share one Yard:");
        for replica in &demo.replicas {
            println!("  {} (port {}): kill -9 {}", replica.name, replica.port, replica.pid);
        }
        println!("Whoever is on one that dies goes on at another.");
    }
    println!("Ctrl-C ends it.");
    loop {
        match demo.processes.wait() {
            End::Asked => {
                println!("ending");
                return Ok(());
            }
            End::Died(died) if demo.goes_on_without(&died) => println!("{} is gone; {} left", died.name, demo.replicas.len()),
            End::Died(died) => return Err(Failure::new(died.to_string())),
        }
    }
}

/// Builds what a demo runs. Answers where its programs lie.
///
/// # Errors
/// When something is missing or does not build.
pub(crate) fn build(workspace: &Workspace, mode: Mode) -> Result<PathBuf, Failure> {
    install::install(workspace, mode.needs())?;
    let mut steps = Steps::new(workspace, 1 + page::step_count(workspace, mode)?);
    page::steps_of_build(workspace, mode, &mut steps)?;
    steps.step("building the proxy and the simulated cluster", || native::build_programs(workspace, false, &[]))
}

fn check_port(port: u16) -> Result<(), Failure> {
    if port == 0 || http::is_free(port) {
        return Ok(());
    }
    Err(Failure::new(format!("port {port} is taken by another program (another demo?): choose one with --port")))
}

/// One kubesim or several and the proxy or several, running.
struct Demo {
    processes: Processes,
    port: u16,
    /// Where the clusters stand, if they are several.
    file: PathBuf,
    /// The proxies that are left, if they are several.
    replicas: Vec<Replica>,
}

impl Demo {
    /// Starts all and waits until they serve.
    ///
    /// # Errors
    /// When one does not start.
    fn start(workspace: &Workspace, programs: &Path, options: &Options, clusters: u32, replicas: u32) -> Result<Demo, Failure> {
        let mut processes = Processes::new(workspace)?;
        let page = workspace.root.join("dist");
        let file = workspace.root.join("target/xtask/demo.toml");
        let port = if options.port == 0 { http::free_port()? } else { options.port };
        let one = if clusters == 1 { Some(start_cluster(&mut processes, programs, options)?) } else { None };
        if one.is_none() {
            let mut entries = String::new();
            for number in 0..clusters {
                let (name, pods) = world(number, options.pods);
                let world = start_world(&mut processes, programs, &format!("kubesim-{name}"), &Options { pods, ..*options }, number + 1)?;
                entries.push_str(&format!("[[clusters]]\nname = \"{name}\"\nserver = \"http://127.0.0.1:{world}\"\ntoken = \"{PROXY_TOKEN}\"\n\n"));
            }
            std::fs::write(&file, entries).map_err(|error| Failure::new(format!("cannot write {}: {error}", file.display())))?;
        }
        let command = || match one {
            Some(kubernetes) => proxy_of(programs, kubernetes),
            None => {
                let mut proxy = Command::new(programs.join("krateyard"));
                proxy.arg("serve").arg("--config").arg(&file);
                proxy
            }
        };
        let replicas = if replicas == 1 {
            serve(&mut processes, "krateyard", command(), port, Some(&page))?;
            Vec::new()
        } else {
            replicas::start(workspace, &mut processes, command, replicas, port, &page)?
        };
        Ok(Demo { processes, port, file, replicas })
    }

    /// Whether what died was one of several proxies, and another one is left.
    fn goes_on_without(&mut self, died: &Died) -> bool {
        let before = self.replicas.len();
        self.replicas.retain(|replica| replica.name != died.name);
        self.replicas.len() < before && !self.replicas.is_empty()
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// The name of a cluster of several, and how many pods it has where the first one has `most`.
fn world(number: u32, most: u32) -> (String, u32) {
    let stages = [("prod", 1), ("staging", 2), ("dev", 5), ("test", 10)];
    let (stage, part) = stages[number as usize % stages.len()];
    let region = ["eu-1", "us-1", "ap-1"][number as usize / stages.len()];
    (format!("{stage}-{region}"), (most / part).max(20))
}

/// Starts kubesim on a free port, and answers the port as soon as it serves.
///
/// # Errors
/// When it does not start.
pub(crate) fn start_cluster(processes: &mut Processes, programs: &Path, options: &Options) -> Result<u16, Failure> {
    start_world(processes, programs, "kubesim", options, 1)
}

fn start_world(processes: &mut Processes, programs: &Path, name: &str, options: &Options, seed: u32) -> Result<u16, Failure> {
    let port = http::free_port()?;
    let mut kubesim = Command::new(programs.join("kubesim"));
    kubesim.args(["--port", &port.to_string(), "--pods", &options.pods.to_string(), "--churn", &options.churn.to_string(), "--seed", &seed.to_string()]);
    processes.start(name, &mut kubesim)?;
    processes.wait_until("the simulated cluster", STARTS_WITHIN, || http::get(port, "/version").is_ok())?;
    Ok(port)
}

/// Starts the proxy as it runs in a cluster, with a service account of its own. Answers its process id and how long it took to be ready.
///
/// # Errors
/// When it does not start.
pub(crate) fn start_proxy(
    processes: &mut Processes,
    programs: &Path,
    port: u16,
    kubernetes: u16,
    page: Option<&Path>,
    rooms: Option<&Path>,
) -> Result<(u32, Duration), Failure> {
    let mut proxy = proxy_of(programs, kubernetes);
    if let Some(rooms) = rooms {
        proxy.arg("--rooms").arg(rooms);
    }
    serve(processes, "krateyard", proxy, port, page)
}

/// A proxy before one cluster.
fn proxy_of(programs: &Path, kubernetes: u16) -> Command {
    let mut proxy = Command::new(programs.join("krateyard"));
    proxy.args(["serve", "--cluster", CLUSTER, "--server", &format!("http://127.0.0.1:{kubernetes}")]).env("KRATEYARD_TOKEN", PROXY_TOKEN);
    proxy
}

/// Starts a proxy and waits until it is ready.
fn serve(processes: &mut Processes, name: &str, mut proxy: Command, port: u16, page: Option<&Path>) -> Result<(u32, Duration), Failure> {
    proxy.args(["--listen", &format!("127.0.0.1:{port}")]);
    if let Some(page) = page {
        proxy.arg("--static-dir").arg(page);
    }
    let pid = processes.start(name, &mut proxy)?;
    let ready = || http::get(port, "/api/health").is_ok_and(|health| health.contains("\"ready\":true"));
    Ok((pid, processes.wait_until("Krateyard", STARTS_WITHIN, ready)?))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_cluster_of_a_demo_has_a_name_of_its_own_and_the_first_is_the_largest() {
        let worlds: Vec<_> = (0..MOST_CLUSTERS).map(|number| world(number, 250)).collect();
        assert_eq!(worlds[..2], [("prod-eu-1".to_owned(), 250), ("staging-eu-1".to_owned(), 125)]);
        let names: HashSet<_> = worlds.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), worlds.len());
    }
}
