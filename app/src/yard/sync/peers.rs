//! Presence on the wire: what this tab says of itself in each room, and what others say (y-protocols, `awareness.js`).

use std::collections::BTreeMap;

use krateyard_shared::sync::awareness::{self, Entry, GONE};
use krateyard_shared::sync::presence::{EVERY_SECS, GONE_AFTER_SECS, MAX_STATE, PER_SECOND, Presence};
use krateyard_shared::sync::room::Room;

/// States in one frame at most.
const MOST_ENTRIES: usize = 1024;
/// The proxy adds names and colours to what a peer may say.
const MOST_BYTES: usize = MAX_STATE + 1024;
/// Least time between two of our states in one room. Milliseconds.
const LEAST_MS: u64 = 1000 / PER_SECOND as u64 + 1;

/// What this tab says of itself in one room.
#[derive(Debug, Default)]
pub(super) struct Own {
    presence: Option<Presence>,
    clock: u32,
    /// Whether the last change was said.
    is_said: bool,
    /// When something was said last; `None` while nobody has heard anything.
    said_ms: Option<u64>,
}

impl Own {
    pub(super) fn set(&mut self, presence: Option<Presence>) {
        if self.presence != presence {
            self.presence = presence;
            self.is_said = false;
        }
    }

    /// Nobody knows of it any more: it is to be said again.
    pub(super) fn unsay(&mut self) {
        self.is_said = self.presence.is_none();
        self.said_ms = None;
    }

    /// When the next word is due; `None` for never.
    pub(super) fn next_ms(&self, now_ms: u64) -> Option<u64> {
        match (&self.presence, self.said_ms) {
            (None, None) => None,
            (None, Some(_)) if self.is_said => None,
            (_, None) => Some(now_ms),
            (_, Some(said)) if !self.is_said => Some(said + LEAST_MS),
            (_, Some(said)) => Some(said + u64::from(EVERY_SECS) * 1000),
        }
    }

    /// What is to be said now, if anything.
    pub(super) fn due(&mut self, client: u64, now_ms: u64) -> Option<Vec<u8>> {
        self.next_ms(now_ms).filter(|due| *due <= now_ms)?;
        self.clock += 1;
        self.is_said = true;
        self.said_ms = self.presence.is_some().then_some(now_ms);
        let state = self.presence.as_ref().map_or_else(|| GONE.into(), |presence| serde_json::to_string(presence).unwrap_or_else(|_| GONE.into()));
        Some(awareness::write([Entry { client, clock: self.clock, state }].iter()))
    }
}

/// One tab of somebody, in one room.
#[derive(Debug, Clone, PartialEq)]
pub struct Peer {
    /// Where this was said.
    pub room: Room,
    /// The number of the tab's copy of the room.
    pub client: u64,
    /// What was said.
    pub presence: Presence,
}

/// What others said.
#[derive(Debug, Default)]
pub(super) struct Peers {
    known: BTreeMap<(Room, u64), Heard>,
    changed: bool,
}

#[derive(Debug)]
struct Heard {
    clock: u32,
    at_ms: u64,
    presence: Presence,
}

impl Peers {
    /// Takes states in. Says whether this tab was said to be gone while it is not.
    pub(super) fn hear(&mut self, room: &Room, states: &[u8], me: Option<u64>, now_ms: u64) -> bool {
        let mut is_denied = false;
        for Entry { client, clock, state } in awareness::read(states, MOST_ENTRIES, MOST_BYTES).unwrap_or_default() {
            if Some(client) == me {
                is_denied |= state == GONE;
                continue;
            }
            let key = (room.clone(), client);
            let known = self.known.get_mut(&key);
            // Gone counts also at the same clock (y-protocols, `applyAwarenessUpdate`).
            if known.as_ref().is_some_and(|known| clock < known.clock || (clock == known.clock && state != GONE)) {
                continue;
            }
            if state == GONE {
                self.changed |= self.known.remove(&key).is_some();
                continue;
            }
            let Ok(presence) = serde_json::from_str::<Presence>(&state) else { continue };
            match known {
                Some(known) => {
                    self.changed |= known.presence != presence;
                    *known = Heard { clock, at_ms: now_ms, presence };
                }
                None => {
                    self.changed = true;
                    self.known.insert(key, Heard { clock, at_ms: now_ms, presence });
                }
            }
        }
        is_denied
    }

    /// Whoever said nothing for too long is gone.
    pub(super) fn sweep(&mut self, now_ms: u64) {
        self.forget_if(|_, heard| now_ms >= heard.at_ms + u64::from(GONE_AFTER_SECS) * 1000);
    }

    pub(super) fn forget(&mut self, room: &Room) {
        self.forget_if(|of, _| of == room);
    }

    pub(super) fn clear(&mut self) {
        self.forget_if(|_, _| true);
    }

    pub(super) fn all(&self) -> Vec<Peer> {
        self.known.iter().map(|((room, client), heard)| Peer { room: room.clone(), client: *client, presence: heard.presence.clone() }).collect()
    }

    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    fn forget_if(&mut self, gone: impl Fn(&Room, &Heard) -> bool) {
        let before = self.known.len();
        self.known.retain(|(room, _), heard| !gone(room, heard));
        self.changed |= self.known.len() != before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presence(name: &str) -> Presence {
        Presence { name: name.into(), ..Presence::default() }
    }

    fn says(client: u64, clock: u32, state: &str) -> Vec<u8> {
        awareness::write([Entry { client, clock, state: state.into() }].iter())
    }

    #[test]
    fn movements_are_said_fifteen_times_a_second_at_most_and_standing_still_each_five_seconds() {
        let mut own = Own::default();
        let mut said = Vec::new();
        for now in 0..20_000 {
            if now < 1_000 {
                own.set(Some(Presence { timestamp: now as f64, ..Presence::default() }));
            }
            if let Some(states) = own.due(7, now) {
                said.push((now, states));
            }
        }
        let moving = said.iter().filter(|(now, _)| *now < 1_000).count();
        assert!((14..=15).contains(&moving), "{moving}");
        let still: Vec<u64> = said.iter().map(|(now, _)| *now).filter(|now| *now > 1_100).collect();
        assert!(still.windows(2).all(|pair| pair[1] - pair[0] == 5_000) && still.len() == 3, "{still:?}");
        let last: Presence = serde_json::from_str(&awareness::read(&said[moving].1, 1, MAX_STATE).unwrap()[0].state).unwrap();
        assert_eq!(last.timestamp, 999.0, "the last movement is not lost");
        own.set(None);
        assert_eq!(awareness::read(&own.due(7, 30_000).unwrap(), 1, MAX_STATE).unwrap()[0].state, GONE);
        assert_eq!((own.due(7, 90_000), own.next_ms(90_000)), (None, None));
    }

    #[test]
    fn others_come_move_and_go_and_whoever_falls_silent_is_gone() {
        let (mut peers, room) = (Peers::default(), Room::Cluster);
        let state = |name: &str| serde_json::to_string(&presence(name)).unwrap();
        assert!(!peers.hear(&room, &says(1, 5, &state("ann")), Some(9), 0));
        peers.hear(&room, &says(2, 1, &state("bob")), Some(9), 10_000);
        peers.hear(&room, &says(1, 4, &state("an older word")), Some(9), 11_000);
        peers.hear(&room, &says(3, 1, "no state"), Some(9), 11_000);
        peers.hear(&Room::Private, &[0xff; 9], Some(9), 11_000);
        let names = |peers: &Peers| peers.all().into_iter().map(|peer| peer.presence.name).collect::<Vec<_>>();
        assert_eq!((names(&peers), peers.take_changed(), peers.take_changed()), (vec!["ann".to_owned(), "bob".into()], true, false));
        peers.sweep(30_000);
        assert_eq!(names(&peers), ["bob"]);
        peers.hear(&room, &says(2, 1, GONE), Some(9), 31_000);
        assert!(names(&peers).is_empty() && peers.take_changed());
        assert!(peers.hear(&room, &says(9, 3, GONE), Some(9), 31_000), "not gone at all");
        assert!(!peers.hear(&room, &says(9, 3, &state("me")), Some(9), 31_000));
        assert!(names(&peers).is_empty(), "oneself is not among the others");
    }
}
