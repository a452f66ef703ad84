use krateyard_shared::logs::LogGap;

use super::*;

fn at(secs: i64) -> Stamp {
    Stamp { secs, nanos: 0 }
}

fn filled(lines: usize) -> Buffer {
    let mut buffer = Buffer::default();
    for n in 0..lines {
        buffer.push_line(0, at(n as i64), format!("line {n}"));
    }
    buffer
}

#[test]
fn the_oldest_lines_are_forgotten_and_counted_and_the_others_keep_their_numbers() {
    let buffer = filled(CAPACITY + 3);
    assert_eq!((buffer.first(), buffer.end(), buffer.forgotten()), (3, CAPACITY as u64 + 3, 3));
    assert!(buffer.get(2).is_none());
    assert_eq!(&*buffer.get(3).and_then(Entry::line).unwrap().text, "line 3");
}

#[test]
fn long_lines_are_bounded_by_their_bytes() {
    let mut buffer = Buffer::default();
    let long = "x".repeat(CAPACITY_BYTES / 4);
    for n in 0..9 {
        buffer.push_line(0, at(n), long.clone());
    }
    assert_eq!((buffer.lines().count(), buffer.forgotten()), (4, 5));
}

#[test]
fn a_continuation_has_the_level_of_its_head_and_none_crosses_a_gap() {
    let mut buffer = Buffer::default();
    buffer.push_line(0, at(0), "ERROR no".into());
    buffer.push_line(0, at(0), "  at x".into());
    buffer.push_gap(None, Gap::Joined);
    buffer.push_line(0, at(0), "  at y".into());
    let lines: Vec<_> = buffer.lines().map(|line| (line.level, line.continues)).collect();
    assert_eq!(lines, [(Some(Level::Error), false), (Some(Level::Error), true), (None, false)]);
}

#[test]
fn no_group_is_endless() {
    let mut buffer = Buffer::default();
    for _ in 0..3000 {
        buffer.push_line(0, at(0), " indented".into());
    }
    assert_eq!(buffer.lines().filter(|line| !line.continues).count(), 3);
}

#[test]
fn gaps_say_what_is_missing_and_can_be_mended() {
    let mut buffer = Buffer::default();
    let id = buffer.push_gap(None, Gap::Lost { at_ms: 50_762_000, back_ms: None, whole: false });
    buffer.mend_gap(id, Gap::Lost { at_ms: 50_762_000, back_ms: Some(50_773_000), whole: false });
    let Some(Entry::Gap(_, gap)) = buffer.get(id) else { panic!("a gap") };
    assert_eq!(gap.words(0), "connection lost 14:06:02, back after 11 s, lines are missing");
    let words = [
        (Gap::Restarted { code: Some(1), quiet_secs: Some(161) }, "restarted, exit 1, 2m 41s without lines"),
        (Gap::Restarted { code: None, quiet_secs: None }, "restarted"),
        (Gap::Missing { count: Some(12_345), why: LogGap::Dropped }, "12,345 lines missing: the log was faster than this window"),
        (Gap::Missing { count: Some(1), why: LogGap::Rotated }, "1 line missing: the log was rotated"),
        (Gap::Missing { count: None, why: LogGap::Replaced }, "lines missing: the container was replaced"),
        (Gap::Missing { count: None, why: LogGap::Lost }, "lines may be missing"),
        (Gap::Missing { count: None, why: LogGap::Cut { bytes: 4_096 } }, "the line before has 4,096 more bytes"),
        (Gap::Ended { code: Some(137), reason: "OOMKilled".into() }, "ended, exit 137, OOMKilled"),
        (Gap::Lost { at_ms: 0, back_ms: Some(900), whole: true }, "connection lost 00:00:00, back after 1 s, no line missing"),
        (Gap::Forgotten { count: 7 }, "7 older lines dropped: a window keeps 100,000"),
    ];
    for (gap, text) in words {
        assert_eq!(gap.words(0), text);
    }
}

#[test]
fn numbers_go_on_after_clearing() {
    let mut buffer = filled(5);
    buffer.clear();
    assert_eq!((buffer.first(), buffer.end(), buffer.lines().count()), (5, 5, 0));
}

/// Not a threshold: prints what 100,000 believable lines cost. `cargo test -p krateyard-app ingest -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn ingest_of_100_000_lines_is_timed() {
    let lines: Vec<String> = (0..CAPACITY)
        .map(|n| match n % 4 {
            0 => format!(r#"{{"ts":"2026-11-21T14:06:01Z","level":"info","msg":"GET /v1/prices","status":200,"ms":{n},"trace":"4bf92f3577b34da6"}}"#),
            1 => format!("level=warn ts=2026-11-21T14:06:01Z msg=\"pool below minimum\" size={n} min=5"),
            2 => format!("\u{1b}[32mINFO\u{1b}[0m kafka connected brokers=3 group=payments offset={n}"),
            _ => format!("    at com.acme.payments.Service.run(Service.java:{n})"),
        })
        .collect();
    let mut buffer = Buffer::default();
    let begin = std::time::Instant::now();
    for (n, line) in lines.into_iter().enumerate() {
        buffer.push_line(0, at(n as i64), line);
    }
    let ingest = begin.elapsed();
    let begin = std::time::Instant::now();
    let filter = crate::logs::picked::Filter { matcher: Some(crate::logs::picked::Matcher::text("prices")), level: None, sources: None };
    let mut picked = crate::logs::picked::Picked::new(&buffer);
    let mut slices = 0;
    while !picked.older(&buffer, 2000, |_, entry, before| filter.picks(entry, before)) {
        slices += 1;
    }
    println!("ingest {ingest:?}, filter {:?} in {slices} slices, {} lines match", begin.elapsed(), picked.ids().len());
    assert_eq!(buffer.lines().count(), CAPACITY);
}
