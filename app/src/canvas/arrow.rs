//! How an arrow runs from one krate to another: from edge to edge, a little bent.

use crate::yard::{Point, Rect};

/// Free between an arrow's end and the krate, in world units.
const GAP: f64 = 8.0;
/// How far the bend goes to the side, as a share of the length.
const BEND: f64 = 0.18;
/// Length of the head's two strokes.
const HEAD: f64 = 12.0;

/// A quadratic curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Where it begins.
    pub from: Point,
    /// What it bends towards.
    pub bend: Point,
    /// Where it points.
    pub to: Point,
}

impl Curve {
    /// As an SVG path.
    pub fn path(&self) -> String {
        let (from, bend, to) = (self.from.rounded(), self.bend.rounded(), self.to.rounded());
        format!("M{} {}Q{} {} {} {}", from.x, from.y, bend.x, bend.y, to.x, to.y)
    }
}

/// From the edge of one krate to the edge of another.
pub fn arrow_path(from: &Rect, to: &Rect) -> Curve {
    let (a, b) = (from.centre(), to.centre());
    let (start, end) = (edge(from, b), edge(to, a));
    let (dx, dy) = (end.x - start.x, end.y - start.y);
    let bend = Point::new((start.x + end.x) / 2.0 - dy * BEND, (start.y + end.y) / 2.0 + dx * BEND);
    Curve { from: start, bend, to: end }
}

/// The two strokes of the head, as an SVG path.
pub fn head_path(curve: &Curve) -> String {
    let angle = (curve.to.y - curve.bend.y).atan2(curve.to.x - curve.bend.x);
    let stroke = |turn: f64| {
        let (sin, cos) = (angle + std::f64::consts::PI + turn).sin_cos();
        Point::new(curve.to.x + HEAD * cos, curve.to.y + HEAD * sin).rounded()
    };
    let (left, right, tip) = (stroke(0.45), stroke(-0.45), curve.to.rounded());
    format!("M{} {}L{} {}L{} {}", left.x, left.y, tip.x, tip.y, right.x, right.y)
}

/// Where the line from a rectangle's middle towards a point leaves it, and a little further.
fn edge(rect: &Rect, towards: Point) -> Point {
    let centre = rect.centre();
    let (dx, dy) = (towards.x - centre.x, towards.y - centre.y);
    let (half_w, half_h) = (rect.size.w / 2.0 + GAP, rect.size.h / 2.0 + GAP);
    let share = |distance: f64, half: f64| if distance == 0.0 { f64::INFINITY } else { half / distance.abs() };
    let scale = share(dx, half_w).min(share(dy, half_h));
    if scale.is_finite() { Point::new(centre.x + dx * scale, centre.y + dy * scale) } else { Point::new(centre.x, rect.bottom() + GAP) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yard::Size;

    fn rect() -> impl Strategy<Value = Rect> {
        (-2000.0..2000.0, -2000.0..2000.0, 40.0..900.0, 40.0..900.0).prop_map(|(x, y, w, h)| Rect::new(Point::new(x, y), Size::new(w, h)))
    }

    proptest! {
        #[test]
        fn an_arrow_ends_at_the_edges_and_within_neither_krate(from in rect(), to in rect()) {
            let curve = arrow_path(&from, &to);
            prop_assert!(!from.contains(curve.from) && from.grown(GAP + 0.01).contains(curve.from));
            prop_assert!(!to.contains(curve.to) && to.grown(GAP + 0.01).contains(curve.to));
        }
    }

    #[test]
    fn krates_in_the_same_place_have_an_arrow_all_the_same() {
        let rect = Rect::new(Point::new(0.0, 0.0), Size::new(100.0, 100.0));
        let curve = arrow_path(&rect, &rect);
        assert!(curve.path().starts_with('M') && !curve.path().contains("NaN") && !head_path(&curve).contains("NaN"));
    }
}
