//! Which containers of a pod there are logs of, from the pod's row.

use krateyard_shared::rows::{ContainerFacts, ContainerRole, ContainerRunState, Facts, Row};

/// Names of a pod's containers: the main ones, then the sidecars, then the ephemeral ones, then the others.
pub fn names(row: &Row) -> Vec<String> {
    let Facts::Pod(pod) = &row.facts else { return Vec::new() };
    let of = |role: ContainerRole| pod.containers.iter().filter(move |c: &&ContainerFacts| c.role == role).map(|c| c.name.clone());
    of(ContainerRole::Main).chain(of(ContainerRole::Sidecar)).chain(pod.ephemeral.iter().map(|c| c.name.clone())).chain(of(ContainerRole::Init)).collect()
}

/// The container that a person most likely wants: the first main one that is not ready, else the first main one; an init container that holds the pod up.
pub fn wanted(row: &Row) -> Option<String> {
    let Facts::Pod(pod) = &row.facts else { return None };
    let holds_up =
        |c: &&ContainerFacts| c.role == ContainerRole::Init && !pod.initialized && !matches!(c.state, ContainerRunState::Unknown) && !has_ended_well(c);
    let main = || pod.containers.iter().filter(|c| c.role == ContainerRole::Main);
    let found = pod.containers.iter().find(holds_up).or_else(|| main().find(|c| !c.ready && !has_ended_well(c)).or_else(|| main().next()));
    found.map(|c| c.name.clone())
}

fn has_ended_well(container: &ContainerFacts) -> bool {
    matches!(&container.state, ContainerRunState::Terminated(ended) if ended.code == 0)
}
