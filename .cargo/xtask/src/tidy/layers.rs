//! Rules about what may know what.

use super::Finding;
use super::source::{Source, names};

/// Plain Rust, tested natively; in any order among themselves.
const PLAIN: [&str; 8] =
    ["app/src/stream", "app/src/rows", "app/src/refresh", "app/src/yard", "app/src/canvas", "app/src/spotlight", "app/src/logs", "app/src/describe"];
/// Reactive, without the browser. The Yard's own handle is one of them, since nothing outside `yard` may name yrs.
const STORE: [&str; 2] = ["app/src/store", "app/src/yard/handle"];
/// Those that talk to the browser.
const EDGE: [&str; 3] = ["app/src/browser", "app/src/connection", "app/src/terminal"];

pub(super) fn shared_is_plain(source: &Source) -> Vec<Finding> {
    if !source.is_in(&["shared"]) {
        return Vec::new();
    }
    let words = ["async", "axum", "env", "fs", "http", "hyper", "Instant", "kube", "leptos", "net", "process", "SystemTime", "thread", "tokio", "web_sys"];
    // Its tests read what was recorded.
    let code = source.code().filter(|_| source.has_extension(&["rs"]) && source.is_in(&["shared/src"]));
    let mut found = lines_that(code, |line| words.iter().any(|word| names(line, word) && (is_path(line, word) || line.contains("async "))));
    if source.has_extension(&["toml"]) {
        found.extend(lines_that(source.lines(), |line| ["axum", "hyper", "kube", "leptos", "tokio", "web-sys"].iter().any(|name| line.starts_with(name))));
    }
    found
}

/// Views handle what the browser tells them, so they may name its events (`…Event`) and elements (`Element`, `Html…`, `Node`, `DomRect`, `EventTarget`);
/// what they want from the browser they ask of `crate::browser`.
pub(super) fn browser_at_the_edge(source: &Source) -> Vec<Finding> {
    if !source.is_in(&["app/src"]) || source.is_in(&EDGE) {
        return Vec::new();
    }
    let view = source.is_in(&["app/src/view"]);
    lines_that(source.code(), |line| {
        let other = ["js_sys", "gloo_net", "gloo_timers", "gloo", "idb"].iter().any(|name| names(line, name));
        let web = names(line, "web_sys") && !(view && web_sys_items(line).iter().all(|item| is_event_or_element(item)));
        other || web
    })
}

pub(super) fn yrs_in_yard(source: &Source) -> Vec<Finding> {
    only_in(source, &["app/src/yard"], "yrs")
}

pub(super) fn xterm_in_terminal(source: &Source) -> Vec<Finding> {
    only_in(source, &["app/src/terminal"], "xterm_js_rs")
}

/// shared <- plain <- store <- view; the edge beside them. A test may look at a layer from the one that uses it.
pub(super) fn leftwards(source: &Source) -> Vec<Finding> {
    if source.path.ends_with("/tests.rs") {
        return Vec::new();
    }
    let forbidden: &[&str] = if source.is_in(&STORE) {
        &["view", "browser", "connection", "terminal"]
    } else if source.is_in(&PLAIN) {
        &["leptos", "store", "view", "browser", "connection", "terminal"]
    } else {
        &[]
    };
    lines_that(source.code(), |line| forbidden.iter().any(|module| if *module == "leptos" { names(line, module) } else { imports(line, module) }))
}

/// Clippy bans what tokio and std have; this finds the rest.
pub(super) fn bounded(source: &Source) -> Vec<Finding> {
    if !source.is_in(&["app/src", "proxy/src", "tests/kubesim/src"]) {
        return Vec::new();
    }
    lines_that(source.code(), |line| names(line, "unbounded") || names(line, "unbounded_channel"))
}

fn only_in(source: &Source, modules: &[&str], name: &str) -> Vec<Finding> {
    if !source.is_in(&["app/src"]) || source.is_in(modules) {
        return Vec::new();
    }
    lines_that(source.code(), |line| names(line, name))
}

fn lines_that<'a>(lines: impl Iterator<Item = (usize, &'a str)>, breaks: impl Fn(&str) -> bool) -> Vec<Finding> {
    lines.filter(|(_, line)| breaks(line)).map(|(line, text)| Finding { line, what: text.trim().to_owned() }).collect()
}

/// `word::` or `::word`, or the head of a `use`.
fn is_path(line: &str, word: &str) -> bool {
    line.contains(&format!("{word}::")) || line.contains(&format!("::{word}")) || line.contains(&format!("use {word}"))
}

/// `crate::module` or `crate::{…, module…}`.
fn imports(line: &str, module: &str) -> bool {
    let after = |prefix: &str| line.match_indices(prefix).map(|(at, _)| line[at + prefix.len()..].to_owned()).collect::<Vec<_>>();
    let direct = after("crate::").iter().any(|rest| names(rest, module) && rest.starts_with(module));
    let grouped = after("crate::{").iter().any(|group| group.split([',', '}']).any(|item| item.trim().split("::").next() == Some(module)));
    direct || grouped
}

/// The names that follow `web_sys::` in a line, alone or in braces.
fn web_sys_items(line: &str) -> Vec<&str> {
    let mut items = Vec::new();
    for (_, rest) in line.match_indices("web_sys::").map(|(at, found)| (at, &line[at + found.len()..])) {
        match rest.strip_prefix('{') {
            Some(group) => items.extend(group.split('}').next().unwrap_or_default().split(',').map(str::trim).filter(|item| !item.is_empty())),
            None => items.push(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()),
        }
    }
    if items.is_empty() { vec!["web_sys"] } else { items }
}

fn is_event_or_element(item: &str) -> bool {
    item.ends_with("Event") || item.starts_with("Html") || ["DomRect", "Element", "EventTarget", "Node"].contains(&item)
}
