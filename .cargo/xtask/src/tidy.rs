//! The rules that hold this code base together, as checks on its text. What the compiler and clippy can hold is theirs; here stands what is absent.

mod layers;
mod manifests;
mod source;
mod text;

use std::fs;

use source::Source;

use crate::workspace::{Failure, Workspace};

/// One rule: its name, and what of a file breaks it.
struct Rule {
    name: &'static str,
    check: fn(&Source) -> Vec<Finding>,
}

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// From 1; 0 for the whole file.
    line: usize,
    /// What stands there.
    what: String,
}

const RULES: [Rule; 11] = [
    Rule { name: "raw colours stand in style/tokens.css only", check: text::raw_colours },
    Rule { name: "the page asks no other origin for anything", check: text::other_origins },
    Rule { name: "nothing names a path of one machine or the host of a registry", check: text::machine_names },
    Rule { name: "a file past 400 lines has its reason in the list", check: text::too_long },
    Rule { name: "shared does no IO, reads no clock and knows no framework", check: layers::shared_is_plain },
    Rule { name: "only browser, connection and terminal talk to the browser; views may name its events and elements", check: layers::browser_at_the_edge },
    Rule { name: "only yard names yrs", check: layers::yrs_in_yard },
    Rule { name: "only terminal names xterm_js_rs", check: layers::xterm_in_terminal },
    Rule { name: "layers of the app import leftwards", check: layers::leftwards },
    Rule { name: "nothing of ours is unbounded", check: layers::bounded },
    Rule { name: "versions and lints stand in the workspace's Cargo.toml only", check: manifests::inherited },
];

/// # Errors
/// When a rule is broken; after all findings are printed.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let sources = source::all(&workspace.root).map_err(Failure::at("reading the sources"))?;
    let mut broken = 0;
    for rule in &RULES {
        for source in &sources {
            for finding in (rule.check)(source) {
                broken += 1;
                eprintln!("{}:{}: {}\n  rule: {}", source.path, finding.line, finding.what, rule.name);
            }
        }
    }
    for (path, what) in text::DELIBERATELY_LONG.iter().filter(|(path, _)| !fs::exists(workspace.root.join(path)).unwrap_or(true)) {
        broken += 1;
        eprintln!("{path} is in the list of long files ({what}) and is gone");
    }
    println!("tidy: {} rules, {} files, {broken} findings", RULES.len(), sources.len());
    if broken == 0 { Ok(()) } else { Err(Failure::new(format!("tidy found {broken} broken rules"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&Source) -> Vec<Finding>;

    /// What breaks a rule, and what stands near it and does not: rule, path, broken, kept.
    const FIXTURES: &[(Check, &str, &str, &str)] = &[
        (text::raw_colours, "style/app.css", ".a { color: #4dd6e8; }", ".a { color: var(--accent); background: url(#pod) }"),
        (text::raw_colours, "style/app.css", ".a { color: rgb(0 0 0); }", ".a { color: color-mix(in srgb, var(--a) 5%, var(--b)); }"),
        (text::raw_colours, "app/src/view/krate.rs", "let edge = \"#4dd6e8\";", "view! { <use href=\"#bad\"/> }"),
        (text::raw_colours, "app/index.html", "<body bgcolor=\"#0b0e13\">", "<meta name=\"theme-color\" content=\"#0b0e13\">"),
        (text::other_origins, "app/index.html", "<script src=\"https://cdn.example/x.js\">", "<svg xmlns=\"http://www.w3.org/2000/svg\">"),
        (text::other_origins, "dist/fonts-01.css", "src: url(//fonts.example/a.woff2)", "src: url(\"/fonts/a.woff2\")"),
        (layers::shared_is_plain, "shared/src/time.rs", "let now = std::time::SystemTime::now();", "/// No SystemTime here.\nfn age(now: i64) {}"),
        (layers::shared_is_plain, "shared/src/rows.rs", "use kube::Resource;", "use crate::kinds::Kind;"),
        (layers::browser_at_the_edge, "app/src/store/rows.rs", "web_sys::console::log_1(&x);", "let web = 1; // web_sys is elsewhere"),
        (layers::browser_at_the_edge, "app/src/view/krate.rs", "let window = web_sys::window();", "fn drag(event: web_sys::PointerEvent) {}"),
        (layers::browser_at_the_edge, "app/src/view.rs", "use web_sys::{KeyboardEvent, WebSocket};", "use web_sys::{HtmlElement, KeyboardEvent};"),
        (layers::browser_at_the_edge, "app/src/view.rs", "gloo_timers::callback::Timeout::new(1, f);", "crate::browser::timer::after(1, f);"),
        (layers::yrs_in_yard, "app/src/store/yard.rs", "use yrs::Doc;", "use crate::yard::YardState;"),
        (layers::yrs_in_yard, "app/src/yardage.rs", "yrs::Doc::new()", "let years = 1;"),
        (layers::xterm_in_terminal, "app/src/view/shell.rs", "use xterm_js_rs::Terminal;", "use crate::terminal::Screen;"),
        (layers::leftwards, "app/src/rows/pods.rs", "use leptos::prelude::*;", "use crate::stream::Stream;"),
        (layers::leftwards, "app/src/yard/state.rs", "use leptos::prelude::*;", "use yrs::Doc;"),
        (layers::leftwards, "app/src/yard/handle.rs", "use crate::browser::timer;", "use leptos::prelude::*;"),
        (layers::leftwards, "app/src/store.rs", "use crate::view::krate;", "use leptos::prelude::*;"),
        (layers::leftwards, "app/src/spotlight/rank.rs", "use crate::{rows, store};", "use crate::{rows, stream};"),
        (layers::bounded, "proxy/src/hub.rs", "let (a, b) = mpsc::unbounded_channel();", "let (a, b) = mpsc::channel(16);"),
        (
            manifests::inherited,
            "proxy/Cargo.toml",
            "[dependencies]\naxum = \"0.8\"\n[lints]\nworkspace = true",
            "[dependencies]\naxum.workspace = true\n[lints]\nworkspace = true",
        ),
        (
            manifests::inherited,
            "app/Cargo.toml",
            "[dependencies.web-sys]\nversion = \"0.3\"\n[lints]\nworkspace = true",
            "[dependencies.web-sys]\nworkspace = true\n[lints]\nworkspace = true",
        ),
        (manifests::inherited, "proxy/Cargo.toml", "[dependencies]\naxum.workspace = true", "[package]\nversion.workspace = true\n[lints]\nworkspace = true"),
    ];

    #[test]
    fn every_rule_finds_what_breaks_it_and_nothing_beside() {
        for (check, path, broken, kept) in FIXTURES {
            assert!(!check(&Source::new(path, broken)).is_empty(), "{path}: {broken}");
            assert_eq!(check(&Source::new(path, kept)), [], "{path}: {kept}");
        }
    }

    #[test]
    fn long_files_and_machine_names_are_found() {
        let long = "fn f() {}\n".repeat(401);
        assert_eq!(text::too_long(&Source::new("app/src/rows.rs", &long)).len(), 1);
        assert_eq!(text::too_long(&Source::new("app/src/rows.rs", &long[10..])), []);
        let host = ["static.", "crates", ".io"].concat();
        assert_eq!(text::machine_names(&Source::new("README.md", &format!("from {host}"))).len(), 1);
        assert_eq!(text::machine_names(&Source::new("README.md", "from the registry")), []);
    }

    #[test]
    fn every_rule_has_a_fixture() {
        let tested = FIXTURES.iter().map(|(check, ..)| *check as usize).chain([text::too_long as Check as usize]);
        let tested: Vec<usize> = tested.chain([text::machine_names as Check as usize]).collect();
        for rule in &RULES {
            assert!(tested.contains(&(rule.check as usize)), "{}", rule.name);
        }
    }
}
