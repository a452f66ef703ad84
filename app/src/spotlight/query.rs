//! What a person asks: filters (pills) and words.

use krateyard_shared::kinds::Kind;

use crate::rows::filter::StatusWord;

/// A question: pills, and what stands in the field behind them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Filters that were taken from the text.
    pub pills: Vec<Pill>,
    /// The text; `ns:x` and `status:bad` in it filter as well.
    pub text: String,
}

/// A filter of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pill {
    /// Only this kind.
    Kind(Kind),
    /// Only this namespace.
    Namespace(String),
    /// Only objects that do as the word says.
    Status(StatusWord),
}

/// What Tab would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ghost {
    /// What is shown behind the typed text, such as `ds` behind `po`.
    pub rest: String,
    /// The filter that it becomes.
    pub pill: Pill,
}

/// A question taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) kinds: Vec<Kind>,
    /// In lower case.
    pub(super) namespaces: Vec<String>,
    pub(super) statuses: Vec<StatusWord>,
    /// In lower case, none empty.
    pub(super) words: Vec<String>,
}

impl Pill {
    /// What the pill says.
    pub fn words(&self) -> String {
        match self {
            Pill::Kind(kind) => kind.entry().plural.into(),
            Pill::Namespace(namespace) => format!("ns:{namespace}"),
            Pill::Status(status) => format!("status:{}", status.word()),
        }
    }
}

impl Query {
    /// Tab: the word in work becomes a pill.
    pub fn take(&mut self, ghost: &Ghost) {
        let start = self.text.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        self.text.truncate(start);
        if !self.pills.contains(&ghost.pill) {
            self.pills.push(ghost.pill.clone());
        }
    }

    /// Backspace in an empty field: the last pill goes; `false` when there is none.
    pub fn drop_pill(&mut self) -> bool {
        self.pills.pop().is_some()
    }

    /// What Tab would do with the word in work.
    pub(super) fn ghost<'a>(&self, namespaces: impl IntoIterator<Item = &'a str>) -> Option<Ghost> {
        let word = self.text.rsplit(char::is_whitespace).next()?;
        if let Some(start) = word.strip_prefix("ns:") {
            let namespace = namespaces.into_iter().find(|namespace| namespace.starts_with(start))?;
            return Some(Ghost { rest: namespace[start.len()..].into(), pill: Pill::Namespace(namespace.into()) });
        }
        if let Some(start) = word.strip_prefix("status:") {
            let status = [StatusWord::Bad, StatusWord::Warn, StatusWord::Pending, StatusWord::Ok].into_iter().find(|s| s.word().starts_with(start))?;
            return Some(Ghost { rest: status.word()[start.len()..].into(), pill: Pill::Status(status) });
        }
        kind_ghost(&word.to_lowercase())
    }

    pub(super) fn terms(&self) -> Terms {
        let mut terms = Terms::default();
        for pill in &self.pills {
            match pill {
                Pill::Kind(kind) => terms.kinds.push(*kind),
                Pill::Namespace(namespace) => terms.namespaces.push(namespace.to_lowercase()),
                Pill::Status(status) => terms.statuses.push(*status),
            }
        }
        for word in self.text.split_whitespace().map(str::to_lowercase) {
            match (word.strip_prefix("ns:"), word.strip_prefix("status:")) {
                (Some(""), _) | (_, Some("")) => {}
                (Some(namespace), _) => terms.namespaces.push(namespace.into()),
                (_, Some(status)) if StatusWord::of_word(status).is_some() => terms.statuses.extend(StatusWord::of_word(status)),
                _ => terms.words.push(word),
            }
        }
        terms
    }
}

impl Terms {
    /// Whether everything that answers this also answers `earlier`: then only its answers need another look.
    pub(super) fn narrows(&self, earlier: &Terms) -> bool {
        let filters_same = self.kinds == earlier.kinds && self.namespaces == earlier.namespaces && self.statuses == earlier.statuses;
        filters_same && self.words.len() >= earlier.words.len() && self.words.iter().zip(&earlier.words).all(|(now, before)| now.starts_with(before.as_str()))
    }
}

/// An alias completes to its plural: exactly typed ones first, then starts of plurals from two letters on.
fn kind_ghost(word: &str) -> Option<Ghost> {
    let exact = || Kind::of_word(word);
    let started = || if word.len() >= 2 { Kind::known().find(|entry| entry.plural.starts_with(word)).map(|entry| entry.kind) } else { None };
    let kind = exact().or_else(started)?;
    let plural = kind.entry().plural;
    let rest = plural.strip_prefix(word).map_or_else(|| format!(" {plural}"), ToOwned::to_owned);
    Some(Ghost { rest, pill: Pill::Kind(kind) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query { text: text.into(), ..Query::default() }
    }

    fn ghost(text: &str) -> Option<(String, String)> {
        query(text).ghost(["payments", "web"]).map(|ghost| (ghost.rest, ghost.pill.words()))
    }

    #[test]
    fn aliases_namespaces_and_statuses_complete_to_pills() {
        let pairs = [
            ("po", "ds", "pods"),
            ("svc", " services", "services"),
            ("dep", "loyments", "deployments"),
            ("failing rs", " replicasets", "replicasets"),
            ("ns:pa", "yments", "ns:payments"),
            ("status:b", "ad", "status:bad"),
        ];
        for (text, rest, pill) in pairs {
            assert_eq!(ghost(text), Some((rest.into(), pill.into())), "{text}");
        }
        for text in ["", "p", "checkout", "ns:zzz", "status:x"] {
            assert_eq!(ghost(text), None, "{text}");
        }
    }

    #[test]
    fn tab_turns_the_word_in_work_into_a_pill_once_and_backspace_takes_it_off() {
        let mut query = query("api po");
        let ghost = query.ghost([]).unwrap();
        query.take(&ghost);
        query.take(&ghost);
        assert_eq!((query.text.as_str(), &query.pills[..]), ("api ", &[Pill::Kind(Kind::Pod)][..]));
        assert!(query.drop_pill());
        assert!(!query.drop_pill());
    }

    #[test]
    fn a_letter_more_narrows_and_a_letter_less_does_not() {
        let terms = |text: &str| query(text).terms();
        assert!(terms("payx").narrows(&terms("pay")));
        assert!(terms("pay web").narrows(&terms("pay")));
        for (now, before) in [("pa", "pay"), ("xpay", "pay"), ("pay ns:web", "pay"), ("pay", "pay web")] {
            assert!(!terms(now).narrows(&terms(before)), "{now} {before}");
        }
    }
}
