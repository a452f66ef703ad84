//! Which objects of a kind a list or watch is about.

use crate::failure::Failure;
use crate::kinds::Kind;
use crate::query::Query;
use crate::selector::{FieldSelector, LabelSelector};
use crate::store::Stored;

/// A namespace (or all) and selectors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// Empty for all namespaces.
    pub(crate) namespace: String,
    labels: LabelSelector,
    fields: FieldSelector,
}

impl Selection {
    /// # Errors
    /// 400 for selectors that cannot be read.
    pub(crate) fn parse(kind: &Kind, namespace: &str, query: &Query) -> Result<Self, Failure> {
        Ok(Self {
            namespace: namespace.to_owned(),
            labels: LabelSelector::parse(query.get("labelSelector").unwrap_or_default())?,
            fields: FieldSelector::parse(query.get("fieldSelector").unwrap_or_default(), kind)?,
        })
    }

    /// Whether there is any selector.
    pub(crate) fn selects(&self) -> bool {
        !self.labels.is_empty() || !self.fields.is_empty()
    }

    pub(crate) fn matches(&self, object: &Stored) -> bool {
        (self.namespace.is_empty() || self.namespace == object.namespace)
            && self.labels.matches(&object.labels)
            && self.fields.matches(|field| object.field(field))
    }
}
