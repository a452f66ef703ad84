//! Words and options of the command line, taken one by one; what nobody took is an error.

use std::collections::VecDeque;

use crate::workspace::Failure;

/// What is left of the command line.
pub(crate) struct Arguments(VecDeque<String>);

impl Arguments {
    /// Those of this process.
    pub(crate) fn of_process() -> Arguments {
        Arguments::of(std::env::args().skip(1))
    }

    fn of(words: impl IntoIterator<Item = String>) -> Arguments {
        Arguments(words.into_iter().collect())
    }

    /// The next word that is no option. `--help` is a word, so that it works everywhere.
    pub(crate) fn word(&mut self) -> Option<String> {
        let at = self.0.iter().position(|word| !word.starts_with('-') || word == "--help" || word == "-h")?;
        self.0.remove(at)
    }

    /// Every word that is left.
    pub(crate) fn words(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.word()).collect()
    }

    /// Whether the option `--name` is there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let found = self.0.iter().position(|word| word == name);
        found.map(|at| self.0.remove(at)).is_some()
    }

    /// The value of `--name VALUE` or `--name=VALUE`.
    ///
    /// # Errors
    /// When the value is missing or no `T`.
    pub(crate) fn value<T: std::str::FromStr>(&mut self, name: &str) -> Result<Option<T>, Failure> {
        let Some(at) = self.0.iter().position(|word| word == name || word.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))) else {
            return Ok(None);
        };
        let word = self.0.remove(at).expect("it was found there");
        let value = match word.split_once('=') {
            Some((_, value)) => Some(value.to_owned()),
            None => self.0.remove(at),
        };
        let value = value.ok_or_else(|| Failure::new(format!("{name} needs a value")))?;
        value.parse().map(Some).map_err(|_| Failure::new(format!("{name} cannot be `{value}`")))
    }

    /// # Errors
    /// When something is left.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        match self.0.front() {
            None => Ok(()),
            Some(word) => Err(Failure::new(format!("`{word}` is not understood here; `cargo xtask help` shows what is"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Arguments {
        Arguments::of(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_taken_in_any_order_and_both_spellings() {
        let mut line = arguments("demo --port 9000 --pods=12 --fast");
        assert_eq!(line.word().as_deref(), Some("demo"));
        assert!(line.flag("--fast"));
        assert_eq!(line.value::<u32>("--pods").unwrap(), Some(12));
        assert_eq!(line.value::<u16>("--port").unwrap(), Some(9000));
        assert!(line.finish().is_ok());
    }

    #[test]
    fn what_nobody_took_is_an_error() {
        let mut line = arguments("demo --prot 9000");
        assert_eq!(line.word().as_deref(), Some("demo"));
        assert_eq!(line.value::<u16>("--port").unwrap(), None);
        assert!(line.finish().unwrap_err().to_string().contains("--prot"));
    }

    #[test]
    fn a_value_that_does_not_parse_is_named() {
        assert!(arguments("--port many").value::<u16>("--port").unwrap_err().to_string().contains("many"));
        assert!(arguments("--port").value::<u16>("--port").unwrap_err().to_string().contains("needs a value"));
    }
}
