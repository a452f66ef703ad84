//! The terminal: xterm 6 behind the few calls that a shell needs. `xterm-js-rs` gives the methods that still exist in 6.0; the rest is bound here.

mod theme;

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Function, Object, Reflect, Uint8Array};
use krateyard_shared::shell::Size;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, KeyboardEvent, ResizeObserver};
use xterm_js_rs::addons::fit::FitAddon;
use xterm_js_rs::{Disposable, Terminal};

use theme::ThemeWatch;

#[wasm_bindgen(module = "/src/terminal/xterm.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn create(options: &Object) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    fn unscale(terminal: &Terminal) -> Result<(), JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// What `create` gives.
    type Parts;
    #[wasm_bindgen(method, getter)]
    fn terminal(this: &Parts) -> Terminal;
    #[wasm_bindgen(method, getter)]
    fn fit(this: &Parts) -> FitAddon;
    #[wasm_bindgen(method, getter)]
    fn search(this: &Parts) -> SearchAddon;

    type SearchAddon;
    #[wasm_bindgen(method, js_name = findNext)]
    fn find_next(this: &SearchAddon, text: &str, options: &JsValue) -> bool;
    #[wasm_bindgen(method, js_name = findPrevious)]
    fn find_previous(this: &SearchAddon, text: &str, options: &JsValue) -> bool;
    #[wasm_bindgen(method, js_name = clearDecorations)]
    fn clear_decorations(this: &SearchAddon);

    /// The part of a terminal that changed since the version which `xterm-js-rs` binds.
    type Terminal6;
    #[wasm_bindgen(method, getter)]
    fn options(this: &Terminal6) -> Object;
    #[wasm_bindgen(method)]
    fn write(this: &Terminal6, bytes: &Uint8Array, done: &Function);
}

/// What a person does at a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScreenEvent {
    /// Typed or pasted, as the shell gets it.
    Typed(Vec<u8>),
    /// It has another size.
    Resized(Size),
    /// So many bytes are on the screen.
    Drawn(u64),
    /// Ctrl/Cmd+Shift+Escape: the keyboard goes back to the canvas.
    Left,
    /// Ctrl/Cmd+Shift+F: search.
    Search,
}

/// A terminal in the page. Dropping it takes it away.
pub struct Screen {
    parts: Parts,
    tell: Rc<dyn Fn(ScreenEvent)>,
    /// Whether keys reach a shell.
    live: Rc<Cell<bool>>,
    heard: Vec<Disposable>,
    resize: ResizeObserver,
    _theme: ThemeWatch,
    _closures: Vec<Box<dyn std::any::Any>>,
}

/// Lines that one can scroll back.
const SCROLLBACK: f64 = 5000.0;
/// Width of the scroll bar, in CSS pixels.
const SCROLL_BAR: f64 = 8.0;
/// Least contrast of text, on both themes (look.md).
const CONTRAST: f64 = 4.5;

impl Screen {
    /// Makes a terminal that fills `host`; loads xterm with the first one.
    ///
    /// # Errors
    /// When xterm can not be loaded.
    pub async fn open(host: HtmlElement, tell: impl Fn(ScreenEvent) + 'static) -> Result<Screen, JsValue> {
        let parts: Parts = create(&options()).await?.unchecked_into();
        let tell: Rc<dyn Fn(ScreenEvent)> = Rc::new(tell);
        let terminal = parts.terminal();
        terminal.open(host.clone());
        unscale(&terminal)?;
        let mut closures: Vec<Box<dyn std::any::Any>> = Vec::new();
        let mut heard = Vec::new();

        let typed = Closure::<dyn FnMut(String)>::new({
            let tell = tell.clone();
            move |text: String| tell(ScreenEvent::Typed(text.into_bytes()))
        });
        heard.push(terminal.on_data(typed.as_ref().unchecked_ref()));
        let binary = Closure::<dyn FnMut(String)>::new({
            let tell = tell.clone();
            // xterm hands bytes over as characters below 256 (mouse reports in the oldest encoding).
            move |text: String| tell(ScreenEvent::Typed(text.chars().map(|c| c as u8).collect()))
        });
        heard.push(terminal.on_binary(binary.as_ref().unchecked_ref()));
        let resized = Closure::<dyn FnMut(JsValue)>::new({
            let tell = tell.clone();
            move |size: JsValue| tell(ScreenEvent::Resized(Size { cols: number(&size, "cols"), rows: number(&size, "rows") }))
        });
        heard.push(terminal.on_resize(resized.as_ref().unchecked_ref()));
        let live = Rc::new(Cell::new(true));
        let keys = Closure::<dyn FnMut(KeyboardEvent) -> bool>::new({
            let (tell, terminal, live) = (tell.clone(), parts.terminal(), live.clone());
            move |key: KeyboardEvent| is_for_shell(&key, live.get(), &terminal, &*tell)
        });
        terminal.attach_custom_key_event_handler(keys.as_ref().unchecked_ref());
        let fits = Closure::<dyn FnMut()>::new({
            let (fit, host) = (parts.fit(), host.clone());
            // Computed sizes, which a scaled canvas does not change. A window that is not shown has none.
            move || {
                if host.offset_width() > 0 && host.offset_height() > 0 {
                    fit.fit();
                }
            }
        });
        let resize = ResizeObserver::new(fits.as_ref().unchecked_ref())?;
        resize.observe(&host);
        let theme = ThemeWatch::start({
            let terminal: Terminal6 = parts.terminal().unchecked_into();
            move || set(&terminal.options(), "theme", &theme::read().into())
        });
        closures.push(Box::new((typed, binary, resized)));
        closures.push(Box::new((keys, fits)));
        parts.fit().fit();
        Ok(Screen { parts, tell, live, heard, resize, _theme: theme, _closures: closures })
    }

    /// Its size in cells.
    pub fn size(&self) -> Size {
        let terminal = self.parts.terminal();
        Size { cols: terminal.get_cols() as u16, rows: terminal.get_rows() as u16 }
    }

    /// Draws bytes; [`ScreenEvent::Drawn`] tells when they are on the screen.
    pub fn draw(&self, bytes: &[u8]) {
        let (tell, count) = (self.tell.clone(), bytes.len() as u64);
        let done = Closure::once_into_js(move || tell(ScreenEvent::Drawn(count)));
        self.parts.terminal().unchecked_into::<Terminal6>().write(&Uint8Array::from(bytes), done.unchecked_ref());
    }

    /// Empties it.
    pub fn reset(&self) {
        self.parts.terminal().reset();
    }

    /// Gives it the keyboard.
    pub fn focus(&self) {
        self.parts.terminal().focus();
    }

    /// Takes the keyboard from it.
    pub fn blur(&self) {
        self.parts.terminal().blur();
    }

    /// Whether keys reach a shell: a session that is over has no cursor (DECTCEM).
    pub fn set_live(&self, live: bool) {
        let options = self.parts.terminal().unchecked_into::<Terminal6>().options();
        set(&options, "disableStdin", &JsValue::from_bool(!live));
        self.live.set(live);
        if !live {
            self.draw(b"\x1b[?25l");
        }
    }

    /// Shows the next (or the previous) place with this text; false when there is none. An empty text clears the marks.
    pub fn find(&self, text: &str, backwards: bool) -> bool {
        let search = self.parts.search();
        if text.is_empty() {
            search.clear_decorations();
            self.parts.terminal().clear_selection();
            return false;
        }
        let options = theme::find_options();
        if backwards { search.find_previous(text, &options) } else { search.find_next(text, &options) }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.resize.disconnect();
        for heard in &self.heard {
            heard.dispose();
        }
        self.parts.terminal().dispose();
    }
}

fn options() -> Object {
    let options = Object::new();
    set(&options, "fontFamily", &theme::font().into());
    set(&options, "fontSize", &12.0.into());
    set(&options, "lineHeight", &1.2.into());
    set(&options, "minimumContrastRatio", &CONTRAST.into());
    set(&options, "scrollback", &SCROLLBACK.into());
    set(&options, "cursorInactiveStyle", &"outline".into());
    set(&options, "macOptionIsMeta", &JsValue::TRUE);
    set(&options, "fontWeightBold", &"600".into());
    // The search's marks are decorations, which xterm still calls a proposal.
    set(&options, "allowProposedApi", &JsValue::TRUE);
    // Its width is that of the scroll bar.
    let ruler = Object::new();
    set(&ruler, "width", &SCROLL_BAR.into());
    set(&options, "overviewRuler", &ruler);
    set(&options, "theme", &theme::read().into());
    options
}

/// Keys that are ours; everything else, Escape included, is the shell's while there is one.
fn is_for_shell(key: &KeyboardEvent, live: bool, terminal: &Terminal, tell: &dyn Fn(ScreenEvent)) -> bool {
    let chord = (key.ctrl_key() || key.meta_key()) && key.shift_key();
    let leaves = !live && key.key() == "Escape";
    if !(chord || leaves) || key.type_() != "keydown" {
        return true;
    }
    let event = match key.key().to_ascii_lowercase().as_str() {
        "escape" => Some(ScreenEvent::Left),
        "f" => Some(ScreenEvent::Search),
        "c" => {
            let clipboard = leptos::prelude::window().navigator().clipboard();
            let selected = terminal.get_selection();
            if !selected.is_empty() {
                let _ = clipboard.write_text(&selected);
            }
            None
        }
        // The browser pastes, and xterm takes it from there.
        "v" => return false,
        _ => return true,
    };
    key.prevent_default();
    key.stop_propagation();
    if let Some(event) = event {
        tell(event);
    }
    false
}

fn set(object: &Object, key: &str, value: &JsValue) {
    // Fails only for frozen objects and proxies, which none of these is.
    let _ = Reflect::set(object, &key.into(), value);
}

fn number(object: &JsValue, key: &str) -> u16 {
    Reflect::get(object, &key.into()).ok().and_then(|value| value.as_f64()).map_or(0, |value| value as u16)
}

/// Why the browser could not load the terminal.
pub fn reason(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.or_else(|| error.as_string()).unwrap_or_else(|| "The browser gave no reason.".into())
}
