//! The edge of a shell: its socket and its timer around the machine in [`crate::terminal::session`].

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use gloo_timers::callback::Timeout;
use krateyard_shared::shell::{Channel, ShellQuery};

use super::stream_socket::{SocketEvent, StreamSocket};
use crate::stream::StreamState;
use crate::terminal::Session;
use crate::terminal::session::{Effect, Input, Phase};

/// A shell of this window. Dropping it ends the shell; a page that just goes leaves it running for a while.
pub struct ShellStream(Rc<Inner>);

impl Drop for ShellStream {
    fn drop(&mut self) {
        if let Some(socket) = &*self.0.socket.borrow() {
            socket.send_bytes(&Channel::End.frame(&[]));
        }
    }
}

struct Inner {
    session: RefCell<Session>,
    socket: RefCell<Option<StreamSocket>>,
    timer: RefCell<Option<Timeout>>,
    /// Tells the frames of one socket from those of the next.
    generation: Cell<u32>,
    told: Box<dyn Fn(Told)>,
}

/// What a window hears of its shell.
pub enum Told {
    /// A session begins on an empty screen.
    Began,
    /// Draw these bytes, then say so.
    Draw(Vec<u8>),
    /// The state changed.
    Changed,
}

impl ShellStream {
    /// A shell that nobody asked for yet.
    pub fn new(told: impl Fn(Told) + 'static) -> ShellStream {
        ShellStream(Rc::new(Inner {
            session: RefCell::default(),
            socket: RefCell::default(),
            timer: RefCell::default(),
            generation: Cell::default(),
            told: Box::new(told),
        }))
    }

    /// Tells the machine what happened.
    pub fn input(&self, input: Input) {
        self.0.step(input);
    }

    /// How it does.
    pub fn state(&self) -> StreamState {
        self.0.session.borrow().state()
    }

    /// Where it is.
    pub fn phase(&self) -> Phase {
        self.0.session.borrow().phase().clone()
    }
}

impl Inner {
    fn step(self: &Rc<Inner>, input: Input) {
        let before = self.session.borrow().phase().clone();
        let effects = self.session.borrow_mut().step(input, crate::browser::clock::now_ms());
        for effect in effects {
            match effect {
                Effect::Open(query) => {
                    (self.told)(Told::Began);
                    self.open(&query);
                }
                Effect::Reopen(query) => self.open(&query),
                Effect::Send(frame) => {
                    if let Some(socket) = &*self.socket.borrow() {
                        socket.send_bytes(&frame);
                    }
                }
                Effect::Draw(bytes) => (self.told)(Told::Draw(bytes)),
                Effect::Close => *self.socket.borrow_mut() = None,
            }
        }
        self.wind();
        if *self.session.borrow().phase() != before {
            (self.told)(Told::Changed);
        }
    }

    fn open(self: &Rc<Inner>, query: &ShellQuery) {
        let generation = self.generation.get() + 1;
        self.generation.set(generation);
        let inner = Rc::downgrade(self);
        let socket = StreamSocket::open("/ws/shell", query, move |event| heard(&inner, generation, event));
        *self.socket.borrow_mut() = Some(socket);
    }

    fn wind(self: &Rc<Inner>) {
        let inner = Rc::downgrade(self);
        let timer = self.session.borrow().wake_ms().map(|wake_ms| {
            let delay_ms = wake_ms.saturating_sub(crate::browser::clock::now_ms()).min(60_000) as u32;
            Timeout::new(delay_ms, move || {
                if let Some(inner) = inner.upgrade() {
                    inner.step(Input::Tick);
                }
            })
        });
        *self.timer.borrow_mut() = timer;
    }
}

fn heard(inner: &Weak<Inner>, generation: u32, event: SocketEvent) {
    let Some(inner) = inner.upgrade().filter(|inner| inner.generation.get() == generation) else { return };
    match event {
        SocketEvent::Bytes(frame) => inner.step(Input::Frame(frame)),
        SocketEvent::Closed { code, reason } => inner.step(Input::Closed { code, reason }),
        SocketEvent::Opened | SocketEvent::Text(_) => {}
    }
}
