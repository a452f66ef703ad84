use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, stream};
use krateyard_shared::logs::{LogControl, LogGap, LogLine, LogQuery, line_hash};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::time;
use tokio::sync::watch;
use tokio::time::Instant;

use super::facts::Known;
use super::machine::{Effect, Input, Machine};
use super::resume::{At, Resume, Verdict};
use super::upstream::{self, Leg, Upstream};
use crate::pipe::lines::{Lines, Taken};

/// Bytes of lines that are told at once, about.
const FRAME: usize = 64 * 1024;
/// A log that says nothing for so long has said what was there.
const QUIET: Duration = Duration::from_millis(250);
/// A line that a stream did not bring may be under way for so long.
const UNDER_WAY: Duration = Duration::from_secs(2);
/// What the node says in the place of a log that it has not (recordings, surprise 64).
const UNAVAILABLE: &str = "unable to retrieve container logs for ";

/// What a source tells.
#[derive(Debug)]
pub(super) enum Told {
    Line(At, LogLine),
    Control(LogControl),
    /// What was there has been told.
    CaughtUp,
}

/// One source: its machine, and what it reads.
pub(super) struct Source {
    pub(super) index: u32,
    pub(super) upstream: Arc<Upstream>,
    pub(super) query: Arc<LogQuery>,
    /// Since the query was made.
    pub(super) begun: Instant,
    pub(super) machine: Machine,
    pub(super) facts: watch::Receiver<Known>,
    pub(super) leg: Option<Leg>,
    pub(super) work: Work,
}

/// What comes and goes with the reading.
#[derive(Default)]
pub(super) struct Work {
    opening: Option<BoxFuture<'static, Result<Leg, Refusal>>>,
    probe: Option<BoxFuture<'static, Option<At>>>,
    lines: Lines,
    resume: Option<Resume>,
    /// Of the line told last.
    last: At,
    /// The line without end with which the log ended the last time.
    half: Option<u64>,
    active: Option<Instant>,
    caught_up: bool,
    /// Whether what has no time may be the rest of a line: nothing with one has come yet.
    is_fragment: bool,
    /// Whether nobody tells of the container any more.
    untold: bool,
    out: VecDeque<Told>,
}

impl Source {
    /// What it tells, as long as it may tell more. It reads its upstream only while it is polled.
    pub(super) fn told(mut self) -> BoxStream<'static, Vec<Told>> {
        let now_ms = self.now_ms();
        if let Some(leg) = &self.leg {
            self.machine.begin_open(now_ms);
            if leg.not_started {
                self.leg = None;
                self.step(Input::NotStarted);
            } else {
                self.opened();
            }
        } else {
            let effects = self.machine.begin(now_ms);
            self.apply(effects);
        }
        stream::unfold(self, async |mut source| source.next().await.map(|told| (told, source))).boxed()
    }

    async fn next(&mut self) -> Option<Vec<Told>> {
        loop {
            if !self.work.out.is_empty() {
                return Some(self.work.out.drain(..).collect());
            }
            if self.machine.is_over() {
                return None;
            }
            self.turn().await;
        }
    }

    async fn turn(&mut self) {
        let wake = self.machine.wake_ms().map(|wake_ms| self.begun + Duration::from_millis(wake_ms));
        let quiet = self.work.active.filter(|_| !self.work.caught_up && self.machine.is_live()).map(|active| active + QUIET);
        let at = [wake, quiet].into_iter().flatten().min();
        let Source { leg, work, facts, .. } = self;
        tokio::select! {
            biased;
            changed = facts.changed(), if !work.untold => {
                if changed.is_ok() {
                    self.machine.known = self.facts.borrow_and_update().clone();
                    self.step(Input::Facts);
                } else {
                    // Nobody tells of a pod that is gone any more; the end of its log comes all the same.
                    work.untold = true;
                }
            }
            opened = some(&mut work.opening) => {
                work.opening = None;
                match opened {
                    Ok(leg) if leg.not_started => self.step(Input::NotStarted),
                    Ok(leg) => {
                        self.leg = Some(leg);
                        self.opened();
                    }
                    Err(refusal) => self.step(Input::Refused(refusal)),
                }
            }
            piece = async { leg.as_mut().expect("checked").body.next().await }, if leg.is_some() => match piece {
                Some(Ok(bytes)) => self.take(bytes),
                end => self.end(end.transpose().err()),
            },
            last = some(&mut work.probe) => {
                work.probe = None;
                self.probed(last);
            }
            () = async { tokio::time::sleep_until(at.expect("checked")).await }, if at.is_some() => {
                if quiet.is_some_and(|quiet| quiet <= Instant::now()) {
                    self.caught_up();
                }
                self.step(Input::Tick);
            }
        }
    }

    fn opened(&mut self) {
        let resume = Resume::of(&self.machine.cursor);
        let proved = resume.is_proved();
        self.work.resume = Some(resume);
        self.work.is_fragment = self.machine.cursor.since().is_some();
        self.work.active = Some(Instant::now());
        self.step(Input::Opened { proved });
    }

    /// Takes a piece, and what else is there already: at a high rate many lines are told at once.
    fn take(&mut self, first: Bytes) {
        let (mut taken, mut bytes) = (Vec::new(), first.len());
        self.work.active = Some(Instant::now());
        self.step(Input::Bytes);
        self.work.lines.feed(&first, &mut taken);
        let mut end = None;
        while bytes < FRAME
            && let Some(leg) = &mut self.leg
        {
            match leg.body.next().now_or_never() {
                Some(Some(Ok(piece))) => {
                    bytes += piece.len();
                    self.work.lines.feed(&piece, &mut taken);
                }
                None => break,
                // It says so once.
                Some(over) => {
                    end = Some(over.transpose().err());
                    break;
                }
            }
        }
        self.lines(taken);
        if let (Some(failure), Some(_)) = (end, &self.leg) {
            self.end(failure);
        }
    }

    fn lines(&mut self, taken: Vec<Taken>) {
        let mut is_new = false;
        for Taken { line, cut } in taken {
            let Some(at) = time::parse(&line.1) else {
                if line.2.starts_with(UNAVAILABLE) {
                    return self.step(Input::Unavailable);
                }
                // The rest of a line of which the beginning was not asked for has none either (kubelet, logWriter.write).
                if !self.work.is_fragment {
                    self.work.out.push_back(Told::Line(self.work.last, LogLine(self.index, line.1, line.2)));
                }
                continue;
            };
            self.work.is_fragment = false;
            let (hash, Some(resume)) = (line_hash(&line.1, &line.2), &mut self.work.resume) else { return };
            let was_proved = resume.is_proved();
            match resume.take(at, hash) {
                Verdict::Broken => return self.step(Input::Broken),
                Verdict::Known if resume.is_proved() && !was_proved => self.step(Input::Proved),
                Verdict::Known => {}
                Verdict::New => {
                    if !std::mem::replace(&mut is_new, true) {
                        let effects = self.machine.progressed();
                        self.apply(effects);
                    }
                    self.machine.cursor.advance_by(at, hash);
                    self.work.last = at;
                    if !self.work.caught_up && self.machine.is_live() && at.0 > self.opened_at() {
                        // Written after we came: what was there has been told.
                        self.caught_up();
                    }
                    self.work.out.push_back(Told::Line(at, LogLine(self.index, line.1, line.2)));
                    if cut > 0 {
                        self.gap(LogGap::Cut { bytes: cut });
                    }
                }
            }
        }
    }

    /// The log ended, or broke. A line without end is delivered when it is known that no more of it comes.
    fn end(&mut self, failure: Option<String>) {
        self.leg = None;
        let unfinished = std::mem::take(&mut self.work.lines).finish();
        match (failure, unfinished) {
            (Some(cause), _) => self.step(Input::Closed(Some(cause))),
            (None, Some(Taken { line, .. })) if line.2.starts_with(UNAVAILABLE) && line.1.is_empty() => self.step(Input::Unavailable),
            (None, Some(taken)) => {
                let hash = line_hash(&taken.line.1, &taken.line.2);
                if self.machine.run_has_ended() || self.work.half.take() == Some(hash) {
                    self.lines(vec![taken]);
                    // Unless what was delivered is not there, and another log is being opened.
                    if self.work.opening.is_none() {
                        self.step(Input::Closed(None));
                    }
                } else {
                    self.work.half = Some(hash);
                    self.step(Input::Closed(Some("the log ended within a line".into())));
                }
            }
            (None, None) => self.step(Input::Closed(None)),
        }
    }

    /// Whether the stream brought the line that was seen beside it, or begins to.
    fn probed(&mut self, last: Option<At>) {
        let known = self.machine.cursor.newest.max(self.work.lines.begun());
        let quiet = self.work.active.is_none_or(|active| active.elapsed() > UNDER_WAY);
        if last > known && quiet && self.machine.is_live() {
            tracing::info!(pod = self.upstream.pod, container = self.upstream.container, "a log stopped without a word, and is read again");
            self.step(Input::Silent);
        }
    }

    fn step(&mut self, input: Input) {
        let effects = self.machine.step(input, self.now_ms());
        self.apply(effects);
    }

    fn apply(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Open { previous } => {
                    self.close();
                    let elapsed_secs = u32::try_from(self.begun.elapsed().as_secs()).unwrap_or(u32::MAX);
                    let parameters = upstream::parameters(&self.machine.cursor, &self.query, previous, elapsed_secs);
                    let upstream = self.upstream.clone();
                    self.work.opening = Some(async move { upstream.open(&parameters).await }.boxed());
                }
                Effect::Close => self.close(),
                Effect::Probe => {
                    let upstream = self.upstream.clone();
                    let last = async move {
                        let last = upstream.last_line().await;
                        tokio::time::sleep(UNDER_WAY).await;
                        last
                    };
                    self.work.probe = Some(last.boxed());
                }
                Effect::Tell(state) => self.control(LogControl::State { index: self.index, state }),
                Effect::Gap(reason) => self.gap(reason),
            }
        }
        if self.machine.is_resting() && !self.work.caught_up {
            self.caught_up();
        }
    }

    fn close(&mut self) {
        (self.leg, self.work.opening, self.work.probe) = (None, None, None);
        (self.work.lines, self.work.resume) = (Lines::default(), None);
    }

    fn caught_up(&mut self) {
        self.work.caught_up = true;
        if !self.machine.is_lost() {
            self.machine.cursor.caught_up();
        }
        self.work.out.push_back(Told::CaughtUp);
    }

    fn gap(&mut self, reason: LogGap) {
        self.control(LogControl::Gap { index: self.index, count: None, reason });
    }

    fn control(&mut self, control: LogControl) {
        self.work.out.push_back(Told::Control(control));
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Seconds since 1970.
    fn opened_at(&self) -> i64 {
        jiff::Timestamp::now().as_second() - i64::try_from(self.begun.elapsed().as_secs()).unwrap_or_default()
    }
}

async fn some<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}
