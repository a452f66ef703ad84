//! Random keys.

use std::sync::Arc;

/// A key that no other will equal: twelve characters, 62 bits.
pub fn new_id() -> Arc<str> {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    (0..12).map(|_| char::from(DIGITS[(js_sys::Math::random() * 36.0) as usize % 36])).collect::<String>().into()
}

/// A random number below 2^53, to tell copies of a document apart.
pub fn client_number() -> u64 {
    (js_sys::Math::random() * 9_007_199_254_740_992.0) as u64
}
