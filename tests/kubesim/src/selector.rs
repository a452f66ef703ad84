//! Label and field selectors, with the server's words for what it cannot read.

use std::collections::BTreeMap;

use crate::failure::Failure;
use crate::kinds::Kind;

/// A parsed `labelSelector`.
#[derive(Clone, Debug, Default)]
pub(crate) struct LabelSelector(Vec<Requirement>);

#[derive(Clone, Debug)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    Missing,
    Greater,
    Less,
}

impl LabelSelector {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|requirement| requirement.matches(labels.get(&requirement.key)))
    }

    /// # Errors
    /// 400 in the words of apimachinery's parser.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let mut tokens = Tokens::of(text);
        let mut requirements = Vec::new();
        if tokens.peek() == Some(",") {
            return Err(Failure::bad_request("found ',', expected: !, identifier, or 'end of string'"));
        }
        while tokens.peek().is_some() {
            requirements.push(requirement(&mut tokens)?);
            match tokens.next() {
                None => break,
                Some(",") if tokens.peek().is_some() => {}
                Some(other) => return Err(unparsed(&format!("found '{other}', expected: ',' or 'end of string'"))),
            }
        }
        Ok(Self(requirements))
    }
}

impl Requirement {
    fn matches(&self, value: Option<&String>) -> bool {
        let number = |text: &String| text.parse::<i64>().ok();
        match self.operator {
            Operator::Exists => value.is_some(),
            Operator::Missing => value.is_none(),
            Operator::In => value.is_some_and(|value| self.values.contains(value)),
            Operator::NotIn => value.is_none_or(|value| !self.values.contains(value)),
            Operator::Greater | Operator::Less => match (value.and_then(number), self.values.first().and_then(number)) {
                (Some(value), Some(bound)) if self.operator == Operator::Greater => value > bound,
                (Some(value), Some(bound)) => value < bound,
                _ => false,
            },
        }
    }
}

fn requirement(tokens: &mut Tokens<'_>) -> Result<Requirement, Failure> {
    let mut first = tokens.next().unwrap_or_default();
    let negated = first == "!";
    if negated {
        first = tokens.next().unwrap_or_default();
    }
    let key = first.to_owned();
    check_key(&key)?;
    if negated {
        return Ok(Requirement { key, operator: Operator::Missing, values: Vec::new() });
    }
    let operator = match tokens.peek() {
        None | Some(",") => return Ok(Requirement { key, operator: Operator::Exists, values: Vec::new() }),
        Some("=" | "==" | "in") => Operator::In,
        Some("!=" | "notin") => Operator::NotIn,
        Some(">" | "gt") => Operator::Greater,
        Some("<" | "lt") => Operator::Less,
        Some(other) => return Err(unparsed(&format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt"))),
    };
    let is_set = matches!(tokens.next(), Some("in" | "notin"));
    let values = if is_set { set(tokens)? } else { vec![single(tokens)?] };
    if matches!(operator, Operator::Greater | Operator::Less)
        && let Some((index, value)) = values.iter().enumerate().find(|(_, value)| value.parse::<i64>().is_err())
    {
        return Err(unparsed(&format!("values[{index}]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer")));
    }
    for (index, value) in values.iter().enumerate() {
        check_value(&key, index, value)?;
    }
    Ok(Requirement { key, operator, values })
}

fn single(tokens: &mut Tokens<'_>) -> Result<String, Failure> {
    match tokens.peek() {
        None | Some(",") => Ok(String::new()),
        Some(sign @ ("=" | "==" | "!=" | "!" | "(" | ")" | ">" | "<")) => Err(unparsed(&format!("found '{sign}', expected: identifier"))),
        Some(_) => Ok(tokens.next().unwrap_or_default().to_owned()),
    }
}

fn set(tokens: &mut Tokens<'_>) -> Result<Vec<String>, Failure> {
    match tokens.next() {
        Some("(") => {}
        other => return Err(unparsed(&format!("found '{}' expected: '('", other.unwrap_or_default()))),
    }
    let mut values = Vec::new();
    loop {
        match tokens.next() {
            Some(")") => return Ok(values),
            Some(",") => {}
            Some(value) => values.push(value.to_owned()),
            None if values.is_empty() => return Err(unparsed("found '', expected: ',', ')' or identifier")),
            None => return Err(unparsed("found '', expected: ',' or ')'")),
        }
    }
}

/// What apimachinery's `IsQualifiedName` finds wrong, as far as the part after the slash goes.
pub(crate) fn wrong_key(key: &str) -> Option<String> {
    let name = key.rsplit('/').next().unwrap_or_default();
    (!is_name(name)).then(|| {
        format!(
            "Invalid value: \"{key}\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
        )
    })
}

/// What apimachinery's `IsValidLabelValue` finds wrong.
pub(crate) fn wrong_value(value: &str) -> Option<String> {
    (!value.is_empty() && !is_name(value)).then(|| {
        format!(
            "Invalid value: \"{value}\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
        )
    })
}

fn is_name(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric();
    text.chars().all(|c| edge(c) || matches!(c, '-' | '_' | '.')) && text.starts_with(edge) && text.ends_with(edge)
}

fn check_key(key: &str) -> Result<(), Failure> {
    wrong_key(key).map_or(Ok(()), |why| Err(unparsed(&format!("<nil>: {why}"))))
}

fn check_value(key: &str, index: usize, value: &str) -> Result<(), Failure> {
    wrong_value(value).map_or(Ok(()), |why| Err(unparsed(&format!("values[{index}][{key}]: {why}"))))
}

fn unparsed(why: &str) -> Failure {
    Failure::bad_request(format!("unable to parse requirement: {why}"))
}

struct Tokens<'a> {
    list: Vec<&'a str>,
    at: usize,
}

impl<'a> Tokens<'a> {
    fn of(text: &'a str) -> Self {
        let mut list = Vec::new();
        let mut rest = text.trim_start();
        let special = |c: char| matches!(c, '=' | '!' | '(' | ')' | '>' | '<' | ',');
        while !rest.is_empty() {
            let length = match ["==", "!="].iter().find(|two| rest.starts_with(**two)) {
                Some(two) => two.len(),
                None if rest.starts_with(special) => 1,
                None => rest.find(|c: char| special(c) || c.is_whitespace()).unwrap_or(rest.len()),
            };
            let (token, after) = rest.split_at(length);
            list.push(token);
            rest = after.trim_start();
        }
        Self { list, at: 0 }
    }

    fn peek(&self) -> Option<&'a str> {
        self.list.get(self.at).copied()
    }

    fn next(&mut self) -> Option<&'a str> {
        self.at += 1;
        self.list.get(self.at - 1).copied()
    }
}

/// A parsed `fieldSelector`.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldSelector(Vec<(String, bool, String)>);

impl FieldSelector {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `value(field)` gives the object's text for a field that the kind supports.
    pub(crate) fn matches<'a>(&self, value: impl Fn(&str) -> &'a str) -> bool {
        self.0.iter().all(|(field, equal, wanted)| (value(field) == wanted) == *equal)
    }

    /// # Errors
    /// 400 for what cannot be read and for fields that the kind does not support.
    pub(crate) fn parse(text: &str, kind: &Kind) -> Result<Self, Failure> {
        let mut parts = Vec::new();
        for part in terms(text) {
            let Some((field, equal, value)) = term(part) else {
                return Err(Failure::bad_request(format!("invalid selector: '{text}'; can't understand '{part}'")));
            };
            let value = unescaped(value)?;
            if !is_supported(kind, field) {
                return Err(unsupported(kind, field));
            }
            parts.push((field.to_owned(), equal, value));
        }
        Ok(Self(parts))
    }
}

/// What stands between commas that are not escaped; empty terms are left out.
fn terms(text: &str) -> Vec<&str> {
    let (mut terms, mut start, mut is_escaped) = (Vec::new(), 0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            ',' => {
                terms.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms.retain(|term| !term.is_empty());
    terms
}

/// Field, whether it has to be equal, and the value: divided at the first operator.
fn term(term: &str) -> Option<(&str, bool, &str)> {
    term.char_indices().find_map(|(at, _)| {
        let operators = [("!=", false), ("==", true), ("=", true)];
        operators.iter().find_map(|(operator, equal)| Some((&term[..at], *equal, term[at..].strip_prefix(operator)?)))
    })
}

/// A value without its escapes (apimachinery, `fields.UnescapeValue`).
fn unescaped(value: &str) -> Result<String, Failure> {
    let (mut text, mut letters) = (String::with_capacity(value.len()), value.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some(escaped @ ('\\' | ',' | '=')) => text.push(escaped),
                other => {
                    let sequence: String = std::iter::once('\\').chain(other).collect();
                    return Err(Failure::bad_request(format!("invalid field selector: invalid escape sequence: {sequence}")));
                }
            },
            ',' | '=' => return Err(Failure::bad_request(format!("invalid field selector: unescaped character in value: {}", u32::from(letter)))),
            plain => text.push(plain),
        }
    }
    Ok(text)
}

/// The fields of a kind beyond name and namespace: the conversion functions in Kubernetes' pkg/apis.
pub(crate) fn extra_fields(kind: &Kind) -> &'static [&'static str] {
    match (kind.group.as_str(), kind.plural.as_str()) {
        ("", "pods") => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        ("", "events") => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        ("", "namespaces") => &["status.phase"],
        ("", "nodes") => &["spec.unschedulable"],
        ("", "secrets") => &["type"],
        ("batch", "jobs") => &["status.successful"],
        _ => &[],
    }
}

fn is_supported(kind: &Kind, field: &str) -> bool {
    match field {
        "metadata.name" => true,
        "metadata.namespace" => kind.namespaced || !kind.custom,
        other => extra_fields(kind).contains(&other),
    }
}

/// Two texts, by whether the kind has a conversion function of its own (recordings reading/fieldselector-unsupported*).
fn unsupported(kind: &Kind, field: &str) -> Failure {
    let own = kind.custom || !extra_fields(kind).is_empty();
    Failure::bad_request(if own {
        format!("field label not supported: {field}")
    } else {
        format!("\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn label_selectors_match_as_documented() {
        let one = labels(&[("app", "web"), ("n", "7")]);
        for (text, expected) in [
            ("", true),
            ("app=web", true),
            ("app==web,n", true),
            ("app!=web", false),
            ("other!=x", true),
            ("app in (web, api)", true),
            ("app notin (web)", false),
            ("!app", false),
            ("!other", true),
            ("n>5", true),
            ("n<5", false),
            ("app=", false),
        ] {
            assert_eq!(LabelSelector::parse(text).unwrap().matches(&one), expected, "{text}");
        }
    }

    #[test]
    fn unreadable_label_selectors_are_refused_in_the_servers_words() {
        let words = |text| LabelSelector::parse(text).unwrap_err().message().to_owned();
        assert_eq!(words("a b=c"), "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
        assert_eq!(words("a===b"), "unable to parse requirement: found '=', expected: identifier");
        assert_eq!(words("a in (b"), "unable to parse requirement: found '', expected: ',' or ')'");
        assert_eq!(words(","), "found ',', expected: !, identifier, or 'end of string'");
        assert_eq!(words("a>b"), "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer");
        assert_eq!(words("parity in odd"), "unable to parse requirement: found 'odd' expected: '('");
        assert!(words("parity=not/valid").starts_with("unable to parse requirement: values[0][parity]: Invalid value: \"not/valid\": a valid label"));
    }
}
