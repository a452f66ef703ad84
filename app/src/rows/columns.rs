//! The columns of each kind, as kubectl prints them.

pub mod choice;
pub mod fit;
pub mod label;
mod plain;

use krateyard_shared::kinds::Kind;
use krateyard_shared::rows::{Facts, PodFacts, PortFacts, Row};
use krateyard_shared::status::{self, Health};
use krateyard_shared::time::{Seconds, age};

use super::sort::Key;
use super::usage::Gauge;

/// One column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// What the head says.
    pub title: &'static str,
    /// How wide it is.
    pub width: Width,
    /// Where its text stands.
    pub align: Align,
    /// Whether it is shown unless a person says otherwise.
    pub by_default: bool,
    what: What,
}

/// A column's width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// CSS pixels.
    Px(u16),
    /// What is left, in parts.
    Flexible(u16),
}

/// Where a cell's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Align {
    Left,
    Right,
}

/// What a cell shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// Its text.
    pub text: String,
    /// Why, muted, behind it or in its tooltip; empty for nothing.
    pub why: String,
    /// How it is coloured.
    pub tone: Tone,
}

/// How a cell is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// As text is.
    #[default]
    Plain,
    /// Less than text: ages, nothings.
    Muted,
    /// As a status of this health, with its shape.
    Status(Health),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Name,
    Namespace,
    Status,
    Age,
    PodReady,
    PodRestarts,
    PodNode,
    PodIp,
    DeploymentReady,
    DeploymentUpToDate,
    DeploymentAvailable,
    ReplicaSetDesired,
    ReplicaSetCurrent,
    ReplicaSetReady,
    ServiceType,
    ServiceClusterIp,
    ServiceExternal,
    ServicePorts,
    Kind,
    Why,
    NodeRoles,
    NodeVersion,
    NodeIp,
    NodeCpu,
    NodeMemory,
    EventLast,
    EventType,
    EventReason,
    EventObject,
    EventMessage,
    EventCount,
    /// What it uses now: not in the row, but laid over it ([`Usage`](super::Usage)).
    Use(Gauge),
    /// A cell of a plain row.
    Plain(usize),
    /// The value of a label.
    Label(&'static str),
}

const fn column(title: &'static str, width: Width, align: Align, what: What) -> Column {
    Column { title, width, align, by_default: true, what }
}

const fn left(title: &'static str, px: u16, what: What) -> Column {
    column(title, Width::Px(px), Align::Left, what)
}

const fn right(title: &'static str, px: u16, what: What) -> Column {
    column(title, Width::Px(px), Align::Right, what)
}

const fn optional(column: Column) -> Column {
    Column { by_default: false, ..column }
}

const NAME: Column = column("Name", Width::Flexible(1), Align::Left, What::Name);
const NAMESPACE: Column = optional(left("Namespace", 120, What::Namespace));
const KIND: Column = left("Kind", 100, What::Kind);
const AGE: Column = right("Age", 56, What::Age);

const POD: &[Column] = &[
    NAME,
    NAMESPACE,
    right("Ready", 52, What::PodReady),
    left("Status", 150, What::Status),
    right("Restarts", 114, What::PodRestarts),
    optional(right("CPU", 64, What::Use(Gauge::Cpu))),
    optional(right("Memory", 64, What::Use(Gauge::Memory))),
    AGE,
    optional(left("Node", 130, What::PodNode)),
    optional(left("IP", 110, What::PodIp)),
];
const DEPLOYMENT: &[Column] = &[
    NAME,
    NAMESPACE,
    right("Ready", 56, What::DeploymentReady),
    right("Up to date", 76, What::DeploymentUpToDate),
    right("Available", 72, What::DeploymentAvailable),
    left("Status", 150, What::Status),
    AGE,
];
const REPLICA_SET: &[Column] = &[
    NAME,
    NAMESPACE,
    right("Desired", 64, What::ReplicaSetDesired),
    right("Current", 64, What::ReplicaSetCurrent),
    right("Ready", 56, What::ReplicaSetReady),
    optional(left("Status", 130, What::Status)),
    AGE,
];
const SERVICE: &[Column] = &[
    NAME,
    NAMESPACE,
    left("Type", 104, What::ServiceType),
    left("Cluster IP", 108, What::ServiceClusterIp),
    left("External", 116, What::ServiceExternal),
    left("Ports", 130, What::ServicePorts),
    AGE,
];
const NODE: &[Column] = &[
    NAME,
    left("Status", 150, What::Status),
    left("Roles", 104, What::NodeRoles),
    right("CPU", 52, What::NodeCpu),
    right("Memory", 68, What::NodeMemory),
    optional(right("CPU used", 76, What::Use(Gauge::Cpu))),
    optional(right("Memory used", 92, What::Use(Gauge::Memory))),
    AGE,
    left("Version", 84, What::NodeVersion),
    optional(left("IP", 110, What::NodeIp)),
];
/// The columns of a list of several kinds.
pub const EVERYTHING: &[Column] = &[NAME, NAMESPACE, KIND, left("Status", 180, What::Status), AGE];
/// Those of what needs somebody: why it does.
pub const ATTENTION: &[Column] = &[NAME, NAMESPACE, KIND, left("Status", 150, What::Status), column("Why", Width::Flexible(1), Align::Left, What::Why), AGE];
const NAMESPACES: &[Column] = &[NAME, left("Status", 130, What::Status), AGE];
const EVENT: &[Column] = &[
    right("Last seen", 72, What::EventLast),
    left("Type", 92, What::EventType),
    left("Reason", 140, What::EventReason),
    left("Object", 220, What::EventObject),
    NAMESPACE,
    column("Message", Width::Flexible(2), Align::Left, What::EventMessage),
    optional(right("Count", 56, What::EventCount)),
];

/// The columns of a kind, in their order. Those of a plain kind come from its entry.
pub fn of(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Pod => POD,
        Kind::Deployment => DEPLOYMENT,
        Kind::ReplicaSet => REPLICA_SET,
        Kind::Service => SERVICE,
        Kind::Node => NODE,
        Kind::Namespace => NAMESPACES,
        Kind::Event => EVENT,
        kind => plain::columns(kind),
    }
}

impl Column {
    /// Whether this is the column that names the object.
    pub fn is_name(&self) -> bool {
        self.what == What::Name
    }

    /// Whether this is the namespace, which is worth a column only where a table spans several.
    pub fn is_namespace(&self) -> bool {
        self.what == What::Namespace
    }

    /// What it shows of an object's use, which is no part of its row.
    pub fn gauge(&self) -> Option<Gauge> {
        if let What::Use(gauge) = self.what { Some(gauge) } else { None }
    }

    /// What its head's tooltip says: the whole key of a label.
    pub fn label(&self) -> &'static str {
        if let What::Label(key) = self.what { key } else { "" }
    }

    /// Whether it stays where there is not room for all.
    fn is_kept(&self) -> bool {
        matches!(self.what, What::Name | What::Status | What::Age | What::EventMessage)
    }

    /// What it shows of a row. A row of another kind shows nothing.
    pub fn cell(&self, row: &Row, now: Seconds) -> Cell {
        match self.what {
            What::Name => row.name.clone().into(),
            What::Namespace => row.namespace.clone().unwrap_or_default().into(),
            What::Age => muted(since(row.created, now)),
            What::Status => status_cell(row),
            What::Kind => muted(row.kind.entry().name),
            What::Why => muted(status::of(row).why),
            What::Label(key) => or_dash(row.label(key).unwrap_or_default()),
            _ => facts_cell(self.what, row, now),
        }
    }

    /// What it sorts a row by.
    pub fn key(&self, row: &Row) -> Key {
        match (self.what, &row.facts) {
            (What::Plain(at), Facts::Plain(plain)) => plain::key(plain, at),
            (What::Age, _) => Key::Number(row.created.saturating_neg()),
            (What::PodRestarts, Facts::Pod(pod)) => Key::Number(status::restarts(pod).0.into()),
            (What::PodReady, Facts::Pod(pod)) => {
                let (ready, all) = status::ready_of(pod);
                Key::Number(i64::try_from(ready).unwrap_or(0) - i64::try_from(all).unwrap_or(0))
            }
            (What::DeploymentReady, Facts::Deployment(d)) => Key::Number(i64::from(d.ready) - i64::from(d.desired)),
            (What::DeploymentUpToDate, Facts::Deployment(d)) => Key::Number(d.updated.into()),
            (What::DeploymentAvailable, Facts::Deployment(d)) => Key::Number(d.available.into()),
            (What::ReplicaSetDesired, Facts::ReplicaSet(r)) => Key::Number(r.desired.into()),
            (What::ReplicaSetCurrent, Facts::ReplicaSet(r)) => Key::Number(r.current.into()),
            (What::ReplicaSetReady, Facts::ReplicaSet(r)) => Key::Number(r.ready.into()),
            (What::NodeCpu, Facts::Node(node)) => Key::Number(node.cpu_milli),
            (What::NodeMemory, Facts::Node(node)) => Key::Number(node.memory_bytes),
            (What::EventLast, Facts::Event(event)) => Key::Number(event.last.saturating_neg()),
            (What::EventCount, Facts::Event(event)) => Key::Number(event.count.into()),
            _ => Key::Text(self.cell(row, 0).text),
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell { text, ..Cell::default() }
    }
}

fn muted(text: impl Into<String>) -> Cell {
    Cell { text: text.into(), tone: Tone::Muted, ..Cell::default() }
}

/// kubectl prints `<none>` where there is nothing, and `<unknown>` for an age that is not known; a dash says as much.
fn or_dash(text: &str) -> Cell {
    if text.is_empty() { muted("-") } else { text.to_owned().into() }
}

fn since(at: Seconds, now: Seconds) -> String {
    if at == 0 { "-".into() } else { age(now - at) }
}

fn status_cell(row: &Row) -> Cell {
    let status = status::of(row);
    if status.word.is_empty() {
        return muted("-");
    }
    Cell { text: status.word, why: status.why, tone: Tone::Status(status.health) }
}

fn facts_cell(what: What, row: &Row, now: Seconds) -> Cell {
    match (&row.facts, what) {
        (Facts::Plain(plain), What::Plain(at)) => plain::cell(plain, at, now),
        (Facts::Pod(pod), _) => pod_cell(what, pod, now),
        (Facts::Deployment(d), What::DeploymentReady) => format!("{}/{}", d.ready, d.desired).into(),
        (Facts::Deployment(d), What::DeploymentUpToDate) => d.updated.to_string().into(),
        (Facts::Deployment(d), What::DeploymentAvailable) => d.available.to_string().into(),
        (Facts::ReplicaSet(r), What::ReplicaSetDesired) => r.desired.to_string().into(),
        (Facts::ReplicaSet(r), What::ReplicaSetCurrent) => r.current.to_string().into(),
        (Facts::ReplicaSet(r), What::ReplicaSetReady) => r.ready.to_string().into(),
        (Facts::Service(s), What::ServiceType) => Cell { tone: Tone::Status(status::of(row).health), ..s.kind.clone().into() },
        (Facts::Service(s), What::ServiceClusterIp) => or_dash(&s.cluster_ip),
        (Facts::Service(s), What::ServiceExternal) if s.kind == "LoadBalancer" && s.external.is_empty() => muted("<pending>"),
        (Facts::Service(s), What::ServiceExternal) => or_dash(&s.external.join(",")),
        (Facts::Service(s), What::ServicePorts) => or_dash(&s.ports.iter().map(port).collect::<Vec<_>>().join(",")),
        (Facts::Node(n), What::NodeRoles) => or_dash(&n.roles.join(",")),
        (Facts::Node(n), What::NodeVersion) => n.version.clone().into(),
        (Facts::Node(n), What::NodeIp) => or_dash(&n.internal_ip),
        (Facts::Node(n), What::NodeCpu) => cores(n.cpu_milli).into(),
        (Facts::Node(n), What::NodeMemory) => bytes(n.memory_bytes).into(),
        (Facts::Event(e), What::EventLast) => {
            let why = if e.count > 1 { format!("{} times over {}", e.count, since(e.first, now)) } else { String::new() };
            Cell { why, ..muted(since(e.last, now)) }
        }
        (Facts::Event(e), What::EventType) => Cell { tone: Tone::Status(status::of(row).health), ..e.kind.clone().into() },
        (Facts::Event(e), What::EventReason) => e.reason.clone().into(),
        (Facts::Event(e), What::EventObject) => format!("{}/{}", e.about_kind.to_lowercase(), e.about_name).into(),
        (Facts::Event(e), What::EventMessage) => e.message.trim().to_owned().into(),
        (Facts::Event(e), What::EventCount) => e.count.to_string().into(),
        _ => Cell::default(),
    }
}

fn pod_cell(what: What, pod: &PodFacts, now: Seconds) -> Cell {
    match what {
        What::PodReady => {
            let (ready, all) = status::ready_of(pod);
            format!("{ready}/{all}").into()
        }
        What::PodRestarts => match status::restarts(pod) {
            (0, _) => muted("0"),
            (count, Some(at)) => Cell { text: count.to_string(), why: format!("({} ago)", age(now - at)), tone: Tone::Plain },
            (count, None) => count.to_string().into(),
        },
        What::PodNode => or_dash(&pod.node),
        What::PodIp => or_dash(&pod.ip),
        _ => Cell::default(),
    }
}

/// `80:31234/TCP`, as kubectl's `makePortString`.
fn port(port: &PortFacts) -> String {
    match port.node_port {
        0 => format!("{}/{}", port.port, port.protocol),
        node => format!("{}:{node}/{}", port.port, port.protocol),
    }
}

fn cores(milli: i64) -> String {
    if milli % 1000 == 0 { (milli / 1000).to_string() } else { format!("{milli}m") }
}

/// Bytes in the largest binary unit that leaves at least one, with one decimal below ten.
fn bytes(bytes: i64) -> String {
    let units = ["", "Ki", "Mi", "Gi", "Ti"];
    let (mut value, mut at) = (bytes as f64, 0);
    while value >= 1024.0 && at + 1 < units.len() {
        value /= 1024.0;
        at += 1;
    }
    let decimals = usize::from(value < 10.0 && value.fract() > 0.05);
    format!("{value:.decimals$}{}", units[at])
}

#[cfg(test)]
mod tests;
