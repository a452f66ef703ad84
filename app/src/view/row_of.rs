//! The live row of one object, out of the table that holds it.

use std::sync::Arc;

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::Row;
use krateyard_shared::scope::Scope;
use leptos::prelude::*;

use super::desk::desk;
use crate::yard::Subject;

/// The live row of the object that a subject is; `None` for collections and kinds without rows.
pub fn row_of(subject: &Subject) -> Option<Signal<Option<Arc<Row>>>> {
    let Subject::Object(object) = subject else { return None };
    let kind = Kind::of_name(&object.group, &object.kind)?;
    let scope = object.namespace.clone().map_or(Scope::All, Scope::Namespace);
    let table = desk().workspace.use_table(kind, scope);
    let object = object.clone();
    Some(Memo::new(move |_| table.with(|table| table.rows.iter().find(|row| is_row_of(row, &object)).cloned())).into())
}

/// Whether a row is that object: by uid, or by name where nobody knows the uid.
pub fn is_row_of(row: &Row, object: &ObjectRef) -> bool {
    if object.uid.is_empty() { row.name == object.name && row.namespace == object.namespace } else { row.uid == object.uid }
}
