//! The proxy's routes, in process, against kubesim. A file a route; the names are claims.

// clippy allows it in test functions; what they share is test code as well.
#![allow(clippy::unwrap_used)]

#[path = "routes/aggregates.rs"]
mod aggregates;
#[path = "routes/bench.rs"]
mod bench;
#[path = "routes/clusters.rs"]
mod clusters;
#[path = "routes/custom.rs"]
mod custom;
#[path = "routes/faults.rs"]
mod faults;
#[path = "routes/files.rs"]
mod files;
#[path = "routes/helm.rs"]
mod helm;
#[path = "routes/k8s.rs"]
mod k8s;
#[path = "routes/killed.rs"]
mod killed;
#[path = "routes/laptop.rs"]
mod laptop;
#[path = "routes/log_cuts.rs"]
mod log_cuts;
#[path = "routes/log_sources.rs"]
mod log_sources;
#[path = "routes/logs.rs"]
mod logs;
#[path = "routes/memory.rs"]
mod memory;
#[path = "routes/older.rs"]
mod older;
#[path = "routes/redis_server.rs"]
mod redis_server;
#[path = "routes/resources.rs"]
mod resources;
#[path = "routes/rest.rs"]
mod rest;
#[path = "routes/resume.rs"]
mod resume;
#[path = "routes/scopes.rs"]
mod scopes;
#[path = "routes/secrets.rs"]
mod secrets;
#[path = "routes/session.rs"]
mod session;
#[path = "routes/session_redis.rs"]
mod session_redis;
#[path = "routes/shell.rs"]
mod shell;
#[path = "routes/shell_cuts.rs"]
mod shell_cuts;
#[path = "routes/sync.rs"]
mod sync;
#[path = "routes/sync_peers.rs"]
mod sync_peers;
#[path = "routes/sync_redis.rs"]
mod sync_redis;
#[path = "routes/watch.rs"]
mod watch;
#[path = "routes/watch_socket.rs"]
mod watch_socket;
