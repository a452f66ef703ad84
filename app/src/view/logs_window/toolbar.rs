//! The toolbar of a log window: filter, level, range, previous run, times, wrap, search, copy, download.

use leptos::ev;
use leptos::prelude::*;

use super::download::copy_words;
use super::log_view::{LogView, TAIL, Times};
use crate::logs::Level;
use crate::logs::follow::Range;
use crate::view::parts::{glyph, small_glyph};

const LEVELS: [(&str, &str, Option<Level>); 4] =
    [("", "all levels", None), ("i", "info", Some(Level::Info)), ("w", "warn", Some(Level::Warn)), ("e", "errors", Some(Level::Error))];
const RANGES: [(&str, &str, Range); 4] =
    [("tail", "1,000", Range::Tail(TAIL)), ("5m", "5 m", Range::Since(300)), ("1h", "1 h", Range::Since(3600)), ("all", "all", Range::All)];

/// The toolbar.
#[component]
pub fn Toolbar(
    /// The window.
    view: LogView,
) -> impl IntoView {
    let pick_level = move |event: ev::Event| {
        let value = event_target_value(&event);
        view.level.set(LEVELS.iter().find(|(key, ..)| *key == value).and_then(|(.., level)| *level));
    };
    let pick_range = move |event: ev::Event| {
        let value = event_target_value(&event);
        view.range.set(RANGES.iter().find(|(key, ..)| *key == value).map_or(Range::All, |(.., range)| *range));
    };
    let next_times = move || {
        view.times.update(|times| {
            *times = match times {
                Times::Local => Times::Utc,
                Times::Utc => Times::Off,
                Times::Off => Times::Local,
            }
        })
    };
    view! {
        <div class="bar logs-bar">
            <label class="field grow" class:bad=view.filter_is_bad title="Text, or /pattern/">
                {small_glyph("search")}
                <input type="text" placeholder="Filter" aria-label="Filter lines" spellcheck="false" autocomplete="off" aria-invalid=move || view.filter_is_bad.get().to_string()
                    prop:value=view.filter on:input=move |event| view.filter.set(event_target_value(&event))
                    on:keydown=move |event: ev::KeyboardEvent| if event.key() == "Escape" {
                        event.stop_propagation();
                        if view.filter.get_untracked().is_empty() { view.header.has_keyboard.set(false); } else { view.filter.set(String::new()); }
                    }/>
            </label>
            <label class="pick" title="This level, and worse">
                <select aria-label="Level" on:change=pick_level>
                    {LEVELS.map(|(key, words, level)| view! { <option value=key selected=move || view.level.get() == level>{words}</option> }).collect_view()}
                </select>
                {glyph("down")}
            </label>
            <label class="pick" title="From when on: last 1,000 lines (of each pod and container), 5 minutes, 1 hour, all">
                <select aria-label="From when on" on:change=pick_range>
                    {RANGES.map(|(key, words, range)| view! { <option value=key selected=move || view.range.get() == range>{words}</option> }).collect_view()}
                </select>
                {glyph("down")}
            </label>
            {toggle("undo", "Previous run of the container", move || view.previous.get(), move || view.previous.update(|on| *on = !*on))}
            <button class="icon" class:on=move || view.times.get() != Times::Off on:click=move |_| next_times()
                title=move || match view.times.get() { Times::Local => "Times: local", Times::Utc => "Times: UTC", Times::Off => "Times: off" }>{glyph("clock")}</button>
            {toggle("wrap", "Wrap long lines", move || view.wrap.get(), move || view.wrap.update(|on| *on = !*on))}
            <span class="wide">{toggle("search", "Search (Ctrl F)", move || view.searching.get(), move || view.searching.update(|on| *on = !*on))}</span>
            <button class="icon wide" class:on=move || view.chosen.get() != 0 title=move || copy_words(view.chosen.get()) on:click=move |_| view.copy()>{glyph("copy")}</button>
            <button class="icon" class:on=view.menu title="Copy and download" aria-haspopup="dialog" aria-expanded=move || view.menu.get().to_string()
                on:click=move |_| view.menu.update(|open| *open = !*open)>{glyph("save")}</button>
        </div>
    }
}

fn toggle(mark: &'static str, title: &'static str, is_on: impl Fn() -> bool + Copy + Send + Sync + 'static, flip: impl Fn() + 'static) -> impl IntoView {
    view! { <button class="icon" class:on=is_on title=title aria-pressed=move || is_on().to_string() on:click=move |_| flip()>{glyph(mark)}</button> }
}
