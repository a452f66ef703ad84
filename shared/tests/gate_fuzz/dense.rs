//! Updates that make the most of their bytes.

use krateyard_shared::sync::gate;
use krateyard_shared::sync::lib0::put_number;
use yrs::updates::decoder::Decode;
use yrs::{Doc, Transact, Update};

/// So many of the smallest of everything take no more memory than the gate says; clients that wait for each other, and types inside of each other, take no time and no
/// stack to speak of.
pub(crate) fn check() -> Result<(), String> {
    for (name, update) in updates() {
        gate::update(&update).map_err(|refused| format!("{name}: {refused}"))?;
        let memory = allocation_counter::measure(|| drop(Update::decode_v1(&update).unwrap())).bytes_max as usize;
        if memory > gate::MEMORY * update.len() {
            return Err(format!("{name}: {} bytes take {memory} in memory", update.len()));
        }
    }
    let doc = Doc::new();
    // The second deletes the first of those that are inside of each other.
    for update in [waiting(gate::MAX_CLIENTS), nested(gate::MAX_NESTED as u64), vec![0, 1, 7, 1, 0, 1]] {
        gate::update(&update).map_err(|refused| refused.to_string())?;
        doc.transact_mut().apply_update(Update::decode_v1(&update).unwrap()).map_err(|error| error.to_string())?;
    }
    Ok(())
}

const MANY: u64 = 20_000;

fn updates() -> Vec<(&'static str, Vec<u8>)> {
    let item = |content: &[u8]| [&[0x80 | content[0], 1, 0], &content[1..]].concat();
    let structs = [
        ("collected", vec![0, 1]),
        ("skipped", vec![10, 1]),
        ("deleted", item(&[1, 1])),
        ("binary", item(&[3, 0])),
        ("text", item(&[4, 1, b'x'])),
        ("embed", item(&[5, 1, b'1'])),
        ("format", item(&[6, 0, 1, b'1'])),
        ("type", [7, 1, 0, 1].to_vec()),
        ("element", [7, 1, 0, 3, 0].to_vec()),
        ("value", item(&[8, 1, 126])),
        ("object", item(&[8, 1, 118, 1, 0, 126])),
        ("document", item(&[9, 0, 126])),
    ];
    let mut updates: Vec<_> = structs.into_iter().map(|(name, one)| (name, of_structs(MANY, &one.repeat(MANY as usize)))).collect();
    for (name, value) in [("values", vec![126]), ("arrays", vec![117, 0]), ("objects", vec![118, 0]), ("fields", vec![118, 1, 0, 126])] {
        let mut content = vec![0x88, 1, 0];
        put_number(&mut content, MANY);
        content.extend(value.repeat(MANY as usize));
        updates.push((name, of_structs(1, &content)));
    }
    let mut fields = vec![0x88, 1, 0, 1, 118];
    put_number(&mut fields, MANY);
    fields.extend([0, 126].repeat(MANY as usize));
    updates.push(("fields of one object", of_structs(1, &fields)));
    updates.push(("clients", of_clients(gate::MAX_CLIENTS, |bytes, _| bytes.extend([0, 1]))));
    updates
}

fn of_structs(count: u64, structs: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1];
    put_number(&mut bytes, count);
    bytes.extend([7, 0]);
    bytes.extend(structs);
    bytes.push(0);
    bytes
}

fn of_clients(count: u64, one: impl Fn(&mut Vec<u8>, u64)) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_number(&mut bytes, count);
    for client in (0..count).rev() {
        bytes.push(1);
        put_number(&mut bytes, client + 1);
        bytes.push(0);
        one(&mut bytes, client);
    }
    bytes.push(0);
    bytes
}

/// Each after what the next one has; what the last one is after nobody has.
fn waiting(count: u64) -> Vec<u8> {
    of_clients(count, |bytes, client| {
        bytes.push(0x84);
        put_number(bytes, client);
        bytes.extend([0, 1, b'x']);
    })
}

/// A type in a root, and each in the one before it.
fn nested(count: u64) -> Vec<u8> {
    let mut structs = vec![7, 1, 1, b't', 1];
    for before in 0..count {
        structs.extend([0x27, 0, 7]);
        put_number(&mut structs, before);
        structs.extend([1, b'k', 1]);
    }
    of_structs(count + 1, &structs)
}
