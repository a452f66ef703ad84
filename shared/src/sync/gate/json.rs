//! JSON inside of a text: of embedded objects and of formats (Yjs, `UpdateEncoderV1.writeJSON`).

use serde::de::IgnoredAny;

use super::Refused;
use super::walk::Walk;

/// JSON, after its length in bytes: what does not parse would throw wherever Yjs reads it.
pub(super) fn check(walk: &mut Walk<'_>, what: &'static str) -> Result<(), Refused> {
    let at = walk.at();
    let text = walk.text(what)?;
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => depth = walk.deeper(depth)?,
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    serde_json::from_str::<IgnoredAny>(text).map(drop).map_err(|_| Refused::Malformed { what, at })
}
