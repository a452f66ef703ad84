//! The shared Yard: how long an edit takes to whom it concerns, and what many people in one room cost, beside other servers of Yjs documents.

mod others;

use std::process::Command;

use self::others::Other;
use super::pair::{Pair, Talker, memory_of};
use super::{Figure, median};
use crate::demo;
use crate::workspace::{Failure, Workspace};

/// How often short scenes are measured; a long one has thousands of edits of its own.
const RUNS: usize = 3;
const OBSERVERS: u32 = 1_500;
const WRITERS: u32 = 200;
const STORM: u32 = 150;
const HEALING: u32 = 20;
const ROOMS: u32 = 500;

/// A server, running.
enum Server {
    Ours(Box<Pair>),
    Other(Other),
}

impl Server {
    /// Ours, then every other.
    const COUNT: usize = 1 + Other::ALL.len();

    fn start(workspace: &Workspace, which: usize) -> Result<Server, Failure> {
        match which.checked_sub(1) {
            None => Ok(Server::Ours(Box::new(Pair::start(workspace, 50, 0)?))),
            Some(other) => Ok(Server::Other(Other::start(workspace, Other::ALL[other])?)),
        }
    }

    /// As `proxy/examples/yards` wants it named.
    fn place(&self) -> String {
        match self {
            Server::Ours(pair) => format!("krateyard:{}:{}:{}", pair.port, pair.control, demo::CLUSTER),
            Server::Other(other) => format!("{}:{}", other.name, other.port),
        }
    }

    fn memory_mb(&self, field: &str) -> Result<f64, Failure> {
        match self {
            Server::Ours(pair) => pair.memory(field),
            Server::Other(other) => memory_of(other.pid, field),
        }
    }

    fn settle(&mut self) -> Result<(), Failure> {
        match self {
            Server::Ours(pair) => pair.settle(),
            Server::Other(other) => other.settle(),
        }
    }

    fn scene(&self, workspace: &Workspace, scene: &str, people: u32) -> Result<Talker, Failure> {
        let mut command = Command::new(workspace.target.join("release/examples/yards"));
        command.args([&self.place(), scene, &people.to_string()]);
        Talker::start("the people of the rooms", command)
    }
}

/// What each server came to: ours, and the others by name. One that did not get through the scene has no number.
struct Results {
    ours: Vec<f64>,
    others: Vec<(&'static str, Vec<f64>)>,
}

impl Results {
    /// Measures all, one after another.
    fn of(workspace: &Workspace, measure: impl Fn(&mut Server) -> Result<Vec<f64>, Failure>) -> Result<Results, Failure> {
        let mut results = Results { ours: measure(&mut Server::start(workspace, 0)?)?, others: Vec::new() };
        for which in 1..Server::COUNT {
            let name = Other::ALL[which - 1];
            match Server::start(workspace, which).and_then(|mut server| measure(&mut server)) {
                Ok(numbers) => results.others.push((name, numbers)),
                Err(failure) => println!("  {name} did not get through it: {failure}"),
            }
        }
        Ok(results)
    }

    /// The best of the others in one number: the least.
    fn best(&self, number: usize) -> Option<(f64, &'static str)> {
        let of = |(name, numbers): &(&'static str, Vec<f64>)| Some((*numbers.get(number)?, *name));
        self.others.iter().filter_map(of).min_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// All of them in one number, in words.
    fn words(&self, number: usize, unit: &str) -> String {
        let of = |(name, numbers): &(&'static str, Vec<f64>)| Some(format!("{name} {} {unit}", super::rounded(*numbers.get(number)?)));
        self.others.iter().filter_map(of).collect::<Vec<_>>().join(", ")
    }
}

/// The median of several measurements of a list of numbers, each by itself.
fn medians(runs: &[Vec<f64>]) -> Vec<f64> {
    let least = runs.iter().map(Vec::len).min().unwrap_or(0);
    (0..least).map(|number| median(runs.iter().map(|run| run[number]).collect())).collect()
}

/// One edits, many look on.
pub(super) fn observers(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    edits(workspace, "sync.observers_1500_p99_ms", "observers", OBSERVERS, "one of them edits 5 times a second")
}

/// Many edit.
pub(super) fn writers(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    edits(workspace, "sync.writers_200_p99_ms", "writers", WRITERS, "each of them edits once a second")
}

fn edits(workspace: &Workspace, name: &'static str, scene: &str, people: u32, who: &str) -> Result<Vec<Figure>, Failure> {
    let results = Results::of(workspace, |server| {
        let numbers = server.scene(workspace, scene, people)?.numbers_after("edits")?;
        let [p50, p99, delivered, expected] = numbers[..] else { return Err(Failure::new("the people said too little")) };
        if delivered < expected * 0.999 {
            return Err(Failure::new(format!("of {expected} deliveries {delivered} were made within 20 s after the last edit")));
        }
        Ok(vec![p99, p50])
    })?;
    let how = format!(
        "99 in 100 of an edit's ways to everybody else; {people} people in one room, each with a presence that is renewed every 15 s, {who}, all programs on one machine; half {:.1} ms; p99 of the others: {}",
        results.ours[1],
        results.words(0, "ms")
    );
    Ok(vec![Figure { name, unit: "ms", ours: results.ours[0], other: results.best(0), how }])
}

/// All come at once.
pub(super) fn storm(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let results = Results::of(workspace, |server| {
        let mut people = server.scene(workspace, "storm", STORM)?;
        people.number_after("built")?;
        let before = server.memory_mb("VmRSS:")?;
        people.go_on()?;
        let [last, half, ..] = people.numbers_after("joined")?[..] else { return Err(Failure::new("the people said too little")) };
        let more = server.memory_mb("VmHWM:")? - before;
        Ok(vec![last, more, half])
    })?;
    let how = format!(
        "{STORM} people open a socket at once to a room of 4 MB (36,000 entries), until the last one has all of it; half of them after {:.2} s; the others: {}; the server's memory grew at most by {:.0} MB (the others: {})",
        results.ours[2],
        results.words(0, "s"),
        results.ours[1],
        results.words(1, "MB")
    );
    Ok(vec![Figure { name: "sync.join_storm_s", unit: "s", ours: results.ours[0], other: results.best(0), how }])
}

/// Half of the people come back.
pub(super) fn heal(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let results = Results::of(workspace, |server| {
        let mut runs = Vec::new();
        for _ in 0..RUNS {
            // Each with documents of its own: what was healed once has nothing more to do.
            runs.push(server.scene(workspace, "heal", HEALING)?.numbers_after("healed")?);
        }
        Ok(medians(&runs))
    })?;
    let how = format!(
        "of {HEALING} people half were cut off while everybody made 50 edits; from their return until all {HEALING} copies have all edits; median of {RUNS}; the others: {}",
        results.words(0, "s")
    );
    Ok(vec![Figure { name: "sync.heal_s", unit: "s", ours: results.ours[0], other: results.best(0), how }])
}

/// What a room takes.
pub(super) fn memory(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let results = Results::of(workspace, |server| {
        let mut people = server.scene(workspace, "rooms", ROOMS)?;
        people.number_after("ready")?;
        server.settle()?;
        let before = server.memory_mb("VmRSS:")?;
        people.go_on()?;
        people.number_after("joined")?;
        server.settle()?;
        Ok(vec![(server.memory_mb("VmRSS:")? - before) * 1000.0 / f64::from(ROOMS)])
    })?;
    let how = format!(
        "resident memory with {ROOMS} rooms of one krate, one person in each, over that without, by their number: a room, its document and its socket; the others: {}",
        results.words(0, "kB")
    );
    Ok(vec![Figure { name: "sync.room_kb", unit: "kB", ours: results.ours[0], other: results.best(0), how }])
}

/// Until an edit is on the disk.
pub(super) fn durable(workspace: &Workspace) -> Result<Vec<Figure>, Failure> {
    let folder = workspace.notes().join(format!("bench-rooms-{}", std::process::id()));
    let mut runs = Vec::new();
    for run in 0..RUNS {
        let rooms = folder.join(run.to_string());
        std::fs::create_dir_all(&rooms).map_err(Failure::at("making a folder for rooms"))?;
        let server = Server::Ours(Box::new(Pair::start_with_rooms(workspace, 50, 0, &rooms)?));
        runs.push(server.scene(workspace, "durable", 1)?.numbers_after("durable")?);
    }
    let _ = std::fs::remove_dir_all(&folder);
    let [half, most] = medians(&runs)[..] else { return Err(Failure::new("the people said too little")) };
    let how = format!(
        "99 in 100 of 400 edits, 40 a second, until the proxy says that they are on the disk (redb, fsync before each Ack); half {half:.1} ms; median of {RUNS}; none of the other servers says when an edit is durable"
    );
    Ok(vec![Figure { name: "sync.durable_p99_ms", unit: "ms", ours: most, other: None, how }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_the_others_is_the_least_and_all_are_named() {
        let results = Results { ours: vec![1.0], others: vec![("slow", vec![9.0, 1.0]), ("fast", vec![3.0]), ("gone", vec![])] };
        assert_eq!((results.best(0), results.best(1)), (Some((3.0, "fast")), Some((1.0, "slow"))));
        assert_eq!(results.words(0, "ms"), "slow 9 ms, fast 3 ms");
        assert_eq!(medians(&[vec![3.0, 1.0], vec![1.0, 2.0], vec![2.0]]), [2.0]);
    }
}
