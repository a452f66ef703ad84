//! The search behind Spotlight: what a person types, to a ranked and grouped answer. Plain data; no view, no clock.

use std::sync::Arc;

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::kinds::{Kind, View};
use krateyard_shared::status::Status;

use crate::yard::{Collection, KrateId};

/// An answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hits {
    /// Groups, the best first.
    pub groups: Vec<Group>,
    /// What Tab would do: the rest of an alias that becomes a pill.
    pub ghost: Option<Ghost>,
}

/// Hits of one sort.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Such as `Pods`.
    pub title: String,
    /// The best of them.
    pub hits: Vec<Hit>,
    /// How many there are in all.
    pub total: usize,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// What Enter opens.
    pub what: Found,
    /// Its name.
    pub name: Arc<str>,
    /// Which characters of the name matched: indices of `char`s, ascending.
    pub matched: Vec<usize>,
    /// Such as `Pod`, `Kind`, `Krate` or `Command`.
    pub label: &'static str,
    /// Namespace, where it has one.
    pub namespace: Option<Arc<str>>,
    /// How it does, for objects.
    pub status: Option<Status>,
    /// Views in the order of their tabs, for objects.
    pub views: &'static [View],
}

/// What a hit stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// An object.
    Object(ObjectRef),
    /// A list: a kind, or everything in a namespace.
    Collection(Collection),
    /// A krate that is open.
    Krate(KrateId),
    /// A command, by its key in the list that was given.
    Command(&'static str),
}

/// A filter of the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pill {
    /// Only this kind.
    Kind(Kind),
    /// Only this namespace.
    Namespace(String),
    /// Only objects that do badly (`bad`), or as the word says.
    Status(crate::rows::filter::StatusWord),
}

/// What Tab would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ghost {
    /// What is shown behind the typed text, such as `ds` behind `po`.
    pub rest: String,
    /// The filter that it becomes.
    pub pill: Pill,
}

/// A command that Spotlight offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// Its key.
    pub key: &'static str,
    /// Its name, such as `Light theme`.
    pub name: &'static str,
}
