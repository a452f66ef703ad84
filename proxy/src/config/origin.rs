use std::fmt;
use std::net::SocketAddr;

/// An origin as browsers send it: scheme, host and port, nothing after it, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin.
    ///
    /// # Errors
    /// In words, for what a browser would not send as an origin, or plain HTTP for a host that is not loopback.
    pub fn parse(text: &str) -> Result<Origin, String> {
        let uri: http::Uri = text.parse().map_err(|_| format!("{text:?} is no origin such as https://krateyard.example.com"))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(format!("{text:?} needs a scheme and a host, such as https://krateyard.example.com"));
        };
        if authority.as_str().contains('@') || text.trim_end_matches('/').len() != scheme.len() + 3 + authority.as_str().len() {
            return Err(format!("{text:?} has more than scheme, host and port"));
        }
        match scheme {
            "https" => {}
            "http" if is_loopback(authority.host()) => {}
            "http" => return Err(format!("{text:?} is plain HTTP: a session cookie needs https, except on loopback")),
            _ => return Err(format!("{text:?} is neither https nor http")),
        }
        let default_port = if scheme == "https" { 443 } else { 80 };
        let host = authority.host().to_ascii_lowercase();
        Ok(Origin(match authority.port_u16() {
            Some(port) if port != default_port => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        }))
    }

    /// The origins of a page served from a loopback address.
    pub(super) fn of_loopback(bound: SocketAddr) -> Vec<Origin> {
        let port = bound.port();
        let own = if bound.is_ipv6() { "[::1]".to_owned() } else { bound.ip().to_string() };
        let suffix = if port == 80 { String::new() } else { format!(":{port}") };
        [own, "localhost".to_owned()].into_iter().map(|host| Origin(format!("http://{host}{suffix}"))).collect()
    }

    /// Whether cookies of this origin can be `Secure`.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// As a browser sends it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for (text, origin) in [
            ("https://K.example.com", "https://k.example.com"),
            ("https://k.example.com:443/", "https://k.example.com"),
            ("https://k.example.com:8443", "https://k.example.com:8443"),
            ("http://127.0.0.1:8470", "http://127.0.0.1:8470"),
            ("http://[::1]:8470", "http://[::1]:8470"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), origin);
        }
    }

    #[test]
    fn what_is_no_safe_origin_is_refused() {
        for text in ["", "null", "*", "k.example.com", "http://k.example.com", "https://k.example.com/app", "https://user@k.example.com", "ftp://k.example.com"]
        {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
    }
}
