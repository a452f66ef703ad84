//! Fuzzy matching: a word's letters in their order, the more together and the more at starts of words the better.

/// What a letter found is worth.
const LETTER: i32 = 16;
/// Right behind the one before.
const CONSECUTIVE: i32 = 12;
/// At the start of a part of the name (behind `-`, `.`, `/`, `_`, `:` or a space).
const WORD_START: i32 = 10;
/// At the start of the name, on top.
const NAME_START: i32 = 4;
/// For each letter left out between two found ones, at most [`MAX_GAP`] in all.
const GAP: i32 = 1;
const MAX_GAP: i32 = 12;
/// The word is the whole name.
const WHOLE: i32 = 40;
/// Beyond this many bytes a name counts as if it ended: names of Kubernetes end at 253, and what tells them apart stands before that.
const LONGEST: usize = 128;
const NEVER: i32 = i32::MIN / 2;

/// Which letters a text has, as bits: what lacks one of a word's letters cannot match it.
pub(super) fn mask(text: &str) -> u64 {
    text.bytes().fold(0, |mask, byte| mask | bit(byte))
}

/// All bytes that have no bit of their own.
const OTHERS: u64 = 1 << 38;

fn bit(byte: u8) -> u64 {
    match byte.to_ascii_lowercase() {
        letter @ b'a'..=b'z' => 1 << (letter - b'a'),
        digit @ b'0'..=b'9' => 1 << (26 + digit - b'0'),
        b'-' => 1 << 36,
        b'.' => 1 << 37,
        _ => OTHERS,
    }
}

/// Two letters that stand together, as one of 64 bits: others may have the same.
fn pair_bit(pair: &[u8]) -> u64 {
    let [a, b] = [pair[0], pair[1]].map(|byte| u32::from(byte.to_ascii_lowercase()));
    1 << ((a * 167 + b * 59) >> 1 & 63)
}

fn pairs(text: &[u8]) -> u64 {
    text.windows(2).fold(0, |pairs, pair| pairs | pair_bit(pair))
}

/// What a text is like, made once: most texts show by that alone that a word is not in them, or not better than others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Summary {
    letters: u64,
    /// Letters that its parts begin with.
    starts: u64,
    pairs: u64,
    first: u8,
    length: u8,
}

impl Summary {
    pub(super) fn of(text: &str) -> Summary {
        let text = clipped(text);
        let starts = (0..text.len()).filter(|at| start_bonus(text, *at) > 0).fold(0, |starts, at| starts | bit(text[at]));
        let letters = text.iter().fold(0, |letters, byte| letters | bit(*byte));
        let first = text.first().map_or(0, u8::to_ascii_lowercase);
        Summary { letters, starts, pairs: pairs(text), first, length: u8::try_from(text.len()).unwrap_or(u8::MAX) }
    }

    /// Which letters it has.
    pub(super) fn letters(&self) -> u64 {
        self.letters
    }
}

/// A word that is looked for, in lower case and not empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a> {
    bytes: &'a [u8],
    letters: u64,
    pairs: u64,
}

impl<'a> Word<'a> {
    pub(super) fn of(word: &'a str) -> Word<'a> {
        Word { bytes: word.as_bytes(), letters: mask(word), pairs: pairs(word.as_bytes()) }
    }

    /// Which letters it has.
    pub(super) fn letters(&self) -> u64 {
        self.letters
    }

    /// More than its letters can be worth where they do not all stand together.
    fn most_scattered(&self, text: &Summary) -> i32 {
        let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX / 64);
        let starts = self.bytes.iter().filter(|letter| text.starts & bit(**letter) != 0).count();
        let together = self.bytes.windows(2).filter(|pair| text.pairs & pair_bit(pair) != 0).count().min(self.bytes.len().saturating_sub(2));
        let name_start = if self.letters & bit(text.first) != 0 { NAME_START } else { 0 };
        count(self.bytes.len()) * LETTER + count(starts) * WORD_START + name_start + count(together) * CONSECUTIVE
    }
}

/// Where a word stands as a whole in a text, as far as that is known: a longer word that begins with it stands nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Place {
    #[default]
    Unknown,
    Nowhere,
    At(u8),
}

/// How well a word matches, as far as it can be told at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glance {
    /// It stands there as a whole: this well.
    Exactly(i32),
    /// Its letters are scattered: at most this well. [`score`] tells how well.
    AtMost(i32),
}

/// How well a word matches a text of this summary at a glance, and where; `None` = not at all. `before` is of the same word or of its beginning. Allocates nothing.
pub(super) fn glance(word: &Word<'_>, text: &str, summary: &Summary, before: Place) -> Option<(Glance, Place)> {
    let letters = word.bytes.len();
    if summary.letters & word.letters != word.letters || letters > usize::from(summary.length) {
        return None;
    }
    let whole = if letters == usize::from(summary.length) { WHOLE } else { 0 };
    if let [letter] = word.bytes
        && word.letters != OTHERS
    {
        let start = match (summary.first == *letter, summary.starts & word.letters) {
            (true, _) => WORD_START + NAME_START,
            (false, 0) => 0,
            (false, _) => WORD_START,
        };
        return Some((Glance::Exactly(whole + run(1, start)), Place::Unknown));
    }
    let text = clipped(text);
    if before != Place::Nowhere && summary.pairs & word.pairs == word.pairs {
        let known = match before {
            Place::At(at) => Some(usize::from(at)).filter(|at| text[*at..].get(..letters).is_some_and(|there| there.eq_ignore_ascii_case(word.bytes))),
            Place::Unknown | Place::Nowhere => None,
        };
        if let Some(at) = known.or_else(|| substring(word.bytes, text)) {
            return Some((Glance::Exactly(whole + run(letters, start_bonus(text, at))), Place::At(u8::try_from(at).unwrap_or(u8::MAX))));
        }
    }
    is_subsequence(word.bytes, text).then(|| (Glance::AtMost(word.most_scattered(summary)), Place::Nowhere))
}

/// How well a word (in lower case, not empty) matches a text; `None` = not at all. Allocates nothing.
pub(super) fn score(word: &str, text: &str) -> Option<i32> {
    let (word, text) = (word.as_bytes(), clipped(text));
    if word.len() > text.len() || !is_subsequence(word, text) {
        return None;
    }
    let whole = if word.len() == text.len() { WHOLE } else { 0 };
    Some(substring(word, text).map_or_else(|| scattered(word, text), |at| whole + run(word.len(), start_bonus(text, at))))
}

/// The bytes of a text that a word matches, ascending; the same match that [`score`] values.
pub(super) fn positions(word: &str, text: &str) -> Vec<usize> {
    let (word, text) = (word.as_bytes(), clipped(text));
    if word.is_empty() || !is_subsequence(word, text) {
        return Vec::new();
    }
    if let Some(at) = substring(word, text) {
        return (at..at + word.len()).collect();
    }
    trace(word, text)
}

fn clipped(text: &str) -> &[u8] {
    &text.as_bytes()[..text.len().min(LONGEST)]
}

fn same(a: u8, b: u8) -> bool {
    a.eq_ignore_ascii_case(&b)
}

fn is_subsequence(word: &[u8], text: &[u8]) -> bool {
    let mut rest = text.iter();
    word.iter().all(|letter| rest.any(|byte| same(*byte, *letter)))
}

fn start_bonus(text: &[u8], at: usize) -> i32 {
    match at.checked_sub(1).map(|before| text[before]) {
        None => WORD_START + NAME_START,
        Some(b'-' | b'.' | b'/' | b'_' | b':' | b' ') => WORD_START,
        Some(_) => 0,
    }
}

/// What a run of letters is worth that begins with this bonus.
fn run(letters: usize, start: i32) -> i32 {
    let letters = i32::try_from(letters).unwrap_or(i32::MAX / 64);
    letters * LETTER + (letters - 1) * CONSECUTIVE + start
}

/// Where the whole word stands: the first place at a word's start, else the first.
fn substring(word: &[u8], text: &[u8]) -> Option<usize> {
    let mut found = None;
    for at in 0..(text.len() + 1).saturating_sub(word.len()) {
        if same(text[at], word[0]) && text[at..at + word.len()].eq_ignore_ascii_case(word) {
            if start_bonus(text, at) > 0 {
                return Some(at);
            }
            found = found.or(Some(at));
        }
    }
    found
}

/// The best score with each letter of the word at each place of the text, one letter after the other.
fn step(word: &[u8], letter: usize, text: &[u8], before: &[i32; LONGEST], now: &mut [i32; LONGEST]) {
    // The best end of the letters before, left of here by at least two, worn down by the gap.
    let mut reach = NEVER;
    let mut gap = 0;
    for at in 0..text.len() {
        if at >= 2 {
            if before[at - 2] > reach - GAP {
                (reach, gap) = (before[at - 2], 0);
            }
            if gap < MAX_GAP {
                reach -= GAP;
                gap += GAP;
            }
        }
        now[at] = NEVER;
        if !same(text[at], word[letter]) {
            continue;
        }
        let here = LETTER + start_bonus(text, at);
        let from = if letter == 0 {
            0
        } else {
            let adjacent = if at > 0 { before[at - 1] + CONSECUTIVE } else { NEVER };
            adjacent.max(reach)
        };
        if from > NEVER / 2 {
            now[at] = from + here;
        }
    }
}

fn scattered(word: &[u8], text: &[u8]) -> i32 {
    let (mut before, mut now) = ([NEVER; LONGEST], [NEVER; LONGEST]);
    for letter in 0..word.len() {
        step(word, letter, text, &before, &mut now);
        std::mem::swap(&mut before, &mut now);
    }
    before[..text.len()].iter().copied().max().unwrap_or(NEVER)
}

fn trace(word: &[u8], text: &[u8]) -> Vec<usize> {
    let mut table = Vec::with_capacity(word.len());
    let mut before = [NEVER; LONGEST];
    for letter in 0..word.len() {
        let mut now = [NEVER; LONGEST];
        step(word, letter, text, &before, &mut now);
        table.push(now);
        before = now;
    }
    // From the end: each letter stands where its score, less what the way from it costs, is best.
    let mut places = vec![0; word.len()];
    let mut end = text.len();
    let mut next: Option<usize> = None;
    for letter in (0..word.len()).rev() {
        let worth = |at: usize| {
            let value = table[letter][at];
            match next {
                Some(next) if next == at + 1 => value + CONSECUTIVE,
                Some(next) => value - i32::try_from(next - at - 1).unwrap_or(i32::MAX).min(MAX_GAP) * GAP,
                None => value,
            }
        };
        let Some(at) = (0..end).max_by_key(|at| (worth(*at), usize::MAX - at)) else { break };
        (places[letter], end, next) = (at, at, Some(at));
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Words in the order in which they match.
    fn ranked<'a>(word: &str, texts: &[&'a str]) -> Vec<&'a str> {
        let mut found: Vec<_> = texts.iter().filter_map(|text| Some((score(word, text)?, *text))).collect();
        found.sort_by_key(|(score, _)| -score);
        found.into_iter().map(|(_, text)| text).collect()
    }

    fn marked(word: &str, text: &str) -> String {
        let places = positions(word, text);
        text.bytes().enumerate().map(|(at, byte)| if places.contains(&at) { byte.to_ascii_uppercase() as char } else { byte as char }).collect()
    }

    #[test]
    fn the_whole_name_before_its_start_before_a_words_start_before_the_middle_before_scattered_letters() {
        let texts = ["xpxaxyx", "repay-queue", "web-pay", "payments-api", "pay", "nothing"];
        assert_eq!(ranked("pay", &texts), ["pay", "payments-api", "web-pay", "repay-queue", "xpxaxyx"]);
    }

    #[test]
    fn starts_of_words_make_initials_work() {
        assert_eq!(ranked("pa", &["spiral", "payments-api", "prod-api"]), ["payments-api", "prod-api", "spiral"]);
        assert_eq!(marked("papi", "payments-api"), "Payments-API");
        assert_eq!(marked("pa7d", "payments-api-7d9f8c"), "PAyments-api-7D9f8c");
    }

    #[test]
    fn letters_are_marked_where_they_match_best() {
        assert_eq!(marked("api", "apple-api"), "apple-API");
        assert_eq!(marked("web", "checkout-web-6f4"), "checkout-WEB-6f4");
        assert_eq!(marked("xyz", "payments"), "payments");
    }

    proptest! {
        // A failing case prints its seed and its smallest form.
        #[test]
        fn what_matches_is_found_marked_in_order_and_passes_the_mask(text in "[a-d.-]{1,20}", word in "[a-d]{1,5}") {
            let expected = { let mut rest = text.bytes(); word.bytes().all(|letter| rest.any(|byte| byte == letter)) };
            prop_assert_eq!(score(&word, &text).is_some(), expected);
            let places = positions(&word, &text);
            if expected {
                prop_assert_eq!(mask(&text) & mask(&word), mask(&word));
                prop_assert!(places.windows(2).all(|pair| pair[0] < pair[1]));
                prop_assert_eq!(places.iter().map(|at| text.as_bytes()[*at]).collect::<Vec<_>>(), word.as_bytes());
            } else {
                prop_assert!(places.is_empty());
            }
        }

        #[test]
        fn a_glance_never_promises_less_than_there_is(text in "[a-d.-]{1,20}", word in "[a-d]{1,5}") {
            let summary = Summary::of(&text);
            // Typed letter by letter, and at once.
            let mut place = Place::Unknown;
            for end in 1..=word.len() {
                let word = &word[..end];
                for before in [Place::Unknown, place] {
                    let glance = glance(&Word::of(word), &text, &summary, before);
                    match (glance, score(word, &text)) {
                        (Some((Glance::Exactly(glance), _)), Some(score)) => prop_assert_eq!(glance, score),
                        (Some((Glance::AtMost(most), _)), Some(score)) => prop_assert!(score <= most, "{} > {}", score, most),
                        (glance, score) => prop_assert!(glance.is_none() && score.is_none()),
                    }
                    place = glance.map_or(place, |(_, place)| place);
                }
            }
        }

        #[test]
        fn a_longer_word_matches_nothing_that_the_shorter_one_does_not(text in "[a-d-]{1,20}", word in "[a-d]{1,5}", more in "[a-d]") {
            if score(&format!("{word}{more}"), &text).is_some() {
                prop_assert!(score(&word, &text).is_some());
            }
        }
    }
}
