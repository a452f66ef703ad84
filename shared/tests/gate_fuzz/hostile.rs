//! Updates that nobody's editor made: true ones with something changed, and ones that are well formed and mean nothing good.

use krateyard_shared::sync::lib0::{put_bytes, put_number};

use crate::random::Random;

/// A true update with a few bytes, or a run of them, changed, taken out, put in or taken from another.
pub(crate) fn changed(random: &mut Random, update: &[u8], other: &[u8]) -> Vec<u8> {
    let mut bytes = update.to_vec();
    for _ in 0..1 + random.below(3) {
        if bytes.is_empty() {
            break;
        }
        let at = random.below(bytes.len());
        let span = random.below(6).min(bytes.len() - at);
        match random.below(7) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 => bytes[at] = bytes[at].wrapping_add(if random.one_in(2) { 1 } else { 255 }),
            3 => drop(bytes.drain(at..at + span)),
            4 => drop(bytes.splice(at..at, bytes[at..at + span].to_vec())),
            5 if !other.is_empty() => {
                let from = random.below(other.len());
                let span = random.below(12).min(other.len() - from);
                drop(bytes.splice(at..at, other[from..from + span].to_vec()));
            }
            _ => {
                let mut number = Vec::new();
                put_number(&mut number, large(random));
                bytes.splice(at..at + 1, number);
            }
        }
    }
    bytes
}

fn large(random: &mut Random) -> u64 {
    let near = *random.of(&[1 << 7, 1 << 14, 1 << 16, 1 << 31, 1 << 32, 1 << 53, 1_u64 << 24]);
    near - 2 + random.below(4) as u64
}

/// A well-formed update whose structs name each other, roots and keys at random.
pub(crate) fn made_up(random: &mut Random, clients: &[u64]) -> Vec<u8> {
    let mut sections: Vec<u64> = (0..1 + random.below(3)).map(|_| *random.of(clients)).collect();
    sections.sort_unstable_by(|a, b| b.cmp(a));
    sections.dedup();
    let mut bytes = Vec::new();
    put_number(&mut bytes, sections.len() as u64);
    for client in &sections {
        let count = 1 + random.below(9);
        put_number(&mut bytes, count as u64);
        put_number(&mut bytes, *client);
        clock(&mut bytes, random);
        (0..count).for_each(|_| one(&mut bytes, random, clients));
    }
    let deleting: Vec<u64> = if random.one_in(2) { sections } else { Vec::new() };
    put_number(&mut bytes, deleting.len() as u64);
    for client in deleting {
        put_number(&mut bytes, client);
        let count = 1 + random.below(4);
        put_number(&mut bytes, count as u64);
        let mut end = 0;
        for _ in 0..count {
            let start = end + random.below(5) as u64;
            let length = if random.one_in(12) { large(random) } else { 1 + random.below(5) as u64 };
            put_number(&mut bytes, start);
            put_number(&mut bytes, length);
            end = start + length;
        }
    }
    bytes
}

fn clock(bytes: &mut Vec<u8>, random: &mut Random) {
    let clock = match random.below(40) {
        0 => (1 << 31) - 1 - random.below(20),
        1..20 => random.below(4),
        _ => random.below(24),
    } as u64;
    put_number(bytes, clock);
}

fn id(bytes: &mut Vec<u8>, random: &mut Random, clients: &[u64]) {
    put_number(bytes, *random.of(clients));
    clock(bytes, random);
}

fn one(bytes: &mut Vec<u8>, random: &mut Random, clients: &[u64]) {
    let length = |random: &mut Random| if random.one_in(30) { large(random) } else { 1 + random.below(5) as u64 };
    let kind = *random.of(&[0, 10, 1, 3, 4, 4, 4, 5, 6, 7, 7, 7, 8, 8, 8, 9_u8]);
    if [0, 10].contains(&kind) {
        bytes.push(kind);
        return put_number(bytes, length(random));
    }
    let flags = (random.below(8) as u8) << 5;
    bytes.push(kind | flags);
    if flags & 0x80 != 0 {
        id(bytes, random, clients);
    }
    if flags & 0x40 != 0 {
        id(bytes, random, clients);
    }
    if flags & 0xc0 == 0 {
        if random.one_in(2) {
            bytes.push(1);
            put_bytes(bytes, random.of(&["map", "array", "text", "xml"]).as_bytes());
        } else {
            bytes.push(0);
            id(bytes, random, clients);
        }
        if flags & 0x20 != 0 {
            put_bytes(bytes, random.of(&["a", "b", ""]).as_bytes());
        }
    }
    match kind {
        1 => put_number(bytes, length(random)),
        4 => put_bytes(bytes, random.of(&["x", "note", "ü", "😀", "😀a😀"]).as_bytes()),
        5 => put_bytes(bytes, random.of(&["1", "{}", "[[]]", "\"t\""]).as_bytes()),
        6 => {
            put_bytes(bytes, random.of(&["bold", "i", ""]).as_bytes());
            put_bytes(bytes, random.of(&["true", "null", "{\"a\":1}"]).as_bytes());
        }
        7 => match *random.of(&[0, 1, 2, 3, 4, 6_u8]) {
            3 => bytes.extend([3, 1, b'p']),
            type_ref => bytes.push(type_ref),
        },
        8 => {
            let count = 1 + random.below(4);
            bytes.push(count as u8);
            (0..count).for_each(|_| bytes.extend(random.of(&[&[126][..], &[117, 0], &[118, 1, 0, 127], &[125, 5], &[119, 1, b's']]).iter()));
        }
        9 => {
            put_bytes(bytes, random.of(&["guid", ""]).as_bytes());
            bytes.extend(random.of(&[&[126][..], &[118, 0], &[118, 1, 2, b'g', b'c', 121]]).iter());
        }
        _ => put_bytes(bytes, &[0, 255]),
    }
}
