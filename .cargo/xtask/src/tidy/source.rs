//! The files that rules look at.

use std::fs;
use std::io;
use std::path::Path;

/// Folders that are made, not written.
const MADE: [&str; 4] = ["target", "node_modules", ".git", "screenshots"];
/// Files that are text of ours.
const TEXT: [&str; 11] = ["rs", "toml", "md", "css", "html", "svg", "js", "mjs", "yml", "sh", "json"];

/// One file.
pub(super) struct Source {
    /// From the top folder, with slashes.
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    #[cfg(test)]
    pub(super) fn new(path: &str, text: &str) -> Source {
        Source { path: path.into(), text: text.into() }
    }

    /// Whether it lies in one of these modules or folders: `app/src/yard` stands for `app/src/yard.rs` and all of `app/src/yard/`.
    pub(super) fn is_in(&self, modules: &[&str]) -> bool {
        modules.iter().any(|module| self.path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest == ".rs"))
    }

    pub(super) fn has_extension(&self, extensions: &[&str]) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
    }

    /// Lines with their numbers, from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line))
    }

    /// Lines without `//` comments: what is said about a thing is not the thing. A `//` after a colon is an address, not a comment.
    pub(super) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().map(|(number, line)| {
            let comment = line.match_indices("//").find(|(at, _)| !line[..*at].ends_with(':'));
            (number, comment.map_or(line, |(at, _)| &line[..at]))
        })
    }
}

/// Every text of the repository, and of the page as it was built last.
pub(super) fn all(root: &Path) -> io::Result<Vec<Source>> {
    let mut sources = Vec::new();
    collect(root, root, &mut sources)?;
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(sources)
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !MADE.iter().any(|made| name == *made) {
                collect(root, &path, sources)?;
            }
        } else if kind.is_file() && is_text(&path) && name != ".git" {
            let Ok(text) = fs::read_to_string(&path) else { continue };
            let path = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            sources.push(Source { path, text });
        }
    }
    Ok(())
}

/// By its name; what has no extension (`.ci/run`) is a script.
fn is_text(path: &Path) -> bool {
    path.extension().is_none_or(|extension| TEXT.iter().any(|text| extension == *text))
}

/// Whether `word` stands in `line` as a word of its own.
pub(super) fn names(line: &str, word: &str) -> bool {
    let part_of_a_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !before.ends_with(part_of_a_word) && !after.starts_with(part_of_a_word)
    })
}
