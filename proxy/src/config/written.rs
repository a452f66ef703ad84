//! Where a configuration stands written, so that it is read again while it is in use.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use super::{Config, ConfigErrors, Flags, LaptopFlags, Mark, Sources};

/// Where a configuration stands written.
#[derive(Debug, Clone)]
pub enum Written {
    /// In the kubeconfig of the one at this machine.
    Laptop(LaptopFlags),
    /// In the file that these flags or the environment name, if any.
    Serve(Flags),
}

impl Written {
    /// Gathers and checks the configuration.
    ///
    /// # Errors
    /// Every key that is wrong, each by its name.
    pub fn load(&self, sources: &impl Sources) -> Result<Config, ConfigErrors> {
        match self {
            Written::Laptop(flags) => Config::laptop(flags, sources),
            Written::Serve(flags) => Config::load(flags, sources),
        }
    }

    /// The files in which clusters stand, those that are missing too.
    fn paths(&self, sources: &impl Sources) -> Vec<PathBuf> {
        match self {
            Written::Laptop(flags) => super::laptop::paths(flags, sources),
            Written::Serve(flags) => super::load::file_path(flags, sources).into_iter().chain(super::load::named_files(flags, sources)).collect(),
        }
    }
}

/// The files as they were read at one moment; everything else comes from the sources below.
pub(crate) struct Files<'a, S> {
    texts: HashMap<PathBuf, Result<String, io::ErrorKind>>,
    below: &'a S,
}

impl<'a, S: Sources> Files<'a, S> {
    /// Reads them all.
    pub(crate) fn read(written: &Written, below: &'a S) -> Files<'a, S> {
        let texts = written.paths(below).into_iter().map(|path| (path.clone(), below.read(&path).map_err(|error| error.kind())));
        Files { texts: texts.collect(), below }
    }

    /// Whether clusters stand in any file at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Differs where they read otherwise.
    pub(crate) fn mark(&self) -> Mark {
        let mut texts: Vec<_> = self.texts.iter().map(|(path, text)| format!("{path:?} {text:?}")).collect();
        texts.sort();
        Mark::of(texts.join("\n"))
    }
}

impl<S: Sources> Sources for Files<'_, S> {
    fn variable(&self, name: &str) -> Option<String> {
        self.below.variable(name)
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        match self.texts.get(path) {
            Some(text) => text.clone().map_err(io::Error::from),
            None => self.below.read(path),
        }
    }

    fn exists(&self, path: &Path, folder: bool) -> bool {
        match self.texts.get(path) {
            Some(text) if !folder => !matches!(text, Err(io::ErrorKind::NotFound)),
            _ => self.below.exists(path, folder),
        }
    }
}

/// Decides when what is written counts: once it reads twice in a row as it did not before, so that a file that is being written is left alone.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    last: Option<Mark>,
    counts: Option<Mark>,
}

impl Looks {
    /// Another look; whether what it saw counts from now on.
    pub(crate) fn look(&mut self, now: Mark) -> bool {
        let settled = self.last.replace(now) == Some(now);
        settled && self.counts.replace(now) != Some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_from_look_to_look_does_not_count_and_what_rests_counts_once() {
        let mut looks = Looks::default();
        let seen: Vec<bool> = ["a", "a", "a", "ab", "abc", "abc", "abc", "", "abc", "abc", "a", "a"].iter().map(|text| looks.look(Mark::of(text))).collect();
        assert_eq!(seen, [false, true, false, false, false, true, false, false, false, false, false, true]);
    }
}
