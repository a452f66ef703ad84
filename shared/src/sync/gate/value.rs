//! A value of lib0 (lib0, `encoding.js`, `writeAny`; yrs, `Any::decode`).

use super::Refused;
use super::walk::Walk;

const BUFFER: u8 = 116;
const ARRAY: u8 = 117;
const OBJECT: u8 = 118;
const STRING: u8 = 119;
const TRUE: u8 = 120;
const FALSE: u8 = 121;
const BIGINT: u8 = 122;
const FLOAT64: u8 = 123;
const FLOAT32: u8 = 124;
const INTEGER: u8 = 125;
const NULL: u8 = 126;
const UNDEFINED: u8 = 127;

/// One value, inside of so many others.
pub(super) fn check(walk: &mut Walk<'_>, depth: usize) -> Result<(), Refused> {
    let at = walk.at();
    match walk.byte("value")? {
        UNDEFINED | NULL | TRUE | FALSE => Ok(()),
        INTEGER => integer(walk),
        FLOAT32 => walk.skip("float", 4),
        FLOAT64 | BIGINT => walk.skip("float or large integer", 8),
        STRING => walk.text("string").map(drop),
        BUFFER => walk.bytes("buffer").map(drop),
        ARRAY => {
            let depth = walk.deeper(depth)?;
            (0..walk.count("count of values", 1)?).try_for_each(|_| check(walk, depth))
        }
        OBJECT => {
            let depth = walk.deeper(depth)?;
            // Each with the length of its key and a value.
            (0..walk.count("count of fields", 2)?).try_for_each(|_| {
                walk.text("key")?;
                check(walk, depth)
            })
        }
        _ => Err(Refused::Unknown { what: "value", at }),
    }
}

/// Its sign and six bits, then seven bits a byte (`writeVarInt`): below 2^53 either way, as far as JavaScript counts. yrs shifts longer ones out of range.
fn integer(walk: &mut Walk<'_>) -> Result<(), Refused> {
    let at = walk.at();
    let first = walk.byte("integer")?;
    let mut more = first & 0x80 != 0;
    let mut number = u64::from(first & 0x3f);
    let mut shift = 6;
    while more {
        let byte = walk.byte("integer")?;
        more = byte & 0x80 != 0;
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if number >= 1 << 53 || shift > 55 {
            return Err(Refused::TooLarge { what: "integer", at });
        }
    }
    Ok(())
}
