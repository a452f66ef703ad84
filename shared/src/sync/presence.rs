//! Who is on a Yard, where, and with what: the state that each tab sends as awareness of a room. JSON, so that any Yjs client reads it.

use serde::{Deserialize, Serialize};

/// A tab says who is there at least so often, in seconds.
pub const EVERY_SECS: u32 = 5;
/// Whoever said nothing for so long is gone, in seconds (y-protocols, `outdatedTimeout`).
pub const GONE_AFTER_SECS: u32 = 30;
/// A room tells its peers of others so many times a second at most.
pub const PER_SECOND: u32 = 15;
/// Longest state of one peer, in bytes as JSON.
pub const MAX_STATE: usize = 4 * 1024;
/// Krates that a state names at most.
pub const MAX_KRATES: usize = 24;

/// Colours of people, with dark ink on them (tokens.css, `--person-1` to `--person-6` of the dark theme). The app paints its own of the same number.
pub const COLORS: [&str; 6] = ["#ff9e64", "#b4a1ff", "#7fd88f", "#ff8fb8", "#6cc4ff", "#e5cf5c"];

/// Which of [`COLORS`] is a person's, by id: the same everywhere (FNV-1a, 32 bits).
pub fn hue(user_id: &str) -> usize {
    let hash = user_id.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash as usize % COLORS.len()
}

/// The state of one tab in one room. `user_id`, `name` and `color` are the proxy's word: whatever a peer says there is replaced.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Presence {
    /// The same for all tabs of a person, and for nobody else.
    pub user_id: String,
    /// As the cluster knows the person.
    pub name: String,
    /// `#rrggbb`, of the person.
    pub color: String,
    /// Names the tab among a person's: it says the same of itself in several rooms.
    pub tab: String,
    /// In world units; `None` where the pointer is not on the canvas, or what is below it belongs to another room.
    pub cursor_position: Option<Position>,
    /// The krate in focus, if it is of this room.
    pub active_krate_id: Option<String>,
    /// What Spotlight is asked for; only from those who share it.
    pub spotlight_query: Option<String>,
    /// Milliseconds since 1970, by the peer's clock: for the order of one peer's states only.
    pub timestamp: f64,
    /// What of the world is in sight.
    pub viewport: Option<Viewport>,
    /// Krates of this room in which the person has a window in use, by key.
    pub krates: Vec<String>,
    /// Krates of this room that the person selected, by key.
    pub selection: Vec<String>,
    /// A krate that is being dragged, and where it is now; what is selected with it moves along.
    pub drag: Option<Drag>,
    /// Seconds since the person last did something; 0 while active.
    pub idle_secs: u32,
}

/// A point of the world, in world units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Position {
    pub x: f64,
    pub y: f64,
}

/// A part of the world, in world units.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Viewport {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

/// A krate under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drag {
    /// Its key.
    pub krate: String,
    /// Top left corner.
    pub at: Position,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_their_names_and_what_is_missing_or_unknown_does_no_harm() {
        let presence = Presence { name: "ann".into(), cursor_position: Some(Position { x: 1.5, y: 2.0 }), ..Presence::default() };
        let json = serde_json::to_value(&presence).unwrap();
        assert_eq!((&json["cursorPosition"]["x"], &json["activeKrateId"]), (&1.5.into(), &serde_json::Value::Null));
        assert_eq!(serde_json::from_value::<Presence>(json).unwrap(), presence);
        assert_eq!(serde_json::from_str::<Presence>(r#"{"name":"bob","later":1}"#).unwrap().name, "bob");
    }
}
