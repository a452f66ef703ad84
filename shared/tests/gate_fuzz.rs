//! Whatever yrs makes passes the gate, and whatever passes does yrs no harm: no panic, no hang, no memory out of proportion.
//!
//! `KRATEYARD_FUZZ_SECS` says how long (5), `KRATEYARD_SEED` plays one case alone.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a test whose main is its own")]

#[path = "gate_fuzz/dense.rs"]
mod dense;
#[path = "gate_fuzz/documents.rs"]
mod documents;
#[path = "gate_fuzz/hostile.rs"]
mod hostile;
#[path = "gate_fuzz/random.rs"]
mod random;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use krateyard_shared::sync::frame::Frame;
use krateyard_shared::sync::presence::MAX_STATE;
use krateyard_shared::sync::{self, awareness, gate};
use yrs::block::ClientID;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Doc, OffsetKind, Options, ReadTxn, StateVector, Transact, Update};

use random::Random;

/// A case that takes longer hangs: each takes some milliseconds.
const HANGS_AFTER: Duration = Duration::from_secs(30);

/// The last panic.
static PANIC: Mutex<String> = Mutex::new(String::new());

/// What was played.
#[derive(Default)]
struct Played {
    made: usize,
    hostile: usize,
    passed: usize,
    most_memory: f64,
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

fn main() -> ExitCode {
    let alone = number("KRATEYARD_SEED");
    let until = Instant::now() + Duration::from_secs(number("KRATEYARD_FUZZ_SECS").unwrap_or(5));
    let first = alone.unwrap_or_else(|| u64::from(std::process::id()) << 32 | u64::from(std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos()));
    // Each panic is expected, and told once with its case.
    std::panic::set_hook(Box::new(|panic| *PANIC.lock().unwrap() = panic.to_string()));
    let (said, hears) = sync_channel(0);
    std::thread::spawn(move || {
        let mut played = Played::default();
        if let Err(problem) = dense::check() {
            return said.send(Some((first, problem))).unwrap();
        }
        for seed in first.. {
            said.send(Some((seed, String::new()))).unwrap();
            let problem = play(seed, &mut played);
            if problem.is_err() || alone.is_some() || Instant::now() > until {
                let words = match problem {
                    Ok(()) => format!(
                        "gate: {} cases, {} updates that yrs made passed, {} of {} hostile ones passed and did no harm, memory at most {:.1} times the bytes",
                        seed - first + 1,
                        played.made,
                        played.passed,
                        played.hostile,
                        played.most_memory
                    ),
                    Err(problem) => problem,
                };
                return said.send(Some((seed, words))).unwrap();
            }
        }
    });
    let mut now = first;
    loop {
        match hears.recv_timeout(HANGS_AFTER) {
            Ok(Some((seed, words))) if words.is_empty() => {
                now = seed;
                continue;
            }
            Ok(Some((_, words))) if words.starts_with("gate: ") => {
                println!("{words}");
                return ExitCode::SUCCESS;
            }
            Ok(Some((_, problem))) => println!("{problem}"),
            Ok(None) | Err(RecvTimeoutError::Disconnected) => println!("{}", PANIC.lock().unwrap()),
            Err(RecvTimeoutError::Timeout) => println!("a case takes longer than {HANGS_AFTER:?}"),
        }
        println!("    again: KRATEYARD_SEED={now} cargo test -p krateyard-shared --test gate_fuzz");
        return ExitCode::FAILURE;
    }
}

fn play(seed: u64, played: &mut Played) -> Result<(), String> {
    let mut random = Random::new(seed);
    let edits = 4 + random.below(40);
    let said = documents::edited(&mut random, edits);
    let mut room = room_of(Update::EMPTY_V1);
    for update in &said.updates {
        gate::update(update).map_err(|refused| format!("yrs made what is refused: {refused}: {update:?}"))?;
        harm(update, &said.whole, &mut room, played)?;
    }
    for vector in &said.vectors {
        our_own(vector)?;
        gate::vector(vector).map_err(|refused| format!("yrs made a vector that is refused: {refused}: {vector:?}"))?;
    }
    played.made += said.updates.len();
    let mut clients: Vec<u64> = Update::decode_v1(&said.whole).unwrap().state_vector().iter().map(|(client, _)| client.get()).collect();
    clients.extend([1, 2, (1 << 53) - 1]);
    let mut base = said.whole.clone();
    for _ in 0..40 {
        let update = if random.one_in(2) {
            let (update, other) = (random.of(&said.updates).clone(), random.of(&said.updates).clone());
            hostile::changed(&mut random, &update, &other)
        } else {
            hostile::made_up(&mut random, &clients)
        };
        played.hostile += 1;
        our_own(&update)?;
        if gate::update(&update).is_ok() {
            played.passed += 1;
            let merged = harm(&update, &base, &mut room, played)?;
            // What does harm only after something else did its part.
            if random.one_in(2) {
                base = merged;
            }
        }
    }
    Ok(())
}

/// Counts as JavaScript does: in bytes, yrs miscounts the halves of a split pair of surrogates, and panics when both are deleted.
fn room_of(whole: &[u8]) -> Doc {
    let doc = Doc::with_options(Options { offset_kind: OffsetKind::Utf16, ..Options::default() });
    doc.transact_mut().apply_update(Update::decode_v1(whole).unwrap()).unwrap();
    doc
}

/// What reads frames before yrs does takes no more than 4 times the bytes, besides a list of states that is bounded.
fn our_own(bytes: &[u8]) -> Result<(), String> {
    const STATES: usize = 16;
    let memory = allocation_counter::measure(|| {
        let _ = (gate::update(bytes), gate::vector(bytes), Frame::read(bytes), sync::of_channel(bytes));
        let _ = awareness::read(bytes, STATES, MAX_STATE);
    });
    if memory.bytes_max as usize <= 4 * bytes.len() + STATES * 128 { Ok(()) } else { Err(format!("{} bytes for {bytes:?}", memory.bytes_max)) }
}

/// Does everything with an update that a relay or an app does; answers it merged into `base`.
fn harm(update: &[u8], base: &[u8], room: &mut Doc, played: &mut Played) -> Result<Vec<u8>, String> {
    let before = room.transact().encode_diff_v1(&StateVector::default());
    let told = |problem: String| format!("{problem}\n    update {update:?}\n    merged with {base:?}\n    applied to {before:?}");
    let mut decoded = None;
    let memory = allocation_counter::measure(|| decoded = Some(Update::decode_v1(update)));
    played.most_memory = played.most_memory.max(memory.bytes_max as f64 / update.len() as f64);
    if memory.bytes_max as usize > gate::MEMORY * update.len() {
        return Err(told(format!("it takes {} bytes in memory", memory.bytes_max)));
    }
    if decoded.unwrap().is_err() {
        return Ok(base.to_vec());
    }
    std::panic::catch_unwind(AssertUnwindSafe(|| used(update, base, room))).unwrap_or_else(|_| Err(PANIC.lock().unwrap().clone())).map_err(told)
}

fn used(update: &[u8], base: &[u8], room: &mut Doc) -> Result<Vec<u8>, String> {
    let merged = yrs::merge_updates_v1([base, update]).unwrap();
    let other = yrs::merge_updates_v1([update, base]).unwrap();
    for merged in [&merged, &other] {
        gate::update(merged).map_err(|refused| format!("merged it is refused: {refused}: {merged:?}"))?;
    }
    let vector = yrs::encode_state_vector_from_update_v1(base).unwrap();
    gate::vector(&vector).map_err(|refused| format!("its vector is refused: {refused}"))?;
    let diff = yrs::diff_updates_v1(&merged, &vector).unwrap();
    gate::update(&diff).map_err(|refused| format!("its difference is refused: {refused}: {diff:?}"))?;
    apply(update, room)?;
    Ok(merged)
}

/// As a relay does: nothing that leaves a gap, and what waits for something unknown is not kept.
fn apply(update: &[u8], room: &mut Doc) -> Result<(), String> {
    let known = room.transact().state_vector();
    if gate::update_onto(update, |client| known.get(&ClientID::new(client)).into()).unwrap().gap {
        return Ok(());
    }
    let _ = room.transact_mut().apply_update(Update::decode_v1(update).unwrap());
    let whole = room.transact().encode_diff_v1(&StateVector::default());
    let facts = gate::update_onto(&whole, |_| 0).map_err(|refused| format!("as a document it is refused: {refused}: {whole:?}"))?;
    if facts.gap {
        return Err(format!("the document has a gap now: {whole:?}"));
    }
    gate::vector(&room.transact().state_vector().encode_v1()).map_err(|refused| format!("the document's vector is refused: {refused}"))?;
    if room.transact().has_missing_updates() {
        *room = room_of(&whole);
    }
    Ok(())
}
