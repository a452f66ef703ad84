//! Rules about Cargo.toml files.

use super::Finding;
use super::source::Source;

/// A member names what it uses, and the workspace says which version; lints likewise.
pub(super) fn inherited(source: &Source) -> Vec<Finding> {
    if !source.path.ends_with("/Cargo.toml") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut section = "";
    let mut lints = false;
    for (line, text) in source.lines() {
        let text = text.trim();
        if let Some(name) = text.strip_prefix('[') {
            section = name.trim_end_matches(']');
            continue;
        }
        lints |= section == "lints" && text == "workspace = true";
        let Some((key, value)) = text.split_once('=').filter(|_| section.contains("dependencies")) else { continue };
        let own_version = value.contains("version") || key.trim() == "version" || (value.trim().starts_with('"') && section.ends_with("dependencies"));
        if own_version {
            found.push(Finding { line, what: text.to_owned() });
        }
    }
    if !lints {
        found.push(Finding { line: 0, what: "has no `[lints] workspace = true`".into() });
    }
    found
}
