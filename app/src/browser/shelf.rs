//! A shelf in IndexedDB: a database of its own for each person and cluster, readable in the browser's own tools.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use idb::{Database, DatabaseEvent, Factory, KeyRange, ObjectStore, ObjectStoreParams, Query, Transaction, TransactionMode};
use js_sys::{Reflect, Uint8Array};
use krateyard_shared::identity::ClusterName;
use wasm_bindgen::{JsCast, JsValue};

use super::storage::{explain, finish};
use crate::kept::shelf::{Age, Change, Shelf, too_much};
use crate::yard::persist::vault::VaultError;

/// Records by the keys of their streams.
const RECORDS: &str = "records";
/// Of each record when it was confirmed and how large it is: `1795370580000 4096`.
const AGES: &str = "ages";
const VERSION: u32 = 1;

/// A database that is opened when it is first needed. Copies are one and the same.
#[derive(Clone)]
pub struct IndexedShelf {
    name: String,
    database: Rc<RefCell<Option<Database>>>,
    /// Somebody removes it: it is not opened again.
    is_over: Rc<Cell<bool>>,
}

/// The name of the database of what was seen last.
pub fn shelf_name(user: &str, cluster: &ClusterName) -> String {
    format!("krateyard rows {user}@{cluster}")
}

impl IndexedShelf {
    /// Of this person and cluster.
    pub fn new(user: &str, cluster: &ClusterName) -> IndexedShelf {
        IndexedShelf { name: shelf_name(user, cluster), database: Rc::default(), is_over: Rc::default() }
    }

    /// Nothing is written from now on.
    pub fn end(&self) {
        self.is_over.set(true);
        if let Some(database) = self.database.borrow_mut().take() {
            database.close();
        }
    }

    /// Writes without waiting for what becomes of it: for a page that is being left. What is asked for then, the browser still does.
    pub fn hurry(&self, changes: &[Change]) {
        if let Ok(transaction) = self.begin(TransactionMode::ReadWrite) {
            // Nobody is there any more who could be told.
            let _ = put_all(&transaction, changes);
        }
    }

    async fn open(&self) -> Result<(), VaultError> {
        if self.is_over.get() {
            return Err(VaultError::Closed);
        }
        let mut request = Factory::new().and_then(|factory| factory.open(&self.name, Some(VERSION))).map_err(explain)?;
        request.on_upgrade_needed(|event| {
            let Ok(database) = event.database() else { return };
            for name in [RECORDS, AGES] {
                // Fails only where it is there already.
                let _ = database.create_object_store(name, ObjectStoreParams::new());
            }
        });
        let mut database = request.await.map_err(explain)?;
        let is_over = self.is_over.clone();
        database.on_version_change(move |event| {
            // Without a new version it is being removed: by a sign-out, here or in another tab, or by the person.
            if Reflect::get(&event, &"newVersion".into()).is_ok_and(|version| version.is_null()) {
                is_over.set(true);
            }
            if let Some(database) = event.target().and_then(|target| target.dyn_into::<web_sys::IdbDatabase>().ok()) {
                database.close();
            }
        });
        if self.is_over.get() {
            database.close();
            return Err(VaultError::Closed);
        }
        *self.database.borrow_mut() = Some(database);
        Ok(())
    }

    fn begin(&self, mode: TransactionMode) -> Result<Transaction, VaultError> {
        // A closed database refuses transactions (InvalidStateError): mended by opening it again.
        self.database.borrow().as_ref().ok_or(VaultError::Closed)?.transaction(&[RECORDS, AGES], mode).map_err(|_| VaultError::Closed)
    }

    async fn begin_again(&self, mode: TransactionMode) -> Result<Transaction, VaultError> {
        if let Ok(transaction) = self.begin(mode) {
            return Ok(transaction);
        }
        self.open().await?;
        self.begin(mode)
    }
}

impl Shelf for IndexedShelf {
    async fn load(&mut self) -> Result<Vec<(String, Age, Vec<u8>)>, VaultError> {
        let transaction = self.begin_again(TransactionMode::ReadOnly).await?;
        let ages = ages(&store(&transaction, AGES)?).await?;
        let records = all(&store(&transaction, RECORDS)?).await?;
        let bytes = |value: JsValue| value.dyn_into::<Uint8Array>().map(|array| array.to_vec()).unwrap_or_default();
        let entry = |(key, value): (String, JsValue)| {
            let age = ages.get(&key).copied().unwrap_or(Age { as_of_ms: 0, bytes: 0 });
            (key, age, bytes(value))
        };
        Ok(records.into_iter().map(entry).collect())
    }

    async fn change(&mut self, changes: &[Change], bytes_most: usize, now_ms: u64) -> Result<(), VaultError> {
        let transaction = self.begin_again(TransactionMode::ReadWrite).await?;
        let (records, age_store) = (store(&transaction, RECORDS)?, store(&transaction, AGES)?);
        let before = ages(&age_store).await?;
        put_all(&transaction, changes)?;
        let mut after = before.clone();
        for change in changes {
            match change {
                Change::Put { key, age, .. } => drop(after.insert(key.clone(), *age)),
                Change::Confirm { key, as_of_ms } => {
                    if let Some(age) = after.get_mut(key) {
                        age.as_of_ms = *as_of_ms;
                        put_age(&age_store, key, *age)?;
                    }
                }
                Change::Remove { key } => drop(after.remove(key)),
            }
        }
        for key in too_much(after.iter().map(|(key, age)| (key.as_str(), *age)), bytes_most, now_ms) {
            remove(&records, &age_store, &key)?;
        }
        finish(transaction).await
    }
}

/// What needs no knowledge of what is there.
fn put_all(transaction: &Transaction, changes: &[Change]) -> Result<(), VaultError> {
    let (records, ages) = (store(transaction, RECORDS)?, store(transaction, AGES)?);
    for change in changes {
        match change {
            Change::Put { key, age, record } => {
                records.put(&Uint8Array::from(&record[..]), Some(&key.into())).map_err(explain)?;
                put_age(&ages, key, *age)?;
            }
            Change::Confirm { .. } => {}
            Change::Remove { key } => remove(&records, &ages, key)?,
        }
    }
    Ok(())
}

fn put_age(ages: &ObjectStore, key: &str, age: Age) -> Result<(), VaultError> {
    ages.put(&format!("{} {}", age.as_of_ms, age.bytes).into(), Some(&key.into())).map(drop).map_err(explain)
}

fn remove(records: &ObjectStore, ages: &ObjectStore, key: &str) -> Result<(), VaultError> {
    for store in [records, ages] {
        store.delete(Query::Key(key.into())).map_err(explain)?;
    }
    Ok(())
}

fn store(transaction: &Transaction, name: &str) -> Result<ObjectStore, VaultError> {
    transaction.object_store(name).map_err(explain)
}

async fn ages(store: &ObjectStore) -> Result<BTreeMap<String, Age>, VaultError> {
    let age = |text: String| {
        let (as_of_ms, bytes) = text.split_once(' ')?;
        Some(Age { as_of_ms: as_of_ms.parse().ok()?, bytes: bytes.parse().ok()? })
    };
    Ok(all(store).await?.into_iter().filter_map(|(key, value)| Some((key, age(value.as_string()?)?))).collect())
}

/// What is in a store, by key.
async fn all(store: &ObjectStore) -> Result<Vec<(String, JsValue)>, VaultError> {
    let range = || KeyRange::lower_bound(&"".into(), None).map(Query::from).map_err(explain);
    // Both are asked for before the first answer is awaited: the same moment of the same transaction.
    let (keys, values) = (store.get_all_keys(Some(range()?), None).map_err(explain)?, store.get_all(Some(range()?), None).map_err(explain)?);
    let (keys, values) = (keys.await.map_err(explain)?, values.await.map_err(explain)?);
    Ok(keys.into_iter().zip(values).filter_map(|(key, value)| Some((key.as_string()?, value))).collect())
}
