//! What this person's clock and selection say.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = getSelection)]
    fn get_selection() -> JsValue;
}

/// Seconds that local time is ahead of UTC now.
pub fn utc_offset_secs() -> i64 {
    -(js_sys::Date::new_0().get_timezone_offset() as i64) * 60
}

/// Whether text is marked: then a click was the end of marking it.
pub fn has_selection() -> bool {
    js_sys::Reflect::get(&get_selection(), &"isCollapsed".into()).is_ok_and(|collapsed| collapsed == JsValue::FALSE)
}
