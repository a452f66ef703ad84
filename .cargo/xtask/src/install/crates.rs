//! Tools that cargo builds, in a cache folder of their own: no other project's versions are touched.

use std::borrow::Cow;
use std::fs;

use crate::command;
use crate::workspace::{Failure, Workspace};

/// A program from a crate, at one version.
pub(super) struct CargoTool {
    name: &'static str,
    program: &'static str,
    version: Cow<'static, str>,
    purpose: &'static str,
    options: &'static [&'static str],
}

/// Declares a newer Rust than it needs.
pub(super) const TRUNK: CargoTool =
    CargoTool { name: "trunk", program: "trunk", version: Cow::Borrowed("0.22.1"), purpose: "makes the page", options: &["--locked", "--ignore-rust-version"] };

/// For `.ci/run`.
pub(super) const DENY: CargoTool = CargoTool {
    name: "cargo-deny",
    program: "cargo-deny",
    version: Cow::Borrowed("0.20.2"),
    purpose: "checks licenses and sources of dependencies",
    options: &["--locked"],
};

/// The one that Cargo.lock asks for: the page's glue and this program must agree to the digit. Without its own lock file, which is older than what it builds with.
///
/// # Errors
/// When Cargo.lock cannot be read or names no wasm-bindgen.
pub(super) fn wasm_bindgen(workspace: &Workspace) -> Result<CargoTool, Failure> {
    let lock = fs::read_to_string(workspace.root.join("Cargo.lock")).map_err(Failure::at("reading Cargo.lock"))?;
    let version = locked_version(&lock, "wasm-bindgen").ok_or_else(|| Failure::new("Cargo.lock names no wasm-bindgen"))?;
    Ok(CargoTool { name: "wasm-bindgen-cli", program: "wasm-bindgen", version: version.into(), purpose: "joins WASM and JavaScript", options: &[] })
}

impl CargoTool {
    pub(super) fn missing(&self, workspace: &Workspace) -> Option<String> {
        let line = command::first_line(command::program(workspace, self.program).arg("--version"));
        let found = line.as_deref().and_then(|line| line.split_whitespace().nth(1));
        (found != Some(&*self.version)).then(|| format!("{} {}, which {}; built from source, this takes minutes", self.name, self.version, self.purpose))
    }

    /// Half optimised and in many units: these tools run for seconds, and their own profiles take several times as long to build.
    pub(super) fn install(&self, workspace: &Workspace) -> Result<(), Failure> {
        let mut cargo = command::program(workspace, "cargo");
        cargo.args(["install", "--force", "--root"]).arg(&workspace.tools).args(self.options).arg(format!("{}@{}", self.name, self.version));
        let profile = [("LTO", "off"), ("CODEGEN_UNITS", "16"), ("OPT_LEVEL", "1"), ("DEBUG", "false")];
        cargo.envs(profile.map(|(key, value)| (format!("CARGO_PROFILE_RELEASE_{key}"), value)));
        command::quietly(workspace, self.name, &mut cargo)
            .map_err(|failure| Failure::new(format!("{} {} could not be installed: {failure}", self.name, self.version)))
    }
}

fn locked_version(lock: &str, name: &str) -> Option<String> {
    let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{name}\""));
    let version = lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_that_of_the_very_crate() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.9\"\n\n[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
