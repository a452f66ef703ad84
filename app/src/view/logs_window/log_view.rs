//! What the parts of one log window share: its content, its stream, and what a person set.

use std::rc::Rc;
use std::sync::Arc;

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::logs::LogQuery;
use krateyard_shared::rows::Row;
use leptos::prelude::*;

use crate::browser::clock::now_ms;
use crate::browser::{locale, regexp};
use crate::connection::logs::LogStream;
use crate::logs::follow::{Container, Input, Range};
use crate::logs::picked::{Filter, Matcher};
use crate::logs::shown::Shown;
use crate::logs::{EntryId, Follow, Level};
use crate::view::window_header::WindowHeader;

/// Handles of one log window.
#[derive(Clone, Copy)]
pub struct LogView {
    pub(super) header: WindowHeader,
    pub(super) shown: StoredValue<Shown, LocalStorage>,
    stream: StoredValue<Option<Rc<LogStream>>, LocalStorage>,
    /// Moves on at most once a frame, when what is shown changed.
    pub(super) version: RwSignal<u64>,
    scheduled: StoredValue<bool>,
    /// Why there is no log yet.
    pub(super) waits_for: RwSignal<Option<String>>,
    pub(super) paused: RwSignal<bool>,
    pub(super) range: RwSignal<Range>,
    pub(super) previous: RwSignal<bool>,
    pub(super) filter: RwSignal<String>,
    pub(super) filter_is_bad: RwSignal<bool>,
    pub(super) level: RwSignal<Option<Level>>,
    pub(super) searching: RwSignal<bool>,
    pub(super) search: RwSignal<String>,
    /// A line to bring into sight, and how often that was asked.
    pub(super) reveal: RwSignal<Option<(EntryId, u32)>>,
    pub(super) times: RwSignal<Times>,
    pub(super) wrap: RwSignal<bool>,
}

/// How rows tell their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Times {
    Local,
    Utc,
    Off,
}

/// Lines from the end that a window begins with.
pub(super) const TAIL: u32 = 1000;
/// Milliseconds of a frame that filter and search may take.
const SLICE_MS: u64 = 5;
/// Lines between two looks at the clock.
const SLICE: u64 = 500;

impl LogView {
    /// Follows the pod's log for as long as the owner lives.
    pub(super) fn start(object: ObjectRef, pod: Signal<Option<Arc<Row>>>, header: WindowHeader) -> LogView {
        let view = LogView {
            header,
            shown: StoredValue::new_local(Shown::default()),
            stream: StoredValue::new_local(None),
            version: RwSignal::new(0),
            scheduled: StoredValue::new(false),
            waits_for: RwSignal::new(None),
            paused: RwSignal::new(false),
            range: RwSignal::new(Range::Tail(TAIL)),
            previous: RwSignal::new(false),
            filter: RwSignal::new(String::new()),
            filter_is_bad: RwSignal::new(false),
            level: RwSignal::new(None),
            searching: RwSignal::new(false),
            search: RwSignal::new(String::new()),
            reveal: RwSignal::new(None),
            times: RwSignal::new(Times::Local),
            wrap: RwSignal::new(false),
        };
        view.offer_containers(pod);
        view.follow(object, pod);
        view.filters();
        view
    }

    fn offer_containers(self, pod: Signal<Option<Arc<Row>>>) {
        let header = self.header;
        Effect::new(move |_| {
            let Some(row) = pod.get() else { return };
            let names = Container::names(&row);
            if header.options.with_untracked(|options| *options != names) {
                header.options.set(names.clone());
            }
            if !names.contains(&header.picked.get_untracked()) {
                header.picked.set(Container::wanted(&row).unwrap_or_default());
            }
        });
    }

    fn follow(self, object: ObjectRef, pod: Signal<Option<Arc<Row>>>) {
        let known = StoredValue::new(false);
        let container = Memo::new(move |_| {
            let row = pod.get();
            known.update_value(|known| *known |= row.is_some());
            Container::of(row.as_deref(), &self.header.picked.get(), known.get_value())
        });
        Effect::new(move |_| {
            let query = LogQuery {
                cluster: object.cluster.0.clone(),
                ns: object.namespace.clone().unwrap_or_default(),
                pod: Some(object.name.clone()),
                container: Some(self.header.picked.get()),
                previous: self.previous.get(),
                ..LogQuery::default()
            };
            let now_ms = now_ms();
            self.shown.update_value(Shown::clear);
            self.resume();
            let follow = Follow::new(query, self.range.get(), now_ms ^ 0x9e37_79b9_7f4a_7c15, now_ms);
            let stream = LogStream::start(follow, move |effects| {
                self.shown.try_update_value(|shown| shown.take(effects));
                self.tell_state();
                self.touch();
            });
            self.stream.set_value(Some(Rc::new(stream)));
            self.input(Input::Container(container.get_untracked()));
        });
        Effect::new(move |_| self.input(Input::Container(container.get())));
        // The stream's callbacks hold no owner: without this it would follow on.
        on_cleanup(move || drop(self.stream.try_update_value(Option::take)));
    }

    fn filters(self) {
        Effect::new(move |before: Option<()>| {
            let (text, level) = (self.filter.get(), self.level.get());
            let matcher = matcher(&text);
            self.filter_is_bad.set(matcher.is_err());
            if let (Ok(matcher), true) = (matcher, before.is_some()) {
                self.shown.update_value(|shown| shown.set_filter(Filter { matcher, level }));
                self.touch();
            }
        });
        Effect::new(move |before: Option<()>| {
            let wanted = if self.searching.get() { self.search.get() } else { String::new() };
            if before.is_some() {
                self.shown.update_value(|shown| shown.set_search(matcher(&wanted).unwrap_or_default()));
                self.touch();
            }
        });
    }

    fn input(self, input: Input) {
        if let Some(stream) = self.stream.try_get_value().flatten() {
            stream.input(input);
        }
        self.tell_state();
    }

    fn tell_state(self) {
        let Some(stream) = self.stream.try_get_value().flatten() else { return };
        let (state, waits_for) = (stream.state(), stream.waits_for());
        if self.header.stream.with_untracked(|before| *before != state) {
            self.header.stream.set(state);
        }
        if self.waits_for.with_untracked(|before| *before != waits_for) {
            self.waits_for.set(waits_for);
        }
    }

    /// A person asked to try again.
    pub(super) fn again(self) {
        self.input(Input::Again);
    }

    /// Stands still where it is.
    pub(super) fn pause(self) {
        self.shown.update_value(Shown::pause);
        self.paused.set(true);
    }

    /// Follows again.
    pub(super) fn resume(self) {
        self.shown.update_value(Shown::resume);
        self.paused.set(false);
        self.touch();
    }

    /// Steps to the next or previous line that a search found.
    pub(super) fn step(self, forward: bool, from: EntryId) {
        if let Some(id) = self.shown.try_update_value(|shown| shown.step(forward, from)).flatten() {
            self.reveal.update(|reveal| *reveal = Some((id, reveal.map_or(0, |(_, times)| times + 1))));
        }
        self.touch();
    }

    /// Seconds ahead of UTC in which rows tell their time.
    pub(super) fn offset_secs(self) -> i64 {
        if self.times.get_untracked() == Times::Utc { 0 } else { locale::utc_offset_secs() }
    }

    /// Something changed: it is shown with the next frame.
    pub(super) fn touch(self) {
        if self.scheduled.try_get_value() != Some(false) {
            return;
        }
        self.scheduled.set_value(true);
        request_animation_frame(move || {
            let begin_ms = now_ms();
            let more = self.shown.try_update_value(|shown| {
                while shown.work(SLICE) {
                    if now_ms() - begin_ms >= SLICE_MS {
                        return true;
                    }
                }
                false
            });
            let Some(more) = more else { return };
            self.scheduled.try_set_value(false);
            self.version.try_update(|version| *version += 1);
            if more {
                self.touch();
            }
        });
    }
}

/// What a person typed: a text in any case, or `/pattern/` and `/pattern/i`. Nothing typed is no matcher.
fn matcher(typed: &str) -> Result<Option<Matcher>, ()> {
    if typed.is_empty() {
        return Ok(None);
    }
    let pattern = typed.strip_prefix('/').and_then(|rest| rest.strip_suffix("/i").map(|p| (p, true)).or_else(|| rest.strip_suffix('/').map(|p| (p, false))));
    match pattern.filter(|(pattern, _)| !pattern.is_empty()) {
        Some((pattern, ignore_case)) => regexp::finder(pattern, ignore_case).map(|find| Some(Matcher::by(find))).ok_or(()),
        None => Ok(Some(Matcher::text(typed))),
    }
}
