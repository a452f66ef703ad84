//! Which room of a Yard something belongs to: no name of one namespace stands in the room of another.

use krateyard_shared::sync::room::{Room, YARDS, YARDS_GROUP};

use super::document::DocumentError;
use super::state::Subject;

/// The room of a subject: its namespace's where it has exactly one; the cluster's for what has none or several.
pub fn room_of(subject: &Subject) -> Room {
    let namespace = match subject {
        Subject::Object(object) => object.namespace.as_deref(),
        Subject::Collection(collection) => collection.namespace(),
    };
    let room = namespace.map_or(Room::Cluster, |namespace| Room::Namespace(namespace.into()));
    // What no cluster could have as a namespace is nobody else's to see.
    if room.is_valid() { room } else { Room::Private }
}

/// Whether a subject may stand in a room: one namespace's holds nothing of another and nothing of the cluster.
pub fn fits(subject: &Subject, room: &Room) -> bool {
    room.namespace().is_none() || room_of(subject) == *room
}

/// The room of an arrow between krates of these rooms.
pub fn room_between(from: &Room, to: &Room) -> Room {
    if from == to { from.clone() } else { Room::Cluster }
}

/// Why nobody changes anything of a room here, as a sentence: what it lacks, or what was said of its document.
pub fn why_fixed(room: &Room, refused: Option<&DocumentError>) -> String {
    if let Some(refused) = refused {
        return format!("{refused}");
    }
    let of = room.namespace().map_or_else(|| "the cluster".into(), |namespace| format!("namespace {namespace}"));
    format!("You may not change the Yard of {of}: update {YARDS}.{YARDS_GROUP}")
}

#[cfg(test)]
mod tests {
    use krateyard_shared::kinds::Kind;

    use super::*;
    use crate::yard::Collection;

    #[test]
    fn one_namespace_is_its_room_and_everything_wider_is_the_clusters() {
        let pods = |namespace: Option<&str>| Collection::of_kind(Kind::Pod, namespace.map(Into::into));
        let web = Room::Namespace("web".into());
        let room = |collection: Collection| room_of(&Subject::Collection(collection));
        assert_eq!(room(pods(Some("web"))), web);
        assert_eq!(room(Collection::attention().in_namespaces(["web".into()])), web);
        assert_eq!(room(pods(None)), Room::Cluster);
        assert_eq!(room(pods(None).in_namespaces(["web".into(), "shop".into()])), Room::Cluster);
        assert_eq!(room(Collection::of_kind(Kind::Node, None)), Room::Cluster);
        assert_eq!(room(pods(Some("No Namespace"))), Room::Private);
        let (of_web, of_all) = (Subject::Collection(pods(Some("web"))), Subject::Collection(pods(None)));
        assert!(fits(&of_web, &web) && fits(&of_web, &Room::Cluster) && fits(&of_web, &Room::Private));
        assert!(!fits(&of_web, &Room::Namespace("shop".into())) && !fits(&of_all, &web));
    }
}
