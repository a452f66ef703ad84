//! With the feature `embed`, the built app (`dist/`, by `cargo xtask build`) becomes a part of the program.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let mut table = String::from("pub(super) static FILES: &[(&str, &[u8])] = &[\n");
    if env::var_os("CARGO_FEATURE_EMBED").is_some() {
        let dist = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../dist");
        println!("cargo::rerun-if-changed={}", dist.display());
        assert!(dist.join("index.html").is_file(), "the feature `embed` needs the page: `cargo xtask build` makes it");
        add(&dist, &dist, &mut table);
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("embedded.rs"), table).expect("cargo's folder can be written");
}

/// Every file but hidden ones and what was compressed ahead: on loopback nothing is gained by that.
fn add(root: &Path, folder: &Path, table: &mut String) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).expect("it was there").filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with('.') || name.ends_with(".br") || name.ends_with(".gz") {
            continue;
        }
        if path.is_dir() {
            add(root, &path, table);
        } else {
            let within = path.strip_prefix(root).expect("it lies there").to_string_lossy().replace('\\', "/");
            let whole = fs::canonicalize(&path).expect("it was there");
            writeln!(table, "    ({within:?}, include_bytes!({:?})),", whole.display().to_string()).expect("a String takes all");
        }
    }
}
