use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

use super::Session;
use crate::config::{Origin, Secret};

/// Browsers keep this prefix for cookies that are Secure, of this host alone and of the path `/` (RFC 6265bis, 4.1.3.2).
const SECURE: &str = "__Host-krateyard";
/// Over plain HTTP on loopback, with the port after it: there browsers keep cookies by name and host alone.
const PLAIN: &str = "krateyard";

fn name(origins: &[Origin]) -> Cow<'static, str> {
    match origins.first().and_then(|origin| origin.as_str().strip_prefix("http:")?.rsplit_once(':')) {
        _ if is_secure(origins) => SECURE.into(),
        Some((_, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => format!("{PLAIN}-{port}").into(),
        _ => PLAIN.into(),
    }
}

fn is_secure(origins: &[Origin]) -> bool {
    origins.iter().any(Origin::is_https)
}

/// The session id of a request.
pub(super) fn read(headers: &HeaderMap, origins: &[Origin]) -> Option<Secret> {
    let name = name(origins);
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name.as_ref()).map(|(_, id)| Secret::new(id))
}

/// The header that begins a session.
fn set(id: &Secret, origins: &[Origin], lifetime: Duration) -> HeaderValue {
    let (name, secure) = (name(origins), if is_secure(origins) { "; Secure" } else { "" });
    let text = format!("{name}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}", id.reveal(), lifetime.as_secs());
    let mut value = HeaderValue::try_from(text).expect("ids are base64");
    value.set_sensitive(true);
    value
}

/// The header that begins a session and lasts as long as it.
pub(crate) fn set_for(id: &Secret, origins: &[Origin], session: &Session) -> HeaderValue {
    let lifetime_secs = session.expires.saturating_sub(jiff::Timestamp::now().as_second()).max(0);
    set(id, origins, Duration::from_secs(lifetime_secs.unsigned_abs()))
}

/// The header that ends it.
pub(crate) fn clear(origins: &[Origin]) -> HeaderValue {
    set(&Secret::new(""), origins, Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let https = [Origin::parse("https://k.example.com").unwrap()];
        let cookie = set(&Secret::new("id"), &https, Duration::from_secs(60));
        assert_eq!(cookie, "__Host-krateyard=id; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure");
        let http = [Origin::parse("http://127.0.0.1:8470").unwrap()];
        assert_eq!(set(&Secret::new("id"), &http, Duration::from_secs(60)), "krateyard-8470=id; Path=/; HttpOnly; SameSite=Strict; Max-Age=60");
    }

    #[test]
    fn over_https_only_the_prefixed_cookie_counts() {
        let https = [Origin::parse("https://k.example.com").unwrap()];
        let mut headers = HeaderMap::new();
        headers.insert("cookie", "krateyard=planted; other=1".parse().unwrap());
        assert!(read(&headers, &https).is_none());
        headers.insert("cookie", "other=1; __Host-krateyard=mine".parse().unwrap());
        assert_eq!(read(&headers, &https).unwrap().reveal(), "mine");
    }
}
