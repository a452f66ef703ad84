//! What cargo builds for this machine.
//!
//! Always the workspace's default members at once, and of them the targets that are wanted: cargo unites the features of dependencies over the packages that a
//! command selects, so that commands that select different ones would each build most dependencies anew.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::command;
use crate::workspace::{Failure, Workspace};

/// Builds the programs of the demo, and with `extra` options more; answers the folder that they lie in.
///
/// # Errors
/// When they do not build.
pub(crate) fn build_programs(workspace: &Workspace, optimised: bool, extra: &[&str]) -> Result<PathBuf, Failure> {
    let mut cargo = command::program(workspace, "cargo");
    cargo.args(["build", "--bin", "kubesim", "--bin", "krateyard"]).args(extra);
    if optimised {
        cargo.arg("--release");
    }
    command::quietly(workspace, if optimised { "cargo-release" } else { "cargo" }, &mut cargo)?;
    Ok(workspace.target.join(if optimised { "release" } else { "debug" }))
}

/// A program that runs tests.
pub(crate) struct TestProgram {
    /// Folder of its package, from the top folder: `tests/kubesim`.
    pub(crate) package: String,
    /// Name of its target, such as `krateyard_shared`, and where it is not the library, its kind.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

/// Builds every test of the default members.
///
/// # Errors
/// When one does not build.
pub(crate) fn build_tests(workspace: &Workspace) -> Result<Vec<TestProgram>, Failure> {
    let mut cargo = command::program(workspace, "cargo");
    cargo.args(["test", "--no-run", "--message-format=json-render-diagnostics"]).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let output = cargo.output().map_err(Failure::at("cannot start cargo"))?;
    if !output.status.success() {
        return Err(Failure::new("the tests do not build"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| test_program(line, &workspace.root)).collect())
}

/// One line of cargo's messages (`cargo help build`, `--message-format`), if it tells of a test program.
fn test_program(line: &str, root: &Path) -> Option<TestProgram> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["profile"]["test"] != true {
        return None;
    }
    let path = PathBuf::from(message["executable"].as_str()?);
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?;
    let package = folder.strip_prefix(root).ok()?.to_str()?.to_owned();
    let target = &message["target"];
    let kind = target["kind"][0].as_str()?;
    let name = target["name"].as_str()?;
    Some(TestProgram { package, name: if kind == "lib" { name.to_owned() } else { format!("{name} ({kind})") }, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_programs_are_told_from_libraries_and_named_by_package_and_target() {
        let line = r#"{"reason":"compiler-artifact","manifest_path":"/top/tests/kubesim/Cargo.toml","target":{"kind":["test"],"name":"watch"},"profile":{"test":true},"executable":"/top/target/debug/deps/watch-1"}"#;
        let program = test_program(line, Path::new("/top")).unwrap();
        assert_eq!(
            (program.package.as_str(), program.name.as_str(), program.path.as_path()),
            ("tests/kubesim", "watch (test)", Path::new("/top/target/debug/deps/watch-1"))
        );
        assert!(test_program(&line.replace("\"test\":true", "\"test\":false"), Path::new("/top")).is_none());
        assert!(test_program("not JSON", Path::new("/top")).is_none());
    }
}
