//! Kinds that a cluster defines itself. They are learnt while running, from its CustomResourceDefinitions, and live as long as the process: a [`Kind`] stays
//! a small number, whichever kind it is.

use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use super::entries::OBJECT_VIEWS;
use super::{Format, Kind, KindEntry, PrinterColumn};

/// More than any cluster defines; what is beyond is not listed. What was learnt is never forgotten, so that a cluster which changes its definitions all day
/// costs no more than this.
pub const MOST_CUSTOM: usize = 4096;

/// Custom kinds rank first in Spotlight at an equal match (experience.md).
const WEIGHT: u16 = 60;

/// Which of the kinds that were learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CustomId(u16);

/// A kind as a cluster defines it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomKind {
    /// API group.
    pub group: String,
    /// The version that is asked for: the one which discovery prefers.
    pub version: String,
    /// Plural.
    pub plural: String,
    /// The word in `kind:`.
    pub name: String,
    /// Singular and short names.
    pub aliases: Vec<String>,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Its printer columns, without the age that every kind has.
    pub columns: Vec<CustomColumn>,
}

/// A printer column of a custom kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomColumn {
    /// Title.
    pub title: String,
    /// OpenAPI type: `string`, `integer`, `number`, `boolean`, `date`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A priority above 0: hidden until a person asks for it.
    pub wide: bool,
    /// Kubernetes' JSONPath into the object.
    pub path: String,
}

struct Learnt {
    custom: CustomKind,
    entry: KindEntry,
}

/// What was learnt, by its number; and of each resource the one that was learnt last.
struct Memory {
    all: Vec<&'static Learnt>,
    latest: Vec<&'static KindEntry>,
}

static MEMORY: RwLock<Memory> = RwLock::new(Memory { all: Vec::new(), latest: Vec::new() });

impl Kind {
    /// The kind that a definition means: the same for an equal one. From now on it is the one that its words find. `None` when [`MOST_CUSTOM`] are known.
    pub fn learn(custom: &CustomKind) -> Option<Kind> {
        let mut memory = MEMORY.write().unwrap_or_else(PoisonError::into_inner);
        let learnt = match memory.all.iter().find(|known| known.custom == *custom) {
            Some(known) => known,
            None => {
                let id = u16::try_from(memory.all.len()).ok().filter(|_| memory.all.len() < MOST_CUSTOM)?;
                let learnt: &'static Learnt = Box::leak(Box::new(Learnt { entry: entry(Kind::Custom(CustomId(id)), custom), custom: custom.clone() }));
                memory.all.push(learnt);
                learnt
            }
        };
        let latest: &'static KindEntry = &learnt.entry;
        match memory.latest.iter_mut().find(|entry| (entry.group, entry.plural) == (latest.group, latest.plural)) {
            Some(entry) => *entry = latest,
            None => memory.latest.push(latest),
        }
        Some(latest.kind)
    }
}

impl CustomId {
    fn learnt(self) -> &'static Learnt {
        MEMORY.read().unwrap_or_else(PoisonError::into_inner).all[usize::from(self.0)]
    }

    pub(super) fn entry(self) -> &'static KindEntry {
        &self.learnt().entry
    }

    /// Where each of its columns is found in an object.
    pub(crate) fn columns(self) -> &'static [CustomColumn] {
        &self.learnt().custom.columns
    }
}

/// Those that were learnt, each resource as it was learnt last.
pub(super) fn latest() -> Vec<&'static KindEntry> {
    MEMORY.read().unwrap_or_else(PoisonError::into_inner).latest.clone()
}

/// The first of [`latest`] that fits.
pub(super) fn find(fits: impl Fn(&KindEntry) -> bool) -> Option<&'static KindEntry> {
    MEMORY.read().unwrap_or_else(PoisonError::into_inner).latest.iter().copied().find(|entry| fits(entry))
}

fn entry(kind: Kind, custom: &CustomKind) -> KindEntry {
    let columns: Vec<PrinterColumn> = custom
        .columns
        .iter()
        .map(|column| {
            let format = match column.kind.as_str() {
                "integer" | "number" => Format::Number,
                "date" => Format::Age,
                _ => Format::Text,
            };
            PrinterColumn { title: forever(&column.title), wide: column.wide, format }
        })
        .collect();
    let aliases: Vec<&'static str> = custom.aliases.iter().map(|alias| forever(&alias.to_lowercase())).collect();
    KindEntry {
        kind,
        group: forever(&custom.group),
        version: forever(&custom.version),
        plural: forever(&custom.plural),
        name: forever(&custom.name),
        title: forever(&title(&custom.name, &custom.plural)),
        aliases: Vec::leak(aliases),
        namespaced: custom.namespaced,
        weight: WEIGHT,
        views: OBJECT_VIEWS,
        columns: Vec::leak(columns),
    }
}

fn forever(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

/// `KafkaTopic`, `kafkatopics` is `Kafka topics`; where the plural is another word it stands alone: `Policies`.
fn title(name: &str, plural: &str) -> String {
    let Some(ending) = plural.strip_prefix(&name.to_lowercase()) else {
        let mut letters = plural.chars();
        return letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    };
    let mut title = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let next_is_lower = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        let begins_word = at > 0 && letter.is_uppercase() && (letters[at - 1].is_lowercase() || next_is_lower);
        // Acronyms stay as they are.
        let is_acronym = letter.is_uppercase() && !next_is_lower;
        if begins_word {
            title.push(' ');
        }
        if at == 0 || is_acronym { title.push(*letter) } else { title.extend(letter.to_lowercase()) }
    }
    title + ending
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic() -> CustomKind {
        CustomKind {
            group: "kafka.example.com".into(),
            version: "v1".into(),
            plural: "kafkatopics".into(),
            name: "KafkaTopic".into(),
            aliases: vec!["kafkatopic".into(), "kt".into()],
            namespaced: true,
            columns: vec![CustomColumn { title: "Partitions".into(), kind: "integer".into(), wide: false, path: ".spec.partitions".into() }],
        }
    }

    #[test]
    fn a_definition_that_is_learnt_twice_is_one_kind_found_by_each_of_its_words() {
        let kind = Kind::learn(&topic()).unwrap();
        assert_eq!(Kind::learn(&topic()), Some(kind));
        assert_eq!(Kind::of_word("KT"), Some(kind));
        assert_eq!(Kind::of_name("kafka.example.com", "KafkaTopic"), Some(kind));
        assert_eq!((kind.entry().title, kind.entry().columns[0].format), ("Kafka topics", Format::Number));
        assert_eq!(Kind::of_word("pods"), Some(Kind::Pod), "built-in kinds go before");
    }

    #[test]
    fn a_definition_that_changed_is_another_kind_and_the_one_that_is_found() {
        let custom = |title: &str| CustomKind {
            group: "changes.example.com".into(),
            aliases: Vec::new(),
            columns: vec![CustomColumn { title: title.into(), kind: "string".into(), wide: false, path: ".a".into() }],
            ..topic()
        };
        let (before, after) = (Kind::learn(&custom("Before")).unwrap(), Kind::learn(&custom("After")).unwrap());
        assert_ne!(before, after);
        assert_eq!(Kind::of_plural("kafkatopics.changes.example.com"), Some(after));
        assert_eq!(before.entry().columns[0].title, "Before", "who still shows it can");
        assert_eq!(Kind::learn(&custom("Before")), Some(before));
        assert_eq!(Kind::of_plural("kafkatopics.changes.example.com"), Some(before), "a definition that changes back is the latest again");
    }

    #[test]
    fn titles_read_as_words() {
        for (name, plural, expected) in [
            ("Backup", "backups", "Backups"),
            ("KafkaTopic", "kafkatopics", "Kafka topics"),
            ("NetworkPolicy", "networkpolicies", "Networkpolicies"),
            ("HTTPRoute", "httproutes", "HTTP routes"),
            ("VPA", "vpas", "VPAs"),
        ] {
            assert_eq!(title(name, plural), expected);
        }
    }
}
