//! A Yard in this browser: kept, and shared with the other tabs.

use krateyard_shared::identity::ClusterName;
use wasm_bindgen_futures::spawn_local;

use super::ids::{client_number, new_id};
use super::storage::{IndexedVault, database_name};
use super::tabs::join_tabs;
use crate::yard::Yard;
use crate::yard::persist::Keeper;

/// The Yard of a person and a cluster, as this browser last had it: what was kept arrives within a moment ([`Yard::persistence`] says `Loading` until then).
/// Lives as long as the owner in whose scope this is called.
pub fn open_yard(user: &str, cluster: &ClusterName) -> Yard {
    let yard = Yard::new(client_number(), new_id);
    let name = database_name(user, cluster);
    let keeper = Keeper::new(yard);
    join_tabs(yard, &name);
    spawn_local(keeper.run(IndexedVault::new(name)));
    yard
}
