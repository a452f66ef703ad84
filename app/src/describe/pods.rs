//! Pods, and what they use.

use krateyard_shared::kinds::Kind;
use krateyard_shared::status::Health;
use serde_json::Value;

use super::build::{Facts, Seen, cell, linked, table};
use super::read::{items, name, pairs, text};
use super::{Section, To};

pub(super) fn pod(seen: &Seen<'_>) -> Vec<Section> {
    let (spec, status) = (seen.spec(), seen.status());
    let mut facts = Facts::default();
    let node = name(&spec["nodeName"]);
    facts.link("Node", node, seen.wide(Kind::Node, node), text(&status["hostIP"]));
    let nominated = name(&status["nominatedNodeName"]);
    facts.link("Nominated", nominated, seen.wide(Kind::Node, nominated), "others are evicted for it");
    facts.add("Address", text(&status["podIP"]));
    let account = name(&spec["serviceAccountName"]);
    facts.link("Account", account, seen.near(Kind::ServiceAccount, account), "");
    facts.add("Class", text(&status["qosClass"]));
    let priority = name(&spec["priorityClassName"]);
    facts.link("Priority", priority, seen.wide(Kind::PriorityClass, priority), text(&spec["priority"]));
    facts.add("Runs on", pairs(&spec["nodeSelector"]).join(", "));
    if spec["hostNetwork"] == true {
        facts.toned("Network", "the node's own", Health::Warn);
    }
    facts.ago("Started", &status["startTime"], seen.now);
    vec![facts.section(), volumes(seen, spec)]
}

/// What is mounted, and where it comes from.
pub(super) fn volumes(seen: &Seen<'_>, spec: &Value) -> Section {
    let rows = items(&spec["volumes"]).iter().filter(|volume| !is_token(volume)).map(|volume| {
        let (what, source) = source(volume);
        let source = match uses(volume).into_iter().next() {
            Some((kind, source)) if source == name_of(volume) => linked(source, seen.near(kind, source)),
            _ => cell(source),
        };
        vec![cell(text(&volume["name"])), cell(what), source]
    });
    table("Volumes", &["Name", "Kind", "From"], rows)
}

/// The volume that the service account admission plugin adds to each pod; nobody asked for it.
fn is_token(volume: &Value) -> bool {
    name(&volume["name"]).starts_with("kube-api-access-")
}

fn name_of(volume: &Value) -> &str {
    let of = [&volume["configMap"]["name"], &volume["secret"]["secretName"], &volume["persistentVolumeClaim"]["claimName"]];
    of.into_iter().map(name).find(|name| !name.is_empty()).unwrap_or_default()
}

/// What kind of volume, in words, and where it comes from.
fn source(volume: &Value) -> (String, String) {
    let said = |what: &str, from: String| (what.to_owned(), from);
    let is = |field: &str| !volume[field].is_null();
    match () {
        () if is("configMap") => said("config map", name_of(volume).into()),
        () if is("secret") => said("secret", name_of(volume).into()),
        () if is("persistentVolumeClaim") => said("claim", name_of(volume).into()),
        () if is("emptyDir") => said("empty", [&volume["emptyDir"]["medium"], &volume["emptyDir"]["sizeLimit"]].map(text).join(" ").trim().to_owned()),
        () if is("hostPath") => said("of the node", text(&volume["hostPath"]["path"])),
        () if is("projected") => said("projected", uses(volume).into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(", ")),
        () if is("downwardAPI") => said("of the pod", String::new()),
        () if is("nfs") => said("NFS", format!("{}:{}", text(&volume["nfs"]["server"]), text(&volume["nfs"]["path"]))),
        () if is("csi") => said("CSI", text(&volume["csi"]["driver"])),
        () if is("ephemeral") => said("ephemeral claim", text(&volume["ephemeral"]["volumeClaimTemplate"]["spec"]["storageClassName"])),
        () if is("image") => said("image", text(&volume["image"]["reference"])),
        () => said(volume.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).find(|key| *key != "name").unwrap_or("unknown"), String::new()),
    }
}

/// What a volume mounts.
fn uses(volume: &Value) -> Vec<(Kind, &str)> {
    let mut found = Vec::new();
    let mut push = |kind: Kind, value| found.extend(Some((kind, name(value))).filter(|(_, name)| !name.is_empty()));
    push(Kind::ConfigMap, &volume["configMap"]["name"]);
    push(Kind::Secret, &volume["secret"]["secretName"]);
    push(Kind::PersistentVolumeClaim, &volume["persistentVolumeClaim"]["claimName"]);
    for projected in items(&volume["projected"]["sources"]) {
        push(Kind::ConfigMap, &projected["configMap"]["name"]);
        push(Kind::Secret, &projected["secret"]["name"]);
    }
    found
}

/// What a pod spec names: config maps, secrets, claims.
pub(super) fn used_by(spec: &Value) -> Vec<(Kind, &str)> {
    let mut found: Vec<(Kind, &str)> = items(&spec["volumes"]).iter().filter(|volume| !is_token(volume)).flat_map(uses).collect();
    for container in items(&spec["initContainers"]).iter().chain(items(&spec["containers"])) {
        let from = items(&container["envFrom"]).iter().map(|from| (&from["configMapRef"]["name"], &from["secretRef"]["name"]));
        let one = items(&container["env"]).iter().map(|env| (&env["valueFrom"]["configMapKeyRef"]["name"], &env["valueFrom"]["secretKeyRef"]["name"]));
        for (map, secret) in from.chain(one) {
            found.push((Kind::ConfigMap, name(map)));
            found.push((Kind::Secret, name(secret)));
        }
    }
    found.extend(items(&spec["imagePullSecrets"]).iter().map(|secret| (Kind::Secret, name(&secret["name"]))));
    found.retain(|(_, name)| !name.is_empty());
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|used| seen.insert(*used));
    found
}

/// The account of a pod template.
pub(super) fn account(seen: &Seen<'_>, spec: &Value, facts: &mut Facts) {
    let account = name(&spec["serviceAccountName"]);
    let to: To = seen.near(Kind::ServiceAccount, account);
    facts.link("Account", account, to, "");
}
