//! The query of a request: decoded pairs, with Kubernetes' own ideas of booleans and numbers.

use crate::failure::Failure;

/// No API server knows this one.
const SWAPS: &str = "kubesim.swaps";

/// Decoded query parameters in the order of the request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let pair = |part: &str| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (percent_decode(key, true), percent_decode(value, true))
        };
        Self(text.split('&').filter(|part| !part.is_empty()).map(pair).collect())
    }

    /// The first value of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first value of this name, unless it is empty.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The same, so many versions earlier; never the beginning of all, which means something else.
    pub(crate) fn earlier(mut self, versions: u64) -> Self {
        for (_, value) in self.0.iter_mut().filter(|(key, _)| key == "resourceVersion") {
            if let Some(version) = value.parse::<u64>().ok().filter(|version| *version > 0) {
                *value = version.saturating_sub(versions).max(1).to_string();
            }
        }
        self
    }

    /// The same, of a watch that swaps changes.
    pub(crate) fn swapping(mut self) -> Self {
        self.0.push((SWAPS.to_owned(), String::new()));
        self
    }

    /// Whether it was made so.
    pub(crate) fn swaps(&self) -> bool {
        self.get(SWAPS).is_some()
    }

    /// All values of this name.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }

    /// Anything but `false` and `0` is true, `maybe` as well (recordings watch/bad-watch-value).
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !matches!(value, "false" | "0"))
    }

    /// # Errors
    /// 400 in Go's words when the value is no whole number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Failure> {
        let parse = |value: &str| value.parse().map_err(|_| Failure::bad_request(format!("strconv.ParseInt: parsing \"{value}\": invalid syntax")));
        self.filled(name).map(parse).transpose()
    }
}

/// Decodes `%41`, and `+` as a space where it means one.
pub(crate) fn percent_decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |offset: usize| bytes.get(at + offset).and_then(|byte| char::from(*byte).to_digit(16));
        match (bytes[at], hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 2;
            }
            (b'+', ..) if plus_is_space => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
