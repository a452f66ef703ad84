//! A session as it lies where other proxies find it: whoever has the cookie can read it, and nobody else.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};

use crate::config::Secret;

/// So that the key serves this and nothing else (RFC 5869, 3.1 and 3.2).
const SALT: &[u8] = b"krateyard";
const PURPOSE: &[u8] = b"session";

/// What another proxy needs to go on with a session.
#[derive(Encode, Decode, PartialEq)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Record {
    #[n(0)]
    pub(super) name: String,
    #[n(1)]
    pub(super) uid: String,
    #[n(2)]
    pub(super) groups: Vec<String>,
    #[n(3)]
    pub(super) extra: BTreeMap<String, Vec<String>>,
    #[n(4)]
    pub(super) token: String,
    /// Seconds since 1970.
    #[n(5)]
    pub(super) began: i64,
    /// Seconds since 1970.
    #[n(6)]
    pub(super) expires: i64,
}

/// Seals a record, which then opens under this id alone.
///
/// # Errors
/// Where there is no randomness.
pub(super) fn seal(cookie: &Secret, id: &str, record: &Record) -> Result<Vec<u8>, getrandom::Error> {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce)?;
    let mut text = minicbor::to_vec(record).expect("a vector takes everything");
    key(cookie).seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(id), &mut text).expect("a session is short");
    Ok([&nonce[..], &text].concat())
}

/// Opens what was sealed for this cookie and id; `None` for everything else.
pub(super) fn open(cookie: &Secret, id: &str, sealed: &[u8]) -> Option<Record> {
    let (nonce, text) = sealed.split_at_checked(NONCE_LEN)?;
    let mut text = text.to_vec();
    let opened = key(cookie).open_in_place(Nonce::try_assume_unique_for_key(nonce).ok()?, Aad::from(id), &mut text).ok()?;
    minicbor::decode(opened).ok()
}

/// A cookie is 256 random bits: no more has to be done than to spread them.
fn key(cookie: &Secret) -> LessSafeKey {
    let spread = Salt::new(HKDF_SHA256, SALT).extract(cookie.reveal().as_bytes());
    let key = UnboundKey::from(spread.expand(&[PURPOSE], &CHACHA20_POLY1305).expect("a key is shorter than 255 hashes"));
    LessSafeKey::new(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_cookie_opens_what_was_sealed_for_it_and_for_that_session() {
        let (cookie, other) = (Secret::new("a".repeat(43)), Secret::new("b".repeat(43)));
        let extra = BTreeMap::from([("scopes".to_owned(), vec!["all".to_owned()])]);
        let (name, groups, token) = ("ann".to_owned(), vec!["dev".to_owned()], "seesaw".to_owned());
        let record = Record { name, uid: "1".into(), groups, extra, token, began: 1, expires: 2 };
        let sealed = seal(&cookie, "id", &record).unwrap();
        assert_eq!(open(&cookie, "id", &sealed).as_ref(), Some(&record));
        assert!(open(&other, "id", &sealed).is_none() && open(&cookie, "di", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&cookie, "id", &changed).is_none() && open(&cookie, "id", &sealed[..at]).is_none(), "{at}");
        }
        assert!(!sealed.windows(6).any(|part| part == b"seesaw"));
        assert_ne!(seal(&cookie, "id", &record).unwrap(), sealed);
    }
}
