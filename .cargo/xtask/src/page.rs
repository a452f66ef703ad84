//! The page: `dist/`, made by trunk out of `app`, `shared`, `style` and npm packages, and compressed ahead.

mod compress;
mod offline;

use std::fs;
use std::path::PathBuf;

use crate::arguments::Arguments;
use crate::command;
use crate::fingerprint;
use crate::install::{self, Need};
use crate::progress::Steps;
use crate::workspace::{Failure, Workspace};

/// Files and folders that the page depends on.
const INPUTS: [&str; 14] = [
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "app/Cargo.toml",
    "app/favicon.svg",
    "app/index.html",
    "app/package-lock.json",
    "app/src",
    "app/sw.js",
    "rust-toolchain.toml",
    "shared/Cargo.toml",
    "shared/src",
    "style",
];

/// For whom the page is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// For people: as small as it gets, compressed.
    Full,
    /// For its developers: as soon as it gets.
    Fast,
}

impl Mode {
    /// `--fast`, or not.
    pub(crate) fn of_arguments(arguments: &mut Arguments) -> Mode {
        if arguments.flag("--fast") { Mode::Fast } else { Mode::Full }
    }

    /// What building it needs.
    pub(crate) fn needs(self) -> &'static [Need] {
        match self {
            Mode::Full => &install::PAGE,
            Mode::Fast => &install::FAST_PAGE,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Mode::Full => "full",
            Mode::Fast => "fast",
        }
    }
}

/// Builds the page unless it is there already.
///
/// # Errors
/// When something is missing or does not build.
pub(crate) fn build(workspace: &Workspace, mode: Mode) -> Result<(), Failure> {
    install::install(workspace, mode.needs())?;
    let mut steps = Steps::new(workspace, step_count(workspace, mode)?);
    steps_of_build(workspace, mode, &mut steps)?;
    println!("the page is in dist/");
    Ok(())
}

/// Builds `krateyard` with the page inside it, for laptops.
///
/// # Errors
/// When it does not build.
pub(crate) fn build_binary(workspace: &Workspace) -> Result<(), Failure> {
    let mut steps = Steps::new(workspace, 1);
    steps.step("building krateyard with its page inside", || {
        let mut cargo = command::program(workspace, "cargo");
        cargo.args(["build", "--release", "--package", "krateyard-proxy", "--features", "embed"]);
        command::quietly(workspace, "cargo-release", &mut cargo)
    })?;
    println!("krateyard is {}", workspace.target.join("release/krateyard").display());
    Ok(())
}

/// How many steps [`steps_of_build`] takes now.
///
/// # Errors
/// When the sources cannot be read.
pub(crate) fn step_count(workspace: &Workspace, mode: Mode) -> Result<usize, Failure> {
    Ok(match (is_fresh(workspace, mode)?, mode) {
        (true, _) => 0,
        (false, Mode::Fast) => 1,
        (false, Mode::Full) => 2,
    })
}

/// The build as steps of a larger command.
///
/// # Errors
/// When it does not build.
pub(crate) fn steps_of_build(workspace: &Workspace, mode: Mode, steps: &mut Steps) -> Result<(), Failure> {
    let _lock = workspace.lock()?;
    if is_fresh(workspace, mode)? {
        return Ok(());
    }
    // Taken before the build: what changes while it runs makes the next one build again.
    let inputs = fingerprint::fingerprint(workspace, &INPUTS)?;
    let _ = fs::remove_file(stamp(workspace));
    match mode {
        Mode::Fast => steps.step("building the page, fast", || {
            trunk(workspace, &[], "")?;
            offline::list(workspace)
        })?,
        Mode::Full => {
            // Leptos: one type for all views instead of one for each, which makes the page a twelfth smaller.
            let smaller = "--cfg erase_components";
            steps.step("building the page", || {
                trunk(workspace, &["--release", "--cargo-profile", "app"], smaller)?;
                offline::list(workspace)
            })?;
            steps.step("compressing the page", || compress::compress(workspace))?;
        }
    }
    fs::write(stamp(workspace), format!("{} {inputs:016x}", mode.name())).map_err(Failure::at("noting what the page was built of"))
}

fn trunk(workspace: &Workspace, arguments: &[&str], rustflags: &str) -> Result<(), Failure> {
    // trunk calls cargo offline, and the page has crates that nothing else has.
    command::quietly(workspace, "fetch", command::program(workspace, "cargo").args(["fetch", "--target", "wasm32-unknown-unknown"]))?;
    let mut trunk = command::program(workspace, "trunk");
    // trunk reads NO_COLOR as a boolean, and refuses what others set it to.
    trunk.arg("build").args(arguments).env_remove("NO_COLOR").env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", rustflags);
    command::quietly(workspace, "trunk", &mut trunk)?;
    match fs::remove_file(workspace.root.join("dist/.trunk-lock")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::new(format!("removing dist/.trunk-lock: {error}"))),
        _ => Ok(()),
    }
}

/// A full page serves those as well who asked for a fast one.
fn is_fresh(workspace: &Workspace, mode: Mode) -> Result<bool, Failure> {
    let noted = fs::read_to_string(stamp(workspace)).unwrap_or_default();
    let Some((built, inputs)) = noted.split_once(' ') else { return Ok(false) };
    let serves = built == mode.name() || built == Mode::Full.name();
    Ok(serves && workspace.root.join("dist/index.html").is_file() && inputs == format!("{:016x}", fingerprint::fingerprint(workspace, &INPUTS)?))
}

fn stamp(workspace: &Workspace) -> PathBuf {
    workspace.notes().join("page")
}
