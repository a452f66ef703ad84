//! Logs.
use axum::response::Response;
use http::HeaderMap;

use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::query::Query;
use crate::target::Attributes;

/// Answers a log.
pub(crate) fn log(_cluster: &Cluster, _asked: &Attributes, _query: &Query, _headers: &HeaderMap) -> Result<Response, Failure> {
    Err(Failure::not_simulated("logs"))
}
