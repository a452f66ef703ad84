//! Streams that belong to one person: a log, a shell, an answer that passes through. Each takes its permit by value and holds it as long as it runs.

pub(crate) mod answer;
mod credit;
mod lines;
pub(crate) mod logs;
pub(crate) mod shell;

pub(crate) use credit::Credit;
