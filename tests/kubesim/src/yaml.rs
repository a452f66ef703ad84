//! JSON as YAML, the way Kubernetes' encoder writes it: sorted keys, lists at the indent of their key. Long lines are not folded.

use std::fmt::Write as _;

use serde_json::Value;

/// A document.
pub(crate) fn write(value: &Value) -> String {
    let mut out = String::new();
    node(value, 0, &mut out);
    out
}

/// A value on lines of its own.
fn node(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by_key(|(key, _)| *key);
            for (index, (key, value)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    pad(indent, out);
                }
                out.push_str(&text(key, indent));
                out.push(':');
                field(value, indent, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    pad(indent, out);
                }
                out.push_str("- ");
                node(item, indent + 2, out);
            }
        }
        scalar => {
            out.push_str(&flow(scalar, indent));
            out.push('\n');
        }
    }
}

/// A value after its key.
fn field(value: &Value, indent: usize, out: &mut String) {
    let below = match value {
        Value::Object(fields) if !fields.is_empty() => indent + 2,
        Value::Array(items) if !items.is_empty() => indent,
        scalar => {
            let _ = writeln!(out, " {}", flow(scalar, indent));
            return;
        }
    };
    out.push('\n');
    pad(below, out);
    node(value, below, out);
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn flow(value: &Value, indent: usize) -> String {
    match value {
        Value::String(string) => text(string, indent),
        Value::Object(_) => "{}".to_owned(),
        Value::Array(_) => "[]".to_owned(),
        other => other.to_string(),
    }
}

/// A text in the lightest style that keeps it a text.
fn text(string: &str, indent: usize) -> String {
    let has_controls = string.chars().any(|c| c.is_control() && c != '\n');
    if string.contains('\n') && !has_controls && !string.starts_with([' ', '\n']) {
        return block(string, indent + 2);
    }
    if string.is_empty() || reads_as_another_type(string) || has_controls || string.contains('\n') {
        // JSON's escapes are YAML's as well
        return Value::String(string.to_owned()).to_string();
    }
    if needs_quotes(string) { format!("'{}'", string.replace('\'', "''")) } else { string.to_owned() }
}

/// A literal block, with what says how its last line ends.
fn block(string: &str, indent: usize) -> String {
    let body = string.trim_end_matches('\n');
    let ending = match string.len() - body.len() {
        0 => "-",
        1 => "",
        _ => "+",
    };
    let mut out = format!("|{ending}");
    for line in string.strip_suffix('\n').unwrap_or(string).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            pad(indent, &mut out);
            out.push_str(line);
        }
    }
    out
}

/// Whether a plain scalar of these letters would be a number, a boolean, nothing or a time (YAML 1.1).
fn reads_as_another_type(string: &str) -> bool {
    const WORDS: [&str; 13] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "~", ".nan", ".inf", "-.inf"];
    let starts_as_number = string.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    let digits = string.trim_start_matches(['+', '-']);
    let number = starts_as_number && (digits.replace('_', "").parse::<f64>().is_ok() || ["0x", "0b", "0o"].iter().any(|prefix| digits.starts_with(prefix)));
    let bytes = string.as_bytes();
    let is_date = bytes.len() >= 10 && bytes[..10].iter().enumerate().all(|(at, byte)| if matches!(at, 4 | 7) { *byte == b'-' } else { byte.is_ascii_digit() });
    let base60 = starts_as_number && string.contains(':') && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.'));
    WORDS.contains(&string.to_ascii_lowercase().as_str()) || number || is_date || base60 || string == "<<"
}

/// Whether a plain scalar cannot hold these letters.
fn needs_quotes(string: &str) -> bool {
    let starts = string.starts_with(['#', ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', ' '])
        || ["- ", "? ", ": "].iter().any(|indicator| string.starts_with(indicator))
        || matches!(string, "-" | "?" | ":")
        || string.starts_with("---")
        || string.starts_with("...");
    starts || string.contains(": ") || string.contains(" #") || string.ends_with([' ', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_are_written_as_the_server_writes_them() {
        let value = json!({
            "kind": "ConfigMap", "apiVersion": "v1", "immutable": true,
            "metadata": {"name": "frozen", "creationTimestamp": "2026-11-21T20:31:18Z", "resourceVersion": "9163", "managedFields": [{"manager": "recorder", "fieldsV1": {"f:data": {".": {}}}}]},
            "data": {"lines": "a\nb\n", "open": "a\nb", "yes": "no", "colon": "a: b", "empty": "", "star": "*x", "number": "1.5", "plain": "it's plain"},
        });
        let expected = "apiVersion: v1\ndata:\n  colon: 'a: b'\n  empty: \"\"\n  lines: |\n    a\n    b\n  number: \"1.5\"\n  open: |-\n    a\n    b\n  plain: it's plain\n  star: '*x'\n  \"yes\": \"no\"\nimmutable: true\nkind: ConfigMap\nmetadata:\n  creationTimestamp: \"2026-11-21T20:31:18Z\"\n  managedFields:\n  - fieldsV1:\n      f:data:\n        .: {}\n    manager: recorder\n  name: frozen\n  resourceVersion: \"9163\"\n";
        assert_eq!(write(&value), expected);
    }

    #[test]
    fn a_recorded_document_is_written_letter_by_letter() {
        let recorded = "apiVersion: v1\ndata:\n  k: v\nimmutable: true\nkind: ConfigMap\nmetadata:\n  creationTimestamp: \"2026-11-21T20:31:18Z\"\n  managedFields:\n  - apiVersion: v1\n    fieldsType: FieldsV1\n    fieldsV1:\n      f:data:\n        .: {}\n        f:k: {}\n      f:immutable: {}\n    manager: recorder\n    operation: Update\n    time: \"2026-11-21T20:31:18Z\"\n  name: frozen\n  namespace: shop\n  resourceVersion: \"9163\"\n  uid: e39d43c6-33fa-4bbc-8bea-a8a6e879a67c\n";
        let fields = json!({"f:data": {".": {}, "f:k": {}}, "f:immutable": {}});
        let managed = json!([{"manager": "recorder", "operation": "Update", "apiVersion": "v1", "time": "2026-11-21T20:31:18Z", "fieldsType": "FieldsV1", "fieldsV1": fields}]);
        let value = json!({
            "kind": "ConfigMap", "apiVersion": "v1", "data": {"k": "v"}, "immutable": true,
            "metadata": {"name": "frozen", "namespace": "shop", "uid": "e39d43c6-33fa-4bbc-8bea-a8a6e879a67c", "resourceVersion": "9163", "creationTimestamp": "2026-11-21T20:31:18Z", "managedFields": managed},
        });
        assert_eq!(write(&value), recorded);
    }
}
