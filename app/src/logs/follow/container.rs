//! What a follow needs to know of its container, from the row of its pod.

use krateyard_shared::rows::{ContainerFacts, ContainerRole, ContainerRunState, Facts, Row};

/// A container, as far as its log is concerned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Container {
    /// Where it is.
    pub run: Run,
    /// Restarts so far.
    pub restarts: u32,
    /// How its last run ended: exit code and reason.
    pub last: Option<(i32, String)>,
}

/// Where a container is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Run {
    /// Not known: no row of the pod yet.
    #[default]
    Unknown,
    /// It waits, and why.
    Waiting(String),
    /// It runs.
    Running,
    /// It ended with this code and reason.
    Ended(i32, String),
    /// Its pod is gone.
    Gone,
}

impl Container {
    /// A container of a pod's row; `known` says whether the pod was there before.
    pub fn of(row: Option<&Row>, name: &str, known: bool) -> Container {
        let Some(row) = row else {
            return Container { run: if known { Run::Gone } else { Run::Unknown }, ..Container::default() };
        };
        let Facts::Pod(pod) = &row.facts else { return Container::default() };
        let Some(facts) = pod.containers.iter().find(|container| container.name == name) else { return Container::default() };
        let run = match &facts.state {
            ContainerRunState::Running(_) => Run::Running,
            ContainerRunState::Terminated(ended) => Run::Ended(ended.code, ended.reason.clone()),
            ContainerRunState::Waiting { reason, message } if message.is_empty() => Run::Waiting(reason.clone()),
            ContainerRunState::Waiting { reason, message } => Run::Waiting(format!("{reason}: {message}")),
            ContainerRunState::Unknown if !pod.unscheduled.is_empty() => Run::Waiting(format!("Pending: {}", pod.unscheduled)),
            ContainerRunState::Unknown => Run::Waiting(if pod.node.is_empty() { "the pod has no node yet" } else { "the pod is being set up" }.into()),
        };
        Container { run, restarts: facts.restarts, last: facts.last.as_ref().map(|last| (last.code, last.reason.clone())) }
    }

    /// Names of a pod's containers: the main ones, then the sidecars, then the others.
    pub fn names(row: &Row) -> Vec<String> {
        let Facts::Pod(pod) = &row.facts else { return Vec::new() };
        let of = |role: ContainerRole| pod.containers.iter().filter(move |c: &&ContainerFacts| c.role == role).map(|c| c.name.clone());
        of(ContainerRole::Main).chain(of(ContainerRole::Sidecar)).chain(of(ContainerRole::Init)).collect()
    }

    /// The container that a person most likely wants: the first main one that is not ready, else the first main one; an init container that holds the pod up.
    pub fn wanted(row: &Row) -> Option<String> {
        let Facts::Pod(pod) = &row.facts else { return None };
        let holds_up =
            |c: &&ContainerFacts| c.role == ContainerRole::Init && !pod.initialized && !matches!(c.state, ContainerRunState::Unknown) && !c.has_ended_well();
        let main = || pod.containers.iter().filter(|c| c.role == ContainerRole::Main);
        let found = pod.containers.iter().find(holds_up).or_else(|| main().find(|c| !c.ready && !c.has_ended_well()).or_else(|| main().next()));
        found.map(|c| c.name.clone())
    }

    /// Whether there is a log: of the run that goes on, or of the last one.
    pub fn has_log(&self) -> bool {
        matches!(self.run, Run::Running | Run::Ended(..)) || (matches!(self.run, Run::Waiting(_)) && self.last.is_some())
    }

    /// Why there is no log.
    pub(super) fn why(&self) -> String {
        match &self.run {
            Run::Waiting(why) => why.clone(),
            _ => String::new(),
        }
    }

    /// The exit code of the run that ended last.
    pub(super) fn exit(&self) -> Option<i32> {
        match (&self.run, &self.last) {
            (Run::Ended(code, _), _) => Some(*code),
            (_, last) => last.as_ref().map(|(code, _)| *code),
        }
    }

    /// The reason of the run that ended last, and what holds up the next.
    pub(super) fn ended_because(&self) -> Option<String> {
        match (&self.run, &self.last) {
            (Run::Ended(_, reason), _) => Some(reason.clone()),
            (Run::Waiting(why), Some((_, reason))) => Some(format!("{reason}; {why}")),
            _ => None,
        }
    }
}

trait EndedWell {
    fn has_ended_well(&self) -> bool;
}

impl EndedWell for ContainerFacts {
    fn has_ended_well(&self) -> bool {
        matches!(&self.state, ContainerRunState::Terminated(ended) if ended.code == 0)
    }
}
