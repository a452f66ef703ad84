//! Which ground is taken while an action is planned: the frames of all krates, changed step by step before anything is written.

use std::collections::HashMap;

use super::layout::{frame_size, krate_rect, place};
use super::state::{Krate, KrateId, Point, Rect, Size, YardState};
use super::stored::Write;

/// The frames of all krates.
pub(crate) struct Ground {
    frames: HashMap<KrateId, Rect>,
}

impl Ground {
    /// As the Yard shows them.
    pub(crate) fn of(state: &YardState) -> Ground {
        Ground { frames: state.krates.iter().map(|krate| (krate.id.clone(), krate_rect(krate))).collect() }
    }

    /// A krate leaves.
    pub(crate) fn clear(&mut self, krate: &KrateId) {
        self.frames.remove(krate);
    }

    /// A krate comes down near here: on the nearest place where it covers none.
    pub(crate) fn put(&mut self, krate: &KrateId, size: Size, near: Point) -> Point {
        self.clear(krate);
        let obstacles: Vec<Rect> = self.frames.values().copied().collect();
        let at = place(size, near, &obstacles);
        self.frames.insert(krate.clone(), Rect::new(at, size));
        at
    }

    /// How far krates go that come down together, if they were to go so far: exactly that if it leaves each of them on free ground; else as little beside it as
    /// leaves the ground around all of them free. `None` for no krate.
    pub(crate) fn put_together(&mut self, krates: &[&Krate], by: Point) -> Option<Point> {
        krates.iter().for_each(|krate| self.clear(&krate.id));
        let by = by.rounded();
        let obstacles: Vec<Rect> = self.frames.values().copied().collect();
        let moved = |rect: Rect| Rect::new(Point::new(rect.at.x + by.x, rect.at.y + by.y), rect.size);
        let fits = |rect: Rect| place(rect.size, rect.at, &obstacles) == rect.at;
        if krates.iter().all(|krate| fits(moved(krate_rect(krate)))) {
            return (!krates.is_empty()).then_some(by);
        }
        let around = Rect::around(krates.iter().map(|krate| krate_rect(krate)))?;
        let at = place(around.size, moved(around).at, &obstacles);
        Some(Point::new(at.x - around.at.x, at.y - around.at.y))
    }

    /// A krate has windows of these sizes from now on. If it grows over another one it makes room by moving itself: nobody else's is touched. One that does
    /// not grow stays, even if others left it overlapping.
    pub(crate) fn settle(&mut self, krate: &Krate, windows: impl Iterator<Item = Size>, minimised: bool) -> Vec<Write> {
        let (size, before) = (frame_size(windows, minimised), krate_rect(krate).size);
        if size.w <= before.w && size.h <= before.h {
            self.frames.insert(krate.id.clone(), Rect::new(krate.at, size));
            return Vec::new();
        }
        let at = self.put(&krate.id, size, krate.at);
        if at == krate.at { Vec::new() } else { vec![Write::MoveKrate(krate.id.clone(), at)] }
    }
}
