//! The page: who is there, and what they see for it.

use std::time::Duration;

use krateyard_shared::api::{Access, ClusterInfo, Clusters, Session};
use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::canvas::Canvas;
use super::desk::{Desk, Sheet};
use super::diagnostics::Diagnostics;
use super::help::Help;
use super::keyboard;
use super::leaving::Leaving;
use super::links::{self, Arrival};
use super::minimap::{MinimapIsland, ToolsIsland};
use super::parts::{glyph, logo, sentence_case};
use super::people::People;
use super::preferences::Preferences;
use super::said::{Said, SaidLine};
use super::selection::SelectionIsland;
use super::sign_in::SignIn;
use super::spotlight::Spotlight;
use super::switcher;
use super::top_bar::TopBar;
use super::vanished::Vanished;
use crate::browser::camera_memory::{recall_camera, remember_camera};
use crate::browser::kinds_memory::{recall_kinds, remember_kinds};
use crate::browser::last_seen::LastSeen;
use crate::browser::offline::{LastSession, forget_person, keep_page, last_session, remember_session};
use crate::browser::preferences::{self, Theme};
use crate::browser::recent_memory::{recall_recent, remember_recent};
use crate::browser::unsent_memory::unsent_changes;
use crate::browser::{clock, dom, open_yard};
use crate::connection::{self, rest};
use crate::runtime::socket::SocketEvent;
use crate::spotlight::Spotlight as Finder;
use crate::store::{Command, Failure};
use crate::stream::StreamState;

/// First wait before the proxy is asked again who is signed in, doubled up to [`CONFIRM_MOST`].
const CONFIRM: Duration = Duration::from_secs(1);
const CONFIRM_MOST: Duration = Duration::from_secs(15);
/// Where the browser remembers the cluster that was chosen last.
const CLUSTER: &str = "krateyard.cluster";

/// Who is there.
#[derive(Clone, PartialEq)]
enum Who {
    /// Not known yet.
    Asking,
    /// Nobody; why the last session ended, when one did.
    Nobody(Option<String>),
    /// The proxy or the cluster does not answer.
    Unreachable(String),
    /// Somebody, on one of the clusters.
    Person(Session, ClusterName),
}

/// The page.
#[component]
pub fn App() -> impl IntoView {
    let theme = preferences::theme();
    provide_context(theme);
    let who = RwSignal::new(Who::Asking);
    let known = RwSignal::new(Vec::<ClusterInfo>::new());
    let said = Said::default();
    provide_context(said);
    let arrival = links::listen(said);
    provide_context(arrival);
    // Without a network the page opens for whoever was here last; nothing is sent or asked for before the proxy has said that it is still they.
    let confirmed = RwSignal::new(true);
    let ask = move || {
        spawn_local(async move {
            let found = match rest::session().await {
                Ok(session) => enter(session, known, arrival).await,
                Err(failure) => match last_session().filter(|_| !is_refused(&failure)) {
                    Some(LastSession { session, clusters }) => {
                        confirmed.set(false);
                        spawn_local(confirm(session.user.clone(), who, known, confirmed));
                        choose(session, clusters, known, arrival)
                    }
                    None => turned_away(failure),
                },
            };
            who.set(found);
        });
    };
    ask();
    let signed_in = Callback::new(move |session| spawn_local(async move { who.set(enter(session, known, arrival).await) }));
    let signed_out = Callback::new(move |why: Option<String>| who.set(Who::Nobody(why)));
    move || match who.get() {
        Who::Asking => view! { <main class="canvas signin" aria-busy="true"><div class="grid"></div></main> }.into_any(),
        Who::Nobody(ended) => view! { <SignIn signed_in ended/><SaidLine/> }.into_any(),
        Who::Unreachable(why) => view! {
            <main class="canvas signin">
                <div class="grid"></div>
                <div class="sheet" role="alert">
                    <h1 class="brand">{logo()}"Krateyard"</h1>
                    <p>"Krateyard does not answer. "{why}</p>
                    <button class="btn primary large full" on:click=move |_| ask()>"Try again"</button>
                </div>
            </main>
        }
        .into_any(),
        Who::Person(session, cluster) => {
            let to = session.clone();
            // Everything of the cluster before goes with its page.
            let switch = Callback::new(move |cluster: ClusterName| {
                preferences::remember(CLUSTER, &cluster.0);
                who.set(Who::Person(to.clone(), cluster));
            });
            view! { <SignedIn session cluster known confirmed switch signed_out/> }.into_any()
        }
    }
}

async fn enter(session: Session, known: RwSignal<Vec<ClusterInfo>>, arrival: Arrival) -> Who {
    match rest::clusters().await {
        Ok(Clusters { clusters }) => {
            remember_session(&session, &clusters);
            choose(session, clusters, known, arrival)
        }
        Err(failure) => turned_away(failure),
    }
}

/// The cluster of the link that was opened, that was chosen last, or the first one.
fn choose(session: Session, clusters: Vec<ClusterInfo>, known: RwSignal<Vec<ClusterInfo>>, arrival: Arrival) -> Who {
    let linked = arrival.with_untracked(|link| clusters.iter().find(|cluster| link.as_ref().is_some_and(|link| *link.cluster() == cluster.name)));
    let last = preferences::recall(CLUSTER).and_then(|last| clusters.iter().find(|cluster| cluster.name.0 == last));
    let chosen = linked.or(last).or(clusters.first()).map(|cluster| cluster.name.clone());
    known.set(clusters);
    chosen.map_or_else(|| Who::Unreachable("It has no cluster to show.".into()), |cluster| Who::Person(session, cluster))
}

/// Asks until the proxy says who is signed in: the same person goes on, anybody else begins anew, nobody signs in.
async fn confirm(user: String, who: RwSignal<Who>, known: RwSignal<Vec<ClusterInfo>>, confirmed: RwSignal<bool>) {
    let mut wait = CONFIRM;
    loop {
        clock::pause(wait).await;
        wait = (wait * 2).min(CONFIRM_MOST);
        let is_waiting = who.with_untracked(|who| matches!(who, Who::Person(..))) && !confirmed.get_untracked();
        if !is_waiting {
            return;
        }
        match rest::session().await {
            Ok(session) if session.user == user => {
                if let Ok(Clusters { clusters }) = rest::clusters().await {
                    remember_session(&session, &clusters);
                    known.set(clusters);
                    confirmed.set(true);
                }
            }
            Ok(_) => drop(window().location().reload()),
            Err(failure) if is_refused(&failure) => who.set(Who::Nobody(Some("You were signed out.".into()))),
            Err(_) => {}
        }
    }
}

fn is_refused(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused(Refusal::Unauthenticated | Refusal::Expired))
}

fn turned_away(failure: Failure) -> Who {
    match failure {
        Failure::Refused(Refusal::Unauthenticated | Refusal::Expired) => Who::Nobody(None),
        failure => Who::Unreachable(sentence_case(&failure.to_string())),
    }
}

/// Everything that one signed-in person sees of one cluster.
#[component]
fn SignedIn(
    session: Session,
    cluster: ClusterName,
    known: RwSignal<Vec<ClusterInfo>>,
    confirmed: RwSignal<bool>,
    switch: Callback<ClusterName>,
    signed_out: Callback<Option<String>>,
) -> impl IntoView {
    recall_kinds(&session.user, &cluster);
    let workspace = connection::start(cluster.clone(), confirmed);
    let yard = open_yard(&session.user, &cluster);
    let seen = LastSeen::begin(workspace, &session.user, &cluster);
    provide_context(seen);
    connection::sync_socket::share(yard, &session.user, &cluster, confirmed);
    let camera = recall_camera(&session.user, &cluster).unwrap_or_default();
    let theme = expect_context::<RwSignal<Theme>>();
    let desk = Desk::new(workspace, yard, cluster, session.user, camera, theme);
    provide_context(desk);
    keyboard::listen(desk);
    desk.company.begin(desk);
    links::follow(desk, known, switch);
    // The camera is kept when it rests, not at every frame of a pan.
    Effect::new(move |_| {
        let _ = desk.now_ms.get();
        remember_camera(&desk.user.get_value(), &desk.cluster.get_value(), desk.camera.get_untracked());
        if let Some(Some(recent)) = desk.finder.try_update_value(Finder::take_news) {
            remember_recent(&desk.user.get_value(), &desk.cluster.get_value(), &recent);
        }
    });
    desk.finder.update_value(|finder| finder.recall(recall_recent(&desk.user.get_value(), &desk.cluster.get_value())));
    // Before the first answer nothing is known, which is no reason to forget.
    let access = workspace.access();
    Effect::new(move |_| {
        let custom = access.with(|access| (**access != Access::default()).then(|| access.custom.clone()));
        if let Some(custom) = custom {
            remember_kinds(&desk.user.get_value(), &desk.cluster.get_value(), &custom);
        }
    });
    let connection = workspace.connection();
    // The proxy answers again: the Yard need not wait for its own next try.
    let is_live = Memo::new(move |_| connection.with(StreamState::is_live));
    Effect::new(move |_| {
        if is_live.get() {
            yard.sync_event(SocketEvent::RetryNow);
        }
    });
    Effect::new(move |_| {
        if let StreamState::Denied(refusal @ (Refusal::Unauthenticated | Refusal::Expired)) = connection.get() {
            let why = (refusal == Refusal::Expired).then(|| sentence_case(&refusal.to_string()));
            signed_out.run(why.or(Some("You were signed out.".into())));
        }
    });
    // Others came, went or changed, or this one did.
    let (vanished, others) = (workspace.vanished(), workspace.others());
    Effect::new(move |before: Option<bool>| {
        let (now, others) = (vanished.get(), others.get());
        if now || others > 0 {
            switcher::ask(known);
        }
        // Added again: all begins anew, logs too.
        if before == Some(true) && !now {
            switch.run(desk.cluster.get_value());
        }
        now
    });
    let leaving = RwSignal::new(None::<u32>);
    let leave = Callback::new(move |()| {
        // Signing out of a proxy that does not answer still leaves this page.
        workspace.command(Command::SignOut);
        seen.end();
        forget_person(&desk.user.get_value(), &known.get_untracked());
        signed_out.run(None);
    });
    // What was not sent is wiped with all that is kept of a person: not before they were asked.
    let sign_out = Callback::new(move |()| match unsent_changes(&desk.user.get_value(), &known.get_untracked()) {
        0 => leave.run(()),
        changes => leaving.set(Some(changes)),
    });
    let notice = desk.yard.notice();
    let read = RwSignal::new(None::<String>);
    view! {
        <Canvas/>
        <TopBar sign_out known confirmed switch/>
        <ToolsIsland/>
        <SelectionIsland/>
        <MinimapIsland/>
        <Show when=move || desk.company.is_open.get()><People/></Show>
        <Show when=move || desk.spotlight.with(Option::is_some)><Spotlight/></Show>
        {move || desk.sheet.get().map(|sheet| match sheet {
            Sheet::Help => view! { <Help/> }.into_any(),
            Sheet::Preferences => view! { <Preferences/> }.into_any(),
            Sheet::Diagnostics => view! { <Diagnostics/> }.into_any(),
        })}
        <Show when=move || vanished.get()><Vanished known switch/></Show>
        <SaidLine/>
        {move || leaving.get().map(|changes| view! { <Leaving changes leave stay=Callback::new(move |()| leaving.set(None))/> })}
        {move || notice.get().filter(|notice| Some(notice) != read.get().as_ref()).map(|notice| {
            let own = notice.clone();
            view! {
                <div class="notice" role="status">
                    <span>{notice}</span>
                    <button class="icon" title="Close" on:click=move |_| read.set(Some(own.clone()))>{glyph("x")}</button>
                </div>
            }
        })}
    }
}

/// What the page needs once, before anything is shown.
pub fn prepare() {
    dom::watch_space();
    keep_page();
}
