//! Questions that views ask of the page's elements, and the few things that they do to them.

use std::cell::Cell;

use leptos::prelude::{LocalStorage, StoredValue};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, EventTarget, HtmlElement, KeyboardEvent, PointerEvent};

use crate::yard::Point;

thread_local! {
    static SPACE_IS_DOWN: Cell<bool> = const { Cell::new(false) };
}

fn element(target: Option<EventTarget>) -> Option<Element> {
    target.and_then(|target| target.dyn_into::<Element>().ok())
}

fn inside(target: Option<EventTarget>, selector: &str) -> bool {
    element(target).and_then(|element| element.closest(selector).ok().flatten()).is_some()
}

/// Whether a press is on the bare ground of the canvas.
pub fn is_ground(target: Option<EventTarget>) -> bool {
    !inside(target, ".krate, .win, .first, button, a, input")
}

/// Whether a press is on something with a use of its own, so that it drags nothing.
pub fn is_control(target: Option<EventTarget>) -> bool {
    inside(target, "button, a, input, select, label, [role=tab]")
}

/// Whether a wheel over this turns something inside a window that can still go that way.
pub fn scrolls_itself(target: Option<EventTarget>, dx: f64, dy: f64) -> bool {
    if inside(target.clone(), ".xterm") {
        return true;
    }
    let mut here = element(target);
    while let Some(element) = here {
        if element.class_list().contains("canvas") {
            return false;
        }
        let room_y = element.scroll_height() - element.client_height();
        let room_x = element.scroll_width() - element.client_width();
        let is_scroller = element.class_list().contains("scrolls");
        if is_scroller && ((dy != 0.0 && room_y > 1) || (dx != 0.0 && room_x > 1)) {
            return true;
        }
        here = element.parent_element();
    }
    false
}

/// Whether a press is on the button that opened what is open, or within that.
pub fn is_of_menu(target: Option<EventTarget>) -> bool {
    inside(target, ".pop, [aria-expanded=true]")
}

/// Moves an element that is placed within its parent so that all of it is inside.
pub fn keep_within_parent(element: &HtmlElement) {
    let Some(parent) = element.parent_element().and_then(|parent| parent.dyn_into::<HtmlElement>().ok()) else { return };
    let (room_x, room_y) = (parent.client_width() - element.offset_width(), parent.client_height() - element.offset_height());
    let place = |side: &str, room: i32, now: i32| {
        if now > room {
            // Fails for no property that exists.
            let _ = element.style().set_property(side, &format!("{}px", room.max(0)));
        }
    };
    place("left", room_x, element.offset_left());
    place("top", room_y, element.offset_top());
}

/// Gives the keyboard to the first thing within an element that takes it.
pub fn focus_first(within: &Element) {
    focus_step(within, 1);
}

/// Gives the keyboard to the next thing within an element that takes it, or with -1 to the one before; at the end it begins anew.
pub fn focus_step(within: &Element, step: i32) {
    let Ok(all) = within.query_selector_all("input:not(:disabled), button:not(:disabled)") else { return };
    let items: Vec<HtmlElement> = (0..all.length()).filter_map(|at| all.item(at)?.dyn_into().ok()).collect();
    let active = web_sys::window().and_then(|window| window.document()).and_then(|document| document.active_element());
    let now = active.and_then(|active| items.iter().position(|item| item.is_same_node(Some(&active))));
    let count = i32::try_from(items.len()).unwrap_or(0);
    if count > 0 {
        let to = now.map_or(if step > 0 { 0 } else { count - 1 }, |now| (i32::try_from(now).unwrap_or(0) + step).rem_euclid(count));
        focus(&items[usize::try_from(to).unwrap_or(0)]);
        items[usize::try_from(to).unwrap_or(0)].scroll_into_view_with_scroll_into_view_options(&nearest());
    }
}

fn nearest() -> web_sys::ScrollIntoViewOptions {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    options
}

/// Where a pointer is within the body of the collection under it, in the body's own pixels, whatever the canvas scales it by.
pub fn point_in_window(event: &web_sys::MouseEvent) -> Point {
    let body = element(event.target()).and_then(|element| element.closest(".collection").ok().flatten()).and_then(|body| body.dyn_into::<HtmlElement>().ok());
    let Some(body) = body else { return Point::default() };
    let rect = body.get_bounding_client_rect();
    let scale = if rect.width() > 0.0 { f64::from(body.offset_width()) / rect.width() } else { 1.0 };
    Point { x: (f64::from(event.client_x()) - rect.left()) * scale, y: (f64::from(event.client_y()) - rect.top()) * scale }
}

/// Whether a key belongs to a field, a terminal or an open dialog.
pub fn types_elsewhere(event: &KeyboardEvent) -> bool {
    inside(event.target(), "input, textarea, select, [contenteditable], .xterm, [role=dialog]")
}

/// Every further event of this pointer goes to the element that listens, also outside of it.
pub fn capture_pointer(event: &PointerEvent) {
    if let Some(element) = event.current_target().and_then(|target| target.dyn_into::<Element>().ok()) {
        // Fails only when the pointer is gone already: there is nothing to capture then.
        let _ = element.set_pointer_capture(event.pointer_id());
    }
}

/// The focus goes back to the page.
pub fn blur() {
    let active = web_sys::window().and_then(|window| window.document()).and_then(|document| document.active_element());
    if let Some(active) = active.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Fails for no element that can have the focus.
        let _ = active.blur();
    }
}

/// An element's top left corner on the page.
pub fn corner(element: &Element) -> Point {
    let rect = element.get_bounding_client_rect();
    Point { x: rect.left(), y: rect.top() }
}

/// Whether Space is held: it pans everywhere, also above a shell.
pub fn space_is_down() -> bool {
    SPACE_IS_DOWN.get()
}

/// Watches Space for as long as the page lives.
pub fn watch_space() {
    let Some(window) = web_sys::window() else { return };
    let listen = |name: &str, down: bool| {
        let closure = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
            let is_space = event.dyn_ref::<KeyboardEvent>().is_none_or(|key| key.code() == "Space");
            if is_space {
                SPACE_IS_DOWN.set(down);
            }
        });
        // Fails only for a window without events.
        let _ = window.add_event_listener_with_callback_and_bool(name, closure.as_ref().unchecked_ref(), true);
        closure.forget();
    };
    listen("keydown", true);
    listen("keyup", false);
    listen("blur", false);
}

/// Calls `step` with the time in milliseconds before each frame, until it says false.
pub fn each_frame(step: impl FnMut(f64) -> bool + 'static) {
    fn next(mut step: impl FnMut(f64) -> bool + 'static) {
        let callback = Closure::once_into_js(move |now_ms: f64| {
            if step(now_ms) {
                next(step);
            }
        });
        if let Some(window) = web_sys::window() {
            // Fails only for a page that is going away.
            let _ = window.request_animation_frame(callback.unchecked_ref());
        }
    }
    next(step);
}

/// Gives an element the keyboard without moving the page.
pub fn focus(element: &HtmlElement) {
    let options = web_sys::FocusOptions::new();
    options.set_prevent_scroll(true);
    // Fails for no element that can have the focus.
    let _ = element.focus_with_options(&options);
}

/// Gives a window's frame the focus, unless something inside has it: what it shows may take it from there.
pub fn focus_window(window: &str) {
    focus_frame("data-window", window);
}

/// Gives a krate's frame the focus, unless something inside has it.
pub fn focus_krate(krate: &str) {
    focus_frame("data-krate", krate);
}

fn focus_frame(attribute: &str, id: &str) {
    let Some(frame) = frame_of(attribute, id) else { return };
    let active = web_sys::window().and_then(|window| window.document()).and_then(|document| document.active_element());
    if !frame.contains(active.as_deref()) {
        focus(&frame);
    }
}

/// Scrolls what a window shows by a key, as a browser would if what scrolls had the focus; `false` for other keys and where nothing scrolls.
pub fn scroll_window(window: &str, key: &str) -> bool {
    let scroller = frame_of("data-window", window).and_then(|frame| frame.query_selector(".scrolls").ok().flatten());
    let Some(scroller) = scroller.filter(|scroller| scroller.scroll_height() > scroller.client_height()) else { return false };
    let page = scroller.client_height() - LINE_PX;
    let by = match key {
        "ArrowDown" => LINE_PX,
        "ArrowUp" => -LINE_PX,
        "PageDown" => page,
        "PageUp" => -page,
        "Home" => -scroller.scroll_height(),
        "End" => scroller.scroll_height(),
        _ => return false,
    };
    scroller.set_scroll_top(scroller.scroll_top() + by);
    true
}

/// What an arrow key scrolls, in pixels: browsers do about as much.
const LINE_PX: i32 = 40;

fn frame_of(attribute: &str, id: &str) -> Option<HtmlElement> {
    // The ids are the Yard's own, but come from other people's browsers as well: they are compared, never made part of a selector.
    let frames = web_sys::window()?.document()?.query_selector_all(&format!("[{attribute}]")).ok()?;
    let mut frames = (0..frames.length()).filter_map(|at| frames.get(at)?.dyn_into::<HtmlElement>().ok());
    frames.find(|frame| frame.get_attribute(attribute).as_deref() == Some(id))
}

/// Calls `changed` whenever an element changes its size, until the present owner (a component) is gone.
pub fn on_resize(element: &Element, changed: impl Fn() + 'static) {
    let callback = Closure::<dyn Fn()>::new(changed);
    if let Ok(observer) = web_sys::ResizeObserver::new(callback.as_ref().unchecked_ref()) {
        observer.observe(element);
        StoredValue::<_, LocalStorage>::new_local(Observing { observer, _callback: callback });
    }
}

/// Calls `pressed` at every press of a pointer, before anything under it hears of it, until the present owner (a component) is gone.
pub fn on_press(pressed: impl Fn(Option<EventTarget>) + 'static) {
    let Some(window) = web_sys::window() else { return };
    let callback = Closure::<dyn Fn(PointerEvent)>::new(move |event: PointerEvent| pressed(event.target()));
    // Fails only for a window without events.
    let _ = window.add_event_listener_with_callback_and_bool("pointerdown", callback.as_ref().unchecked_ref(), true);
    StoredValue::<_, LocalStorage>::new_local(Listening { window, callback });
}

/// Listens until it is dropped.
struct Listening {
    window: web_sys::Window,
    callback: Closure<dyn Fn(PointerEvent)>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.window.remove_event_listener_with_callback_and_bool("pointerdown", self.callback.as_ref().unchecked_ref(), true);
    }
}

/// Observes until it is dropped.
struct Observing {
    observer: web_sys::ResizeObserver,
    _callback: Closure<dyn Fn()>,
}

impl Drop for Observing {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// The letter of a key, whatever Alt makes of it on this keyboard (`Alt+L` types `ł` on some).
pub fn letter_of(event: &KeyboardEvent) -> Option<char> {
    event.code().strip_prefix("Key").and_then(|letter| letter.chars().next())
}

/// The time of day of an instant in milliseconds since 1970, as this person's clock shows it: `14:02:11`.
pub fn local_time(ms: u64) -> String {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(ms as f64));
    format!("{:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
}

/// Whether nobody sees the page: another tab is in front, or the screen is locked.
pub fn is_hidden() -> bool {
    leptos::prelude::document().visibility_state() == web_sys::VisibilityState::Hidden
}
