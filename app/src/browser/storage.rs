//! A vault in IndexedDB: one database for each person and cluster, readable in the browser's own tools.

use std::cell::RefCell;
use std::rc::Rc;

use idb::{Database, DatabaseEvent, Factory, KeyRange, ObjectStore, ObjectStoreParams, Query, Transaction, TransactionMode, TransactionResult};
use js_sys::Uint8Array;
use krateyard_shared::identity::ClusterName;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DomException;

use crate::yard::persist::vault::{Rewrite, Stored, Vault, VaultError};

/// Records in the order in which they came: keys count up.
const UPDATES: &str = "updates";
/// Records that could not be read.
const ASIDE: &str = "aside";
/// 2: records name their rooms, which a program of before would take for damage. Such a one in another tab lets go, and keeps nothing from then on.
const VERSION: u32 = 2;

/// A database that is opened when it is first needed.
pub struct IndexedVault {
    name: String,
    database: Rc<RefCell<Option<Database>>>,
}

/// The name of a Yard's database. IndexedDB keeps those of different origins apart by itself.
pub fn database_name(user: &str, cluster: &ClusterName) -> String {
    format!("krateyard {user}@{cluster}")
}

impl IndexedVault {
    /// Of this name.
    pub fn new(name: String) -> IndexedVault {
        IndexedVault { name, database: Rc::default() }
    }

    /// Adds records without waiting for what becomes of them: for a page that is being left. What is asked for then, the browser still does.
    pub fn hurried(&self) -> impl Fn(&[Vec<u8>]) + use<> {
        let database = self.database.clone();
        move |records| {
            if records.is_empty() {
                return;
            }
            let transaction = database.borrow().as_ref().and_then(|database| database.transaction(&[UPDATES], TransactionMode::ReadWrite).ok());
            if let Some(store) = transaction.and_then(|transaction| transaction.object_store(UPDATES).ok()) {
                // Nobody is there any more who could be told.
                records.iter().for_each(|record| drop(store.add(&Uint8Array::from(&record[..]), None)));
            }
        }
    }

    async fn open(&mut self) -> Result<(), VaultError> {
        let old = self.database.borrow_mut().take();
        if let Some(old) = old {
            old.close();
        }
        let mut request = Factory::new().and_then(|factory| factory.open(&self.name, Some(VERSION))).map_err(explain)?;
        request.on_upgrade_needed(|event| {
            let Ok(database) = event.database() else { return };
            for name in [UPDATES, ASIDE] {
                let mut params = ObjectStoreParams::new();
                params.auto_increment(true);
                // Fails only where it is there already.
                let _ = database.create_object_store(name, params);
            }
        });
        let mut database = request.await.map_err(explain)?;
        // A newer program in another tab wants to change the shape: let it. What is written here from now on finds the database closed.
        database.on_version_change(|event| {
            if let Some(database) = event.target().and_then(|target| target.dyn_into::<web_sys::IdbDatabase>().ok()) {
                database.close();
            }
        });
        *self.database.borrow_mut() = Some(database);
        Ok(())
    }

    fn begin(&self, stores: &[&str], mode: TransactionMode) -> Result<Transaction, VaultError> {
        // A closed database refuses transactions (InvalidStateError), and so does one whose stores are gone: both are mended by opening it again.
        self.database.borrow().as_ref().ok_or(VaultError::Closed)?.transaction(stores, mode).map_err(|_| VaultError::Closed)
    }
}

impl Vault for IndexedVault {
    async fn load(&mut self) -> Result<Vec<Stored>, VaultError> {
        self.open().await?;
        let transaction = self.begin(&[UPDATES], TransactionMode::ReadOnly)?;
        all(&transaction.object_store(UPDATES).map_err(explain)?).await
    }

    async fn append(&mut self, records: &[Vec<u8>]) -> Result<(), VaultError> {
        let transaction = self.begin(&[UPDATES], TransactionMode::ReadWrite)?;
        let store = transaction.object_store(UPDATES).map_err(explain)?;
        for record in records {
            store.add(&Uint8Array::from(&record[..]), None).map_err(explain)?;
        }
        finish(transaction).await
    }

    async fn rewrite(&mut self, rewrite: impl FnOnce(&[Stored]) -> Rewrite) -> Result<(), VaultError> {
        let transaction = self.begin(&[UPDATES, ASIDE], TransactionMode::ReadWrite)?;
        let (updates, aside) = (transaction.object_store(UPDATES).map_err(explain)?, transaction.object_store(ASIDE).map_err(explain)?);
        let Rewrite { remove, add, aside: unreadable } = rewrite(&all(&updates).await?);
        for key in remove.into_iter().chain(unreadable.iter().map(|stored| stored.key)) {
            updates.delete(Query::Key(key.into())).map_err(explain)?;
        }
        for record in add {
            updates.add(&Uint8Array::from(&record[..]), None).map_err(explain)?;
        }
        for stored in unreadable {
            aside.add(&Uint8Array::from(&stored.bytes[..]), None).map_err(explain)?;
        }
        finish(transaction).await
    }
}

/// What is in the store, by key.
async fn all(store: &ObjectStore) -> Result<Vec<Stored>, VaultError> {
    let range = || KeyRange::lower_bound(&0.into(), None).map(Query::from).map_err(explain);
    // Both are asked for before the first answer is awaited: the same moment of the same transaction.
    let (keys, values) = (store.get_all_keys(Some(range()?), None).map_err(explain)?, store.get_all(Some(range()?), None).map_err(explain)?);
    let (keys, values) = (keys.await.map_err(explain)?, values.await.map_err(explain)?);
    let bytes = |value: JsValue| value.dyn_into::<Uint8Array>().map(|array| array.to_vec()).unwrap_or_default();
    Ok(keys.into_iter().zip(values).filter_map(|(key, value)| Some(Stored { key: key.as_f64()?, bytes: bytes(value) })).collect())
}

/// Written is what the transaction says is complete, not what its requests say.
pub(super) async fn finish(transaction: Transaction) -> Result<(), VaultError> {
    // Aborted without an error of a request: no room is the reason that the standard names.
    match transaction.await.map_err(explain)? {
        TransactionResult::Committed => Ok(()),
        TransactionResult::Aborted => Err(VaultError::Full),
    }
}

/// In words for the person.
pub(super) fn explain(error: idb::Error) -> VaultError {
    let name = match &error {
        idb::Error::DomException(exception) => Some(exception.name()),
        idb::Error::AddFailed(value) | idb::Error::UpdateFailed(value) | idb::Error::TransactionOpenFailed(value) | idb::Error::ObjectStoreNotFound(value) => {
            value.dyn_ref::<DomException>().map(DomException::name)
        }
        _ => None,
    };
    match name.as_deref() {
        Some("QuotaExceededError") => VaultError::Full,
        Some("InvalidStateError" | "TransactionInactiveError" | "AbortError") => VaultError::Closed,
        _ => VaultError::Other(error.to_string()),
    }
}
