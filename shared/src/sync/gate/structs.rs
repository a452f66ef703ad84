//! The structs of an update, client by client (Yjs, `readClientsStructRefs`; yrs, `Update::decode`).

use super::walk::{Order, Walk};
use super::{CLOCK_END, MAX_CLIENTS, Refused, content};

// The first byte of a struct: what it is in the low bits (Yjs, `Item.write`, `GC.write`, `Skip.write`), and what comes before its content.
const KIND: u8 = 0b1_1111;
const GC: u8 = 0;
const SKIP: u8 = 10;
const HAS_ORIGIN: u8 = 0b1000_0000;
const HAS_RIGHT_ORIGIN: u8 = 0b0100_0000;
const HAS_PARENT_SUB: u8 = 0b0010_0000;

/// The number of clients, and of their structs.
pub(super) fn check(walk: &mut Walk<'_>) -> Result<(usize, usize), Refused> {
    let at = walk.at();
    // A count, a client, a clock, and a struct of two bytes.
    let clients = walk.count("count of clients", 5)?;
    if clients > MAX_CLIENTS {
        return Err(Refused::TooLarge { what: "count of clients", at });
    }
    let mut order = Order::default();
    let mut structs = 0;
    for _ in 0..clients {
        let at = walk.at();
        let count = walk.count("count of structs", 2)?;
        if count == 0 {
            return Err(Refused::Empty { what: "structs of a client", at });
        }
        order.client(walk)?;
        let mut clock = walk.clock("clock")?;
        for _ in 0..count {
            let at = walk.at();
            clock += one(walk)?;
            if clock >= CLOCK_END {
                return Err(Refused::TooLarge { what: "clock", at });
            }
        }
        structs += count;
    }
    Ok((clients as usize, structs as usize))
}

/// A struct; answers how much of the clock it takes.
fn one(walk: &mut Walk<'_>) -> Result<u64, Refused> {
    let at = walk.at();
    let info = walk.byte("struct")?;
    match info {
        GC => return walk.length("collected range"),
        SKIP => return walk.length("skipped range"),
        _ => {}
    }
    if info & HAS_ORIGIN != 0 {
        walk.id("origin")?;
    }
    if info & HAS_RIGHT_ORIGIN != 0 {
        walk.id("right origin")?;
    }
    // Where it has an origin it has that one's parent and key.
    if info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN) == 0 {
        let at = walk.at();
        match walk.number("parent")? {
            0 => walk.id("parent")?,
            1 => drop(walk.text("parent")?),
            _ => return Err(Refused::Unknown { what: "parent", at }),
        }
        if info & HAS_PARENT_SUB != 0 {
            walk.text("key")?;
        }
    }
    content::check(walk, info & KIND, at)
}
