//! Requests under a person's own rights: headers are built here from a short list, and nothing that a browser sent is among them.

use http::{HeaderMap, HeaderValue, Method, Request};
use krateyard_shared::refusal::Refusal;

use crate::authorize::{Permit, Target};

/// A request for a permitted person. Without a permit there is none.
///
/// # Errors
/// `BadRequest` for a user or group that fits into no header.
pub(crate) fn request<T: Target>(permit: &Permit<T>, method: Method, path: &str) -> Result<Request<Vec<u8>>, Refusal> {
    let mut request = Request::builder().method(method).uri(path).body(Vec::new()).map_err(|_| bad("path"))?;
    request.headers_mut().extend(headers(permit)?);
    Ok(request)
}

/// `Impersonate-*` for a permitted person (Kubernetes, "User impersonation").
///
/// # Errors
/// `BadRequest` for a user or group that fits into no header.
pub(crate) fn headers<T: Target>(permit: &Permit<T>) -> Result<HeaderMap, Refusal> {
    // On a laptop the kubeconfig's identity is the person's.
    if permit.cluster().is_own() {
        return Ok(HeaderMap::new());
    }
    let session = permit.session();
    let value = |text: &str, field: &str| {
        let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| bad(field))?;
        value.set_sensitive(true);
        Ok::<_, Refusal>(value)
    };
    let mut headers = HeaderMap::new();
    headers.append("impersonate-user", value(&session.user.name, "user")?);
    for group in &session.user.groups {
        headers.append("impersonate-group", value(group, "group")?);
    }
    headers.append("impersonate-extra-krateyard-session", value(&session.audit_id, "session")?);
    Ok(headers)
}

fn bad(field: &str) -> Refusal {
    Refusal::BadRequest { field: field.into(), problem: "cannot be sent to a cluster".into() }
}
