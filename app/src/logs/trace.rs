//! Which lines belong to the line before them: stack traces, wrapped output, pretty-printed values.

use super::level::{self, Level};
use super::line;

/// Reads lines in order and says of each what it is.
#[derive(Debug, Clone, Default)]
pub struct Classifier {
    inside: Inside,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// Its own level; a continuation has that of its head.
    pub level: Option<Level>,
    /// It belongs to the line before it.
    pub continues: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Inside {
    #[default]
    Nothing,
    /// After `panic:` or `fatal error:` of Go.
    Go,
    /// After `Traceback (most recent call last):`; ends with the line that names the exception.
    Python,
    /// Between two tracebacks of one error.
    PythonChain,
}

const TRACEBACK: &str = "Traceback (most recent call last)";

impl Classifier {
    /// Classifies the next line, given without escapes.
    pub fn next(&mut self, plain: &str) -> Class {
        if self.continues(plain) {
            return Class { level: None, continues: true };
        }
        self.inside = if plain.starts_with("panic:") || plain.starts_with("fatal error:") {
            Inside::Go
        } else if plain.starts_with(TRACEBACK) {
            Inside::Python
        } else {
            Inside::Nothing
        };
        let level = if line::looks_like_json(plain) { line::json_level(plain) } else { level::of_text(plain) };
        Class { level, continues: false }
    }

    /// The lines before are lost or of another run: the next line stands for itself.
    pub fn reset(&mut self) {
        self.inside = Inside::Nothing;
    }

    fn continues(&mut self, plain: &str) -> bool {
        let indented = plain.starts_with([' ', '\t']) && !plain.trim().is_empty();
        match self.inside {
            _ if indented => true,
            Inside::Nothing => is_generic(plain),
            Inside::Go => plain.is_empty() || is_go(plain),
            Inside::Python => {
                if !plain.is_empty() {
                    self.inside = Inside::PythonChain;
                }
                true
            }
            Inside::PythonChain if plain.starts_with(TRACEBACK) => {
                self.inside = Inside::Python;
                true
            }
            Inside::PythonChain => {
                plain.is_empty() || plain.starts_with("During handling of the above exception") || plain.starts_with("The above exception was the direct cause")
            }
        }
    }
}

/// Java and JavaScript, also without their indentation.
fn is_generic(plain: &str) -> bool {
    let class = plain.split(':').next().unwrap_or_default();
    let names_exception = class.contains('.') && !class.contains(' ') && (class.ends_with("Exception") || class.ends_with("Error"));
    names_exception
        || plain.starts_with("Caused by: ")
        || plain.starts_with("Suppressed: ")
        || (plain.starts_with("at ") && plain.ends_with(')'))
        || (plain.starts_with("... ") && plain.ends_with(" more"))
}

fn is_go(plain: &str) -> bool {
    const STARTS: [&str; 6] = ["goroutine ", "[signal ", "created by ", "exit status ", "panic: ", "runtime."];
    STARTS.iter().any(|start| plain.starts_with(start))
        || (plain.ends_with(')') && plain.find('(').is_some_and(|open| open > 0 && !plain[..open].contains(' ')))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `>` before a head, its level letter or `-` for none; `.` before a continuation.
    fn classified(lines: &[&str]) -> String {
        let mut classifier = Classifier::default();
        let mark = |class: Class| if class.continues { ".".to_owned() } else { class.level.map_or("-", Level::letter).to_owned() };
        lines.iter().map(|line| mark(classifier.next(line))).collect()
    }

    #[test]
    fn traces_belong_to_their_heads() {
        let go = [
            "panic: no database",
            "",
            "goroutine 1 [running]:",
            "main.mustConnect(0x1, 0x2)",
            "\t/cmd/api/main.go:118 +0x2a4",
            "exit status 2",
            "level=info msg=again",
        ];
        assert_eq!(classified(&go), "E.....I");
        let python = [
            "Traceback (most recent call last):",
            "  File \"a.py\", line 1",
            "ValueError: x",
            "",
            "During handling of the above exception, another exception occurred:",
            "",
            TRACEBACK,
            "  File",
            "KeyError: y",
            "INFO:root:on",
        ];
        assert_eq!(classified(&python), "E........I");
        let java = [
            "ERROR c.acme.Pay - failed",
            "java.lang.IllegalStateException: no",
            "\tat c.acme.Pay.run(Pay.java:1)",
            "Caused by: java.io.IOException",
            "\t... 3 more",
            "INFO on",
        ];
        assert_eq!(classified(&java), "E....I");
    }

    #[test]
    fn blank_and_plain_lines_stand_for_themselves() {
        assert_eq!(classified(&["one", "", "two", "   ", "three(x) four"]), "-----");
    }

    #[test]
    fn json_lines_say_their_level() {
        assert_eq!(classified(&[r#"{"ts":1,"nested":{"level":"error"},"level":"warn","msg":"x"}"#, r#"{"level":50,"msg":"pino"}"#, "{not json"]), "WE-");
    }
}
