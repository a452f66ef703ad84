use super::*;
use crate::logs::ansi::plain;
use proptest::prelude::*;

fn shown(raw: &str) -> String {
    let parsed = parse(raw);
    let message: String = parsed.message.iter().map(|span| span.text.as_str()).collect();
    let fields: Vec<String> = parsed.fields.iter().map(|field| format!("{}={}", field.key, field.value)).collect();
    format!("{message} | {}", fields.join(" "))
}

#[test]
fn json_lines_fold_to_message_and_fields_in_their_order() {
    let line = r#"{"ts":"2026-11-21T14:06:01Z","level":"warn","msg":"slow upstream pricing","ms":1204,"limit":800,"url":"http://pricing:8080/quote","ok":false,"by":{"a":[1]}}"#;
    assert_eq!(shown(line), r#"slow upstream pricing | ms=1204 limit=800 url=http://pricing:8080/quote ok=false by={"a":[1]}"#);
    assert_eq!(parse(line).fields.iter().map(|field| field.sort).collect::<Vec<_>>(), [Sort::Number, Sort::Number, Sort::Text, Sort::Word, Sort::Nested]);
    assert!(parse(line).json);
}

#[test]
fn json_without_a_message_shows_its_fields() {
    assert_eq!(shown(r#"{"status":200,"msg":7}"#), " | status=200 msg=7");
    assert!(!parse(r#"{"open": "#).json);
    assert!(!parse(r#"{"a":1} {"b":2}"#).json, "two objects are text");
}

#[test]
fn escapes_inside_json_texts_become_colours_too() {
    let parsed = parse(r#"{"msg":"\u001b[31mred\u001b[0m","k\u001b[1m":"v\u001b[2J"}"#);
    assert_eq!(parsed.message[0].text, "red");
    assert_eq!((parsed.fields[0].key.as_str(), parsed.fields[0].value.as_str()), ("k", "v"));
}

#[test]
fn trailing_pairs_are_fields_and_pairs_within_a_sentence_are_text() {
    assert_eq!(shown("starting payments-api version=2.31.4"), "starting payments-api | version=2.31.4");
    assert_eq!(shown(r#"level=error msg="connect postgres" attempt=3 err="i/o \"timeout\"""#), r#"connect postgres | attempt=3 err=i/o "timeout""#);
    assert_eq!(shown("2026-11-21T22:51:35Z WARN  queue is filling n=7"), "queue is filling | n=7");
    assert_eq!(shown("set a=1 and go"), "set a=1 and go | ");
    assert_eq!(shown("GET /v1?x=1 200"), "GET /v1?x=1 200 | ");
    assert_eq!(shown("\u{1b}[36mkafka\u{1b}[0m connected brokers=3"), "kafka connected | brokers=3");
}

proptest! {
    #[test]
    fn no_line_panics_and_no_control_character_reaches_the_screen(raw in crate::logs::ansi::tests::hostile()) {
        let parsed = parse(&raw);
        let texts = parsed.message.iter().map(|span| &span.text).chain(parsed.fields.iter().flat_map(|field| [&field.key, &field.value]));
        for text in texts {
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\t'), "{text:?}");
        }
        crate::logs::trace::Classifier::default().next(&plain(&raw));
    }

    #[test]
    fn a_line_without_pairs_shows_all_of_its_text(raw in "[^=\\p{Cc}{]{0,60}") {
        prop_assert_eq!(parse(&raw).message.into_iter().map(|span| span.text).collect::<String>(), raw);
    }

    #[test]
    fn pairs_come_back_as_they_were_written(pairs in proptest::collection::vec(("x[a-z.]{0,6}", "[ -~]{0,10}"), 1..6)) {
        let quoted = |value: &str| format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
        let line = pairs.iter().map(|(key, value)| format!("{key}={}", quoted(value))).collect::<Vec<_>>().join(" ");
        let read: Vec<(String, String)> = parse(&format!("word {line}")).fields.into_iter().map(|field| (field.key, field.value)).collect();
        prop_assert_eq!(read, pairs);
    }

    #[test]
    fn members_of_a_json_line_come_back_as_they_were_written(members in proptest::collection::vec(("x[a-z]{0,6}", "\\PC{0,10}"), 0..6)) {
        let line = members.iter().map(|(key, value)| format!("{}:{}", serde_json::json!(key), serde_json::json!(value))).collect::<Vec<_>>().join(",");
        let read: Vec<(String, String)> = parse(&format!("{{{line}}}")).fields.into_iter().map(|field| (field.key, field.value)).collect();
        prop_assert_eq!(read, members);
    }
}
