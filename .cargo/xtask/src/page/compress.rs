//! Compresses the page once, so that the proxy only sends: `FILE.br` and `FILE.gz` beside each file that gets smaller by it. Fonts are compressed already.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command;
use crate::workspace::{Failure, Workspace};

const COMPRESSIBLE: [&str; 7] = ["html", "js", "mjs", "css", "wasm", "svg", "json"];

/// # Errors
/// When dist/ cannot be read or a compressor fails.
pub(super) fn compress(workspace: &Workspace) -> Result<(), Failure> {
    let mut files = Vec::new();
    compressible(&workspace.root.join("dist"), &mut files)?;
    // One process each for all files: both keep their input with these options.
    let mut brotli = command::program(workspace, "brotli");
    command::quietly(workspace, "brotli", brotli.args(["--quality=11", "--keep", "--force"]).args(&files))?;
    let mut gzip = command::program(workspace, "gzip");
    command::quietly(workspace, "gzip", gzip.args(["-9", "--keep", "--force", "--no-name"]).args(&files))
}

fn compressible(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).map_err(Failure::at(format!("reading {}", folder.display())))? {
        let path = entry.map_err(Failure::at(format!("reading {}", folder.display())))?.path();
        if path.is_dir() {
            compressible(&path, files)?;
        } else if path.extension().is_some_and(|extension| COMPRESSIBLE.iter().any(|known| extension == *known)) {
            files.push(path);
        }
    }
    Ok(())
}
