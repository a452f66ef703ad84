//! The proxy: authenticates people, enforces the cluster's own RBAC and pipes watch, log and exec streams. No view logic, no knowledge of the app's state.
//!
//! A request meets `router`, `routes`, `origin`, `authenticate`, `authorize`, and then what its permit opens: a `hub` (shared rows), an `object`, or a `pipe`
//! (a log, a shell, an answer of the API as it is), or a room of the `relay` (the shared Yard); `socket` is what all WebSockets have in common, `clusters` what is known of each cluster, `refuse` how all of them say no.

mod app;
mod authenticate;
pub mod authorize;
mod clusters;
mod config;
mod door;
mod hub;
mod impersonate;
mod object;
mod origin;
mod path;
mod pipe;
mod refresh;
mod refuse;
mod relay;
mod router;
mod routes;
mod serve;
mod shared_redis;
mod socket;
mod static_files;

pub use config::{
    ClusterConfig, Config, ConfigErrors, Credentials, Endpoint, Flags, KeyError, LaptopFlags, Limits, MAX_CLUSTERS, Mark, Origin, People, RoomsKept, Secret,
    Sources, Written,
};
pub use serve::{Proxy, StartError};
