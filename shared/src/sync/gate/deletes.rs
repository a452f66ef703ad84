//! The delete set of an update (Yjs, `readDeleteSet`; yrs, `IdSet::decode`).

use super::walk::{Order, Walk};
use super::{CLOCK_END, Refused};

/// The number of its ranges.
pub(super) fn check(walk: &mut Walk<'_>) -> Result<usize, Refused> {
    let mut order = Order::default();
    let mut ranges = 0;
    // A client, a count, a clock and a length.
    for _ in 0..walk.count("count of clients that delete", 4)? {
        order.client(walk)?;
        let at = walk.at();
        let count = walk.count("count of deletes", 2)?;
        if count == 0 {
            return Err(Refused::Empty { what: "deletes of a client", at });
        }
        let mut end = 0;
        for _ in 0..count {
            let at = walk.at();
            let clock = walk.clock("clock")?;
            if clock < end {
                return Err(Refused::OutOfOrder { what: "delete", at });
            }
            end = clock + walk.length("delete")?;
            if end >= CLOCK_END {
                return Err(Refused::TooLarge { what: "delete", at });
            }
        }
        ranges += count;
    }
    Ok(ranges as usize)
}
