//! The one file that turns refusals into HTTP statuses and close codes, and an API server's errors into refusals.

use axum::Json;
use axum::extract::ws::CloseFrame;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use krateyard_shared::refusal::{ErrorBody, Refusal};
use kube::client::AuthError;

/// RFC 6455, 5.5: a control frame holds 125 bytes, two of them the code.
const MAX_REASON: usize = 123;

/// A refusal as the answer to a request.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) Refusal);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Refused {
        Refused(refusal)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let retry_after = match &self.0 {
            Refusal::Limit { retry_after_secs, .. } => Some(*retry_after_secs),
            _ => None,
        };
        let mut response = (status(&self.0), Json(ErrorBody::from(self.0))).into_response();
        if let Some(secs) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// The status of a refusal.
pub(crate) fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Unauthenticated | Refusal::Expired => StatusCode::UNAUTHORIZED,
        Refusal::Forbidden { .. } | Refusal::ProxyForbidden { .. } | Refusal::ForeignOrigin { .. } => StatusCode::FORBIDDEN,
        Refusal::Limit { .. } => StatusCode::TOO_MANY_REQUESTS,
        Refusal::NotFound { .. } => StatusCode::NOT_FOUND,
        Refusal::Gone { .. } => StatusCode::GONE,
        Refusal::UpstreamDown { .. } => StatusCode::BAD_GATEWAY,
        Refusal::BadRequest { .. } => StatusCode::BAD_REQUEST,
        Refusal::Rejected { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::StoreDown { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The close frame of a refusal: 4000 + its status, so 4400-4499 mean "do not reconnect" and 4502 "try again".
pub(crate) fn close(refusal: &Refusal) -> CloseFrame {
    CloseFrame { code: 4000 + status(refusal).as_u16(), reason: short(&refusal.to_string()).into() }
}

/// A close reason that fits into its frame.
pub(crate) fn short(reason: &str) -> String {
    let mut end = reason.len().min(MAX_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason[..end].to_owned()
}

/// Whose rights an upstream request was made with: a 403 means something else for each.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Actor {
    /// The person's, by impersonation.
    Person,
    /// The proxy's own.
    Proxy,
}

/// What was asked of a cluster, for the refusal that names it.
#[derive(Debug, Clone)]
pub(crate) struct Asked<'a> {
    pub(crate) actor: Actor,
    pub(crate) verb: &'a str,
    /// As in RBAC, with group and subresource: `pods/log`.
    pub(crate) resource: String,
    pub(crate) namespace: Option<&'a str>,
    /// Empty for a collection.
    pub(crate) name: &'a str,
}

/// A cluster that answers the proxy itself with 401.
pub(crate) const UNACCEPTED: &str = "it does not accept the credentials that krateyard has for it";

/// What the proxy acts as. Since 1.36 an API server does not say which of them it refused.
const IDENTITIES: &str = "users, groups or serviceaccounts";

/// What an API server's error means for the person who asked.
pub(crate) fn of_kube(error: &kube::Error, asked: &Asked<'_>) -> Refusal {
    match error {
        kube::Error::Api(status) => of_status(status, asked),
        other => Refusal::UpstreamDown { cause: words(other) },
    }
}

/// What an API server's Status means for the person who asked.
pub(crate) fn of_status(status: &kube::core::Status, asked: &Asked<'_>) -> Refusal {
    let Asked { actor, verb, resource, namespace, name } = asked;
    match (status.code, actor) {
        // Constrained impersonation refuses with these words (recordings, surprise 54): then it is the proxy that lacks the right.
        (403, Actor::Person) if !status.message.contains("impersonate") => {
            Refusal::Forbidden { verb: (*verb).into(), resource: resource.clone(), namespace: namespace.map(Into::into) }
        }
        (403, Actor::Person) => Refusal::ProxyForbidden { verb: "impersonate".into(), resource: IDENTITIES.into(), namespace: None },
        (403, Actor::Proxy) => Refusal::ProxyForbidden { verb: (*verb).into(), resource: resource.clone(), namespace: namespace.map(Into::into) },
        (404, _) if name.is_empty() => Refusal::NotFound { what: resource.clone() },
        (404, _) => Refusal::NotFound { what: format!("{resource} {name}") },
        (410, _) => Refusal::Gone { what: format!("{resource} {name}") },
        (429, _) => {
            let secs = status.details.as_ref().map_or(1, |details| details.retry_after_seconds.max(1));
            Refusal::Limit { which: "requests to the cluster".into(), retry_after_secs: secs }
        }
        (401, _) => Refusal::UpstreamDown { cause: UNACCEPTED.into() },
        // The kubelet's own words for a container that does not run: 500, as text (recordings, exec/v5-waiting-container).
        (500, _) if status.message.contains("container not found") => Refusal::Rejected { message: "the container does not run now".into() },
        (400..=499, _) => Refusal::Rejected { message: status.message.clone() },
        _ => Refusal::UpstreamDown { cause: if status.message.is_empty() { format!("status {}", status.code) } else { status.message.clone() } },
    }
}

/// Why a request could not be made, for people: of a credential plugin only a little of what it complained of, and nothing of what it answered.
pub(crate) fn words(error: &kube::Error) -> String {
    let kube::Error::Auth(error) = error else { return cause(error) };
    match error {
        AuthError::AuthExecRun { out, .. } => {
            let said = String::from_utf8_lossy(&out.stderr);
            // What is long without a space may be a token.
            let said: Vec<&str> = said.split_whitespace().map(|word| if word.len() > 60 { "..." } else { word }).take(40).collect();
            let said = if said.is_empty() { String::new() } else { format!(": {}", said.join(" ")) };
            format!("the kubeconfig's credential plugin failed ({}){said}", out.status)
        }
        AuthError::AuthExecStart(error) => format!("the kubeconfig's credential plugin cannot be started: {error}"),
        AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed => "the kubeconfig's credential plugin answers with no credential".into(),
        AuthError::ReadTokenFile(error, path) => format!("the kubeconfig's token file {} cannot be read: {error}", path.display()),
        other => cause(other),
    }
}

/// The innermost cause of a failed request, in words: `Connection refused (os error 111)`.
pub(crate) fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    // rustls' words for what people can do something about.
    for (sign, words) in [
        ("CertificateExpired", "the client certificate that it was shown has expired"),
        ("certificate expired", "its certificate has expired"),
        ("UnknownIssuer", "its certificate is signed by nobody that the kubeconfig names"),
    ] {
        if text.contains(sign) {
            return words.into();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(actor: Actor) -> Asked<'static> {
        Asked { actor, verb: "get", resource: "pods/log".into(), namespace: Some("web"), name: "a" }
    }

    fn api(code: u16, message: &str) -> kube::core::Status {
        serde_json::from_value(serde_json::json!({"status": "Failure", "code": code, "message": message})).unwrap()
    }

    #[test]
    fn a_403_names_who_lacks_which_right() {
        let person = of_status(&api(403, "no"), &asked(Actor::Person));
        assert_eq!(person, Refusal::Forbidden { verb: "get".into(), resource: "pods/log".into(), namespace: Some("web".into()) });
        assert!(matches!(of_status(&api(403, "no"), &asked(Actor::Proxy)), Refusal::ProxyForbidden { .. }));
        let refused = r#"User "k" cannot impersonate-on:user-info:list resource "pods""#;
        assert!(matches!(of_status(&api(403, refused), &asked(Actor::Person)), Refusal::ProxyForbidden { verb, .. } if verb == "impersonate"));
    }

    #[test]
    fn what_passes_is_told_from_what_is_settled() {
        for (code, passing) in [(404, false), (400, false), (409, false), (429, true), (500, true), (503, true)] {
            let refusal = of_status(&api(code, "words"), &asked(Actor::Person));
            assert_eq!(refusal.is_passing(), passing, "{code}");
            // 4400-4499 = do not reconnect; a limit says by itself when to.
            assert_eq!((4400..4500).contains(&close(&refusal).code), code != 500 && code != 503, "{code}");
        }
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let refusal = Refusal::Rejected { message: "é".repeat(100) };
        let reason = close(&refusal).reason;
        assert_eq!(reason.as_str(), "é".repeat(61));
    }
}
