//! `cargo xtask test`: every test, part by part, each part even when one before it failed.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::arguments::Arguments;
use crate::command;
use crate::demo;
use crate::install;
use crate::page::Mode;
use crate::progress;
use crate::tidy;
use crate::workspace::{Failure, Workspace};

/// The parts, in the order in which they run: what fails soonest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The rules that hold this code base together.
    Tidy,
    /// Each crate for itself.
    Unit,
    /// The proxy's routes and the simulated cluster's.
    Routes,
    /// The real proxy, the real app core, the simulated cluster.
    Flows,
    /// All of it, in Chromium.
    Browser,
}

const ALL: [Part; 5] = [Part::Tidy, Part::Unit, Part::Routes, Part::Flows, Part::Browser];

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::Tidy => "tidy",
            Part::Unit => "unit",
            Part::Routes => "routes",
            Part::Flows => "flows",
            Part::Browser => "browser",
        }
    }

    fn run(self, workspace: &Workspace) -> Result<(), Failure> {
        match self {
            Part::Tidy => tidy::run(workspace),
            Part::Unit => cargo_test(workspace, &["krateyard-shared", "krateyard-app", "xtask"]),
            Part::Routes => cargo_test(workspace, &["kubesim", "krateyard-proxy"]),
            Part::Flows => cargo_test(workspace, &["flows"]),
            Part::Browser => browser(workspace),
        }
    }
}

/// # Errors
/// When a part failed; after all of them ran.
pub(crate) fn run(workspace: &Workspace, arguments: &mut Arguments) -> Result<(), Failure> {
    let mut parts = Vec::new();
    while let Some(name) = arguments.value::<String>("--only")? {
        let part = ALL.into_iter().find(|part| part.name() == name);
        parts.push(part.ok_or_else(|| Failure::new(format!("`{name}` is none of tidy, unit, routes, flows, browser")))?);
    }
    arguments.finish()?;
    if parts.is_empty() {
        parts.extend(ALL);
    }
    let mut results = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        println!("\n[{}/{}] tests: {}", at + 1, parts.len(), part.name());
        let start = Instant::now();
        let result = part.run(workspace);
        if let Err(failure) = &result {
            eprintln!("{failure}");
        }
        results.push((*part, result.is_ok(), start.elapsed()));
    }
    summary(&results)
}

fn summary(results: &[(Part, bool, Duration)]) -> Result<(), Failure> {
    println!("\nparts of the tests:");
    for (part, passed, took) in results {
        println!("  {:8} {:7} {}", part.name(), if *passed { "passed" } else { "FAILED" }, progress::words(*took));
    }
    let failed: Vec<_> = results.iter().filter(|(_, passed, _)| !passed).map(|(part, ..)| part.name()).collect();
    if failed.is_empty() { Ok(()) } else { Err(Failure::new(format!("tests failed: {}", failed.join(", ")))) }
}

fn cargo_test(workspace: &Workspace, packages: &[&str]) -> Result<(), Failure> {
    let mut cargo = command::program(workspace, "cargo");
    cargo.args(["test", "--no-fail-fast"]).args(packages.iter().flat_map(|package| ["--package", package]));
    command::check("cargo test", &mut cargo)
}

fn browser(workspace: &Workspace) -> Result<(), Failure> {
    install::install(workspace, &install::BROWSER)?;
    demo::build(workspace, Mode::Full)?;
    let mut node = Command::new("node");
    node.current_dir(workspace.root.join("tests/browser")).args(["--test", "--test-reporter=spec"]);
    node.env("KRATEYARD_PROGRAMS", workspace.target.join("debug")).env("KRATEYARD_PAGE", workspace.root.join("dist"));
    if let Some(chromium) = install::chromium(workspace) {
        node.env("KRATEYARD_CHROMIUM", chromium);
    }
    command::check("node --test", &mut node)
}
