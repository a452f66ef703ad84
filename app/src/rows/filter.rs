//! A table's filter: `words`, `label=value`, `ns:x`, `status:bad|warn|pending|ok`, and each of them negated by `!`.

use krateyard_shared::rows::Row;
use krateyard_shared::selector::LabelSelector;
use krateyard_shared::status::{self, Health};

/// What `status:` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusWord {
    /// Fails now.
    Bad,
    /// Works in part.
    Warn,
    /// On its way.
    Pending,
    /// Does what it should, or ended as it should.
    Ok,
}

/// A filter, parsed. Every term must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    terms: Vec<(bool, Term)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Word(String),
    Label(String, String),
    Namespace(String),
    Status(StatusWord),
    /// A status that is no status: nothing has it, so that a typo does not look like an answer.
    Nothing,
}

impl StatusWord {
    /// The status of a word.
    pub fn of_word(word: &str) -> Option<StatusWord> {
        match word.to_ascii_lowercase().as_str() {
            "bad" => Some(StatusWord::Bad),
            "warn" => Some(StatusWord::Warn),
            "pending" => Some(StatusWord::Pending),
            "ok" => Some(StatusWord::Ok),
            _ => None,
        }
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            StatusWord::Bad => "bad",
            StatusWord::Warn => "warn",
            StatusWord::Pending => "pending",
            StatusWord::Ok => "ok",
        }
    }

    /// Whether an object of this health has it.
    pub fn holds(self, health: Health) -> bool {
        match self {
            StatusWord::Bad => health == Health::Bad,
            StatusWord::Warn => health == Health::Warn,
            StatusWord::Pending => health == Health::Pending,
            StatusWord::Ok => matches!(health, Health::Ok | Health::Ended),
        }
    }
}

impl Filter {
    /// Reads what a person typed. What is half typed (`ns:`, `!`) filters nothing yet.
    pub fn parse(text: &str) -> Filter {
        Filter { terms: text.split_whitespace().filter_map(term).collect() }
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The label terms as a selector, where there are such terms and no others.
    pub fn selector(&self) -> Option<String> {
        let part = |(wanted, term): &(bool, Term)| match term {
            Term::Label(key, value) if value.is_empty() => Some(format!("{}{key}", if *wanted { "" } else { "!" })),
            Term::Label(key, value) => Some(format!("{key}{}={value}", if *wanted { "" } else { "!" })),
            _ => None,
        };
        let parts: Vec<String> = self.terms.iter().map(part).collect::<Option<_>>()?;
        LabelSelector::parse(&parts.join(",")).ok().map(|selector| selector.to_string())
    }

    /// Whether a row passes.
    pub fn passes(&self, row: &Row) -> bool {
        self.terms.iter().all(|(wanted, term)| term.holds(row) == *wanted)
    }
}

fn term(text: &str) -> Option<(bool, Term)> {
    let (wanted, text) = text.strip_prefix('!').map_or((true, text), |rest| (false, rest));
    if text.is_empty() {
        return None;
    }
    let term = if let Some(namespace) = text.strip_prefix("ns:") {
        Term::Namespace(namespace.to_lowercase())
    } else if let Some(word) = text.strip_prefix("status:") {
        if word.is_empty() {
            return None;
        }
        StatusWord::of_word(word).map_or(Term::Nothing, Term::Status)
    } else if let Some((key, value)) = text.split_once('=').filter(|(key, _)| !key.is_empty()) {
        Term::Label(key.into(), value.into())
    } else {
        Term::Word(text.to_lowercase())
    };
    if matches!(&term, Term::Namespace(namespace) if namespace.is_empty()) { None } else { Some((wanted, term)) }
}

impl Term {
    fn holds(&self, row: &Row) -> bool {
        match self {
            Term::Word(word) => {
                contains(&row.name, word)
                    || row.namespace.as_deref().is_some_and(|namespace| contains(namespace, word))
                    || contains(&status::of(row).word, word)
                    || facts(row).any(|fact| contains(fact, word))
            }
            Term::Label(key, value) => row.label(key).is_some_and(|actual| if value.is_empty() { true } else { actual == value }),
            Term::Namespace(namespace) => row.namespace.as_deref() == Some(namespace),
            Term::Status(word) => word.holds(status::of(row).health),
            Term::Nothing => false,
        }
    }
}

/// What a person sees of a row beside name and status, and may look for.
fn facts(row: &Row) -> impl Iterator<Item = &str> {
    use krateyard_shared::rows::{CellValue, Facts};
    let cells: &[CellValue] = if let Facts::Plain(plain) = &row.facts { &plain.cells } else { &[] };
    let words = cells.iter().flat_map(|cell| match cell {
        CellValue::Text(text) | CellValue::Quantity(text) => std::slice::from_ref(text),
        CellValue::List(items, _) => items,
        _ => &[],
    });
    let facts: [&str; 4] = match &row.facts {
        Facts::Pod(pod) => [&pod.node, &pod.ip, "", ""],
        Facts::Node(node) => [&node.version, &node.internal_ip, node.roles.first().map_or("", String::as_str), ""],
        Facts::Service(service) => [&service.kind, &service.cluster_ip, service.external.first().map_or("", String::as_str), ""],
        Facts::Event(event) => [&event.reason, &event.message, &event.about_name, &event.about_kind],
        Facts::Namespace(_) | Facts::Deployment(_) | Facts::ReplicaSet(_) | Facts::Plain(_) | Facts::Summary(_) => [""; 4],
    };
    facts.into_iter().filter(|fact| !fact.is_empty()).chain(words.map(String::as_str))
}

/// Whether `text` contains `word`, which is in lower case.
fn contains(text: &str, word: &str) -> bool {
    // Kubernetes' names are ASCII in lower case: the way without an allocation is the one that counts.
    let bytes = text.as_bytes();
    if text.is_ascii() {
        bytes.len() >= word.len() && bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
    } else {
        text.to_lowercase().contains(word)
    }
}

#[cfg(test)]
mod tests;
