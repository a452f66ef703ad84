//! Where a Yard is kept, as its keeper sees it.

/// A place that keeps records in the order in which they came. Several tabs may use one at the same time.
#[allow(async_fn_in_trait)]
pub trait Vault {
    /// Opens it, if need be anew, and gives all records, oldest first.
    async fn load(&mut self) -> Result<Vec<Stored>, VaultError>;

    /// Adds records after all others: all or none, and they are kept once this returns.
    async fn append(&mut self, records: &[Vec<u8>]) -> Result<(), VaultError>;

    /// Replaces records in one step: what `rewrite` is given is what is there, and nobody writes in between.
    async fn rewrite(&mut self, rewrite: impl FnOnce(&[Stored]) -> Rewrite) -> Result<(), VaultError>;
}

/// A record in a vault.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Its key there.
    pub key: f64,
    /// What was added.
    pub bytes: Vec<u8>,
}

/// What a vault is to change.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rewrite {
    /// Keys to remove.
    pub remove: Vec<f64>,
    /// Records to add.
    pub add: Vec<Vec<u8>>,
    /// Records to move out of the way, kept elsewhere for whoever looks into it.
    pub aside: Vec<Stored>,
}

/// Why something is not kept. The texts are for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// It was closed: opening it again may help.
    #[error("the browser closed its storage")]
    Closed,
    /// There is no room.
    #[error("the browser has no room left for this site")]
    Full,
    /// Anything else, in the browser's words.
    #[error("the browser's storage failed: {0}")]
    Other(String),
}
