//! What drives a workspace in the browser: time, frames, and news of network and tab.

use std::cell::RefCell;
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

type Step = RefCell<Option<Closure<dyn FnMut()>>>;

/// One call per animation frame; ends when dropped.
struct Frames(Rc<Step>);

impl Frames {
    fn start(workspace: Workspace) -> Frames {
        let step: Rc<Step> = Rc::default();
        let again = Rc::downgrade(&step);
        *step.borrow_mut() = Some(Closure::new(move || {
            workspace.frame();
            if let Some(step) = again.upgrade() {
                request(&step);
            }
        }));
        request(&step);
        Frames(step)
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        // A frame that is requested already must not find its closure gone: it is let go from a fresh turn.
        let step = self.0.borrow_mut().take();
        wasm_bindgen_futures::spawn_local(async move { drop(step) });
    }
}

fn request(step: &Step) {
    if let Some(step) = &*step.borrow() {
        let _ = window().request_animation_frame(step.as_ref().unchecked_ref());
    }
}

/// Tells when the tab comes on screen again.
struct Shown(Closure<dyn FnMut()>);

impl Shown {
    fn start(workspace: Workspace) -> Shown {
        let listener = Closure::<dyn FnMut()>::new(move || {
            if document().visibility_state() == VisibilityState::Visible {
                tell(workspace, SocketEvent::Shown);
            }
        });
        let _ = document().add_event_listener_with_callback("visibilitychange", listener.as_ref().unchecked_ref());
        Shown(listener)
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let _ = document().remove_event_listener_with_callback("visibilitychange", self.0.as_ref().unchecked_ref());
    }
}
