//! The pods' network: a bridge of our own. Its address is the node's, since pods and machine reach each other through it and nothing else does.

use std::process::{Command, Stdio};

use super::state::State;
use crate::command;
use crate::workspace::Failure;

/// Of pods and node: private (RFC 1918) and rarely used.
pub(super) const PREFIX: &str = "10.203.77";
/// Of services; no address of it is ever reached, since there is no kube-proxy.
pub(super) const SERVICES: &str = "10.204.0.0/16";

const BRIDGE: &str = "krateyard0";
/// One that is there for a moment.
const PROBE: &str = "krateyard-probe";

/// The node's address.
pub(super) fn node_address() -> String {
    format!("{PREFIX}.1")
}

/// Whether this machine uses the network for something else.
pub(super) fn is_foreign() -> bool {
    let routes = command::output(Command::new("ip").args(["-4", "route", "show"])).unwrap_or_default();
    routes.lines().any(|route| route.contains(&format!("{PREFIX}.")) && !route.contains(BRIDGE))
}

/// Makes the bridge and tells containerd how pods join it. There already: left as it is.
pub(super) fn up(state: &State) -> Result<(), Failure> {
    state.make_folder("cni")?;
    state.write("cni/10-krateyard.conflist", &conflist(state))?;
    if exists() {
        return Ok(());
    }
    ip(&["link", "add", BRIDGE, "type", "bridge"])?;
    ip(&["addr", "add", &format!("{PREFIX}.1/24"), "dev", BRIDGE])?;
    ip(&["link", "set", BRIDGE, "up"])
}

/// Removes the bridge.
pub(super) fn down() -> Result<(), Failure> {
    if exists() { ip(&["link", "delete", BRIDGE]) } else { Ok(()) }
}

/// Makes a bridge and removes it.
///
/// # Errors
/// Where this machine does not let one be made.
pub(super) fn probe() -> Result<(), Failure> {
    ip(&["link", "add", PROBE, "type", "bridge"])?;
    ip(&["link", "delete", PROBE])
}

pub(super) fn exists() -> bool {
    Command::new("ip").args(["link", "show", BRIDGE]).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// `isGateway` is off: the plugin would give the bridge its address and switch on forwarding for the whole machine.
fn conflist(state: &State) -> String {
    let data = state.text("cni-data");
    serde_json::json!({
        "cniVersion": "1.0.0",
        "name": "krateyard-node",
        "plugins": [{
            "type": "bridge", "bridge": BRIDGE, "isGateway": false, "ipMasq": false,
            "ipam": {"type": "host-local", "dataDir": data, "ranges": [[{"subnet": format!("{PREFIX}.0/24"), "rangeStart": format!("{PREFIX}.10")}]]},
        }],
    })
    .to_string()
}

fn ip(arguments: &[&str]) -> Result<(), Failure> {
    command::output(Command::new("ip").args(arguments)).map(drop).map_err(|why| Failure::new(format!("`ip {}` failed: {why}", arguments.join(" "))))
}
