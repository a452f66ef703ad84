//! Requests under a person's own rights: headers are built here from a short list, and nothing that a browser sent is among them.

use http::{HeaderValue, Method, Request};
use krateyard_shared::refusal::Refusal;

use crate::authenticate::Session;
use crate::authorize::{Permit, Target};

/// A request for a permitted person. Without a permit there is none.
///
/// # Errors
/// `BadRequest` for a user or group that fits into no header.
pub(crate) fn request<T: Target>(permit: &Permit<T>, method: Method, path: &str) -> Result<Request<Vec<u8>>, Refusal> {
    let mut request = Request::builder().method(method).uri(path).body(Vec::new()).map_err(|_| bad("path"))?;
    for (name, value) in headers(permit.session())? {
        request.headers_mut().append(name, value);
    }
    Ok(request)
}

/// `Impersonate-*` for a session (Kubernetes, "User impersonation").
fn headers(session: &Session) -> Result<Vec<(http::HeaderName, HeaderValue)>, Refusal> {
    let value = |text: &str, field: &str| {
        let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| bad(field))?;
        value.set_sensitive(true);
        Ok::<_, Refusal>(value)
    };
    let mut headers = vec![(http::HeaderName::from_static("impersonate-user"), value(&session.user.name, "user")?)];
    for group in &session.user.groups {
        headers.push((http::HeaderName::from_static("impersonate-group"), value(group, "group")?));
    }
    headers.push((http::HeaderName::from_static("impersonate-extra-krateyard-session"), value(&session.audit_id, "session")?));
    Ok(headers)
}

fn bad(field: &str) -> Refusal {
    Refusal::BadRequest { field: field.into(), problem: "cannot be sent to a cluster".into() }
}
