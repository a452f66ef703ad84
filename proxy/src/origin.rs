//! Which pages may write and open sockets: those of exactly our own origins. Reads need no check, since a foreign page cannot read their answers.

use http::{HeaderMap, header};
use krateyard_shared::refusal::Refusal;

use crate::config::Origin;

/// Refuses what a page of another origin sent. A request without Origin comes from a program, and must say so with a bearer token that no page can add.
pub(crate) fn check(headers: &HeaderMap, origins: &[Origin]) -> Result<(), Refusal> {
    let mut sent = headers.get_all(header::ORIGIN).iter();
    match (sent.next(), sent.next()) {
        (None, _) if headers.contains_key(header::AUTHORIZATION) => Ok(()),
        (None, _) => Err(Refusal::ForeignOrigin { origin: "nowhere (no Origin header, no bearer token)".into() }),
        (Some(origin), None) if origins.iter().any(|own| own.as_str().as_bytes() == origin.as_bytes()) => Ok(()),
        (Some(origin), _) => Err(Refusal::ForeignOrigin { origin: String::from_utf8_lossy(origin.as_bytes()).chars().take(100).collect() }),
    }
}

/// Refuses a request that was sent to another host than our own origins', or by a page of another origin.
pub(crate) fn check_host<B>(request: &http::Request<B>, origins: &[Origin]) -> Result<(), Refusal> {
    let foreign = |what: &[u8]| Err(Refusal::ForeignOrigin { origin: String::from_utf8_lossy(what).chars().take(100).collect() });
    let named = request.headers().get(header::HOST).map(|host| host.as_bytes());
    let host = named.or_else(|| request.uri().authority().map(|authority| authority.as_str().as_bytes())).unwrap_or_default();
    if !origins.iter().any(|own| own.as_str().split_once("://").is_some_and(|(_, own)| own.as_bytes() == host)) {
        return foreign(host);
    }
    match request.headers().get(header::ORIGIN) {
        Some(origin) if !origins.iter().any(|own| own.as_str().as_bytes() == origin.as_bytes()) => foreign(origin.as_bytes()),
        _ => Ok(()),
    }
}

/// Whether a browser asks: it cannot read the status of a refused upgrade.
pub(crate) fn is_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ORIGIN) && !headers.contains_key(header::AUTHORIZATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(sent: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            headers.append(*name, value.parse().unwrap());
        }
        check(&headers, &[Origin::parse("https://k.example.com").unwrap()]).is_ok()
    }

    #[test]
    fn only_exactly_our_own_origin_may_write() {
        assert!(verdict(&[("origin", "https://k.example.com")]));
        for foreign in ["null", "", "https://k.example.com.evil.org", "https://k.example.com:8443", "http://k.example.com", "https://K.example.com"] {
            assert!(!verdict(&[("origin", foreign)]), "{foreign}");
            assert!(!verdict(&[("origin", foreign), ("authorization", "Bearer t")]), "{foreign}");
        }
        assert!(!verdict(&[("origin", "https://k.example.com"), ("origin", "https://evil.org")]));
    }

    #[test]
    fn no_origin_at_all_needs_a_bearer_token() {
        assert!(!verdict(&[]));
        assert!(!verdict(&[("cookie", "krateyard=x")]));
        assert!(verdict(&[("authorization", "Bearer t")]));
    }
}
