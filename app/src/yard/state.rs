//! The Yard as plain data: what views read.

use std::sync::Arc;

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::kinds::{Kind, View};
use krateyard_shared::sync::room::Room;
use serde::{Deserialize, Serialize};

use super::collection::{Collection, Only};

/// A krate's key in the document.
pub type KrateId = Arc<str>;
/// A window's key, unique within the Yard.
pub type WindowId = Arc<str>;
/// A note's key.
pub type NoteId = Arc<str>;
/// An arrow's key.
pub type ArrowId = Arc<str>;

/// Longest text of a note, in characters.
pub const NOTE_MOST: usize = 2_000;

/// A note with little on it (style/notes.css); more text makes it higher.
pub const NOTE_SIZE: Size = Size::new(220.0, 96.0);

/// A point of the world, in world units (CSS pixels at zoom 1).
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// A size in world units.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Size {
    pub w: f64,
    pub h: f64,
}

/// A rectangle of the world.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rect {
    /// Top left corner.
    pub at: Point,
    /// Width and height.
    pub size: Size,
}

/// The Yard.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct YardState {
    /// Krates, those touched last at the end: the order in which they are painted.
    pub krates: Vec<Arc<Krate>>,
    /// Sticky notes, by key.
    pub notes: Vec<Arc<Note>>,
    /// Arrows, by key; each between two krates that show.
    pub arrows: Vec<Arc<Arrow>>,
}

/// A sticky note.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Its key.
    pub id: NoteId,
    /// Who sees it: who may read this room.
    pub room: Room,
    /// Whether this person may change it.
    pub writable: bool,
    /// Top left corner.
    pub at: Point,
    /// At most [`NOTE_MOST`] characters.
    pub text: Arc<str>,
}

/// An arrow from one krate to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrow {
    /// Its key.
    pub id: ArrowId,
    /// Who sees it: who may read this room.
    pub room: Room,
    /// Whether this person may change it.
    pub writable: bool,
    /// Where it begins.
    pub from: KrateId,
    /// Where it points.
    pub to: KrateId,
}

/// A named group of windows about one object or one collection.
#[derive(Debug, Clone, PartialEq)]
pub struct Krate {
    /// Its key.
    pub id: KrateId,
    /// Who sees it: who may read this room.
    pub room: Room,
    /// Whether this person may change it.
    pub writable: bool,
    /// What it is about.
    pub subject: Subject,
    /// Top left corner of the frame.
    pub at: Point,
    /// Whether only its header shows.
    pub minimised: bool,
    /// Its windows, in the order in which they tile.
    pub windows: Vec<Window>,
}

/// What a krate is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Subject {
    /// One object.
    Object(ObjectRef),
    /// A live list.
    Collection(Collection),
}

/// A window of a krate.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Its key.
    pub id: WindowId,
    /// What it shows.
    pub content: Content,
    /// What it is about, when that differs from its krate's subject (a window dragged into another krate).
    pub subject: Option<Subject>,
    /// Its size.
    pub size: Size,
}

/// What a window shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// A view of an object.
    View(View),
    /// A live list.
    Collection,
}

impl Point {
    /// A point.
    pub const fn new(x: f64, y: f64) -> Point {
        Point { x, y }
    }

    /// How far apart two points are.
    pub fn distance(self, other: Point) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// On whole units, so that what is stored stays short and lines stay sharp.
    pub fn rounded(self) -> Point {
        Point { x: self.x.round(), y: self.y.round() }
    }
}

impl Size {
    /// A size.
    pub const fn new(w: f64, h: f64) -> Size {
        Size { w, h }
    }

    /// On whole units.
    pub fn rounded(self) -> Size {
        Size { w: self.w.round(), h: self.h.round() }
    }
}

impl Rect {
    /// A rectangle of a corner and a size.
    pub const fn new(at: Point, size: Size) -> Rect {
        Rect { at, size }
    }

    /// Right edge.
    pub fn right(&self) -> f64 {
        self.at.x + self.size.w
    }

    /// Bottom edge.
    pub fn bottom(&self) -> f64 {
        self.at.y + self.size.h
    }

    /// The middle.
    pub fn centre(&self) -> Point {
        Point { x: self.at.x + self.size.w / 2.0, y: self.at.y + self.size.h / 2.0 }
    }

    /// Grown by this much on every side.
    pub fn grown(&self, by: f64) -> Rect {
        Rect { at: Point::new(self.at.x - by, self.at.y - by), size: Size::new(self.size.w + 2.0 * by, self.size.h + 2.0 * by) }
    }

    /// Whether they share an area; touching edges do not count.
    pub fn overlaps(&self, other: &Rect) -> bool {
        self.at.x < other.right() && other.at.x < self.right() && self.at.y < other.bottom() && other.at.y < self.bottom()
    }

    /// Whether the point lies within.
    pub fn contains(&self, point: Point) -> bool {
        (self.at.x..self.right()).contains(&point.x) && (self.at.y..self.bottom()).contains(&point.y)
    }

    /// The rectangle between two opposite corners.
    pub fn between(a: Point, b: Point) -> Rect {
        let at = Point::new(a.x.min(b.x), a.y.min(b.y));
        Rect { at, size: Size::new((a.x - b.x).abs(), (a.y - b.y).abs()) }
    }

    /// The smallest rectangle around all of them; `None` for none.
    pub fn around(rects: impl IntoIterator<Item = Rect>) -> Option<Rect> {
        rects.into_iter().reduce(|a, b| {
            let at = Point::new(a.at.x.min(b.at.x), a.at.y.min(b.at.y));
            Rect { at, size: Size::new(a.right().max(b.right()) - at.x, a.bottom().max(b.bottom()) - at.y) }
        })
    }
}

impl YardState {
    /// The krate of this key.
    pub fn krate(&self, id: &str) -> Option<&Arc<Krate>> {
        self.krates.iter().find(|krate| &*krate.id == id)
    }

    /// The window of this key and the krate that holds it.
    pub fn window(&self, id: &str) -> Option<(&Arc<Krate>, &Window)> {
        self.krates.iter().find_map(|krate| krate.windows.iter().find(|window| &*window.id == id).map(|window| (krate, window)))
    }
}

impl Krate {
    /// What a window of this krate is about.
    pub fn subject_of<'a>(&'a self, window: &'a Window) -> &'a Subject {
        window.subject.as_ref().unwrap_or(&self.subject)
    }
}

impl Content {
    /// The size that a window of this content opens with (look.md).
    pub fn default_size(self) -> Size {
        match self {
            Content::View(_) => Size::new(380.0, 362.0),
            Content::Collection => Size::new(640.0, 480.0),
        }
    }
}

impl Subject {
    /// Whether both mean the same thing: the uid counts only where both know it.
    pub fn is_same(&self, other: &Subject) -> bool {
        match (self, other) {
            (Subject::Object(a), Subject::Object(b)) => {
                (a.uid == b.uid || a.uid.is_empty() || b.uid.is_empty())
                    && (&a.name, &a.namespace, &a.kind, &a.group, &a.cluster) == (&b.name, &b.namespace, &b.kind, &b.group, &b.cluster)
            }
            (a, b) => a == b,
        }
    }

    /// The namespace that tints the krate.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Subject::Object(object) if object.kind == "Namespace" && object.group.is_empty() => Some(&object.name),
            Subject::Object(object) => object.namespace.as_deref(),
            Subject::Collection(collection) => collection.namespace(),
        }
    }

    /// The kind with rows that it is about, if there is one.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Subject::Object(object) => Kind::of_name(&object.group, &object.kind),
            Subject::Collection(collection) => collection.kind(),
        }
    }

    /// How many bytes of words it is, in a document.
    pub(crate) fn words(&self) -> usize {
        match self {
            Subject::Object(o) => {
                [&o.cluster.0, &o.group, &o.version, &o.kind, &o.name, &o.uid].map(String::len).iter().sum::<usize>()
                    + o.namespace.as_ref().map_or(0, String::len)
            }
            Subject::Collection(c) => {
                let only = match &c.only {
                    Some(Only::Node(one) | Only::Labels(one)) => one.len(),
                    Some(Only::Workload { kind, name }) => kind.len() + name.len(),
                    Some(Only::Attention | Only::Overview) | None => 0,
                };
                c.resource.as_ref().map_or(0, String::len) + c.namespaces.iter().map(String::len).sum::<usize>() + only
            }
        }
    }

    /// Its name in a header: the object's name, or the collection's title.
    pub fn title(&self) -> String {
        match self {
            Subject::Object(object) => object.name.clone(),
            Subject::Collection(collection) => collection.title(),
        }
    }

    /// Where it is, for a tag that has no namespace to name.
    pub fn place(&self) -> String {
        match self {
            Subject::Object(_) => "cluster".into(),
            Subject::Collection(collection) => collection.place(),
        }
    }
}
