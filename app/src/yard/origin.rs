//! Where a change of the document comes from.

/// Each transaction carries one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// This person's edit: a step of undo.
    Local,
    /// This person brought a krate to the front: kept and shared, but no step of undo.
    Raise,
    /// Undo or redo of this person's edits.
    Undo,
    /// This person's things, moved to their own room since that of before may not be changed: kept and shared, but no step of undo.
    Salvaged,
    /// Another tab of this browser, which keeps it.
    Remote,
    /// The proxy: another person, or this one elsewhere. To be kept here.
    Shared,
    /// What the browser had kept.
    Restored,
}

const ALL: [Origin; 7] = [Origin::Local, Origin::Raise, Origin::Undo, Origin::Salvaged, Origin::Remote, Origin::Shared, Origin::Restored];

impl Origin {
    /// Whether this tab made it, so that it has to be kept and told to others.
    pub fn is_own(self) -> bool {
        matches!(self, Origin::Local | Origin::Raise | Origin::Undo | Origin::Salvaged)
    }

    /// Whether it has to be kept in this browser by this tab.
    pub fn is_kept(self) -> bool {
        self.is_own() || self == Origin::Shared
    }

    /// The origin of a transaction. There is none without one of these.
    pub(crate) fn of(origin: Option<&yrs::Origin>) -> Origin {
        ALL.into_iter().find(|known| origin == Some(&(*known).into())).unwrap_or(Origin::Remote)
    }
}

impl From<Origin> for yrs::Origin {
    fn from(origin: Origin) -> yrs::Origin {
        yrs::Origin::from(origin as u8)
    }
}
