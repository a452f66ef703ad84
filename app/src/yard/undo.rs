//! Undo of this person's own edits, one action a step; never someone else's.

use std::collections::HashSet;
use std::sync::Arc;

use yrs::UndoManager;
use yrs::undo::{Options, StackItem};

use super::document::Document;
use super::origin::Origin;

/// So many steps are kept at least; twice as many at most.
const STEPS: usize = 250;

/// The steps that can be taken back and done again.
pub(crate) struct Undo {
    manager: UndoManager,
}

impl Undo {
    /// Watches a document.
    pub(crate) fn new(document: &Document) -> Undo {
        Undo { manager: manager(document, Vec::new()) }
    }

    /// Forgets the oldest steps if there are many. After an edit, when there is nothing to do again.
    pub(crate) fn trim(&mut self, document: &Document) {
        let steps = self.manager.undo_stack();
        if steps.len() > 2 * STEPS {
            let kept = steps[steps.len() - STEPS..].to_vec();
            self.manager = manager(document, kept);
        }
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

/// yrs' own, which can only grow: it is made anew with the steps that are to be kept.
fn manager(document: &Document, steps: Vec<StackItem<()>>) -> UndoManager {
    let options = Options {
        // Never merges two transactions: an action is a step, however fast the next one follows.
        capture_timeout_millis: 0,
        tracked_origins: HashSet::from([Origin::Local.into()]),
        capture_transaction: None,
        timestamp: Arc::new(|| 0),
        init_undo_stack: steps,
        init_redo_stack: Vec::new(),
    };
    let mut manager = UndoManager::with_options(options);
    manager.expand_scope(&document.doc, &document.krates);
    manager.expand_scope(&document.doc, &document.windows);
    manager
}
