use std::borrow::Cow;
use std::fmt::Debug;
use std::marker::PhantomData;

use bytes::Bytes;
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows;
use krateyard_shared::watch::EncodedRow;
use kube::Resource;
use kube::core::{DynamicResourceScope, ObjectMeta};
use serde::{Deserialize, Deserializer};

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

/// An object as it leaves the decoder: its encoded row, and of its metadata what kube's watcher needs. The object itself was never kept.
#[derive(Debug, Clone)]
pub(super) struct Projected<K> {
    pub(super) meta: ObjectMeta,
    pub(super) row: Bytes,
    kind: PhantomData<K>,
}

impl<'de, K: Known> Deserialize<'de> for Projected<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (row, resource_version) = rows::project(K::KIND, deserializer)?;
        let bytes = Bytes::from(EncodedRow::of(&row).0.into_boxed_slice());
        let meta = ObjectMeta {
            name: Some(row.name),
            namespace: row.namespace,
            uid: Some(row.uid),
            resource_version: Some(resource_version),
            ..ObjectMeta::default()
        };
        Ok(Projected { meta, row: bytes, kind: PhantomData })
    }
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
