//! Splits a command line into lists of simple commands: quotes, variables, `;`, `&&`, `||`, pipes and redirections. Nothing else of a shell's language.

/// How a pipeline is joined to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joint {
    Always,
    IfGood,
    IfBad,
}

/// One simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) words: Vec<String>,
    pub(super) redirect: Redirect,
}

/// Where a command's output goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Redirect {
    #[default]
    None,
    /// `>` a file.
    To(String),
    /// `>>` a file.
    Append(String),
    /// `>&2`
    ToErr,
}

/// Pipelines in their order.
pub(super) type Script = Vec<(Joint, Vec<Command>)>;

enum Token {
    Word(String),
    Operator(&'static str),
}

/// # Errors
/// What cannot be read, in busybox' words.
pub(super) fn parse(text: &str, variable: &dyn Fn(&str) -> String) -> Result<Script, String> {
    let mut script: Script = Vec::new();
    let mut joint = Joint::Always;
    let mut pipeline: Vec<Command> = vec![Command::default()];
    let mut tokens = tokens(text, variable)?.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let Some(command) = pipeline.last_mut() else { break };
        match token {
            Token::Word(word) => command.words.push(word),
            Token::Operator(">&2") => command.redirect = Redirect::ToErr,
            Token::Operator("2>&1" | "2>/dev/null" | "&") => {}
            Token::Operator(operator @ (">" | ">>")) => match tokens.next() {
                Some(Token::Word(file)) if operator == ">" => command.redirect = Redirect::To(file),
                Some(Token::Word(file)) => command.redirect = Redirect::Append(file),
                _ => return Err("syntax error: unexpected newline".to_owned()),
            },
            Token::Operator("|") => pipeline.push(Command::default()),
            Token::Operator(operator) => {
                let ended = std::mem::replace(&mut pipeline, vec![Command::default()]);
                if ended.iter().any(|command| !command.words.is_empty()) {
                    script.push((joint, ended));
                } else if operator != ";" {
                    return Err(format!("syntax error: unexpected \"{operator}\""));
                }
                joint = match operator {
                    "&&" => Joint::IfGood,
                    "||" => Joint::IfBad,
                    _ => Joint::Always,
                };
            }
        }
    }
    if pipeline.iter().any(|command| !command.words.is_empty()) {
        script.push((joint, pipeline));
    }
    Ok(script)
}

fn tokens(text: &str, variable: &dyn Fn(&str) -> String) -> Result<Vec<Token>, String> {
    const OPERATORS: &[&str] = &["2>/dev/null", "2>&1", "1>&2", ">&2", "&&", "||", ">>", ";", "|", ">", "&", "\n"];
    let mut found = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(operator) = OPERATORS.iter().find(|operator| rest.starts_with(**operator))
            && (word.is_none() || !operator.starts_with(['1', '2']))
        {
            found.extend(word.take().map(Token::Word));
            found.push(Token::Operator(match *operator {
                "1>&2" => ">&2",
                "\n" => ";",
                other => other,
            }));
            rest = &rest[operator.len()..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            c if c.is_whitespace() => found.extend(word.take().map(Token::Word)),
            '#' if word.is_none() => break,
            '\'' => {
                let (inside, after) = rest.split_once('\'').ok_or("syntax error: unterminated quoted string")?;
                word.get_or_insert_default().push_str(inside);
                rest = after;
            }
            '"' => rest = double_quoted(rest, word.get_or_insert_default(), variable)?,
            '\\' => {
                let next = rest.chars().next().unwrap_or('\\');
                word.get_or_insert_default().push(next);
                rest = rest.get(next.len_utf8()..).unwrap_or_default();
            }
            '$' => rest = expand(rest, word.get_or_insert_default(), variable),
            c => word.get_or_insert_default().push(c),
        }
    }
    found.extend(word.map(Token::Word));
    Ok(found)
}

fn double_quoted<'a>(text: &'a str, word: &mut String, variable: &dyn Fn(&str) -> String) -> Result<&'a str, String> {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '"' => return Ok(rest),
            '\\' => {
                let next = rest.chars().next().unwrap_or('\\');
                if !matches!(next, '"' | '\\' | '$' | '`') {
                    word.push('\\');
                }
                word.push(next);
                rest = rest.get(next.len_utf8()..).unwrap_or_default();
            }
            '$' => rest = expand(rest, word, variable),
            c => word.push(c),
        }
    }
    Err("syntax error: unterminated quoted string".to_owned())
}

/// Replaces the variable after a `$`.
fn expand<'a>(text: &'a str, word: &mut String, variable: &dyn Fn(&str) -> String) -> &'a str {
    if let Some(inner) = text.strip_prefix('{')
        && let Some((name, after)) = inner.split_once('}')
    {
        word.push_str(&variable(name));
        return after;
    }
    let length = match text.chars().next() {
        Some('?' | '$' | '#') => 1,
        _ => text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len()),
    };
    if length == 0 {
        word.push('$');
        return text;
    }
    word.push_str(&variable(&text[..length]));
    &text[length..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let variable = |name: &str| format!("<{name}>");
        let show = |command: &Command| {
            format!("{:?}{}", command.words, if command.redirect == Redirect::None { String::new() } else { format!("{:?}", command.redirect) })
        };
        match parse(text, &variable) {
            Ok(script) => {
                script.iter().map(|(joint, pipe)| format!("{joint:?} {}", pipe.iter().map(show).collect::<Vec<_>>().join("|"))).collect::<Vec<_>>().join(" ")
            }
            Err(error) => error,
        }
    }

    #[test]
    fn command_lines_split_as_a_shell_splits_them() {
        assert_eq!(read("echo a 'b c' \"$X d\"; ls"), r#"Always ["echo", "a", "b c", "<X> d"] Always ["ls"]"#);
        assert_eq!(read("false || echo $? && true"), r#"Always ["false"] IfBad ["echo", "<?>"] IfGood ["true"]"#);
        assert_eq!(read("echo err >&2; echo x>>/tmp/f"), r#"Always ["echo", "err"]ToErr Always ["echo", "x"]Append("/tmp/f")"#);
        assert_eq!(read("seq 3 | head -n 1"), r#"Always ["seq", "3"]|["head", "-n", "1"]"#);
        assert_eq!(read("kill -9 $$"), r#"Always ["kill", "-9", "<$>"]"#);
        assert_eq!(read("echo 'x"), "syntax error: unterminated quoted string");
        assert_eq!(read(" "), "");
    }
}
