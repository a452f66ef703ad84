//! Rows as a tree: a workload above its pods (replica sets are left out), a pod above what it uses, a service above the pods that it selects, an ingress above its
//! services. Plain: rows in, lines out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::rows::{Facts, Row, Use};
use krateyard_shared::selector::LabelSelector;

use super::filter::Filter;
use super::line::{self, Fold, Line, LineId, What};

/// No chain of owners is longer; one that goes round in a circle ends here.
const DEEPEST: u8 = 8;

/// The kinds that stand above pods.
const WORKLOADS: [Kind; 7] = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::CronJob, Kind::Job, Kind::ReplicaSet, Kind::ReplicationController];
/// What pods use.
const USED: [Kind; 4] = [Kind::ConfigMap, Kind::Secret, Kind::PersistentVolumeClaim, Kind::ServiceAccount];

/// Whether lists of a kind have a tree; `None` is everything.
pub fn has_tree(kind: Option<Kind>) -> bool {
    kind.is_none_or(|kind| WORKLOADS.contains(&kind) || matches!(kind, Kind::Service | Kind::Ingress))
}

/// The kinds that a tree of this one shows below it.
pub fn kinds_below(kind: Kind) -> Vec<Kind> {
    let between: &[Kind] = match kind {
        Kind::Deployment => &[Kind::ReplicaSet],
        Kind::CronJob => &[Kind::Job],
        Kind::Ingress => &[Kind::Service],
        _ => &[],
    };
    between.iter().copied().chain([Kind::Pod]).chain(USED).collect()
}

/// Which lines a person opened or closed, where that is not as it begins: closed below pods, open above.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folds(HashSet<LineId>);

impl Folds {
    /// Opens what is closed, and closes what is open.
    pub fn toggle(&mut self, line: LineId) {
        if !self.0.remove(&line) {
            self.0.insert(line);
        }
    }

    fn is_open(&self, line: LineId, row: &Row) -> bool {
        (row.kind != Kind::Pod) != self.0.contains(&line)
    }
}

/// Everything that a tree is made of. Rows stand in the order in which siblings are to stand.
pub struct Tree<'a> {
    /// Where it begins; `None` is wherever nothing stands above.
    pub roots: Option<&'a [Arc<Row>]>,
    /// All rows below, the roots among them or not.
    pub rows: &'a [Arc<Row>],
    /// What may not be read.
    pub missing: &'a [Refusal],
    /// Whether all rows are here.
    pub complete: bool,
}

/// Who stands below whom.
struct Below<'a> {
    /// By the uid of what controls them.
    owned: HashMap<&'a str, Vec<&'a Arc<Row>>>,
    named: HashMap<(Kind, Option<&'a str>, &'a str), &'a Arc<Row>>,
    /// By namespace.
    pods: HashMap<Option<&'a str>, Vec<&'a Arc<Row>>>,
    tree: &'a Tree<'a>,
}

/// What stands below a line: an object, or words in its place.
enum Child<'a> {
    Row(&'a Arc<Row>),
    Words(String),
}

impl Tree<'_> {
    /// Its lines. With a filter only what matches, what stands above that, and what stands below it.
    pub fn lines(&self, filter: &Filter, folds: &Folds) -> Vec<Line> {
        let below = Below::of(self);
        let mut lines = Vec::new();
        for row in below.roots() {
            below.put(row, 0, 0, filter, folds, &mut lines);
        }
        lines
    }
}

impl<'a> Below<'a> {
    fn of(tree: &'a Tree<'a>) -> Below<'a> {
        let mut below = Below { owned: HashMap::new(), named: HashMap::new(), pods: HashMap::new(), tree };
        for row in tree.rows {
            if let Some(owner) = &row.owner {
                below.owned.entry(&owner.uid).or_default().push(row);
            }
            if row.kind == Kind::Pod {
                below.pods.entry(row.namespace.as_deref()).or_default().push(row);
            }
            below.named.insert((row.kind, row.namespace.as_deref(), &row.name), row);
        }
        below
    }

    fn roots(&self) -> Vec<&'a Arc<Row>> {
        if let Some(roots) = self.tree.roots {
            return roots.iter().collect();
        }
        let there: HashSet<&str> = self.tree.rows.iter().map(|row| row.uid.as_str()).collect();
        let used: HashSet<(Kind, Option<&str>, &str)> =
            self.tree.rows.iter().flat_map(|row| uses(row).iter().map(|used| (used.what.kind(), row.namespace.as_deref(), used.name.as_str()))).collect();
        let is_root = |row: &&Arc<Row>| {
            let is_owned = row.owner.as_ref().is_some_and(|owner| there.contains(owner.uid.as_str()));
            !is_owned && !used.contains(&(row.kind, row.namespace.as_deref(), row.name.as_str()))
        };
        // What leads somewhere first, what stands alone last; within each as the rows stand.
        let mut roots: Vec<_> = self.tree.rows.iter().filter(is_root).collect();
        roots.sort_by_key(|row| match row.kind {
            Kind::Ingress => 0,
            Kind::Service => 1,
            kind if WORKLOADS.contains(&kind) => 2,
            Kind::Pod => 3,
            _ => 4,
        });
        roots
    }

    /// Puts a row and what is shown of what stands below it. Says whether anything was put.
    fn put(&self, row: &'a Arc<Row>, above: LineId, depth: u8, filter: &Filter, folds: &Folds, lines: &mut Vec<Line>) -> bool {
        let id = line::below(above, &row.uid);
        let matches = filter.passes(row);
        let children = if depth < DEEPEST { self.children(row) } else { Vec::new() };
        let at = lines.len();
        lines.push(Line { id, depth, fold: Fold::None, what: What::Row(row.clone()) });
        if children.is_empty() {
            if !matches {
                lines.truncate(at);
            }
            return matches;
        }
        // Below what matches everything is shown; else only what leads to a match, and that is open.
        let all = Filter::default();
        let is_open = folds.is_open(id, row);
        let wanted = if matches { &all } else { filter };
        let mut found = matches;
        if !matches || is_open {
            for child in &children {
                found |= match child {
                    Child::Row(child) => self.put(child, id, depth + 1, wanted, folds, lines),
                    Child::Words(words) if matches => {
                        let what = What::Words(Arc::from(words.as_str()));
                        lines.push(Line { id: line::below(id, words), depth: depth + 1, fold: Fold::None, what });
                        true
                    }
                    Child::Words(_) => false,
                };
            }
        }
        if found {
            lines[at].fold = if lines.len() > at + 1 { Fold::Open } else { Fold::Closed };
        } else {
            lines.truncate(at);
        }
        found
    }

    fn children(&self, row: &'a Row) -> Vec<Child<'a>> {
        let mut children = Vec::new();
        match &row.facts {
            Facts::Service(service) if !service.selector.is_empty() => {
                let selector = LabelSelector::of_labels(service.selector.iter().map(|(key, value)| (key.as_str(), value.as_str())));
                let pods = self.pods.get(&row.namespace.as_deref()).into_iter().flatten();
                children.extend(pods.filter(|pod| selector.matches(|key| pod.label(key))).map(|pod| Child::Row(pod)));
                self.say_missing_pods(&mut children);
            }
            Facts::Service(_) => {}
            _ => {
                self.own(row, 0, &mut children);
                if WORKLOADS.contains(&row.kind) {
                    self.say_missing_pods(&mut children);
                }
            }
        }
        children.extend(uses(row).iter().filter_map(|used| self.used(row, used)));
        children
    }

    /// What a row controls; what stands only between it and others is left out.
    fn own(&self, row: &'a Row, depth: u8, children: &mut Vec<Child<'a>>) {
        for owned in self.owned.get(row.uid.as_str()).into_iter().flatten() {
            match owned.kind {
                Kind::ReplicaSet if depth < DEEPEST => self.own(owned, depth + 1, children),
                Kind::ReplicaSet | Kind::ControllerRevision | Kind::EndpointSlice => {}
                _ => children.push(Child::Row(owned)),
            }
        }
    }

    fn used(&self, row: &'a Row, used: &'a Use) -> Option<Child<'a>> {
        let (kind, namespace) = (used.what.kind(), row.namespace.as_deref());
        if let Some(there) = self.named.get(&(kind, namespace, used.name.as_str())) {
            return Some(Child::Row(there));
        }
        let what = format!("{} {}", kind.entry().name, used.name);
        match self.refusal(kind, namespace) {
            Some(refusal) => Some(Child::Words(format!("{what}: {refusal}"))),
            None if self.tree.complete => Some(Child::Words(format!("{what}: there is none of this name"))),
            None => None,
        }
    }

    fn say_missing_pods(&self, children: &mut Vec<Child<'a>>) {
        if children.is_empty()
            && let Some(refusal) = self.refusal(Kind::Pod, None)
        {
            children.push(Child::Words(format!("Pods: {refusal}")));
        }
    }

    /// Why rows of a kind may be missing there.
    fn refusal(&self, kind: Kind, at: Option<&str>) -> Option<&'a Refusal> {
        let plural = kind.resource().to_string();
        self.tree.missing.iter().find(|refusal| match refusal {
            Refusal::Forbidden { resource, namespace, .. } | Refusal::ProxyForbidden { resource, namespace, .. } => {
                *resource == plural && (namespace.is_none() || at.is_none() || namespace.as_deref() == at)
            }
            _ => false,
        })
    }
}

fn uses(row: &Row) -> &[Use] {
    match &row.facts {
        Facts::Pod(pod) => &pod.uses,
        Facts::Plain(plain) => &plain.uses,
        _ => &[],
    }
}

#[cfg(test)]
mod tests;
