//! `krateyard`: serves the app and stands between browsers and clusters.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use krateyard_proxy::{Config, ConfigErrors, Flags, Proxy, Sources};
use tracing_subscriber::EnvFilter;

/// A Kubernetes workspace in the browser. Every flag is also a key of the file and a variable KRATEYARD_<KEY>.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until interrupted. KRATEYARD_LOG filters the log (default: info); KRATEYARD_LOG_FORMAT=json writes JSON.
    Serve(Flags),
    /// Checks the configuration and says what is wrong with it, by key. Binds nothing, contacts nobody.
    CheckConfig(Flags),
}

/// The environment and the disk.
struct Machine;

impl Sources for Machine {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn read(&self, path: &Path) -> std::io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn exists(&self, path: &Path, folder: bool) -> bool {
        if folder { path.is_dir() } else { path.is_file() }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().command {
        Command::CheckConfig(flags) => match Config::load(&flags, &Machine) {
            Ok(config) => say(&format!("the configuration is good: {} cluster(s), listening on {}", config.clusters.len(), config.listen)),
            Err(errors) => refuse(&errors),
        },
        Command::Serve(flags) => match Config::load(&flags, &Machine) {
            Ok(config) => serve(config).await,
            Err(errors) => refuse(&errors),
        },
    }
}

async fn serve(config: Config) -> ExitCode {
    let filter = EnvFilter::try_from_env("KRATEYARD_LOG").unwrap_or_else(|_| EnvFilter::new("info,kube_client=error,kube_runtime=error"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    if std::env::var("KRATEYARD_LOG_FORMAT").is_ok_and(|format| format == "json") {
        log.json().init()
    } else {
        log.init()
    }
    let proxy = match Proxy::start(config).await {
        Ok(proxy) => proxy,
        Err(error) => {
            tracing::error!("{error}");
            return ExitCode::FAILURE;
        }
    };
    interrupted().await;
    tracing::info!("stopping");
    proxy.stop().await;
    ExitCode::SUCCESS
}

/// Waits for Ctrl-C or, where there is such a thing, SIGTERM.
async fn interrupted() {
    let interrupt = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            () = interrupt => {}
            _ = terminate.recv() => {}
        }
        return;
    }
    interrupt.await;
}

#[allow(clippy::print_stdout)]
fn say(line: &str) -> ExitCode {
    println!("{line}");
    ExitCode::SUCCESS
}

#[allow(clippy::print_stderr)]
fn refuse(errors: &ConfigErrors) -> ExitCode {
    eprintln!("{errors}");
    ExitCode::from(2)
}
