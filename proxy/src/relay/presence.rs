//! Who is in a room, in their own words but under the name that the proxy knows them by. Never kept.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::awareness::{self, Entry, GONE};
use krateyard_shared::sync::frame::Frame;
use krateyard_shared::sync::presence::{COLORS, GONE_AFTER_SECS, MAX_STATE, hue};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::{Duration, Instant};

use super::room::PeerId;

/// States that one peer may hold: a tab has one, and one more while it changes its number.
const MOST_STATES: usize = 4;

/// States that one frame of another proxy has at most.
const MOST_ELSEWHERE: usize = 10_000;

/// Whoever is behind a peer, as the others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    id: String,
    name: String,
}

impl Person {
    /// Of a name that the cluster knows. The id is the same for all of a person's tabs and on every replica.
    pub(crate) fn named(name: &str) -> Person {
        let digest = Sha256::digest(name.as_bytes());
        Person { id: digest[..8].iter().map(|byte| format!("{byte:02x}")).collect(), name: name.to_owned() }
    }

    fn color(&self) -> &'static str {
        COLORS[hue(&self.id)]
    }
}

/// The states of a room's peers.
#[derive(Default)]
pub(super) struct Presence {
    states: BTreeMap<u64, State>,
    /// Clients whose states are to be told.
    changed: BTreeSet<u64>,
}

struct State {
    /// `None` for one that another proxy has.
    peer: Option<PeerId>,
    clock: u32,
    json: String,
    heard: Instant,
}

impl Presence {
    /// Takes what a peer says of itself. Of others it cannot speak: that is skipped.
    ///
    /// # Errors
    /// `BadRequest` when it is malformed or longer than it may be.
    pub(super) fn hear(&mut self, now: Instant, peer: PeerId, person: &Person, bytes: &[u8]) -> Result<(), Refusal> {
        // A browser's Yjs tells all states that it knows when it leaves and comes back: those of others are skipped below, not refused.
        let entries = awareness::read(bytes, MOST_ELSEWHERE, MAX_STATE).map_err(|error| bad(&error.to_string()))?;
        let mut held: BTreeSet<u64> = self.states.iter().filter(|(_, state)| state.peer == Some(peer)).map(|(client, _)| *client).collect();
        for Entry { client, clock, state } in entries {
            let is_own = held.contains(&client) || (!self.states.contains_key(&client) && held.len() < MOST_STATES);
            if !is_own {
                continue;
            }
            if state == GONE {
                self.leave(client);
                held.remove(&client);
                continue;
            }
            let known = self.states.get(&client);
            if known.is_some_and(|known| clock <= known.clock) {
                continue;
            }
            let json = stamped(&state, person).ok_or_else(|| bad("a state is a JSON object"))?;
            self.states.insert(client, State { peer: Some(peer), clock, json, heard: now });
            self.changed.insert(client);
            held.insert(client);
        }
        Ok(())
    }

    /// A peer is gone, and its states with it.
    pub(super) fn forget(&mut self, peer: PeerId) {
        let clients: Vec<u64> = self.states.iter().filter(|(_, state)| state.peer == Some(peer)).map(|(client, _)| *client).collect();
        clients.into_iter().for_each(|client| self.leave(client));
    }

    /// Whoever said nothing for too long is gone.
    pub(super) fn sweep(&mut self, now: Instant) {
        let old = |state: &State| now.duration_since(state.heard) >= Duration::from_secs(GONE_AFTER_SECS.into());
        let clients: Vec<u64> = self.states.iter().filter(|(_, state)| old(state) && state.json != GONE).map(|(client, _)| *client).collect();
        clients.into_iter().for_each(|client| self.leave(client));
    }

    fn leave(&mut self, client: u64) {
        if let Some(state) = self.states.get_mut(&client) {
            // One clock later, or nobody would believe it (y-protocols, `removeAwarenessStates`).
            state.clock += 1;
            state.json = GONE.into();
            self.changed.insert(client);
        }
    }

    /// Whether there is something to tell.
    pub(super) fn has_news(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Takes in what another proxy says of its peers, who have their names already.
    pub(super) fn hear_elsewhere(&mut self, now: Instant, states: &[u8]) {
        let Ok(entries) = awareness::read(states, MOST_ELSEWHERE, 2 * MAX_STATE) else { return };
        for Entry { client, clock, state } in entries {
            let known = self.states.get(&client);
            // A client that is here is not there; one that is gone and was never heard of is no news.
            let is_news = known.is_none_or(|known| known.peer.is_none() && clock > known.clock) && (known.is_some() || state != GONE);
            if is_news {
                self.states.insert(client, State { peer: None, clock, json: state, heard: now });
                self.changed.insert(client);
            }
        }
    }

    /// What changed since the last call: as one frame for everybody here, and of that what other proxies are to be told.
    pub(super) fn news(&mut self) -> Option<(Bytes, Option<Bytes>)> {
        let changed = std::mem::take(&mut self.changed);
        let of_here = |client: &&u64| self.states.get(client).is_some_and(|state| state.peer.is_some());
        let own: Vec<Entry> = changed.iter().filter(of_here).filter_map(|client| self.entry(*client)).collect();
        let entries: Vec<Entry> = changed.iter().filter_map(|client| self.entry(*client)).collect();
        self.states.retain(|_, state| state.json != GONE);
        (!entries.is_empty()).then(|| (frame(&entries), (!own.is_empty()).then(|| frame(&own))))
    }

    /// Everybody who is here, for one who comes or asks.
    pub(super) fn everybody(&self) -> Option<Bytes> {
        let entries: Vec<Entry> = self.states.keys().filter_map(|client| self.entry(*client)).filter(|entry| entry.state != GONE).collect();
        (!entries.is_empty()).then(|| frame(&entries))
    }

    fn entry(&self, client: u64) -> Option<Entry> {
        self.states.get(&client).map(|state| Entry { client, clock: state.clock, state: state.json.clone() })
    }
}

fn frame(entries: &[Entry]) -> Bytes {
    Frame::Awareness(&awareness::write(entries.iter())).encode().into()
}

/// A state under its person's name; `None` if it is no JSON object. `user` is where other Yjs clients look for a name and a colour.
fn stamped(state: &str, person: &Person) -> Option<String> {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(state) else { return None };
    fields.insert("userId".into(), person.id.clone().into());
    fields.insert("name".into(), person.name.clone().into());
    fields.insert("color".into(), person.color().into());
    if fields.contains_key("user") {
        fields.insert("user".into(), serde_json::json!({"id": person.id, "name": person.name, "color": person.color()}));
    }
    Some(Value::Object(fields).to_string())
}

fn bad(problem: &str) -> Refusal {
    Refusal::BadRequest { field: "awareness".into(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: PeerId = PeerId(1);
    const BOB: PeerId = PeerId(2);

    fn say(client: u64, clock: u32, state: &str) -> Vec<u8> {
        awareness::write([Entry { client, clock, state: state.into() }].iter())
    }

    fn read(frame: &Bytes) -> Vec<Entry> {
        let Frame::Awareness(bytes) = Frame::read(frame).unwrap() else { panic!("no awareness") };
        awareness::read(bytes, 100, MAX_STATE + 1024).unwrap()
    }

    #[test]
    fn a_state_carries_the_name_that_the_proxy_knows_whatever_the_peer_says() {
        let (mut presence, now) = (Presence::default(), Instant::now());
        let forged = r#"{"userId":"bob","name":"bob","color":"red","user":{"name":"bob"},"cursorPosition":{"x":1,"y":2}}"#;
        presence.hear(now, ANN, &Person::named("ann"), &say(7, 1, forged)).unwrap();
        let entries = read(&presence.news().unwrap().0);
        let state: Value = serde_json::from_str(&entries[0].state).unwrap();
        assert_eq!((&state["name"], &state["user"]["name"], &state["cursorPosition"]["x"]), (&"ann".into(), &"ann".into(), &1.into()));
        assert_eq!(state["userId"].as_str().unwrap().len(), 16);
        assert!(state["color"].as_str().unwrap().starts_with('#'));
        assert!(presence.news().is_none(), "told once");
    }

    #[test]
    fn nobody_speaks_for_a_client_that_another_holds_and_an_older_state_does_not_count() {
        let (mut presence, now) = (Presence::default(), Instant::now());
        let (ann, bob) = (Person::named("ann"), Person::named("bob"));
        presence.hear(now, ANN, &ann, &say(7, 5, r#"{"at":5}"#)).unwrap();
        presence.hear(now, BOB, &bob, &say(7, 9, r#"{"at":9}"#)).unwrap();
        presence.hear(now, BOB, &bob, &say(7, 9, GONE)).unwrap();
        presence.hear(now, ANN, &ann, &say(7, 4, r#"{"at":4}"#)).unwrap();
        let entries = read(&presence.news().unwrap().0);
        assert!(entries.len() == 1 && entries[0].state.contains(r#""at":5"#) && entries[0].state.contains("ann"), "{entries:?}");
        for client in 20..40 {
            presence.hear(now, BOB, &bob, &say(client, 1, "{}")).unwrap();
        }
        assert_eq!(read(&presence.everybody().unwrap()).len(), 1 + MOST_STATES);
    }

    #[test]
    fn whoever_leaves_or_falls_silent_is_said_to_be_gone_once() {
        let (mut presence, now) = (Presence::default(), Instant::now());
        presence.hear(now, ANN, &Person::named("ann"), &say(7, 1, "{}")).unwrap();
        presence.hear(now, BOB, &Person::named("bob"), &say(8, 1, "{}")).unwrap();
        presence.news();
        presence.forget(ANN);
        assert_eq!(read(&presence.news().unwrap().0), [Entry { client: 7, clock: 2, state: GONE.into() }]);
        presence.sweep(now + Duration::from_secs(29));
        assert!(!presence.has_news());
        presence.sweep(now + Duration::from_secs(30));
        assert_eq!(read(&presence.news().unwrap().0)[0].state, GONE);
        assert!(presence.everybody().is_none());
    }

    #[test]
    fn people_of_another_proxy_are_shown_as_they_come_and_nobody_here_can_be_them() {
        let (mut here, mut there, now) = (Presence::default(), Presence::default(), Instant::now());
        there.hear(now, ANN, &Person::named("ann"), &say(7, 3, "{}")).unwrap();
        let told = |presence: &mut Presence| presence.news().and_then(|(_, own)| own).unwrap();
        let states = |frame: &Bytes| awareness::write(read(frame).iter());
        here.hear_elsewhere(now, &states(&told(&mut there)));
        here.hear(now, BOB, &Person::named("bob"), &say(7, 9, r#"{"forged":1}"#)).unwrap();
        let (all, own) = here.news().unwrap();
        assert!(own.is_none() && read(&all).len() == 1 && read(&all)[0].state.contains("ann"), "what is heard is not told back");
        there.forget(ANN);
        here.hear_elsewhere(now, &states(&told(&mut there)));
        assert_eq!(read(&here.news().unwrap().0)[0].state, GONE);
        here.hear_elsewhere(now, &say(8, 1, GONE));
        assert!(!here.has_news());
    }

    #[test]
    fn what_is_no_state_or_too_long_is_refused() {
        let mut presence = Presence::default();
        let ann = Person::named("ann");
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_STATE));
        for bytes in [say(1, 1, "[]"), say(1, 1, "nonsense"), say(1, 1, &long), vec![1, 2]] {
            assert!(presence.hear(Instant::now(), ANN, &ann, &bytes).is_err());
        }
        assert!(!presence.has_news());
    }
}
