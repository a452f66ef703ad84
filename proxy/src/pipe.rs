//! Streams that belong to one person: a log, a shell. Each takes its permit by value and holds it as long as it runs.

mod credit;
mod lines;
pub(crate) mod logs;
pub(crate) mod shell;

pub(crate) use credit::Credit;
