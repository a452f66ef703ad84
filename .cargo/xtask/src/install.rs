//! What the commands need on a machine: each thing is checked, installed where that is possible, and checked again.

mod crates;
mod debian;
mod npm;
mod wasm_target;

use std::path::PathBuf;
use std::time::Instant;

use crate::progress;
use crate::workspace::{Failure, Workspace};

/// One thing that a machine needs. In the order in which they are installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// Rust's standard library for wasm32-unknown-unknown.
    WasmTarget,
    /// What makes the page.
    Trunk,
    /// Equal to the wasm-bindgen in Cargo.lock to the digit.
    WasmBindgen,
    /// What makes the page smaller on the wire.
    Brotli,
    /// The terminal, the fonts, and what makes the WASM smaller.
    AppPackages,
    /// The browser of the browser tests.
    Chromium,
    /// What drives it.
    BrowserPackages,
    /// Where proxies that share rooms keep them.
    Redis,
    /// The Yjs clients that the rooms of a Yard are tested with.
    SyncPackages,
    /// The servers that the rooms of a Yard are measured against.
    BenchPackages,
    /// What checks licenses and sources of dependencies.
    Deny,
    /// What builds the node's programs; any release of it.
    Go,
    /// What runs containers on the node.
    Containerd,
    /// What makes one container.
    Runc,
    /// What joins pods to the node's network.
    CniPlugins,
    /// What is in the node's image with a shell.
    Busybox,
    /// What makes the node's certificates.
    Openssl,
    /// What makes the node's bridge.
    Iproute,
}

/// For the page that people load.
pub(crate) const PAGE: [Need; 5] = [Need::WasmTarget, Need::Trunk, Need::WasmBindgen, Need::Brotli, Need::AppPackages];
/// For the page that its developers load.
pub(crate) const FAST_PAGE: [Need; 4] = [Need::WasmTarget, Need::Trunk, Need::WasmBindgen, Need::AppPackages];
/// For the browser tests.
pub(crate) const BROWSER: [Need; 2] = [Need::Chromium, Need::BrowserPackages];
/// For the tests with Yjs clients.
pub(crate) const SYNC: [Need; 1] = [Need::SyncPackages];
/// For the figures of the shared Yard.
pub(crate) const BENCH: [Need; 1] = [Need::BenchPackages];
/// For the tests of routes.
pub(crate) const ROUTES: [Need; 1] = [Need::Redis];

/// For the node of `cargo xtask node`, besides Go.
pub(crate) const NODE: [Need; 6] = [Need::Containerd, Need::Runc, Need::CniPlugins, Need::Busybox, Need::Openssl, Need::Iproute];

impl Need {
    /// Those that words of the command line name; all of them for none.
    ///
    /// # Errors
    /// For a word that names none.
    pub(crate) fn of_words(words: &[String]) -> Result<Vec<Need>, Failure> {
        let mut needs = Vec::new();
        for word in words {
            match word.as_str() {
                "page" => needs.extend(PAGE),
                "browser" => needs.extend(BROWSER),
                "sync" => needs.extend(SYNC),
                "routes" => needs.extend(ROUTES),
                "deny" => needs.push(Need::Deny),
                "node" => needs.extend(NODE),
                other => return Err(Failure::new(format!("`{other}` is none of page, browser, routes, sync, deny, node"))),
            }
        }
        if words.is_empty() {
            needs.extend(PAGE.into_iter().chain(BROWSER).chain(SYNC).chain(ROUTES));
        }
        Ok(needs)
    }

    /// What is missing and why that matters; `None` when it is there.
    fn missing(self, workspace: &Workspace) -> Result<Option<String>, Failure> {
        match self {
            Need::WasmTarget => Ok(wasm_target::missing(workspace)),
            Need::Trunk => Ok(crates::TRUNK.missing(workspace)),
            Need::WasmBindgen => Ok(crates::wasm_bindgen(workspace)?.missing(workspace)),
            Need::Deny => Ok(crates::DENY.missing(workspace)),
            Need::Brotli => Ok(debian::BROTLI.missing(workspace)),
            Need::Chromium => Ok(debian::CHROMIUM.missing(workspace)),
            Need::Go => Ok(debian::GO.missing(workspace)),
            Need::Containerd => Ok(debian::CONTAINERD.missing(workspace)),
            Need::Runc => Ok(debian::RUNC.missing(workspace)),
            Need::CniPlugins => Ok(debian::CNI_PLUGINS.missing(workspace)),
            Need::Busybox => Ok(debian::BUSYBOX.missing(workspace)),
            Need::Openssl => Ok(debian::OPENSSL.missing(workspace)),
            Need::Iproute => Ok(debian::IPROUTE.missing(workspace)),
            Need::Redis => Ok(debian::REDIS.missing(workspace)),
            Need::AppPackages => npm::APP.missing(workspace),
            Need::BrowserPackages => npm::BROWSER_TESTS.missing(workspace),
            Need::SyncPackages => npm::SYNC_TESTS.missing(workspace),
            Need::BenchPackages => npm::BENCH.missing(workspace),
        }
    }

    fn install(self, workspace: &Workspace) -> Result<(), Failure> {
        match self {
            Need::WasmTarget => wasm_target::install(workspace),
            Need::Trunk => crates::TRUNK.install(workspace),
            Need::WasmBindgen => crates::wasm_bindgen(workspace)?.install(workspace),
            Need::Deny => crates::DENY.install(workspace),
            Need::Brotli => debian::BROTLI.install(workspace),
            Need::Chromium => debian::CHROMIUM.install(workspace),
            Need::Go => debian::GO.install(workspace),
            Need::Containerd => debian::CONTAINERD.install(workspace),
            Need::Runc => debian::RUNC.install(workspace),
            Need::CniPlugins => debian::CNI_PLUGINS.install(workspace),
            Need::Busybox => debian::BUSYBOX.install(workspace),
            Need::Openssl => debian::OPENSSL.install(workspace),
            Need::Iproute => debian::IPROUTE.install(workspace),
            Need::Redis => debian::REDIS.install(workspace),
            Need::AppPackages => npm::APP.install(workspace),
            Need::BrowserPackages => npm::BROWSER_TESTS.install(workspace),
            Need::SyncPackages => npm::SYNC_TESTS.install(workspace),
            Need::BenchPackages => npm::BENCH.install(workspace),
        }
    }
}

/// Installs what is missing of `needs`; says nothing when nothing is.
///
/// # Errors
/// When something cannot be installed here: one line that says what, and what a person can do.
pub(crate) fn install(workspace: &Workspace, needs: &[Need]) -> Result<(), Failure> {
    if missing(workspace, needs)?.is_empty() {
        return Ok(());
    }
    let _lock = workspace.lock()?;
    let missing = missing(workspace, needs)?;
    for (at, (need, why)) in missing.iter().enumerate() {
        println!("installing {}/{}: {why}", at + 1, missing.len());
        let start = Instant::now();
        need.install(workspace)?;
        if let Some(still) = need.missing(workspace)? {
            return Err(Failure::new(format!("it was installed and is still missing: {still}")));
        }
        println!("  installed in {}", progress::words(start.elapsed()));
    }
    Ok(())
}

/// Where the browser of the browser tests lies.
pub(crate) fn chromium(workspace: &Workspace) -> Option<PathBuf> {
    debian::CHROMIUM.path(workspace)
}

fn missing(workspace: &Workspace, needs: &[Need]) -> Result<Vec<(Need, String)>, Failure> {
    let mut missing = Vec::new();
    for need in needs {
        if let Some(why) = need.missing(workspace)? {
            missing.push((*need, why));
        }
    }
    Ok(missing)
}
