//! A krate's frame: a dashed place on the ground, its header, and its windows.

use std::collections::BTreeSet;
use std::sync::Arc;

use krateyard_shared::kinds::View;
use krateyard_shared::status::{self, Status};
use leptos::ev;
use leptos::prelude::*;

use super::canvas::at;
use super::card::Card;
use super::desk::desk;
use super::links::copy_link;
use super::others::KrateFlags;
use super::parts::{cut_name, glyph, hue, kind_glyph, status_word, tag};
use super::row_of::row_of;
use super::window::WindowFrame;
use crate::browser::dom;
use crate::canvas::camera::Detail;
use crate::canvas::sight::{MARGIN_PX, Sight};
use crate::yard::{Content, Krate, KrateId, Point, Subject, Window, WindowId, YardAction, layout};

/// One krate. It reads only its own part of the Yard.
#[component]
pub fn KrateFrame(
    /// Which.
    id: KrateId,
) -> impl IntoView {
    let desk = desk();
    let state = desk.yard.state();
    let own = id.clone();
    let krate = Memo::new_with_compare(
        move |_| state.with(|state| state.krates.iter().enumerate().find(|(_, k)| k.id == own).map(|(at, k)| (at, Arc::clone(k)))),
        |a: Option<&Option<(usize, Arc<Krate>)>>, b: Option<&Option<(usize, Arc<Krate>)>>| match (a, b) {
            (Some(Some((at_a, a))), Some(Some((at_b, b)))) => at_a != at_b || !Arc::ptr_eq(a, b),
            (Some(None), Some(None)) => false,
            _ => true,
        },
    );
    let Some((_, first)) = krate.get_untracked() else { return ().into_any() };
    let subject = first.subject.clone();
    let card_of = subject.clone();
    let drag = StoredValue::new(None::<(Point, Point)>);
    let id = StoredValue::new(id);
    // How far it is carried, alone or with others.
    let lifted =
        Memo::new(move |_| desk.carried.with(|carried| carried.as_ref().filter(|(krates, _)| id.with_value(|id| krates.contains(id))).map(|(_, by)| *by)));
    let is_selected = Memo::new(move |_| desk.selection.with(|selection| id.with_value(|id| selection.contains(id))));
    let theirs =
        Memo::new(move |_| desk.company.people.with(|people| id.with_value(|id| people.iter().find(|person| person.selected(id)).map(|person| person.hue))));

    let press = move |event: ev::PointerEvent| {
        if event.button() != 0 || dom::is_control(event.target()) {
            return;
        }
        event.stop_propagation();
        if event.shift_key() {
            return desk.select(id.get_value());
        }
        dom::capture_pointer(&event);
        desk.active.set(Some(id.get_value()));
        if !is_selected.get_untracked() && desk.selection.with_untracked(|selection| !selection.is_empty()) {
            desk.selection.set(BTreeSet::new());
        }
        if let Some((_, krate)) = krate.get_untracked().filter(|(_, krate)| krate.writable) {
            drag.set_value(Some((at(&event), krate.at)));
        }
    };
    let moved = move |event: ev::PointerEvent| {
        let Some((from, origin)) = drag.get_value() else { return };
        let zoom = desk.camera.get_untracked().zoom;
        let to = at(&event);
        if lifted.get_untracked().is_some() || (to.x - from.x).hypot(to.y - from.y) > 3.0 {
            let by = Point { x: (to.x - from.x) / zoom, y: (to.y - from.y) / zoom };
            let all = if is_selected.get_untracked() { desk.selection.get_untracked() } else { BTreeSet::from([id.get_value()]) };
            desk.carried.set(Some((all, by)));
            desk.company.drag.set(Some((id.get_value(), Point { x: origin.x + by.x, y: origin.y + by.y })));
        }
    };
    let dropped = move |_: ev::PointerEvent| {
        let Some((_, origin)) = drag.try_update_value(Option::take).flatten() else { return };
        if let Some((krates, by)) = desk.carried.get_untracked() {
            desk.act(if krates.len() > 1 {
                YardAction::MoveKrates { krates: krates.into_iter().collect(), by }
            } else {
                YardAction::MoveKrate { krate: id.get_value(), to: Point { x: origin.x + by.x, y: origin.y + by.y } }
            });
            desk.carried.set(None);
            desk.company.drag.set(None);
        }
    };
    let minimise = move || {
        if let Some((_, krate)) = krate.get_untracked() {
            desk.act(YardAction::Minimise { krate: krate.id.clone(), minimised: !krate.minimised });
        }
    };
    // Why it is not to be changed, if so: its controls stay where they are, and say it.
    let fixed = Memo::new(move |_| krate.get().filter(|(_, krate)| !krate.writable).map(|(_, krate)| desk.yard.why_fixed(&krate.room)));
    let is_fixed = move || fixed.with(|fixed| fixed.is_some().then_some("true"));
    // Where somebody else drags it, until they drop it.
    let elsewhere = Memo::new(move |_| desk.company.dragged.with(|dragged| id.with_value(|id| dragged.get(&**id).copied())));
    let place = move || {
        krate.get().map(|(order, krate)| {
            let rect = layout::krate_rect(&krate);
            let carried = lifted.get().map(|by| Point { x: krate.at.x + by.x, y: krate.at.y + by.y });
            let at = carried.or(elsewhere.get()).unwrap_or(krate.at);
            let hue = hue(krate.subject.namespace()).replacen("ns", "ns-", 1);
            let (w, h) = (rect.size.w, rect.size.h);
            let who = theirs.get().map_or(String::new(), |person| format!("--who:var(--person-{person});"));
            format!("{who}--hue:var(--{hue});left:{}px;top:{}px;width:{w}px;height:{h}px;z-index:calc(var(--z-krate) + {order})", at.x, at.y)
        })
    };
    let is_card = move || desk.detail.get() == Detail::Cards;
    let rect = Memo::new(move |_| krate.get().filter(|(_, krate)| !krate.minimised).map(|(_, krate)| layout::krate_rect(&krate)));
    let is_near = Memo::new(move |_| rect.get().is_some_and(|rect| desk.camera.get().sees(&rect, desk.viewport.get(), MARGIN_PX)));
    let is_seen = Memo::new(move |_| is_near.get() && !is_card());
    let sight = Memo::new(move |was: Option<&Sight>| was.copied().unwrap_or_default().next(is_seen.get(), desk.now_ms.get_untracked()));
    // The clock matters only while the krate is out of sight and not at rest yet.
    let is_awake = Memo::new(move |_| match sight.get() {
        Sight::Out { .. } => sight.get().is_awake(desk.now_ms.get()),
        sight => sight.is_awake(0),
    });
    let (has_windows, has_card, was_card) = (RwSignal::new(false), RwSignal::new(false), Memo::new(move |was: Option<&bool>| was == Some(&true) || is_card()));
    Effect::new(move |_| if is_awake.get() { desk.turns.ask(has_windows) } else { has_windows.set(false) });
    Effect::new(move |_| {
        if is_near.get() && is_card() && !has_card.get_untracked() {
            desk.turns.ask(has_card);
        }
    });
    let windows = Memo::new(move |was: Option<&Vec<WindowId>>| {
        let Some((_, krate)) = krate.get() else { return Vec::new() };
        let is_awake = has_windows.get();
        // A shell goes on out of sight: it ends with its window, not with a look elsewhere.
        let goes_on = |window: &Window| window.content == Content::View(View::Shell) && was.is_some_and(|was| was.contains(&window.id));
        krate.windows.iter().filter(|window| is_awake || goes_on(window)).map(|window| window.id.clone()).collect()
    });
    let count = move || krate.get().map_or(0, |(_, krate)| krate.windows.len());
    let minimised = move || krate.get().is_some_and(|(_, krate)| krate.minimised);
    let row = row_of(&subject);
    // A list may be about other namespaces later; an object stays the object that it is.
    let about = Memo::new(move |was: Option<&Subject>| krate.get().map(|(_, krate)| krate.subject.clone()).or(was.cloned()).unwrap_or(first.subject.clone()));
    let title = move || about.with(Subject::title);
    let holds_maximised = move || desk.maximised.get().is_some_and(|max| windows.with(|windows| windows.contains(&max)));
    view! {
        <article class="krate" class:min=minimised class:elsewhere=move || elsewhere.get().is_some() class:lifted=move || lifted.get().is_some()
            class:fixed=move || fixed.with(Option::is_some) class:cards=is_card class:unseen=move || !is_seen.get() class:selected=is_selected class:theirs=move || theirs.get().is_some()
            class:active=move || desk.active.get().as_ref() == Some(&id.get_value()) class:holds-maximised=holds_maximised
            style=place tabindex="-1" aria-label=move || format!("Krate {}{}", title(), if is_selected.get() { ", selected" } else { "" }) data-krate=id.get_value().to_string()
            on:pointerdown=move |_| {
                if desk.arrow.with_untracked(Option::is_some) {
                    return desk.point_arrow(id.get_value());
                }
                desk.active.set(Some(id.get_value()));
                desk.yard.act(YardAction::Raise { krate: id.get_value() });
            }>
            <svg class="frame" aria-hidden="true"><rect></rect></svg>
            <header title=fixed on:pointerdown=press on:pointermove=moved on:pointerup=dropped on:pointercancel=dropped on:lostpointercapture=dropped
                on:dblclick=move |event| if !dom::is_control(event.target()) { minimise() }>
                {glyph(kind_glyph(subject.kind()))}
                <h2 class="name" aria-label=title>{move || cut_name(&title())}</h2>
                {move || about.with(|about| tag(about.namespace(), &about.place()))}
                <span class="grow"></span>
                {row.map(|row| view! { <RowStatus row/> })}
                {move || (count() > 1).then(|| view! { <span class="count">{format!("{} windows", count())}</span> })}
                <span class="tools">
                    <button class="icon linked" title="Copy a link to this krate (Alt+K)" on:click=move |_| copy_link(desk, Some(id.get_value()))>{glyph("link")}</button>
                    <button class="icon" aria-disabled=is_fixed title=move || fixed.get().unwrap_or_else(|| if minimised() { "Bring back" } else { "Minimise" }.into()) on:click=move |_| minimise()>
                        {move || glyph(if minimised() { "plus" } else { "min" })}
                    </button>
                    <button class="icon" aria-label="Close" aria-disabled=is_fixed title=move || fixed.get().unwrap_or_else(|| "Close".into())
                        on:click=move |_| { desk.act(YardAction::CloseKrate { krate: id.get_value() }); }>{glyph("x")}</button>
                </span>
            </header>
            <KrateFlags krate=id.get_value().to_string()/>
            <For each=move || windows.get() key=|window| window.clone() let(window)>
                <WindowFrame krate window/>
            </For>
            {move || was_card.get().then(|| view! {
                <div class="handle" tabindex="0" role="button" aria-label=format!("{}, fly there", card_of.title()) on:pointerdown=press on:pointermove=moved on:pointerup=dropped
                    on:pointercancel=dropped on:lostpointercapture=dropped on:dblclick=move |_| desk.fly_to(&id.get_value())
                    on:keydown=move |event: ev::KeyboardEvent| if event.key() == "Enter" { event.prevent_default(); desk.fly_to(&id.get_value()) }>
                    {let card_of = card_of.clone(); move || has_card.get().then(|| view! { <Card krate subject=card_of.clone()/> })}
                </div>
            })}
        </article>
    }
    .into_any()
}

/// The live status of the object that a krate is about.
#[component]
pub fn RowStatus(
    /// Its row.
    row: Signal<Option<Arc<krateyard_shared::rows::Row>>>,
) -> impl IntoView {
    let status = Memo::new(move |_| row.get().map(|row| status::of(&row)).filter(|status| !status.word.is_empty()));
    move || status.get().map(|status: Status| status_word(&status))
}
