//! A Kubernetes API server in process: an instrument for tests and the cluster of the demo.
//!
//! What it answers is what a real kube-apiserver 1.36.2 answers; what it does not know it refuses with 501 and a `Status`, it never invents.
//!
//! ```no_run
//! # async fn example() -> Result<(), kubesim::Error> {
//! let sim = kubesim::Sim::start(kubesim::Options::default()).await?;
//! println!("{}", sim.url());
//! sim.delete("v1", "Pod", "web", "storefront-6f4876bff5-f8jf7")?;
//! # Ok(())
//! # }
//! ```
//!
//! kubectl works against it (`tests/kubectl.rs`): it sends its token over TLS only, so [`Options::tls`] opens a port with a certificate of its own, which
//! [`Handle::kubeconfig`] names; as a program, `kubesim --kubeconfig FILE`.
//!
//! Bearer tokens: `demo-admin`, `demo-editor` (ClusterRole edit in `payments`), `demo-viewer` (ClusterRole view in `web`), `demo-nobody`, `demo-expiring`,
//! and `krateyard-proxy`, the proxy's service account.

mod access;
mod answer;
mod body;
mod clock;
mod cluster;
mod container;
mod control;
mod controllers;
mod discovery;
mod encoding;
mod evict;
mod exec;
mod failure;
mod faults;
mod kinds;
mod logs;
mod metrics;
mod names;
mod negotiate;
mod openapi;
mod options;
mod protobuf;
mod query;
mod read;
mod requests;
mod script;
mod selection;
mod selector;
mod server;
mod sim;
mod store;
mod table;
mod target;
mod tls;
mod watch;
mod world;
mod write;
mod yaml;

pub use controllers::PodDoes;
pub use faults::{Class, Effect, Fault, Faults, Matching, SetFault};
pub use kinds::{Kind, PrinterColumn, Subresource};
pub use logs::LogFile;
pub use options::Options;
pub use requests::{RequestCount, Requests};
pub use sim::{Error, Handle, RestartKind, Sim};
