//! Makes the scene of the tests on a real cluster, and removes it: `scene up --kubeconfig PATH [--context NAME] --out FILE`, `scene down FILE`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program talks to its person")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use flows::scene;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes a scene, or goes on with the one that the file tells of; waits until its workloads are as they should be.
    Up {
        /// The administrator's kubeconfig.
        #[arg(long)]
        kubeconfig: PathBuf,
        /// A context of it; else its current one.
        #[arg(long)]
        context: Option<String>,
        /// Where to write what tests need to know. It holds tokens.
        #[arg(long)]
        out: PathBuf,
        /// Seconds that the workloads may take: a cluster that sees the images for the first time pulls them.
        #[arg(long, default_value_t = 240)]
        within: u64,
    },
    /// Removes a scene, and the file.
    Down {
        /// What `up` wrote.
        file: PathBuf,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Up { kubeconfig, context, out, within } => {
            let made = scene::up(&kubeconfig, context.as_deref(), &out, Duration::from_secs(within)).await;
            made.map(|scene| println!("the scene is ready: namespaces {}-*", scene.prefix))
        }
        Command::Down { file } => scene::down(&file).await.map(|()| println!("the scene is gone")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
