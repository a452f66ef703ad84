use krateyard_shared::logs::{LogGap, line_hash};
use krateyard_shared::time;

use super::*;

/// Numbers of a seed (Knuth's MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Line {
    time: String,
    text: String,
}

impl Line {
    fn at(&self) -> At {
        time::parse(&self.time).unwrap()
    }
}

/// A log in the order of its file: bursts of one instant, quiet seconds, lines that changed order across a second's end.
fn log(random: &mut Random, lines: usize) -> Vec<Line> {
    let (mut second, mut nanos) = (0_u64, 0);
    let mut log: Vec<Line> = (0..lines)
        .map(|number| {
            match random.below(6) {
                0 => (second, nanos) = (second + random.below(4), random.below(1_000_000_000)),
                1 | 2 => {}
                _ => nanos = (nanos + random.below(50_000_000)).min(999_999_999),
            }
            // Few words, so that lines of one instant are often the same but for their number.
            Line { time: format!("2026-11-21T14:{:02}:{:02}.{nanos:09}Z", second / 60 % 60, second % 60), text: format!("{} {number}", random.below(2)) }
        })
        .collect();
    for place in 1..log.len() {
        let near = (log[place].at().0 - log[place - 1].at().0).abs() <= 1;
        if near && random.below(8) == 0 {
            log.swap(place - 1, place);
        }
    }
    log
}

/// What an API server sends of what a file holds now.
fn asked<'a>(file: &'a [Line], cursor: &LogCursor) -> impl Iterator<Item = &'a Line> {
    let since = cursor.since();
    file.iter().filter(move |line| since.is_none_or(|since| line.at().0 >= since))
}

fn take(resume: &mut Resume, cursor: &mut LogCursor, line: &Line) -> Verdict {
    let verdict = resume.take(line.at(), line_hash(&line.time, &line.text));
    if verdict == Verdict::New {
        cursor.advance(&line.time, &line.text);
    }
    verdict
}

#[test]
fn however_a_log_is_cut_into_connections_each_line_comes_once() {
    let first = std::env::var("KRATEYARD_SEED").ok().and_then(|seed| seed.parse().ok());
    for seed in first.map_or(1..2_000, |seed| seed..seed + 1) {
        let mut random = Random(seed);
        let lines = 20 + random.below(200) as usize;
        let file = log(&mut random, lines);
        // The first connection begins with a tail of what is there, which may be nothing, or with everything.
        let mut written = random.below(file.len() as u64) as usize;
        let begins = if random.below(2) == 0 { 0 } else { random.below(written as u64 + 1) as usize };
        let mut cursor = LogCursor::new("p", None, "c", None);
        let mut delivered = if begins == written { 0 } else { begins + 1 + random.below((written - begins) as u64) as usize };
        if delivered == 0 {
            cursor.caught_up();
        } else {
            file[begins..delivered].iter().for_each(|line| cursor.advance(&line.time, &line.text));
        }
        while delivered < file.len() {
            written = (written.max(delivered) + random.below(40) as usize).min(file.len());
            let mut resume = Resume::of(&cursor);
            // Now and then one lasts: a second may have more lines than the others bring.
            let cut = if random.below(4) == 0 { usize::MAX } else { random.below(60) as usize };
            for line in asked(&file[..written], &cursor.clone()).take(cut) {
                match take(&mut resume, &mut cursor, line) {
                    Verdict::New => {
                        assert_eq!(*line, file[delivered], "seed {seed}");
                        delivered += 1;
                    }
                    Verdict::Known => {}
                    Verdict::Broken => panic!("seed {seed}: broken at {line:?} with {cursor:?}"),
                }
            }
        }
    }
}

#[test]
fn a_log_without_its_beginning_is_found_out_and_goes_on_with_what_is_younger() {
    for seed in 1..2_000 {
        let mut random = Random(seed);
        let mut file = log(&mut random, 120);
        file.sort_by_key(Line::at);
        let mut cursor = LogCursor::new("p", None, "c", None);
        cursor.caught_up();
        let delivered = 1 + random.below(60) as usize;
        file[..delivered].iter().for_each(|line| cursor.advance(&line.time, &line.text));
        // Rotated somewhere near: what is asked for lacks at least one line that was delivered.
        let owed = asked(&file[..delivered], &cursor).count();
        let rotated = delivered - owed + 1 + random.below(owed as u64 + 30) as usize;
        let mut resume = Resume::of(&cursor);
        let verdicts: Vec<Verdict> = file[rotated..].iter().map(|line| resume.take(line.at(), line_hash(&line.time, &line.text))).collect();
        let broken = verdicts.iter().position(|verdict| *verdict == Verdict::Broken).unwrap_or(verdicts.len());
        assert!(!verdicts[..broken].contains(&Verdict::New), "seed {seed}: nothing is new before it is proved");
        assert!(!(verdicts.len() == broken && resume.is_proved()), "seed {seed}");
        let newest = cursor.newest.unwrap();
        cursor.gap(&LogGap::Rotated);
        let mut resume = Resume::of(&cursor);
        assert!(resume.is_proved());
        for line in asked(&file[rotated..], &cursor.clone()) {
            let expected = if line.at() > newest { Verdict::New } else { Verdict::Known };
            assert_eq!(take(&mut resume, &mut cursor, line), expected, "seed {seed}");
        }
    }
}

#[test]
fn a_tail_that_begins_within_a_second_is_found_in_the_whole_second() {
    let line = |nanos: u32, text: &str| Line { time: format!("2026-11-21T14:00:01.{nanos:09}Z"), text: text.into() };
    let file = [line(5, "a"), line(5, "b"), line(5, "c"), line(5, "d"), line(5, "e")];
    let mut cursor = LogCursor::new("p", None, "c", None);
    file[2..4].iter().for_each(|line| cursor.advance(&line.time, &line.text));
    let mut resume = Resume::of(&cursor);
    let verdicts: Vec<Verdict> = file.iter().map(|line| take(&mut resume, &mut cursor, line)).collect();
    assert_eq!(verdicts, [Verdict::Known, Verdict::Known, Verdict::Known, Verdict::Known, Verdict::New]);
}
