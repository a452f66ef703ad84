//! The logs of a window, as long as the person may read them and takes them: one stream of frames from many sources.

mod facts;
mod follows;
mod machine;
mod merge;
mod pods;
mod resume;
mod source;
mod target;
mod upstream;

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, close_code};
use futures::future::BoxFuture;
use futures::{FutureExt, Stream, stream};
use krateyard_shared::logs::{LogBegin, LogControl, LogCursor, LogFrame, LogGap, LogLine, LogSourceState};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::time::Seconds;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::Credit;
use crate::refuse;
use facts::Known;
pub(crate) use follows::Follows;
use machine::Machine;
use merge::Merge;
use pods::{News, Pod};
use source::{Source, Told, Work};
use target::Wanted;
pub(crate) use target::{Log, open};
use upstream::Upstream;

/// Bytes of lines in one frame, about.
const FRAME: usize = 64 * 1024;
/// Pods are waited for so long before what can be opened without knowing them is opened.
const PODS: Duration = Duration::from_secs(1);
/// When a place in a window may be free again.
const RETRY_SECS: u32 = 10;

impl Log {
    /// Its frames, read from the cluster only while there is credit; where the query says `resume`, from what `begin` brings on.
    pub(crate) fn frames(self, credit: Arc<Credit>, begin: oneshot::Receiver<LogBegin>) -> impl Stream<Item = Result<Message, CloseFrame>> + Send {
        let revoked = self.permit.revoked().boxed();
        let window = Window {
            phase: if self.query.resume { Phase::Begin(begin) } else { Phase::Pods(Instant::now() + PODS) },
            cursors: Vec::new(),
            merge: Merge::new(),
            sources: HashMap::new(),
            pods: HashMap::new(),
            next_index: 0,
            left_out: 0,
            new_since: None,
            caught_up: false,
            born: Instant::now(),
            revoked,
            credit,
            ready: VecDeque::new(),
            over: false,
            log: self,
        };
        stream::unfold(window, async |mut window| window.next().await.map(|frame| (frame, window)))
    }
}

/// How far a window has begun.
enum Phase {
    /// The page says first what it has.
    Begin(oneshot::Receiver<LogBegin>),
    /// The pods are awaited, not longer than this.
    Pods(Instant),
    Running,
}

struct Window {
    log: Log,
    phase: Phase,
    /// Of the page, for sources that have not joined yet.
    cursors: Vec<LogCursor>,
    merge: Merge,
    /// By uid of the pod (or its name, where nobody tells the uid) and container.
    sources: HashMap<(String, String), watch::Sender<Known>>,
    pods: HashMap<String, Pod>,
    next_index: u32,
    left_out: u32,
    /// Pods that were made since then are told from their beginning.
    new_since: Option<Seconds>,
    caught_up: bool,
    born: Instant,
    /// Made once: a busy log is reviewed as a quiet one is.
    revoked: BoxFuture<'static, Refusal>,
    credit: Arc<Credit>,
    ready: VecDeque<Result<Message, CloseFrame>>,
    over: bool,
}

enum Event {
    Refused(Refusal),
    Begin(LogBegin),
    Pods(News),
    Late,
    Told(Vec<Told>),
}

impl Window {
    async fn next(&mut self) -> Option<Result<Message, CloseFrame>> {
        while self.ready.is_empty() && !self.over {
            match self.event().await {
                Event::Refused(refusal) => self.refused(refusal),
                Event::Begin(begin) => {
                    self.cursors = begin.cursors;
                    self.phase = Phase::Pods(Instant::now() + PODS);
                }
                Event::Pods(news) => self.news(news),
                Event::Late => self.run(),
                Event::Told(told) => self.told(told),
            }
        }
        self.ready.pop_front()
    }

    async fn event(&mut self) -> Event {
        let Window { revoked, phase, log, merge, credit, .. } = self;
        let has_begun = !matches!(phase, Phase::Begin(_));
        let is_running = matches!(phase, Phase::Running);
        let has_pods = has_begun && log.pods.is_some();
        let begin_or_late = async {
            match phase {
                Phase::Begin(begin) => match begin.await {
                    Ok(begin) => Event::Begin(begin),
                    // The socket ends.
                    Err(_) => std::future::pending().await,
                },
                // Without pods to wait for there is nothing to wait for.
                Phase::Pods(_) if !has_pods => Event::Late,
                Phase::Pods(until) => {
                    tokio::time::sleep_until(*until).await;
                    Event::Late
                }
                Phase::Running => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            refusal = revoked => Event::Refused(refusal),
            news = async { log.pods.as_mut().expect("checked").next().await }, if has_pods => Event::Pods(news),
            event = begin_or_late, if !is_running => event,
            told = async { credit.some().await; merge.next().await }, if is_running => Event::Told(told),
        }
    }

    /// What the cluster tells of pods.
    fn news(&mut self, news: News) {
        if let Some(refusal) = news.denied {
            // A pod that was named is read without being seen.
            self.log.pods = None;
            self.sources.values().for_each(|known| drop(known.send_replace(Known::Unknown)));
            return if self.log.is_many { self.refused(refusal) } else { self.run() };
        }
        for uid in news.gone {
            self.pods.remove(&uid);
            self.sources.retain(|(of, _), known| {
                let is_gone = *of == uid;
                if is_gone {
                    known.send_replace(Known::Gone);
                }
                !is_gone
            });
        }
        let changed: Vec<String> = news.changed.iter().map(|pod| pod.uid.clone()).collect();
        self.pods.extend(news.changed.into_iter().map(|pod| (pod.uid.clone(), pod)));
        match self.phase {
            Phase::Running if self.left_out == 0 => self.join(&changed),
            // Some may have a place now.
            Phase::Running => self.join_all(),
            _ if news.complete => self.run(),
            _ => {}
        }
    }

    /// Begins with the pods that are known.
    fn run(&mut self) {
        if matches!(self.phase, Phase::Running) {
            return;
        }
        self.phase = Phase::Running;
        self.merge = Merge::new();
        // What was made after the page had its last line joined meanwhile.
        self.new_since = self.cursors.iter().filter_map(|cursor| cursor.newest.or(cursor.floor)).map(|at| at.0).max();
        self.join_all();
        if self.sources.is_empty() {
            for (pod, container) in self.log.unseen() {
                self.begin((pod.clone(), container.clone()), Wanted { uid: None, pod, container, role: None, created: None, known: Known::Unknown });
            }
        }
        self.new_since = Some(jiff::Timestamp::now().as_second() - i64::try_from(self.born.elapsed().as_secs()).unwrap_or_default());
        self.tell_gone();
        if self.sources.is_empty() && !self.log.is_many {
            let what = format!("pods {}", self.log.query.pod.clone().unwrap_or_default());
            self.refused(Refusal::NotFound { what });
        }
    }

    fn join_all(&mut self) {
        let mut pods: Vec<(Reverse<i64>, String)> = self.pods.values().map(|pod| (Reverse(pod.created), pod.uid.clone())).collect();
        pods.sort_unstable();
        let pods: Vec<String> = pods.into_iter().map(|(_, uid)| uid).collect();
        self.left_out = 0;
        self.join(&pods);
    }

    /// Lets every container of these pods that is wanted join, or tells what became of it. The newest pods come first where there is no place for all.
    fn join(&mut self, uids: &[String]) {
        let mut left_out = 0;
        let wanted: Vec<Wanted> = uids.iter().filter_map(|uid| self.pods.get(uid)).flat_map(|pod| self.log.wanted(pod)).collect();
        for wanted in wanted {
            // It began before anybody told of its pod.
            if let Some(known) = self.sources.remove(&(wanted.pod.clone(), wanted.container.clone())) {
                self.sources.insert(wanted.key(), known);
            }
            if let Some(teller) = self.sources.get(&wanted.key()) {
                teller.send_if_modified(|told| std::mem::replace(told, wanted.known.clone()) != wanted.known);
            } else if self.sources.len() < self.log.limit() {
                self.begin(wanted.key(), wanted);
            } else {
                left_out += 1;
            }
        }
        if left_out > 0 {
            self.left_out += left_out;
            let which = format!("containers for one window, which follows {}", self.log.limit());
            self.control(LogControl::Limit { refusal: Refusal::Limit { which, retry_after_secs: RETRY_SECS }, left_out: self.left_out });
        }
    }

    fn begin(&mut self, key: (String, String), wanted: Wanted) {
        let Wanted { uid, pod, container, role, created, known } = wanted;
        let index = self.next_index;
        self.next_index += 1;
        let given = self.cursors.iter().position(|cursor| cursor.is_of(&pod, uid.as_deref(), &container)).map(|place| self.cursors.swap_remove(place));
        let is_new = given.is_none() && self.new_since.is_some_and(|since| created.is_some_and(|created| created >= since));
        let mut cursor = given.unwrap_or_else(|| LogCursor::new(&pod, None, &container, None));
        cursor.uid.clone_from(&uid);
        if let (None, Known::Is(facts)) = (cursor.run, &known) {
            cursor.run = Some(facts.restarts);
        }
        if is_new {
            cursor.caught_up();
        }
        self.control(LogControl::Source { index, pod: pod.clone(), uid, container: container.clone(), role, run: cursor.run });
        let (teller, facts) = watch::channel(known.clone());
        self.sources.insert(key, teller);
        let seed = u64::from(index) << 32 ^ u64::from(jiff::Timestamp::now().subsec_nanosecond().unsigned_abs());
        let quiet_ms = u64::try_from(self.log.permit.cluster().limits.log_quiet.as_millis()).unwrap_or(u64::MAX);
        let source = Source {
            index,
            upstream: Arc::new(Upstream { permit: self.log.permit.clone(), follows: self.log.follows.clone(), pod, container }),
            query: self.log.query.clone(),
            begun: self.born,
            machine: Machine::new(cursor, known, self.log.query.previous, quiet_ms, seed),
            facts,
            leg: self.log.first.take(),
            work: Work::default(),
        };
        self.merge.join(source.told());
    }

    /// Sources that a page has lines of, and that are no more.
    fn tell_gone(&mut self) {
        if self.log.pods.is_none() {
            return;
        }
        for cursor in std::mem::take(&mut self.cursors) {
            if self.pods.values().any(|pod| pod.name == cursor.pod && cursor.uid.as_ref().is_none_or(|uid| *uid == pod.uid)) {
                continue;
            }
            let index = self.next_index;
            self.next_index += 1;
            let LogCursor { pod, uid, container, run, ended, .. } = cursor;
            self.control(LogControl::Source { index, pod, uid, container, role: None, run });
            if !ended {
                self.control(LogControl::Gap { index, count: None, reason: LogGap::Lost });
            }
            self.control(LogControl::State { index, state: LogSourceState::Gone });
        }
    }

    fn told(&mut self, told: Vec<Told>) {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for told in told {
            match told {
                Told::Line(_, line) => {
                    let cost = line.1.len() + line.2.len() + 1;
                    self.credit.spend(cost);
                    bytes += cost;
                    batch.push(line);
                    if bytes >= FRAME {
                        self.lines_frame(&mut batch);
                        bytes = 0;
                    }
                }
                Told::CaughtUp => {
                    self.lines_frame(&mut batch);
                    self.all_caught_up();
                }
                Told::Control(control) => {
                    self.lines_frame(&mut batch);
                    let end = self.log.ends_with(&control);
                    self.control(control);
                    if let Some(end) = end {
                        return self.end(end);
                    }
                }
            }
        }
        self.lines_frame(&mut batch);
    }

    /// The one log of a socket without `resume` ended.
    fn end(&mut self, end: Result<String, Refusal>) {
        match end {
            Ok(reason) => {
                self.all_caught_up();
                self.control(LogControl::Ended { reason: reason.clone() });
                self.ready.push_back(Err(CloseFrame { code: close_code::NORMAL, reason: refuse::short(&reason).into() }));
                self.over = true;
            }
            Err(refusal) => self.refused(refusal),
        }
    }

    fn all_caught_up(&mut self) {
        if !std::mem::replace(&mut self.caught_up, true) {
            self.control(LogControl::CaughtUp);
        }
    }

    fn refused(&mut self, refusal: Refusal) {
        let close = refuse::close(&refusal);
        self.control(LogControl::Refused { refusal });
        self.ready.push_back(Err(close));
        self.over = true;
    }

    fn lines_frame(&mut self, batch: &mut Vec<LogLine>) {
        if !batch.is_empty() {
            self.ready.push_back(Ok(text(&LogFrame::Lines { l: std::mem::take(batch) })));
        }
    }

    fn control(&mut self, control: LogControl) {
        self.ready.push_back(Ok(text(&LogFrame::Control(control))));
    }
}

/// A frame as it is sent.
pub(crate) fn text(frame: &LogFrame) -> Message {
    Message::text(serde_json::to_string(frame).expect("frames are plain JSON"))
}
