//! The camera's way from here to there: a pure function of time.

use super::camera::Camera;
use crate::yard::{Point, Size};

/// How long a flight takes, in seconds.
pub const FLIGHT_SECS: f64 = 0.52;

/// A flight. The view asks it where the camera is at each animation frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flight {
    from: Camera,
    to: Camera,
    viewport: Size,
}

impl Flight {
    /// From here to there, for a viewport of this size.
    pub fn new(from: Camera, to: Camera, viewport: Size) -> Flight {
        Flight { from, to, viewport }
    }

    /// Where the camera is `secs` after the start, and `true` once it has arrived. The middle of the screen goes straight, the zoom by equal factors.
    pub fn at(&self, secs: f64) -> (Camera, bool) {
        if secs >= FLIGHT_SECS {
            return (self.to, true);
        }
        let t = ease_out((secs / FLIGHT_SECS).max(0.0));
        let (a, b) = (self.from.visible(self.viewport).centre(), self.to.visible(self.viewport).centre());
        let zoom = self.from.zoom * (self.to.zoom / self.from.zoom).powf(t);
        (Camera::centred(Point::new(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t), zoom, self.viewport), false)
    }
}

/// Fast at first, then settling.
fn ease_out(t: f64) -> f64 {
    1.0 - (1.0 - t).powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flight_starts_here_ends_there_and_only_ever_comes_closer() {
        let (from, to) = (Camera::default(), Camera { x: 3000.0, y: -1200.0, zoom: 0.3 });
        let viewport = Size::new(1600.0, 900.0);
        let flight = Flight::new(from, to, viewport);
        let (start, arrived) = flight.at(0.0);
        assert!(!arrived && Point::new(start.x, start.y).distance(Point::new(from.x, from.y)) < 1e-9 && start.zoom == from.zoom);
        assert_eq!(flight.at(FLIGHT_SECS), (to, true));
        let goal = to.visible(viewport).centre();
        let left: Vec<f64> = (0..=52).map(|i| flight.at(f64::from(i) / 100.0).0.visible(viewport).centre().distance(goal)).collect();
        assert!(left.is_sorted_by(|a, b| a > b), "{left:?}");
        assert!(left[26] < left[0] / 4.0, "ease-out: most of the way in the first half");
    }
}
