//! What every view of the signed-in page shares: the handles to data and Yard, the camera, and who has the keyboard. Intents that several views have are
//! methods here, so that a click, a key and Spotlight do the same thing.

use std::collections::{BTreeSet, HashSet};

use krateyard_shared::identity::ClusterName;
use krateyard_shared::kinds::View;
use leptos::prelude::*;

use super::company::Company;
use super::said::Said;
use super::spotlight::COMMANDS;
use super::turns::Turns;
use crate::browser::preferences::{self, Motion, Theme, Wheel};
use crate::browser::{dom, screen};
use crate::canvas::camera::{Camera, Detail};
use crate::canvas::drawn::drawn_zoom;
use crate::canvas::flight::Flight;
use crate::spotlight::Spotlight;
use crate::store::Workspace;
use crate::yard::state::NoteId;
use crate::yard::{Content, KrateId, Point, Rect, Size, Subject, WindowId, Yard, YardAction, layout};

/// A sheet over the canvas: one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Sheet {
    Help,
    Preferences,
    Diagnostics,
}

/// The handles that views share.
#[derive(Clone, Copy)]
pub struct Desk {
    /// Live data.
    pub workspace: Workspace,
    /// The Yard.
    pub yard: Yard,
    /// The cluster on screen.
    pub cluster: StoredValue<ClusterName>,
    /// Who is signed in.
    pub user: StoredValue<String>,
    /// Where the camera is.
    pub camera: RwSignal<Camera>,
    /// How much of a krate is shown at this zoom.
    pub detail: Memo<Detail>,
    /// The camera has not moved for a moment.
    pub is_still: RwSignal<bool>,
    /// The zoom that the page is drawn for ([`crate::canvas::drawn`]).
    pub drawn_zoom: Memo<f64>,
    /// Who shows what is in it next.
    pub turns: Turns,
    /// The size of the canvas, below the top bar.
    pub viewport: RwSignal<Size>,
    /// A clock that ticks each second, in milliseconds since 1970.
    pub now_ms: Signal<u64>,
    /// The krate touched last.
    pub active: RwSignal<Option<KrateId>>,
    /// Krates that are moved or closed together.
    pub selection: RwSignal<BTreeSet<KrateId>>,
    /// Krates that are being dragged, and how far.
    pub carried: RwSignal<Option<(BTreeSet<KrateId>, Point)>>,
    /// The window that has the keyboard.
    pub keyboard: RwSignal<Option<WindowId>>,
    /// The window that fills the screen.
    pub maximised: RwSignal<Option<WindowId>>,
    /// Spotlight is open, with this text to begin with.
    pub spotlight: RwSignal<Option<String>>,
    /// The theme; set it to choose another.
    pub theme: RwSignal<Theme>,
    /// How much moves; set it to choose another.
    pub motion: RwSignal<Motion>,
    /// What the wheel does over the ground; set it to choose another.
    pub wheel: RwSignal<Wheel>,
    /// What was said last of something that was done.
    pub said: Said,
    /// What lies over the canvas, if something does.
    pub sheet: RwSignal<Option<Sheet>>,
    /// Windows that this person opened in this tab: only these may start a shell by themselves.
    pub opened_here: StoredValue<HashSet<WindowId>>,
    /// What Spotlight searches, and what was opened lately.
    pub finder: StoredValue<Spotlight, LocalStorage>,
    /// Who else is here.
    pub company: Company,
    /// A note that was just made, to be written.
    pub note: RwSignal<Option<NoteId>>,
    /// An arrow is being drawn: `Some(None)` until its first krate is chosen.
    pub arrow: RwSignal<Option<Option<KrateId>>>,
    flight: StoredValue<u64>,
    /// Where the flight under way goes.
    aim: StoredValue<Option<Camera>>,
}

impl Desk {
    /// The desk of one signed-in person and cluster.
    pub fn new(workspace: Workspace, yard: Yard, cluster: ClusterName, user: String, camera: Camera, theme: RwSignal<Theme>) -> Desk {
        let camera = RwSignal::new(camera);
        let detail = Memo::new(move |was: Option<&Detail>| was.copied().unwrap_or_default().at(camera.get().zoom));
        let is_still = RwSignal::new(true);
        let drawn_zoom = Memo::new(move |was: Option<&f64>| {
            let zoom = camera.get().zoom;
            drawn_zoom(was.copied().unwrap_or(zoom), zoom, detail.get(), is_still.get())
        });
        Desk {
            workspace,
            yard,
            cluster: StoredValue::new(cluster),
            user: StoredValue::new(user.clone()),
            camera,
            detail,
            is_still,
            drawn_zoom,
            turns: Turns::new(is_still.into()),
            viewport: RwSignal::new(Size::default()),
            now_ms: workspace.now_ms(),
            active: RwSignal::new(None),
            selection: RwSignal::new(BTreeSet::new()),
            carried: RwSignal::new(None),
            keyboard: RwSignal::new(None),
            maximised: RwSignal::new(None),
            spotlight: RwSignal::new(None),
            theme,
            motion: preferences::motion(),
            wheel: preferences::chosen(),
            said: expect_context::<Said>(),
            sheet: RwSignal::new(None),
            opened_here: StoredValue::new(HashSet::new()),
            finder: StoredValue::new_local(Spotlight::new(workspace.cluster(), COMMANDS)),
            company: Company::new(yard, user.clone()),
            note: RwSignal::new(None),
            arrow: RwSignal::new(None),
            flight: StoredValue::new(0),
            aim: StoredValue::new(None),
        }
    }

    /// The clock in whole seconds.
    pub fn now_secs(&self) -> i64 {
        i64::try_from(self.now_ms.get() / 1000).unwrap_or(i64::MAX)
    }

    /// One edit; where a room stands in the way that this person may not change, it is said which right is missing.
    pub fn act(&self, action: YardAction) -> Option<WindowId> {
        let barred = self.yard.state().with_untracked(|state| action.barred(state).cloned());
        match barred {
            Some(room) => {
                self.said.problem(self.yard.why_fixed(&room));
                None
            }
            None => self.yard.act(action),
        }
    }

    /// A krate joins the selection, or leaves it.
    pub fn select(&self, krate: KrateId) {
        self.selection.update(|selection| {
            if !selection.remove(&krate) {
                selection.insert(krate);
            }
        });
    }

    /// Closes what is selected, as one step.
    pub fn close_selection(&self) {
        self.act(YardAction::CloseKrates { krates: self.selection.get_untracked().into_iter().collect() });
    }

    /// Why the krate of a window is not to be changed, if so.
    pub fn fixed(&self, window: WindowId) -> Memo<Option<String>> {
        let (yard, state) = (self.yard, self.yard.state());
        Memo::new(move |_| state.with(|state| state.window(&window).filter(|(krate, _)| !krate.writable).map(|(krate, _)| yard.why_fixed(&krate.room))))
    }

    /// Opens a window, gives it the keyboard and flies there.
    pub fn open(&self, subject: Subject, content: Content, into: Option<KrateId>) {
        let near = self.place_for(content);
        let fixed = into
            .as_ref()
            .and_then(|into| self.yard.state().with_untracked(|state| state.krate(into).filter(|krate| !krate.writable).map(|krate| krate.room.clone())));
        // It opens all the same, where it may.
        if let Some(room) = fixed {
            self.said.problem(self.yard.why_fixed(&room));
        }
        let Some(window) = self.yard.act(YardAction::Open { subject, content, into, near }) else { return };
        self.opened_here.update_value(|windows| {
            windows.insert(window.clone());
        });
        self.maximised.set(None);
        self.show(&window);
        self.keyboard.set(Some(window));
    }

    /// Opens the view that a kind opens by default: its first one.
    pub fn open_default(&self, subject: Subject, into: Option<KrateId>) {
        let content = match &subject {
            Subject::Collection(_) => Content::Collection,
            Subject::Object(_) => Content::View(subject.kind().and_then(|kind| View::first_of(kind.entry().views)).unwrap_or(View::Describe)),
        };
        self.open(subject, content, into);
    }

    /// Shows another view in a window: a click of its viewer, so a shell may start.
    pub fn switch(&self, window: WindowId, view: View) {
        self.opened_here.update_value(|windows| {
            windows.insert(window.clone());
        });
        self.act(YardAction::Switch { window, content: Content::View(view) });
    }

    /// Gives a window the keyboard, wherever it is: what is maximised gives way to it, and a minimised krate opens.
    pub fn give_keyboard(&self, window: &WindowId) {
        let state = self.yard.state().get_untracked();
        let Some((krate, _)) = state.window(window) else { return };
        if krate.minimised {
            self.yard.act(YardAction::Minimise { krate: krate.id.clone(), minimised: false });
        }
        if self.maximised.get_untracked().is_some() {
            self.maximised.set(Some(window.clone()));
        }
        self.show(window);
        self.keyboard.set(Some(window.clone()));
        dom::focus_window(window);
    }

    /// Flies to the krate of a window, unless it is in full view.
    pub fn show(&self, window: &WindowId) {
        let state = self.yard.state().get_untracked();
        if let Some(krate) = state.krates.iter().find(|krate| krate.windows.iter().any(|w| w.id == *window)) {
            self.active.set(Some(krate.id.clone()));
            self.fly_to_rect(layout::krate_rect(krate));
        }
    }

    /// Flies to a krate.
    pub fn fly_to(&self, krate: &KrateId) {
        let state = self.yard.state().get_untracked();
        if let Some(krate) = state.krates.iter().find(|k| k.id == *krate) {
            self.active.set(Some(krate.id.clone()));
            self.yard.act(YardAction::Raise { krate: krate.id.clone() });
            self.fly_to_rect(layout::krate_rect(krate));
        }
    }

    /// Fits all krates, or those selected, or the active one.
    pub fn fit(&self, only_active: bool) {
        let state = self.yard.state().get_untracked();
        let (active, selection) = (self.active.get_untracked(), self.selection.get_untracked());
        let is_meant = |id: &KrateId| if selection.is_empty() { Some(id) == active.as_ref() } else { selection.contains(id) };
        let wanted = state.krates.iter().filter(|krate| !only_active || is_meant(&krate.id));
        if let Some(camera) = Camera::fit(wanted.map(|krate| layout::krate_rect(krate)), self.viewport.get_untracked(), FIT_PADDING) {
            self.fly(camera);
        }
    }

    /// Zooms about the middle of the screen.
    pub fn zoom_to(&self, zoom: f64) {
        let viewport = self.viewport.get_untracked();
        self.fly(self.camera.get_untracked().zoom_to(Point::new(viewport.w / 2.0, viewport.h / 2.0), zoom));
    }

    /// Zooms in or out by a factor, from where the flight under way goes: a key that is pressed three times counts three times.
    pub fn zoom_by(&self, factor: f64) {
        let zoom = self.aim.get_value().unwrap_or_else(|| self.camera.get_untracked()).zoom;
        self.zoom_to(zoom * factor);
    }

    /// The world's point in the middle of the screen.
    pub fn middle(&self) -> Point {
        self.camera.get_untracked().visible(self.viewport.get_untracked()).centre()
    }

    /// The middle of where a new krate should go: beside the krate in focus, so that both are in sight, else in the middle of the screen.
    fn place_for(&self, content: Content) -> Point {
        let state = self.yard.state().get_untracked();
        let Some(krate) = self.active.get_untracked().and_then(|active| state.krate(&active).cloned()) else { return self.middle() };
        let (beside, size) = (layout::krate_rect(&krate), layout::frame_size([content.default_size()], false));
        Point::new(beside.right() + layout::KRATE_GAP + size.w / 2.0, beside.at.y + size.h / 2.0)
    }

    /// A krate was chosen for the arrow that is being drawn: its first, or its second.
    pub fn point_arrow(&self, krate: KrateId) {
        match self.arrow.get_untracked() {
            Some(None) => self.arrow.set(Some(Some(krate))),
            Some(Some(from)) => {
                self.arrow.set(None);
                if from != krate {
                    self.yard.act(YardAction::PutArrow { from, to: krate });
                }
            }
            None => {}
        }
    }

    /// Stops a flight, and following somebody: the person took over.
    pub fn land(&self) {
        if self.company.following.with_untracked(Option::is_some) {
            self.company.following.set(None);
        }
        self.flight.update_value(|flight| *flight += 1);
        self.aim.set_value(None);
    }

    /// Flies the camera there; jumps when the person wants no motion.
    pub fn fly(&self, to: Camera) {
        self.land();
        let to = to.at_rest(screen::device_pixel_ratio());
        if screen::reduced_motion() {
            self.camera.set(to);
            return;
        }
        self.aim.set_value(Some(to));
        let number = self.flight.get_value();
        let flight = Flight::new(self.camera.get_untracked(), to, self.viewport.get_untracked());
        let mut started_ms = None;
        let desk = *self;
        dom::each_frame(move |now_ms| {
            if desk.flight.try_get_value() != Some(number) {
                return false;
            }
            let (camera, is_over) = flight.at((now_ms - *started_ms.get_or_insert(now_ms)) / 1000.0);
            desk.camera.set(camera);
            if is_over {
                desk.aim.set_value(None);
            }
            !is_over
        });
    }

    fn fly_to_rect(&self, rect: Rect) {
        let camera = self.camera.get_untracked();
        let to = camera.to_see(&rect, self.viewport.get_untracked(), SEE_PADDING);
        if to != camera {
            self.fly(to);
        }
    }
}

/// Room left around what is fitted, in pixels: the islands at the bottom lie there.
const FIT_PADDING: f64 = 56.0;
/// Room left around a krate that is flown to, in pixels.
const SEE_PADDING: f64 = 24.0;

/// The desk, from any view below it.
pub fn desk() -> Desk {
    expect_context::<Desk>()
}
