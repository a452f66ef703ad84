//! The shared Yard: a document for each room, kept, merged and passed on to everybody who may read it. What the documents mean is the app's business.
//!
//! A frame's way: a socket (`routes/sync`) hands it to the room's owner task ([`owner`]), which asks the [`room::Room`], a value without sockets or clocks, what
//! comes of it; what is to be kept goes to [`storage`], what is to be said to [`outbox`]es.

mod document;
mod outbox;
mod owner;
mod presence;
mod room;
mod rooms;
pub(crate) mod storage;

pub(crate) use outbox::{Outbox, Said};
pub(crate) use owner::Sink;
pub(crate) use rooms::{Entry, Rooms};
