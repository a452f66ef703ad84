//! A Yard as a file: JSON that people read, with a version. What is on the Yard and where, by room; never what a window shows, never who is there.
//!
//! ```json
//! { "format": "krateyard-yard", "version": 1, "cluster": "prod-eu-1", "exportedAt": "2026-11-22T18:06:00Z",
//!   "rooms": { "web": {
//!     "krates": [ { "id": "1", "object": { "apiVersion": "v1", "kind": "Pod", "namespace": "web", "name": "api-1", "uid": "..." }, "at": [0, 0],
//!                   "windows": [ { "view": "logs" }, { "view": "yaml", "size": [500, 400], "object": { ... } } ] },
//!                 { "id": "2", "list": { "resource": "pods", "namespaces": ["web"], "labels": "app=api" }, "at": [500, 0], "minimised": true,
//!                   "windows": [ { "view": "list" } ] } ],
//!     "notes": [ { "at": [0, 500], "text": "..." } ],
//!     "arrows": [ { "from": "1", "to": "2" } ] } } }
//! ```
//!
//! `_cluster` and `_private` are rooms, too. An arrow names krates of any room. Read as what anybody may have written: bounded, and what makes no sense is
//! left out and counted.

use std::collections::{BTreeMap, HashMap};

use krateyard_shared::identity::{ClusterName, ObjectRef};
use krateyard_shared::kinds::View;
use krateyard_shared::sync::room::Room;
use serde_json::{Map, Value, json};

use super::collection::{Collection, Only};
use super::link::subject::{is_name, selector_of};
use super::mirror::cut;
use super::parcel::{Left, MOST_THINGS, PackedArrow, PackedKrate, PackedNote, PackedWindow, Parcel};
use super::state::{Content, Point, Size, Subject};

/// What the file says of itself.
const FORMAT: &str = "krateyard-yard";
/// The version that this program writes.
const VERSION: u64 = 1;
/// Longest file that is read, in bytes.
pub const LONGEST_FILE: usize = 4 << 20;
/// Nothing lies further out.
const WORLD: f64 = 1_000_000.0;

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct YardFile {
    /// The cluster that it was made of.
    pub cluster: String,
    /// What is on it.
    pub parcel: Parcel,
    /// Things in it that make no sense to this program.
    pub odd: usize,
}

/// Why a file is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoYard {
    /// Longer than [`LONGEST_FILE`], or holds more than can be put at once.
    #[error("This file holds more than can be put on a Yard at once")]
    TooLarge,
    /// Something else.
    #[error("This is no file of a Yard")]
    NotAYard,
    /// A later program wrote it.
    #[error("This file is of version {0}, and this Krateyard knows version {VERSION}")]
    Newer(u64),
}

/// As a file; `at` is when, RFC 3339.
pub fn write(parcel: &Parcel, cluster: &ClusterName, at: &str) -> String {
    let mut rooms = BTreeMap::<String, [Vec<Value>; 3]>::new();
    for (number, krate) in parcel.krates.iter().enumerate() {
        let mut entry = about(&krate.subject);
        entry.insert("id".into(), number.to_string().into());
        entry.insert("at".into(), pair(krate.at.x, krate.at.y));
        if krate.minimised {
            entry.insert("minimised".into(), true.into());
        }
        entry.insert("windows".into(), krate.windows.iter().map(window).collect());
        rooms.entry(krate.room.to_string()).or_default()[0].push(entry.into());
    }
    for note in &parcel.notes {
        rooms.entry(note.room.to_string()).or_default()[1].push(json!({ "at": pair(note.at.x, note.at.y), "text": &*note.text }));
    }
    for arrow in &parcel.arrows {
        rooms.entry(arrow.room.to_string()).or_default()[2].push(json!({ "from": arrow.from.to_string(), "to": arrow.to.to_string() }));
    }
    let rooms: Map<String, Value> =
        rooms.into_iter().map(|(room, [krates, notes, arrows])| (room, json!({ "krates": krates, "notes": notes, "arrows": arrows }))).collect();
    let file = json!({ "format": FORMAT, "version": VERSION, "cluster": cluster.0, "exportedAt": at, "rooms": rooms });
    format!("{file:#}\n")
}

fn window(window: &PackedWindow) -> Value {
    let mut entry = window.subject.as_ref().map(about).unwrap_or_default();
    let view = match window.content {
        Content::View(view) => view.word().to_lowercase(),
        Content::Collection => "list".into(),
    };
    entry.insert("view".into(), view.into());
    if let Some(size) = window.size {
        entry.insert("size".into(), pair(size.w, size.h));
    }
    entry.into()
}

fn pair(a: f64, b: f64) -> Value {
    json!([a.round() as i64, b.round() as i64])
}

/// `{"object": {...}}` or `{"list": {...}}`.
fn about(subject: &Subject) -> Map<String, Value> {
    let mut of = Map::new();
    let mut put = |key: &str, value: &str| drop((!value.is_empty()).then(|| of.insert(key.into(), value.into())));
    let name = match subject {
        Subject::Object(o) => {
            put("apiVersion", &if o.group.is_empty() { o.version.clone() } else { format!("{}/{}", o.group, o.version) });
            put("kind", &o.kind);
            put("namespace", o.namespace.as_deref().unwrap_or_default());
            put("name", &o.name);
            put("uid", &o.uid);
            "object"
        }
        Subject::Collection(c) => {
            put("resource", c.resource.as_deref().unwrap_or_default());
            match &c.only {
                None => {}
                Some(Only::Node(node)) => put("node", node),
                Some(Only::Labels(selector)) => put("labels", selector),
                Some(Only::Workload { kind, name }) => {
                    put("workloadKind", kind);
                    put("workload", name);
                }
                Some(Only::Attention) => put("only", "attention"),
                Some(Only::Overview) => put("only", "overview"),
            }
            if !c.namespaces.is_empty() {
                of.insert("namespaces".into(), c.namespaces.clone().into());
            }
            "list"
        }
    };
    Map::from_iter([(name.to_owned(), of.into())])
}

/// Reads a file for the Yard of a cluster, whichever it was made of.
///
/// # Errors
/// When there is nothing in it that could be put.
pub fn read(text: &str, cluster: &ClusterName) -> Result<YardFile, NoYard> {
    if text.len() > LONGEST_FILE {
        return Err(NoYard::TooLarge);
    }
    let file: Value = serde_json::from_str(text).map_err(|_| NoYard::NotAYard)?;
    let (Some(FORMAT), Some(version)) = (file["format"].as_str(), file["version"].as_u64()) else { return Err(NoYard::NotAYard) };
    if version != VERSION {
        return Err(NoYard::Newer(version));
    }
    let of = file["cluster"].as_str().filter(|name| is_name(name)).ok_or(NoYard::NotAYard)?;
    let rooms = file["rooms"].as_object().ok_or(NoYard::NotAYard)?;
    let mut reader = Reader { cluster, keeps_uids: of == cluster.0, parcel: Parcel::default(), ids: HashMap::new(), odd: 0, things: 0 };
    // Arrows name krates of any room.
    for (parts, what) in [("krates", 0), ("notes", 1), ("arrows", 2)] {
        for (room, held) in rooms {
            let Ok(room) = room.parse::<Room>() else {
                reader.odd += usize::from(what == 0);
                continue;
            };
            for entry in held[parts].as_array().into_iter().flatten() {
                reader.things += 1;
                if reader.things > MOST_THINGS {
                    return Err(NoYard::TooLarge);
                }
                let is_sound = match what {
                    0 => reader.krate(&room, entry),
                    1 => reader.note(&room, entry),
                    _ => reader.arrow(&room, entry),
                };
                reader.odd += usize::from(is_sound.is_none());
            }
        }
    }
    let Reader { parcel, odd, .. } = reader;
    if parcel.is_too_large() { Err(NoYard::TooLarge) } else { Ok(YardFile { cluster: of.into(), parcel, odd }) }
}

impl YardFile {
    /// What became of it: that was put on the Yard, this was left out.
    pub fn words(&self, placed: &Parcel, left: &BTreeMap<Room, Left>) -> String {
        let mut words = format!("Put {} on the Yard", placed.words());
        if !left.is_empty() {
            words.push_str(&format!("; left out {}", self.parcel.words_of_left(left)));
        }
        match self.odd {
            0 => {}
            1 => words.push_str("; 1 thing in the file made no sense"),
            odd => words.push_str(&format!("; {odd} things in the file made no sense")),
        }
        words
    }
}

struct Reader<'a> {
    cluster: &'a ClusterName,
    /// Of another cluster they mean nothing.
    keeps_uids: bool,
    parcel: Parcel,
    /// The file's keys of krates, and their numbers.
    ids: HashMap<&'a str, usize>,
    odd: usize,
    things: usize,
}

impl<'a> Reader<'a> {
    fn krate(&mut self, room: &Room, entry: &'a Value) -> Option<()> {
        let windows = entry["windows"].as_array()?;
        self.things += windows.len().min(MOST_THINGS);
        let shown: Vec<PackedWindow> = windows.iter().take(MOST_THINGS).filter_map(|window| self.window(window)).collect();
        self.odd += windows.len() - shown.len();
        let krate = PackedKrate {
            room: room.clone(),
            subject: self.subject(entry)??,
            at: point(&entry["at"])?,
            minimised: entry["minimised"].as_bool().unwrap_or_default(),
            windows: shown,
        };
        if !krate.is_sound() {
            return None;
        }
        if let Some(id) = entry["id"].as_str() {
            self.ids.insert(id, self.parcel.krates.len());
        }
        self.parcel.krates.push(krate);
        Some(())
    }

    fn window(&self, entry: &Value) -> Option<PackedWindow> {
        const VIEWS: [View; 6] = [View::Logs, View::Shell, View::Describe, View::Yaml, View::Events, View::Map];
        let content = match entry["view"].as_str()? {
            "list" => Content::Collection,
            word => Content::View(*VIEWS.iter().find(|view| view.word().to_lowercase() == word)?),
        };
        let size = point(&entry["size"]).map(|size| Size::new(size.x, size.y));
        Some(PackedWindow { content, subject: self.subject(entry)?, size })
    }

    fn note(&mut self, room: &Room, entry: &Value) -> Option<()> {
        let text = entry["text"].as_str()?;
        self.parcel.notes.push(PackedNote { room: room.clone(), at: point(&entry["at"])?, text: cut(text) });
        Some(())
    }

    fn arrow(&mut self, room: &Room, entry: &Value) -> Option<()> {
        let end = |key: &str| self.ids.get(entry[key].as_str()?).copied();
        let (from, to) = (end("from")?, end("to")?);
        // What it leads to has to be seen by whoever sees it.
        let krates = &self.parcel.krates;
        let is_at_home = room.namespace().is_none() || [from, to].iter().all(|at| krates[*at].room == *room);
        (from != to && is_at_home).then(|| self.parcel.arrows.push(PackedArrow { room: room.clone(), from, to }))
    }

    /// What an entry is about: nothing of its own, or something that makes sense.
    fn subject(&self, entry: &Value) -> Option<Option<Subject>> {
        match (&entry["object"], &entry["list"]) {
            (Value::Null, Value::Null) => Some(None),
            (object @ Value::Object(_), Value::Null) => self.object(object).map(|object| Some(Subject::Object(object))),
            (Value::Null, list @ Value::Object(_)) => collection(list).map(|list| Some(Subject::Collection(list))),
            _ => None,
        }
    }

    fn object(&self, of: &Value) -> Option<ObjectRef> {
        let (group, version) = of["apiVersion"].as_str()?.rsplit_once('/').unwrap_or(("", of["apiVersion"].as_str()?));
        let uid = of["uid"].as_str().filter(|uid| self.keeps_uids && is_name(uid)).unwrap_or_default();
        let object = ObjectRef {
            cluster: self.cluster.clone(),
            group: group.into(),
            version: version.into(),
            kind: name(of, "kind")??,
            namespace: name(of, "namespace")?,
            name: name(of, "name")??,
            uid: uid.into(),
        };
        (is_name(version) && (group.is_empty() || is_name(group))).then_some(object)
    }
}

fn collection(of: &Value) -> Option<Collection> {
    let only = match (name(of, "node")?, of["labels"].as_str(), name(of, "workload")?, of["only"].as_str()) {
        (None, None, None, None) => None,
        (Some(node), None, None, None) => Some(Only::Node(node)),
        (None, Some(selector), None, None) => Some(Only::Labels(selector_of(selector)?)),
        (None, None, Some(workload), None) => Some(Only::Workload { kind: name(of, "workloadKind")??, name: workload }),
        (None, None, None, Some("attention")) => Some(Only::Attention),
        (None, None, None, Some("overview")) => Some(Only::Overview),
        // A part that this program does not know is not shown as the whole.
        _ => return None,
    };
    let namespaces = of["namespaces"].as_array().into_iter().flatten();
    let namespaces: Option<Vec<String>> = namespaces.map(|namespace| namespace.as_str().filter(|name| is_name(name)).map(Into::into)).collect();
    Some(Collection { resource: name(of, "resource")?, only, ..Collection::default() }.in_namespaces(namespaces?))
}

/// A name, `Some(None)` where there is none; `None` for what can be no name.
fn name(of: &Value, key: &str) -> Option<Option<String>> {
    match &of[key] {
        Value::Null => Some(None),
        Value::String(name) if is_name(name) => Some(Some(name.clone())),
        _ => None,
    }
}

fn point(value: &Value) -> Option<Point> {
    let [x, y] = &value.as_array()?[..] else { return None };
    let coordinate = |value: &Value| value.as_f64().filter(|number| number.abs() <= WORLD);
    Some(Point::new(coordinate(x)?, coordinate(y)?).rounded())
}

#[cfg(test)]
mod tests;
