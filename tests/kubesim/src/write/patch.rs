//! Patches: which kind one is, by its media type, and what it makes of an object.

use serde_json::Value;

use super::json_patch::{self, Operation};
use super::merge::merge_patch;
use super::strategic;
use crate::failure::{Cause, Failure};
use crate::kinds::Kind;
use crate::query::Query;

/// The kinds of patches that are simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatchType {
    Merge,
    Json,
    Strategic,
}

impl PatchType {
    /// # Errors
    /// 415 in two texts, 501 for patches that a real server knows.
    pub(crate) fn of(kind: &Kind, content_type: &str) -> Result<Self, Failure> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/merge-patch+json" => Ok(Self::Merge),
            "application/json-patch+json" => Ok(Self::Json),
            "application/strategic-merge-patch+json" if kind.custom => {
                let message = "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
                Err(Failure::new(415, Some("UnsupportedMediaType"), message))
            }
            "application/strategic-merge-patch+json" => Ok(Self::Strategic),
            "application/apply-patch+yaml" | "application/apply-patch+cbor" => Err(Failure::not_simulated("server-side apply")),
            _ => Err(Failure::unsupported_media_type("415: Unsupported Media Type")),
        }
    }
}

/// A patch that was read.
#[derive(Clone, Debug)]
pub(crate) enum Patch {
    Merge(Value),
    Json(Vec<Operation>),
    Strategic(Value),
}

impl Patch {
    /// # Errors
    /// 400 for a body that is no such patch.
    pub(crate) fn read(patch_type: PatchType, body: Value) -> Result<Self, Failure> {
        match patch_type {
            PatchType::Json => json_patch::read(body).map(Self::Json),
            PatchType::Merge => Ok(Self::Merge(body)),
            PatchType::Strategic => Ok(Self::Strategic(body)),
        }
    }

    /// Changes an object, which has its kind and apiVersion.
    ///
    /// # Errors
    /// 422 for a JSON patch that does not fit, 500 for a strategic one without its merge keys.
    pub(crate) fn apply(&self, object: &mut Value) -> Result<(), Failure> {
        match self {
            Self::Merge(patch) => merge_patch(object, patch),
            Self::Json(operations) => json_patch::apply(object, operations)?,
            Self::Strategic(patch) => strategic::apply(object, patch)?,
        }
        Ok(())
    }
}

/// apimachinery's ValidatePatchOptions, for patches that are no apply.
///
/// # Errors
/// 422 when force is given.
pub(super) fn check_options(query: &Query) -> Result<(), Failure> {
    if query.get("force").is_none() {
        return Ok(());
    }
    let cause = Cause::new("FieldValueForbidden", "force", "Forbidden: may not be specified for non-apply patch");
    Err(Failure::invalid("PatchOptions", "meta.k8s.io", "", &[cause]))
}
