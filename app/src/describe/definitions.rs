//! Custom resource definitions.

use krateyard_shared::status::Health;

use super::build::{Facts, Seen, cell, table};
use super::read::{items, joined, name, text};
use super::{Section, To};

pub(super) fn definition(seen: &Seen<'_>) -> Vec<Section> {
    let spec = seen.spec();
    let names = &spec["names"];
    let mut facts = Facts::default();
    let (plural, group) = (name(&names["plural"]), name(&spec["group"]));
    facts.link("Objects", plural, To::List { resource: Some(format!("{plural}.{group}")), namespace: None }, "");
    facts.add("Kind", text(&names["kind"]));
    facts.add("Group", text(&spec["group"]));
    facts.add("Short", joined(&names["shortNames"]));
    facts.add("Categories", joined(&names["categories"]));
    facts.say("Scope", if spec["scope"] == "Cluster" { "cluster-wide" } else { "in namespaces" });
    let conversion = name(&spec["conversion"]["strategy"]);
    if conversion == "Webhook" {
        let service = &spec["conversion"]["webhook"]["clientConfig"]["service"];
        facts.noted("Converts", text(&service["name"]), format!("a webhook in {}", text(&service["namespace"])));
    }
    if items(&seen.status()["storedVersions"]).len() > 1 {
        facts.toned("Stored as", joined(&seen.status()["storedVersions"]), Health::Warn);
    }
    let versions = items(&spec["versions"]).iter().map(|version| {
        let served = if version["served"] == true { "served" } else { "not served" };
        let stored = if version["storage"] == true { "stored" } else { "" };
        let note = if version["deprecated"] == true { "deprecated" } else { "" };
        vec![cell(text(&version["name"])), cell(served), cell(stored), cell(note)]
    });
    vec![facts.section(), table("Versions", &["Version", "Served", "Stored", ""], versions)]
}
