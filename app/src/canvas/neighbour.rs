//! The way around the Yard by arrow keys: from one krate to the next that lies in a direction.

use crate::yard::{Point, Rect};

/// Where an arrow points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Direction {
    Left,
    Right,
    Up,
    Down,
}

impl Direction {
    /// The direction of an arrow key, by its name in `KeyboardEvent.key`.
    pub fn of_key(key: &str) -> Option<Direction> {
        match key {
            "ArrowLeft" => Some(Direction::Left),
            "ArrowRight" => Some(Direction::Right),
            "ArrowUp" => Some(Direction::Up),
            "ArrowDown" => Some(Direction::Down),
            _ => None,
        }
    }

    /// A step of this length that way.
    pub fn step(self, by: f64) -> Point {
        match self {
            Direction::Left => Point::new(-by, 0.0),
            Direction::Right => Point::new(by, 0.0),
            Direction::Up => Point::new(0.0, -by),
            Direction::Down => Point::new(0.0, by),
        }
    }
}

/// What lies to the side counts this much more than what lies ahead.
const ASIDE: f64 = 2.0;

/// Which of these comes next that way, by their middles; `None` where nothing lies there.
pub fn neighbour(from: Point, rects: &[Rect], direction: Direction) -> Option<usize> {
    let toward = direction.step(1.0);
    let cost = |rect: &Rect| {
        let (dx, dy) = (rect.centre().x - from.x, rect.centre().y - from.y);
        let ahead = dx * toward.x + dy * toward.y;
        let aside = (dx * toward.y).abs() + (dy * toward.x).abs();
        // At the very place it is where one comes from.
        (ahead > 1.0).then_some(ahead + ASIDE * aside)
    };
    let costs = rects.iter().enumerate().filter_map(|(at, rect)| Some((at, cost(rect)?)));
    costs.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::yard::Size;

    fn rect(x: f64, y: f64) -> Rect {
        Rect::new(Point::new(x, y), Size::new(100.0, 100.0))
    }

    #[test]
    fn an_arrow_goes_to_what_lies_ahead_and_not_to_what_is_nearer_beside() {
        let rects = [rect(0.0, 0.0), rect(400.0, 20.0), rect(60.0, 300.0), rect(-300.0, 0.0)];
        let from = rects[0].centre();
        assert_eq!(neighbour(from, &rects, Direction::Right), Some(1));
        assert_eq!(neighbour(from, &rects, Direction::Down), Some(2));
        assert_eq!(neighbour(from, &rects, Direction::Left), Some(3));
        assert_eq!(neighbour(from, &rects, Direction::Up), None);
    }

    proptest! {
        #[test]
        fn whatever_an_arrow_finds_lies_that_way_and_is_left_by_another_arrow(places in prop::collection::vec((-5000.0..5000.0, -5000.0..5000.0), 1..12)) {
            let rects: Vec<_> = places.iter().map(|(x, y)| rect(*x, *y)).collect();
            let from = rects[0].centre();
            for direction in [Direction::Left, Direction::Right, Direction::Up, Direction::Down] {
                let Some(found) = neighbour(from, &rects, direction) else { continue };
                let (to, toward) = (rects[found].centre(), direction.step(1.0));
                prop_assert!((to.x - from.x) * toward.x + (to.y - from.y) * toward.y > 0.0);
            }
            let alone = |direction| neighbour(from, &rects, direction).is_none();
            let is_alone = [Direction::Left, Direction::Right, Direction::Up, Direction::Down].into_iter().all(alone);
            prop_assert_eq!(is_alone, rects.iter().all(|rect| (rect.centre().x - from.x).abs() <= 1.0 && (rect.centre().y - from.y).abs() <= 1.0));
        }
    }
}
