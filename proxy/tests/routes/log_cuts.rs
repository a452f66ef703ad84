//! Logs whose connections are cut, on either side of the proxy: no line is lost or doubled, or the place says so.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use krateyard_shared::logs::{LogBegin, LogClientFrame, LogControl, LogCredit, LogCursor, LogFrame, LogGap, LogLine, LogSourceState};
use kubesim::LogFile;
use tokio_tungstenite::tungstenite::Message;

use crate::bench::{Bench, Socket, bounded};
use crate::logs::running;

const ADMIN: &[(&str, &str)] = &[("authorization", "Bearer demo-admin")];

/// Numbers of a seed (Knuth's MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// Once in so many times.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// What writes the log, and knows what stands in it.
struct Writer {
    file: LogFile,
    at: Timestamp,
    /// Whole lines, numbered by their place; the run in which each was written.
    runs: Vec<u32>,
    run: u32,
    /// The beginning of a line that is not finished.
    half: bool,
}

impl Writer {
    /// Some lines: many of one instant, some in two pieces, some seconds apart.
    fn write(&mut self, random: &mut Random, lines: u64) {
        for _ in 0..lines {
            match random.below(5) {
                0 | 1 => {}
                2 | 3 => self.at += SignedDuration::from_nanos(random.below(300_000_000) as i64),
                _ => self.at += SignedDuration::from_nanos(random.below(1_500_000_000) as i64),
            }
            if std::mem::take(&mut self.half) {
                self.file.write(self.at, " and its rest");
            } else if random.once_in(8) {
                self.half = true;
                self.file.write_half(self.at, &format!("line {}", self.runs.len()));
                continue;
            } else {
                self.file.write(self.at, &format!("line {}", self.runs.len()));
            }
            self.runs.push(self.run);
        }
    }

    /// One more line in one piece, of a later second.
    fn whole_line(&mut self, random: &mut Random) {
        if self.half {
            self.write(random, 1);
        }
        self.at += SignedDuration::from_millis(1_100);
        self.file.write(self.at, &format!("line {}", self.runs.len()));
        self.runs.push(self.run);
    }
}

/// A page that follows one container.
struct Page {
    socket: Socket,
    path: String,
    cursor: Option<LogCursor>,
    lines: Vec<usize>,
    /// Each with the number of lines before it.
    gaps: Vec<(usize, LogGap)>,
    taken: u64,
}

impl Page {
    async fn open(bench: &Bench, path: String) -> Page {
        let mut page = Page { socket: bench.connect(&path, ADMIN).await.unwrap(), path, cursor: None, lines: Vec::new(), gaps: Vec::new(), taken: 0 };
        page.begin().await;
        page
    }

    async fn begin(&mut self) {
        let begin = LogClientFrame::Begin { begin: LogBegin { cursors: self.cursor.iter().cloned().collect() } };
        self.socket.send(Message::text(serde_json::to_string(&begin).unwrap())).await;
    }

    /// The connection goes, and another comes.
    async fn again(&mut self, bench: &Bench) {
        self.socket = bench.connect(&self.path, ADMIN).await.unwrap();
        self.taken = 0;
        self.begin().await;
    }

    /// Reads until a line of this number has come, or a later one.
    async fn until(&mut self, number: usize) {
        while self.lines.last().is_none_or(|last| *last < number) {
            let read = tokio::time::timeout(Duration::from_secs(15), self.read()).await;
            assert!(read.is_ok(), "line {number} does not come after {:?}; gaps {:?}, cursor {:?}", self.lines.last(), self.gaps, self.cursor);
        }
    }

    async fn read(&mut self) {
        match serde_json::from_str(self.socket.next().await.unwrap().to_text().unwrap()).unwrap() {
            LogFrame::Lines { l } => {
                for LogLine(_, time, text) in l {
                    self.taken += (time.len() + text.len() + 1) as u64;
                    self.cursor.as_mut().expect("a source comes first").advance(&time, &text);
                    if text == " and its rest" {
                        // A new file may begin within a line.
                        assert!(self.gaps.last().is_some_and(|gap| *gap == (self.lines.len(), LogGap::Rotated)), "half a line without a gap before it");
                        continue;
                    }
                    let number = text.strip_prefix("line ").and_then(|rest| rest.trim_end_matches(" and its rest").parse().ok());
                    self.lines.push(number.unwrap_or_else(|| panic!("half a line: {text:?}")));
                }
                if self.taken > 200_000 {
                    let credit = std::mem::take(&mut self.taken);
                    self.socket.send(Message::text(serde_json::to_string(&LogClientFrame::Credit(LogCredit { credit })).unwrap())).await;
                }
            }
            LogFrame::Control(LogControl::Source { pod, uid, container, run, .. }) => {
                self.cursor.get_or_insert_with(|| LogCursor::new(&pod, uid.as_deref(), &container, run));
            }
            LogFrame::Control(LogControl::Gap { reason, .. }) => {
                self.cursor.as_mut().unwrap().gap(&reason);
                self.gaps.push((self.lines.len(), reason));
            }
            LogFrame::Control(LogControl::CaughtUp) => self.cursor.as_mut().unwrap().caught_up(),
            LogFrame::Control(LogControl::State { state: LogSourceState::Ended { .. }, .. }) => self.cursor.as_mut().unwrap().end(),
            LogFrame::Control(LogControl::State { .. }) => {}
            LogFrame::Control(other) => panic!("{other:?}"),
        }
    }

    /// Gaps in whose place something may be missing.
    fn unproved(&self) -> usize {
        self.gaps.iter().filter(|(_, reason)| !matches!(reason, LogGap::Restarted { .. })).count()
    }
}

fn seed() -> u64 {
    std::env::var("KRATEYARD_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

async fn stage(bench: &Bench) -> (Writer, String, Page) {
    let (pod, container) = running(bench, "web", "");
    let file = bench.sim.log_file("web", &pod, &container);
    let at = "2026-11-21T14:05:31.25Z".parse().unwrap();
    let writer = Writer { file, at, runs: Vec::new(), run: 0, half: false };
    let page = Page::open(bench, format!("/ws/logs?cluster=demo&ns=web&pod={pod}&container={container}&resume=true")).await;
    (writer, pod, page)
}

/// Cuts one of the two connections, somewhere.
async fn cut(random: &mut Random, writer: &Writer, page: &mut Page, bench: &Bench) {
    match random.below(8) {
        0 => writer.file.cut(random.once_in(4)),
        1 => {
            // Within a line, as a rule.
            writer.file.break_next(random.below(4_000) as usize, random.once_in(4));
            page.again(bench).await;
        }
        2 => {
            writer.file.cut(false);
            page.again(bench).await;
        }
        _ => page.again(bench).await,
    }
}

#[tokio::test]
async fn a_thousand_cuts_under_restarts_bursts_and_half_lines_lose_and_double_no_line() {
    let seed = seed();
    println!("seed {seed}");
    let mut random = Random(seed);
    let bench = Bench::start().await;
    let (mut writer, pod, mut page) = stage(&bench).await;
    let (mut cuts, mut restarts, began) = (0, 0, Instant::now());
    while cuts < 1_000 {
        let lines = 1 + random.below(25);
        writer.write(&mut random, lines);
        // One restart at a time: of more a node has no log, which another test is about.
        let is_read = page.lines.last().is_some_and(|last| writer.runs[*last] == writer.run);
        if random.once_in(25) && is_read && !writer.half {
            restarts += 1;
            writer.run += 1;
            let told_late = random.once_in(3);
            if !told_late {
                assert!(bench.sim.count_restart("web", &pod, 3));
            }
            writer.file.restart();
            writer.whole_line(&mut random);
            let some = random.below(10);
            writer.write(&mut random, some);
            if told_late {
                cut(&mut random, &writer, &mut page, &bench).await;
                cuts += 1;
                assert!(bench.sim.count_restart("web", &pod, 3));
            }
        }
        if !writer.runs.is_empty() {
            let from = page.lines.last().copied().unwrap_or(0);
            page.until(from + random.below((writer.runs.len() - from) as u64) as usize).await;
        }
        cut(&mut random, &writer, &mut page, &bench).await;
        cuts += 1;
    }
    writer.whole_line(&mut random);
    page.until(writer.runs.len() - 1).await;
    println!("{cuts} cuts, {restarts} restarts, {} lines, {:?} gaps, {:?}", page.lines.len(), page.gaps.len(), began.elapsed());
    assert!(page.lines.iter().copied().eq(0..writer.runs.len()), "{:?}", page.lines);
    assert_eq!(page.unproved(), 0, "{:?}", page.gaps);
    assert!(restarts > 10);
    for (before, reason) in &page.gaps {
        assert_ne!(writer.runs[before - 1], writer.runs[*before], "{reason:?} stands between two runs");
    }
}

#[tokio::test]
async fn what_is_rotated_or_replaced_away_between_two_connections_is_a_gap_in_its_place_and_nothing_is_doubled() {
    let seed = seed();
    println!("seed {seed}");
    let mut random = Random(seed);
    let bench = Bench::start().await;
    let (mut writer, pod, mut page) = stage(&bench).await;
    writer.whole_line(&mut random);
    page.until(0).await;
    let mut events = 0;
    for _ in 0..80 {
        let lines = 1 + random.below(25);
        writer.write(&mut random, lines);
        match random.below(4) {
            0 => {
                events += 1;
                writer.file.rotate();
            }
            1 => {
                events += 1;
                if writer.half {
                    writer.write(&mut random, 1);
                }
                for _ in 0..1 + random.below(2) {
                    writer.run += 1;
                    writer.file.restart();
                    writer.whole_line(&mut random);
                    assert!(bench.sim.count_restart("web", &pod, 1));
                }
            }
            _ => {}
        }
        cut(&mut random, &writer, &mut page, &bench).await;
        writer.whole_line(&mut random);
        page.until(writer.runs.len() - 1).await;
    }
    let mut missing = 0;
    for (place, pair) in page.lines.windows(2).enumerate() {
        assert!(pair[0] < pair[1], "line {} came again after {}", pair[1], pair[0]);
        if pair[0] + 1 != pair[1] {
            missing += pair[1] - pair[0] - 1;
            let told = page.gaps.iter().any(|(before, reason)| *before == place + 1 && !matches!(reason, LogGap::Restarted { .. }));
            assert!(told, "nothing says that lines {:?} are missing; gaps {:?}", pair, page.gaps);
        }
    }
    println!("{events} rotations and restarts, {} of {} lines missing, {} gaps say so", missing, writer.runs.len(), page.unproved());
    assert!(missing > 0 && page.unproved() > 0);
}

#[tokio::test]
async fn a_follow_that_stops_without_a_word_is_found_out() {
    let bench = Bench::with(kubesim::Options { pods: 30, ..kubesim::Options::default() }, |config| config.limits.log_quiet = Duration::from_millis(300)).await;
    let seed = seed();
    println!("seed {seed}");
    let mut random = Random(seed);
    let (mut writer, _, mut page) = stage(&bench).await;
    writer.whole_line(&mut random);
    page.until(0).await;
    writer.file.stall();
    writer.whole_line(&mut random);
    page.until(writer.runs.len() - 1).await;
    assert!(page.lines.iter().copied().eq(0..writer.runs.len()));
    assert_eq!(page.gaps, []);
    bounded(async {
        while writer.file.readers().0 != 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
