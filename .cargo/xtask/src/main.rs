//! The commands of this repository: `cargo xtask build | demo | test | bench`.
//!
//! Each installs what it needs the first time, says what it does, and never does it twice. Everything here is plain std, since everybody waits for it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program talks to its person")]

mod arguments;
mod bench;
mod command;
mod demo;
mod fingerprint;
mod http;
mod install;
mod native;
mod node;
mod page;
mod processes;
mod progress;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use arguments::Arguments;
use workspace::{Failure, Workspace};

const HELP: &str = "\
cargo xtask COMMAND

  demo [--port 8470] [--pods 250] [--churn CHANGES_PER_SECOND] [--clusters 1] [--replicas 1] [--fast]
                              Krateyard on a simulated cluster, until Ctrl-C
  test [--only PART]...       all tests, or parts of them: unit, routes, flows, browser, tidy
  test --cluster node|kubeconfig:PATH[:CONTEXT] [--only PART]...
                              flows, conformance, kubectl, browser on a real cluster
  bench [NAME...] [--json FILE] [--as-built]
                              the figures, all or some (--as-built: of what the last one built)
  build [--fast] [--binary]   builds the page into dist/ (--fast: quick to build, large to load; --binary: and krateyard with it inside)
  node up | down | status     a real Kubernetes node on this machine, for tests (Linux, as root)
  node check | build          whether one can run here; builds its programs ahead
  install [WHAT...]           installs what the other commands need, before they do: page, browser, deny, node

Every command installs what it needs the first time, and does nothing twice.";

fn main() -> ExitCode {
    let mut arguments = Arguments::of_process();
    match run(&mut arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &mut Arguments) -> Result<(), Failure> {
    let command = arguments.word();
    let workspace = Workspace::find()?;
    match command.as_deref() {
        Some("build") => {
            let (mode, binary) = (page::Mode::of_arguments(arguments), arguments.flag("--binary"));
            arguments.finish()?;
            page::build(&workspace, mode)?;
            if binary { page::build_binary(&workspace) } else { Ok(()) }
        }
        Some("demo") => demo::run(&workspace, arguments),
        Some("test") => test::run(&workspace, arguments),
        Some("bench") => bench::run(&workspace, arguments),
        Some("node") => node::run(&workspace, arguments),
        Some("install") => {
            let needs = install::Need::of_words(&arguments.words())?;
            arguments.finish()?;
            install::install(&workspace, &needs)
        }
        Some("help" | "--help" | "-h") | None => {
            println!("{HELP}");
            Ok(())
        }
        Some(other) => Err(Failure::new(format!("there is no command `{other}`; `cargo xtask help` names them"))),
    }
}
