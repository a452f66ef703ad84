//! What may differ between two clusters that answer alike, taken out. It is little; everything else must be equal.
//!
//! | what | becomes |
//! | --- | --- |
//! | headers of transport and tracing: Audit-Id, Date, X-Kubernetes-Pf-*, Content-Length, Transfer-Encoding, Connection | left out |
//! | `managedFields`, which kubesim does not keep | left out |
//! | a uid, wherever it stands | `<uid 1 of page-1>`: the first that an object of this name had. One that comes again keeps its number |
//! | an object's `resourceVersion` | `<version 1 of page-1>` likewise |
//! | that of a list or bookmark, which counts what others write as well, and the versions in texts about them | `<version>` |
//! | a continue token | what it says, without its version |
//! | a time | `<time>`, `<time.micro>`, `<time.nano>` by its digits |
//! | the name that `generateName` led to, and `kube-api-access-` of a pod's token volume | their five random characters as `<suffix>` |
//! | an age in a cell of a Table | `<age>` |
//! | the hash of a pod template at the end of a ReplicaSet's name | `<hash>` |
//! | a certificate | `<certificate>` |
//! | when and from what the server was built, its address; names and addresses of nodes and pods, ids of containers and images | the field's name |
//! | the id of a run of a command, 64 hexadecimal digits | `<run>` |
//!
//! Rules of RBAC (`resourceRules`, `nonResourceRules`) have no order; they are sorted.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Headers that belong to a connection or a moment, not to an answer.
const HEADERS_LEFT_OUT: &[&str] =
    &["audit-id", "date", "content-length", "transfer-encoding", "connection", "x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid"];

/// Fields whose values are a cluster's own.
const OWN: &[&str] = &["serverAddress", "nodeName", "hostIP", "podIP", "ip", "containerID", "imageID", "clusterIP"];

/// Fields of `/version` that tell one build of the same version from another; some builds leave them empty.
const BUILD: &[&str] = &["buildDate", "gitCommit", "gitTreeState", "goVersion"];

/// Letters of k8s.io/apimachinery, pkg/util/rand.
const SUFFIX_LETTERS: &str = "bcdfghjklmnpqrstvwxz2456789";

/// Takes out what may differ; one for the answers of a case on one side, in their order.
#[derive(Debug, Default)]
pub struct Normal {
    answer: String,
    /// Values of fields that are a cluster's own, and what they became: cells of a Table hold them, too.
    own: HashMap<String, String>,
    uids: Ids,
    versions: Ids,
}

/// Ids by whose they are.
#[derive(Debug, Default)]
struct Ids {
    known: HashMap<String, String>,
    counts: HashMap<String, usize>,
    /// Those that stood in a text only: whose they are is not known.
    strays: HashSet<String>,
}

impl Ids {
    /// The name of an id that stands in a text, in an answer of this name.
    fn stray(&mut self, sort: &str, id: &str, answer: &str) -> String {
        if !self.known.contains_key(id) {
            self.strays.insert(id.to_owned());
        }
        self.known.get(id).cloned().unwrap_or_else(|| self.number(sort, id, answer))
    }

    /// The name of an object's id.
    fn name(&mut self, sort: &str, id: &str, owner: &str) -> String {
        let was_stray = self.strays.remove(id);
        match self.known.get(id).filter(|_| !was_stray) {
            Some(name) => name.clone(),
            None => self.number(sort, id, owner),
        }
    }

    fn number(&mut self, sort: &str, id: &str, owner: &str) -> String {
        let count = self.counts.entry(owner.to_owned()).or_default();
        *count += 1;
        let name = format!("<{sort} {count} of {owner}>");
        self.known.insert(id.to_owned(), name.clone());
        name
    }
}

impl Normal {
    /// An answer without what may differ, and the name that the case gave it.
    pub fn of(&mut self, name: &str, mut seen: Value) -> Value {
        name.clone_into(&mut self.answer);
        if let Some(headers) = seen.get_mut("headers").and_then(Value::as_object_mut) {
            headers.retain(|name, _| !HEADERS_LEFT_OUT.contains(&name.as_str()));
        }
        let is_yaml = seen.pointer("/headers/content-type").and_then(Value::as_str).is_some_and(|media_type| media_type.starts_with("application/yaml"));
        if let Some(Value::String(text)) = seen.get_mut("body").filter(|_| is_yaml) {
            *text = yaml_without_its_own(text);
        }
        self.value(&mut seen);
        seen
    }

    fn value(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => self.object(fields),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::String(text) => *text = self.text(text),
            _ => {}
        }
    }

    fn object(&mut self, fields: &mut Map<String, Value>) {
        fields.remove("managedFields");
        let is_list = fields.get("items").is_some_and(Value::is_array) || fields.get("rows").is_some_and(Value::is_array);
        if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            self.metadata(metadata, is_list);
        }
        for cell in fields.get_mut("cells").and_then(Value::as_array_mut).into_iter().flatten() {
            if cell.as_str().is_some_and(is_age) {
                *cell = json!("<age>");
            } else if let Some(shown) = cell.as_str().and_then(|text| self.own.get(text)) {
                *cell = json!(shown);
            }
        }
        for name in BUILD {
            if let Some(value) = fields.get_mut(*name) {
                *value = json!(format!("<{name}>"));
            }
        }
        for name in OWN {
            if let Some(value) = fields.get_mut(*name).filter(|value| value.as_str().is_some_and(|text| !text.is_empty() && text != "None")) {
                let shown = format!("<{name}>");
                self.own.insert(value.as_str().unwrap_or_default().to_owned(), shown.clone());
                *value = json!(shown);
            }
        }
        for rules in ["resourceRules", "nonResourceRules"] {
            if let Some(rules) = fields.get_mut(rules).and_then(Value::as_array_mut) {
                rules.sort_by_key(Value::to_string);
            }
        }
        fields.values_mut().for_each(|value| self.value(value));
    }

    fn metadata(&mut self, metadata: &mut Map<String, Value>, is_list: bool) {
        let filled = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        if let (Some(prefix), Some(name)) = (metadata.get("generateName").and_then(filled), metadata.get("name").and_then(filled))
            && name.strip_prefix(&prefix).is_some_and(is_suffix)
        {
            metadata.insert("name".to_owned(), json!(format!("{prefix}<suffix>")));
        }
        let name = without_hash(&metadata.get("name").and_then(filled).unwrap_or_default());
        if let Some(hash) = metadata.get_mut("labels").and_then(|labels| labels.get_mut("pod-template-hash")) {
            *hash = json!("<hash>");
        }
        if let Some(uid) = metadata.get("uid").and_then(filled) {
            self.uids.name("uid", &uid, &name);
        }
        // a bookmark has no name
        let counts_others = is_list || !metadata.contains_key("name");
        if let Some(version) = metadata.get("resourceVersion").and_then(filled) {
            let shown = if counts_others { "<version>".to_owned() } else { self.versions.name("version", &version, &name) };
            metadata.insert("resourceVersion".to_owned(), json!(shown));
        }
        if let Some(token) = metadata.get("continue").and_then(filled) {
            metadata.insert("continue".to_owned(), continue_token(&token));
        }
    }

    /// Words of a text, one by one.
    fn text(&mut self, text: &str) -> String {
        if text.starts_with("-----BEGIN CERTIFICATE-----") {
            return "<certificate>".to_owned();
        }
        let mut out = String::with_capacity(text.len());
        let mut word = String::new();
        for letter in text.chars().chain(['\0']) {
            if letter.is_ascii_alphanumeric() || matches!(letter, '-' | ':' | '.' | '+') {
                word.push(letter);
                continue;
            }
            out.push_str(&self.word(&word));
            word.clear();
            out.push(letter);
        }
        out.pop();
        without_versions(without_selected_hash(out))
    }

    fn word(&mut self, word: &str) -> String {
        // a time or an id may end a sentence
        let trimmed = word.trim_end_matches(['.', ':']);
        let rest = &word[trimmed.len()..];
        if is_uid(trimmed) {
            return format!("{}{rest}", self.uids.stray("uid", trimmed, &self.answer));
        }
        let unhashed = without_hash(trimmed);
        if unhashed != trimmed {
            return unhashed + rest;
        }
        if trimmed.len() == 64 && trimmed.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return format!("<run>{rest}");
        }
        if let Some(time) = time(trimmed) {
            return format!("{time}{rest}");
        }
        if trimmed.strip_prefix("kube-api-access-").is_some_and(is_suffix) {
            return format!("kube-api-access-<suffix>{rest}");
        }
        word.to_owned()
    }
}

/// Texts that say where the cluster stands: apimachinery's NewTooLargeResourceVersion, the watch cache's "too old resource version".
fn without_versions(text: String) -> String {
    let mut text = text;
    for (before, after) in [
        ("too old resource version: ", ")"),
        ("Too large resource version: ", ""),
        (", current: ", ""),
        ("ResourceVersion in record (", ")"),
        ("\\\"resourceVersion\\\":\\\"", "\\\""),
    ] {
        if let Some(at) = text.find(before).map(|at| at + before.len()) {
            let end = if after.is_empty() {
                text[at..].find(|letter: char| !letter.is_ascii_digit()).map_or(text.len(), |length| at + length)
            } else {
                text[at..].find(after).map_or(text.len(), |length| at + length)
            };
            text.replace_range(at..end, "<version>");
        }
    }
    text
}

/// YAML without managedFields, and with any version for another.
fn yaml_without_its_own(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut left_out: Option<usize> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let own = line.trim_start();
        // the items of a list stand where its name does
        if left_out.is_some_and(|outer| indent > outer || indent == outer && own.starts_with("- ")) {
            continue;
        }
        left_out = own.starts_with("managedFields:").then_some(indent);
        if left_out.is_some() {
            continue;
        }
        match own.strip_prefix("resourceVersion:") {
            Some(_) => out.push_str(&format!("{}resourceVersion: <version>", &line[..indent])),
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

/// `app-<hash>` for `app-54874c6c55`: a ReplicaSet's name ends with the hash of its pod template, apimachinery's SafeEncodeString.
fn without_hash(name: &str) -> String {
    let is_hash = |hash: &str| (8..=10).contains(&hash.len()) && hash.chars().all(|letter| SUFFIX_LETTERS.contains(letter));
    match name.rsplit_once('-') {
        Some((name, hash)) if is_hash(hash) => format!("{name}-<hash>"),
        _ => name.to_owned(),
    }
}

/// The same hash in a selector.
fn without_selected_hash(text: String) -> String {
    const LABEL: &str = "pod-template-hash=";
    match text.split_once(LABEL) {
        Some((before, after)) => format!("{before}{LABEL}<hash>{}", after.trim_start_matches(|letter| SUFFIX_LETTERS.contains(letter))),
        None => text,
    }
}

fn is_uid(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `5s`, `3m20s`: apimachinery's HumanDuration.
fn is_age(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit())
        && text.ends_with(['s', 'm', 'h', 'd', 'y'])
        && text.chars().all(|letter| letter.is_ascii_digit() || "smhdy".contains(letter))
}

fn is_suffix(text: &str) -> bool {
    text.len() == 5 && text.chars().all(|letter| SUFFIX_LETTERS.contains(letter))
}

fn time(word: &str) -> Option<&'static str> {
    if word.len() < 20 || !word.starts_with("20") || word.parse::<Timestamp>().is_err() {
        return None;
    }
    Some(match word.split_once('.').map_or(0, |(_, fraction)| fraction.bytes().take_while(u8::is_ascii_digit).count()) {
        0 => "<time>",
        1..=6 => "<time.micro>",
        _ => "<time.nano>",
    })
}

fn continue_token(token: &str) -> Value {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).or_else(|_| BASE64_STANDARD_NO_PAD.decode(token)).unwrap_or_default();
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(mut says) => {
            if says["rv"].as_i64().is_some_and(|version| version > 0) {
                says["rv"] = json!("<version>");
            }
            says
        }
        Err(_) => json!(token),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_differ_is_taken_out_and_what_comes_again_keeps_its_number() {
        let seen = json!({
            "status": 200,
            "headers": {"audit-id": "x", "content-type": "application/json"},
            "body": {"items": [
                {"metadata": {"name": "a", "uid": "5b1f3f6e-6f3d-4f0a-9a64-4be5ad2d3a10", "resourceVersion": "12", "managedFields": []}},
                {"metadata": {"name": "b", "uid": "6b1f3f6e-6f3d-4f0a-9a64-4be5ad2d3a10", "resourceVersion": "13", "creationTimestamp": "2026-11-21T20:47:31Z"}},
            ], "metadata": {"resourceVersion": "99"}, "message": "is 5b1f3f6e-6f3d-4f0a-9a64-4be5ad2d3a10."},
        });
        let wanted = json!({
            "status": 200,
            "headers": {"content-type": "application/json"},
            "body": {"items": [
                {"metadata": {"name": "a", "uid": "<uid 1 of a>", "resourceVersion": "<version 1 of a>"}},
                {"metadata": {"name": "b", "uid": "<uid 1 of b>", "resourceVersion": "<version 1 of b>", "creationTimestamp": "<time>"}},
            ], "metadata": {"resourceVersion": "<version>"}, "message": "is <uid 1 of a>."},
        });
        assert_eq!(Normal::default().of("a list", seen), wanted);
    }

    #[test]
    fn texts_lose_their_times_and_versions_and_nothing_else() {
        let mut normal = Normal::default();
        for (text, wanted) in [
            ("2026-11-21T20:47:31.123456789Z line 5\n", "<time.nano> line 5\n"),
            ("too old resource version: 1 (4711)", "too old resource version: <version>)"),
            ("Too large resource version: 999, current: 12", "Too large resource version: <version>, current: <version>"),
            ("pods \"a-b.c\" not found: 404", "pods \"a-b.c\" not found: 404"),
            ("kube-api-access-x4f7k", "kube-api-access-<suffix>"),
        ] {
            assert_eq!(normal.text(text), wanted);
        }
    }

    #[test]
    fn yaml_loses_managed_fields_and_versions() {
        let text = "metadata:\n  managedFields:\n  - manager: a\n    fieldsV1:\n      f: {}\n  name: b\n  resourceVersion: \"12\"\nspec: {}\n";
        assert_eq!(yaml_without_its_own(text), "metadata:\n  name: b\n  resourceVersion: <version>\nspec: {}\n");
    }

    #[test]
    fn generated_names_lose_their_suffix_when_it_is_one() {
        let mut normal = Normal::default();
        let name = |normal: &mut Normal, name: &str| normal.of("x", json!({"metadata": {"generateName": "a-", "name": name}}))["metadata"]["name"].clone();
        assert_eq!(name(&mut normal, "a-x4f7k"), "a-<suffix>");
        assert_eq!(name(&mut normal, "a-eeeee"), "a-eeeee", "vowels are no letters of a suffix");
    }
}
