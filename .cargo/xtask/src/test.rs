//! `cargo xtask test`: every test, part by part, each part even when one before it failed.

mod cluster;

use std::process::Command;
use std::time::{Duration, Instant};

use crate::arguments::Arguments;
use crate::command;
use crate::demo;
use crate::install;
use crate::native::{self, TestProgram};
use crate::page::Mode;
use crate::processes::Processes;
use crate::progress::{self, Steps};
use crate::tidy;
use crate::workspace::{Failure, Workspace};
use cluster::{Cluster, Scene};

/// The parts, in the order in which they run: what fails soonest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The rules that hold this code base together, and the commands' own tests.
    Tidy,
    /// Each crate for itself.
    Unit,
    /// The proxy's routes and the simulated cluster's.
    Routes,
    /// The real proxy, the real app core, a cluster.
    Flows,
    /// The simulated cluster and a real one, asked the same.
    Conformance,
    /// kubectl, asking the simulated cluster.
    Kubectl,
    /// Rooms of a Yard, with npm's Yjs clients.
    Sync,
    /// All of it, in Chromium.
    Browser,
}

/// On the simulated cluster.
const SIMULATED: [Part; 6] = [Part::Tidy, Part::Unit, Part::Routes, Part::Flows, Part::Sync, Part::Browser];
/// On a real one.
const REAL: [Part; 4] = [Part::Flows, Part::Conformance, Part::Kubectl, Part::Browser];

/// The flows of what only a simulator can be told to do.
const SIMULATED_ALONE: [&str; 2] = ["simulator", "faults"];

/// The browser tests that run on a real cluster: those of what fails take the simulator away.
const ON_A_REAL_CLUSTER: [&str; 8] = [
    "smoke.test.mjs",
    "journey.test.mjs",
    "streams.test.mjs",
    "canvas.test.mjs",
    "kinds.test.mjs",
    "yaml.test.mjs",
    "keyboard.test.mjs",
    "every_kind.test.mjs",
];

/// How a part ended that did not fail.
#[derive(Debug, PartialEq)]
enum Ran {
    Passed,
    LeftOut(&'static str),
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::Tidy => "tidy",
            Part::Unit => "unit",
            Part::Routes => "routes",
            Part::Flows => "flows",
            Part::Conformance => "conformance",
            Part::Kubectl => "kubectl",
            Part::Sync => "sync",
            Part::Browser => "browser",
        }
    }

    /// Whether a test program belongs to it. On a real cluster nothing can be told to fail.
    fn runs(self, program: &TestProgram, real: bool) -> bool {
        match self {
            Part::Tidy | Part::Sync | Part::Browser => false,
            Part::Unit => ["shared", "app"].contains(&program.package.as_str()),
            Part::Routes => ["tests/kubesim", "proxy"].contains(&program.package.as_str()),
            Part::Flows => program.package == "tests/flows" && !(real && SIMULATED_ALONE.iter().any(|name| program.name.starts_with(name))),
            Part::Conformance => program.package == "tests/conformance",
            Part::Kubectl => program.package == "tests/kubesim" && program.name.starts_with("kubectl"),
        }
    }
}

/// # Errors
/// When a part failed; after all of them ran.
pub(crate) fn run(workspace: &Workspace, arguments: &mut Arguments) -> Result<(), Failure> {
    let cluster = arguments.value::<String>("--cluster")?;
    let all = if cluster.is_some() { &REAL[..] } else { &SIMULATED[..] };
    let mut parts = Vec::new();
    while let Some(name) = arguments.value::<String>("--only")? {
        let names: Vec<_> = all.iter().map(|part| part.name()).collect();
        let part = all.iter().find(|part| part.name() == name);
        parts.push(*part.ok_or_else(|| Failure::new(format!("`{name}` is none of {}", names.join(", "))))?);
    }
    arguments.finish()?;
    if parts.is_empty() {
        parts.extend(all);
    }
    let mut processes = Processes::new(workspace)?;
    let cluster = cluster.map(|word| Cluster::of_word(workspace, &word)).transpose()?;
    let needs_programs = parts.iter().any(|part| !matches!(part, Part::Tidy | Part::Sync | Part::Browser));
    let programs = if needs_programs { Steps::new(workspace, 1).step("building the tests", || native::build_tests(workspace)) } else { Ok(Vec::new()) };
    // Last, since its tokens are good for an hour.
    let real = match cluster {
        Some(cluster) => {
            let scene = Steps::new(workspace, 1).step("setting the scene on the cluster", || Scene::up(workspace, &mut processes, &cluster))?;
            Some((cluster, scene))
        }
        None => None,
    };
    let mut tests = Tests { workspace, programs, processes, real };
    let mut results = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        if tests.processes.is_asked() {
            break;
        }
        println!("\n[{}/{}] tests: {}", at + 1, parts.len(), part.name());
        let start = Instant::now();
        let result = tests.run(*part);
        if let Err(failure) = &result {
            eprintln!("{failure}");
        }
        results.push((*part, result, start.elapsed()));
    }
    let stopped = if tests.processes.is_asked() { Err(Failure::new("stopped")) } else { Ok(()) };
    let removed = tests.real.take().map_or(Ok(()), |(_, scene)| scene.down());
    summary(&results).and(stopped).and(removed)
}

fn summary(results: &[(Part, Result<Ran, Failure>, Duration)]) -> Result<(), Failure> {
    println!("\nparts of the tests:");
    for (part, result, took) in results {
        let words = match result {
            Ok(Ran::Passed) => "passed  ".to_owned() + &progress::words(*took),
            Ok(Ran::LeftOut(why)) => format!("left out, {why}"),
            Err(_) => "FAILED  ".to_owned() + &progress::words(*took),
        };
        println!("  {:11} {words}", part.name());
    }
    let failed: Vec<_> = results.iter().filter(|(_, result, _)| result.is_err()).map(|(part, ..)| part.name()).collect();
    if failed.is_empty() { Ok(()) } else { Err(Failure::new(format!("tests failed: {}", failed.join(", ")))) }
}

/// What the parts run with.
struct Tests<'w> {
    workspace: &'w Workspace,
    programs: Result<Vec<TestProgram>, Failure>,
    processes: Processes,
    real: Option<(Cluster, Scene)>,
}

impl Tests<'_> {
    fn run(&mut self, part: Part) -> Result<Ran, Failure> {
        match part {
            Part::Tidy => {
                let own = command::check("cargo test", command::program(self.workspace, "cargo").args(["test", "--quiet", "--package", "xtask"]));
                tidy::run(self.workspace).and(own)?;
            }
            Part::Unit => self.native(part).and(examples(self.workspace))?,
            Part::Kubectl if self.real.as_ref().is_some_and(|(cluster, _)| !cluster.has_kubectl()) => {
                return Ok(Ran::LeftOut("since no kubectl is known: set KRATEYARD_KUBECTL"));
            }
            Part::Routes => install::install(self.workspace, &install::ROUTES).and_then(|()| self.native(part))?,
            Part::Flows | Part::Conformance | Part::Kubectl => self.native(part)?,
            Part::Sync => self.sync()?,
            Part::Browser => self.browser()?,
        }
        Ok(Ran::Passed)
    }

    /// Runs test programs as cargo would: each in its package's folder, all of them even when one failed.
    fn native(&mut self, part: Part) -> Result<(), Failure> {
        let programs = self.programs.as_ref().map_err(|failure| Failure::new(failure.to_string()))?;
        let programs: Vec<_> = programs.iter().filter(|program| part.runs(program, self.real.is_some())).collect();
        if programs.is_empty() {
            return Err(Failure::new("it has no test program"));
        }
        let mut failed = Vec::new();
        for program in programs {
            println!("\n{}: {}", program.package, program.name);
            let folder = self.workspace.root.join(&program.package);
            let mut run = command::program(self.workspace, &program.path);
            run.current_dir(&folder).env("CARGO_MANIFEST_DIR", &folder);
            if let Some((cluster, scene)) = &self.real {
                cluster.tell(scene, &mut run);
            }
            if let Err(failure) = self.processes.run(&program.name, &mut run) {
                failed.push(failure.to_string());
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(Failure::new(failed.join(", "))) }
    }

    /// Nobody looks at the page.
    fn sync(&mut self) -> Result<(), Failure> {
        install::install(self.workspace, &install::SYNC)?;
        let programs = native::build_programs(self.workspace, false, &["--example", "gate"])?;
        let mut node = Command::new("node");
        node.current_dir(self.workspace.root.join("tests/sync")).args(["--test", "--test-reporter=spec"]);
        self.processes.run("node --test", node.env("KRATEYARD_PROGRAMS", programs).env("KRATEYARD_PAGE", ""))
    }

    fn browser(&mut self) -> Result<(), Failure> {
        install::install(self.workspace, &[&install::BROWSER[..], &install::ROUTES].concat())?;
        let programs = demo::build(self.workspace, Mode::Full)?;
        let mut node = Command::new("node");
        node.current_dir(self.workspace.root.join("tests/browser")).args(["--test", "--test-reporter=spec"]);
        node.env("KRATEYARD_PROGRAMS", programs).env("KRATEYARD_PAGE", self.workspace.root.join("dist"));
        if let Some(chromium) = install::chromium(self.workspace) {
            node.env("KRATEYARD_CHROMIUM", chromium);
        }
        if let Some((cluster, scene)) = &self.real {
            // One file at a time: they share the cluster.
            node.arg("--test-concurrency=1").args(ON_A_REAL_CLUSTER);
            cluster.tell(scene, &mut node);
        }
        self.processes.run("node --test", &mut node)
    }
}

/// Runs what stands as an example in the documentation: that a `Permit` cannot be forged is one that must not compile.
fn examples(workspace: &Workspace) -> Result<(), Failure> {
    command::check("the examples of the documentation", command::program(workspace, "cargo").args(["test", "--doc"]))
}
