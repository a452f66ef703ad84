use krateyard_shared::logs::LogSourceState;
use krateyard_shared::rows::{ContainerFacts, ContainerRunState};

/// What the cluster tells of a container, as far as the person may see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Known {
    #[default]
    Unknown,
    /// Its pod is gone.
    Gone,
    Is(Facts),
}

/// A container, as far as its log goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// Before the present run, or the last one.
    pub(super) restarts: u32,
    pub(super) state: ContainerRunState,
    /// Exit code of the run before.
    pub(super) last_code: Option<i32>,
    /// Why that ended.
    last_reason: String,
}

impl Facts {
    pub(super) fn of(container: &ContainerFacts) -> Facts {
        Facts {
            restarts: container.restarts,
            state: container.state.clone(),
            last_code: container.last.as_ref().map(|last| last.code),
            last_reason: container.last.as_ref().map(|last| last.reason.clone()).unwrap_or_default(),
        }
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, ContainerRunState::Running(_))
    }

    /// Whether a run has begun whose log can be read.
    pub(super) fn has_log(&self) -> bool {
        self.last_code.is_some() || !matches!(self.state, ContainerRunState::Waiting { .. } | ContainerRunState::Unknown)
    }

    /// Why there is no log yet.
    pub(super) fn why(&self) -> String {
        match &self.state {
            ContainerRunState::Waiting { reason, .. } if !reason.is_empty() => reason.clone(),
            _ => "the container has not started yet".into(),
        }
    }

    /// How a container stands that does not run.
    pub(super) fn ended(&self) -> LogSourceState {
        match &self.state {
            ContainerRunState::Terminated(ended) => LogSourceState::Ended { code: Some(ended.code), reason: ended.reason.clone() },
            ContainerRunState::Waiting { reason, .. } if !reason.is_empty() => LogSourceState::Ended { code: self.last_code, reason: reason.clone() },
            _ => LogSourceState::Ended { code: self.last_code, reason: self.last_reason.clone() },
        }
    }
}
