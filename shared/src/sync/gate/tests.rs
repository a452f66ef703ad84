use proptest::prelude::*;

use super::*;
use crate::sync::lib0::{put_bytes, put_number};

/// An update of one client, 7, from clock 0 on: so many structs, and deletes nothing.
fn of_structs(count: u64, structs: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1];
    put_number(&mut bytes, count);
    bytes.extend([7, 0]);
    bytes.extend(structs);
    bytes.push(0);
    bytes
}

/// An update with one item at the beginning of the root `t`.
fn of_item(kind: u8, content: &[u8]) -> Vec<u8> {
    of_structs(1, &[&[kind, 1, 1, b't'], content].concat())
}

/// An update with one value in the root `t`.
fn of_value(value: &[u8]) -> Vec<u8> {
    of_item(8, &[&[1], value].concat())
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_bytes(&mut bytes, text.as_bytes());
    bytes
}

#[test]
fn what_yjs_writes_passes_and_is_counted() {
    assert_eq!(update(&[0, 0]), Ok(Facts::default()));
    assert!(update(&[0, 0]).unwrap().is_empty());
    // yrs, `merge_updates_compatibility_v1`, from Yjs: two clients' texts.
    let two =
        [2, 1, 220, 240, 237, 172, 15, 0, 4, 1, 4, 116, 101, 115, 116, 3, 97, 98, 99, 1, 201, 139, 250, 201, 1, 0, 4, 1, 4, 116, 101, 115, 116, 2, 100, 101, 0];
    assert_eq!(update(&two), Ok(Facts { clients: 2, structs: 2, ..Facts::default() }));
    // Only deletes: client 7, two ranges.
    let deletes = [0, 1, 7, 2, 0, 3, 5, 1];
    assert_eq!(update(&deletes), Ok(Facts { deletes: 2, ..Facts::default() }));
    assert!(!update(&deletes).unwrap().is_empty());
    // With both origins, which say what the parent is; collected; skipped.
    assert!(update(&of_structs(3, &[0xc4, 9, 1, 8, 2, 1, b'x', 0, 5, 10, 5])).is_ok());
    // A field of a type that is the item 3 of client 9.
    assert!(update(&of_structs(1, &[0x28, 0, 9, 3, 1, b'k', 1, 126])).is_ok());
    let contents: [(u8, Vec<u8>); 14] = [
        (1, vec![3]),
        (3, vec![2, 0xff, 0]),
        (4, text("krate 😀")),
        (5, text(r#"{"image":["\"]["]}"#)),
        (6, [text("bold"), text("true")].concat()),
        (7, vec![0]),
        (7, vec![1]),
        (7, vec![2]),
        (7, [vec![3], text("p")].concat()),
        (7, vec![4]),
        (7, vec![6]),
        (8, vec![3, 127, 126, 120]),
        (8, [vec![1, 118, 1], text("key"), vec![117, 2, 125, 0x41, 119, 1, b's']].concat()),
        (9, [text("guid"), vec![118, 0]].concat()),
    ];
    for (kind, content) in contents {
        assert!(update(&of_item(kind, &content)).is_ok(), "{kind} {content:?}: {:?}", update(&of_item(kind, &content)));
    }
    assert_eq!(vector(&[2, 220, 240, 237, 172, 15, 3, 201, 139, 250, 201, 1, 2]), Ok(()));
}

#[test]
fn what_is_cut_off_or_longer_is_refused_at_every_byte() {
    let values = [117, 6, 121, 124, 0, 0, 0, 0, 123, 0, 0, 0, 0, 0, 0, 0, 0, 122, 0, 0, 0, 0, 0, 0, 0, 0, 116, 1, 0, 125, 0x81, 1];
    for whole in [of_value(&values), of_item(6, &[text("bold"), text("true")].concat()), vec![0, 1, 7, 2, 0, 3, 5, 1]] {
        assert!(update(&whole).is_ok());
        assert!((0..whole.len()).all(|end| update(&whole[..end]).is_err()));
        assert_eq!(update(&[&whole[..], &[0]].concat()), Err(Refused::Longer { what: "update", at: whole.len() }));
    }
    assert!(vector(&[]).is_err() && vector(&[1, 7]).is_err());
    assert_eq!(vector(&[1, 7, 3, 0]), Err(Refused::Longer { what: "state vector", at: 3 }));
}

#[test]
fn counts_that_the_bytes_cannot_hold_are_refused_before_anything_is_reserved() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0x07];
    let refused = |what, at| Err(Refused::TooLarge { what, at });
    assert_eq!(update(&[&huge[..], &[0, 0]].concat()), refused("count of clients", 0));
    assert_eq!(update(&[&[1], &huge[..], &[7, 0, 0, 0]].concat()), refused("count of structs", 1));
    assert_eq!(update(&of_item(8, &huge)), refused("count of values", 8));
    assert_eq!(update(&of_value(&[&[117], &huge[..]].concat())), refused("count of values", 10));
    assert_eq!(update(&of_value(&[&[118], &huge[..]].concat())), refused("count of fields", 10));
    assert_eq!(update(&[&[0], &huge[..]].concat()), refused("count of clients that delete", 1));
    assert_eq!(update(&[&[0, 1, 7], &huge[..]].concat()), refused("count of deletes", 3));
    assert!(matches!(vector(&huge), Err(Refused::TooLarge { .. })));
    let mut many = Vec::new();
    put_number(&mut many, MAX_CLIENTS + 1);
    many.resize(1 << 20, 0);
    assert_eq!(update(&many), refused("count of clients", 0));
}

#[test]
fn clocks_end_where_those_of_yrs_do() {
    let last = CLOCK_END - 1;
    let with_clock = |clock, len| {
        let mut bytes = vec![1, 1, 7];
        put_number(&mut bytes, clock);
        bytes.push(0);
        put_number(&mut bytes, len);
        bytes.push(0);
        bytes
    };
    assert!(update(&with_clock(last - 1, 1)).is_ok());
    for (clock, len) in [(last, 1), (1, last), (CLOCK_END, 1), (0, CLOCK_END), (0, 1 << 32)] {
        assert!(matches!(update(&with_clock(clock, len)), Err(Refused::TooLarge { .. })), "{clock} {len}");
    }
    let deleting = |clock, len| {
        let mut bytes = vec![0, 1, 7, 1];
        put_number(&mut bytes, clock);
        put_number(&mut bytes, len);
        bytes
    };
    assert!(update(&deleting(last - 1, 1)).is_ok() && matches!(update(&deleting(last, 1)), Err(Refused::TooLarge { .. })));
    // yrs would read it as 1.
    assert!(update(&deleting(0, (1 << 32) + 1)).is_err());
}

#[test]
fn what_is_out_of_order_or_there_twice_is_refused() {
    let clients = |a: u8, b: u8, c: u8| update(&[3, 1, a, 0, 0, 1, 1, b, 0, 0, 1, 1, c, 0, 0, 1, 0]);
    assert!(clients(9, 8, 7).is_ok());
    assert_eq!(clients(9, 8, 9), Err(Refused::OutOfOrder { what: "client", at: 12 }));
    assert!(clients(9, 9, 8).is_err() && clients(8, 9, 8).is_err());
    let deleting = |a: u8, b: u8| update(&[0, 2, a, 1, 0, 1, b, 1, 0, 1]);
    assert!(deleting(1, 2).is_ok() && deleting(2, 1).is_ok() && deleting(1, 1).is_err());
    let ranges = |a: u8, b: u8| update(&[0, 1, 7, 2, a, 2, b, 2]);
    assert!(ranges(0, 2).is_ok() && ranges(0, 9).is_ok());
    assert_eq!(ranges(0, 1), Err(Refused::OutOfOrder { what: "delete", at: 6 }));
    assert!(ranges(9, 0).is_err());
}

#[test]
fn a_gap_is_what_is_neither_in_the_update_nor_known() {
    let gap = |bytes: &[u8], known| update_onto(bytes, |client| if client == 7 { known } else { 0 }).unwrap().gap;
    // Client 7: from 4 on three, of which some or all may be known.
    let from_four = [1, 1, 7, 4, 0, 3, 0];
    assert!(gap(&from_four, 3) && !gap(&from_four, 4) && !gap(&from_four, 9));
    // Three, five skipped, one.
    let skipping = of_structs(3, &[0, 3, 10, 5, 0, 1]);
    assert!(gap(&skipping, 0) && gap(&skipping, 7) && !gap(&skipping, 8));
    // Of another client nothing is known.
    assert!(gap(&[1, 1, 8, 1, 0, 3, 0], 4) && !update(&[1, 1, 8, 1, 0, 3, 0]).unwrap().gap);
}

#[test]
fn types_inside_of_types_are_counted_and_bounded() {
    // In a root; in the one before; beside that one.
    let types = of_structs(3, &[7, 1, 1, b't', 1, 0x27, 0, 7, 0, 1, b'k', 1, 0x87, 7, 1, 0]);
    assert_eq!(update(&types).unwrap().nested, 2);
    let many = |count: usize| update(&of_structs(count as u64, &[0x87, 7, 1, 0].repeat(count)));
    assert!(many(MAX_NESTED).is_ok());
    assert!(matches!(many(MAX_NESTED + 1), Err(Refused::TooLarge { what: "count of nested types", .. })));
}

#[test]
fn nothing_is_empty() {
    for bytes in [of_structs(1, &[0, 0]), of_structs(1, &[10, 0]), of_item(1, &[0]), of_item(4, &[0]), of_item(8, &[0]), vec![1, 0, 7, 0, 0, 0, 0]] {
        assert!(matches!(update(&bytes), Err(Refused::Empty { .. })), "{bytes:?} {:?}", update(&bytes));
    }
    assert!(matches!(update(&[0, 1, 7, 0, 0, 0]), Err(Refused::Empty { .. })) && matches!(update(&[0, 1, 7, 1, 5, 0]), Err(Refused::Empty { .. })));
}

#[test]
fn values_and_json_are_nested_so_deep_and_no_deeper() {
    let arrays = |depth: usize| of_value(&[[117, 1].repeat(depth), vec![126]].concat());
    let objects = |depth: usize| of_value(&[[118, 1, 0].repeat(depth), vec![126]].concat());
    let json = |depth: usize| of_item(5, &text(&("[".repeat(depth) + &"]".repeat(depth))));
    for nested in [arrays, objects, json] {
        assert!(update(&nested(MAX_NESTING)).is_ok());
        assert!(matches!(update(&nested(MAX_NESTING + 1)), Err(Refused::TooDeep { .. })));
        assert!(matches!(update(&nested(1 << 18)), Err(Refused::TooDeep { .. })));
    }
}

#[test]
fn what_is_no_text_no_json_or_of_no_kind_is_refused() {
    assert!(matches!(update(&of_item(4, &[1, 0xff])), Err(Refused::Malformed { what: "text", at: 8 })));
    assert!(matches!(update(&of_structs(1, &[4, 1, 1, 0xc3, 1, b'x'])), Err(Refused::Malformed { what: "parent", .. })));
    for json in ["", "undefined", "{", "[1,]", "{}{}", "]"] {
        assert!(matches!(update(&of_item(5, &text(json))), Err(Refused::Malformed { what: "embedded JSON", at: 8 })), "{json}");
    }
    for (kind, content) in [(0, [1, 0]), (10, [1, 0]), (11, [1, 0]), (20, [1, b'x']), (7, [7, 0]), (7, [9, 0]), (7, [15, 0]), (8, [1, 115])] {
        assert!(matches!(update(&of_item(kind | 0x20, &[&[1, b'k'][..], &content].concat())), Err(Refused::Unknown { .. })), "{kind} {content:?}");
    }
    assert!(matches!(update(&of_structs(1, &[4, 2, 1, b't', 1, b'x'])), Err(Refused::Unknown { what: "parent", .. })));
    // Larger than JavaScript counts; yrs would shift out of range.
    for integer in [[0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0], [0x80; 9]] {
        assert!(matches!(update(&of_value(&[&[125], &integer[..]].concat())), Err(Refused::TooLarge { what: "integer", .. })));
    }
}

#[test]
fn what_yjs_and_yrs_read_differently_is_refused() {
    assert_eq!(update(&of_item(2, &[vec![1], text("1")].concat())), Err(Refused::Disputed { what: "content of JSON", at: 4 }));
    assert_eq!(update(&of_item(7, &[vec![5], text("hook")].concat())), Err(Refused::Disputed { what: "XML hook", at: 8 }));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = update(&bytes);
        let _ = vector(&bytes);
        let _ = update(&of_item(bytes.len() as u8 % 12, &bytes));
    }
}
