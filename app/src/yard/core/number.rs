//! The numbers that copies write under. Each number that ever wrote stays in a room's document for good, so that a copy that is left lays its own down, and the
//! next one here takes it up, if all that was ever written under it is there (Yjs: a client's clock counts on, and no two updates may have the same client and clock).

use krateyard_shared::sync::room::Room;
use yrs::block::ClientID;

use super::{Copy, Core, Document, DocumentError, Origin, number};

/// A number that nobody writes under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resting {
    /// Of which room.
    pub room: Room,
    /// The number.
    pub client: u64,
    /// So much was written under it.
    pub clock: u32,
}

impl Core {
    /// The numbers that were written under here, as they are to be laid down by a copy that never writes again.
    pub fn resting(&self) -> Vec<Resting> {
        let resting = |(room, copy): (&Room, &Copy)| {
            let client = copy.document.client();
            let clock = copy.clock();
            (clock > 0 && copy.refused.is_none()).then(|| Resting { room: room.clone(), client, clock })
        };
        self.rooms.iter().filter_map(resting).collect()
    }

    /// Begins a room's copy under a number that was laid down. Not where there is a copy already, which has one: `false` then.
    pub fn take_up(&mut self, resting: &Resting) -> bool {
        if self.rooms.contains_key(&resting.room) || self.is_closed(&resting.room) {
            return false;
        }
        self.begin(&resting.room, Some(resting.client));
        true
    }

    /// What was kept has been read: a number under which more, or less, was written than is here is given up.
    pub fn check_number(&mut self, resting: &Resting) {
        if self.rooms.get(&resting.room).is_some_and(|copy| copy.document.client() == resting.client && copy.clock() != resting.clock) {
            self.renumber(&resting.room);
        }
    }

    /// Goes on under another number: somebody else writes under this one (Yjs does the same, `cleanupTransactions`).
    pub(super) fn renumber(&mut self, room: &Room) {
        self.made += 1;
        let document = Document::new(number(self.client, self.made));
        let Some(copy) = self.rooms.get_mut(room) else { return };
        if let Ok(()) | Err(DocumentError::Newer { .. }) = document.apply(Origin::Restored, &copy.document.snapshot()) {
            // The same as before, of which everybody knows.
            drop((document.take_changes(), document.take_dirty()));
            copy.document = document;
        }
    }
}

impl Copy {
    /// How much was written under its number.
    pub(super) fn clock(&self) -> u32 {
        self.document.known(ClientID::new(self.document.client()))
    }
}

#[cfg(test)]
mod tests {
    use krateyard_shared::kinds::Kind;

    use super::*;
    use crate::yard::state::{Content, Point, Subject};
    use crate::yard::{Collection, YardAction};

    fn room() -> Room {
        Room::Namespace("web".into())
    }

    fn write(core: &mut Core, key: &str) {
        let subject = Subject::Collection(Collection::of_kind(Kind::Pod, Some("web".into())));
        let mut made = 0;
        let open = YardAction::Open { subject, content: Content::Collection, into: None, near: Point::default() };
        core.act(&open, &mut || {
            made += 1;
            format!("{key}-{made}").into()
        });
        let beside = core.state().krates.first().map(|krate| krate.id.clone());
        core.act(&YardAction::PutNote { beside, at: Point::default(), text: key.into() }, &mut || format!("{key}-note").into());
    }

    /// What somebody else sees of a Yard.
    fn clients(core: &Core) -> usize {
        core.vector(&room()).len()
    }

    #[test]
    fn who_comes_back_goes_on_under_the_number_of_before() {
        let mut first = Core::new(1);
        write(&mut first, "a");
        let (resting, kept) = (first.resting().remove(0), first.snapshot(&room()).unwrap());
        let mut second = Core::new(2);
        assert!(second.take_up(&resting));
        second.receive(&room(), Origin::Restored, &kept).unwrap();
        second.check_number(&resting);
        write(&mut second, "b");
        assert_eq!((clients(&second), second.resting()[0].client), (1, resting.client));
        assert_ne!(second.client(&room()), first.client(&room()), "its peers know it as somebody new");
        // And the first one, who was never asked, understands it.
        first.receive(&room(), Origin::Shared, &second.snapshot(&room()).unwrap()).unwrap();
        assert_eq!(first.state().notes, second.state().notes);
    }

    #[test]
    fn a_number_is_given_up_where_not_all_is_there_that_was_written_under_it() {
        let mut first = Core::new(1);
        write(&mut first, "a");
        let kept = first.snapshot(&room()).unwrap();
        write(&mut first, "b");
        let resting = first.resting().remove(0);
        let mut second = Core::new(2);
        assert!(second.take_up(&resting));
        second.receive(&room(), Origin::Restored, &kept).unwrap();
        second.check_number(&resting);
        write(&mut second, "c");
        assert_eq!((clients(&second), second.resting()[0].client != resting.client), (2, true));
        assert!(!second.take_up(&resting), "there is a copy already");
    }

    #[test]
    fn who_hears_of_its_own_number_from_others_goes_on_under_another() {
        let mut first = Core::new(1);
        write(&mut first, "a");
        let (resting, kept) = (first.resting().remove(0), first.snapshot(&room()).unwrap());
        let mut cloned = Core::new(2);
        cloned.take_up(&resting);
        cloned.receive(&room(), Origin::Restored, &kept).unwrap();
        write(&mut cloned, "b");
        first.receive(&room(), Origin::Shared, &cloned.snapshot(&room()).unwrap()).unwrap();
        write(&mut first, "c");
        assert_ne!(first.resting()[0].client, resting.client);
        cloned.receive(&room(), Origin::Shared, &first.snapshot(&room()).unwrap()).unwrap();
        assert_eq!(first.state().notes, cloned.state().notes);
        assert_eq!(clients(&cloned), 2);
    }
}
