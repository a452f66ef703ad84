//! `cargo xtask demo`: Krateyard on a simulated cluster, started with one command and ended with Ctrl-C.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::arguments::Arguments;
use crate::http;
use crate::install;
use crate::native;
use crate::page::{self, Mode};
use crate::processes::{End, Processes};
use crate::progress::Steps;
use crate::workspace::{Failure, Workspace};

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
    let mode = Mode::of_arguments(arguments);
    arguments.finish()?;
    check_port(options.port)?;
    let programs = build(workspace, mode)?;
    let mut demo = Demo::start(workspace, &programs, &options)?;
    println!("Krateyard is ready: {}", demo.url());
    println!("Sign in with one of these tokens:");
    println!("  demo-admin   may do everything");
    println!("  demo-editor  may edit namespace payments, and nothing else");
    println!("  demo-viewer  may view namespace web, and nothing else");
    println!("Ctrl-C ends it.");
    match demo.processes.wait() {
        End::Asked => {
            println!("ending");
            Ok(())
        }
        End::Died(died) => Err(Failure::new(died.to_string())),
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

/// kubesim and the proxy, running.
struct Demo {
    processes: Processes,
    port: u16,
}

impl Demo {
    /// Starts both and waits until they serve.
    ///
    /// # Errors
    /// When one does not start.
    fn start(workspace: &Workspace, programs: &Path, options: &Options) -> Result<Demo, Failure> {
        let mut processes = Processes::new(workspace)?;
        let kubernetes = start_cluster(&mut processes, programs, options)?;
        let port = if options.port == 0 { http::free_port()? } else { options.port };
        start_proxy(&mut processes, programs, port, kubernetes, Some(&workspace.root.join("dist")))?;
        Ok(Demo { processes, port })
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Starts kubesim on a free port, and answers the port as soon as it serves.
///
/// # Errors
/// When it does not start.
pub(crate) fn start_cluster(processes: &mut Processes, programs: &Path, options: &Options) -> Result<u16, Failure> {
    let port = http::free_port()?;
    let mut kubesim = Command::new(programs.join("kubesim"));
    kubesim.args(["--port", &port.to_string(), "--pods", &options.pods.to_string(), "--churn", &options.churn.to_string()]);
    processes.start("kubesim", &mut kubesim)?;
    processes.wait_until("the simulated cluster", STARTS_WITHIN, || http::get(port, "/version").is_ok())?;
    Ok(port)
}

/// Starts the proxy as it runs in a cluster, with a service account of its own. Answers its process id and how long it took to be ready.
///
/// # Errors
/// When it does not start.
pub(crate) fn start_proxy(processes: &mut Processes, programs: &Path, port: u16, kubernetes: u16, page: Option<&Path>) -> Result<(u32, Duration), Failure> {
    let mut proxy = Command::new(programs.join("krateyard"));
    proxy.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--cluster", CLUSTER, "--server", &format!("http://127.0.0.1:{kubernetes}")]);
    if let Some(page) = page {
        proxy.arg("--static-dir").arg(page);
    }
    let pid = processes.start("krateyard", proxy.env("KRATEYARD_TOKEN", PROXY_TOKEN))?;
    let ready = || http::get(port, "/api/health").is_ok_and(|health| health.contains("\"ready\":true"));
    Ok((pid, processes.wait_until("Krateyard", STARTS_WITHIN, ready)?))
}
