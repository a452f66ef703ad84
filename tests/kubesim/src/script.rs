//! Scripts that containers are started with: `sh -c` and the few forms of a shell that tests use (`echo`, `sleep`, `exit`, `for`, `while true`), and `sleep`
//! alone. Nothing is run: a script says what it writes when, and how it ends.

use std::time::Duration;

use serde_json::Value;

/// Steps after which a script counts as one that never ends.
const MOST_STEPS: usize = 100_000;

/// What one step of a script takes.
const STEP: Duration = Duration::from_millis(1);

/// A container's script.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Script(Vec<Statement>);

#[derive(Clone, Debug, PartialEq)]
enum Statement {
    Echo(String),
    Sleep(Duration),
    Exit(i64),
    /// A variable, its values, what is done with each.
    For(String, Vec<String>, Vec<Statement>),
    Forever(Vec<Statement>),
}

/// What a script has done up to a moment of its life.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Played {
    /// Lines, each with the time since the start.
    pub(crate) lines: Vec<(Duration, String)>,
    /// When it ended and with which code, if it has.
    pub(crate) end: Option<(Duration, i64)>,
}

impl Script {
    /// The script of a container's spec; none when its command is not one that is understood.
    pub(crate) fn of(container: &Value) -> Option<Self> {
        let list = |field: &str| container[field].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>();
        let words = [list("command"), list("args")].concat();
        match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["sh" | "/bin/sh", "-c", text] => {
                let mut parser = Parser::of(text)?;
                let statements = parser.statements(None)?;
                Some(Self(statements))
            }
            ["sleep" | "/bin/sleep", time] => Some(Self(vec![Statement::Sleep(seconds(time)?)])),
            _ => None,
        }
    }

    /// What it writes in this part of its life, and its end if it comes in it.
    pub(crate) fn played(&self, until: Duration) -> Played {
        let mut player = Player { until, at: Duration::ZERO, steps: 0, played: Played::default() };
        let mut variables = Vec::new();
        if player.play(&self.0, &mut variables).is_some() && player.at <= until {
            player.played.end = Some((player.at, 0));
        }
        player.played
    }
}

struct Player {
    until: Duration,
    at: Duration,
    steps: usize,
    played: Played,
}

impl Player {
    /// None when the time is over or the script has ended.
    fn play(&mut self, statements: &[Statement], variables: &mut Vec<(String, String)>) -> Option<()> {
        for statement in statements {
            self.steps += 1;
            self.at += STEP;
            if self.at > self.until || self.steps > MOST_STEPS {
                return None;
            }
            match statement {
                Statement::Echo(text) => self.played.lines.push((self.at, filled(text, variables))),
                Statement::Sleep(time) => self.at += *time,
                Statement::Exit(code) => {
                    self.played.end = Some((self.at, *code));
                    return None;
                }
                Statement::For(name, values, body) => {
                    for value in values {
                        variables.push((name.clone(), value.clone()));
                        let result = self.play(body, variables);
                        variables.pop();
                        result?;
                    }
                }
                Statement::Forever(body) => loop {
                    self.play(body, variables)?;
                },
            }
        }
        Some(())
    }
}

/// `$name` and `${name}` by their values.
fn filled(text: &str, variables: &[(String, String)]) -> String {
    let mut text = text.to_owned();
    for (name, value) in variables.iter().rev() {
        text = text.replace(&format!("${{{name}}}"), value).replace(&format!("${name}"), value);
    }
    text
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

struct Parser {
    /// Words; `;` stands for an end of a command.
    tokens: Vec<String>,
    at: usize,
}

impl Parser {
    /// None for what is beyond these forms: pipes, other redirections, substitutions.
    fn of(text: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut word = String::new();
        let mut quote = None;
        let mut begun = false;
        let mut letters = text.replace(">&2", " ").replace("1>&2", " ").chars().collect::<Vec<_>>().into_iter().peekable();
        while let Some(letter) = letters.next() {
            match (quote, letter) {
                (Some(open), _) if letter == open => quote = None,
                (Some(_), _) => word.push(letter),
                (None, '\'' | '"') => (quote, begun) = (Some(letter), true),
                (None, '$') if letters.peek() == Some(&'(') => {
                    let inner: String = letters.by_ref().skip(1).take_while(|letter| *letter != ')').collect();
                    tokens.extend(sequence(&inner)?);
                }
                (None, '|' | '>' | '<' | '`' | '&' | '(' | ')' | '\\') => return None,
                (None, _) if letter.is_whitespace() || letter == ';' => {
                    if begun || !word.is_empty() {
                        tokens.push(std::mem::take(&mut word));
                        begun = false;
                    }
                    if letter == ';' || letter == '\n' {
                        tokens.push(";".to_owned());
                    }
                }
                (None, _) => word.push(letter),
            }
        }
        if begun || !word.is_empty() {
            tokens.push(word);
        }
        quote.is_none().then_some(Self { tokens, at: 0 })
    }

    fn next(&mut self) -> Option<String> {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned()
    }

    /// The words up to the end of a command.
    fn words(&mut self) -> Vec<String> {
        let mut words = Vec::new();
        while let Some(word) = self.next().filter(|word| word != ";") {
            words.push(word);
        }
        words
    }

    fn statements(&mut self, end: Option<&str>) -> Option<Vec<Statement>> {
        let mut statements = Vec::new();
        loop {
            let Some(word) = self.next() else {
                return end.is_none().then_some(statements);
            };
            match word.as_str() {
                ";" => {}
                done if Some(done) == end => return Some(statements),
                "echo" => statements.push(Statement::Echo(self.words().join(" "))),
                "sleep" => statements.push(Statement::Sleep(seconds(self.words().first()?)?)),
                "exit" => statements.push(Statement::Exit(self.words().first().map_or(Some(0), |code| code.parse().ok())?)),
                "exec" => {}
                "true" | ":" => drop(self.words()),
                "for" => {
                    let words = self.words();
                    let (name, values) = (words.first()?.clone(), words.get(2..)?.to_vec());
                    statements.push(Statement::For(name, values, self.body()?));
                }
                "while" => {
                    let words = self.words();
                    matches!(words.iter().map(String::as_str).collect::<Vec<_>>().as_slice(), ["true" | ":"]).then_some(())?;
                    statements.push(Statement::Forever(self.body()?));
                }
                _ => return None,
            }
        }
    }

    fn body(&mut self) -> Option<Vec<Statement>> {
        (self.next()? == "do").then_some(())?;
        self.statements(Some("done"))
    }
}

/// The words of `$(seq A B)` and `$(seq B)`.
fn sequence(command: &str) -> Option<Vec<String>> {
    let numbers: Vec<i64> = command.strip_prefix("seq ")?.split_whitespace().map(|word| word.parse().ok()).collect::<Option<_>>()?;
    let range = match numbers.as_slice() {
        [last] => 1..=*last,
        [first, last] => *first..=*last,
        _ => return None,
    };
    (range.end() - range.start() < 100_000).then(|| range.map(|number| number.to_string()).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn script(text: &str) -> Option<Script> {
        Script::of(&json!({"command": ["sh", "-c", text]}))
    }

    fn lines(text: &str, seconds: u64) -> (Vec<String>, Option<i64>) {
        let played = script(text).unwrap().played(Duration::from_secs(seconds));
        (played.lines.into_iter().map(|(_, text)| text).collect(), played.end.map(|(_, code)| code))
    }

    #[test]
    fn scripts_write_and_end_as_a_shell_would() {
        assert_eq!(lines("echo one; echo 'two  words' >&2; exit 3", 1), (vec!["one".to_owned(), "two  words".to_owned()], Some(3)));
        assert_eq!(lines("for i in $(seq 1 3); do echo line $i; done; sleep 3600", 9).0, ["line 1", "line 2", "line 3"]);
        assert_eq!(lines("echo a; sleep 5; echo b", 3), (vec!["a".to_owned()], None));
        assert_eq!(lines("echo a; sleep 5; echo b", 6).1, Some(0));
        assert_eq!(lines("while true; do echo tick; sleep 1; done", 3).0.len(), 3);
        assert_eq!(lines("exec sleep 5", 4).1, None);
    }

    #[test]
    fn what_is_beyond_these_forms_is_no_script() {
        for text in ["echo a | wc", "cat", "echo `date`", "while read x; do echo; done", "for i in 1 2; echo $i", "echo 'open"] {
            assert_eq!(script(text), None, "{text}");
        }
        assert_eq!(Script::of(&json!({"image": "busybox"})), None);
    }
}
