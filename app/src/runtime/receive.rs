//! The one door: every message of a cluster enters here.

use krateyard_shared::refusal::Refusal;
use krateyard_shared::watch::{ServerMessage, SubscriptionId, Wire};

use super::Runtime;
use super::socket::SocketEvent;
use super::subscription::{Outcome, Subscription};

impl Runtime {
    pub(super) fn frame(&mut self, generation: u64, bytes: &[u8], now_ms: u64) {
        if !self.socket.is_current(generation) || !self.socket.is_open() {
            return;
        }
        self.socket_event(SocketEvent::Heard { generation }, now_ms);
        self.heard.frames += 1;
        self.heard.bytes += bytes.len() as u64;
        // A frame that is no message of this version: a newer proxy says what an older app need not know.
        if let Ok(message) = Wire::Binary.decode::<ServerMessage>(bytes) {
            self.receive(message, now_ms);
        }
    }

    /// Takes one message in.
    pub(super) fn receive(&mut self, message: ServerMessage, now_ms: u64) {
        match message {
            ServerMessage::Welcome { .. } => self.touch_all(),
            ServerMessage::Bad { .. } => {}
            ServerMessage::AccessChanged { cluster } if cluster == self.cluster => self.rights.ask(),
            ServerMessage::AccessChanged { .. } => {
                self.others += 1;
                self.changed = true;
            }
            ServerMessage::Ack { id, position, resumed } => self.with(id, now_ms, |s| s.acked(position, resumed, now_ms)),
            ServerMessage::Rows { id, rows, done } => self.with(id, now_ms, |s| s.took_rows(&rows, done, now_ms)),
            ServerMessage::Delta { id, from_seq, to_seq, upserts, deletes } => {
                self.with(id, now_ms, |s| s.took_delta((from_seq, to_seq), &upserts, &deletes, now_ms));
            }
            ServerMessage::Object { id, json } => self.with(id, now_ms, |s| s.took_object(json.as_deref(), now_ms)),
            ServerMessage::ObjectPatch { id, patch } => self.with(id, now_ms, |s| s.took_patch(&patch, now_ms)),
            ServerMessage::Reset { id, reason, position } => self.with(id, now_ms, |s| s.reset(reason, position, now_ms)),
            ServerMessage::Freshness { id, state } => self.with(id, now_ms, |s| s.heard_of_upstream(state)),
            ServerMessage::Heartbeat { positions } => {
                for beat in positions {
                    self.with(beat.id, now_ms, |s| s.beat(&beat, now_ms));
                }
            }
            ServerMessage::Denied { id, refusal } => self.denied(id, refusal, now_ms),
            ServerMessage::Complete { id, reason } => {
                // A kind may be gone, or defined anew.
                self.rights.ask();
                self.ended(id, reason, 0, now_ms);
            }
        }
    }

    /// What is said of a number that is not in use (any more) means nothing.
    fn with(&mut self, id: SubscriptionId, now_ms: u64, step: impl FnOnce(&mut Subscription) -> Outcome) {
        let Some(target) = self.wire.get(&id).cloned() else { return };
        let Some(subscription) = self.subscriptions.get_mut(&target) else { return };
        match step(subscription) {
            Outcome::Same => {}
            Outcome::Changed => self.touch(&target),
            Outcome::Lost => {
                self.resyncs += 1;
                subscription.lose();
                if subscription.has_failed() {
                    self.unsubscribe(&target);
                    self.fail(&target, "a change was lost again".into(), 0, now_ms);
                } else {
                    subscription.count_failure();
                    self.subscribe(&target, now_ms);
                }
            }
        }
    }

    fn denied(&mut self, id: SubscriptionId, refusal: Refusal, now_ms: u64) {
        if matches!(refusal, Refusal::Unauthenticated | Refusal::Expired) {
            return self.socket_event(SocketEvent::Refused(refusal), now_ms);
        }
        match refusal {
            Refusal::Limit { retry_after_secs, .. } => self.ended(id, refusal.to_string(), u64::from(retry_after_secs) * 1000, now_ms),
            refusal if refusal.is_passing() => self.ended(id, refusal.to_string(), 0, now_ms),
            // What is shown stays: it may come back.
            refusal if refusal == Refusal::no_cluster(&self.cluster) => {
                self.rights.ask();
                self.ended(id, refusal.to_string(), 0, now_ms);
            }
            refusal => {
                let Some(target) = self.wire.remove(&id) else { return };
                let rights = self.rights.generation();
                if let Some(subscription) = self.subscriptions.get_mut(&target) {
                    subscription.deny(refusal, rights);
                }
                // What was believed of the rights may be out of date.
                self.rights.ask();
                self.touch(&target);
            }
        }
    }

    fn ended(&mut self, id: SubscriptionId, cause: String, at_least_ms: u64, now_ms: u64) {
        if let Some(target) = self.wire.remove(&id) {
            self.fail(&target, cause, at_least_ms, now_ms);
        }
    }

    fn fail(&mut self, target: &crate::refresh::Target, cause: String, at_least_ms: u64, now_ms: u64) {
        let random = self.jitter.draw();
        if let Some(subscription) = self.subscriptions.get_mut(target) {
            subscription.fail(cause, at_least_ms, random, now_ms);
        }
        self.touch(target);
    }
}
