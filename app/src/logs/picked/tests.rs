use super::*;
use crate::logs::stamp::Stamp;
use proptest::prelude::*;

const TEXTS: [&str; 6] = ["ERROR pay", "INFO basket", "  at frame", "  at pay", "plain", "WARN pay"];

/// The same by definition, over the whole buffer.
fn model(buffer: &Buffer, filter: &Filter) -> Vec<EntryId> {
    let mut before = false;
    (buffer.first()..buffer.end())
        .filter(|id| {
            before = filter.picks(buffer.get(*id).unwrap(), before);
            before
        })
        .collect()
}

proptest! {
    #[test]
    fn slices_in_any_order_pick_what_one_pass_picks(
        start in proptest::collection::vec(0..TEXTS.len(), 0..60),
        steps in proptest::collection::vec(prop_oneof![(1..9_u64).prop_map(Err), (0..TEXTS.len()).prop_map(Ok)], 0..60),
        level in prop_oneof![Just(None), Just(Some(Level::Error)), Just(Some(Level::Warn))],
        words in any::<bool>(),
    ) {
        let filter = Filter { matcher: words.then(|| Matcher::text("PAY")), level, sources: None };
        let mut buffer = Buffer::default();
        for text in start {
            buffer.push_line(0, Stamp::default(), TEXTS[text].into());
        }
        let mut picked = Picked::new(&buffer);
        for step in steps {
            match step {
                Ok(text) => buffer.push_line(0, Stamp::default(), TEXTS[text].into()),
                Err(count) => drop(picked.older(&buffer, count, |_, entry, before| filter.picks(entry, before))),
            }
        }
        while !picked.older(&buffer, 7, |_, entry, before| filter.picks(entry, before)) {}
        prop_assert_eq!(picked.ids().iter().copied().collect::<Vec<_>>(), model(&buffer, &filter));
    }

    #[test]
    fn a_text_is_found_in_any_case_on_character_borders(text in "[a-zA-ZäÄİß ]{0,20}", needle in "[a-zA-ZäÄß]{1,3}") {
        let found = Matcher::text(&needle).find(&text);
        for (from, to) in &found {
            prop_assert_eq!(text[*from..*to].to_lowercase(), needle.to_lowercase());
        }
        prop_assert!(found.windows(2).all(|pair| pair[0].1 <= pair[1].0));
        if text.contains(&needle) {
            prop_assert!(!found.is_empty());
        }
    }
}

#[test]
fn forgotten_entries_are_let_go() {
    let mut buffer = Buffer::default();
    buffer.push_line(0, Stamp::default(), "pay".into());
    let filter = Filter { matcher: Some(Matcher::text("pay")), level: None, sources: None };
    let mut picked = Picked::new(&buffer);
    picked.older(&buffer, 10, |_, entry, before| filter.picks(entry, before));
    assert_eq!(picked.ids().len(), 1);
    for _ in 0..crate::logs::buffer::CAPACITY {
        buffer.push_line(0, Stamp::default(), "other".into());
    }
    picked.newer(&buffer, |_, entry, before| filter.picks(entry, before));
    assert!(picked.ids().is_empty() && picked.is_done(&buffer));
}
