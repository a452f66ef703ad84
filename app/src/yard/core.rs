//! A Yard without a browser: document, mirror and undo as one value. Every edit enters through [`Core::act`], everything else through [`Core::receive`].

use std::sync::Arc;

use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{ReadTxn, StateVector, Transact};

use super::action::YardAction;
use super::document::{Change, Document, DocumentError};
use super::mirror::Mirror;
use super::origin::Origin;
use super::state::{WindowId, YardState};
use super::transact::{NewId, plan, raise};
use super::undo::Undo;

/// One person's copy of a Yard.
pub struct Core {
    document: Document,
    mirror: Mirror,
    undo: Undo,
    /// What came before something that it builds on, merged: yrs alone now and then keeps such updates waiting although everything is there.
    early: Option<Vec<u8>>,
    /// Set once and for good: a document that may not be touched.
    refused: Option<DocumentError>,
}

impl Core {
    /// An empty Yard. `client` is a random number below 2^53 that no other copy ever uses.
    pub fn new(client: u64) -> Core {
        let document = Document::new(client);
        let undo = Undo::new(&document);
        Core { document, mirror: Mirror::default(), undo, early: None, refused: None }
    }

    /// The Yard as it is.
    pub fn state(&self) -> &Arc<YardState> {
        self.mirror.state()
    }

    /// Why this Yard takes no edits, if so.
    pub fn refused(&self) -> Option<&DocumentError> {
        self.refused.as_ref()
    }

    /// Whether there is a step to take back.
    pub fn can_undo(&self) -> bool {
        self.undo.can_undo()
    }

    /// Whether there is a step to do again.
    pub fn can_redo(&self) -> bool {
        self.undo.can_redo()
    }

    /// One edit. Gives the window that [`YardAction::Open`] opened, or found open.
    pub fn act(&mut self, action: &YardAction, new_id: &mut NewId<'_>) -> Option<WindowId> {
        if self.refused.is_some() {
            return None;
        }
        match action {
            YardAction::Undo => drop(self.undo.undo()),
            YardAction::Redo => drop(self.undo.redo()),
            _ => {
                let plan = plan(&self.mirror, action, new_id);
                let origin = if matches!(action, YardAction::Raise { .. }) { Origin::Raise } else { Origin::Local };
                self.document.write(origin, &plan.writes);
                self.undo.trim(&self.document);
                self.refresh();
                if let Some(writes) = plan.raise.and_then(|krate| raise(&self.mirror, &krate)) {
                    self.document.write(Origin::Raise, &writes);
                    self.refresh();
                }
                return plan.window;
            }
        }
        self.refresh();
        None
    }

    /// Takes an update in that did not start here.
    pub fn receive(&mut self, origin: Origin, update: &[u8]) -> Result<(), DocumentError> {
        if let Some(refused) = &self.refused {
            return Err(refused.clone());
        }
        let applied = self.apply(origin, update);
        if let Err(error @ DocumentError::Newer { .. }) = &applied {
            self.refused = Some(error.clone());
        }
        self.refresh();
        applied
    }

    /// Every update since the last call, whoever made it.
    pub fn take_changes(&mut self) -> Vec<Change> {
        self.document.take_changes()
    }

    /// The whole Yard as one update.
    pub fn snapshot(&self) -> Vec<u8> {
        self.document.snapshot()
    }

    /// What this copy knows, encoded: another copy answers with what is missing.
    pub fn state_vector(&self) -> Vec<u8> {
        self.document.doc.transact().state_vector().encode_v1()
    }

    /// What a copy with this state vector lacks.
    pub fn missing_for(&self, state_vector: &[u8]) -> Result<Vec<u8>, DocumentError> {
        Ok(self.document.doc.transact().encode_state_as_update_v1(&decode_vector(state_vector)?))
    }

    /// Whether this copy has made or heard something that a copy with this state vector has not. Deletions have no place in a state vector, so a copy that
    /// has ever deleted anything says yes.
    pub fn has_news_for(&self, state_vector: &[u8]) -> Result<bool, DocumentError> {
        let theirs = decode_vector(state_vector)?;
        let txn = self.document.doc.transact();
        let deleted = !txn.snapshot().delete_set.is_empty();
        Ok(deleted || txn.state_vector().iter().any(|(client, clock)| *clock > theirs.get(client)))
    }

    /// Whether a copy with this state vector knows something that this one does not.
    pub fn lacks_something_of(&self, state_vector: &[u8]) -> Result<bool, DocumentError> {
        let ours = self.document.doc.transact().state_vector();
        Ok(decode_vector(state_vector)?.iter().any(|(client, clock)| *clock > ours.get(client)))
    }

    fn apply(&mut self, origin: Origin, update: &[u8]) -> Result<(), DocumentError> {
        self.document.apply(origin, update)?;
        if !self.document.waits() {
            self.early = None;
            return Ok(());
        }
        let early = match self.early.take() {
            Some(early) => yrs::merge_updates_v1([&early[..], update]).map_err(|error| DocumentError::Decode(error.to_string()))?,
            None => update.to_vec(),
        };
        self.document.apply(origin, &early)?;
        self.early = self.document.waits().then_some(early);
        Ok(())
    }

    /// Whether something is missing that what came builds on: time to ask for it.
    pub fn is_incomplete(&self) -> bool {
        self.early.is_some()
    }

    fn refresh(&mut self) {
        let dirty = self.document.take_dirty();
        self.mirror.refresh(&self.document, &dirty);
    }
}

fn decode_vector(bytes: &[u8]) -> Result<StateVector, DocumentError> {
    StateVector::decode_v1(bytes).map_err(|error| DocumentError::Decode(error.to_string()))
}

#[cfg(test)]
mod tests;
