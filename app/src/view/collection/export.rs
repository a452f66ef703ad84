//! What is on screen as a file: CSV of the columns that are shown, or YAML of the whole objects, read under the person's own rights.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream;
use krateyard_shared::rows::Row;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::board::Board;
use crate::browser::clipboard;
use crate::connection::rest;
use crate::rows::csv::csv;
use crate::runtime::Failure;
use crate::yaml;

/// Whole objects in one file: each is a request of its own.
const MOST_OBJECTS: usize = 500;
/// Requests at once.
const AT_ONCE: usize = 6;

impl Board {
    /// Saves what is meant as CSV.
    pub fn export_csv(&self) {
        let (rows, now) = (self.meant(), self.desk.workspace.now_ms().get_untracked() as i64 / 1000);
        let mut columns = self.fitted.with_untracked(|fitted| fitted.columns.clone());
        // In a file nothing else tells namespaces apart, also where the window had no room to.
        if self.spans_namespaces && !columns.iter().any(|column| column.is_namespace()) {
            columns.splice(1..1, self.columns().iter().find(|column| column.is_namespace()));
        }
        let text = csv(&columns, rows.iter().map(Arc::as_ref), &self.usage.get_untracked(), now);
        self.save(&self.file_name("csv"), &text, &format!("Saved {} as CSV.", rows_of(rows.len())));
    }

    /// Reads what is meant, whole, and saves it as YAML.
    pub fn export_yaml(&self) {
        let mut rows = self.meant();
        let all = rows.len();
        rows.truncate(MOST_OBJECTS);
        let (board, cluster, most) = (*self, self.desk.cluster.get_value(), rows.len());
        board.news.set(format!("Reading {} ...", objects_of(most)));
        spawn_local(async move {
            let read = |row: Arc<Row>| {
                let cluster = cluster.clone();
                async move { (rest::object(&cluster, &row.kind.resource(), row.namespace.as_deref(), &row.name).await, row) }
            };
            let mut answers = stream::iter(rows).map(read).buffered(AT_ONCE);
            let (mut documents, mut missing, mut failed) = (Vec::new(), Vec::new(), None);
            while let Some((answer, row)) = answers.next().await {
                match answer {
                    Ok(object) => documents.push(document(&object)),
                    Err(failure) => {
                        missing.push(format!("# {} {} is not here: {failure}\n", row.kind.entry().name, row.name));
                        failed = Some(failure);
                    }
                }
                let done = documents.len() + missing.len();
                if done % 25 == 0 && board.news.try_set(format!("Reading {done} of {most} objects ...")).is_some() {
                    // The window was closed: nobody waits for the file.
                    return;
                }
            }
            board.save_objects(documents, &missing, failed.as_ref(), all);
        });
    }

    fn save_objects(&self, documents: Vec<String>, missing: &[String], failed: Option<&Failure>, all: usize) {
        if let (true, Some(failure)) = (documents.is_empty(), failed) {
            self.news.try_set(format!("Saved nothing: {failure}."));
            return;
        }
        let left = all.saturating_sub(documents.len() + missing.len());
        let mut words = format!("Saved {} as YAML.", objects_of(documents.len()));
        if left > 0 {
            words.push_str(&format!(" {MOST_OBJECTS} are the most; {left} more are not in the file."));
        }
        if !missing.is_empty() {
            words.push_str(&format!(" {} could not be read; the file names them.", missing.len()));
        }
        let text = format!("{}{}", missing.concat(), documents.join("---\n"));
        self.save(&self.file_name("yaml"), &text, &words);
    }

    fn save(&self, name: &str, text: &str, words: &str) {
        let words = clipboard::download(name, text).map_or_else(|error| format!("The browser saved nothing: {error}."), |()| words.to_owned());
        self.news.try_set(words);
    }

    /// `pods-prod-eu-1.csv`.
    fn file_name(&self, ending: &str) -> String {
        let what = self.kind.map_or("everything", |kind| kind.entry().plural);
        format!("{what}-{}.{ending}", self.desk.cluster.get_value().0.replace(['/', ':'], "-"))
    }
}

/// An object as YAML, without what nobody reads: who set which field.
fn document(object: &Value) -> String {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    yaml::Document::of(&object).text()
}

/// `1 row`, `3 rows`.
pub fn rows_of(count: usize) -> String {
    format!("{count} row{}", if count == 1 { "" } else { "s" })
}

/// `1 object`, `3 objects`.
pub fn objects_of(count: usize) -> String {
    format!("{count} object{}", if count == 1 { "" } else { "s" })
}
