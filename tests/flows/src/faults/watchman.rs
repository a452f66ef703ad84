//! Who looks over people's shoulders: a table may be behind the cluster, but not for longer than a grace without saying so.

use std::sync::Arc;
use std::time::Duration;

use krateyard_app::store::{ObjectLease, ObjectState, Table, TableLease};
use krateyard_app::stream::StreamState;
use krateyard_shared::scope::Scope;
use leptos::prelude::GetUntracked;
use tokio::time::Instant;

use super::cluster::{Cluster, Thing};
use super::truth::Truth;
use crate::person::{Person, shown};
use crate::stage::{Account, Shown};

/// A change is on screen sooner; rights count within so long (architecture.md).
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// What the proxy says where it has no room for rows of another kind.
const NO_ROOM: &str = "in the proxy's memory";

/// What somebody looks at: a table, or an object.
pub(super) struct Sight {
    /// Whose.
    pub(super) person: usize,
    pub(super) account: Account,
    pub(super) thing: Thing,
    pub(super) scope: Scope,
    lease: Option<Lease>,
    judged: Option<Judged>,
    untrue_since: Option<Instant>,
}

/// Held while it is open.
enum Lease {
    Table(TableLease),
    Object(ObjectLease),
}

/// What is on screen.
#[derive(Clone)]
pub(super) enum Screen {
    Table(Arc<Table>),
    Object(ObjectState),
}

/// A judgement holds until either side changes.
struct Judged {
    screen: Screen,
    changes: u64,
    truth: Option<Truth>,
    is_true: bool,
}

impl Screen {
    pub(super) fn state(&self) -> &StreamState {
        match self {
            Screen::Table(table) => &table.state,
            Screen::Object(object) => &object.state,
        }
    }

    /// Whether it says that it is up to date.
    fn is_confirmed(&self) -> bool {
        self.state().is_live() || *self.state() == StreamState::Gone
    }

    fn is_same(&self, other: &Screen) -> bool {
        match (self, other) {
            (Screen::Table(one), Screen::Table(other)) => Arc::ptr_eq(one, other),
            (Screen::Object(one), Screen::Object(other)) => {
                let is_same_object = match (&one.object, &other.object) {
                    (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                    (one, other) => one.is_none() && other.is_none(),
                };
                is_same_object && one.state == other.state
            }
            _ => false,
        }
    }
}

impl Sight {
    pub(super) fn new(person: usize, account: Account, thing: Thing, scope: Scope) -> Sight {
        Sight { person, account, thing, scope, lease: None, judged: None, untrue_since: None }
    }

    pub(super) fn open(&mut self, person: &Person) {
        if let (None, Some(kind)) = (&self.lease, self.thing.kind()) {
            self.lease = Some(match &self.scope {
                Scope::Object { namespace, name } => Lease::Object(person.object(kind, namespace.as_deref().unwrap_or_default(), name)),
                scope => Lease::Table(person.table(kind, scope.clone())),
            });
        }
        self.untrue_since = None;
    }

    pub(super) fn close(&mut self) {
        (self.lease, self.judged, self.untrue_since) = (None, None, None);
    }

    /// Somebody asks for it past every cache.
    pub(super) fn refresh(&self) {
        match &self.lease {
            Some(Lease::Table(lease)) => lease.refresh(),
            Some(Lease::Object(lease)) => lease.refresh(),
            None => {}
        }
    }

    pub(super) fn screen(&self) -> Option<Screen> {
        Some(match self.lease.as_ref()? {
            Lease::Table(lease) => Screen::Table(lease.table.get_untracked()),
            Lease::Object(lease) => Screen::Object(lease.object.get_untracked()),
        })
    }

    /// Whether it shows what there is and says so; what may not be seen must not be shown as an empty list.
    pub(super) fn is_settled(&mut self, cluster: &Cluster) -> bool {
        let is_true = self.is_true(cluster);
        is_true && self.screen().is_none_or(|screen| screen.is_confirmed())
    }

    /// Whether it says that the proxy has no room for it.
    pub(super) fn says_no_room(&self) -> bool {
        self.screen().is_some_and(|screen| matches!(screen.state(), StreamState::Reconnecting { cause, .. } if cause.contains(NO_ROOM)))
    }

    fn is_true(&mut self, cluster: &Cluster) -> bool {
        let Some(screen) = self.screen() else { return true };
        let changes = cluster.changes();
        if let Some(judged) = &self.judged
            && judged.changes == changes
            && judged.screen.is_same(&screen)
        {
            return judged.is_true;
        }
        let truth = match self.judged.take() {
            Some(judged) if judged.changes == changes => judged.truth,
            _ => Truth::of(cluster, self.account, self.thing, &self.scope),
        };
        let is_true = truth.as_ref().is_some_and(|truth| truth.is_on(&screen));
        self.judged = Some(Judged { screen, changes, truth, is_true });
        is_true
    }

    /// # Errors
    /// In words, when it says for too long that what it shows is true.
    pub(super) fn watch(&mut self, cluster: &Cluster, may_lag_until: Instant) -> Result<(), String> {
        let claims = self.screen().is_some_and(|screen| screen.is_confirmed());
        let now = Instant::now();
        if !claims || self.is_true(cluster) || now < may_lag_until {
            self.untrue_since = None;
            return Ok(());
        }
        match self.untrue_since {
            Some(since) if since.elapsed() > GRACE => Err(format!("for {} s it has said that it is live, and is not true", GRACE.as_secs())),
            Some(_) => Ok(()),
            None => {
                self.untrue_since = Some(now);
                Ok(())
            }
        }
    }

    /// For whoever looks for the fault.
    pub(super) fn words(&self, cluster: &Cluster) -> String {
        let what = format!("{:?} {:?} of {:?}", self.thing, self.scope, self.account);
        let truth = Truth::of(cluster, self.account, self.thing, &self.scope);
        let readable = if truth.is_none() { " (not readable)" } else { "" };
        match (self.screen(), truth) {
            (None, _) => format!("{what}: closed"),
            (Some(Screen::Object(ObjectState { object, state })), Some(Truth::Object(there))) => {
                let text = |object: Option<&serde_json::Value>| object.map_or_else(|| "none".into(), ToString::to_string);
                format!("{what}: {state:?}\n      shown: {}\n      there: {}", text(object.as_deref()), text(there.as_ref()))
            }
            (Some(Screen::Object(object)), _) => format!("{what}: {:?}{readable}", object.state),
            (Some(Screen::Table(table)), truth) => {
                let (there, may) = match truth {
                    Some(Truth::Rows(rows)) => (rows, Vec::new()),
                    Some(Truth::Findings { must, may }) => (must, may),
                    _ => Default::default(),
                };
                let shown = shown(&table);
                format!(
                    "{what}: {:?}, {}, {} shown and {} there{readable}\n      ghosts: {}\n      lost: {}\n      missing: {:?}",
                    table.state,
                    if table.complete { "complete" } else { "not complete" },
                    shown.len(),
                    there.len(),
                    names(shown.iter().filter(|row| !there.contains(row) && !may.contains(row))),
                    names(there.iter().filter(|row| !shown.contains(row))),
                    table.missing,
                )
            }
        }
    }
}

fn names<'a>(rows: impl Iterator<Item = &'a Shown>) -> String {
    let name = |row: &Shown| format!("{}/{} {} {:?} [{}]", row.namespace, row.name, row.uid, row.labels, row.fact);
    rows.take(5).map(name).collect::<Vec<_>>().join(", ")
}
