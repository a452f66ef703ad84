//! A window's frame: its place in the krate, its header with tabs, picker and stream state, and the body that its content asks for.

use std::sync::Arc;

use krateyard_shared::api::AccessQuestion;
use krateyard_shared::identity::ObjectRef;
use krateyard_shared::kinds::{Kind, View};
use leptos::ev;
use leptos::prelude::*;

use super::canvas::at;
use super::collection::CollectionWindow;
use super::describe::DescribeWindow;
use super::desk::desk;
use super::events::EventsWindow;
use super::logs_window::LogsWindow;
use super::overview::OverviewWindow;
use super::parts::{glyph, health_marks, shape, stream_words};
use super::row_of::row_of;
use super::shell_window::ShellWindow;
use super::window_header::WindowHeader;
use super::yaml_window::YamlWindow;
use crate::browser::dom;
use crate::rows::counts::Counts;
use crate::stream::StreamState;
use crate::yard::{Content, Krate, Only, Point, Rect, Size, Subject, Window, WindowId, YardAction, YardState, layout};

/// Free space around a maximised window, in pixels.
const MAXIMISED_GAP: f64 = 12.0;
/// The smallest window: its header and some lines.
const LEAST: Size = Size { w: 300.0, h: 160.0 };

/// One window of a krate.
#[component]
pub fn WindowFrame(
    /// The krate, and its place in the order of painting.
    krate: Memo<Option<(usize, Arc<Krate>)>>,
    /// Which of its windows.
    window: WindowId,
) -> impl IntoView {
    let desk = desk();
    let id = StoredValue::new(window);
    let this = Memo::new(move |_| {
        let (_, krate) = krate.get()?;
        let window = krate.windows.iter().find(|w| w.id == id.get_value())?.clone();
        let rect = layout::window_rects(&krate).into_iter().find(|(w, _)| *w == window.id)?.1;
        let subject = window.subject.clone().unwrap_or_else(|| krate.subject.clone());
        Some((window, rect, subject, krate.at))
    });
    let Some((first, _, subject, _)) = this.get_untracked() else { return ().into_any() };
    let content = Memo::new(move |was: Option<&Content>| {
        this.get().map_or(was.copied().unwrap_or(first.content), |(window, ..): (Window, Rect, Subject, Point)| window.content)
    });
    let opened_here = desk.opened_here.with_value(|windows| windows.contains(&id.get_value()));
    let header = WindowHeader {
        stream: RwSignal::new(StreamState::NotStarted),
        options: RwSignal::new(Vec::new()),
        noun: RwSignal::new("Container"),
        picked: RwSignal::new(String::new()),
        has_keyboard: RwSignal::new(false),
        opened_here,
    };
    // The keyboard: the desk says who has it; a body may give it back (a shell does, by Ctrl+Shift+Escape).
    Effect::new(move |_| header.has_keyboard.set(desk.keyboard.get().as_ref() == Some(&id.get_value())));
    Effect::new(move |was: Option<bool>| {
        let has = header.has_keyboard.get();
        if was == Some(true) && !has && desk.keyboard.get_untracked().as_ref() == Some(&id.get_value()) {
            desk.keyboard.set(None);
        }
        has
    });
    let counts = RwSignal::new(Counts::default());
    let sizing = RwSignal::new(None::<Size>);
    let torn = RwSignal::new(None::<Point>);
    let is_maximised = Memo::new(move |_| desk.maximised.get().as_ref() == Some(&id.get_value()));
    let maximise = move || desk.maximised.update(|max| *max = if max.as_ref() == Some(&id.get_value()) { None } else { Some(id.get_value()) });

    let place = Memo::new(move |was: Option<&String>| {
        // A minimised krate has no place for its windows: they keep theirs, so that a terminal keeps its size.
        let Some((_, rect, _, krate_at)) = this.get() else { return was.cloned().unwrap_or_default() };
        if is_maximised.get() {
            let (viewport, camera) = (desk.viewport.get(), desk.camera.get());
            let corner = camera.world_from_screen(Point::new(MAXIMISED_GAP, MAXIMISED_GAP));
            return format!(
                "left:{}px;top:{}px;width:{}px;height:{}px;transform:scale({});transform-origin:0 0;--zoom:1;--hair:1px;--hair-2:2px",
                corner.x - krate_at.x,
                corner.y - krate_at.y,
                viewport.w - 2.0 * MAXIMISED_GAP,
                viewport.h - 2.0 * MAXIMISED_GAP,
                1.0 / camera.zoom
            );
        }
        let size = sizing.get().unwrap_or(rect.size);
        let offset = torn.get().unwrap_or_default();
        format!("left:{}px;top:{}px;width:{}px;height:{}px", rect.at.x - krate_at.x + offset.x, rect.at.y - krate_at.y + offset.y, size.w, size.h)
    });
    let fixed = Memo::new(move |_| krate.get().filter(|(_, krate)| !krate.writable).map(|(_, krate)| desk.yard.why_fixed(&krate.room)));
    let object = match &subject {
        Subject::Object(object) => Some(object.clone()),
        Subject::Collection(_) => None,
    };
    // A list may be about other namespaces later, and what the cluster defines may change while it is looked at: then the list begins anew, with other
    // columns. An object stays the object that it is.
    let (of_now, access) = (subject.clone(), desk.workspace.access());
    let about = Memo::new(move |was: Option<&(Subject, Option<Kind>)>| {
        access.track();
        let subject = this.get().map(|(_, _, subject, _)| subject).or(was.map(|(was, _)| was.clone())).unwrap_or(of_now.clone());
        let kind = subject.kind();
        (subject, kind)
    });
    let views = subject.kind().map_or(&[] as &[View], |kind| kind.entry().views);
    let tabs = object.clone().map(|object| {
        view! { <Tabs object views content fixed choose=Callback::new(move |view| desk.switch(id.get_value(), view))/> }
    });
    let resize = move || {
        resize_handle(this, sizing, move |size| {
            desk.act(YardAction::ResizeWindow { window: id.get_value(), size });
        })
    };
    let barred = RwSignal::new(false);
    let (tear_press, tear_move, tear_drop) = tear_off(this, torn, id, barred);
    let body = move || {
        // A tab chosen later is a click of the viewer as well.
        let header = WindowHeader { opened_here: desk.opened_here.with_value(|windows| windows.contains(&id.get_value())), ..header };
        header.stream.set(StreamState::NotStarted);
        header.options.set(Vec::new());
        header.noun.set("Container");
        header.picked.set(String::new());
        let row = || row_of(&subject).unwrap_or_else(|| Signal::stored(None));
        match (content.get(), &object) {
            (Content::View(View::Logs), Some(object)) => view! { <LogsWindow object=object.clone() row=row() header/> }.into_any(),
            (Content::View(View::Shell), Some(object)) => view! { <ShellWindow object=object.clone() pod=row() header/> }.into_any(),
            (Content::View(View::Events), Some(object)) => view! { <EventsWindow object=object.clone() header/> }.into_any(),
            (Content::View(View::Yaml), Some(object)) => view! { <YamlWindow object=object.clone() header/> }.into_any(),
            (Content::View(_), Some(object)) => view! { <DescribeWindow object=object.clone() header/> }.into_any(),
            (_, None) => match about.get().0 {
                Subject::Collection(collection) if collection.only == Some(Only::Overview) => view! { <OverviewWindow collection header counts/> }.into_any(),
                Subject::Collection(collection) => view! { <CollectionWindow collection window=id.get_value() header counts/> }.into_any(),
                Subject::Object(_) => ().into_any(),
            },
            (Content::Collection, Some(_)) => ().into_any(),
        }
    };
    view! {
        <section class="win" class:keys=move || header.has_keyboard.get() class:max=move || is_maximised.get() class:lifted=move || torn.get().is_some() class:barred=move || barred.get()
            style=place data-window=id.get_value().to_string() tabindex="-1" aria-label=move || window_label(content.get())
            on:pointerdown=move |_| desk.keyboard.set(Some(id.get_value()))
            on:focusin=move |_| if desk.keyboard.get_untracked().as_ref() != Some(&id.get_value()) { desk.keyboard.set(Some(id.get_value())) }>
            <header on:pointerdown=tear_press on:pointermove=tear_move on:pointerup=tear_drop on:pointercancel=move |_| torn.set(None) on:lostpointercapture=move |_| torn.set(None)
                on:dblclick=move |event| if !dom::is_control(event.target()) { event.stop_propagation(); maximise() }>
                {tabs}
                {move || counts.with(|counts| (!counts.parts.is_empty()).then(|| count_chips(counts)))}
                <span class="grow"></span>
                <Picker header/>
                {move || header.stream.with(|state| stream_words(state, desk.now_ms.get()))}
                <button class="icon maximise" title="Maximise (z)" on:click=move |_| maximise()>{glyph("max")}</button>
                <button class="icon" aria-label="Close" aria-disabled=move || fixed.with(|fixed| fixed.is_some().then_some("true")) title=move || fixed.get().unwrap_or_else(|| "Close".into())
                    on:click=move |_| { desk.act(YardAction::CloseWindow { window: id.get_value() }); }>{glyph("x")}</button>
            </header>
            {body}
            {move || fixed.with(Option::is_none).then(resize)}
        </section>
    }
    .into_any()
}

fn window_label(content: Content) -> &'static str {
    match content {
        Content::View(view) => view.word(),
        Content::Collection => "List",
    }
}

fn count_chips(counts: &Counts) -> impl IntoView + use<> {
    counts
        .parts
        .iter()
        .map(|(health, count, word)| {
            let (class, mark) = health_marks(*health);
            let class = if class == "ok" || class == "gone" { "chip" } else { class };
            let class = if class == "chip" { "chip".to_owned() } else { format!("chip {class}") };
            view! { <span class=class>{shape(mark)}{format!("{count} {word}")}</span> }
        })
        .collect_view()
}

/// The views of an object as tabs: a letter each, the active one with its word; one that RBAC forbids is struck through and says why.
#[component]
fn Tabs(object: ObjectRef, views: &'static [View], content: Memo<Content>, fixed: Memo<Option<String>>, choose: Callback<View>) -> impl IntoView {
    let desk = desk();
    let tabs = views.iter().map(|view| {
        let view = *view;
        let question = question_of(view, &object);
        let need = need_words(&question);
        let allowed = desk.workspace.may(question);
        let is_on = move || content.get() == Content::View(view);
        let is_denied = move || allowed.get() == Some(false);
        view! {
            <button role="tab" class:on=is_on class:no=is_denied aria-selected=move || is_on().to_string() aria-label=view.word() disabled=move || is_denied() && !is_on()
                aria-disabled=move || (!is_on() && fixed.with(Option::is_some)).then_some("true")
                title=move || match fixed.get() {
                    _ if is_denied() => format!("{}: you may not {need}", view.word()),
                    Some(why) if !is_on() => format!("{}. {why}", view.word()),
                    _ => view.word().to_owned(),
                }
                on:click=move |_| choose.run(view)>
                {move || if is_on() { view! { <i>{view.letter().to_string()}</i>{view.word()} }.into_any() } else { view.letter().to_string().into_any() }}
            </button>
        }
    });
    view! { <span class="tabs" role="tablist">{tabs.collect_view()}</span> }
}

/// The right that a view needs.
pub fn question_of(view: View, object: &ObjectRef) -> AccessQuestion {
    let entry = Kind::of_name(&object.group, &object.kind).map(Kind::entry);
    let (verb, group, resource, subresource) = match view {
        View::Logs => ("get", "", "pods", "log"),
        View::Shell => ("create", "", "pods", "exec"),
        View::Events => ("list", "", "events", ""),
        View::Describe | View::Yaml | View::Map => ("get", object.group.as_str(), entry.map_or("", |entry| entry.plural), ""),
    };
    AccessQuestion {
        verb: verb.into(),
        group: group.into(),
        resource: resource.into(),
        subresource: subresource.into(),
        namespace: object.namespace.clone(),
        name: String::new(),
    }
}

/// A right in a few words: `create pods/exec`.
pub fn need_words(question: &AccessQuestion) -> String {
    let subresource = if question.subresource.is_empty() { String::new() } else { format!("/{}", question.subresource) };
    format!("{} {}{subresource}", question.verb, question.resource)
}

/// What the body offers to pick from.
#[component]
fn Picker(header: WindowHeader) -> impl IntoView {
    move || {
        let options = header.options.get();
        (options.len() > 1).then(|| {
            view! {
                <label class="pick" title=header.noun>
                    <select aria-label=header.noun on:change=move |event| header.picked.set(event_target_value(&event))>
                        {options.into_iter().map(|option| {
                            let own = option.clone();
                            view! { <option value=option.clone() selected=move || header.picked.get() == own>{option.clone()}</option> }
                        }).collect_view()}
                    </select>
                    {glyph("down")}
                </label>
            }
        })
    }
}

type Placed = (Window, Rect, Subject, Point);

/// The corner by which a window is resized: the size on screen follows the pointer, the Yard gets one write at the end.
fn resize_handle(this: Memo<Option<Placed>>, sizing: RwSignal<Option<Size>>, done: impl Fn(Size) + Copy + 'static) -> impl IntoView {
    let desk = desk();
    let from = StoredValue::new(None::<(Point, Size)>);
    let press = move |event: ev::PointerEvent| {
        event.stop_propagation();
        event.prevent_default();
        dom::capture_pointer(&event);
        if let Some((_, rect, ..)) = this.get_untracked() {
            from.set_value(Some((at(&event), rect.size)));
        }
    };
    let moved = move |event: ev::PointerEvent| {
        let Some((start, size)) = from.get_value() else { return };
        let (to, zoom) = (at(&event), desk.camera.get_untracked().zoom);
        sizing.set(Some(Size { w: (size.w + (to.x - start.x) / zoom).max(LEAST.w), h: (size.h + (to.y - start.y) / zoom).max(LEAST.h) }));
    };
    let dropped = move |_: ev::PointerEvent| {
        from.set_value(None);
        if let Some(size) = sizing.get_untracked() {
            done(Size { w: size.w.round(), h: size.h.round() });
            sizing.set(None);
        }
    };
    view! { <div class="resize" title="Resize" on:pointerdown=press on:pointermove=moved on:pointerup=dropped on:pointercancel=dropped></div> }
}

/// The krate in front there.
fn over(state: &YardState, at: Point) -> Option<&Arc<Krate>> {
    state.krates.iter().rev().find(|krate| layout::krate_rect(krate).contains(at))
}

/// Dragging a window by its header: out to the canvas it becomes a krate of its own, over another krate it joins that one, within its own it goes back.
fn tear_off(
    this: Memo<Option<Placed>>,
    torn: RwSignal<Option<Point>>,
    id: StoredValue<WindowId>,
    barred: RwSignal<bool>,
) -> (impl Fn(ev::PointerEvent) + Copy, impl Fn(ev::PointerEvent) + Copy, impl Fn(ev::PointerEvent) + Copy) {
    let desk = desk();
    let from = StoredValue::new(None::<Point>);
    let press = move |event: ev::PointerEvent| {
        let is_fixed = id.with_value(|id| desk.yard.state().with_untracked(|state| state.window(id).is_some_and(|(krate, _)| !krate.writable)));
        if event.button() == 0 && !dom::is_control(event.target()) && desk.maximised.get_untracked().is_none() && !is_fixed {
            dom::capture_pointer(&event);
            from.set_value(Some(at(&event)));
        }
    };
    let moved = move |event: ev::PointerEvent| {
        let Some(start) = from.get_value() else { return };
        let (to, zoom) = (at(&event), desk.camera.get_untracked().zoom);
        if torn.get_untracked().is_some() || (to.x - start.x).hypot(to.y - start.y) > 6.0 {
            torn.set(Some(Point { x: (to.x - start.x) / zoom, y: (to.y - start.y) / zoom }));
            let pointer = desk.camera.get_untracked().world_from_screen(to);
            barred.set(desk.yard.state().with_untracked(|state| over(state, pointer).is_some_and(|krate| !krate.writable)));
        }
    };
    let dropped = move |event: ev::PointerEvent| {
        from.set_value(None);
        let Some(offset) = torn.get_untracked() else { return };
        torn.set(None);
        barred.set(false);
        let Some((_, rect, ..)) = this.get_untracked() else { return };
        let pointer = desk.camera.get_untracked().world_from_screen(at(&event));
        let state = desk.yard.state().get_untracked();
        match over(&state, pointer) {
            Some(krate) if krate.windows.iter().any(|w| w.id == id.get_value()) => {}
            Some(krate) => {
                desk.act(YardAction::Join { window: id.get_value(), krate: krate.id.clone() });
            }
            None => {
                let to = Point::new(rect.at.x + offset.x - layout::PADDING, rect.at.y + offset.y - layout::HEADER);
                desk.act(YardAction::TearOff { window: id.get_value(), to });
            }
        }
    };
    (press, moved, dropped)
}
