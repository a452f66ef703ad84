//! WIRE.md says what the code says: a message or a field that is on one side only fails here.
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::BTreeSet;

use krateyard_shared::scope::Scope;

const DOCUMENT: &str = include_str!("../WIRE.md");
const SOURCES: [&str; 4] =
    [include_str!("../src/watch.rs"), include_str!("../src/identity.rs"), include_str!("../src/scope.rs"), include_str!("../src/refusal.rs")];
/// What of these sources goes over the socket.
const TYPES: [&str; 8] = ["ClientMessage", "ServerMessage", "Position", "Beat", "Resource", "Freshness", "Scope", "Refusal"];

/// What has a number: `Type`, `Type.3 Delta`, or `Type.3 Delta.0 id`.
type Said = BTreeSet<String>;

/// The numbers of the code: each stands in an attribute, before the name that it is of.
fn of_code() -> Said {
    let mut said = Said::new();
    for source in SOURCES {
        let (mut outer, mut variant, mut number) = (None::<&str>, None::<String>, None::<&str>);
        for line in source.lines() {
            let text = line.trim();
            let indent = line.len() - line.trim_start().len();
            if let Some(rest) = text.strip_prefix("pub enum ").or_else(|| text.strip_prefix("pub struct ")).filter(|_| indent == 0) {
                outer = rest.split([' ', '<', '(']).next().filter(|name| TYPES.contains(name));
                variant = None;
                said.extend(outer.map(str::to_owned));
            }
            let Some(outer) = outer else { continue };
            if let Some(rest) = text.strip_prefix("#[n(") {
                number = rest.split(')').next();
            } else if text.starts_with("#[") || text.starts_with("//") {
            } else if let Some(found) = number.take() {
                let name: String = text.trim_start_matches("pub ").chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let is_variant = name.starts_with(char::is_uppercase);
                if is_variant {
                    variant = Some(format!("{outer}.{found} {name}"));
                    said.extend(variant.clone());
                } else {
                    said.insert(format!("{}.{found} {name}", variant.as_deref().unwrap_or(outer)));
                }
            }
            if line == "}" {
                number = None;
                variant = None;
            }
        }
    }
    said
}

fn of_document() -> Said {
    let mut said = Said::new();
    let (mut outer, mut inner) = (None::<&str>, String::new());
    for line in DOCUMENT.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            let name = title.rsplit(' ').next().unwrap();
            outer = TYPES.contains(&name).then_some(name);
            inner = name.to_owned();
            said.extend(outer.map(str::to_owned));
        } else if let (Some(title), Some(outer)) = (line.strip_prefix("### "), outer) {
            inner = format!("{outer}.{title}");
            said.insert(inner.clone());
        } else if let (Some(row), Some(_)) = (line.strip_prefix("| "), outer) {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            if cells[0].starts_with(|c: char| c.is_ascii_digit()) {
                assert!(cells[2].len() > 2, "{inner}: {line} has no meaning");
                said.insert(format!("{inner}.{} {}", cells[0], cells[1]));
            }
        }
    }
    said
}

#[test]
fn the_document_and_the_code_name_the_same_messages_and_fields() {
    let (code, document) = (of_code(), of_document());
    assert!(code.len() > 80, "the code is not read as it is written any more: {code:?}");
    let missing: Vec<_> = code.difference(&document).collect();
    let invented: Vec<_> = document.difference(&code).collect();
    assert!(missing.is_empty() && invented.is_empty(), "WIRE.md lacks {missing:?}, the code lacks {invented:?}");
}

#[test]
fn its_examples_of_scopes_are_scopes() {
    let line = DOCUMENT.lines().find(|line| line.starts_with("Scopes as JSON")).unwrap();
    let examples: Vec<_> = line.split('`').skip(1).step_by(2).filter(|text| text.starts_with(['"', '{'])).collect();
    assert_eq!(examples.len(), 9, "one of each");
    for example in examples {
        serde_json::from_str::<Scope>(example).unwrap_or_else(|error| panic!("{example}: {error}"));
    }
}
