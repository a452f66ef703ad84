//! What pointers do to the camera: one pans, two pinch. Pointers are known by their `PointerEvent.pointerId`.

use super::camera::Camera;
use crate::yard::Point;

/// A press on the ground that moved less than this many pixels is a click.
const CLICK_PX: f64 = 4.0;

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Gesture {
    /// Nothing.
    #[default]
    None,
    /// One pointer drags the world along.
    Pan {
        /// Which, and where it was last.
        pointer: Finger,
        /// How far it went, in pixels.
        travelled: f64,
        /// Whether it is a click if it goes nowhere.
        may_click: bool,
    },
    /// Two fingers hold two points of the world.
    Pinch([Finger; 2]),
}

/// A pointer that is down.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finger {
    /// Its number.
    pub id: i32,
    /// Where it was last, in pixels of the canvas.
    pub at: Point,
}

impl Gesture {
    /// A pointer came down: the second one beside one that pans begins a pinch, a third one changes nothing.
    pub fn press(self, finger: Finger, may_click: bool) -> Gesture {
        match self {
            Gesture::None => Gesture::Pan { pointer: finger, travelled: 0.0, may_click },
            Gesture::Pan { pointer, .. } if pointer.id != finger.id => Gesture::Pinch([pointer, finger]),
            same => same,
        }
    }

    /// A pointer moved: the gesture from here on, and the camera if it moves.
    pub fn moved(self, finger: Finger, camera: &Camera) -> (Gesture, Option<Camera>) {
        match self {
            Gesture::Pan { pointer, travelled, may_click } if pointer.id == finger.id => {
                let (dx, dy) = (finger.at.x - pointer.at.x, finger.at.y - pointer.at.y);
                (Gesture::Pan { pointer: finger, travelled: travelled + dx.hypot(dy), may_click }, Some(camera.pan(dx, dy)))
            }
            Gesture::Pinch([a, b]) if a.id == finger.id || b.id == finger.id => {
                let to = if a.id == finger.id { [finger, b] } else { [a, finger] };
                (Gesture::Pinch(to), Some(camera.pinch([a.at, b.at], to.map(|finger| finger.at))))
            }
            same => (same, None),
        }
    }

    /// A pointer went up: the gesture from here on, and whether that was a click. Of two fingers the other one goes on panning.
    pub fn released(self, id: i32) -> (Gesture, bool) {
        match self {
            Gesture::Pan { pointer, travelled, may_click } if pointer.id == id => (Gesture::None, may_click && travelled < CLICK_PX),
            Gesture::Pinch([a, b]) if a.id == id || b.id == id => {
                (Gesture::Pan { pointer: if a.id == id { b } else { a }, travelled: CLICK_PX, may_click: false }, false)
            }
            same => (same, false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finger(id: i32, x: f64, y: f64) -> Finger {
        Finger { id, at: Point::new(x, y) }
    }

    #[test]
    fn a_press_that_goes_nowhere_is_a_click_and_one_that_travels_is_none() {
        let camera = Camera::default();
        let press = Gesture::default().press(finger(1, 10.0, 10.0), true);
        assert_eq!(press.released(1), (Gesture::None, true));
        let (dragged, moved) = press.moved(finger(1, 50.0, 10.0), &camera);
        assert_eq!(moved, Some(camera.pan(40.0, 0.0)));
        assert_eq!(dragged.released(1), (Gesture::None, false));
        assert_eq!(Gesture::default().press(finger(1, 0.0, 0.0), false).released(1), (Gesture::None, false));
    }

    #[test]
    fn a_second_finger_pinches_and_the_one_that_stays_pans_on_without_a_click() {
        let camera = Camera::default();
        let pinch = Gesture::default().press(finger(1, 100.0, 100.0), true).press(finger(2, 200.0, 100.0), true);
        let (pinch, moved) = pinch.moved(finger(2, 300.0, 100.0), &camera);
        assert!((moved.unwrap().zoom - camera.zoom * 2.0).abs() < 1e-9);
        let (pan, is_click) = pinch.released(1);
        assert!(!is_click);
        assert_eq!(pan.moved(finger(2, 310.0, 100.0), &camera).1, Some(camera.pan(10.0, 0.0)));
        assert_eq!(pan.released(2), (Gesture::None, false));
    }

    #[test]
    fn a_third_finger_and_strangers_change_nothing() {
        let camera = Camera::default();
        let pinch = Gesture::default().press(finger(1, 0.0, 0.0), true).press(finger(2, 9.0, 0.0), true);
        assert_eq!(pinch.press(finger(3, 5.0, 5.0), true), pinch);
        assert_eq!(pinch.moved(finger(3, 5.0, 5.0), &camera), (pinch, None));
        assert_eq!(pinch.released(3), (pinch, false));
        assert_eq!(Gesture::None.released(1), (Gesture::None, false));
    }
}
