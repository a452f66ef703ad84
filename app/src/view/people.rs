//! The People drawer: everybody on this Yard, where they are, what they look for and what they have open.

use std::sync::Arc;
use std::time::Duration;

use krateyard_shared::api::{AccessQuestion, SESSIONS, SessionInfo};
use krateyard_shared::sync::room::YARDS_GROUP;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::desk::desk;
use super::krate::RowStatus;
use super::parts::{cut_name, glyph, hue, kind_glyph};
use super::row_of::row_of;
use crate::browser::clock;
use crate::connection::rest;
use crate::people::others::initials;
use crate::people::{Person, Sharing};
use crate::yard::{Content, Krate};

/// Faces in the top bar before "+2".
const FACES: usize = 4;
/// Between two looks at everybody's sessions.
const LOOK: Duration = Duration::from_secs(5);

/// Faces of those who are here, and the way to the drawer.
#[component]
pub fn Faces() -> impl IntoView {
    let company = desk().company;
    let people = company.people;
    let label = move || match people.with(Vec::len) {
        0 => "People: nobody else is here".to_owned(),
        count => format!("People: {count} more here"),
    };
    view! {
        <span class="faces wide">
            {move || people.with(|people| {
                let more = people.len().saturating_sub(FACES);
                view! {
                    {people.iter().take(FACES).map(|person| face(person, person.name.clone())).collect_view()}
                    {(more > 0).then(|| view! { <span class="face more">{format!("+{more}")}</span> })}
                }
            })}
        </span>
        <button class="icon" class:on=move || company.is_open.get() title=label aria-label=label aria-pressed=move || company.is_open.get().to_string()
            on:click=move |_| company.is_open.update(|open| *open = !*open)>{glyph("people")}</button>
    }
}

fn face(person: &Person, title: String) -> impl IntoView + use<> {
    let idle = if person.is_idle() { " idle" } else { "" };
    view! { <span class=format!("face p{}{idle}", person.hue) title=title>{initials(&person.name)}</span> }
}

/// The drawer.
#[component]
pub fn People() -> impl IntoView {
    let desk = desk();
    let company = desk.company;
    let people = company.people;
    let me = desk.user.get_value();
    view! {
        <aside class="drawer" aria-label="People">
            <header>
                <h2>"People"</h2>
                <span class="muted">{move || format!("{} on {}", people.with(Vec::len) + 1, desk.cluster.get_value())}</span>
                <span class="grow"></span>
                <button class="icon" title="Close" on:click=move |_| company.is_open.set(false)>{glyph("x")}</button>
            </header>
            <div class="drawer-body">
                <For each=move || people.get() key=|person| (person.id.clone(), person.is_idle(), person.idle_secs() / 60, person.krates(), person.query().map(ToOwned::to_owned)) let(person)>
                    <Somebody person/>
                </For>
                <div class="person">
                    <span class="face me">{initials(&me)}</span>
                    <div>
                        <div class="head"><b class="cut">{me.clone()}</b><span class="muted">"you"</span></div>
                        <Own/>
                    </div>
                </div>
                <Administration/>
            </div>
        </aside>
    }
}

#[component]
fn Somebody(person: Person) -> impl IntoView {
    let desk = desk();
    let company = desk.company;
    let id = StoredValue::new(person.id.clone());
    let follows = move || company.following.get().as_deref() == Some(&id.get_value());
    let (krates, state) = (person.krates(), desk.yard.state());
    let shown = Memo::new(move |_| state.with(|state| krates.iter().filter_map(|id| state.krate(id).cloned()).collect::<Vec<_>>()));
    let idle = match person.idle_secs() {
        _ if !person.is_idle() => "active".to_owned(),
        secs if secs < 3600 => format!("idle for {} min", secs / 60),
        secs => format!("idle for {} h {} min", secs / 3600, secs % 3600 / 60),
    };
    view! {
        <div class="person">
            {face(&person, person.name.clone())}
            <div>
                <div class="head">
                    <b class="cut" title=person.name.clone()>{person.name.clone()}</b>
                    <span class="grow"></span>
                    <button class="btn quiet small" class:on=follows aria-pressed=move || follows().to_string()
                        on:click=move |_| company.following.set(if follows() { None } else { Some(id.get_value()) })>
                        {move || if follows() { "Following" } else { "Follow" }}
                    </button>
                </div>
                <div class="sub">{idle}{person.query().map(|query| view! { ", searches for "<span class="mono">{query.to_owned()}</span> })}</div>
                <ul>
                    <For each=move || shown.get() key=|krate| (krate.id.clone(), krate.windows.len()) let(krate)><InUse krate/></For>
                </ul>
            </div>
        </div>
    }
}

/// A krate that somebody has in use: a click flies there.
#[component]
fn InUse(krate: Arc<Krate>) -> impl IntoView {
    let desk = desk();
    let id = krate.id.clone();
    let letters = krate.windows.iter().filter_map(|window| if let Content::View(view) = window.content { Some(view.letter()) } else { None });
    let letters: Vec<_> = letters.map(|letter| view! { <span class="mark">{letter.to_string()}</span> }).collect();
    view! {
        <li class=hue(krate.subject.namespace())>
            <button class="row" title="Fly there" on:click=move |_| desk.fly_to(&id)>
                {glyph(kind_glyph(krate.subject.kind()))}
                <span class="mono cut">{cut_name(&krate.subject.title())}</span>
                {row_of(&krate.subject).map(|row| view! { <RowStatus row/> })}
                <span class="letters">{letters}</span>
            </button>
        </li>
    }
}

/// What others may know of this person.
#[component]
fn Own() -> impl IntoView {
    let company = desk().company;
    let sharing = company.sharing;
    let toggle = move |change: fn(&mut Sharing)| {
        let mut chosen = sharing.get_untracked();
        change(&mut chosen);
        company.share(chosen);
    };
    view! {
        <label class="sub pick-line">
            <input type="checkbox" prop:checked=move || sharing.get().is_hidden on:change=move |_| toggle(|sharing| sharing.is_hidden = !sharing.is_hidden)/>
            "Hide where I am and what I do"
        </label>
        <label class="sub pick-line" class:off=move || sharing.get().is_hidden>
            <input type="checkbox" disabled=move || sharing.get().is_hidden prop:checked=move || sharing.get().query
                on:change=move |_| toggle(|sharing| sharing.query = !sharing.query)/>
            "Share what I search for"
        </label>
    }
}

/// Everybody's sessions, for who may look after them; nothing for everybody else.
#[component]
fn Administration() -> impl IntoView {
    let sessions = RwSignal::new(None::<Vec<SessionInfo>>);
    let ask = move || {
        spawn_local(async move {
            let found = rest::sessions().await.ok().map(|found| found.sessions);
            sessions.try_set(found);
        });
    };
    let question = AccessQuestion {
        verb: "list".into(),
        group: YARDS_GROUP.into(),
        resource: SESSIONS.into(),
        subresource: String::new(),
        namespace: None,
        name: String::new(),
    };
    let may = desk().workspace.may(question);
    Effect::new(move |_| {
        if may.get() == Some(true) {
            ask();
        }
    });
    clock::every(LOOK, move || {
        if sessions.with_untracked(Option::is_some) {
            ask();
        }
    });
    let sockets = move || sessions.with(|sessions| sessions.iter().flatten().map(|session| session.sockets).sum::<usize>());
    move || {
        sessions.get().map(|all| {
            let count = all.len();
            let line = move |session: SessionInfo| {
                let what = if session.program { "program" } else { "browser" };
                let words = format!("{what}, {} open", session.sockets);
                let id = session.id.clone();
                let end = move |_| {
                    let id = id.clone();
                    spawn_local(async move {
                        let _ = rest::end_session(&id).await;
                        ask();
                    });
                };
                view! {
                    <div class="rowx">
                        <span class="cut" title=session.user.clone()>{session.user.clone()}</span>
                        <span class="grow"></span>
                        <span class="muted">{words}</span>
                        {if session.own {
                            view! { <span class="muted">"this one"</span> }.into_any()
                        } else {
                            view! { <button class="btn quiet danger small" title="Signs them out and closes what they have open" on:click=end>"End"</button> }.into_any()
                        }}
                    </div>
                }
            };
            view! {
                <div class="admin">
                    <h3>"Administration"</h3>
                    <div class="rowx"><span>"Connections"</span><span class="grow"></span><span class="num">{format!("{count} sessions, {} sockets", sockets())}</span></div>
                    {all.into_iter().map(line).collect_view()}
                </div>
            }
        })
    }
}
