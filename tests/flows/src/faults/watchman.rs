//! Who looks over people's shoulders: a table may be behind the cluster, but not for longer than a grace without saying so.

use std::sync::Arc;
use std::time::Duration;

use krateyard_app::store::{Table, TableLease};
use krateyard_shared::scope::Scope;
use leptos::prelude::GetUntracked;
use tokio::time::Instant;

use super::cluster::{Cluster, Thing};
use crate::person::{Person, shown};
use crate::stage::{Account, Shown};

/// A change is on screen sooner; rights count within so long (architecture.md).
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// Somebody's table.
pub(super) struct Sight {
    /// Whose.
    pub(super) person: usize,
    pub(super) account: Account,
    pub(super) thing: Thing,
    pub(super) scope: Scope,
    /// While it is open.
    pub(super) lease: Option<TableLease>,
    judged: Option<Judged>,
    untrue_since: Option<Instant>,
}

/// A judgement holds until either side changes.
struct Judged {
    table: Arc<Table>,
    changes: u64,
    truth: Option<Vec<Shown>>,
    is_true: bool,
}

impl Sight {
    pub(super) fn new(person: usize, account: Account, thing: Thing, scope: Scope) -> Sight {
        Sight { person, account, thing, scope, lease: None, judged: None, untrue_since: None }
    }

    pub(super) fn open(&mut self, person: &Person) {
        if let (None, Some(kind)) = (&self.lease, self.thing.kind()) {
            self.lease = Some(person.table(kind, self.scope.clone()));
        }
        self.untrue_since = None;
    }

    pub(super) fn close(&mut self) {
        (self.lease, self.judged, self.untrue_since) = (None, None, None);
    }

    pub(super) fn table(&self) -> Option<Arc<Table>> {
        self.lease.as_ref().map(|lease| lease.table.get_untracked())
    }

    /// Whether it shows what there is and says so; what may not be seen must not be shown as an empty list.
    pub(super) fn is_settled(&mut self, cluster: &Cluster) -> bool {
        let is_true = self.is_true(cluster);
        is_true && self.table().is_none_or(|table| table.state.is_live())
    }

    fn is_true(&mut self, cluster: &Cluster) -> bool {
        let Some(table) = self.table() else { return true };
        let changes = cluster.changes();
        if let Some(judged) = &self.judged
            && judged.changes == changes
            && Arc::ptr_eq(&judged.table, &table)
        {
            return judged.is_true;
        }
        let truth = match self.judged.take() {
            Some(judged) if judged.changes == changes => judged.truth,
            _ => cluster.truth(self.account, self.thing, &self.scope),
        };
        let is_true = truth.as_ref().is_some_and(|truth| table.complete && shown(&table) == *truth);
        self.judged = Some(Judged { table, changes, truth, is_true });
        is_true
    }

    /// # Errors
    /// In words, when it says for too long that what it shows is true.
    pub(super) fn watch(&mut self, cluster: &Cluster, may_lag_until: Instant) -> Result<(), String> {
        let claims = self.table().is_some_and(|table| table.state.is_live());
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
        let Some(table) = self.table() else { return "closed".into() };
        let truth = cluster.truth(self.account, self.thing, &self.scope);
        let shown = shown(&table);
        let there = truth.clone().unwrap_or_default();
        let names = |rows: Vec<&Shown>| {
            rows.into_iter()
                .take(5)
                .map(|row| format!("{}/{} {} {:?} [{}]", row.namespace, row.name, row.uid, row.labels, row.fact))
                .collect::<Vec<_>>()
                .join(", ")
        };
        format!(
            "{:?} {:?} of {:?}: {:?}, {}, {} shown and {} there{}\n      ghosts: {}\n      lost: {}\n      missing: {:?}",
            self.thing,
            self.scope,
            self.account,
            table.state,
            if table.complete { "complete" } else { "not complete" },
            shown.len(),
            there.len(),
            if truth.is_none() { " (not readable)" } else { "" },
            names(shown.iter().filter(|row| !there.contains(row)).collect()),
            names(there.iter().filter(|row| !shown.contains(row)).collect()),
            table.missing,
        )
    }
}
