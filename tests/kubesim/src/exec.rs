//! Exec.
use axum::response::Response;
use http::request::Parts;

use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::query::Query;
use crate::target::Attributes;

/// Answers an exec.
pub(crate) async fn exec(_cluster: &Cluster, _asked: &Attributes, _query: &Query, _parts: &mut Parts) -> Result<Response, Failure> {
    Err(Failure::not_simulated("exec"))
}
