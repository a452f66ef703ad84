//! What a view holds of a Yard: signals to read, one function to edit.

use std::rc::Rc;
use std::sync::Arc;

use krateyard_shared::sync::presence::Presence;
use krateyard_shared::sync::room::Room;
use leptos::prelude::*;

use super::action::YardAction;
use super::core::{Core, News, Resting};
use super::document::DocumentError;
use super::layout;
use super::origin::Origin;
use super::rooms::why_fixed;
use super::state::{Krate, Rect, WindowId, YardState};
use super::sync::peers::Peer;
use super::sync::unsent::Unsent;
use super::sync::words::SyncState;
use super::sync::{Entry, Sync, SyncEffect};
use crate::runtime::socket::SocketEvent;

/// Whether what was done is kept in this browser.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Persistence {
    /// Not read yet: an empty Yard is not known to be empty.
    #[default]
    Loading,
    /// Everything is kept.
    Saved,
    /// A write is under way.
    Saving,
    /// It is not kept; the Yard goes on. The next edit tries again.
    Failed(String),
}

/// A Yard. Copies are one and the same.
#[derive(Clone, Copy)]
pub struct Yard {
    inner: StoredValue<Inner, LocalStorage>,
    state: RwSignal<Arc<YardState>>,
    can_undo: RwSignal<bool>,
    can_redo: RwSignal<bool>,
    persistence: RwSignal<Persistence>,
    sync_state: RwSignal<SyncState>,
    peers: RwSignal<Arc<Vec<Peer>>>,
    notice: RwSignal<Option<String>>,
}

struct Inner {
    core: Core,
    new_id: Box<dyn FnMut() -> Arc<str>>,
    /// Told of everything that happens to a document.
    keepers: Vec<Keeper>,
    sharing: Option<Sharing>,
}

/// The way to others: once it is begun.
struct Sharing {
    sync: Sync,
    clock: Rc<dyn Fn() -> u64>,
    outbox: Rc<dyn Fn(SyncEffect)>,
}

type Keeper = Arc<dyn Fn(&News)>;

impl Yard {
    /// An empty Yard that nobody keeps. `client` is a random number below 2^53 that no other copy ever uses, `new_id` gives random keys.
    pub fn new(client: u64, new_id: impl FnMut() -> Arc<str> + 'static) -> Yard {
        Yard {
            inner: StoredValue::new_local(Inner { core: Core::new(client), new_id: Box::new(new_id), keepers: Vec::new(), sharing: None }),
            state: RwSignal::default(),
            can_undo: RwSignal::default(),
            can_redo: RwSignal::default(),
            persistence: RwSignal::default(),
            sync_state: RwSignal::default(),
            peers: RwSignal::default(),
            notice: RwSignal::default(),
        }
    }

    /// The Yard as it is; krates that did not change keep their allocation.
    pub fn state(&self) -> Signal<Arc<YardState>> {
        self.state.into()
    }

    /// Whether there is a step of this person's to take back.
    pub fn can_undo(&self) -> Signal<bool> {
        self.can_undo.into()
    }

    /// Whether there is a step to do again.
    pub fn can_redo(&self) -> Signal<bool> {
        self.can_redo.into()
    }

    /// Whether what was done is kept.
    pub fn persistence(&self) -> Signal<Persistence> {
        self.persistence.into()
    }

    /// A sentence about what was kept and could not be read, or why the Yard takes no edits.
    pub fn notice(&self) -> Signal<Option<String>> {
        self.notice.into()
    }

    /// One edit; nothing once the Yard's owner is gone. [`YardAction::Open`] gives the window, whether it is new or was there, so that the view can fly to it and
    /// focus it; the other actions that put something give its key.
    pub fn act(&self, action: YardAction) -> Option<WindowId> {
        self.change(|inner| inner.core.act(&action, &mut inner.new_id)).flatten()
    }

    /// The frame of a krate in world units.
    pub fn krate_rect(&self, krate: &Krate) -> Rect {
        layout::krate_rect(krate)
    }

    /// The windows of a krate in world units; none if it is minimised.
    pub fn window_rects(&self, krate: &Krate) -> Vec<(WindowId, Rect)> {
        layout::window_rects(krate)
    }

    /// Takes an update in that did not start here. A room of a newer schema refuses all edits from then on.
    pub fn receive(&self, room: &Room, origin: Origin, update: &[u8]) -> Result<(), DocumentError> {
        let received = self.change(|inner| inner.core.receive(room, origin, update)).unwrap_or(Ok(()));
        if let Err(error) = &received {
            self.tell(error.to_string());
        }
        received
    }

    /// Tells of everything that happens to a room's document, whoever did it.
    pub fn on_news(&self, keeper: impl Fn(&News) + 'static) {
        self.inner.try_update_value(|inner| inner.keepers.push(Arc::new(keeper)));
    }

    /// Reads something of the document: a snapshot, a state vector. `None` once the Yard's owner is gone.
    pub fn try_with_core<T>(&self, read: impl FnOnce(&Core) -> T) -> Option<T> {
        self.inner.try_with_value(|inner| read(&inner.core))
    }

    /// Says how keeping does.
    pub fn set_persistence(&self, persistence: Persistence) {
        if self.persistence.try_with_untracked(|now| *now != persistence) == Some(true) {
            self.persistence.try_set(persistence);
        }
    }

    /// At the moment of an edit, so that "saved" is never said of one that is not.
    pub fn set_unsaved(&self) {
        if self.persistence.try_with_untracked(|now| *now == Persistence::Saved) == Some(true) {
            self.persistence.try_set(Persistence::Saving);
        }
    }

    /// Leaves a sentence for the person.
    pub fn tell(&self, notice: String) {
        self.notice.try_set(Some(notice));
    }

    /// This person may not read a room any more: it is gone from here at once, and what is kept of it.
    pub fn close_room(&self, room: &Room) {
        let told = self.change(|inner| inner.core.close_room(room, &mut inner.new_id).words(room)).flatten();
        told.into_iter().for_each(|told| self.tell(told));
    }

    /// What was kept of a room is not all this person's own.
    pub fn set_shared(&self, room: &Room) {
        self.change(|inner| inner.core.set_shared(room));
    }

    /// Begins a room under a number that was laid down; `false` where there is one already.
    pub fn take_up(&self, resting: &Resting) -> bool {
        self.change(|inner| inner.core.take_up(resting)).unwrap_or(false)
    }

    /// What was kept has been read: the number stays if all that was written under it is there.
    pub fn check_number(&self, resting: &Resting) {
        self.change(|inner| inner.core.check_number(resting));
    }

    /// How sharing does.
    pub fn sync_state(&self) -> Signal<SyncState> {
        self.sync_state.into()
    }

    /// What the tabs of others said last, room by room; whoever said nothing for 30 s is not among them.
    pub fn peers(&self) -> Signal<Arc<Vec<Peer>>> {
        self.peers.into()
    }

    /// What this tab says of itself to those who are in a room, from now on; `None` for nothing. Call it as often as something changes: it is said 15 times a
    /// second at most, and each 5 s while nothing does. A room that is not open hears it once it is.
    pub fn set_presence(&self, room: &Room, presence: Option<Presence>) {
        self.share_with(|sync, core, now_ms| sync.set_presence(room, presence, core, now_ms));
    }

    /// The rooms that are open over the proxy, and whether this person may change them.
    pub fn open_rooms(&self) -> Vec<(Room, bool)> {
        let rooms = |sharing: &Sharing| sharing.sync.open_rooms().map(|(room, writable)| (room.clone(), writable)).collect();
        self.inner.try_with_value(|inner| inner.sharing.as_ref().map(rooms)).flatten().unwrap_or_default()
    }

    /// Enters a room that may hold nothing yet; [`Yard::entry`] says what came of it.
    pub fn enter(&self, room: &Room) {
        self.share_with(|sync, core, _| sync.enter(room, core));
    }

    /// What is known of a room and this person; `None` once the Yard's owner is gone.
    pub fn entry(&self, room: &Room) -> Option<Entry> {
        self.inner.try_with_value(|inner| inner.sharing.as_ref().map_or(Entry::Unknown, |sharing| sharing.sync.entry(room)))
    }

    /// Why this person changes nothing in a room, as a sentence.
    pub fn why_fixed(&self, room: &Room) -> String {
        self.try_with_core(|core| why_fixed(room, core.refused(room))).unwrap_or_default()
    }

    /// From the edge: others are to see this Yard once it is told to start ([`SocketEvent::Start`]); until then edits are counted. `unsent` is what was not sent
    /// before, `clock` gives milliseconds since 1970, `outbox` does what it is told; it may be called from any method here. What the browser had kept should be
    /// here by then.
    pub fn share(&self, sync: Sync, unsent: Unsent, clock: impl Fn() -> u64 + 'static, outbox: impl Fn(SyncEffect) + 'static) {
        let mut sharing = Sharing { sync, clock: Rc::new(clock), outbox: Rc::new(outbox) };
        sharing.sync.recall(unsent);
        self.inner.try_update_value(|inner| inner.sharing = Some(sharing));
        self.publish();
    }

    /// From the edge: of the socket, of the network, of time.
    pub fn sync_event(&self, event: SocketEvent) {
        self.share_with(|sync, core, now_ms| sync.event(event, core, now_ms));
    }

    /// From the edge: a message of the socket of this generation.
    pub fn sync_message(&self, generation: u64, bytes: &[u8]) {
        let step = |inner: &mut Inner| {
            let Inner { core, new_id, sharing, .. } = inner;
            sharing.as_mut().map(|sharing| sharing.sync.message(generation, bytes, core, new_id, (sharing.clock)())).unwrap_or_default()
        };
        self.perform(self.change(step).unwrap_or_default());
    }

    fn share_with(&self, step: impl FnOnce(&mut Sync, &mut Core, u64) -> Vec<SyncEffect>) {
        let step = |inner: &mut Inner| {
            let Inner { core, sharing, .. } = inner;
            sharing.as_mut().map(|sharing| step(&mut sharing.sync, core, (sharing.clock)())).unwrap_or_default()
        };
        self.perform(self.change(step).unwrap_or_default());
    }

    fn perform(&self, effects: Vec<SyncEffect>) {
        let outbox = self.inner.try_with_value(|inner| inner.sharing.as_ref().map(|sharing| sharing.outbox.clone())).flatten();
        for effect in effects {
            match effect {
                SyncEffect::Tell(sentence) => self.tell(sentence),
                effect => outbox.iter().for_each(|outbox| outbox(effect.clone())),
            }
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> Option<T> {
        let step = |inner: &mut Inner| {
            let result = change(inner);
            let (news, effects) = inner.take_news();
            (result, news, effects, inner.keepers.clone())
        };
        let (result, news, effects, keepers) = self.inner.try_update_value(step)?;
        self.publish();
        for news in &news {
            keepers.iter().for_each(|keeper| keeper(news));
        }
        self.perform(effects);
        Some(result)
    }

    fn publish(&self) {
        let now = self.inner.try_update_value(|inner| {
            let (sync, peers) = match &mut inner.sharing {
                Some(sharing) => (sharing.sync.state(), sharing.sync.take_peers_changed().then(|| Arc::new(sharing.sync.peers()))),
                None => (SyncState::default(), None),
            };
            (inner.core.state().clone(), inner.core.can_undo(), inner.core.can_redo(), sync, peers)
        });
        let Some((state, can_undo, can_redo, sync, peers)) = now else { return };
        if self.state.try_with_untracked(|now| Arc::ptr_eq(now, &state)) == Some(false) {
            self.state.try_set(state);
        }
        for (signal, value) in [(self.can_undo, can_undo), (self.can_redo, can_redo)] {
            if signal.try_get_untracked() == Some(!value) {
                signal.try_set(value);
            }
        }
        if self.sync_state.try_with_untracked(|now| *now != sync) == Some(true) {
            self.sync_state.try_set(sync);
        }
        if let Some(peers) = peers {
            self.peers.try_set(peers);
        }
    }
}

impl Inner {
    /// What happened to documents, and what others are to be sent of it.
    fn take_news(&mut self) -> (Vec<News>, Vec<SyncEffect>) {
        let news = self.core.take_news();
        let Some(Sharing { sync, clock, .. }) = &mut self.sharing else { return (news, Vec::new()) };
        let changes = news.iter().filter_map(|news| if let News::Change(change) = news { Some(change) } else { None });
        let effects = changes.flat_map(|change| sync.changed(change, &self.core, clock())).collect();
        (news, effects)
    }
}
