//! What a browser loads before it paints for the first time.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Figure;
use crate::workspace::{Failure, Workspace};

/// The page, every style, script and WASM that it links, and every module that those import. Fonts come after: text is painted in the next best font until then.
pub(super) fn measure(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let dist = workspace.root.join("dist");
    let html = read(&dist.join("index.html"))?;
    let map = import_map(&html);
    let mut files = BTreeSet::from(["index.html".to_owned()]);
    let mut waiting: Vec<String> = linked(&html);
    while let Some(file) = waiting.pop() {
        if !files.insert(file.clone()) || !file.ends_with("js") {
            continue;
        }
        waiting.extend(imported(&read(&dist.join(&file))?, &map));
    }
    let (mut bytes, mut parts) = (0, Vec::new());
    for file in &files {
        let size = compressed(&dist, file)?;
        bytes += size;
        if size > 20_000 {
            parts.push(format!("{} {}", file.rsplit('/').next().unwrap_or(file), size / 1000));
        }
    }
    let how = format!("brotli of {} files before first paint ({} kB)", files.len(), parts.join(", "));
    Ok(vec![Figure { name: "app.bundle_kb", unit: "kB", ours: bytes as f64 / 1000.0, other: None, how }])
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(Failure::at(format!("reading {}", path.display())))
}

/// As it goes over the wire.
fn compressed(dist: &Path, file: &str) -> Result<u64, Failure> {
    let brotli = dist.join(format!("{file}.br"));
    let path: PathBuf = if brotli.is_file() { brotli } else { dist.join(file) };
    Ok(fs::metadata(&path).map_err(Failure::at(format!("reading {}", path.display())))?.len())
}

/// Own addresses in the page's tags and its start script, without the leading slash. The import map is no link, and the icon is not waited for.
fn linked(html: &str) -> Vec<String> {
    let without_map = html
        .split("<script type=\"importmap\">")
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { part.split_once("</script>").map_or("", |(_, rest)| rest) });
    let text: String = without_map.collect();
    let quoted = text.split(['"', '\'']).filter_map(|word| word.strip_prefix('/'));
    quoted.filter(|word| word.rsplit_once('.').is_some_and(|(_, extension)| ["css", "js", "mjs", "wasm"].contains(&extension))).map(str::to_owned).collect()
}

/// Bare name and file.
fn import_map(html: &str) -> Vec<(String, String)> {
    let json = html.split_once("<script type=\"importmap\">").and_then(|(_, rest)| rest.split_once("</script>")).map_or("", |(json, _)| json);
    let map: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let entries = map["imports"].as_object().into_iter().flatten();
    entries.filter_map(|(name, file)| Some((name.clone(), file.as_str()?.trim_start_matches('/').to_owned()))).collect()
}

/// Files that a module imports at its head: by a bare name of the map, or by an address of our own.
fn imported(module: &str, map: &[(String, String)]) -> Vec<String> {
    let lines = module.lines().filter(|line| line.starts_with("import "));
    let names = lines.filter_map(|line| line.trim_end_matches(';').trim_end_matches(['"', '\'']).rsplit(['"', '\'']).next());
    names
        .filter_map(|name| map.iter().find(|(bare, _)| bare == name).map(|(_, file)| file.clone()).or_else(|| name.strip_prefix("./").map(str::to_owned)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = r#"<link rel="stylesheet" href="/tokens-1.css"/><link rel="icon" href="/favicon-1.svg">
<script type="importmap">{"imports": {"xterm": "/vendor/xterm/xterm.mjs", "unused": "/vendor/unused.mjs"}}</script>
<script type="module">import init from '/app-1.js'; await init({ module_or_path: '/app-1_bg.wasm' });</script>"#;

    #[test]
    fn what_the_page_waits_for_is_found_through_links_and_imports() {
        assert_eq!(linked(HTML), ["tokens-1.css", "app-1.js", "app-1_bg.wasm"]);
        let map = import_map(HTML);
        assert_eq!(
            imported("import * as x from \"xterm\"\nimport { a } from './snippets/a.js';\nfoo('unused');", &map),
            ["vendor/xterm/xterm.mjs", "snippets/a.js"]
        );
    }
}
