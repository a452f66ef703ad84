//! Rules about what stands in files.

use super::Finding;
use super::source::Source;

/// Files that are long for a reason.
pub(super) const DELIBERATELY_LONG: &[(&str, &str)] = &[];

/// Colours have names; the values stand in one file, so that a theme is one file. Outside it: the two places that a stylesheet cannot reach.
pub(super) fn raw_colours(source: &Source) -> Vec<Finding> {
    let styles = source.is_in(&["style"]) && source.path != "style/tokens.css";
    let page = source.path == "app/index.html";
    let app = source.is_in(&["app/src"]);
    if !(styles || page || app) {
        return Vec::new();
    }
    // In Rust a short one may be the name of a glyph, such as "#add".
    let lengths: &[usize] = if app { &[6, 8] } else { &[3, 4, 6, 8] };
    let functions: &[&str] = if app { &[] } else { &["rgb(", "rgba(", "hsl(", "hsla(", "oklch(", "lab(", "lch("] };
    let lines = source.lines().filter(|(_, line)| !line.contains("name=\"theme-color\""));
    lines
        .filter_map(|(line, text)| {
            let hex = text.match_indices('#').find(|(at, _)| {
                let digits = text[at + 1..].chars().take_while(char::is_ascii_hexdigit).count();
                let ends = !text[at + 1 + digits..].starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
                ends && lengths.contains(&digits) && !text[..*at].ends_with("href=\"") && !text[..*at].ends_with('&')
            });
            let function = functions.iter().find(|function| text.match_indices(**function).any(|(at, _)| !text[..at].ends_with(char::is_alphanumeric)));
            (hex.is_some() || function.is_some()).then(|| Finding { line, what: text.trim().to_owned() })
        })
        .collect()
}

/// Everything that a browser loads for us comes from where the page came from. A name space is a name, not an address.
pub(super) fn other_origins(source: &Source) -> Vec<Finding> {
    let ours = source.is_in(&["style", "app/index.html", "app/favicon.svg"]);
    let built = source.is_in(&["dist"]) && !source.is_in(&["dist/vendor"]) && source.has_extension(&["html", "css", "svg", "js"]);
    if !(ours || built) {
        return Vec::new();
    }
    let known = ["http://www.w3.org/", "https://www.w3.org/"];
    let foreign = |text: &str| {
        let text = known.iter().fold(text.to_owned(), |text, known| text.replace(known, ""));
        ["http://", "https://", "url(//", "url(\"//", "src=\"//", "href=\"//"].iter().any(|address| text.contains(address))
    };
    // What is built quotes the comments of others.
    let comment = |text: &str| built && ["//", "/*", "*"].iter().any(|mark| text.trim_start().starts_with(mark));
    source.lines().filter(|(_, text)| foreign(text) && !comment(text)).map(|(line, text)| Finding { line, what: text.trim().to_owned() }).collect()
}

/// Spelled in pieces, so that this file does not name them either.
pub(super) fn machine_names(source: &Source) -> Vec<Finding> {
    if source.is_in(&["Cargo.lock", "dist"]) {
        return Vec::new();
    }
    let names = [
        ["/wo", "rk/main"],
        ["/wo", "rk/wt-"],
        ["/wo", "rk/shared"],
        ["/root/.car", "go"],
        ["/root/.ca", "che"],
        ["static.cra", "tes.io"],
        ["index.cra", "tes.io"],
        ["registry.n", "pmjs."],
        ["proxy.go", "lang."],
        ["files.pyth", "onhosted."],
        ["deb.deb", "ian."],
    ];
    let names = names.map(|pieces| pieces.concat());
    let found = |text: &str| names.iter().any(|name| text.contains(name));
    source.lines().filter(|(_, text)| found(text)).map(|(line, text)| Finding { line, what: text.trim().to_owned() }).collect()
}

/// Files aim at 150 lines and have a reason past 300; past 400 the reason stands in [`DELIBERATELY_LONG`].
pub(super) fn too_long(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count();
    let counted = source.has_extension(&["rs", "js", "mjs", "css"]) && !source.is_in(&["dist"]);
    let allowed = DELIBERATELY_LONG.iter().any(|(path, _)| *path == source.path);
    if counted && lines > 400 && !allowed { vec![Finding { line: 0, what: format!("{lines} lines") }] } else { Vec::new() }
}
