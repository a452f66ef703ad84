//! Passes updates and state vectors through the gate: those that stand on the standard input, each after a letter (`u` or `v`) and its length (u32, low byte first).
//! For programs that make them with something else than yrs (tests/sync).
#![expect(clippy::print_stdout, reason = "a program")]

use std::io::{self, Read};
use std::process::ExitCode;

use krateyard_shared::sync::gate;

fn main() -> io::Result<ExitCode> {
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    let (mut rest, mut passed, mut refused) = (&bytes[..], 0, 0);
    while let Some((head, after)) = rest.split_first_chunk::<5>() {
        let [kind, length @ ..] = *head;
        let Some((one, after)) = after.split_at_checked(u32::from_le_bytes(length) as usize) else { break };
        let result = if kind == b'v' { gate::vector(one) } else { gate::update(one).map(drop) };
        match result {
            Ok(()) => passed += 1,
            Err(why) => {
                refused += 1;
                println!("{why}: {one:?}");
            }
        }
        rest = after;
    }
    println!("{passed} passed, {refused} refused, {} bytes left over", rest.len());
    Ok(if refused == 0 && rest.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
