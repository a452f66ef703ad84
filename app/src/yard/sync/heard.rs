//! What the proxy says, and what comes of it.

use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::frame::Frame;
use krateyard_shared::sync::room::Room;
use krateyard_shared::sync::{Channel, MAX_FRAME, ToApp, gate};

use super::super::core::Core;
use super::super::origin::Origin;
use super::super::transact::NewId;
use super::seat::{Answer, Waiting};
use super::{Sync, SyncEffect, TRY_AGAIN_MS};

/// More than this is sent in pieces, one after another, in bytes: a second of what the proxy takes from one person.
const PIECE: usize = 256 << 10;

impl Sync {
    pub(super) fn control(&mut self, message: ToApp, core: &mut Core, new_id: &mut NewId<'_>, now_ms: u64) {
        match message {
            ToApp::Rooms { cluster, rooms } if cluster == self.cluster => {
                self.listed = rooms.into_iter().filter(Room::is_valid).collect();
                // What could not be entered and is listed now can be.
                self.shut.retain(|room, again| again.is_some() || !self.listed.contains(room));
                self.open_all(core);
            }
            ToApp::Opened { channel, writable } => self.opened(channel, writable, core, now_ms),
            ToApp::Closed { channel, refusal } => self.closed(channel, &refusal, core, new_id, now_ms),
            ToApp::Ack { channel, frames } => self.acknowledged(channel, frames, core, now_ms),
            ToApp::Refused { channel, refusal } => self.refused(channel, &refusal, now_ms),
            ToApp::Rooms { .. } | ToApp::Unseen { .. } => {}
        }
    }

    fn opened(&mut self, channel: Channel, writable: bool, core: &mut Core, now_ms: u64) {
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        let is_new = seat.writable.replace(writable).is_none();
        let room = seat.room.clone();
        let mut given_up = Vec::new();
        if writable {
            self.doubtful.remove(&room);
            // What was done here is not given up for what is there.
            seat.asked.iter_mut().for_each(|answer| *answer = Answer::Rest);
            (seat.is_doubted, given_up) = (false, seat.gathered());
        } else if core.may_write(&room) {
            self.doubtful.insert(room.clone());
        }
        let had_copy = core.has(&room);
        core.open_room(&room);
        core.set_writable(&room, writable);
        given_up.iter().for_each(|update| self.hear(&room, update, core));
        // Where nothing can be written everything is as the proxy has it, which may have lost what others had sent already. Whether what is here is more than that
        // shows by what it says it has, and by its answer to what it is asked first.
        if !writable && had_copy {
            match self.seats.get_mut(&channel) {
                Some(seat) if is_new => seat.is_doubted = true,
                _ => self.ask(channel, core, Answer::Whole),
            }
        }
        self.answer(channel, core);
        self.speak(core, now_ms);
    }

    fn closed(&mut self, channel: Channel, refusal: &Refusal, core: &mut Core, new_id: &mut NewId<'_>, now_ms: u64) {
        let Some(seat) = self.seats.remove(&channel) else { return };
        let room = seat.room.clone();
        self.peers.forget(&room);
        if let Refusal::Forbidden { .. } = refusal
            && room != Room::Private
        {
            self.shut.insert(room.clone(), None);
            self.refusals.insert(room.clone(), refusal.clone());
            self.waiting.remove(&room);
            self.doubtful.remove(&room);
            let salvaged = core.close_room(&room, new_id);
            self.effects.extend(salvaged.words(&room).map(SyncEffect::Tell));
            return;
        }
        self.keep_waiting(seat);
        let wait = if let Refusal::Limit { retry_after_secs, .. } = refusal { u64::from(*retry_after_secs) * 1000 } else { TRY_AGAIN_MS };
        self.shut.insert(room, Some(now_ms + wait));
    }

    fn acknowledged(&mut self, channel: Channel, frames: u64, core: &mut Core, now_ms: u64) {
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        for (waiting, vector) in seat.acknowledged(frames) {
            // Ours: it can be read.
            let _ = core.proxy_has(&seat.room, &vector);
            if waiting.was_cut_off {
                self.caught_up += waiting.changes;
            }
        }
        let is_all_there = self.waiting.is_empty() && self.seats.values().all(|seat| seat.in_flight().next().is_none());
        if is_all_there && self.caught_up > 0 {
            self.said = Some((std::mem::take(&mut self.caught_up), now_ms));
        }
        self.go_on(channel, core);
    }

    /// The next piece, once the one before it is there.
    fn go_on(&mut self, channel: Channel, core: &Core) {
        if let Some(seat) = self.seats.get_mut(&channel).filter(|seat| seat.is_in_pieces && !seat.is_under_way()) {
            seat.theirs = Some(core.proxy_vector(&seat.room));
            self.answer(channel, core);
        }
    }

    fn refused(&mut self, channel: Channel, refusal: &Refusal, now_ms: u64) {
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        let back = seat.refused();
        let room = seat.room.clone();
        if let Some(back) = back {
            self.waiting.entry(room.clone()).or_default().join(back);
        }
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        match refusal {
            Refusal::Limit { retry_after_secs, .. } => seat.retry_ms = Some(now_ms + u64::from(*retry_after_secs) * 1000),
            Refusal::UpstreamDown { .. } => seat.retry_ms = Some(now_ms + TRY_AGAIN_MS),
            // That it is not writable is said by itself.
            Refusal::Forbidden { .. } => {}
            refusal => self.effects.push(SyncEffect::Tell(format!("A change could not be shared, and is kept in this browser: {refusal}"))),
        }
    }

    pub(super) fn frame(&mut self, channel: Channel, frame: Frame<'_>, core: &mut Core, new_id: &mut NewId<'_>, now_ms: u64) {
        let Some(room) = self.seats.get(&channel).map(|seat| seat.room.clone()) else { return };
        match frame {
            Frame::Step1(vector) => {
                if gate::vector(vector).is_ok() && core.proxy_says(&room, vector).is_ok() {
                    if let Some(seat) = self.seats.get_mut(&channel) {
                        seat.theirs = Some(vector.to_vec());
                        if seat.is_doubted && core.is_ahead_of(&room, vector) != Ok(false) {
                            seat.is_doubted = false;
                            self.ask(channel, core, Answer::Whole);
                        }
                    }
                    self.answer(channel, core);
                }
            }
            Frame::Step2(update) => {
                let Some(seat) = self.seats.get_mut(&channel) else { return };
                let answer = seat.asked.pop_front();
                if gate::update(update).is_err() {
                    return;
                }
                if answer == Some(Answer::Whole) {
                    seat.gather(update);
                    let whole = seat.gathered();
                    if let Ok(salvaged) = core.replace(&room, &whole, self.doubtful.contains(&room), new_id) {
                        self.agreed(&room);
                        self.effects.extend(salvaged.words(&room).map(SyncEffect::Tell));
                    }
                    return;
                }
                let was_doubted = std::mem::take(&mut seat.is_doubted);
                self.hear(&room, update, core);
                match was_doubted {
                    // An answer names everything that was ever deleted there.
                    true if core.has_deleted_more(&room, update) => self.ask(channel, core, Answer::Whole),
                    true => self.agreed(&room),
                    false => {}
                }
            }
            Frame::Update(update) if gate::update(update).is_ok() => {
                if let Some(seat) = self.seats.get_mut(&channel).filter(|seat| seat.gathers()) {
                    return seat.gather(update);
                }
                self.hear(&room, update, core);
                // Only of an edit: who answers with what builds on something that nobody has would be asked for ever.
                let asks = self.seats.get(&channel).is_some_and(|seat| !seat.asked.is_empty());
                if core.is_incomplete(&room) && !asks {
                    self.ask(channel, core, Answer::Rest);
                }
            }
            Frame::Awareness(states) => {
                let me = core.client(&room);
                if self.peers.hear(&room, states, me, now_ms) {
                    self.own.entry(room).or_default().unsay();
                    self.speak(core, now_ms);
                }
            }
            Frame::AskAwareness => {
                self.own.entry(room).or_default().unsay();
                self.speak(core, now_ms);
            }
            Frame::Update(_) | Frame::Denied(_) => {}
        }
    }

    /// What is here of a room that may not be changed is what the proxy has.
    fn agreed(&mut self, room: &Room) {
        self.doubtful.remove(room);
        self.waiting.remove(room);
    }

    fn hear(&mut self, room: &Room, update: &[u8], core: &mut Core) {
        // Said once: of a long answer each piece would say it.
        let is_refused = core.refused(room).is_some();
        if let Err(error) = core.receive(room, Origin::Shared, update)
            && !is_refused
        {
            self.effects.push(SyncEffect::Tell(error.to_string()));
        }
    }

    /// Sends all that the proxy lacks, once it is known what that is and that it may be sent.
    pub(super) fn answer(&mut self, channel: Channel, core: &Core) {
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        let Some(theirs) = seat.theirs.take_if(|_| seat.writable == Some(true)) else { return };
        seat.retry_ms = None;
        (seat.is_answered, seat.is_in_pieces) = (true, false);
        let Ok(missing) = core.missing_for(&seat.room, &theirs) else { return };
        let room = seat.room.clone();
        // What a reload left: nobody counted it.
        if core.is_ahead_of(&room, &theirs) == Ok(true) && !self.waiting.contains_key(&room) {
            self.waiting.insert(room.clone(), Waiting { changes: 0, since_ms: self.heard_ms, was_cut_off: false });
        }
        if missing.len() > PIECE {
            return self.send_piece(channel, &missing, core);
        }
        let vector = core.state_vector(&room);
        self.send_edits(channel, &Frame::Step2(&missing), vector);
    }

    /// The beginning of what the proxy lacks, where all of it is too long for a frame: what is left waits until that is there.
    fn send_piece(&mut self, channel: Channel, missing: &[u8], core: &Core) {
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        match gate::piece(missing, PIECE) {
            Ok(Some(piece)) if piece.len() + 16 <= MAX_FRAME => {
                (seat.is_answered, seat.is_in_pieces) = (false, true);
                // What it builds on is known or in it: this says how far each of its writers is there then.
                seat.sent(None, Core::vector_of(&piece));
                self.send(channel, &Frame::Update(&piece));
            }
            // Nothing but deletions: a million of them fit.
            Ok(None) if missing.len() + 16 <= MAX_FRAME => {
                let vector = core.state_vector(&seat.room);
                self.send_edits(channel, &Frame::Step2(missing), vector);
            }
            _ => {
                seat.is_answered = false;
                let place = seat.room.namespace().map_or_else(|| "the cluster".into(), |namespace| format!("namespace {namespace}"));
                self.effects.push(SyncEffect::Tell(format!("Something in the Yard of {place} is too large to be shared: it is kept in this browser")));
            }
        }
    }

    /// `vector` is what the proxy has, too, once it has this.
    pub(super) fn send_edits(&mut self, channel: Channel, frame: &Frame<'_>, vector: Vec<u8>) {
        let Some(seat) = self.seats.get_mut(&channel) else { return };
        seat.sent(self.waiting.remove(&seat.room), vector);
        self.send(channel, frame);
    }
}
