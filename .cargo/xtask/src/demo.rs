//! `cargo xtask demo`: Krateyard on a simulated cluster, started with one command and ended with Ctrl-C.

use std::path::Path;
use std::time::Duration;

use crate::arguments::Arguments;
use crate::command;
use crate::http;
use crate::install;
use crate::page::{self, Mode};
use crate::processes::{self, End, Processes};
use crate::progress::Steps;
use crate::workspace::{Failure, Workspace};

/// Name of the simulated cluster.
const CLUSTER: &str = "prod-eu-1";
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
    build(workspace, mode)?;
    let mut demo = Demo::start(workspace, &options)?;
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

/// Builds what a demo runs.
///
/// # Errors
/// When something is missing or does not build.
pub(crate) fn build(workspace: &Workspace, mode: Mode) -> Result<(), Failure> {
    install::install(workspace, mode.needs())?;
    let mut steps = Steps::new(workspace, 1 + page::step_count(workspace, mode)?);
    page::steps_of_build(workspace, mode, &mut steps)?;
    steps.step("building the proxy and the simulated cluster", || {
        let mut cargo = command::program(workspace, "cargo");
        cargo.args(["build", "--package", "kubesim", "--package", "krateyard-proxy", "--bins"]);
        command::quietly(workspace, "cargo", &mut cargo)
    })
}

fn check_port(port: u16) -> Result<(), Failure> {
    if port == 0 || http::is_free(port) {
        return Ok(());
    }
    Err(Failure::new(format!("port {port} is taken by another program (another demo?): choose one with --port")))
}

/// kubesim and the proxy, running.
pub(crate) struct Demo {
    pub(crate) processes: Processes,
    port: u16,
}

impl Demo {
    /// Starts both and waits until they serve.
    ///
    /// # Errors
    /// When one does not start.
    pub(crate) fn start(workspace: &Workspace, options: &Options) -> Result<Demo, Failure> {
        let profile = Path::new("debug");
        let mut processes = Processes::new(workspace)?;
        let kube_port = http::free_port().map_err(Failure::at("looking for a free port"))?;
        let mut kubesim = processes::built(workspace, profile, "kubesim");
        kubesim.args(["--port", &kube_port.to_string(), "--pods", &options.pods.to_string(), "--churn", &options.churn.to_string()]);
        processes.start("kubesim", &mut kubesim)?;
        processes.wait_until("the simulated cluster", STARTS_WITHIN, || http::status(kube_port, "/version").is_ok_and(|status| status == 200))?;

        let port = if options.port == 0 { http::free_port().map_err(Failure::at("looking for a free port"))? } else { options.port };
        let mut proxy = processes::built(workspace, profile, "krateyard");
        proxy.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--cluster", CLUSTER, "--server", &format!("http://127.0.0.1:{kube_port}")]);
        proxy.arg("--static-dir").arg(workspace.root.join("dist")).env("KRATEYARD_TOKEN", PROXY_TOKEN);
        processes.start("krateyard", &mut proxy)?;
        processes.wait_until("Krateyard", STARTS_WITHIN, || http::status(port, "/api/health").is_ok_and(|status| status == 200))?;
        Ok(Demo { processes, port })
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
