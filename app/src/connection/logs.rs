//! The edge of a followed log: its socket and its timer around the machine in [`crate::logs::follow`].

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use gloo_timers::callback::Timeout;
use krateyard_shared::logs::{LogClientFrame, LogCredit, LogFrame};

use super::stream_socket::{SocketEvent, StreamSocket};
use crate::logs::Follow;
use crate::logs::follow::{Effect, Input};
use crate::stream::StreamState;

/// A log that is being followed. Dropping it ends that.
pub struct LogStream(Rc<Inner>);

struct Inner {
    follow: RefCell<Follow>,
    socket: RefCell<Option<StreamSocket>>,
    timer: RefCell<Option<Timeout>>,
    /// Tells the frames of one socket from those of the next.
    generation: Cell<u32>,
    told: Box<dyn Fn(Vec<Effect>)>,
}

impl LogStream {
    /// Follows; `told` gets sources, lines and gaps, and an empty list when only the state changed.
    pub fn start(follow: Follow, told: impl Fn(Vec<Effect>) + 'static) -> LogStream {
        let inner = Rc::new(Inner {
            follow: RefCell::new(follow),
            socket: RefCell::default(),
            timer: RefCell::default(),
            generation: Cell::default(),
            told: Box::new(told),
        });
        inner.step(Input::Start);
        LogStream(inner)
    }

    /// Tells the machine what happened.
    pub fn input(&self, input: Input) {
        self.0.step(input);
    }

    /// How it does.
    pub fn state(&self) -> StreamState {
        self.0.follow.borrow().state()
    }

    /// Why there is no log yet.
    pub fn waits_for(&self) -> Option<String> {
        self.0.follow.borrow().waits_for().map(str::to_owned)
    }

    /// Whether everything is here that was there when it was asked for.
    pub fn is_caught_up(&self) -> bool {
        self.0.follow.borrow().is_caught_up()
    }

    /// What a person should know besides.
    pub fn trouble(&self) -> Option<String> {
        self.0.follow.borrow().trouble()
    }
}

impl Inner {
    fn step(self: &Rc<Inner>, input: Input) {
        let effects = self.follow.borrow_mut().step(input, crate::browser::clock::now_ms());
        let mut told = Vec::new();
        for effect in effects {
            match effect {
                Effect::Open(query) => {
                    let generation = self.generation.get() + 1;
                    self.generation.set(generation);
                    let inner = Rc::downgrade(self);
                    let socket = StreamSocket::open("/ws/logs", &query, move |event| heard(&inner, generation, event));
                    *self.socket.borrow_mut() = Some(socket);
                }
                Effect::Close => *self.socket.borrow_mut() = None,
                Effect::Begin(begin) => self.send(&LogClientFrame::Begin { begin }),
                Effect::Grant(credit) => self.send(&LogClientFrame::Credit(LogCredit { credit })),
                effect => told.push(effect),
            }
        }
        self.wind();
        (self.told)(told);
    }

    fn send(&self, frame: &LogClientFrame) {
        if let (Some(socket), Ok(text)) = (&*self.socket.borrow(), serde_json::to_string(frame)) {
            socket.send_text(&text);
        }
    }

    fn wind(self: &Rc<Inner>) {
        let inner = Rc::downgrade(self);
        let timer = self.follow.borrow().wake_ms().map(|wake_ms| {
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
        SocketEvent::Opened => inner.step(Input::Opened),
        SocketEvent::Text(text) => {
            // A frame that this version does not know is skipped.
            if let Ok(frame) = serde_json::from_str::<LogFrame>(&text) {
                inner.step(Input::Frame(frame));
            }
        }
        SocketEvent::Bytes(_) => {}
        SocketEvent::Closed { code, reason } => inner.step(Input::Closed { code, reason }),
    }
}
