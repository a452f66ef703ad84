//! Others, made of what their tabs say in the rooms that this person may read.

use std::collections::BTreeMap;

use krateyard_shared::sync::presence::{Position, Presence, hue};

use crate::yard::{Point, Rect, Size};

/// Whoever did nothing for so long is idle, in seconds.
pub const IDLE_AFTER_SECS: u32 = 120;

/// Somebody on this Yard.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The proxy's number for the person.
    pub id: String,
    /// As the cluster knows them.
    pub name: String,
    /// Which of the six colours, from 1 on.
    pub hue: usize,
    /// Their tabs, the one that was active last first.
    pub tabs: Vec<Tab>,
}

/// One tab of somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct Tab {
    /// Names it among the person's.
    pub key: String,
    /// Seconds since the person did something in it.
    pub idle_secs: u32,
    /// Where the pointer is on the world.
    pub cursor: Option<Point>,
    /// What of the world is in sight.
    pub viewport: Option<Rect>,
    /// The krate in focus.
    pub active: Option<String>,
    /// Krates that were in use, the latest first.
    pub krates: Vec<String>,
    /// Krates that are selected.
    pub selection: Vec<String>,
    /// A krate that is being dragged, and where it is.
    pub drag: Option<(String, Point)>,
    /// What Spotlight is asked for.
    pub query: Option<String>,
    /// Of what was said last, by the tab's own clock.
    said: f64,
}

impl Person {
    /// Whether nothing was done in any tab for a while.
    pub fn is_idle(&self) -> bool {
        self.idle_secs() >= IDLE_AFTER_SECS
    }

    /// Seconds since the person did something.
    pub fn idle_secs(&self) -> u32 {
        self.tabs.first().map_or(0, |tab| tab.idle_secs)
    }

    /// As a flag says it: without the part that all names of a company share.
    pub fn short_name(&self) -> &str {
        short(&self.name)
    }

    /// Krates that the person has in use, each once.
    pub fn krates(&self) -> Vec<String> {
        let mut krates: Vec<String> = Vec::new();
        for krate in self.tabs.iter().flat_map(|tab| &tab.krates) {
            if !krates.contains(krate) {
                krates.push(krate.clone());
            }
        }
        krates
    }

    /// Whether the person selected a krate.
    pub fn selected(&self, krate: &str) -> bool {
        self.tabs.iter().any(|tab| tab.selection.iter().any(|selected| selected == krate))
    }

    /// What the person searches for, if that is shared.
    pub fn query(&self) -> Option<&str> {
        self.tabs.iter().find_map(|tab| tab.query.as_deref())
    }

    /// What of the world the person looks at.
    pub fn viewport(&self) -> Option<Rect> {
        self.tabs.iter().find_map(|tab| tab.viewport)
    }
}

/// A name without what comes before the last colon (of a service account) and after the @.
pub fn short(name: &str) -> &str {
    let name = name.rsplit(':').next().unwrap_or(name);
    name.split('@').next().filter(|short| !short.is_empty()).unwrap_or(name)
}

/// Two letters for a face.
pub fn initials(name: &str) -> String {
    let name = short(name);
    let mut words = name.split(['.', '-', '_', ' ']).filter_map(|word| word.chars().next());
    let letters: String = match (words.next(), words.next()) {
        (Some(first), Some(second)) => [first, second].into_iter().collect(),
        _ => name.chars().take(2).collect(),
    };
    letters.to_uppercase()
}

/// Everybody, of what their tabs say: a tab speaks in several rooms, of each krate in its own. Active ones first, then by name. `me` is left out.
pub fn gather<'a>(said: impl IntoIterator<Item = &'a Presence>, me: &str) -> Vec<Person> {
    let mut people = BTreeMap::<&str, (&str, BTreeMap<&str, Tab>)>::new();
    for presence in said {
        if presence.name == me || presence.user_id.is_empty() {
            continue;
        }
        let (_, tabs) = people.entry(&presence.user_id).or_insert_with(|| (&presence.name, BTreeMap::new()));
        match tabs.entry(&presence.tab) {
            std::collections::btree_map::Entry::Vacant(slot) => drop(slot.insert(tab(presence))),
            std::collections::btree_map::Entry::Occupied(mut slot) => add(slot.get_mut(), presence),
        }
    }
    let person = |(id, (name, tabs)): (&str, (&str, BTreeMap<&str, Tab>))| {
        let mut tabs: Vec<Tab> = tabs.into_values().collect();
        tabs.sort_by_key(|tab| tab.idle_secs);
        Person { id: id.into(), name: name.into(), hue: hue(id) + 1, tabs }
    };
    let mut people: Vec<Person> = people.into_iter().map(person).collect();
    people.sort_by(|a, b| (a.is_idle(), &a.name).cmp(&(b.is_idle(), &b.name)));
    people
}

fn tab(presence: &Presence) -> Tab {
    Tab {
        key: presence.tab.clone(),
        idle_secs: presence.idle_secs,
        cursor: presence.cursor_position.and_then(point),
        viewport: presence.viewport.and_then(|view| {
            let (at, far) = (point(Position { x: view.x, y: view.y })?, point(Position { x: view.w, y: view.h })?);
            Some(Rect::new(at, Size::new(far.x, far.y)))
        }),
        active: presence.active_krate_id.clone(),
        krates: presence.krates.clone(),
        selection: presence.selection.clone(),
        drag: presence.drag.as_ref().and_then(|drag| Some((drag.krate.clone(), point(drag.at)?))),
        query: presence.spotlight_query.clone().filter(|query| !query.is_empty()),
        said: presence.timestamp,
    }
}

/// The same tab in another room: of where it is the later word counts, what it has in use adds up.
fn add(known: &mut Tab, presence: &Presence) {
    let other = tab(presence);
    let is_later = other.said > known.said;
    let (later, earlier) = if is_later { (other, known.clone()) } else { (known.clone(), other) };
    let all = |mut later: Vec<String>, earlier: Vec<String>| {
        later.extend(earlier);
        later
    };
    *known = Tab {
        krates: all(later.krates, earlier.krates),
        selection: all(later.selection, earlier.selection),
        // Each room is told of its own only.
        cursor: later.cursor.or(earlier.cursor),
        active: later.active.or(earlier.active),
        drag: later.drag.or(earlier.drag),
        query: later.query.or(earlier.query),
        viewport: later.viewport.or(earlier.viewport),
        idle_secs: later.idle_secs.min(earlier.idle_secs),
        ..later
    };
}

/// A point that a peer says: numbers that are none are no place.
fn point(position: Position) -> Option<Point> {
    (position.x.is_finite() && position.y.is_finite()).then(|| Point::new(position.x, position.y))
}

#[cfg(test)]
mod tests {
    use krateyard_shared::sync::presence::Viewport;

    use super::*;

    fn says(name: &str, tab: &str, timestamp: f64) -> Presence {
        Presence { user_id: format!("id of {name}"), name: name.into(), tab: tab.into(), timestamp, ..Presence::default() }
    }

    #[test]
    fn a_tab_that_speaks_in_two_rooms_is_one_tab_and_its_later_word_counts() {
        let cursor = |x| Some(Position { x, y: 0.0 });
        let first = Presence { cursor_position: cursor(1.0), krates: vec!["a".into()], ..says("ann", "t", 1.0) };
        let first = Presence { selection: vec!["a".into()], ..first };
        let second = Presence { selection: vec!["c".into()], cursor_position: cursor(2.0), krates: vec!["b".into(), "a".into()], ..says("ann", "t", 2.0) };
        let third = Presence { cursor_position: cursor(3.0), idle_secs: 300, ..says("ann", "u", 9.0) };
        for said in [[&first, &second, &third], [&third, &second, &first]] {
            let people = gather(said, "me");
            assert_eq!((people.len(), people[0].tabs.len()), (1, 2));
            assert_eq!(people[0].tabs[0].cursor, Some(Point::new(2.0, 0.0)), "the active tab stands first");
            assert_eq!(people[0].krates(), ["b", "a"]);
            assert_eq!(["a", "b", "c"].map(|krate| people[0].selected(krate)), [true, false, true]);
        }
    }

    #[test]
    fn active_people_stand_first_and_oneself_is_not_among_the_others() {
        let idle = Presence { idle_secs: IDLE_AFTER_SECS, ..says("ann", "t", 1.0) };
        let (bob, me) = (says("bob", "t", 1.0), says("me", "t", 1.0));
        let people = gather([&idle, &bob, &me], "me");
        assert_eq!(people.iter().map(|person| (person.name.as_str(), person.is_idle())).collect::<Vec<_>>(), [("bob", false), ("ann", true)]);
        assert!((1..=6).contains(&people[0].hue));
    }

    #[test]
    fn numbers_that_are_none_are_no_place() {
        let nowhere = Position { x: f64::NAN, y: 1.0 };
        let view = Viewport { x: 0.0, y: 0.0, w: f64::INFINITY, h: 1.0 };
        let people = gather([&Presence { cursor_position: Some(nowhere), viewport: Some(view), ..says("ann", "t", 1.0) }], "me");
        assert_eq!((people[0].tabs[0].cursor, people[0].viewport()), (None, None));
    }

    #[test]
    fn names_are_shortened_for_flags_and_faces() {
        assert_eq!((short("system:serviceaccount:ci:bot"), short("ann@example.com"), short("@odd")), ("bot", "ann", "@odd"));
        assert_eq!((initials("mira.kovac@example.com").as_str(), initials("admin").as_str()), ("MK", "AD"));
    }
}
