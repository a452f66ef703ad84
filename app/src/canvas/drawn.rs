//! For which zoom the page is drawn. Hairlines, flags and cards keep their size on the screen, so all of them are drawn anew for another zoom; while the camera
//! moves the pixels that are there are scaled instead, and drawn anew once it stands still.

use super::camera::Detail;

/// Furthest that pixels are scaled by: beyond they would look coarse, or too many of them would be drawn only to be made small.
const FURTHEST: f64 = 1.6;

/// The zoom to draw for, coming from another one.
pub fn drawn_zoom(before: f64, zoom: f64, detail: Detail, is_still: bool) -> f64 {
    let scaled = zoom / before;
    // Cards are few and light, and their size on the screen is what they are for.
    if is_still || detail == Detail::Cards || !(1.0 / FURTHEST..=FURTHEST).contains(&scaled) { zoom } else { before }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_scaled_while_the_camera_moves_and_drawn_anew_when_it_stands() {
        let windows = |before, zoom, still| drawn_zoom(before, zoom, Detail::Windows, still);
        assert_eq!(windows(0.92, 0.80, false), 0.92);
        assert_eq!(windows(0.92, 0.80, true), 0.80);
        assert_eq!(windows(0.92, 0.50, false), 0.50, "too far to be scaled");
        assert_eq!(windows(0.50, 0.92, false), 0.92);
        assert_eq!(windows(f64::NAN, 0.92, false), 0.92);
    }

    #[test]
    fn cards_keep_their_size_at_every_step() {
        assert_eq!(drawn_zoom(0.39, 0.38, Detail::Cards, false), 0.38);
    }
}
