//! What is kept of one stream, as bytes: the version, which stream, then the message of the watch protocol by which it would have come: one decoder serves both.

use std::sync::Arc;

use krateyard_shared::identity::Resource;
use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::Row;
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::{EncodedRow, ServerMessage, Wire};

use super::Content;
use super::allow::{leave_out, may_keep};
use crate::refresh::Target;

/// Of how records are written. One of another version is ignored and removed.
pub const VERSION: u8 = 1;
/// Bytes of one record at most: 4,000 pods. What is larger is not kept: half a list would be taken for the whole.
pub const BYTES_MOST: usize = 1 << 20;
/// Rows that are encoded in one go: a millisecond or two.
pub const SLICE: usize = 500;

/// What was kept of a stream; not decoded before somebody looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The stream.
    pub target: Target,
    message: Vec<u8>,
}

/// A record that is being made, a slice at a time.
#[derive(Debug)]
pub struct Draft {
    target: Target,
    left: Vec<Arc<Row>>,
    rows: Vec<EncodedRow>,
    object: Option<String>,
    size: usize,
}

/// How far a draft is.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more to do.
    Underway,
    /// The record.
    Done(Vec<u8>),
    /// It is larger than a record may be.
    TooLarge,
}

impl Record {
    /// Reads a record's stream. `None` for what another version wrote, what is damaged, and what may not be kept (any more).
    pub fn read(bytes: &[u8]) -> Option<Record> {
        let (&version, body) = bytes.split_first()?;
        if version != VERSION {
            return None;
        }
        let mut decoder = minicbor::Decoder::new(body);
        let (resource, scope) = decoder.decode::<(Resource, Scope)>().ok()?;
        let target = Target { kind: Kind::of_resource(&resource)?, scope };
        may_keep(&target).then(|| Record { target, message: body[decoder.position()..].to_vec() })
    }

    /// What it holds, as the proxy would say it.
    pub fn message(&self) -> Option<ServerMessage> {
        Wire::Binary.decode(&self.message).ok()
    }
}

impl Draft {
    /// Begins a record. `None` where nothing of the stream may be kept: the only way to a record's bytes is through here.
    pub fn of(target: Target, content: Content) -> Option<Draft> {
        if !may_keep(&target) {
            return None;
        }
        let is_object = matches!(target.scope, Scope::Object { .. });
        let (left, object) = match content {
            Content::Rows(rows) if !is_object => (rows, None),
            Content::Object(object) if is_object => {
                let mut object = (*object).clone();
                leave_out(&mut object);
                (Vec::new(), Some(object.to_string()))
            }
            // Not what such a stream shows.
            _ => return None,
        };
        let size = object.as_ref().map_or(0, String::len);
        Some(Draft { target, left, rows: Vec::new(), object, size })
    }

    /// One slice.
    pub fn step(&mut self) -> Progress {
        let at = self.left.len().saturating_sub(SLICE);
        for row in self.left.drain(at..) {
            let row = EncodedRow::of(&row);
            self.size += row.0.len() + 4;
            self.rows.push(row);
        }
        match (self.size > BYTES_MOST, self.left.is_empty()) {
            (true, _) => Progress::TooLarge,
            (false, false) => Progress::Underway,
            (false, true) => Progress::Done(self.finish()),
        }
    }

    fn finish(&mut self) -> Vec<u8> {
        let message = match self.object.take() {
            Some(json) => ServerMessage::Object { id: 0, json: Some(json) },
            None => ServerMessage::Rows { id: 0, rows: std::mem::take(&mut self.rows), done: true },
        };
        let mut bytes = vec![VERSION];
        let written = minicbor::encode((self.target.kind.resource(), &self.target.scope), &mut bytes).and_then(|()| minicbor::encode(&message, &mut bytes));
        written.expect("a vector takes everything");
        bytes
    }
}

#[cfg(test)]
mod tests;
