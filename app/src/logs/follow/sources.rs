//! The sources of a follow: what the page has of each, and how each does.

use krateyard_shared::logs::{LogCursor, LogGap, LogLine, LogSourceState};
use krateyard_shared::refusal::Refusal;

use super::Effect;
use crate::logs::buffer::Gap;
use crate::logs::sources::{Source, short};
use crate::logs::stamp::Stamp;
use crate::stream::StreamState;

/// Sources that do not do well and are named; the others are counted.
const NAMED: usize = 2;

/// All of them, by the index that they keep over every socket.
#[derive(Debug, Default)]
pub(super) struct Followed {
    list: Vec<Known>,
    /// Which of them an index of this socket means.
    of_socket: Vec<u32>,
}

#[derive(Debug)]
struct Known {
    cursor: LogCursor,
    state: Option<LogSourceState>,
    last: Option<Stamp>,
    /// Another run begins: told with its first line, when it is known how long it was quiet.
    restarted: Option<Option<i32>>,
}

impl Followed {
    /// The indices of a socket count for it alone.
    pub(super) fn forget_socket(&mut self) {
        self.of_socket.clear();
    }

    /// What is here of each source that may still say something.
    pub(super) fn cursors(&self) -> Vec<LogCursor> {
        self.list.iter().filter(|known| known.state != Some(LogSourceState::Gone)).map(|known| known.cursor.clone()).collect()
    }

    pub(super) fn has_lines(&self) -> bool {
        self.list.iter().any(|known| known.last.is_some())
    }

    pub(super) fn joined(&mut self, index: u32, pod: &str, uid: Option<&str>, container: &str, run: Option<u32>, is_late: bool) -> Vec<Effect> {
        let known = self.list.iter().position(|known| known.cursor.is_of(pod, uid, container));
        let own = known.unwrap_or(self.list.len());
        if self.of_socket.len() <= index as usize {
            self.of_socket.resize(index as usize + 1, u32::MAX);
        }
        self.of_socket[index as usize] = own as u32;
        if let Some(known) = self.list.get_mut(own) {
            if known.cursor.uid.is_none() {
                known.cursor.uid = uid.map(Into::into);
            }
            return Vec::new();
        }
        let mut cursor = LogCursor::new(pod, uid, container, run);
        if is_late {
            cursor.caught_up();
        }
        self.list.push(Known { cursor, state: None, last: None, restarted: None });
        let source = Effect::Source(own as u32, Source { pod: pod.into(), container: container.into() });
        if is_late { vec![source, Effect::Gap(Some(own as u32), Gap::Joined)] } else { vec![source] }
    }

    /// How a source does. That one of several ends is a row of its own; that the only one does, the header says.
    pub(super) fn told(&mut self, index: u32, state: LogSourceState) -> Vec<Effect> {
        let is_one_of_several = self.list.len() > 1;
        let Some((own, known)) = self.of(index) else { return Vec::new() };
        if known.state.as_ref() == Some(&state) {
            return Vec::new();
        }
        let gap = match &state {
            LogSourceState::Ended { code, reason } => {
                known.cursor.end();
                Some(Gap::Ended { code: *code, reason: reason.clone() })
            }
            LogSourceState::Gone => Some(Gap::Gone),
            _ => None,
        };
        // What had ended before the window opened is no news.
        let is_news = known.last.is_some() || known.state.is_some();
        known.state = Some(state);
        gap.filter(|_| is_one_of_several && is_news).map(|gap| Effect::Gap(Some(own), gap)).into_iter().collect()
    }

    /// What was there when the socket opened is here; a source that it did not name went while there was none.
    pub(super) fn caught_up(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        let is_one_of_several = self.list.len() > 1;
        for (own, known) in (0..).zip(&mut self.list) {
            known.cursor.caught_up();
            if !self.of_socket.contains(&own) && known.state != Some(LogSourceState::Gone) {
                known.state = Some(LogSourceState::Gone);
                effects.extend(is_one_of_several.then_some(Effect::Gap(Some(own), Gap::Gone)));
            }
        }
        effects
    }

    pub(super) fn gap(&mut self, index: u32, count: Option<u64>, reason: LogGap) -> Vec<Effect> {
        let Some((own, known)) = self.of(index) else { return Vec::new() };
        known.cursor.gap(&reason);
        match reason {
            LogGap::Restarted { code, .. } => {
                known.restarted = Some(code);
                Vec::new()
            }
            why => vec![Effect::Gap(Some(own), Gap::Missing { count, why })],
        }
    }

    pub(super) fn line(&mut self, LogLine(index, time, text): LogLine, now_ms: u64, effects: &mut Vec<Effect>) {
        let Some((own, known)) = self.of(index) else { return };
        known.cursor.advance(&time, &text);
        // What a node says itself has no time.
        let at = Stamp::parse(&time).or(known.last).unwrap_or(Stamp { secs: (now_ms / 1000) as i64, nanos: 0 });
        if let Some(code) = known.restarted.take() {
            let quiet_secs = known.last.and_then(|last| u64::try_from(at.secs - last.secs).ok());
            effects.push(Effect::Gap(Some(own), Gap::Restarted { code, quiet_secs }));
        }
        known.last = Some(at);
        effects.push(Effect::Line(own, at, text));
    }

    fn of(&mut self, index: u32) -> Option<(u32, &mut Known)> {
        let own = *self.of_socket.get(index as usize)?;
        Some((own, self.list.get_mut(own as usize)?))
    }

    /// How they do together: what holds for all of them, or how many are live.
    pub(super) fn state(&self, caught_up: bool, as_of_ms: u64) -> StreamState {
        use LogSourceState::{Denied, Ended, Gone, Live, Reconnecting, Waiting};
        let told = || self.list.iter().filter_map(|known| known.state.as_ref());
        let open = || told().filter(|state| !matches!(state, Ended { .. } | Gone));
        let live = open().filter(|state| matches!(state, Live)).count();
        // One that was not told of yet is being opened.
        let all = told().count() == self.list.len() && !self.list.is_empty();
        if live == 0 && all {
            if let Some(Reconnecting { attempt, cause }) = open().find(|state| matches!(state, Reconnecting { .. })) {
                return StreamState::Reconnecting { attempt: *attempt, next_ms: as_of_ms, as_of_ms, cause: cause.clone() };
            }
            if open().any(|state| matches!(state, Waiting { .. })) {
                return StreamState::NotStarted;
            }
            let ended = told().any(|state| matches!(state, Ended { .. }));
            if let Some(Denied { refusal }) = open().next().filter(|_| !ended) {
                return StreamState::Denied(refusal.clone());
            }
            return match told().filter(|state| matches!(state, Ended { .. })).collect::<Vec<_>>()[..] {
                [] => StreamState::Gone,
                [Ended { code, reason }] => StreamState::Ended { code: *code, reason: reason.clone() },
                _ => StreamState::Ended { code: None, reason: "all of them have ended".into() },
            };
        }
        match open().count() {
            _ if !caught_up => StreamState::LiveAs("catching up".into()),
            open if live == open => StreamState::Live,
            _ => {
                let (live, all) = self.count();
                StreamState::LiveAs(format!("{live} of {all} live"))
            }
        }
    }

    pub(super) fn waits_for(&self) -> Option<&str> {
        self.list.iter().find_map(|known| match &known.state {
            Some(LogSourceState::Waiting { why }) => Some(why.as_str()),
            _ => None,
        })
    }

    /// How many of several have no run before the present one: the cluster rejects to read it.
    pub(super) fn without_previous(&self) -> Option<String> {
        let is_without = |known: &&Known| matches!(known.state, Some(LogSourceState::Denied { refusal: Refusal::Rejected { .. } }));
        let without = self.list.iter().filter(is_without).count();
        (without > 0 && self.list.len() > 1).then(|| format!("{without} of {} containers have no previous run", self.list.len()))
    }

    /// Which of several do not do well, and why.
    pub(super) fn trouble(&self) -> Option<String> {
        let troubled: Vec<(&Known, String)> = self.list.iter().filter_map(|known| Some((known, trouble_of(known.state.as_ref()?)?))).collect();
        if troubled.is_empty() || self.list.len() < 2 {
            return None;
        }
        let pods = self.has_pods();
        let mut names: Vec<String> = Vec::new();
        for (known, why) in &troubled {
            let name = if pods { short(&known.cursor.pod) } else { &known.cursor.container };
            let words = format!("{name}: {why}");
            if !names.contains(&words) {
                names.push(words);
            }
        }
        let more = names.len().saturating_sub(NAMED);
        names.truncate(NAMED);
        let (live, all) = self.count();
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        Some(format!("{live} of {all} {} live, {}{more}", if pods { "pods" } else { "containers" }, names.join("; ")))
    }

    fn has_pods(&self) -> bool {
        self.list.iter().any(|known| known.cursor.pod != self.list[0].cursor.pod)
    }

    /// How many are live of those that have not ended: pods where there are several, else containers.
    fn count(&self) -> (usize, usize) {
        let pods = self.has_pods();
        let name = |known: &Known| if pods { (known.cursor.pod.clone(), String::new()) } else { (String::new(), known.cursor.container.clone()) };
        let open = self.list.iter().filter(|known| !matches!(known.state, Some(LogSourceState::Ended { .. } | LogSourceState::Gone)));
        let all: std::collections::BTreeSet<_> = open.clone().map(name).collect();
        let ill: std::collections::BTreeSet<_> = open.filter(|known| known.state != Some(LogSourceState::Live)).map(name).collect();
        (all.len() - ill.len(), all.len())
    }
}

fn trouble_of(state: &LogSourceState) -> Option<String> {
    match state {
        LogSourceState::Waiting { why } => Some(why.clone()),
        LogSourceState::Reconnecting { attempt, cause } => Some(format!("{cause}, attempt {attempt}")),
        LogSourceState::Denied { refusal } => Some(refusal.to_string()),
        LogSourceState::Live | LogSourceState::Ended { .. } | LogSourceState::Gone => None,
    }
}
