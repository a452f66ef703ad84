//! Where things lie: windows within their krate, krates among each other. Pure geometry in world units (look.md, Krate).

use super::state::{Krate, Point, Rect, Size, WindowId};

/// Between a krate's frame and its windows, left, right and below.
pub const PADDING: f64 = 20.0;
/// Height of a krate's header; a minimised krate is nothing else.
pub const HEADER: f64 = 40.0;
/// Between the windows of a krate.
pub const GAP: f64 = 16.0;
/// Least distance between two krates: more than within one, which is what groups.
pub const KRATE_GAP: f64 = 24.0;
/// Windows tile in this many columns.
pub const COLUMNS: usize = 2;
/// The smallest window that still shows its stream's state.
pub const WINDOW_LEAST: Size = Size::new(220.0, 120.0);

/// The frame of a krate.
pub fn krate_rect(krate: &Krate) -> Rect {
    Rect::new(krate.at, frame_size(krate.windows.iter().map(|window| window.size), krate.minimised))
}

/// The windows of a krate, in world coordinates. A minimised krate shows none.
pub fn window_rects(krate: &Krate) -> Vec<(WindowId, Rect)> {
    if krate.minimised {
        return Vec::new();
    }
    let sizes: Vec<Size> = krate.windows.iter().map(|window| window.size).collect();
    let origin = Point::new(krate.at.x + PADDING, krate.at.y + HEADER);
    let rects = tile(&sizes).into_iter().map(|rect| Rect::new(Point::new(origin.x + rect.at.x, origin.y + rect.at.y), rect.size));
    krate.windows.iter().map(|window| window.id.clone()).zip(rects).collect()
}

/// The frame of a krate with windows of these sizes.
pub fn frame_size(windows: impl IntoIterator<Item = Size>, minimised: bool) -> Size {
    let sizes: Vec<Size> = windows.into_iter().collect();
    let inner = Rect::around(tile(&sizes)).map_or(Size::default(), |rect| rect.size);
    let height = if minimised { HEADER } else { HEADER + inner.h + PADDING };
    Size::new(inner.w + 2.0 * PADDING, height)
}

/// Windows in two columns, row by row: a column is as wide as its widest window, a row as high as its highest.
fn tile(sizes: &[Size]) -> Vec<Rect> {
    let first_column = sizes.iter().step_by(COLUMNS).fold(0.0, |widest: f64, size| widest.max(size.w));
    let mut top = 0.0;
    let mut rects = Vec::with_capacity(sizes.len());
    for row in sizes.chunks(COLUMNS) {
        for (column, size) in row.iter().enumerate() {
            let left = if column == 0 { 0.0 } else { first_column + GAP };
            rects.push(Rect::new(Point::new(left, top), *size));
        }
        top += row.iter().fold(0.0, |highest: f64, size| highest.max(size.h)) + GAP;
    }
    rects
}

/// The place nearest to `near` for the top left corner of a krate of this size, such that it keeps [`KRATE_GAP`] from every obstacle. `near` itself when
/// that is free. Always finds one, on whole units.
///
/// The nearest free point has either `near`'s own x or lies on the edge of what an obstacle forbids, so trying those is exact.
pub fn place(size: Size, near: Point, obstacles: &[Rect]) -> Point {
    let near = near.rounded();
    let mut forbidden: Vec<Rect> = obstacles.iter().map(|obstacle| forbidden_by(obstacle, size)).collect();
    forbidden.sort_by(|a, b| a.at.y.total_cmp(&b.at.y));
    let mut columns: Vec<f64> = forbidden.iter().flat_map(|rect| [rect.at.x, rect.right()]).chain([near.x]).collect();
    // Of two that are equally far, the right one.
    columns.sort_by(|a, b| (a - near.x).abs().total_cmp(&(b - near.x).abs()).then(b.total_cmp(a)));
    let mut best: Option<(f64, Point)> = None;
    for x in columns {
        if best.is_some_and(|(distance, _)| (x - near.x).abs() >= distance) {
            break;
        }
        let point = Point::new(x, free_y(x, near.y, &forbidden));
        let distance = point.distance(near);
        if best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, point));
        }
    }
    best.map_or(near, |(_, point)| point)
}

/// Where the top left corner of a krate of this size may not lie.
fn forbidden_by(obstacle: &Rect, size: Size) -> Rect {
    let left = (obstacle.at.x - KRATE_GAP - size.w).floor();
    let top = (obstacle.at.y - KRATE_GAP - size.h).floor();
    let right = (obstacle.right() + KRATE_GAP).ceil();
    let bottom = (obstacle.bottom() + KRATE_GAP).ceil();
    Rect::new(Point::new(left, top), Size::new(right - left, bottom - top))
}

/// The y nearest to `near` at which no rectangle holds (x, y) within its edges. The rectangles come from top to bottom.
fn free_y(x: f64, near: f64, forbidden: &[Rect]) -> f64 {
    // The stretch of forbidden ones that touches or follows the one before.
    let (mut start, mut end) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for rect in forbidden.iter().filter(|rect| rect.at.x < x && x < rect.right()) {
        if rect.at.y >= end {
            if near < end || near <= rect.at.y {
                break;
            }
            start = rect.at.y;
        }
        end = end.max(rect.bottom());
    }
    if near <= start || near >= end {
        near
    } else if end - near <= near - start {
        end
    } else {
        start
    }
}

#[cfg(test)]
mod tests {
    use krateyard_shared::kinds::View;
    use krateyard_shared::sync::room::Room;
    use proptest::prelude::*;

    use super::*;
    use crate::yard::Collection;
    use crate::yard::state::{Content, Subject, Window};

    fn krate(sizes: &[Size]) -> Krate {
        let window = |(i, size): (usize, &Size)| Window { id: i.to_string().into(), content: Content::View(View::Logs), subject: None, size: *size };
        let subject = Subject::Collection(Collection::default());
        let windows = sizes.iter().enumerate().map(window).collect();
        Krate { id: "k".into(), room: Room::Private, writable: true, subject, at: Point::new(100.0, 200.0), minimised: false, windows }
    }

    fn size() -> impl Strategy<Value = Size> {
        (40_i32..900, 40_i32..700).prop_map(|(w, h)| Size::new(f64::from(w), f64::from(h)))
    }

    fn rect() -> impl Strategy<Value = Rect> {
        (-1500_i32..1500, -1500_i32..1500, size()).prop_map(|(x, y, size)| Rect::new(Point::new(f64::from(x), f64::from(y)), size))
    }

    #[test]
    fn default_windows_tile_in_columns_0_and_396_and_rows_of_378() {
        let krate = krate(&[Content::View(View::Logs).default_size(); 3]);
        let corners: Vec<Point> = window_rects(&krate).iter().map(|(_, rect)| Point::new(rect.at.x - 120.0, rect.at.y - 240.0)).collect();
        assert_eq!(corners, [Point::new(0.0, 0.0), Point::new(396.0, 0.0), Point::new(0.0, 378.0)]);
        assert_eq!(krate_rect(&krate).size, Size::new(816.0, 800.0));
    }

    #[test]
    fn a_minimised_krate_is_a_header_as_wide_as_before() {
        let mut krate = krate(&[Size::new(380.0, 362.0), Size::new(640.0, 480.0)]);
        let wide = krate_rect(&krate).size.w;
        krate.minimised = true;
        assert_eq!((krate_rect(&krate).size, window_rects(&krate)), (Size::new(wide, HEADER), Vec::new()));
    }

    proptest! {
        #[test]
        fn windows_lie_within_their_frame_and_never_overlap(sizes in prop::collection::vec(size(), 1..9)) {
            let krate = krate(&sizes);
            let (frame, windows) = (krate_rect(&krate), window_rects(&krate));
            for (i, (_, rect)) in windows.iter().enumerate() {
                prop_assert!(rect.at.x >= frame.at.x + PADDING && rect.at.y >= frame.at.y + HEADER);
                prop_assert!(rect.right() <= frame.right() - PADDING && rect.bottom() <= frame.bottom() - PADDING);
                prop_assert!(windows[i + 1..].iter().all(|(_, other)| !rect.grown(GAP - 0.001).overlaps(other)));
            }
        }

        #[test]
        fn a_dropped_krate_covers_none_and_no_nearer_place_is_free(size in size(), near in (-1500_i32..1500, -1500_i32..1500), obstacles in prop::collection::vec(rect(), 0..40)) {
            let near = Point::new(f64::from(near.0), f64::from(near.1));
            let free = |at: Point| !obstacles.iter().any(|obstacle| obstacle.grown(KRATE_GAP).overlaps(&Rect::new(at, size)));
            let at = place(size, near, &obstacles);
            prop_assert!(free(at), "{at:?}");
            let distance = at.distance(near);
            for step in 0..360 {
                let (sin, cos) = f64::from(step).to_radians().sin_cos();
                for share in [0.0, 0.25, 0.5, 0.75, 0.95] {
                    let nearer = Point::new(near.x + cos * distance * share, near.y + sin * distance * share);
                    prop_assert!(distance < 1e-9 || !free(nearer), "{at:?} was taken, {nearer:?} is nearer and free");
                }
            }
        }
    }
}
