//! A shell window: an invitation until its viewer asks for a shell, then a terminal, and what became of it.

pub mod shell_view;

use std::sync::Arc;

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::rows::Row;
use krateyard_shared::shell::SHELLS;
use leptos::html;
use leptos::prelude::*;

use self::shell_view::ShellView;
use super::parts::{say, say_refusal, shape};
use super::search_bar::{SearchBar, Step};
use super::window_header::WindowHeader;
use crate::terminal::session::Phase;
use crate::terminal::xterm::Screen;

/// The body of a shell window. It starts a shell by itself only when its viewer opened it (`header.opened_here`).
#[component]
pub fn ShellWindow(
    /// The pod.
    object: ObjectRef,
    /// Its row, live: its containers.
    pod: Signal<Option<Arc<Row>>>,
    /// The frame's header.
    header: WindowHeader,
) -> impl IntoView {
    let name = StoredValue::new(object.name.clone());
    let host = NodeRef::<html::Div>::new();
    let view = ShellView::new(object, pod, header, host);
    let over = move || view.phase.with(Phase::over);
    view! {
        {move || view.searching.get().then(|| search(view))}
        {move || over().map(|words| view! { <div class="strip gone">{shape("st-stop")}<span class="cut" title=words.clone()>{words.clone()}</span></div> })}
        <div class="pane shell" class:over=move || over().is_some()>
            <div class="terminal" node_ref=host></div>
            {move || instead(view, &name.get_value())}
        </div>
        {move || over().map(|_| view! {
            <div class="bar foot shell-foot">
                <span class="cut">"The screen is kept until you close the window."</span>
                <span class="grow"></span>
                <button class="btn" on:click=move |_| view.start()>"New session"</button>
            </div>
        })}
    }
}

/// The newest line is found first: it is the one that people look for.
fn search(view: ShellView) -> impl IntoView {
    let wanted = RwSignal::new(String::new());
    let found = RwSignal::new(true);
    let find = move |backwards: bool| {
        let hit = view.with_screen(|screen| screen.find(&wanted.get_untracked(), backwards));
        found.set(hit == Some(true) || wanted.with_untracked(String::is_empty));
    };
    Effect::new(move |_| {
        wanted.track();
        find(true);
    });
    let close = Callback::new(move |()| {
        view.with_screen(|screen| screen.find("", false));
        view.searching.set(false);
        view.with_screen(Screen::focus);
    });
    view! {
        <SearchBar label="Search the screen" words="Search the screen" text=wanted count=Signal::derive(move || if found.get() { String::new() } else { "none".into() })
            is_bad=Signal::derive(move || !found.get()) enter=Step::Previous step=Callback::new(move |step| find(step == Step::Previous)) close/>
    }
}

/// What is said where there is no screen.
fn instead(view: ShellView, pod: &str) -> AnyView {
    let start = move |words: &'static str| view! { <button class="btn primary" on:click=move |_| view.start()>{words}</button> };
    let container = view.header.picked.get();
    if let Some(problem) = view.problem.get() {
        return over_screen(say(None, "The terminal could not be loaded".into(), problem, None, start("Try again").into_any()));
    }
    match view.phase.get() {
        Phase::NotStarted if view.asked.get() => ().into_any(),
        Phase::NotStarted => {
            let place = if container.is_empty() || container == pod { String::new() } else { format!(" It runs in container {container}.") };
            let actions = view! { {start("Start shell")}<span class="muted">{format!("{}, else {}, else {}", SHELLS[0], SHELLS[1], SHELLS[2])}</span> };
            over_screen(say(
                None,
                format!("Start a shell in {pod}"),
                format!("Yours is a session of its own; nobody else sees it.{place}"),
                None,
                actions.into_any(),
            ))
        }
        Phase::NoShell { tried } => {
            let sentence = format!("The image of {container} holds none of {}, only the program that it runs.", tried.join(", "));
            let again = view! { <button class="btn" on:click=move |_| view.start()>"Try again"</button> };
            over_screen(say(None, "No shell in the image".into(), sentence, None, again.into_any()))
        }
        Phase::Denied(refusal) => over_screen(say_refusal(&refusal, Callback::new(move |()| view.start()))),
        Phase::Connecting { .. } | Phase::Running { .. } | Phase::Away { .. } | Phase::Exited { .. } | Phase::Lost { .. } => ().into_any(),
    }
}

fn over_screen(said: impl IntoView + 'static) -> AnyView {
    view! { <div class="instead">{said}</div> }.into_any()
}
