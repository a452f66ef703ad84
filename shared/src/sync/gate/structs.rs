//! The structs of an update, client by client (Yjs, `readClientsStructRefs`; yrs, `Update::decode`).

use super::walk::{Order, Walk};
use super::{CLOCK_END, Facts, MAX_CLIENTS, MAX_NESTED, Refused, content};

// The first byte of a struct: what it is in the low bits (Yjs, `Item.write`, `GC.write`, `Skip.write`), and what comes before its content.
pub(super) const KIND: u8 = 0b1_1111;
pub(super) const GC: u8 = 0;
pub(super) const SKIP: u8 = 10;
pub(super) const HAS_ORIGIN: u8 = 0b1000_0000;
pub(super) const HAS_RIGHT_ORIGIN: u8 = 0b0100_0000;
pub(super) const HAS_PARENT_SUB: u8 = 0b0010_0000;

/// Counts clients and structs into `facts`, and finds whether anything is missing before a struct, where `known` says how far each client's are known.
pub(super) fn check(walk: &mut Walk<'_>, known: impl Fn(u64) -> u64, facts: &mut Facts) -> Result<(), Refused> {
    let at = walk.at();
    // A count, a client, a clock, and a struct of two bytes.
    let clients = walk.count("count of clients", 5)?;
    if clients > MAX_CLIENTS {
        return Err(Refused::TooLarge { what: "count of clients", at });
    }
    let mut order = Order::default();
    for _ in 0..clients {
        let at = walk.at();
        let count = walk.count("count of structs", 2)?;
        if count == 0 {
            return Err(Refused::Empty { what: "structs of a client", at });
        }
        let known = known(order.client(walk)?);
        let mut clock = walk.clock("clock")?;
        facts.gap |= clock > known;
        for _ in 0..count {
            let at = walk.at();
            let info = walk.byte("struct")?;
            clock += match info {
                GC => walk.length("collected range"),
                SKIP => walk.length("skipped range"),
                _ => item(walk, info, at, facts),
            }?;
            facts.gap |= info == SKIP && clock > known;
            if clock >= CLOCK_END {
                return Err(Refused::TooLarge { what: "clock", at });
            }
        }
        facts.structs += count as usize;
    }
    facts.clients = clients as usize;
    Ok(())
}

/// An item, which begins at `at`; answers how much of the clock it takes.
fn item(walk: &mut Walk<'_>, info: u8, at: usize, facts: &mut Facts) -> Result<u64, Refused> {
    if info & HAS_ORIGIN != 0 {
        walk.id("origin")?;
    }
    if info & HAS_RIGHT_ORIGIN != 0 {
        walk.id("right origin")?;
    }
    let mut in_root = false;
    // Where it has an origin it has that one's parent and key.
    if info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN) == 0 {
        let at = walk.at();
        match walk.number("parent")? {
            0 => walk.id("parent")?,
            1 => in_root = walk.text("parent").map(|_| true)?,
            _ => return Err(Refused::Unknown { what: "parent", at }),
        }
        if info & HAS_PARENT_SUB != 0 {
            walk.text("key")?;
        }
    }
    let kind = info & KIND;
    if kind == content::TYPE && !in_root {
        facts.nested += 1;
        if facts.nested > MAX_NESTED {
            return Err(Refused::TooLarge { what: "count of nested types", at });
        }
    }
    content::check(walk, kind, at)
}
