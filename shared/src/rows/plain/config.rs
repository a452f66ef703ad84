//! Config maps and secrets: what keys they have, and never a value.

use serde_json::Value;

use super::path::{members, text_cell};
use super::{CellValue, PlainFacts};

/// Keys that a row names: a map may have thousands.
const MOST_KEYS: usize = 8;

pub(super) fn config_map(map: &Value) -> PlainFacts {
    let mut keys: Vec<_> = members(map, "/data").into_keys().chain(members(map, "/binaryData").into_keys()).collect();
    keys.sort_unstable();
    PlainFacts::just([counted(keys.len()), CellValue::of_list(keys, MOST_KEYS)])
}

pub(super) fn secret(secret: &Value) -> PlainFacts {
    let data = members(secret, "/data");
    let keys = data.iter().map(|(key, value)| format!("{key} ({} B)", decoded_bytes(value.as_str().unwrap_or_default())));
    PlainFacts::just([text_cell(secret, "/type"), counted(data.len()), CellValue::of_list(keys, MOST_KEYS)])
}

fn counted(keys: usize) -> CellValue {
    CellValue::Number(i64::try_from(keys).unwrap_or(i64::MAX))
}

/// How many bytes a base64 text stands for (RFC 4648: four letters for three bytes, `=` for those that are missing).
fn decoded_bytes(base64: &str) -> usize {
    base64.len() / 4 * 3 - base64.bytes().rev().take_while(|byte| *byte == b'=').count().min(base64.len() / 4 * 3)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_names_its_keys_and_their_sizes_and_no_value() {
        let object = json!({"type": "Opaque", "data": {"password": "c2Vlc2F3", "user": "YQ==", "empty": ""}});
        let facts = secret(&object);
        let keys = ["empty (0 B)", "password (6 B)", "user (1 B)"].map(str::to_owned).to_vec();
        assert_eq!(facts.cells, [CellValue::Text("Opaque".into()), CellValue::Number(3), CellValue::List(keys, 0)]);
    }
}
