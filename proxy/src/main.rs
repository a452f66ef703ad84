//! `krateyard`: serves the app and stands between browsers and clusters.

use std::io::{BufRead, IsTerminal};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use krateyard_proxy::{Config, ConfigErrors, Flags, LaptopFlags, Proxy, Sources, Written};
use tracing_subscriber::EnvFilter;

/// Between two looks at the files in which clusters stand; a change counts when two looks see the same.
const LOOK: Duration = Duration::from_secs(2);

/// A Kubernetes workspace in the browser. Without a command it is for the one at this machine: it listens on loopback, uses the kubeconfig, and prints a link that
/// opens the page once.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    laptop: LaptopFlags,
}

#[derive(Subcommand)]
enum Command {
    /// Serves many people until interrupted. Every flag is also a key of the file and a variable KRATEYARD_<KEY>. KRATEYARD_LOG filters the log (default: info); KRATEYARD_LOG_FORMAT=json writes JSON.
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
    let cli = Cli::parse();
    let Some(command) = cli.command else {
        let open = cli.laptop.open;
        let written = Written::Laptop(cli.laptop);
        return match written.load(&Machine) {
            Ok(config) => laptop(config, written, open).await,
            Err(errors) => refuse(&errors),
        };
    };
    match command {
        Command::CheckConfig(flags) => match Config::load(&flags, &Machine) {
            Ok(config) => say(&format!("the configuration is good: {} cluster(s), listening on {}", config.clusters.len(), config.listen)),
            Err(errors) => refuse(&errors),
        },
        Command::Serve(flags) => match Config::load(&flags, &Machine) {
            Ok(config) => serve(config, Written::Serve(flags)).await,
            Err(errors) => refuse(&errors),
        },
    }
}

async fn serve(config: Config, written: Written) -> ExitCode {
    log("info,kube_client=error,kube_runtime=error");
    let proxy = match Proxy::start(config).await {
        Ok(proxy) => proxy,
        Err(error) => {
            tracing::error!("{error}");
            return ExitCode::FAILURE;
        }
    };
    proxy.follow(written, Machine, LOOK);
    interrupted().await;
    tracing::info!("stopping");
    proxy.stop().await;
    ExitCode::SUCCESS
}

/// For the one at this machine: prints a link, and another whenever Enter is pressed.
async fn laptop(config: Config, written: Written, open: bool) -> ExitCode {
    log("warn,kube_client=off,kube_runtime=off,krateyard_proxy=error");
    let context = config.clusters[0].name.clone();
    let proxy = match Proxy::start(config).await {
        Ok(proxy) => Arc::new(proxy),
        Err(error) => {
            say(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    if !proxy.has_page() {
        say("This krateyard was built without its page: give --static-dir, or build it by `cargo xtask build --binary`.");
    }
    if let Some(why) = proxy.not_kept() {
        say(&format!("What you put on the Yard is kept in the browser, and here until krateyard ends: {why}."));
    }
    let Some(link) = proxy.link() else {
        say("there is no randomness for a link");
        return ExitCode::FAILURE;
    };
    say(&format!("Krateyard is ready, with the context {context}. Open within ten minutes, once:\n\n    {link}\n\nEnter prints another link, Ctrl-C ends."));
    if open {
        browse(&link);
    }
    proxy.follow(written, Machine, LOOK);
    let printing = proxy.clone();
    // Reading a terminal cannot be interrupted: the thread ends with the program.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let (Ok(_), Some(link)) = (line, printing.link()) else { return };
            say(&format!("    {link}"));
        }
    });
    interrupted().await;
    proxy.end().await;
    ExitCode::SUCCESS
}

/// Opens a link as this system does. That nothing opens is no error: the link is printed.
fn browse(link: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let quiet = std::process::Stdio::null;
    let started = std::process::Command::new(program).arg(link).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
    if started.is_err() {
        say("No browser could be opened.");
    }
}

fn log(default: &str) {
    let filter = EnvFilter::try_from_env("KRATEYARD_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    if std::env::var("KRATEYARD_LOG_FORMAT").is_ok_and(|format| format == "json") { log.json().init() } else { log.init() }
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
