//! What of this tab the others are told: of each krate in its own room, so that no name crosses a namespace's border.

use std::collections::BTreeSet;

use krateyard_shared::sync::presence::{Drag, MAX_KRATES, Position, Presence, Viewport};
use krateyard_shared::sync::room::Room;

use crate::yard::{KrateId, Point, Rect};

/// What the person lets others know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sharing {
    /// Nothing at all.
    pub is_hidden: bool,
    /// What Spotlight is asked for, too.
    pub query: bool,
}

/// What goes on in this tab.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Doing {
    /// Where the pointer is on the world, and the room of the krate below it; `None` is the ground.
    pub cursor: Option<(Point, Option<Room>)>,
    /// Krates in use, the one in focus first if there is one, with their rooms.
    pub krates: Vec<(KrateId, Room)>,
    /// Whether the first of them is in focus now.
    pub has_focus: bool,
    /// Krates that are selected, with their rooms.
    pub selection: Vec<(KrateId, Room)>,
    /// A krate that is being dragged.
    pub drag: Option<(KrateId, Room, Point)>,
    /// What of the world is in sight.
    pub viewport: Option<Rect>,
    /// What Spotlight is asked for.
    pub query: Option<String>,
    /// Seconds since the person did something.
    pub idle_secs: u32,
}

impl Doing {
    /// What a room is told; `None` for one that is told nothing.
    pub fn told(&self, room: &Room, sharing: Sharing, tab: &str, now_ms: f64) -> Option<Presence> {
        if sharing.is_hidden || *room == Room::Private {
            return None;
        }
        let here = |of: &Room| of == room;
        let own = |krates: &[(KrateId, Room)]| krates.iter().filter(|(_, of)| here(of)).take(MAX_KRATES).map(|(id, _)| id.to_string()).collect();
        let position = |point: Point| Position { x: point.x.round(), y: point.y.round() };
        Some(Presence {
            tab: tab.to_owned(),
            cursor_position: self.cursor.as_ref().filter(|(_, over)| over.as_ref().is_none_or(here)).map(|(at, _)| position(*at)),
            active_krate_id: self.krates.first().filter(|(_, of)| self.has_focus && here(of)).map(|(id, _)| id.to_string()),
            // A query may name what others may not: it is the person's choice to share it, and everybody here reads it.
            spotlight_query: self.query.clone().filter(|_| sharing.query).map(|query| query.chars().take(120).collect()),
            timestamp: now_ms,
            viewport: self.viewport.map(|view| Viewport { x: view.at.x.round(), y: view.at.y.round(), w: view.size.w.round(), h: view.size.h.round() }),
            krates: own(&self.krates),
            selection: own(&self.selection),
            drag: self.drag.as_ref().filter(|(_, of, _)| here(of)).map(|(id, _, at)| Drag { krate: id.to_string(), at: position(*at) }),
            idle_secs: self.idle_secs,
            ..Presence::default()
        })
    }

    /// The rooms that are to hear of a movement at once: those of what moves, and where it moves over the ground those in which somebody is to see it.
    pub fn hear_at_once(&self, with_company: &BTreeSet<Room>) -> BTreeSet<Room> {
        let own = self
            .drag
            .iter()
            .map(|(_, room, _)| room)
            .chain(self.krates.iter().chain(&self.selection).map(|(_, room)| room))
            .chain(self.cursor.iter().filter_map(|(_, over)| over.as_ref()));
        own.chain(with_company).filter(|room| with_company.contains(room)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(namespace: &str) -> Room {
        Room::Namespace(namespace.into())
    }

    fn doing() -> Doing {
        Doing {
            cursor: Some((Point::new(1.0, 2.0), Some(of("web")))),
            krates: vec![("w".into(), of("web")), ("s".into(), of("shop"))],
            has_focus: true,
            selection: vec![("s".into(), of("shop")), ("x".into(), of("shop"))],
            drag: Some(("s".into(), of("shop"), Point::new(5.0, 6.0))),
            query: Some("secret plans".into()),
            ..Doing::default()
        }
    }

    #[test]
    fn each_room_is_told_of_its_own_krates_alone() {
        let told = |room| doing().told(&room, Sharing::default(), "t", 1.0).unwrap();
        let (web, shop, cluster) = (told(of("web")), told(of("shop")), told(Room::Cluster));
        assert_eq!((&web.krates[..], web.active_krate_id.as_deref(), web.cursor_position.is_some()), (&["w".to_owned()][..], Some("w"), true));
        assert!(web.drag.is_none() && shop.drag.is_some() && shop.cursor_position.is_none() && shop.active_krate_id.is_none());
        assert_eq!((web.selection.len(), &shop.selection[..]), (0, &["s".to_owned(), "x".into()][..]));
        assert!(cluster.krates.is_empty() && cluster.selection.is_empty() && cluster.cursor_position.is_none());
        assert_eq!(web.spotlight_query, None, "not shared unless switched on");
        let over_ground = Doing { cursor: Some((Point::new(0.0, 0.0), None)), ..doing() };
        assert!(over_ground.told(&Room::Cluster, Sharing::default(), "t", 1.0).unwrap().cursor_position.is_some());
    }

    #[test]
    fn whoever_hides_says_nothing_and_a_private_room_hears_nothing() {
        assert_eq!(doing().told(&of("web"), Sharing { is_hidden: true, query: true }, "t", 1.0), None);
        assert_eq!(doing().told(&Room::Private, Sharing::default(), "t", 1.0), None);
        let shared = doing().told(&of("web"), Sharing { is_hidden: false, query: true }, "t", 1.0).unwrap();
        assert_eq!(shared.spotlight_query.as_deref(), Some("secret plans"));
    }

    #[test]
    fn only_rooms_in_which_somebody_is_hear_of_every_movement() {
        assert!(doing().hear_at_once(&BTreeSet::new()).is_empty());
        assert_eq!(doing().hear_at_once(&[of("web")].into()), [of("web")].into());
    }
}
