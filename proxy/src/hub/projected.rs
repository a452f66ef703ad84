use std::borrow::Cow;
use std::fmt::Debug;
use std::marker::PhantomData;

use bytes::Bytes;
use krateyard_shared::attention::{self, Ripens};
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{self, Facts, Row};
use krateyard_shared::status::{self, Health};
use krateyard_shared::time::Seconds;
use krateyard_shared::watch::EncodedRow;
use kube::Resource;
use kube::core::{DynamicResourceScope, ObjectMeta};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A kind known while compiling: kube decodes by type.
pub(super) trait Known: Clone + Debug + Send + Sync + 'static {
    const KIND: Kind;
}

macro_rules! known {
    ($($name:ident),*) => { $(
        #[derive(Debug, Clone)]
        pub(super) struct $name;
        impl Known for $name {
            const KIND: Kind = Kind::$name;
        }
    )* };
}
known!(Namespace, Node, Pod, Deployment, ReplicaSet, Service, Event);

/// What a hub keeps of an object: its encoded row, and what is asked of each row too often to decode it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) row: Bytes,
    pub(super) health: Health,
    pub(super) ripens: Ripens,
    /// Of an event: when it was last seen.
    pub(super) seen: Option<Seconds>,
}

/// An object as it leaves the decoder: what is kept of it, and of its metadata what kube's watcher needs. The object itself was never kept.
#[derive(Debug, Clone)]
pub(super) struct Projected<K> {
    pub(super) meta: ObjectMeta,
    pub(super) kept: Kept,
    kind: PhantomData<K>,
}

impl<'de, K: Known> Deserialize<'de> for Projected<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (meta, kept) = encoded(rows::project(K::KIND, deserializer)?);
        Ok(Projected { meta, kept, kind: PhantomData })
    }
}

/// A row as it is kept, and of its metadata what kube's watcher needs.
fn encoded((row, resource_version): (Row, String)) -> (ObjectMeta, Kept) {
    let bytes = Bytes::from(EncodedRow::of(&row).0.into_boxed_slice());
    let seen = if let Facts::Event(event) = &row.facts { Some(event.last) } else { None };
    let kept = Kept { row: bytes, health: status::of(&row).health, ripens: attention::ripens(&row), seen };
    let meta =
        ObjectMeta { name: Some(row.name), namespace: row.namespace, uid: Some(row.uid), resource_version: Some(resource_version), ..ObjectMeta::default() };
    (meta, kept)
}

impl<K: Known> Resource for Projected<K> {
    type DynamicType = ();
    type Scope = DynamicResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        K::KIND.entry().name.into()
    }

    fn group((): &()) -> Cow<'_, str> {
        K::KIND.entry().group.into()
    }

    fn version((): &()) -> Cow<'_, str> {
        K::KIND.entry().version.into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        K::KIND.entry().plural.into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}

/// An object of a kind that is known only at run time: kube decodes by type, so it leaves the decoder as JSON, and becomes a row where its kind is at hand.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    meta: ObjectMeta,
    object: Value,
}

impl Plain {
    /// Its row, as [`encoded`].
    pub(super) fn project(&self, kind: Kind) -> serde_json::Result<(ObjectMeta, Kept)> {
        rows::project(kind, &self.object).map(encoded)
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Value::deserialize(deserializer)?;
        let text = |field: &str| object["metadata"][field].as_str().map(str::to_owned);
        let meta = ObjectMeta {
            name: text("name"),
            namespace: text("namespace"),
            uid: text("uid"),
            resource_version: text("resourceVersion"),
            ..ObjectMeta::default()
        };
        Ok(Plain { meta, object })
    }
}

impl Resource for Plain {
    type DynamicType = Kind;
    type Scope = DynamicResourceScope;

    fn kind(kind: &Kind) -> Cow<'_, str> {
        kind.entry().name.into()
    }

    fn group(kind: &Kind) -> Cow<'_, str> {
        kind.entry().group.into()
    }

    fn version(kind: &Kind) -> Cow<'_, str> {
        kind.entry().version.into()
    }

    fn plural(kind: &Kind) -> Cow<'_, str> {
        kind.entry().plural.into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
}
