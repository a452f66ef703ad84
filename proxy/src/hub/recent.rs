use std::collections::{BTreeSet, HashMap};

use krateyard_shared::time::Seconds;

use super::table::Uid;

/// In which order events were last seen. Of other kinds it is empty.
#[derive(Default)]
pub(super) struct Recent {
    seen: HashMap<Uid, Seconds>,
    order: BTreeSet<(Seconds, Uid)>,
}

impl Recent {
    /// An object as it is now; `None` = it does not say when it was seen.
    pub(super) fn put(&mut self, uid: &Uid, seen: Option<Seconds>) {
        self.remove(uid);
        if let Some(seen) = seen {
            self.seen.insert(uid.clone(), seen);
            self.order.insert((seen, uid.clone()));
        }
    }

    pub(super) fn remove(&mut self, uid: &Uid) {
        if let Some(seen) = self.seen.remove(uid) {
            self.order.remove(&(seen, uid.clone()));
        }
    }

    /// The newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &Uid> {
        self.order.iter().rev().map(|(_, uid)| uid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_last_is_first_also_when_it_is_seen_again_or_goes() {
        let mut recent = Recent::default();
        let uid = |name: &str| Uid::from(name);
        for (name, seen) in [("a", Some(1)), ("b", Some(3)), ("c", Some(2)), ("d", None), ("a", Some(9)), ("c", Some(3))] {
            recent.put(&uid(name), seen);
        }
        recent.remove(&uid("b"));
        recent.remove(&uid("gone"));
        assert_eq!(recent.newest().map(ToString::to_string).collect::<Vec<_>>(), ["a", "c"]);
    }
}
