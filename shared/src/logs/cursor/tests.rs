use super::*;
use crate::logs::LogGap;

fn time(second: i64, nanos: u32) -> String {
    format!("2026-11-21T14:05:{second:02}.{nanos:09}Z")
}

fn advanced(lines: &[(i64, u32, &str)]) -> LogCursor {
    let mut cursor = LogCursor::new("a", Some("u"), "c", Some(0));
    for (second, nanos, text) in lines {
        cursor.advance(&time(*second, *nanos), text);
    }
    cursor
}

fn counts(cursor: &LogCursor) -> Vec<(i64, u64, bool)> {
    let minute = time::seconds(&time(0, 0)).unwrap();
    cursor.seconds.iter().map(|second| (second.second - minute, second.count, second.whole)).collect()
}

#[test]
fn the_last_two_seconds_are_kept_each_with_its_own_lines() {
    let cursor = advanced(&[(1, 5, "a"), (1, 5, "a"), (2, 0, "b"), (1, 9, "late"), (2, 3, "c")]);
    assert_eq!(counts(&cursor), [(1, 3, false), (2, 2, false)]);
    let cursor = advanced(&[(1, 5, "a"), (2, 0, "b"), (3, 0, "c")]);
    assert_eq!(counts(&cursor), [(2, 1, false), (3, 1, true)]);
    let cursor = advanced(&[(1, 5, "a"), (9, 0, "b"), (8, 0, "late")]);
    assert_eq!(counts(&cursor), [(8, 1, true), (9, 1, true)]);
    assert_eq!(cursor.since(), time::seconds(&time(8, 0)));
    let cursor = advanced(&[(9, 0, "a"), (1, 0, "the clock went back")]);
    assert!(cursor.behind);
}

#[test]
fn order_and_number_of_lines_count() {
    let hash = |lines: &[(i64, u32, &str)]| advanced(lines).seconds[0].hash;
    assert_eq!(hash(&[(1, 1, "a"), (1, 2, "b")]), hash(&[(1, 1, "a"), (1, 2, "b")]));
    assert_ne!(hash(&[(1, 1, "a"), (1, 2, "b")]), hash(&[(1, 2, "b"), (1, 1, "a")]));
    assert_ne!(hash(&[(1, 1, "a")]), hash(&[(1, 1, "a"), (1, 1, "a")]));
    assert_ne!(line_hash("x", "y"), line_hash("", "xy"));
}

#[test]
fn after_a_gap_only_what_is_younger_counts_and_a_run_that_begins_anew_is_whole() {
    let mut cursor = advanced(&[(1, 5, "a"), (2, 7, "b")]);
    cursor.gap(&LogGap::Rotated);
    assert_eq!((cursor.floor.map(|floor| floor.1), cursor.newest, cursor.since()), (Some(7), None, time::seconds(&time(2, 0))));
    cursor.advance(&time(2, 8), "c");
    assert_eq!(counts(&cursor), [(2, 1, true)]);
    cursor.gap(&LogGap::Restarted { code: Some(1), run: Some(4) });
    assert_eq!((cursor.run, cursor.begun), (Some(4), true));
    let before = cursor.clone();
    cursor.gap(&LogGap::Cut { bytes: 3 });
    assert_eq!(cursor, before, "a line that was cut moves nothing");
}

#[test]
fn a_cursor_survives_its_journey() {
    let mut cursor = advanced(&[(1, 5, "a"), (2, 7, "b")]);
    cursor.end();
    let text = serde_json::to_string(&cursor).unwrap();
    assert!(text.contains(r#""newest":["#) && text.len() < 400, "{text}");
    assert_eq!(serde_json::from_str::<LogCursor>(&text).unwrap(), cursor);
    assert!(cursor.is_of("a", None, "c") && !cursor.is_of("a", Some("other"), "c"));
}
