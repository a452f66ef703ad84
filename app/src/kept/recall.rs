//! What is on a shelf, as a page takes it when it opens.

use krateyard_shared::api::Access;

use super::record::{Record, VERSION};
use super::shelf::{Age, Change};

/// The key under which lies what the person may read: without it nobody knows which lists a window is made of.
pub const ACCESS: &str = "access";

/// What was on a shelf.
#[derive(Debug, Default)]
pub struct Recalled {
    /// What the person might read.
    pub access: Option<Access>,
    /// Records, and when each was confirmed.
    pub records: Vec<(Record, u64)>,
    /// What can not be read, or may not be kept (any more): it is removed.
    pub unreadable: Vec<Change>,
}

impl Recalled {
    /// Reads all entries.
    pub fn of(entries: Vec<(String, Age, Vec<u8>)>) -> Recalled {
        let mut recalled = Recalled::default();
        for (key, age, bytes) in entries {
            let is_read = if key == ACCESS {
                recalled.access = bytes.strip_prefix(&[VERSION]).and_then(|json| serde_json::from_slice(json).ok());
                recalled.access.is_some()
            } else {
                let record = Record::read(&bytes);
                recalled.records.extend(record.clone().map(|record| (record, age.as_of_ms)));
                record.is_some()
            };
            if !is_read {
                recalled.unreadable.push(Change::Remove { key });
            }
        }
        recalled
    }
}

/// What the person may read, to be put on the shelf.
pub fn put_access(access: &Access, now_ms: u64) -> Option<Change> {
    let record = [vec![VERSION], serde_json::to_vec(access).ok()?].concat();
    Some(Change::Put { key: ACCESS.into(), age: Age { as_of_ms: now_ms, bytes: record.len() }, record })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_version_wrote_is_ignored_and_removed() {
        let access = Access { cluster_wide: vec!["pods".into()], ..Access::default() };
        let Some(Change::Put { key, age, record }) = put_access(&access, 7) else { panic!("an access") };
        let newer = [&[VERSION + 1], &record[1..]].concat();
        let recalled = Recalled::of(vec![(key.clone(), age, record), (r#"pods "all""#.into(), age, newer.clone())]);
        assert_eq!((recalled.access, recalled.records.len()), (Some(access), 0));
        assert_eq!(recalled.unreadable, [Change::Remove { key: r#"pods "all""#.into() }]);
        assert_eq!(Recalled::of(vec![(key.clone(), age, newer)]).unreadable, [Change::Remove { key }]);
    }
}
