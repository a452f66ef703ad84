//! Who shows what is in it, when many krates come into sight at once: a few each frame, so that the hand that moves the camera is followed all the while.

use std::collections::VecDeque;

use leptos::prelude::*;

use crate::browser::dom;

/// Frames between two krates while the camera moves: one costs about a frame.
const MOVING: u32 = 20;
/// Krates a frame while it stands still.
const STILL: usize = 4;

/// A queue in front of the screen.
#[derive(Clone, Copy)]
pub struct Turns {
    waiting: StoredValue<VecDeque<RwSignal<bool>>>,
    is_still: Signal<bool>,
    runs: StoredValue<bool>,
}

impl Turns {
    /// Nobody waits. `is_still`: the camera stands.
    pub fn new(is_still: Signal<bool>) -> Turns {
        Turns { waiting: StoredValue::new(VecDeque::new()), is_still, runs: StoredValue::new(false) }
    }

    /// Sets `turn` when it is its turn: at once when nobody was let in since the last frame.
    pub fn ask(self, turn: RwSignal<bool>) {
        if self.runs.get_value() {
            self.waiting.update_value(|waiting| waiting.push_back(turn));
            return;
        }
        turn.set(true);
        self.runs.set_value(true);
        let mut frame = 0u32;
        dom::each_frame(move |_| {
            frame += 1;
            let count = match self.is_still.try_get_untracked() {
                Some(false) if !frame.is_multiple_of(MOVING) => return true,
                Some(false) => 1,
                _ => STILL,
            };
            let next = self.waiting.try_update_value(|waiting| waiting.drain(..count.min(waiting.len())).collect::<Vec<_>>()).unwrap_or_default();
            if next.is_empty() {
                let _ = self.runs.try_set_value(false);
            }
            for turn in &next {
                // What is gone meanwhile needs none.
                let _ = turn.try_set(true);
            }
            !next.is_empty()
        });
    }
}
