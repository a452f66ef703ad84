//! The plan: leases + rights + streams + time -> what to open, close and retry, each with its cause.
//!
//! Restricted users first: where a kind may not be listed cluster-wide, a lease on everything becomes one stream for each namespace where it may be, and
//! what is missing is named. Leases that need the same share one stream, and a namespace is served from a stream of everything where there is one.

use std::collections::{BTreeMap, BTreeSet};

use krateyard_shared::api::Access;
use krateyard_shared::domain::Domain;
use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::MAX_SUBSCRIPTIONS;

use super::lease::Lease;

/// How long a stream that nobody needs any more stays open, in milliseconds: leases that flap cost nothing.
pub const LINGER_MS: u64 = 500;

/// What one stream covers, within one cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// The kind.
    pub kind: Kind,
    /// Which objects of it.
    pub scope: Scope,
}

/// What the plan needs to know of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// How it stands.
    pub standing: Standing,
    /// Since when nobody needs it.
    pub idle_since_ms: Option<u64>,
}

/// How a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Asked for, or to be asked for once there is a socket; its rows are not all here.
    Underway,
    /// All its rows are here.
    Complete,
    /// Refused under the rights of this generation.
    Denied {
        /// Generation of the rights that were known then.
        rights: u64,
        /// Where the rights say otherwise: when it is tried again.
        retry_ms: Option<u64>,
    },
    /// Ended; it is tried again at this instant.
    Ended {
        /// When.
        retry_ms: u64,
    },
}

/// What the person may read, and how often that changed.
#[derive(Debug, Clone, Copy)]
pub struct Rights<'a> {
    /// What.
    pub access: &'a Access,
    /// Counts changes.
    pub generation: u64,
}

/// One thing to do. Causes are for people: diagnostics show them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Step {
    /// Begin a stream.
    Open { target: Target, cause: String },
    /// Nobody needs it: it ends after [`LINGER_MS`] unless somebody does again.
    Idle { target: Target, cause: String },
    /// Somebody needs it again.
    Keep { target: Target, cause: String },
    /// End it.
    Close { target: Target, cause: String },
    /// Ask again.
    Retry { target: Target, cause: String },
}

/// What a lease comes down to under given rights.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wants {
    /// What may be asked for.
    pub targets: Vec<Target>,
    /// What may not.
    pub missing: Vec<Refusal>,
}

/// What to do next. Without known rights nothing is opened: access comes before everything else.
pub fn plan<'a>(leases: impl IntoIterator<Item = &'a Lease>, rights: Option<Rights<'_>>, streams: &BTreeMap<Target, Stream>, now_ms: u64) -> Vec<Step> {
    let Some(rights) = rights else { return Vec::new() };
    let needed = needed(leases, rights.access, streams);
    let mut steps: Vec<Step> = streams.iter().filter_map(|(target, stream)| step(target, stream, needed.contains(target), rights.generation, now_ms)).collect();
    let closing = steps.iter().filter(|step| matches!(step, Step::Close { .. })).count();
    let mut missing: Vec<_> = needed.into_iter().filter(|target| !streams.contains_key(target)).collect();
    missing.sort_by_key(|target| Domain::of_kind(target.kind).entry().priority);
    let room = MAX_SUBSCRIPTIONS.saturating_sub(streams.len() - closing);
    steps.extend(missing.into_iter().take(room).map(|target| Step::Open { target, cause: "a lease needs it".into() }));
    steps
}

/// What a lease comes down to.
pub fn wants(lease: &Lease, access: &Access) -> Wants {
    let mut wants = Wants::default();
    for kind in lease.kinds.iter() {
        let resource = kind.resource().to_string();
        if !access.serves(kind) {
            // Among others it is nothing to speak of; alone it is all that was asked for.
            if lease.kinds.iter().nth(1).is_none() {
                wants.missing.push(Refusal::NotFound { what: format!("{resource}, in this cluster,") });
            }
            continue;
        }
        let of = |scope: Scope| Target { kind, scope };
        for scope in lease.scopes.iter() {
            match scope {
                Scope::Object { .. } => wants.targets.push(of(scope.clone())),
                // The proxy judges what names its namespace: rights may be newer than what is known here.
                scope if scope.namespace().is_some() => wants.targets.extend(kind.entry().namespaced.then(|| of(scope.clone()))),
                whole if access.cluster_wide.contains(&resource) => wants.targets.push(of(whole.clone())),
                whole => {
                    let readable = access.namespaces.iter().filter(|n| n.resources.contains(&resource));
                    wants.targets.extend(readable.map(|n| of(whole.within(&n.namespace))));
                    wants.missing.push(Refusal::Forbidden { verb: "list".into(), resource: resource.clone(), namespace: None });
                }
            }
        }
    }
    wants
}

/// The stream that serves a target: a wider one where it has all rows, else its own, else whatever is under way. `standing` knows the streams there are.
pub fn server(target: &Target, standing: impl Fn(&Target) -> Option<Standing>) -> Option<Target> {
    let wider: Vec<_> = wider(target).filter_map(|wide| Some((standing(&wide)?, wide))).collect();
    let complete = wider.iter().find(|(standing, _)| *standing == Standing::Complete).map(|(_, wide)| wide.clone());
    complete.or_else(|| standing(target).map(|_| target.clone())).or_else(|| wider.into_iter().next().map(|(_, wide)| wide))
}

/// Targets whose rows contain those of this one, and tell which they are. What belongs to a workload, since when something lasts, and what is newest is not seen from rows alone.
pub fn wider(target: &Target) -> impl Iterator<Item = Target> + use<> {
    let kind = target.kind;
    let (all, namespace) = match &target.scope {
        Scope::Namespace(_) => (true, None),
        Scope::Node { namespace, .. } | Scope::Labels { namespace, .. } => (true, namespace.clone()),
        _ => (false, None),
    };
    let scopes = all.then_some(Scope::All).into_iter().chain(namespace.map(Scope::Namespace));
    scopes.map(move |scope| Target { kind, scope })
}

fn needed<'a>(leases: impl IntoIterator<Item = &'a Lease>, access: &Access, streams: &BTreeMap<Target, Stream>) -> BTreeSet<Target> {
    let wanted: BTreeSet<Target> = leases.into_iter().flat_map(|lease| wants(lease, access).targets).collect();
    let covered = |target: &Target| {
        wider(target).any(|wide| {
            wanted.contains(&wide)
                && match streams.get(&wide).map(|stream| stream.standing) {
                    Some(Standing::Complete) => true,
                    Some(Standing::Denied { .. } | Standing::Ended { .. }) => false,
                    // One stream is enough to wait for; but a stream that has its rows goes on until the other has them too.
                    Some(Standing::Underway) | None => !streams.contains_key(target),
                }
        })
    };
    wanted.iter().filter(|target| !covered(target)).cloned().collect()
}

fn step(target: &Target, stream: &Stream, is_needed: bool, generation: u64, now_ms: u64) -> Option<Step> {
    let target = target.clone();
    match (is_needed, stream.idle_since_ms, stream.standing) {
        (true, Some(_), _) => Some(Step::Keep { target, cause: "a lease needs it again".into() }),
        (true, None, Standing::Denied { rights, .. }) if rights != generation => Some(Step::Retry { target, cause: "rights changed".into() }),
        (true, None, Standing::Denied { retry_ms: Some(retry_ms), .. }) if now_ms >= retry_ms => {
            Some(Step::Retry { target, cause: "the rights say otherwise".into() })
        }
        (true, None, Standing::Ended { retry_ms }) if now_ms >= retry_ms => Some(Step::Retry { target, cause: "its wait is over".into() }),
        (true, None, _) => None,
        (false, None, _) => Some(Step::Idle { target, cause: "no lease needs it".into() }),
        (false, Some(since), _) if now_ms >= since + LINGER_MS => Some(Step::Close { target, cause: format!("no lease needed it for {LINGER_MS} ms") }),
        (false, Some(_), _) => None,
    }
}

#[cfg(test)]
mod tests;
