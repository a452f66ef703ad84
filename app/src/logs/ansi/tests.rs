use super::*;
use proptest::prelude::*;

fn look(raw: &str) -> Vec<(String, Style)> {
    spans(raw).into_iter().map(|span| (span.text, span.style)).collect()
}

fn in_colour(colour: u8) -> Style {
    Style { text: Some(Ansi(colour)), ..Style::default() }
}

#[test]
fn colours_become_spans() {
    assert_eq!(look("a \u{1b}[31mred\u{1b}[0m b"), [("a ".into(), Style::default()), ("red".into(), in_colour(1)), (" b".into(), Style::default())]);
    assert_eq!(look("\u{1b}[1;92mok\u{1b}[m"), [("ok".into(), Style { bold: true, ..in_colour(10) })]);
    assert_eq!(look("\u{1b}[38;5;196mx"), [("x".into(), in_colour(1))]);
    assert_eq!(look("\u{1b}[38:2::90:200:250mx"), [("x".into(), in_colour(14))]);
    assert_eq!(look("\u{1b}[48;2;0;0;200mx"), [("x".into(), Style { ground: Some(Ansi(4)), ..Style::default() })]);
    assert_eq!(look("\u{9b}33mx"), [("x".into(), in_colour(3))], "the C1 form");
}

#[test]
fn what_is_no_colour_is_dropped() {
    for (raw, text) in [
        ("\u{1b}[2Kdone", "done"),
        ("\u{1b}]0;title\u{7}text", "text"),
        ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
        ("\u{1b}(Bx", "x"),
        ("\u{1b}Mx\u{1b}", "x"),
        ("a\u{8}b\u{0}c", "abc"),
        ("10%\r20%\r", "10% 20%"),
        ("\u{1b}[31", ""),
        ("tab\tstays", "tab\tstays"),
    ] {
        assert_eq!(plain(raw), text, "{raw:?}");
    }
}

#[test]
fn an_unfinished_control_string_hides_nothing() {
    assert_eq!(plain("\u{1b}]0;all of this is text"), "0;all of this is text");
}

proptest! {
    #[test]
    fn no_control_character_gets_through_and_spans_join_to_the_plain_text(raw in hostile()) {
        let text = plain(&raw).into_owned();
        prop_assert!(!text.chars().any(is_control), "{text:?}");
        prop_assert_eq!(spans(&raw).into_iter().map(|span| span.text).collect::<String>(), text.clone());
        prop_assert_eq!(plain(&text).into_owned(), text, "what is plain stays as it is");
    }

    #[test]
    fn text_without_control_characters_is_untouched(raw in "[^\\p{Cc}]{0,80}") {
        prop_assert_eq!(plain(&raw).into_owned(), raw);
    }
}

/// Text in which escape sequences, whole and broken, are frequent.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z =\\[\\]{}\":0-9]{0,12}",
        "\u{1b}\\[[0-9;:?]{0,8}[a-zA-Z]?",
        "\u{1b}[\\]PX^_][ -~]{0,6}(\u{7}|\u{1b}\\\\)?",
        "\u{1b}.?",
        "\\PC{0,4}",
        "[\\x00-\\x1f\\x7f-\u{9f}]{1,3}",
    ];
    proptest::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}
