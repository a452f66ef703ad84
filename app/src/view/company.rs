//! Who else is on this Yard, for every view that shows it; and what this tab tells them.

use std::collections::{BTreeSet, HashMap};

use krateyard_shared::sync::room::Room;
use leptos::ev;
use leptos::prelude::*;

use super::desk::Desk;
use crate::browser::preferences::{recall, remember};
use crate::canvas::camera::Camera;
use crate::people::{Doing, Person, Sharing, gather};
use crate::yard::{KrateId, Point, Yard};

/// Where the choice of what others may know is kept.
const SHARING: &str = "sharing";
/// Krates in use that others are told of.
const RECENT: usize = 5;
/// A room in which nobody else is hears so often, in milliseconds: who comes is told at once by the room.
const ALONE_MS: u64 = 5_000;

/// Who else is here, and what they are told.
#[derive(Clone, Copy)]
pub struct Company {
    /// Everybody else, active ones first.
    pub people: Memo<Vec<Person>>,
    /// What others may know of this person.
    pub sharing: RwSignal<Sharing>,
    /// Whose camera this one follows, by the person's number.
    pub following: RwSignal<Option<String>>,
    /// Where the own pointer is on the world.
    pub pointer: RwSignal<Option<Point>>,
    /// What this person drags, and where it is.
    pub drag: RwSignal<Option<(KrateId, Point)>>,
    /// What this person asks Spotlight for.
    pub query: RwSignal<Option<String>>,
    /// Whether the drawer is open.
    pub is_open: RwSignal<bool>,
    /// Krates that others drag, and where they are.
    pub dragged: Memo<HashMap<String, Point>>,
    recent: RwSignal<Vec<KrateId>>,
    active_at: StoredValue<u64>,
}

impl Company {
    /// Nobody yet.
    pub fn new(yard: Yard, me: String) -> Company {
        let said = yard.peers();
        let people = Memo::new(move |_| said.with(|said| gather(said.iter().map(|peer| &peer.presence), &me)));
        let dragged = Memo::new(move |_| {
            let mut places = HashMap::new();
            people.with(|people| {
                for tab in people.iter().flat_map(|person| &person.tabs) {
                    let Some((krate, to)) = tab.drag.clone() else { continue };
                    yard.state().with(|state| {
                        let from = state.krate(&krate).map(|krate| krate.at).filter(|_| tab.selection.contains(&krate));
                        let along = tab.selection.iter().filter_map(|id| from.zip(state.krate(id)));
                        places.extend(along.map(|(from, krate)| (krate.id.to_string(), Point::new(krate.at.x + to.x - from.x, krate.at.y + to.y - from.y))));
                    });
                    places.insert(krate, to);
                }
            });
            places
        });
        Company {
            people,
            sharing: RwSignal::new(recall(SHARING).map(|words| read(&words)).unwrap_or_default()),
            following: RwSignal::new(None),
            pointer: RwSignal::new(None),
            drag: RwSignal::new(None),
            query: RwSignal::new(None),
            is_open: RwSignal::new(false),
            dragged,
            recent: RwSignal::new(Vec::new()),
            active_at: StoredValue::new(0),
        }
    }

    /// Chooses what others may know, from now on and in this browser.
    pub fn share(&self, sharing: Sharing) {
        self.sharing.set(sharing);
        remember(SHARING, &write(sharing));
    }

    /// Tells the others from now on, and follows whom this person follows, until the desk is gone.
    pub fn begin(self, desk: Desk) {
        let touch = move || {
            if let Some(now_ms) = desk.now_ms.try_get_untracked() {
                self.active_at.set_value(now_ms);
            }
        };
        touch();
        let listeners = [
            window_event_listener(ev::pointermove, move |_| touch()),
            window_event_listener(ev::keydown, move |_| touch()),
            window_event_listener(ev::wheel, move |_| touch()),
        ];
        on_cleanup(move || listeners.into_iter().for_each(|listener| listener.remove()));
        Effect::new(move |_| {
            if let Some(krate) = desk.active.get() {
                self.recent.update(|recent| {
                    recent.retain(|known| *known != krate);
                    recent.insert(0, krate);
                    recent.truncate(RECENT);
                });
            }
        });
        self.tell(desk);
        self.follow(desk);
    }

    fn tell(self, desk: Desk) {
        let (yard, tab) = (desk.yard, crate::browser::ids::new_id().to_string());
        let state = yard.state();
        let (said, shared) = (yard.peers(), yard.sync_state());
        let me = desk.user.get_value();
        let with_company =
            Memo::new(move |_| said.with(|said| said.iter().filter(|peer| peer.presence.name != me).map(|peer| peer.room.clone()).collect::<BTreeSet<Room>>()));
        // Where nobody else is nobody sees the pointer or the camera: they are told once somebody comes.
        let is_alone = Memo::new(move |_| with_company.with(BTreeSet::is_empty));
        let slow = Memo::new(move |_| desk.now_ms.get() / ALONE_MS);
        let told_alone = StoredValue::new(HashMap::<Room, u64>::new());
        Effect::new(move |_| {
            shared.track();
            let rooms = yard.open_rooms();
            let (tick, sharing, is_alone) = (slow.get(), self.sharing.get(), is_alone.get());
            let camera = if is_alone { desk.camera.get_untracked() } else { desk.camera.get() };
            let doing = state.with(|state| {
                let with_room = |id: &KrateId| state.krate(id).map(|krate| (krate.id.clone(), krate.room.clone()));
                let over = |at: Point| state.krates.iter().rev().find(|krate| yard.krate_rect(krate).contains(at)).map(|krate| krate.room.clone());
                let active = desk.active.get();
                Doing {
                    cursor: if is_alone { None } else { self.pointer.get().map(|at| (at, over(at))) },
                    krates: self.recent.with(|recent| recent.iter().filter_map(with_room).collect()),
                    has_focus: active.is_some() && self.recent.with(|recent| recent.first() == active.as_ref()),
                    selection: desk.selection.with(|selection| selection.iter().filter_map(with_room).collect()),
                    drag: self.drag.get().and_then(|(id, at)| with_room(&id).map(|(id, room)| (id, room, at))),
                    viewport: Some(camera.visible(desk.viewport.get())),
                    query: self.query.get(),
                    idle_secs: self.idle_secs(desk.now_ms.get_untracked()),
                }
            });
            let at_once = with_company.with(|with_company| doing.hear_at_once(with_company));
            let now_ms = desk.now_ms.get_untracked();
            for (room, _) in rooms {
                if !at_once.contains(&room) {
                    let known = told_alone.with_value(|told| told.get(&room).copied());
                    if known == Some(tick) {
                        continue;
                    }
                    told_alone.update_value(|told| {
                        told.insert(room.clone(), tick);
                    });
                }
                yard.set_presence(&room, doing.told(&room, sharing, &tab, now_ms as f64));
            }
        });
    }

    /// In steps of ten seconds: nobody counts another's seconds.
    fn idle_secs(self, now_ms: u64) -> u32 {
        let idle_ms = now_ms.saturating_sub(self.active_at.get_value());
        u32::try_from(idle_ms / 10_000 * 10).unwrap_or(u32::MAX)
    }

    fn follow(self, desk: Desk) {
        Effect::new(move |_| {
            let Some(id) = self.following.get() else { return };
            let there = self.people.with(|people| people.iter().find(|person| person.id == id).map(Person::viewport));
            match there {
                // Gone: the camera stays where they left it.
                None => self.following.set(None),
                Some(viewport) => {
                    let to = viewport.and_then(|viewport| Camera::fit([viewport], desk.viewport.get_untracked(), 0.0));
                    if let Some(camera) = to.filter(|to| *to != desk.camera.get_untracked()) {
                        desk.camera.set(camera);
                    }
                }
            }
        });
    }
}

fn read(words: &str) -> Sharing {
    Sharing { is_hidden: words.contains("hidden"), query: words.contains("query") }
}

fn write(sharing: Sharing) -> String {
    let words = [(sharing.is_hidden, "hidden"), (sharing.query, "query")];
    words.into_iter().filter(|(on, _)| *on).map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}
