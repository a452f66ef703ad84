//! What the parts of one log window share: its content, its stream, and what a person set.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use krateyard_shared::identity::ObjectRef;
use krateyard_shared::logs::LogQuery;
use krateyard_shared::rows::Row;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::browser::clock::now_ms;
use crate::browser::{clipboard, dom, locale, regexp};
use crate::connection::logs::LogStream;
use crate::logs::containers;
use crate::logs::follow::{Input, Range};
use crate::logs::picked::Matcher;
use crate::logs::shown::Shown;
use crate::logs::target::{ALL_CONTAINERS, ALL_PODS, Target, has_pods, target};
use crate::logs::{EntryId, Follow, Level};
use crate::view::window_header::WindowHeader;

/// Handles of one log window.
#[derive(Clone, Copy)]
pub struct LogView {
    pub(super) header: WindowHeader,
    pub(super) shown: StoredValue<Shown, LocalStorage>,
    /// It shows several pods, of which one may be picked; otherwise containers of one pod.
    pub(super) has_pods: bool,
    stream: StoredValue<Option<Rc<LogStream>>, LocalStorage>,
    /// What is asked for now.
    pub(super) query: StoredValue<Option<LogQuery>>,
    /// Whether more lines were wanted when it was told last.
    has_room: StoredValue<bool>,
    /// A file that is being written, and its bytes so far.
    pub(super) whole: StoredValue<Option<Rc<LogStream>>, LocalStorage>,
    pub(super) whole_bytes: RwSignal<Option<u64>>,
    /// What a person should know besides the state.
    pub(super) trouble: RwSignal<Option<String>>,
    /// The menu of copies and files is open.
    pub(super) menu: RwSignal<bool>,
    /// How many lines are chosen.
    pub(super) chosen: RwSignal<usize>,
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

/// How long to wait for the row of a pod before asking for its log without it.
const ROW: Duration = Duration::from_secs(2);
/// Lines from the end, of each source, that a window begins with.
pub(super) const TAIL: u32 = 1000;
/// Milliseconds of a frame that filter and search may take.
const SLICE_MS: u64 = 5;
/// Lines between two looks at the clock.
const SLICE: u64 = 500;

impl LogView {
    /// Follows the object's log for as long as the owner lives.
    pub(super) fn start(object: ObjectRef, row: Signal<Option<Arc<Row>>>, header: WindowHeader) -> LogView {
        let view = LogView {
            header,
            has_pods: has_pods(&object),
            shown: StoredValue::new_local(Shown::default()),
            stream: StoredValue::new_local(None),
            query: StoredValue::new(None),
            has_room: StoredValue::new(true),
            whole: StoredValue::new_local(None),
            whole_bytes: RwSignal::new(None),
            trouble: RwSignal::new(None),
            menu: RwSignal::new(false),
            chosen: RwSignal::new(0),
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
        view.offer(row);
        view.follow(object, row);
        view.filters();
        view
    }

    /// Of a pod its containers may be picked, and all of them; of anything else its pods, as they come.
    fn offer(self, row: Signal<Option<Arc<Row>>>) {
        let header = self.header;
        let offer = move |names: Vec<String>| {
            if header.options.with_untracked(|options| *options != names) {
                header.options.set(names);
            }
        };
        if !self.has_pods {
            Effect::new(move |_| {
                let Some(row) = row.get() else { return };
                let mut names = containers::names(&row);
                if names.len() > 1 {
                    names.insert(0, ALL_CONTAINERS.into());
                }
                if !names.contains(&header.picked.get_untracked()) {
                    header.picked.set(containers::wanted(&row).unwrap_or_default());
                }
                offer(names);
            });
            return;
        }
        header.noun.set("Pod");
        Effect::new(move |_| {
            self.version.track();
            let pods = self.shown.with_value(|shown| shown.sources().pods().to_vec());
            offer(if pods.len() > 1 { [ALL_PODS.to_owned()].into_iter().chain(pods).collect() } else { Vec::new() });
        });
        Effect::new(move |_| {
            let pod = Some(header.picked.get()).filter(|pod| !pod.is_empty() && pod != ALL_PODS);
            self.shown.update_value(|shown| shown.narrow(pod));
            self.touch();
        });
    }

    fn follow(self, object: ObjectRef, row: Signal<Option<Arc<Row>>>) {
        // Who may read logs may not be allowed to list pods: then no row comes.
        let late = RwSignal::new(false);
        set_timeout(
            move || {
                let _ = late.try_set(true);
            },
            ROW,
        );
        let picked = move || if self.has_pods { String::new() } else { self.header.picked.get() };
        let wanted = Memo::new(move |was: Option<&Target>| match target(&object, row.get().as_deref(), &picked(), late.get()) {
            // What was found stays, though its row goes.
            Target::Unknown => was.cloned().unwrap_or_default(),
            target => target,
        });
        Effect::new(move |_| {
            self.query.set_value(None);
            let query = match wanted.get() {
                Target::Logs(query) => LogQuery { previous: self.previous.get(), ..query },
                Target::Nothing(why) => return self.waits_for.set(Some(why.into())),
                Target::Unknown => return,
            };
            self.shown.update_value(|shown| {
                shown.clear();
                shown.hide(dom::is_hidden());
            });
            self.has_room.set_value(true);
            self.resume();
            self.query.set_value(Some(query.clone()));
            let stream = LogStream::start(follow_of(query, self.range.get()), move |effects| {
                self.shown.try_update_value(|shown| shown.take(effects));
                self.tell_state();
                self.tell_room();
                self.touch();
            });
            self.stream.set_value(Some(Rc::new(stream)));
            self.tell_state();
        });
        let looked = window_event_listener(ev::visibilitychange, move |_| {
            self.shown.try_update_value(|shown| shown.hide(dom::is_hidden()));
            self.tell_room();
        });
        // The stream's callbacks hold no owner: without this it would follow on.
        on_cleanup(move || {
            looked.remove();
            drop(self.stream.try_update_value(Option::take));
            drop(self.whole.try_update_value(Option::take));
        });
    }

    fn filters(self) {
        Effect::new(move |before: Option<()>| {
            let (text, level) = (self.filter.get(), self.level.get());
            let matcher = matcher(&text);
            self.filter_is_bad.set(matcher.is_err());
            if let (Ok(matcher), true) = (matcher, before.is_some()) {
                self.shown.update_value(|shown| shown.filter(matcher, level));
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
        let (state, waits_for, trouble) = (stream.state(), stream.waits_for(), stream.trouble());
        if self.header.stream.with_untracked(|before| *before != state) {
            self.header.stream.set(state);
        }
        if self.waits_for.with_untracked(|before| *before != waits_for) {
            self.waits_for.set(waits_for);
        }
        if self.trouble.with_untracked(|before| *before != trouble) {
            self.trouble.set(trouble);
        }
    }

    /// While nobody follows, a log is taken only as far as there is room for it.
    fn tell_room(self) {
        let Some(has_room) = self.shown.try_with_value(Shown::has_room) else { return };
        if self.has_room.try_update_value(|told| std::mem::replace(told, has_room) != has_room) == Some(true) {
            self.input(Input::Room(has_room));
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
        self.tell_room();
        self.touch();
    }

    /// Steps to the next or previous line that a search found.
    pub(super) fn step(self, forward: bool, from: EntryId) {
        if let Some(id) = self.shown.try_update_value(|shown| shown.step(forward, from)).flatten() {
            self.reveal(id);
        }
        self.touch();
    }

    /// Brings a line into sight.
    pub(super) fn reveal(self, id: EntryId) {
        self.reveal.update(|reveal| *reveal = Some((id, reveal.map_or(0, |(_, times)| times + 1))));
    }

    /// Changes what is chosen.
    pub(super) fn choose<T: Default>(self, change: impl FnOnce(&mut Shown) -> T) -> T {
        let answer = self.shown.try_update_value(change).unwrap_or_default();
        self.chosen.set(self.shown.with_value(Shown::chosen));
        self.version.update(|version| *version += 1);
        answer
    }

    /// Copies what is chosen, or else what is shown.
    pub(super) fn copy(self) {
        let text = self.shown.with_value(|shown| shown.chosen_text(self.times.get_untracked() != Times::Off));
        spawn_local(async move {
            // A browser that refuses says so itself.
            let _ = clipboard::copy(&text).await;
        });
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

/// A follow of its own seed, that begins now.
pub(super) fn follow_of(query: LogQuery, range: Range) -> Follow {
    let now_ms = now_ms();
    Follow::new(query, range, now_ms ^ 0x9e37_79b9_7f4a_7c15, now_ms)
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
