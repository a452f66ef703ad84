//! Where a change of the document comes from.

/// Each transaction carries one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// This person's edit: a step of undo.
    Local,
    /// This person brought a krate to the front: kept and shared, but no step of undo.
    Raise,
    /// Another tab or another person.
    Remote,
    /// What the browser had kept.
    Restored,
    /// Undo or redo of this person's edits.
    Undo,
}

impl Origin {
    /// Whether this browser made it, so that it has to be kept and told to others.
    pub fn is_own(self) -> bool {
        matches!(self, Origin::Local | Origin::Raise | Origin::Undo)
    }
}

impl From<Origin> for yrs::Origin {
    fn from(origin: Origin) -> yrs::Origin {
        yrs::Origin::from(origin as u8)
    }
}

impl Origin {
    /// The origin of a transaction; an unknown one is the undo manager's, which names its transactions after itself.
    pub(crate) fn of(origin: Option<&yrs::Origin>) -> Origin {
        [Origin::Local, Origin::Raise, Origin::Remote, Origin::Restored].into_iter().find(|known| origin == Some(&(*known).into())).unwrap_or(Origin::Undo)
    }
}
