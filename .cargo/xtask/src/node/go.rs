//! Go, which builds the node's programs. Any Go will do: from 1.21 on it fetches the release that a module asks for by itself, and an older one (Debian's) can
//! fetch that release as a module, since registries of Go modules have every release: <https://go.dev/doc/toolchain>.

use std::path::{Path, PathBuf};

use crate::command;
use crate::install::{self, Need};
use crate::workspace::{Failure, Workspace};

/// The release that an old Go fetches; what it fetches is checked against Go's public sums.
const RELEASE: &str = "1.26.8";

/// The first that knows of other releases.
const KNOWS_RELEASES: (u32, u32) = (1, 21);

/// Where Go's own archive is unpacked to, without being on PATH.
const USUAL_PLACE: &str = "/usr/local/go/bin/go";

/// A `go` that is new enough, installed and fetched where it must be.
///
/// # Errors
/// When there is none, and none can be had.
pub(super) fn find_or_fetch(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let find = || command::find(workspace, "go").or_else(|| Some(PathBuf::from(USUAL_PLACE)).filter(|path| path.is_file()));
    if find().is_none() {
        install::install(workspace, &[Need::Go])?;
    }
    let go = find().ok_or_else(|| Failure::new("Go is missing: please install it"))?;
    let version = command::first_line(command::program(workspace, &go).args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local")).unwrap_or_default();
    if release(&version).is_some_and(|release| release >= KNOWS_RELEASES) { Ok(go) } else { fetch(workspace, &go) }
}

/// `go1.26.8` is (1, 26).
fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.strip_prefix("go")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn fetch(workspace: &Workspace, old: &Path) -> Result<PathBuf, Failure> {
    let failed = |why: String| Failure::new(format!("Go {RELEASE} cannot be fetched: {why}"));
    let platform = command::first_line(command::program(workspace, old).args(["env", "GOARCH"])).unwrap_or_default();
    let module = format!("golang.org/toolchain@v0.0.1-go{RELEASE}.linux-{platform}");
    let answer = command::output(command::program(workspace, old).args(["mod", "download", "-json", &module])).map_err(failed)?;
    let answer: serde_json::Value = serde_json::from_str(&answer).map_err(|error| failed(error.to_string()))?;
    let folder = PathBuf::from(answer["Dir"].as_str().ok_or_else(|| failed(answer["Error"].to_string()))?);
    // A module's files have no modes of their own.
    command::output(command::program(workspace, "chmod").args(["-R", "+x"]).args([folder.join("bin"), folder.join("pkg/tool")])).map_err(failed)?;
    Ok(folder.join("bin/go"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_compare_as_numbers() {
        assert_eq!(release("go1.26.8"), Some((1, 26)));
        assert!(release("go1.9.2").unwrap() < KNOWS_RELEASES);
        assert!(release("devel +1234").is_none());
    }
}
