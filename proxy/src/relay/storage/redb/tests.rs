use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::*;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("krateyard-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        Folder(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join(NAME)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn key(cluster: &str, room: &str, owner: Option<&str>) -> RoomKey {
    RoomKey { cluster: ClusterName(cluster.into()), room: room.parse().unwrap(), owner: owner.map(Into::into) }
}

fn of(texts: &[&'static str]) -> Vec<Bytes> {
    texts.iter().map(|text| Bytes::from_static(text.as_bytes())).collect()
}

/// Numbers that follow from a seed (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// Another one each time, unless `KRATEYARD_SEED` says which.
fn seed() -> u64 {
    let said = std::env::var("KRATEYARD_SEED").ok().map(|text| text.parse().unwrap());
    let seed = said.unwrap_or_else(|| u64::from(std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos()));
    println!("KRATEYARD_SEED={seed}");
    seed
}

#[tokio::test]
async fn what_was_kept_is_there_when_the_file_is_opened_anew() {
    let folder = Folder::new("anew");
    let (web, own) = (key("prod", "web", None), key("prod", "_private", Some("ann@example.com")));
    let file = File::open(&folder.0).unwrap();
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&folder.0).unwrap().permissions()) & 0o777, 0o700);
    assert_eq!(file.load(&web).await, Ok(Kept::default()));
    assert_eq!(file.append(&web, &of(&["a", "b"])).await, Ok(Position(2)));
    file.append(&own, &of(&["mine"])).await.unwrap();
    assert_eq!(file.append(&web, &of(&["c"])).await, Ok(Position(3)));
    file.compact(&web, Position(2), Bytes::from_static(b"ab")).await.unwrap();
    assert!(matches!(File::open(&folder.0), Err(StorageError::InUse(_))));
    drop(file);
    let file = File::open(&folder.0).unwrap();
    assert_eq!(file.load(&web).await, Ok(Kept { updates: of(&["ab", "c"]), position: Position(3) }));
    file.compact(&web, Position(3), Bytes::from_static(b"abc")).await.unwrap();
    assert_eq!(file.append(&web, &of(&["d"])).await, Ok(Position(4)));
    assert_eq!(file.load(&web).await, Ok(Kept { updates: of(&["abc", "d"]), position: Position(4) }));
    assert_eq!(file.load(&own).await.unwrap().updates, of(&["mine"]));
}

#[tokio::test]
async fn the_rooms_of_a_cluster_are_its_own_and_nobodys_private_ones() {
    let folder = Folder::new("rooms");
    let file = File::open(&folder.0).unwrap();
    for key in [key("prod", "web", None), key("prod", "_cluster", None), key("prod", "_private", Some("ann")), key("prod-2", "data", None), key("p", "x", None)]
    {
        file.append(&key, &of(&["a"])).await.unwrap();
    }
    assert_eq!(file.rooms(&ClusterName("prod".into())).await.unwrap(), [Room::Cluster, Room::Namespace("web".into())]);
    assert_eq!(file.rooms(&ClusterName("pro".into())).await, Ok(Vec::new()));
}

#[tokio::test]
async fn who_writes_at_the_same_time_shares_transactions_and_none_is_lost() {
    let folder = Folder::new("many");
    let file = File::open(&folder.0).unwrap();
    let begun = Instant::now();
    let one = file.append(&key("prod", "one", None), &of(&["a"])).await.map(|_| begun.elapsed()).unwrap();
    let begun = Instant::now();
    let rooms: Vec<_> = (0..500).map(|n| key("prod", &format!("room-{}", n % 50), None)).collect();
    let kept = futures::future::join_all(rooms.iter().map(|key| async { file.append(key, &of(&["x"])).await.unwrap() })).await;
    println!("one took {one:?}, 500 at once {:?}", begun.elapsed());
    assert_eq!(kept.iter().filter(|position| position.0 == 10).count(), 50);
    assert!(begun.elapsed() < (one * 250).max(Duration::from_secs(5)));
}

#[tokio::test]
async fn a_file_that_is_not_what_was_written_is_refused_and_left_as_it_is() {
    let folder = Folder::new("damaged");
    std::fs::create_dir_all(&folder.0).unwrap();
    std::fs::write(folder.file(), "something else".repeat(1000)).unwrap();
    assert_eq!(File::open(&folder.0).err(), Some(StorageError::Damaged(folder.file())));
    assert_eq!(std::fs::read(folder.file()).unwrap(), "something else".repeat(1000).as_bytes());
    std::fs::remove_file(folder.file()).unwrap();
    let web = key("prod", "web", None);
    let file = File::open(&folder.0).unwrap();
    for n in 0..40_u8 {
        file.append(&web, &[Bytes::from(vec![n; 2000])]).await.unwrap();
    }
    let kept = file.load(&web).await.unwrap();
    drop(file);
    let whole = std::fs::read(folder.file()).unwrap();
    let mut random = Random(seed());
    let mut refused = 0;
    for _ in 0..60 {
        let mut bytes = whole.clone();
        let at = random.below(bytes.len() as u64) as usize;
        match random.below(3) {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << random.below(8),
            _ => bytes[at..].iter_mut().take(4096).for_each(|byte| *byte = 0),
        }
        std::fs::write(folder.file(), &bytes).unwrap();
        match File::open(&folder.0) {
            // What was changed was free room, or is known to be otherwise.
            Ok(file) => assert_eq!(file.load(&web).await, Ok(kept.clone()), "something is lost without a word: byte {at} of {}", bytes.len()),
            Err(StorageError::Damaged(_) | StorageError::Failed(_)) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused > 0);
}

/// Rooms that the child writes to.
const ROOMS: usize = 6;
/// Where the child finds the folder.
const CHILD: &str = "KRATEYARD_STORAGE_CHILD";

fn room(n: usize) -> RoomKey {
    key("prod", &format!("room-{n}"), None)
}

/// Each update is its position as text; a snapshot, an `s` and how far it goes. Answers how far a room goes, if nothing is missing or doubled.
fn goes_to(kept: &Kept) -> u128 {
    let mut end = 0;
    for (at, update) in kept.updates.iter().enumerate() {
        let text = std::str::from_utf8(update).unwrap();
        match text.strip_prefix('s') {
            Some(through) => {
                assert_eq!(at, 0, "a snapshot comes first");
                end = through.parse().unwrap();
            }
            None => {
                assert_eq!(text.parse(), Ok(end + 1), "in order, each once");
                end += 1;
            }
        }
    }
    assert_eq!(Position(end), kept.position);
    end
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_kill_9_at_any_moment() {
    let folder = Folder::new("killed");
    let mut random = Random(seed());
    let mut acknowledged = [0_u128; ROOMS];
    for _ in 0..12 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "relay::storage::redb::tests::child_that_is_killed", "--nocapture"])
            .env(CHILD, &folder.0)
            .env("KRATEYARD_SEED", random.below(1 << 40).to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut last = 1 + random.below(120);
        for line in lines {
            // What it said before it was killed counts as well.
            if let Some((n, position)) = line.strip_prefix("kept ").and_then(|line| line.split_once(' ')) {
                acknowledged[n.parse::<usize>().unwrap()] = position.parse().unwrap();
                last = last.saturating_sub(1);
                if last == 0 {
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        let file = File::open(&folder.0).unwrap();
        for (n, acknowledged) in acknowledged.iter().enumerate() {
            let end = goes_to(&file.load(&room(n)).await.unwrap());
            assert!(end >= *acknowledged, "room {n} goes to {end}, and {acknowledged} were acknowledged");
        }
    }
    assert!(acknowledged.iter().all(|count| *count > 0));
}

#[tokio::test]
#[ignore = "what the test above kills"]
async fn child_that_is_killed() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let seed = seed();
    let file = File::open(Path::new(&folder)).unwrap();
    let writers = (0..ROOMS).map(|n| {
        let (file, mut random) = (&file, Random(seed + n as u64));
        async move {
            let key = room(n);
            let mut end = goes_to(&file.load(&key).await.unwrap());
            loop {
                let updates: Vec<_> = (0..1 + random.below(4)).map(|more| Bytes::from((end + 1 + u128::from(more)).to_string())).collect();
                end = file.append(&key, &updates).await.unwrap().0;
                println!("kept {n} {end}");
                if random.below(12) == 0 {
                    file.compact(&key, Position(end), Bytes::from(format!("s{end}"))).await.unwrap();
                }
            }
        }
    });
    futures::future::join_all(writers).await;
}
