//! `offline.json`: what a browser keeps to open the page without a network. The service worker (`app/sw.js`) reads it.

use std::fmt::Write;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use crate::workspace::{Failure, Workspace};

/// Not for the page: what a compressor made, texts of licenses, the list itself, and the worker, which the browser keeps by itself. The page is listed as `/`.
const NOT_KEPT: [&str; 6] = ["br", "gz", "LICENSE", "offline.json", "sw.js", "index.html"];

/// Writes the list: the files by path, and a name of the build that any change of any of them changes.
///
/// # Errors
/// When dist/ cannot be read or written.
pub(super) fn list(workspace: &Workspace) -> Result<(), Failure> {
    let dist = workspace.root.join("dist");
    let mut files = Vec::new();
    collect(&dist, &dist, &mut files)?;
    files.sort();
    let mut hasher = DefaultHasher::new();
    for path in files.iter().map(String::as_str).chain(["/index.html"]) {
        let content = fs::read(dist.join(&path[1..])).map_err(Failure::at(format!("reading dist{path}")))?;
        (path, content).hash(&mut hasher);
    }
    let mut json = format!("{{\"build\":\"{:016x}\",\"files\":[", hasher.finish());
    for (at, path) in files.iter().enumerate() {
        // Trunk's names and ours need no escapes.
        let _ = write!(json, "{}\"{path}\"", if at == 0 { "" } else { "," });
    }
    json.push_str("]}\n");
    fs::write(dist.join("offline.json"), json).map_err(Failure::at("writing dist/offline.json"))
}

fn collect(dist: &Path, folder: &Path, files: &mut Vec<String>) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).map_err(Failure::at(format!("reading {}", folder.display())))? {
        let path = entry.map_err(Failure::at(format!("reading {}", folder.display())))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_kept = |name: &str| !name.starts_with('.') && !NOT_KEPT.iter().any(|not| name == *not || name.rsplit('.').next() == Some(not));
        if path.is_dir() {
            collect(dist, &path, files)?;
        } else if is_kept(name)
            && let Ok(relative) = path.strip_prefix(dist)
        {
            files.push(format!("/{}", relative.display()));
        }
    }
    Ok(())
}
