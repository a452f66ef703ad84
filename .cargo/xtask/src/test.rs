//! `cargo xtask test`: every test, part by part, each part even when one before it failed.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::arguments::Arguments;
use crate::command;
use crate::demo;
use crate::install;
use crate::native::{self, TestProgram};
use crate::page::Mode;
use crate::progress::{self, Steps};
use crate::tidy;
use crate::workspace::{Failure, Workspace};

/// The parts, in the order in which they run: what fails soonest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The rules that hold this code base together, and the commands' own tests.
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

    /// Folders of the packages whose tests it runs.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Part::Tidy | Part::Browser => &[],
            Part::Unit => &["shared", "app"],
            Part::Routes => &["tests/kubesim", "proxy"],
            Part::Flows => &["tests/flows"],
        }
    }

    fn run(self, workspace: &Workspace, programs: &Result<Vec<TestProgram>, Failure>) -> Result<(), Failure> {
        match self {
            Part::Tidy => {
                let own = command::check("cargo test", command::program(workspace, "cargo").args(["test", "--quiet", "--package", "xtask"]));
                tidy::run(workspace).and(own)
            }
            Part::Unit | Part::Routes | Part::Flows => match programs {
                Ok(programs) if self == Part::Unit => native(workspace, programs, self.packages()).and(examples(workspace)),
                Ok(programs) => native(workspace, programs, self.packages()),
                Err(failure) => Err(Failure::new(failure.to_string())),
            },
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
    let needs_programs = parts.iter().any(|part| !part.packages().is_empty());
    let programs = if needs_programs { Steps::new(workspace, 1).step("building the tests", || native::build_tests(workspace)) } else { Ok(Vec::new()) };
    let mut results = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        println!("\n[{}/{}] tests: {}", at + 1, parts.len(), part.name());
        let start = Instant::now();
        let result = part.run(workspace, &programs);
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

/// Runs the test programs of some packages as cargo would: each in its package's folder, all of them even when one failed.
fn native(workspace: &Workspace, programs: &[TestProgram], packages: &[&str]) -> Result<(), Failure> {
    let mut failed = Vec::new();
    for program in programs.iter().filter(|program| packages.contains(&program.package.as_str())) {
        println!("\n{}: {}", program.package, program.name);
        let folder = workspace.root.join(&program.package);
        let mut run = command::program(workspace, &program.path);
        if command::check(&program.name, run.current_dir(&folder).env("CARGO_MANIFEST_DIR", &folder)).is_err() {
            failed.push(program.name.as_str());
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(Failure::new(format!("failed: {}", failed.join(", ")))) }
}

/// Runs what stands as an example in the documentation: that a `Permit` cannot be forged is one that must not compile.
fn examples(workspace: &Workspace) -> Result<(), Failure> {
    command::check("the examples of the documentation", command::program(workspace, "cargo").args(["test", "--doc"]))
}

fn browser(workspace: &Workspace) -> Result<(), Failure> {
    install::install(workspace, &install::BROWSER)?;
    let programs = demo::build(workspace, Mode::Full)?;
    let mut node = Command::new("node");
    node.current_dir(workspace.root.join("tests/browser")).args(["--test", "--test-reporter=spec"]);
    node.env("KRATEYARD_PROGRAMS", programs).env("KRATEYARD_PAGE", workspace.root.join("dist"));
    if let Some(chromium) = install::chromium(workspace) {
        node.env("KRATEYARD_CHROMIUM", chromium);
    }
    command::check("node --test", &mut node)
}
