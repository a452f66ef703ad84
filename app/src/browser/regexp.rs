//! The browser's regular expressions: they cost no byte of the page.

use js_sys::{Array, Function, Reflect, RegExp};
use wasm_bindgen::{JsCast, JsValue};

/// Finds what a pattern matches: byte ranges in order, empty ones left out. `None` for what is no pattern.
pub fn finder(pattern: &str, ignore_case: bool) -> Option<impl Fn(&str) -> Vec<(usize, usize)> + 'static> {
    let flags = if ignore_case { "giu" } else { "gu" };
    // Called as a function, so that a pattern that is none is an error here and no exception through Rust.
    let constructor: Function = Reflect::get(&js_sys::global(), &"RegExp".into()).ok()?.dyn_into().ok()?;
    let pattern: RegExp = constructor.call2(&JsValue::UNDEFINED, &pattern.into(), &flags.into()).ok()?.dyn_into().ok()?;
    Some(move |text: &str| find(&pattern, text))
}

fn find(pattern: &RegExp, text: &str) -> Vec<(usize, usize)> {
    pattern.set_last_index(0);
    let mut found = Vec::new();
    let mut units = Units { text, byte: 0, unit: 0 };
    while let Some(matched) = pattern.exec(text) {
        let begin = Reflect::get(&matched, &"index".into()).ok().and_then(|index| index.as_f64()).unwrap_or(0.0) as u32;
        let end = pattern.last_index();
        if end > begin {
            found.push((units.byte_of(begin), units.byte_of(end)));
        } else {
            pattern.set_last_index(end + 1);
        }
        if matched.unchecked_ref::<Array>().length() == 0 {
            break;
        }
    }
    found
}

/// Walks from UTF-16 units, in which the browser counts, to bytes.
struct Units<'a> {
    text: &'a str,
    byte: usize,
    unit: u32,
}

impl Units<'_> {
    fn byte_of(&mut self, unit: u32) -> usize {
        for letter in self.text[self.byte..].chars() {
            if self.unit >= unit {
                break;
            }
            self.unit += letter.len_utf16() as u32;
            self.byte += letter.len_utf8();
        }
        self.byte
    }
}
