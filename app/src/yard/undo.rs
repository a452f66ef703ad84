//! Undo of this person's own edits, one action a step; never someone else's.

use std::collections::HashSet;
use std::sync::Arc;

use yrs::UndoManager;
use yrs::undo::Options;

use super::document::Document;
use super::origin::Origin;

/// The steps that can be taken back and done again.
pub(crate) struct Undo {
    manager: UndoManager,
}

impl Undo {
    /// Watches a document.
    pub(crate) fn new(document: &Document) -> Undo {
        let options = Options {
            // Never merges two transactions: an action is a step, however fast the next one follows.
            capture_timeout_millis: 0,
            tracked_origins: HashSet::from([Origin::Local.into()]),
            capture_transaction: None,
            timestamp: Arc::new(|| 0),
            init_undo_stack: Vec::new(),
            init_redo_stack: Vec::new(),
        };
        let mut manager = UndoManager::with_options(options);
        manager.expand_scope(&document.doc, &document.krates);
        manager.expand_scope(&document.doc, &document.windows);
        Undo { manager }
    }

    /// Takes the last step back. Says whether anything changed.
    pub(crate) fn undo(&mut self) -> bool {
        self.manager.undo_blocking()
    }

    /// Does it again.
    pub(crate) fn redo(&mut self) -> bool {
        self.manager.redo_blocking()
    }

    pub(crate) fn can_undo(&self) -> bool {
        self.manager.can_undo()
    }

    pub(crate) fn can_redo(&self) -> bool {
        self.manager.can_redo()
    }
}
