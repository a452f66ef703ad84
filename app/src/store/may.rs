//! May I? Asked by views, batched once per frame, remembered for 30 s.

use std::collections::HashMap;

use krateyard_shared::api::{AccessQuestion, MAX_QUESTIONS};
use leptos::prelude::{ArcRwSignal, Set};

/// How long an answer counts, in milliseconds: as long as the proxy's own reviews.
const COUNTS_MS: u64 = 30_000;
/// How long a question waits for its answer before it is asked again, in milliseconds.
const ASK_AGAIN_MS: u64 = 10_000;
/// Answers that are remembered; older ones than [`COUNTS_MS`] go first.
const MAX_REMEMBERED: usize = 2000;

/// The questions of a workspace.
#[derive(Default)]
pub(super) struct May(HashMap<AccessQuestion, Asked>);

struct Asked {
    answer: ArcRwSignal<Option<bool>>,
    state: State,
}

enum State {
    Wanted,
    UnderWay { since_ms: u64 },
    Answered { at_ms: u64 },
}

impl May {
    /// The answer, as soon as there is one; asked anew when it is old.
    pub(super) fn ask(&mut self, question: AccessQuestion, now_ms: u64) -> ArcRwSignal<Option<bool>> {
        if self.0.len() >= MAX_REMEMBERED {
            self.0.retain(|_, asked| !matches!(asked.state, State::Answered { at_ms } if now_ms >= at_ms + COUNTS_MS));
        }
        let asked = self.0.entry(question).or_insert_with(|| Asked { answer: ArcRwSignal::new(None), state: State::Wanted });
        match asked.state {
            State::Answered { at_ms } if now_ms >= at_ms + COUNTS_MS => asked.state = State::Wanted,
            State::UnderWay { since_ms } if now_ms >= since_ms + ASK_AGAIN_MS => asked.state = State::Wanted,
            _ => {}
        }
        asked.answer.clone()
    }

    /// Questions to be sent now, in batches.
    pub(super) fn take_wanted(&mut self, now_ms: u64) -> Vec<Vec<AccessQuestion>> {
        let mut wanted: Vec<AccessQuestion> = Vec::new();
        for (question, asked) in &mut self.0 {
            if matches!(asked.state, State::Wanted) {
                asked.state = State::UnderWay { since_ms: now_ms };
                wanted.push(question.clone());
            }
        }
        wanted.sort_unstable();
        wanted.chunks(MAX_QUESTIONS).map(<[_]>::to_vec).collect()
    }

    /// Answers in the order of the questions; `None` when they could not be had: the next who asks asks again.
    pub(super) fn answered(&mut self, questions: &[AccessQuestion], answers: Option<&[bool]>, now_ms: u64) -> Vec<(ArcRwSignal<Option<bool>>, bool)> {
        let mut news = Vec::new();
        for (at, question) in questions.iter().enumerate() {
            let Some(asked) = self.0.get_mut(question) else { continue };
            match answers.and_then(|answers| answers.get(at)) {
                Some(allowed) => {
                    asked.state = State::Answered { at_ms: now_ms };
                    news.push((asked.answer.clone(), *allowed));
                }
                None => asked.state = State::UnderWay { since_ms: now_ms },
            }
        }
        news
    }

    /// Another person may sign in: nothing that was answered counts.
    pub(super) fn forget(&mut self) {
        for asked in self.0.values_mut() {
            asked.answer.set(None);
            asked.state = State::Wanted;
        }
    }
}
