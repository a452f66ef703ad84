//! What drives a workspace in the browser: time, frames, and news of network and tab.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Interval;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::VisibilityState;

use crate::runtime::Input;
use crate::runtime::socket::SocketEvent;
use crate::store::Workspace;

/// How often time passes. A hidden tab is told about once a second or minute; what matters does not depend on it.
const TICK_MS: u32 = 250;

/// Drives a workspace until the owner it is called in is gone.
pub(super) fn start(workspace: Workspace) {
    let interval = StoredValue::new_local(Some(Interval::new(TICK_MS, move || workspace.tick())));
    let online = window_event_listener(leptos::ev::online, move |_| tell(workspace, SocketEvent::Online));
    let offline = window_event_listener(leptos::ev::offline, move |_| tell(workspace, SocketEvent::Offline));
    let frames = Frames::start(workspace);
    let shown = Shown::start(workspace);
    let held = StoredValue::new_local(Some((frames, shown)));
    on_cleanup(move || {
        online.remove();
        offline.remove();
        interval.try_update_value(Option::take);
        held.try_update_value(Option::take);
    });
}

fn tell(workspace: Workspace, event: SocketEvent) {
    workspace.handle(Input::Socket(event));
}

/// One call per animation frame; ends when dropped.
struct Frames(Rc<Step>);

#[derive(Default)]
struct Step {
    call: RefCell<Option<Closure<dyn FnMut()>>>,
    /// The frame that is asked for.
    asked: Cell<Option<i32>>,
}

impl Frames {
    fn start(workspace: Workspace) -> Frames {
        let step: Rc<Step> = Rc::default();
        let again = Rc::downgrade(&step);
        *step.call.borrow_mut() = Some(Closure::new(move || {
            workspace.frame();
            if let Some(step) = again.upgrade() {
                step.ask();
            }
        }));
        step.ask();
        Frames(step)
    }
}

impl Step {
    fn ask(&self) {
        if let Some(call) = &*self.call.borrow() {
            self.asked.set(window().request_animation_frame(call.as_ref().unchecked_ref()).ok());
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        // A frame that is asked for already must not find its closure gone.
        if let Some(asked) = self.0.asked.take() {
            let _ = window().cancel_animation_frame(asked);
        }
        // The closure may be what calls this: it goes with a fresh turn.
        let call = self.0.call.borrow_mut().take();
        wasm_bindgen_futures::spawn_local(async move { drop(call) });
    }
}

/// Tells whether the tab is on screen, whenever that changes.
struct Shown(Closure<dyn FnMut()>);

impl Shown {
    fn start(workspace: Workspace) -> Shown {
        let tell = move || workspace.handle(Input::Seen(document().visibility_state() == VisibilityState::Visible));
        tell();
        let listener = Closure::<dyn FnMut()>::new(tell);
        let _ = document().add_event_listener_with_callback("visibilitychange", listener.as_ref().unchecked_ref());
        Shown(listener)
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let _ = document().remove_event_listener_with_callback("visibilitychange", self.0.as_ref().unchecked_ref());
    }
}
