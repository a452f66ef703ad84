//! What a person asks: filters (pills) and words.

use krateyard_shared::api::Access;
use krateyard_shared::kinds::Kind;
use krateyard_shared::selector::LabelSelector;

use crate::rows::filter::StatusWord;

/// A question: pills, and what stands in the field behind them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Filters that were taken from the text.
    pub pills: Vec<Pill>,
    /// The text; `ns:x`, `status:bad` and `label=value` in it filter as well.
    pub text: String,
    /// The last pill is the recent filter of this number, put there by Tab: the next Tab puts the next one in its place.
    pub cycled: Option<usize>,
}

/// A filter of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pill {
    /// Only this kind.
    Kind(Kind),
    /// Only kinds of a category, such as `all`.
    Category(String, Vec<Kind>),
    /// Only this namespace.
    Namespace(String),
    /// Only objects that do as the word says.
    Status(StatusWord),
    /// Only objects with this label.
    Label(String, String),
}

/// What Tab would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ghost {
    /// What is shown behind the typed text, such as `ds` behind `po`.
    pub rest: String,
    /// The filter that it becomes.
    pub pill: Pill,
    /// Which recent filter it is, when nothing is typed.
    pub recent: Option<usize>,
}

/// A question taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) kinds: Vec<Kind>,
    /// In lower case.
    pub(super) namespaces: Vec<String>,
    pub(super) statuses: Vec<StatusWord>,
    /// Key and value; an empty value is any.
    pub(super) labels: Vec<(String, String)>,
    /// In lower case, none empty.
    pub(super) words: Vec<String>,
}

impl Pill {
    /// What the pill says.
    pub fn words(&self) -> String {
        match self {
            Pill::Kind(kind) => kind.entry().plural.into(),
            Pill::Category(word, _) => word.clone(),
            Pill::Namespace(namespace) => format!("ns:{namespace}"),
            Pill::Status(status) => format!("status:{}", status.word()),
            Pill::Label(key, value) => format!("{key}={value}"),
        }
    }
}

impl Query {
    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.pills.is_empty() && self.text.trim().is_empty()
    }

    /// Something was typed: the pills stay as they are.
    pub fn set_text(&mut self, text: String) {
        self.text = text;
        self.cycled = None;
    }

    /// Tab: the word in work becomes a pill, or a recent filter takes the place of the one before it.
    pub fn take(&mut self, ghost: &Ghost) {
        if self.cycled.is_some() && ghost.recent.is_some() {
            self.pills.pop();
        }
        self.cycled = ghost.recent;
        let start = self.text.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        self.text.truncate(start);
        if !self.pills.contains(&ghost.pill) {
            self.pills.push(ghost.pill.clone());
        }
    }

    /// Backspace in an empty field: the last pill goes; `false` when there is none.
    pub fn drop_pill(&mut self) -> bool {
        self.cycled = None;
        self.pills.pop().is_some()
    }

    /// What Tab would do: with the word in work, or with the filters used before (the latest first) when nothing is typed.
    pub(super) fn ghost<'a>(&self, filters: &[Pill], access: &Access, namespaces: impl IntoIterator<Item = &'a str>) -> Option<Ghost> {
        let word = self.text.rsplit(char::is_whitespace).next()?;
        let ghost = |rest: &str, pill| Some(Ghost { rest: rest.into(), pill, recent: None });
        if self.text.is_empty() {
            let kept = &self.pills[..self.pills.len() - usize::from(self.cycled.is_some())];
            let start = self.cycled.map_or(0, |at| at + 1);
            let next = (0..filters.len()).map(|by| (start + by) % filters.len()).find(|at| !kept.contains(&filters[*at]))?;
            return Some(Ghost { rest: String::new(), pill: filters[next].clone(), recent: Some(next) });
        }
        if let Some(start) = word.strip_prefix("ns:") {
            let namespace = namespaces.into_iter().find(|namespace| namespace.starts_with(start))?;
            return ghost(&namespace[start.len()..], Pill::Namespace(namespace.into()));
        }
        if let Some(start) = word.strip_prefix("status:") {
            let status = [StatusWord::Bad, StatusWord::Warn, StatusWord::Pending, StatusWord::Ok].into_iter().find(|s| s.word().starts_with(start))?;
            return ghost(&status.word()[start.len()..], Pill::Status(status));
        }
        if let Some((key, value)) = label(word) {
            return ghost("", Pill::Label(key, value));
        }
        kind_ghost(&word.to_lowercase(), access)
    }

    pub(super) fn terms(&self) -> Terms {
        let mut terms = Terms::default();
        for pill in &self.pills {
            match pill {
                Pill::Kind(kind) => terms.kinds.push(*kind),
                Pill::Category(_, kinds) => terms.kinds.extend(kinds),
                Pill::Namespace(namespace) => terms.namespaces.push(namespace.to_lowercase()),
                Pill::Status(status) => terms.statuses.push(*status),
                Pill::Label(key, value) => terms.labels.push((key.clone(), value.clone())),
            }
        }
        for word in self.text.split_whitespace() {
            // Labels tell upper case from lower case, names do not have any.
            if let Some(label) = label(word) {
                terms.labels.push(label);
                continue;
            }
            let word = word.to_lowercase();
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
    /// The labels that are asked for as a label selector in its canonical form; `None` where none are, or what was typed is none.
    pub(super) fn selector(&self) -> Option<String> {
        let terms: Vec<String> = self.labels.iter().map(|(key, value)| if value.is_empty() { key.clone() } else { format!("{key}={value}") }).collect();
        if terms.is_empty() { None } else { LabelSelector::parse(&terms.join(",")).ok().map(|selector| selector.to_string()) }
    }

    /// Whether nothing is asked that only objects can answer: how they do, and their labels.
    pub(super) fn selects_by_kind_and_namespace(&self) -> bool {
        self.statuses.is_empty() && self.labels.is_empty()
    }

    /// Whether everything that answers this also answers `earlier`: then only its answers need another look.
    pub(super) fn narrows(&self, earlier: &Terms) -> bool {
        let filters_same =
            self.kinds == earlier.kinds && self.namespaces == earlier.namespaces && self.statuses == earlier.statuses && self.labels == earlier.labels;
        filters_same && self.words.len() >= earlier.words.len() && self.words.iter().zip(&earlier.words).all(|(now, before)| now.starts_with(before.as_str()))
    }
}

/// `key=value`, with an empty value for any.
fn label(word: &str) -> Option<(String, String)> {
    word.split_once('=').filter(|(key, _)| !key.is_empty()).map(|(key, value)| (key.into(), value.into()))
}

/// An alias completes to its plural: exactly typed ones first (those of the cluster's own discovery after those that are known everywhere), then starts of plurals
/// from two letters on. A category stands for all its kinds.
fn kind_ghost(word: &str, access: &Access) -> Option<Ghost> {
    let exact = || Kind::of_word(word);
    let told = if Kind::of_word(word).is_none() { access.kinds_of_word(word) } else { Vec::new() };
    if let [_, _, ..] = told[..] {
        return Some(Ghost { rest: String::new(), pill: Pill::Category(word.into(), told), recent: None });
    }
    let started = || if word.len() >= 2 { Kind::known().find(|entry| entry.plural.starts_with(word)).map(|entry| entry.kind) } else { None };
    let kind = exact().or(told.first().copied()).or_else(started)?;
    let plural = kind.entry().plural;
    let rest = plural.strip_prefix(word).map_or_else(|| format!(" {plural}"), ToOwned::to_owned);
    Some(Ghost { rest, pill: Pill::Kind(kind), recent: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query { text: text.into(), ..Query::default() }
    }

    fn ghost(text: &str) -> Option<(String, String)> {
        query(text).ghost(&[], &Access::default(), ["payments", "web"]).map(|ghost| (ghost.rest, ghost.pill.words()))
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
            ("api app=Web", "", "app=Web"),
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
        let ghost = query.ghost(&[], &Access::default(), []).unwrap();
        query.take(&ghost);
        query.take(&ghost);
        assert_eq!((query.text.as_str(), &query.pills[..]), ("api ", &[Pill::Kind(Kind::Pod)][..]));
        assert!(query.drop_pill());
        assert!(!query.drop_pill());
    }

    #[test]
    fn words_of_the_clusters_own_discovery_complete_too_and_a_category_stands_for_its_kinds() {
        use krateyard_shared::api::KindWords;
        let words = |resource: &str, alias: &str| KindWords { resource: resource.into(), aliases: vec![alias.into()], categories: vec!["all".into()] };
        let access = Access { words: vec![words("pods", "pp"), words("deployments.apps", "dd")], ..Access::default() };
        let pill = |text: &str| query(text).ghost(&[], &access, []).map(|ghost| ghost.pill);
        assert_eq!(pill("dd"), Some(Pill::Kind(Kind::Deployment)));
        assert_eq!(pill("all"), Some(Pill::Category("all".into(), vec![Kind::Pod, Kind::Deployment])));
        let asked = Query { pills: vec![pill("all").unwrap()], ..Query::default() };
        assert_eq!(asked.terms().kinds, [Kind::Pod, Kind::Deployment]);
        assert_eq!(asked.pills[0].words(), "all");
    }

    #[test]
    fn tab_in_an_empty_field_goes_through_the_filters_used_before_one_in_the_place_of_the_other() {
        let filters = [Pill::Kind(Kind::Pod), Pill::Namespace("web".into()), Pill::Status(StatusWord::Bad)];
        let mut query = Query { pills: vec![Pill::Namespace("web".into())], ..Query::default() };
        let mut seen = Vec::new();
        for _ in 0..3 {
            let ghost = query.ghost(&filters, &Access::default(), []).unwrap();
            query.take(&ghost);
            seen.push(query.pills.iter().map(Pill::words).collect::<Vec<_>>());
        }
        assert_eq!(seen, [["ns:web", "pods"], ["ns:web", "status:bad"], ["ns:web", "pods"]]);
        query.set_text("api".into());
        query.set_text(String::new());
        let ghost = query.ghost(&filters, &Access::default(), []).unwrap();
        query.take(&ghost);
        assert_eq!(query.pills.len(), 3, "what was typed in between keeps the filter");
        assert_eq!(Query::default().ghost(&[], &Access::default(), []), None);
    }

    #[test]
    fn a_letter_more_narrows_and_a_letter_less_does_not() {
        let terms = |text: &str| query(text).terms();
        assert!(terms("payx").narrows(&terms("pay")));
        assert!(terms("pay web").narrows(&terms("pay")));
        for (now, before) in [("pa", "pay"), ("xpay", "pay"), ("pay ns:web", "pay"), ("pay", "pay web"), ("pay a=b", "pay")] {
            assert!(!terms(now).narrows(&terms(before)), "{now} {before}");
        }
    }
}
