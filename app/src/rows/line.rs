//! The lines of a list or a tree: what the view draws, one below the other.

use std::sync::Arc;

use krateyard_shared::rows::Row;

/// A line's key: of a row it comes from its uid, of a row within a tree from those of all above it, so that a row may stand in several places.
pub type LineId = u64;

/// Whether a line has others below it, and whether they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[allow(missing_docs)]
pub enum Fold {
    #[default]
    None,
    Open,
    Closed,
}

/// One line.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its key.
    pub id: LineId,
    /// How deep it stands; 0 in a list.
    pub depth: u8,
    /// What is below it.
    pub fold: Fold,
    /// What it shows.
    pub what: What,
}

/// What a line shows.
#[derive(Debug, Clone)]
pub enum What {
    /// An object.
    Row(Arc<Row>),
    /// Words in the place of objects: what is missing, and why.
    Words(Arc<str>),
}

/// Equal where nothing would be drawn differently: rows by their allocation, which changes with what they say.
impl PartialEq for Line {
    fn eq(&self, other: &Line) -> bool {
        let same = match (&self.what, &other.what) {
            (What::Row(a), What::Row(b)) => Arc::ptr_eq(a, b),
            (What::Words(a), What::Words(b)) => a == b,
            _ => false,
        };
        same && (self.id, self.depth, self.fold) == (other.id, other.depth, other.fold)
    }
}

impl Line {
    /// A line of a list.
    pub fn of(row: Arc<Row>) -> Line {
        Line { id: below(0, &row.uid), depth: 0, fold: Fold::None, what: What::Row(row) }
    }

    /// The object that it shows.
    pub fn row(&self) -> Option<&Arc<Row>> {
        match &self.what {
            What::Row(row) => Some(row),
            What::Words(_) => None,
        }
    }
}

/// The key of what stands below a line: FNV-1a, which is short and spreads uids well enough for 64 bits.
pub fn below(line: LineId, word: &str) -> LineId {
    let seed = 0xcbf2_9ce4_8422_2325 ^ line.rotate_left(17);
    word.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
