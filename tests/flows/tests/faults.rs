//! Plays scenarios of the fault suite, each from its seed, side by side on all cores; the last line says how many there were.
//!
//! `KRATEYARD_SCENARIOS` says how many (1000), `KRATEYARD_SEED` plays one alone and tells what happens in it.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a test whose main is its own")]

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use flows::faults;

/// Scenarios that are played side by side on a core: each waits for the kernel now and then.
const BESIDE: usize = 2;
/// Failures that are told before the suite gives up.
const ENOUGH: usize = 5;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

fn play(seed: u64) -> Result<Vec<String>, String> {
    let played = std::panic::catch_unwind(AssertUnwindSafe(|| faults::play(seed)));
    played.unwrap_or_else(|panic| Err(format!("seed {seed}: panicked: {:?}", panic.downcast_ref::<String>())))
}

fn main() -> ExitCode {
    if let Some(seed) = number("KRATEYARD_SEED") {
        tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).with_ansi(false).init();
        return match play(seed) {
            Ok(told) => {
                println!("seed {seed}\n    {}\nfaults: 1 scenario, every table came true again", told.join("\n    "));
                ExitCode::SUCCESS
            }
            Err(problem) => {
                println!("{problem}");
                ExitCode::FAILURE
            }
        };
    }
    let (first, count) = (number("KRATEYARD_FIRST_SEED").unwrap_or(1), number("KRATEYARD_SCENARIOS").unwrap_or(1000));
    let (next, played, failed, begun) = (AtomicU64::new(first), AtomicU64::new(0), Mutex::new(Vec::new()), Instant::now());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count || failed.lock().unwrap().len() >= ENOUGH {
                return;
            }
            let result = play(seed);
            played.fetch_add(1, Ordering::Relaxed);
            if let Err(problem) = result {
                println!("{problem}\n    again: KRATEYARD_SEED={seed} cargo test --test faults\n");
                failed.lock().unwrap().push(seed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) * BESIDE {
            scope.spawn(work);
        }
    });
    let (played, failed, secs) = (played.into_inner(), failed.into_inner().unwrap(), begun.elapsed().as_secs());
    if failed.is_empty() {
        println!("faults: {played} scenarios from seed {first} in {secs} s, every table came true again");
        return ExitCode::SUCCESS;
    }
    println!("faults: {} of {played} scenarios from seed {first} FAILED after {secs} s: {failed:?}", failed.len());
    ExitCode::FAILURE
}
