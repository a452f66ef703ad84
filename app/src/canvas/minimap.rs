//! The minimap: the whole Yard in 180 x 120 pixels, and back.

use crate::yard::{Point, Rect, Size};

/// Its size in CSS pixels.
pub const MINIMAP: Size = Size::new(180.0, 120.0);
/// Kept free around what it shows.
const MARGIN: f64 = 6.0;

/// How the world maps to the minimap at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minimap {
    scale: f64,
    offset: Point,
}

impl Minimap {
    /// Shows all krates and the viewport (in world units), so that the frame of the viewport never leaves it.
    pub fn new(krates: impl IntoIterator<Item = Rect>, viewport: Rect) -> Minimap {
        let world = Rect::around(krates.into_iter().chain([viewport])).unwrap_or(viewport);
        let scale = ((MINIMAP.w - 2.0 * MARGIN) / world.size.w.max(1.0)).min((MINIMAP.h - 2.0 * MARGIN) / world.size.h.max(1.0));
        let centre = world.centre();
        Minimap { scale, offset: Point::new(MINIMAP.w / 2.0 - centre.x * scale, MINIMAP.h / 2.0 - centre.y * scale) }
    }

    /// Where a world rectangle lies on the minimap, never smaller than two pixels.
    pub fn from_world(&self, rect: &Rect) -> Rect {
        let at = Point::new(rect.at.x * self.scale + self.offset.x, rect.at.y * self.scale + self.offset.y);
        Rect::new(at, Size::new((rect.size.w * self.scale).max(2.0), (rect.size.h * self.scale).max(2.0)))
    }

    /// The same as the `transform` of an SVG group that holds the world.
    pub fn transform(&self) -> String {
        format!("translate({} {}) scale({})", self.offset.x, self.offset.y, self.scale)
    }

    /// The world point under a point of the minimap.
    pub fn to_world(&self, point: Point) -> Point {
        Point::new((point.x - self.offset.x) / self.scale, (point.y - self.offset.y) / self.scale)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rect() -> impl Strategy<Value = Rect> {
        (-6000.0..6000.0, -4000.0..4000.0, 40.0..2000.0, 40.0..2000.0).prop_map(|(x, y, w, h)| Rect::new(Point::new(x, y), Size::new(w, h)))
    }

    proptest! {
        #[test]
        fn everything_lies_on_it_and_a_click_goes_where_it_points(krates in prop::collection::vec(rect(), 0..20), viewport in rect()) {
            let map = Minimap::new(krates.iter().copied(), viewport);
            for rect in krates.iter().chain([&viewport]) {
                let small = map.from_world(rect);
                prop_assert!(small.at.x >= 0.0 && small.at.y >= 0.0 && small.right() <= MINIMAP.w && small.bottom() <= MINIMAP.h, "{small:?}");
                prop_assert!(map.to_world(small.at).distance(rect.at) < 1e-6);
            }
        }
    }
}
