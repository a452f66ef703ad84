//! A number at rest as it is stored, among the updates: framed as those, version 3; the number (8 bytes) and its clock (4 bytes), little-endian, the room's name.

use super::record::{framed, unframed};
use crate::yard::core::Resting;

const VERSION: u8 = 3;
/// Of one room so many are kept: as many tabs were left.
const MOST: usize = 4;

/// As it is stored.
pub(super) fn frame(resting: &Resting) -> Vec<u8> {
    framed(VERSION, &[&resting.client.to_le_bytes()[..], &resting.clock.to_le_bytes(), resting.room.to_string().as_bytes()].concat())
}

/// What was stored; `None` for any other record.
pub(super) fn read(record: &[u8]) -> Option<Resting> {
    let (VERSION, body) = unframed(record)? else { return None };
    let (client, rest) = body.split_first_chunk()?;
    let (clock, name) = rest.split_first_chunk()?;
    Some(Resting { room: std::str::from_utf8(name).ok()?.parse().ok()?, client: u64::from_le_bytes(*client), clock: u32::from_le_bytes(*clock) })
}

/// One number for each room, the one that was written under most, and those of the others that stay.
pub(super) fn choose(mut all: Vec<Resting>) -> (Vec<Resting>, Vec<Resting>) {
    all.sort_by(|a, b| a.room.cmp(&b.room).then(b.clock.cmp(&a.clock)));
    let (mut chosen, mut left) = (Vec::<Resting>::new(), Vec::<Resting>::new());
    for resting in all {
        if chosen.last().is_none_or(|last| last.room != resting.room) {
            chosen.push(resting);
        } else if left.iter().filter(|other| other.room == resting.room).count() < MOST {
            left.push(resting);
        }
    }
    (chosen, left)
}

#[cfg(test)]
mod tests {
    use krateyard_shared::sync::room::Room;

    use super::*;

    fn resting(room: &str, client: u64, clock: u32) -> Resting {
        Resting { room: Room::Namespace(room.into()), client, clock }
    }

    #[test]
    fn a_number_reads_back_and_no_update_is_one() {
        let number = resting("web", (1 << 53) - 1, 7);
        assert_eq!(read(&frame(&number)), Some(number));
        assert_eq!(read(&super::super::record::frame_of_before(b"an update")), None);
    }

    #[test]
    fn of_each_room_one_is_chosen_and_a_few_stay() {
        let all: Vec<Resting> = (1..10).map(|n| resting("web", n, n as u32)).chain([resting("shop", 1, 1)]).collect();
        let (chosen, left) = choose(all);
        assert_eq!(chosen, [resting("shop", 1, 1), resting("web", 9, 9)]);
        assert_eq!(left.iter().map(|resting| resting.client).collect::<Vec<_>>(), [8, 7, 6, 5]);
    }
}
