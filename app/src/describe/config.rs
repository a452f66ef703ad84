//! Config maps and secrets: their keys, how large each is, and of config maps the first lines.

use krateyard_shared::kinds::Kind;
use krateyard_shared::masked;
use serde_json::Value;

use super::build::{Facts, Seen};
use super::read::{bytes, name, text};
use super::{Body, Section};

/// Keys that are shown: a map may have ten thousand.
const MOST_KEYS: usize = 100;
/// Lines of a value that are shown: the rest is in YAML, and copied with it.
const MOST_LINES: usize = 8;
/// Characters of them.
const MOST_CHARACTERS: usize = 1200;

/// The keys of a config map or a secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// In the order of their keys.
    pub entries: Vec<Entry>,
    /// Whether values are masked, and revealed one at a time.
    pub is_secret: bool,
    /// The object's version: what was revealed of another is not shown any more.
    pub version: String,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// How large its value is: `71 bytes`.
    pub size: String,
    /// Its first lines; `None` for what is not shown.
    pub head: Option<String>,
    /// What follows them, such as `and 1,204 more lines`; empty when that is all.
    pub rest: String,
}

pub(super) fn config_map(seen: &Seen<'_>) -> Vec<Section> {
    let (data, binary) = (members(&seen.object["data"]), members(&seen.object["binaryData"]));
    let total = data.clone().map(|(_, value)| value.len()).chain(binary.clone().map(|(_, value)| decoded(value))).sum();
    let texts = data.map(|(key, value)| plain(key, value));
    let blobs = binary.map(|(key, value)| Entry { key: key.into(), size: bytes(decoded(value)), head: None, rest: "binary".into() });
    sections(seen, texts.chain(blobs), total, Facts::default(), false)
}

pub(super) fn secret(seen: &Seen<'_>) -> Vec<Section> {
    let mut facts = Facts::default();
    facts.add("Type", text(&seen.object["type"]));
    let account = name(&seen.meta()["annotations"]["kubernetes.io/service-account.name"]);
    facts.link("Account", account, seen.near(Kind::ServiceAccount, account), "");
    let data = members(&seen.object["data"]);
    // The proxy masks values and says how large they are.
    let size = |value: &str| masked::bytes_of(value).unwrap_or(0);
    let total = data.clone().map(|(_, value)| size(value)).sum();
    let entries = data.map(|(key, value)| Entry { key: key.into(), size: bytes(size(value)), head: None, rest: String::new() });
    sections(seen, entries, total, facts, true)
}

fn sections(seen: &Seen<'_>, entries: impl Iterator<Item = Entry>, total: usize, mut facts: Facts, is_secret: bool) -> Vec<Section> {
    let mut entries = entries;
    let shown: Vec<_> = entries.by_ref().take(MOST_KEYS).collect();
    let more = entries.count();
    let keys = shown.len() + more;
    let words = if keys == 1 { "1 key".to_owned() } else { format!("{keys} keys") };
    facts.say("Holds", if keys == 0 { "nothing".into() } else { format!("{words}, {}", bytes(total)) });
    if seen.object["immutable"] == true {
        facts.say("Immutable", "it can only be replaced");
    }
    let data = Data { entries: shown, is_secret, version: text(&seen.meta()["resourceVersion"]) };
    vec![facts.section(), Section { title: "Keys", body: Body::Data(data), more }]
}

/// A value of a secret, decoded.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretValue {
    /// Text, as it is.
    Text(String),
    /// No text: how large it is.
    Binary {
        /// In bytes.
        bytes: usize,
    },
}

impl SecretValue {
    /// What some bytes are.
    pub fn of(bytes: Vec<u8>) -> SecretValue {
        // Text with a zero in it is what somebody's program wrote, not what a person reads.
        match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => SecretValue::Text(text),
            Ok(text) => SecretValue::Binary { bytes: text.len() },
            Err(error) => SecretValue::Binary { bytes: error.as_bytes().len() },
        }
    }
}

/// The whole value of a key of a config map, to copy it.
pub fn value_of<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object["data"][key].as_str().or_else(|| object["binaryData"][key].as_str())
}

fn members(map: &Value) -> impl Iterator<Item = (&str, &str)> + Clone {
    map.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()))
}

fn plain(key: &str, value: &str) -> Entry {
    let mut end = value.char_indices().nth(MOST_CHARACTERS).map_or(value.len(), |(at, _)| at);
    if let Some((at, _)) = value[..end].match_indices('\n').nth(MOST_LINES - 1) {
        end = at;
    }
    let rest = &value[end..];
    let rest = match (rest.trim_end().is_empty(), rest.trim_end().matches('\n').count()) {
        (true, _) => String::new(),
        (false, 0) => format!("and {} more", bytes(rest.len())),
        (false, 1) => "and 1 more line".into(),
        (false, lines) => format!("and {lines} more lines"),
    };
    Entry { key: key.into(), size: bytes(value.len()), head: Some(value[..end].trim_end_matches('\n').to_owned()), rest }
}

/// How many bytes a base64 text stands for (RFC 4648).
fn decoded(base64: &str) -> usize {
    (base64.len() / 4 * 3).saturating_sub(base64.bytes().rev().take_while(|byte| *byte == b'=').count())
}
