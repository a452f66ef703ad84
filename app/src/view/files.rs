//! The Yard as a file, to and fro, and as an image.

use std::collections::BTreeMap;

use krateyard_shared::sync::room::Room;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::desk::Desk;
use super::links::ask;
use crate::browser::file_pick::{Picked, pick_json};
use crate::browser::{clipboard, picture};
use crate::canvas::picture::{Legend, Picture};
use crate::logs::stamp::Stamp;
use crate::rows::counts::Counts;
use crate::view::parts::health_marks;
use crate::view::row_of::is_row_of;
use crate::yard::file::{self, LONGEST_FILE, NoYard, YardFile};
use crate::yard::parcel::Left;
use crate::yard::sync::Entry;
use crate::yard::{Parcel, Subject, YardAction};

/// Saves all that this person sees of the Yard.
pub fn export(desk: Desk) {
    let parcel = Parcel::of(&desk.yard.state().get_untracked());
    let text = file::write(&parcel, &desk.cluster.get_value(), &now(desk).rfc3339());
    let name = file_name(desk, "json");
    tell(desk, clipboard::download(&name, &text).map(|()| format!("Saved {} as {name}", parcel.words())));
}

/// Lets the person pick a file, and puts what it holds on the Yard.
pub fn import(desk: Desk) {
    pick_json(LONGEST_FILE, move |picked| {
        let read = match picked {
            Picked::Text(text) => file::read(&text, &desk.cluster.get_value()).map_err(|error| error.to_string()),
            Picked::TooLong => Err(NoYard::TooLarge.to_string()),
            Picked::Unreadable => Err("The browser could not read this file".into()),
        };
        match read {
            Ok(read) => spawn_local(async move {
                place(desk, read).await;
            }),
            Err(words) => desk.said.problem(words),
        }
    });
}

/// `None` once the desk is gone.
async fn place(desk: Desk, read: YardFile) -> Option<()> {
    let waits = || desk.said.problem("Krateyard does not answer now: the file is put on the Yard once it does".into());
    let entries = ask(desk, read.parcel.rooms(), waits).await?;
    let left: BTreeMap<Room, Left> = entries
        .into_iter()
        .filter_map(|(room, entry)| match entry {
            Entry::Open { writable: true } => None,
            Entry::Open { writable: false } => Some((room, Left::Fixed)),
            Entry::Refused(refusal) => Some((room, Left::Refused(refusal))),
            Entry::Unknown => Some((room, Left::Unknown)),
        })
        .collect();
    let parcel = read.parcel.within(|room| !left.contains_key(room));
    let words = read.words(&parcel, &left);
    let window = desk.yard.act(YardAction::Place { parcel: parcel.into(), near: None });
    window.iter().for_each(|window| desk.show(window));
    if left.is_empty() && read.odd == 0 {
        desk.said.done(words)
    } else {
        desk.said.problem(words)
    }
    Some(())
}

/// Saves the Yard as an image.
pub fn image(desk: Desk) {
    let state = desk.yard.state().get_untracked();
    let krates = state.krates.iter().map(|krate| (&krate.id, &krate.subject));
    let windows = state.krates.iter().flat_map(|krate| krate.windows.iter().filter_map(|window| Some((&window.id, window.subject.as_ref()?))));
    let statuses = krates.chain(windows).filter_map(|(id, subject)| Some((id.clone(), status_of(desk, subject)?))).collect();
    let legend = Legend { cluster: desk.cluster.get_value().0, when: now(desk).rfc3339(), who: desk.user.get_value() };
    let drawn = Picture { state: &state, statuses, colour: &picture::colour, legend }.svg();
    let Ok(svg) = drawn else { return desk.said.problem("The Yard is too large for one image".into()) };
    let name = file_name(desk, "svg");
    tell(desk, clipboard::download(&name, &svg).map(|()| format!("Saved the Yard as {name}")));
}

/// How it does, as last known: class of the colour, and words.
fn status_of(desk: Desk, subject: &Subject) -> Option<(&'static str, String)> {
    use krateyard_shared::kinds::Kind;
    use krateyard_shared::scope::Scope;
    use krateyard_shared::status;
    match subject {
        Subject::Object(object) => {
            let kind = Kind::of_name(&object.group, &object.kind)?;
            let scope = object.namespace.clone().map_or(Scope::All, Scope::Namespace);
            let lease = desk.workspace.table(kind, scope);
            let status = lease.table.with_untracked(|table| table.rows.iter().find(|row| is_row_of(row, object)).map(|row| status::of(row)))?;
            (!status.word.is_empty()).then(|| (health_marks(status.health).0, status.word))
        }
        Subject::Collection(collection) => {
            let lease = desk.workspace.table(&collection.kinds()[..], collection.scopes());
            let (health, count, word) = lease.table.with_untracked(|table| Counts::of(&table.rows).parts.first().copied())?;
            Some((health_marks(health).0, format!("{count} {word}")))
        }
    }
}

fn tell<E: std::fmt::Display>(desk: Desk, saved: Result<String, E>) {
    match saved {
        Ok(words) => desk.said.done(words),
        Err(error) => desk.said.problem(format!("The browser saved nothing: {error}")),
    }
}

fn now(desk: Desk) -> Stamp {
    Stamp { secs: i64::try_from(desk.now_ms.get_untracked() / 1000).unwrap_or_default(), nanos: 0 }
}

/// `yard-prod-eu-1-20261122-180600.json`.
fn file_name(desk: Desk, ending: &str) -> String {
    let when: String = now(desk).rfc3339().chars().filter(|c| c.is_ascii_digit() || *c == 'T').map(|c| if c == 'T' { '-' } else { c }).collect();
    format!("yard-{}-{when}.{ending}", desk.cluster.get_value().0.replace(['/', ':'], "-"))
}
