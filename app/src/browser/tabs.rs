//! The other tabs of this browser on the same Yard.

use std::rc::Rc;

use js_sys::Uint8Array;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BroadcastChannel, MessageEvent, VisibilityState};

use crate::yard::Yard;
use crate::yard::core::{Change, News};
use crate::yard::tabs::{Message, answer, greet};

/// Tells the other tabs what happens here and takes in what happens there, until the owner is gone. A browser without channels has tabs that meet at the next
/// load.
pub fn join_tabs(yard: Yard, name: &str) {
    let Ok(channel) = BroadcastChannel::new(name) else { return };
    let channel = Rc::new(channel);
    let hears = channel.clone();
    let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let bytes = event.data().dyn_into::<Uint8Array>().map(|array| array.to_vec()).unwrap_or_default();
        let Some(message) = Message::decode(&bytes) else { return };
        // What can not be read or is of a newer program is told by the Yard itself.
        for answer in answer(yard, &message).unwrap_or_default() {
            post(&hears, &answer);
        }
    });
    channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    let tells = channel.clone();
    yard.on_news(move |news| {
        if let News::Change(Change { room, update, origin }) = news
            && origin.is_own()
        {
            post(&tells, &Message::Update(room.clone(), update.clone()));
        }
    });
    // A tab that slept may have missed something.
    let wakes = channel.clone();
    let greets = move || greet(yard).iter().for_each(|message| post(&wakes, message));
    greets();
    let woken = window_event_listener(ev::visibilitychange, move |_| {
        if document().visibility_state() == VisibilityState::Visible {
            greets();
        }
    });
    let held = StoredValue::new_local((channel, heard));
    on_cleanup(move || {
        woken.remove();
        held.try_with_value(|(channel, _)| channel.close());
    });
}

fn post(channel: &BroadcastChannel, message: &Message) {
    // Fails only on a closed channel.
    let _ = channel.post_message(&Uint8Array::from(&message.encode()[..]));
}
