use super::*;
use crate::rows::fixtures::{crashing, event, pending, running};

fn passing(filter: &str) -> Vec<String> {
    let rows = [running("api-1", "web"), crashing("api-2", "payments"), pending("ledger-1", "payments"), event("e-1", "2026-11-21T14:00:00Z")];
    let filter = Filter::parse(filter);
    rows.iter().filter(|row| filter.passes(row)).map(|row| row.name.clone()).collect()
}

#[test]
fn each_term_of_the_language_filters_and_all_must_hold() {
    let cases: [(&str, &[&str]); 16] = [
        ("", &["api-1", "api-2", "ledger-1", "e-1"]),
        ("api", &["api-1", "api-2", "e-1"]),
        ("API", &["api-1", "api-2", "e-1"]),
        ("api ns:payments", &["api-2"]),
        ("ns:web", &["api-1", "e-1"]),
        ("!ns:web", &["api-2", "ledger-1"]),
        ("status:bad", &["api-2"]),
        ("status:pending", &["ledger-1"]),
        ("status:ok", &["api-1"]),
        ("status:warn", &["e-1"]),
        ("!status:ok ns:payments", &["api-2", "ledger-1"]),
        ("app=api", &["api-1", "api-2", "ledger-1"]),
        ("tier=", &["api-1", "api-2", "ledger-1"]),
        ("app=other", &[]),
        ("!api-2 app=api", &["api-1", "ledger-1"]),
        ("crashloop", &["api-2"]),
    ];
    for (filter, expected) in cases {
        assert_eq!(passing(filter), expected, "{filter}");
    }
}

#[test]
fn what_is_half_typed_filters_nothing_yet() {
    for filter in ["ns:", "status:", "!", "!ns:", "   "] {
        assert!(Filter::parse(filter).is_empty(), "{filter}");
    }
}

#[test]
fn a_status_that_is_none_shows_nothing_instead_of_everything() {
    assert_eq!(passing("status:broken"), [""; 0]);
}

#[test]
fn label_terms_alone_are_a_selector() {
    let selector = |text: &str| Filter::parse(text).selector();
    assert_eq!(selector("tier=back app=api").as_deref(), Some("app=api,tier=back"));
    assert_eq!(selector("!app=api tier= !canary=").as_deref(), Some("app!=api,!canary,tier"));
    for other in ["", "api", "app=api x", "app=\u{e4}", "ns:web app=api"] {
        assert_eq!(selector(other), None, "{other}");
    }
}
