//! Which rows are on screen. Rows count alike for the scroll bar, whatever their height; where all are one line high this is exact scrolling to the pixel.
//!
//! With f = how far the bar is (0 to 1), the row at f of all rows stands at f of the height of the view. So the first row is whole at the top and the last one
//! whole at the bottom, every row in between is reached, and nothing has to be measured: wrapped lines and folded-out fields need no heights known beforehand.

/// Height of a row of one line, in CSS pixels: `--lead-sm`.
pub const ROW: f64 = 18.0;
/// Up to so many rows, rows of several lines are simply all rendered: only a longer list is windowed.
pub const ALL: usize = 300;

/// What to render, and where.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slice {
    /// First row to render.
    pub from: usize,
    /// Row after the last one.
    pub to: usize,
    /// The row that is pinned.
    pub anchor: usize,
    /// The point of the pinned row, as a share of its height.
    pub part: f64,
    /// Where that point stands, in pixels below the top of the view.
    pub at: f64,
}

/// Height of the scrolled content.
pub fn content(rows: usize) -> f64 {
    rows as f64 * ROW
}

/// The rows on screen.
pub fn slice(rows: usize, scrolled: f64, view: f64) -> Slice {
    let hidden = content(rows) - view;
    let far = if hidden <= 0.0 { 0.0 } else { (scrolled / hidden).clamp(0.0, 1.0) };
    let point = far * rows as f64;
    let anchor = (point as usize).min(rows.saturating_sub(1));
    let at = far * view;
    let above = (at / ROW).ceil() as usize + 1;
    let below = ((view - at) / ROW).ceil() as usize + 2;
    Slice { from: anchor.saturating_sub(above), to: (anchor + below).min(rows), anchor, part: if rows == 0 { 0.0 } else { point - anchor as f64 }, at }
}

/// How far to scroll so that a row is in the middle of the view, as near as the ends allow.
pub fn reveal(row: usize, rows: usize, view: f64) -> f64 {
    ((row as f64 + 0.5) * ROW - view / 2.0).clamp(0.0, (content(rows) - view).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_of_one_line_scroll_to_the_pixel(rows in 1_usize..100_000, share in 0.0..=1.0_f64, view in 20.0..1200.0_f64) {
            let scrolled = (content(rows) - view).max(0.0) * share;
            let slice = slice(rows, scrolled, view);
            let top_of_first = slice.at - (slice.part + (slice.anchor - slice.from) as f64) * ROW;
            prop_assert!((top_of_first - (slice.from as f64 * ROW - scrolled)).abs() < 1e-3, "{slice:?}");
        }

        #[test]
        fn the_view_is_filled_and_little_more_is_rendered(rows in 0_usize..100_000, share in 0.0..=1.0_f64, view in 20.0..1200.0_f64) {
            let scrolled = (content(rows) - view).max(0.0) * share;
            let slice = slice(rows, scrolled, view);
            prop_assert!(slice.to - slice.from <= (view / ROW) as usize + 6);
            prop_assert!(slice.from as f64 * ROW <= scrolled + 1e-6 && (slice.to as f64 * ROW >= scrolled + view - 1e-6 || slice.to == rows));
        }

        #[test]
        fn the_ends_are_whole(rows in 100_usize..10_000, view in 20.0..1200.0_f64) {
            let first = slice(rows, 0.0, view);
            prop_assert_eq!((first.from, first.anchor, first.part, first.at), (0, 0, 0.0, 0.0));
            let last = slice(rows, content(rows) - view, view);
            prop_assert_eq!((last.to, last.anchor, last.part, last.at), (rows, rows - 1, 1.0, view));
        }

        #[test]
        fn a_revealed_row_is_on_screen(rows in 1_usize..10_000, row in 0_usize..10_000, view in 40.0..1200.0_f64) {
            let row = row % rows;
            let scrolled = reveal(row, rows, view);
            prop_assert!(row as f64 * ROW >= scrolled - 1e-6 && (row + 1) as f64 * ROW <= scrolled + view + 1e-6);
        }
    }
}
