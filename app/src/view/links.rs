//! Links to krates and views: made, and followed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use krateyard_shared::api::ClusterInfo;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::sync::room::Room;
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::desk::Desk;
use super::said::Said;
use crate::browser::{address, clipboard, clock};
use crate::yard::link::{KrateLink, Link, NoLink, ViewLink};
use crate::yard::sync::Entry;
use crate::yard::sync::words::Line;
use crate::yard::{KrateId, Persistence, YardAction};

/// The link that was opened, until it is followed: it waits for whoever signs in, and for its cluster.
pub type Arrival = RwSignal<Option<Link>>;

/// Between two looks whether a room has answered.
const LOOK: Duration = Duration::from_millis(50);
/// So many looks at an open connection, and no answer comes any more.
const LOOKS: u32 = 200;

/// Reads the page's address, now and whenever a link is put there.
pub fn listen(said: Said) -> Arrival {
    let arrival = RwSignal::new(None);
    let read = move || match Link::read(&address::fragment()) {
        Ok(link) => arrival.set(Some(link)),
        Err(NoLink::Other) => {}
        Err(error) => {
            address::clear_fragment();
            said.problem(format!("No link was followed: {error}"));
        }
    };
    read();
    let listener = window_event_listener(ev::hashchange, move |_| read());
    on_cleanup(move || listener.remove());
    arrival
}

/// Follows links for as long as the desk is there; one to another cluster goes there first.
pub fn follow(desk: Desk, known: RwSignal<Vec<ClusterInfo>>, switch: Callback<ClusterName>) {
    let arrival = expect_context::<Arrival>();
    Effect::new(move |_| {
        let Some(link) = arrival.get() else { return };
        let cluster = link.cluster().clone();
        if cluster == desk.cluster.get_value() {
            done(arrival);
            spawn_local(async move {
                arrive(desk, link).await;
            });
        } else if known.with(|known| known.iter().any(|info| info.name == cluster)) {
            switch.run(cluster);
        } else {
            done(arrival);
            desk.said.problem(format!("This link leads to cluster {cluster}, and this Krateyard has none of that name"));
        }
    });
}

fn done(arrival: Arrival) {
    address::clear_fragment();
    arrival.set(None);
}

/// Flies there; `None` once the desk is gone.
async fn arrive(desk: Desk, link: Link) -> Option<()> {
    // What the browser had kept comes first, and a screen to fly on.
    while desk.viewport.try_get_untracked()?.w == 0.0 || desk.yard.persistence().try_get_untracked()? == Persistence::Loading {
        clock::pause(LOOK).await;
    }
    let link = match link {
        Link::Krate(link) => link,
        Link::View(link) => {
            link.camera(desk.viewport.get_untracked()).into_iter().for_each(|camera| desk.fly(camera));
            return Some(());
        }
    };
    let state = desk.yard.state();
    if state.with_untracked(|state| state.krate(&link.krate).is_some()) {
        desk.fly_to(&link.krate);
        return Some(());
    }
    let room = link.made_of.room.clone();
    let waits = || desk.said.problem("Krateyard does not answer now: this link is followed once it does".into());
    let entry = ask(desk, [room.clone()].into(), waits).await?.remove(&room);
    let found = state.with_untracked(|state| link.find(&state.krates).cloned());
    match (entry, found) {
        (Some(Entry::Refused(refusal)), _) => {
            let need = match refusal {
                Refusal::Forbidden { verb, resource, namespace } => {
                    format!("{verb} {resource} {}", namespace.map_or("cluster-wide".into(), |namespace| format!("in namespace {namespace}")))
                }
                refusal => refusal.to_string(),
            };
            desk.said.problem(format!("No access: this link leads to a krate of {}, which you may not see. Missing: {need}", place(&room)));
        }
        (_, Some(krate)) => desk.fly_to(&krate),
        (Some(Entry::Open { writable }), None) => make(desk, &link, if writable { room } else { Room::Private }),
        (Some(Entry::Unknown) | None, None) => desk.said.problem(format!("Nobody answers for {}: open the link once more", place(&room))),
    }
    Some(())
}

/// A shell of it does not start: whoever opened the link did not ask for one.
fn make(desk: Desk, link: &KrateLink, room: Room) {
    let is_own = room == Room::Private;
    let action = YardAction::Place { parcel: link.parcel(room).into(), near: None };
    let Some(window) = desk.yard.act(action) else { return };
    desk.show(&window);
    desk.said.done(
        if is_own { "The krate of this link is gone: here is one like it, and only you see it" } else { "The krate of this link was gone: it is made anew" }
            .into(),
    );
}

/// Enters rooms and waits for what is known of them; after a while of those that do not answer nothing is. `waits` is called when nobody answers at all now.
pub async fn ask(desk: Desk, rooms: BTreeSet<Room>, waits: impl Fn()) -> Option<BTreeMap<Room, Entry>> {
    rooms.iter().for_each(|room| desk.yard.enter(room));
    let (mut looks, mut has_waited) = (0, false);
    loop {
        let entries: Option<BTreeMap<Room, Entry>> = rooms.iter().map(|room| Some((room.clone(), desk.yard.entry(room)?))).collect();
        let entries = entries?;
        match desk.yard.sync_state().try_get_untracked()?.line {
            _ if entries.values().all(|entry| *entry != Entry::Unknown) => return Some(entries),
            Line::Open | Line::Connecting | Line::NotStarted if looks >= LOOKS => return Some(entries),
            Line::Offline | Line::Refused if !has_waited => {
                has_waited = true;
                waits();
            }
            Line::Offline | Line::Refused => {}
            Line::Open | Line::Connecting | Line::NotStarted => looks += 1,
        }
        clock::pause(LOOK).await;
    }
}

/// Where a room is, in words.
pub fn place(room: &Room) -> String {
    match room {
        Room::Cluster => "the cluster".into(),
        Room::Private => "your private room".into(),
        Room::Namespace(namespace) => format!("namespace {namespace}"),
    }
}

/// Copies the link to a krate: this one, or the one in focus.
pub fn copy_link(desk: Desk, krate: Option<KrateId>) {
    let krate = krate.or_else(|| desk.active.get_untracked());
    let found = krate.and_then(|krate| desk.yard.state().with_untracked(|state| state.krate(&krate).cloned()));
    match found {
        Some(krate) => copy(desk, &Link::Krate(Box::new(KrateLink::of(desk.cluster.get_value(), &krate))), "Link to the krate copied"),
        None => desk.said.problem("Choose a krate first: the link is to the one in focus".into()),
    }
}

/// Copies the link to what is in sight.
pub fn copy_view(desk: Desk) {
    let view = ViewLink::of(desk.cluster.get_value(), &desk.camera.get_untracked(), desk.viewport.get_untracked());
    copy(desk, &Link::View(view), "Link to this view copied");
}

fn copy(desk: Desk, link: &Link, words: &'static str) {
    let Some(fragment) = link.write() else {
        return desk.said.problem("What this krate is about is too long for a link".into());
    };
    let address = address::with_fragment(&fragment);
    spawn_local(async move {
        match clipboard::copy(&address).await {
            Ok(()) => desk.said.done(words.into()),
            // To be marked and copied by hand.
            Err(_) => desk.said.problem(address),
        }
    });
}
