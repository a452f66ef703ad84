//! The Yard as plain data: what views read.

use std::sync::Arc;

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::kinds::{Kind, View};
use serde::{Deserialize, Serialize};

/// A krate's key in the document.
pub type KrateId = Arc<str>;
/// A window's key, unique within the Yard.
pub type WindowId = Arc<str>;

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

/// The Yard.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct YardState {
    /// Krates, those touched last at the end: the order in which they are painted.
    pub krates: Vec<Arc<Krate>>,
}

/// A named group of windows about one object or one collection.
#[derive(Debug, Clone, PartialEq)]
pub struct Krate {
    /// Its key.
    pub id: KrateId,
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

/// A live list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Collection {
    /// Plural and group as in RBAC (`pods`, `deployments.apps`); `None` for everything of a namespace.
    pub resource: Option<String>,
    /// `None` for every namespace.
    pub namespace: Option<String>,
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

impl Subject {
    /// The namespace that tints the krate.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Subject::Object(object) if object.kind == "Namespace" && object.group.is_empty() => Some(&object.name),
            Subject::Object(object) => object.namespace.as_deref(),
            Subject::Collection(collection) => collection.namespace.as_deref(),
        }
    }

    /// The kind with rows that it is about, if there is one.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Subject::Object(object) => Kind::of_name(&object.group, &object.kind),
            Subject::Collection(collection) => collection.kind(),
        }
    }

    /// Its name in a header: the object's name, or the collection's title.
    pub fn title(&self) -> String {
        match self {
            Subject::Object(object) => object.name.clone(),
            Subject::Collection(collection) => collection.kind().map_or_else(|| "Everything".into(), |kind| kind.entry().title.into()),
        }
    }
}

impl Collection {
    /// The kind of its rows; `None` for everything.
    pub fn kind(&self) -> Option<Kind> {
        let resource = self.resource.as_deref()?;
        krateyard_shared::kinds::KINDS.iter().map(|entry| entry.kind).find(|kind| kind.resource().to_string() == resource)
    }

    /// A collection of one kind.
    pub fn of_kind(kind: Kind, namespace: Option<String>) -> Collection {
        Collection { resource: Some(kind.resource().to_string()), namespace }
    }
}
