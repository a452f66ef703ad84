//! Label selectors as people and manifests write them: `app=api,tier in (back, edge),!canary`.
//!
//! The grammar is apimachinery's (`labels.Parse`), without `<` and `>`, which no list of objects needs.

use std::fmt;

/// Longest selector that is read, in bytes.
pub const LONGEST: usize = 2048;
/// A key: a DNS subdomain, a slash, and a name (apimachinery, `IsQualifiedName`).
const LONGEST_KEY: usize = 253 + 1 + 63;
/// A value (apimachinery, `LabelValueMaxLength`).
const LONGEST_VALUE: usize = 63;

/// A selector in its canonical form: requirements by key, values in order, each once. Equal selectors select the same, and are written the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelSelector(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Requirement {
    key: String,
    wants: Wants,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Wants {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Missing,
}

/// What is wrong with a selector, in words for who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct SelectorError {
    /// Such as `"a b" is no key of a label`.
    pub problem: String,
}

impl LabelSelector {
    /// Reads a selector.
    ///
    /// # Errors
    /// For what is no selector, is empty, or is longer than [`LONGEST`].
    pub fn parse(text: &str) -> Result<LabelSelector, SelectorError> {
        if text.len() > LONGEST {
            return bad(format!("it is longer than {LONGEST} bytes"));
        }
        let mut requirements = parts(text)?.into_iter().map(requirement).collect::<Result<Vec<_>, _>>()?;
        requirements.sort();
        requirements.dedup();
        Ok(LabelSelector(requirements))
    }

    /// That labels are exactly so, as services and old controllers select.
    pub fn of_labels<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> LabelSelector {
        let mut requirements: Vec<_> = labels.into_iter().map(|(key, value)| Requirement { key: key.into(), wants: Wants::In(vec![value.into()]) }).collect();
        requirements.sort();
        LabelSelector(requirements)
    }

    /// Whether labels match; `label` gives the value of a key.
    pub fn matches<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|Requirement { key, wants }| match (wants, label(key)) {
            (Wants::In(values), Some(value)) => values.iter().any(|wanted| wanted == value),
            (Wants::NotIn(values), Some(value)) => values.iter().all(|unwanted| unwanted != value),
            // What has no such label is not in any of its values.
            (Wants::NotIn(_) | Wants::Missing, None) | (Wants::Exists, Some(_)) => true,
            (Wants::In(_) | Wants::Exists, None) | (Wants::Missing, Some(_)) => false,
        })
    }
}

/// The canonical form, which parses to itself.
impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Requirement { key, wants }) in self.0.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            match wants {
                Wants::In(values) if values.len() == 1 => write!(f, "{comma}{key}={}", values[0])?,
                Wants::NotIn(values) if values.len() == 1 => write!(f, "{comma}{key}!={}", values[0])?,
                Wants::In(values) => write!(f, "{comma}{key} in ({})", values.join(","))?,
                Wants::NotIn(values) => write!(f, "{comma}{key} notin ({})", values.join(","))?,
                Wants::Exists => write!(f, "{comma}{key}")?,
                Wants::Missing => write!(f, "{comma}!{key}")?,
            }
        }
        Ok(())
    }
}

fn bad<T>(problem: String) -> Result<T, SelectorError> {
    Err(SelectorError { problem })
}

/// What stands between commas that are not within brackets.
fn parts(text: &str) -> Result<Vec<&str>, SelectorError> {
    let (mut parts, mut from, mut is_within) = (Vec::new(), 0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' if is_within => return bad("a bracket within brackets".into()),
            '(' => is_within = true,
            ')' if !is_within => return bad("a bracket closes that none opened".into()),
            ')' => is_within = false,
            ',' if !is_within => {
                parts.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    if is_within {
        return bad("a bracket is not closed".into());
    }
    parts.push(text[from..].trim());
    Ok(parts)
}

fn requirement(part: &str) -> Result<Requirement, SelectorError> {
    let of = |key: &str, wants: Wants| Ok(Requirement { key: checked_key(key)?, wants });
    if let Some(key) = part.strip_prefix('!').filter(|key| !key.contains('=')) {
        return of(key, Wants::Missing);
    }
    if let Some((key, values)) = part.split_once('(') {
        let Some(values) = values.strip_suffix(')') else { return bad(format!("{part:?} goes on after its bracket")) };
        let values = values.split(',').map(checked_value).collect::<Result<Vec<_>, _>>()?;
        let (key, is_in) = match key.trim().rsplit_once(char::is_whitespace) {
            Some((key, "in")) => (key, true),
            Some((key, "notin")) => (key, false),
            _ => return bad(format!("{part:?} has neither in nor notin before its bracket")),
        };
        let values = sorted(values);
        return of(key, if is_in { Wants::In(values) } else { Wants::NotIn(values) });
    }
    if let Some((key, value)) = part.split_once("!=") {
        return of(key, Wants::NotIn(vec![checked_value(value)?]));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return of(key, Wants::In(vec![checked_value(value)?]));
    }
    of(part, Wants::Exists)
}

fn sorted(mut values: Vec<String>) -> Vec<String> {
    values.sort();
    values.dedup();
    values
}

fn checked_key(key: &str) -> Result<String, SelectorError> {
    let key = key.trim();
    if key.is_empty() {
        return bad("a key is missing".into());
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if key.len() > LONGEST_KEY || !key.chars().all(is_allowed) || key.matches('/').count() > 1 {
        bad(format!("{key:?} is no key of a label"))
    } else {
        Ok(key.into())
    }
}

fn checked_value(value: &str) -> Result<String, SelectorError> {
    let value = value.trim();
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if value.len() > LONGEST_VALUE || !value.chars().all(is_allowed) { bad(format!("{value:?} is no value of a label")) } else { Ok(value.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(selector: &str, labels: &[(&str, &str)]) -> bool {
        LabelSelector::parse(selector).unwrap().matches(|key| labels.iter().find(|(k, _)| *k == key).map(|(_, value)| *value))
    }

    #[test]
    fn requirements_hold_as_apimachinery_has_them() {
        let api = &[("app", "api"), ("tier", "back")][..];
        for (selector, expected) in [
            ("app=api", true),
            ("app==api", true),
            ("app=web", false),
            ("app!=web", true),
            ("app!=api", false),
            ("other!=x", true),
            ("app", true),
            ("other", false),
            ("!other", true),
            ("!app", false),
            ("app in (api, web),tier", true),
            ("app in (web)", false),
            ("app notin (web,edge)", true),
            ("other notin (web)", true),
            ("app notin (api)", false),
            ("app=api,tier=front", false),
        ] {
            assert_eq!(holds(selector, api), expected, "{selector}");
        }
        assert!(holds("empty=", &[("empty", "")]));
    }

    #[test]
    fn what_means_the_same_is_written_the_same_and_reads_back() {
        for (text, canonical) in [
            (" tier = back , app==api ", "app=api,tier=back"),
            ("app in (web, api, web)", "app in (api,web)"),
            ("app in (api)", "app=api"),
            ("app notin ( api )", "app!=api"),
            ("! canary,app=api,app=api", "app=api,!canary"),
            ("example.com/name", "example.com/name"),
        ] {
            let selector = LabelSelector::parse(text).unwrap();
            assert_eq!(selector.to_string(), canonical);
            assert_eq!(LabelSelector::parse(canonical).unwrap(), selector);
        }
    }

    #[test]
    fn what_is_no_selector_is_refused_with_a_reason() {
        for (text, reason) in [
            ("", "a key is missing"),
            ("app=api,", "a key is missing"),
            ("=api", "a key is missing"),
            ("a b=c", "no key"),
            ("app=a b", "no value"),
            ("app in (a", "not closed"),
            ("app in a)", "none opened"),
            ("app in ((a))", "within brackets"),
            ("app of (a)", "neither in nor notin"),
            ("app in (a) x", "goes on"),
            ("a/b/c", "no key"),
        ] {
            let problem = LabelSelector::parse(text).unwrap_err().problem;
            assert!(problem.contains(reason), "{text:?}: {problem}");
        }
        assert!(LabelSelector::parse(&"a,".repeat(LONGEST)).is_err());
    }
}
