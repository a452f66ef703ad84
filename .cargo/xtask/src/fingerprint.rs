//! What the page is made of.

use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};

use crate::workspace::{Failure, Workspace};

/// Files and folders that the page depends on.
const INPUTS: [&str; 13] = [
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "app/Cargo.toml",
    "app/favicon.svg",
    "app/index.html",
    "app/package-lock.json",
    "app/src",
    "rust-toolchain.toml",
    "shared/Cargo.toml",
    "shared/src",
    "style",
];

/// One number for all of them; contents count, times do not.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn fingerprint(workspace: &Workspace) -> Result<u64, Failure> {
    let mut files = Vec::new();
    for input in INPUTS {
        collect(&workspace.root.join(input), &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        let contents = fs::read(&file).map_err(Failure::at(format!("reading {}", file.display())))?;
        hasher.write(file.strip_prefix(&workspace.root).unwrap_or(&file).as_os_str().as_encoded_bytes());
        hasher.write_usize(contents.len());
        hasher.write(&contents);
    }
    Ok(hasher.finish())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(Failure::at(format!("reading {}", path.display())))? {
        let entry = entry.map_err(Failure::at(format!("reading {}", path.display())))?;
        collect(&entry.path(), files)?;
    }
    Ok(())
}
