//! Conformance: kubesim and a real cluster are driven with the same requests, and what they answer is compared.
//!
//! A case ([`cases`]) is a function that asks a [`Scene`]; it runs once on each side, in a namespace of the same name. Every answer that it asks for by name is
//! kept whole: status, headers, body, the events of a watch, the frames of an exec. [`normal`] takes out what may differ between two clusters, [`compare`] finds
//! what differs all the same, and [`known`] lists the differences that are known, each with its reason.

pub mod cases;
pub mod compare;
mod exec;
pub mod known;
pub mod normal;
mod request;
mod run;
mod scene;
mod side;
mod watch;

pub use request::{Request, delete, get, patch, post, put};
pub use run::{Outcome, run};
pub use scene::{Answer, Scene};
pub use side::{Real, Side, SideError};
