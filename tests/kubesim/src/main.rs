//! `kubesim`: a simulated Kubernetes API server on 127.0.0.1.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use kubesim::{Options, Sim};

/// A simulated, living Kubernetes cluster.
#[derive(Debug, Parser)]
#[command(name = "kubesim", version)]
struct Arguments {
    /// Port of the API server (0: a free one)
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Port of the control API (0: a free one)
    #[arg(long, default_value_t = 0)]
    control_port: u16,
    /// About how many pods the world has
    #[arg(long, default_value_t = 250)]
    pods: usize,
    /// Changes of pod status per second, beyond what lives anyway
    #[arg(long, value_name = "EVENTS_PER_SECOND", default_value_t = 0.0)]
    churn: f64,
    /// The same seed gives the same world
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write an administrator's kubeconfig here; a port with TLS is opened for it, since kubectl sends no token without
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// A kind that is not served, as in an older cluster: plural.group; may be repeated
    #[arg(long, value_name = "KIND")]
    without: Vec<String>,
    /// metrics.k8s.io is not served, as where no metrics-server is installed
    #[arg(long)]
    without_metrics: bool,
    /// Nothing happens by itself
    #[arg(long)]
    still: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let options = Options {
        pods: arguments.pods,
        churn_per_second: arguments.churn,
        seed: arguments.seed,
        living: !arguments.still,
        port: arguments.port,
        control_port: arguments.control_port,
        metrics: !arguments.without_metrics,
        tls: arguments.kubeconfig.is_some(),
        unserved: arguments.without,
        ..Options::default()
    };
    match run(options, arguments.kubeconfig.as_deref()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("kubesim: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options, kubeconfig: Option<&Path>) -> Result<(), kubesim::Error> {
    let sim = Sim::start(options).await?;
    if let Some(file) = kubeconfig {
        std::fs::write(file, sim.kubeconfig("demo-admin"))?;
    }
    say(&format!("kubesim is ready: {} control: {}", sim.url(), sim.control_url()));
    tokio::signal::ctrl_c().await?;
    sim.stop().await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the one line that a program prints for whoever started it")]
fn say(line: &str) {
    println!("{line}");
}
