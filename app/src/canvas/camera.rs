//! The camera: which part of the world the screen shows.

use serde::{Deserialize, Serialize};

use crate::yard::{Point, Rect, Size};

/// Furthest out.
pub const ZOOM_LEAST: f64 = 0.16;
/// Closest in.
pub const ZOOM_MOST: f64 = 2.2;
/// Where a Yard starts, and what `0` goes back to.
pub const ZOOM_START: f64 = 0.92;
/// Below this zoom krates become cards.
pub const CARDS_BELOW: f64 = 0.40;
/// Above this zoom cards become krates again: the gap keeps them from flickering.
pub const WINDOWS_ABOVE: f64 = 0.50;

/// `x`, `y` is the world point in the screen's top left corner; `zoom` is screen pixels (CSS) per world unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Camera {
    /// World x of the left edge.
    pub x: f64,
    /// World y of the top edge.
    pub y: f64,
    /// Screen pixels per world unit.
    pub zoom: f64,
}

impl Default for Camera {
    fn default() -> Self {
        Camera { x: 0.0, y: 0.0, zoom: ZOOM_START }
    }
}

/// How much of a krate is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// Whole windows.
    #[default]
    Windows,
    /// Overview cards.
    Cards,
}

impl Detail {
    /// The level at this zoom, coming from this one.
    pub fn at(self, zoom: f64) -> Detail {
        match self {
            Detail::Windows if zoom < CARDS_BELOW => Detail::Cards,
            Detail::Cards if zoom > WINDOWS_ABOVE => Detail::Windows,
            same => same,
        }
    }
}

impl Camera {
    /// The world point under a screen point (CSS pixels from the canvas' top left corner).
    pub fn world_from_screen(&self, screen: Point) -> Point {
        Point::new(self.x + screen.x / self.zoom, self.y + screen.y / self.zoom)
    }

    /// Where a world point is on the screen.
    pub fn screen_from_world(&self, world: Point) -> Point {
        Point::new((world.x - self.x) * self.zoom, (world.y - self.y) * self.zoom)
    }

    /// Where a rectangle of the world is on the screen.
    pub fn screen_rect(&self, world: &Rect) -> Rect {
        Rect::new(self.screen_from_world(world.at), Size::new(world.size.w * self.zoom, world.size.h * self.zoom))
    }

    /// What of the world a viewport of this size (CSS pixels) shows.
    pub fn visible(&self, viewport: Size) -> Rect {
        Rect::new(Point::new(self.x, self.y), Size::new(viewport.w / self.zoom, viewport.h / self.zoom))
    }

    /// Whether any of a rectangle shows, or would after moving by `margin` screen pixels.
    pub fn sees(&self, rect: &Rect, viewport: Size, margin: f64) -> bool {
        self.visible(viewport).grown(margin / self.zoom).overlaps(rect)
    }

    /// Moved such that the world follows the pointer by `dx`, `dy` screen pixels. A wheel pans by the opposite of its deltas.
    pub fn pan(&self, dx: f64, dy: f64) -> Camera {
        Camera { x: self.x - dx / self.zoom, y: self.y - dy / self.zoom, ..*self }
    }

    /// Zoomed by a factor; the world point under the pointer stays there.
    pub fn zoom_about(&self, pointer: Point, factor: f64) -> Camera {
        self.zoom_to(pointer, self.zoom * factor)
    }

    /// Zoomed to a value; the world point under the pointer stays there.
    pub fn zoom_to(&self, pointer: Point, zoom: f64) -> Camera {
        let (world, zoom) = (self.world_from_screen(pointer), zoom.clamp(ZOOM_LEAST, ZOOM_MOST));
        Camera { x: world.x - pointer.x / zoom, y: world.y - pointer.y / zoom, zoom }
    }

    /// Two fingers went from here to there (screen points): what lay under them still does, as far as two fingers can say.
    pub fn pinch(&self, from: [Point; 2], to: [Point; 2]) -> Camera {
        let middle = |[a, b]: [Point; 2]| Point::new((a.x + b.x) / 2.0, (a.y + b.y) / 2.0);
        let (before, after) = (middle(from), middle(to));
        // Fingers that touch say nothing about zoom.
        let factor = to[0].distance(to[1]).max(1.0) / from[0].distance(from[1]).max(1.0);
        self.pan(after.x - before.x, after.y - before.y).zoom_about(after, factor)
    }

    /// The factor of a turn of the wheel or a pinch by `delta_y` CSS pixels.
    pub fn wheel_factor(delta_y: f64) -> f64 {
        (-delta_y.clamp(-240.0, 240.0) * 0.002).exp()
    }

    /// Shows all of these with `padding` screen pixels around them, never closer than the start zoom; `None` for nothing.
    pub fn fit(rects: impl IntoIterator<Item = Rect>, viewport: Size, padding: f64) -> Option<Camera> {
        let world = Rect::around(rects)?;
        let room = Size::new((viewport.w - 2.0 * padding).max(1.0), (viewport.h - 2.0 * padding).max(1.0));
        let zoom = (room.w / world.size.w.max(1.0)).min(room.h / world.size.h.max(1.0)).clamp(ZOOM_LEAST, ZOOM_START);
        Some(Camera::centred(world.centre(), zoom, viewport))
    }

    /// Looks at a world point.
    pub fn centred(on: Point, zoom: f64, viewport: Size) -> Camera {
        Camera { x: on.x - viewport.w / zoom / 2.0, y: on.y - viewport.h / zoom / 2.0, zoom }
    }

    /// Where to fly to see a rectangle: this very camera if it shows whole and legibly already, else no further than it takes, so that what was on screen
    /// stays as far as it can; further out only if it does not fit. What is shown as a card is flown close to, and centred.
    pub fn to_see(&self, rect: &Rect, viewport: Size, padding: f64) -> Camera {
        let seen = self.visible(viewport).grown(-padding / self.zoom);
        // A pixel of slack: what was flown to is seen, whatever was rounded on the way.
        let least = seen.grown(1.0 / self.zoom);
        let whole = least.at.x <= rect.at.x && least.at.y <= rect.at.y && least.right() >= rect.right() && least.bottom() >= rect.bottom();
        if whole && self.zoom >= WINDOWS_ABOVE {
            return *self;
        }
        let fits = Camera::fit([*rect], viewport, padding).map_or(self.zoom, |fit| fit.zoom);
        if self.zoom < WINDOWS_ABOVE || fits < self.zoom {
            return Camera::centred(rect.centre(), fits, viewport);
        }
        let shift = |low: f64, high: f64, seen_low: f64, seen_high: f64| if low < seen_low { low - seen_low } else { (high - seen_high).max(0.0) };
        Camera {
            x: self.x + shift(rect.at.x, rect.right(), seen.at.x, seen.right()),
            y: self.y + shift(rect.at.y, rect.bottom(), seen.at.y, seen.bottom()),
            zoom: self.zoom,
        }
    }

    /// At rest on whole device pixels, so that text stays sharp.
    pub fn at_rest(&self, device_pixel_ratio: f64) -> Camera {
        let step = self.zoom * device_pixel_ratio;
        Camera { x: (self.x * step).round() / step, y: (self.y * step).round() / step, zoom: self.zoom }
    }

    /// What was stored, if it makes sense.
    pub fn checked(self) -> Option<Camera> {
        let sane = self.x.abs() < 1e7 && self.y.abs() < 1e7 && (ZOOM_LEAST..=ZOOM_MOST).contains(&self.zoom);
        sane.then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SCREEN: Size = Size::new(1600.0, 900.0);

    fn camera() -> impl Strategy<Value = Camera> {
        (-6000.0..6000.0, -4000.0..4000.0, ZOOM_LEAST..ZOOM_MOST).prop_map(|(x, y, zoom)| Camera { x, y, zoom })
    }

    fn point(w: f64, h: f64) -> impl Strategy<Value = Point> {
        (0.0..w, 0.0..h).prop_map(|(x, y)| Point::new(x, y))
    }

    proptest! {
        #[test]
        fn screen_and_world_are_inverse(camera in camera(), at in point(1600.0, 900.0)) {
            prop_assert!(camera.screen_from_world(camera.world_from_screen(at)).distance(at) < 1e-6);
        }

        #[test]
        fn zooming_keeps_what_is_under_the_pointer_and_stays_within_bounds(camera in camera(), at in point(1600.0, 900.0), factor in 0.01..100.0) {
            let zoomed = camera.zoom_about(at, factor);
            prop_assert!(zoomed.world_from_screen(at).distance(camera.world_from_screen(at)) < 1e-6);
            prop_assert!((ZOOM_LEAST..=ZOOM_MOST).contains(&zoomed.zoom));
        }

        #[test]
        fn panning_moves_the_world_with_the_pointer(camera in camera(), at in point(1600.0, 900.0), by in point(500.0, 500.0)) {
            let moved = camera.pan(by.x, by.y).screen_from_world(camera.world_from_screen(at));
            prop_assert!(moved.distance(Point::new(at.x + by.x, at.y + by.y)) < 1e-6);
        }

        #[test]
        fn a_pinch_keeps_the_world_between_the_fingers(camera in camera(), a in point(1600.0, 900.0), b in point(1600.0, 900.0), by in point(300.0, 300.0), spread in 0.5..2.0) {
            prop_assume!(a.distance(b) > 20.0);
            let middle = Point::new((a.x + b.x) / 2.0, (a.y + b.y) / 2.0);
            let moved = |p: Point| Point::new(middle.x + by.x + (p.x - middle.x) * spread, middle.y + by.y + (p.y - middle.y) * spread);
            let pinched = camera.pinch([a, b], [moved(a), moved(b)]);
            prop_assert!(pinched.world_from_screen(moved(middle)).distance(camera.world_from_screen(middle)) < 1e-6);
            let free = (ZOOM_LEAST..=ZOOM_MOST).contains(&(camera.zoom * spread));
            prop_assert!(!free || pinched.world_from_screen(moved(a)).distance(camera.world_from_screen(a)) < 1e-6);
        }

        #[test]
        fn fit_shows_everything_unless_it_is_too_large_for_any_zoom(at in point(5000.0, 3000.0), w in 40.0..8000.0, h in 40.0..4000.0) {
            let rect = Rect::new(at, Size::new(w, h));
            let fit = Camera::fit([rect], SCREEN, 48.0).unwrap();
            prop_assert!(fit.screen_from_world(rect.centre()).distance(Point::new(800.0, 450.0)) < 1e-6);
            let seen = fit.visible(SCREEN);
            let fits = seen.at.x <= rect.at.x && seen.at.y <= rect.at.y && seen.right() >= rect.right() && seen.bottom() >= rect.bottom();
            prop_assert!(fits || fit.zoom == ZOOM_LEAST);
        }

        #[test]
        fn at_rest_the_origin_lies_on_a_device_pixel_less_than_one_pixel_away(camera in camera(), ratio in prop::sample::select(vec![1.0, 1.25, 1.5, 2.0])) {
            let rest = camera.at_rest(ratio);
            let pixel = rest.screen_from_world(Point::default()).x * ratio;
            prop_assert!((pixel - pixel.round()).abs() < 1e-6);
            prop_assert!(((rest.x - camera.x) * camera.zoom * ratio).abs() <= 0.5 + 1e-6);
        }

        #[test]
        fn flying_to_see_a_krate_shows_its_middle_and_stays_where_it_is_seen_already(camera in camera(), at in point(5000.0, 3000.0)) {
            let rect = Rect::new(at, Size::new(420.0, 422.0));
            let there = camera.to_see(&rect, SCREEN, 24.0);
            prop_assert!(there.visible(SCREEN).contains(rect.centre()));
            prop_assert_eq!(there.to_see(&rect, SCREEN, 24.0), there);
        }
    }

    #[test]
    fn the_level_of_detail_has_hysteresis() {
        let zooms = [0.92, 0.45, 0.39, 0.45, 0.50, 0.51, 0.41];
        let mut detail = Detail::default();
        let seen: Vec<Detail> = zooms
            .iter()
            .map(|zoom| {
                detail = detail.at(*zoom);
                detail
            })
            .collect();
        use Detail::{Cards, Windows};
        assert_eq!(seen, [Windows, Windows, Cards, Cards, Cards, Windows, Windows]);
    }

    #[test]
    fn nonsense_from_storage_is_not_taken() {
        for zoom in [f64::NAN, 0.0, 9.0, -1.0] {
            assert_eq!(Camera { x: 0.0, y: 0.0, zoom }.checked(), None);
        }
        assert_eq!(Camera { x: f64::INFINITY, ..Camera::default() }.checked(), None);
        assert_eq!(Camera::default().checked(), Some(Camera::default()));
    }
}
