//! What the parts of one shell window share: its session, its terminal, and when they begin.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::rows::Row;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::connection::shell::{ShellStream, Told};
use crate::logs::containers;
use crate::terminal::Wanted;
use crate::terminal::session::{Input, Phase};
use crate::terminal::xterm::{Screen, ScreenEvent, reason};
use crate::view::window_header::WindowHeader;

/// Handles of one shell window.
#[derive(Clone, Copy)]
pub struct ShellView {
    pub(super) header: WindowHeader,
    object: StoredValue<ObjectRef>,
    host: NodeRef<html::Div>,
    shell: StoredValue<Option<Rc<ShellStream>>, LocalStorage>,
    screen: StoredValue<Option<Rc<Screen>>, LocalStorage>,
    pub(super) phase: RwSignal<Phase>,
    /// The viewer asked for a shell: the terminal is being made.
    pub(super) asked: RwSignal<bool>,
    /// Why there is no terminal.
    pub(super) problem: RwSignal<Option<String>>,
    pub(super) searching: RwSignal<bool>,
}

/// How long to wait for the pod's row, which names its containers: who may exec may not be allowed to list pods.
const ROW: Duration = Duration::from_secs(2);

impl ShellView {
    pub(super) fn new(object: ObjectRef, pod: Signal<Option<Arc<Row>>>, header: WindowHeader, host: NodeRef<html::Div>) -> ShellView {
        let view = ShellView {
            header,
            object: StoredValue::new(object),
            host,
            shell: StoredValue::new_local(None),
            screen: StoredValue::new_local(None),
            phase: RwSignal::new(Phase::NotStarted),
            asked: RwSignal::new(false),
            problem: RwSignal::new(None),
            searching: RwSignal::new(false),
        };
        view.shell.set_value(Some(Rc::new(ShellStream::new(move |told| view.told(told)))));
        view.offer_containers(pod);
        if header.opened_here {
            view.start_once_known();
        }
        view.follow_keyboard();
        // At once: the session ends with its window.
        on_cleanup(move || {
            drop(view.shell.try_update_value(Option::take));
            drop(view.screen.try_update_value(Option::take));
        });
        view
    }

    fn offer_containers(self, pod: Signal<Option<Arc<Row>>>) {
        let header = self.header;
        Effect::new(move |_| {
            let Some(row) = pod.get() else { return };
            let names = containers::names(&row);
            if header.options.with_untracked(|options| *options != names) {
                header.options.set(names.clone());
            }
            if !names.contains(&header.picked.get_untracked()) {
                header.picked.set(names.into_iter().next().unwrap_or_default());
            }
        });
        // Another container picked while a shell runs is a click for a shell there.
        Effect::new(move |before: Option<String>| {
            let picked = header.picked.get();
            let changed = before.is_some_and(|before| !before.is_empty() && before != picked);
            if changed && self.phase.with_untracked(|phase| matches!(phase, Phase::Running { .. } | Phase::Away { .. } | Phase::Connecting { .. })) {
                self.shell.set_value(Some(Rc::new(ShellStream::new(move |told| self.told(told)))));
                self.start();
            }
            picked
        });
    }

    fn start_once_known(self) {
        self.asked.set(true);
        let begun = StoredValue::new(false);
        let begin = move || {
            if begun.try_get_value() == Some(false) {
                begun.set_value(true);
                self.start();
            }
        };
        Effect::new(move |_| {
            if !self.header.picked.get().is_empty() && self.host.get().is_some() {
                begin();
            }
        });
        set_timeout(begin, ROW);
    }

    fn follow_keyboard(self) {
        Effect::new(move |_| {
            let has = self.header.has_keyboard.get();
            if let Some(screen) = self.screen.get_value().filter(|_| !self.searching.get_untracked()) {
                if has { screen.focus() } else { screen.blur() }
            }
        });
    }

    /// The viewer asked for a shell.
    pub(super) fn start(self) {
        self.asked.set(true);
        self.problem.set(None);
        if let Some(screen) = self.screen.get_value() {
            self.begin(&screen);
            return;
        }
        let Some(host) = self.host.get_untracked() else { return };
        spawn_local(async move {
            let opened = Screen::open(host.into(), move |event| self.on_screen(event)).await;
            match opened {
                Ok(screen) => {
                    let screen = Rc::new(screen);
                    // The window may be gone by now: then so is the terminal.
                    if self.screen.try_set_value(Some(screen.clone())).is_none() {
                        self.begin(&screen);
                    }
                }
                Err(error) => drop(self.problem.try_set(Some(reason(&error)))),
            }
        });
    }

    fn begin(self, screen: &Screen) {
        let Some(object) = self.object.try_get_value() else { return };
        self.input(Input::Resized(screen.size()));
        self.input(Input::Start(Wanted {
            cluster: object.cluster.0,
            ns: object.namespace.unwrap_or_default(),
            pod: object.name,
            container: self.header.picked.get_untracked(),
        }));
        screen.focus();
    }

    fn told(self, told: Told) {
        let Some(screen) = self.screen.try_get_value().flatten() else { return };
        match told {
            Told::Began => screen.reset(),
            Told::Draw(bytes) => screen.draw(&bytes),
            Told::Changed => {
                let Some(shell) = self.shell.try_get_value().flatten() else { return };
                let phase = shell.phase();
                screen.set_live(matches!(phase, Phase::Running { .. } | Phase::Away { .. } | Phase::Connecting { .. }));
                if matches!(phase, Phase::NoShell { .. } | Phase::Denied(_)) {
                    screen.blur(); // there is nothing to type into
                }
                self.header.stream.set(shell.state());
                self.phase.set(phase);
            }
        }
    }

    fn on_screen(self, event: ScreenEvent) {
        match event {
            ScreenEvent::Typed(bytes) => self.input(Input::Typed(bytes)),
            ScreenEvent::Resized(size) => self.input(Input::Resized(size)),
            ScreenEvent::Drawn(bytes) => self.input(Input::Drawn(bytes)),
            ScreenEvent::Left => {
                self.header.has_keyboard.set(false);
                self.with_screen(Screen::blur);
            }
            ScreenEvent::Search => drop(self.searching.try_set(true)),
        }
    }

    fn input(self, input: Input) {
        // Cloned: what comes of it may look here again.
        if let Some(shell) = self.shell.try_get_value().flatten() {
            shell.input(input);
        }
    }

    /// Does something with the terminal, if there is one.
    pub(super) fn with_screen<T>(self, act: impl FnOnce(&Screen) -> T) -> Option<T> {
        self.screen.try_get_value().flatten().map(|screen| act(&screen))
    }
}
