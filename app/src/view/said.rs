//! What was done, in a few words at the foot of the page; and what could not be, until somebody has read it.

use std::time::Duration;

use leptos::prelude::*;

use super::parts::glyph;

/// What was done is said for so long.
const BRIEFLY: Duration = Duration::from_secs(5);

/// What was said last: the words, and which saying it was.
#[derive(Clone, Copy)]
pub struct Said(RwSignal<Option<(String, u64)>>, StoredValue<u64>);

impl Default for Said {
    /// Nothing yet.
    fn default() -> Said {
        Said(RwSignal::new(None), StoredValue::new(0))
    }
}

impl Said {
    /// Something was done.
    pub fn done(self, words: String) {
        let number = self.say(words);
        set_timeout(move || self.forget(number), BRIEFLY);
    }

    /// Something could not be done: it stands until it is closed, or something else is said.
    pub fn problem(self, words: String) {
        self.say(words);
    }

    fn say(self, words: String) -> u64 {
        let number = self.1.get_value() + 1;
        self.1.set_value(number);
        self.0.set(Some((words, number)));
        number
    }

    fn forget(self, number: u64) {
        if self.0.try_with_untracked(|said| said.as_ref().is_some_and(|(_, of)| *of == number)) == Some(true) {
            self.0.set(None);
        }
    }
}

/// The line.
#[component]
pub fn SaidLine() -> impl IntoView {
    let said = expect_context::<Said>();
    move || {
        said.0.get().map(|(words, number)| {
            view! {
                <div class="notice said" role="status">
                    <span>{words}</span>
                    <button class="icon" title="Close" on:click=move |_| said.forget(number)>{glyph("x")}</button>
                </div>
            }
        })
    }
}
