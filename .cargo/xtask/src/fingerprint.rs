//! Whether anything that was built once has changed since.

use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};

use crate::workspace::{Failure, Workspace};

/// One number for all of these files and folders of the repository; contents count, times do not.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn fingerprint(workspace: &Workspace, inputs: &[&str]) -> Result<u64, Failure> {
    let mut files = Vec::new();
    for input in inputs {
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
