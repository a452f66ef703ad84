//! Objects of plain kinds as a real API server 1.36.2 listed them, beside its own Table for the same objects (fixtures/tables.json): our columns are its columns, and
//! our cells say what its cells say. Where the whole recordings lie beside the repository, all of them are held against it as well.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;

use krateyard_shared::kinds::{Format, KINDS, Kind, KindEntry};
use krateyard_shared::rows::{CellValue, Facts, Row, project};
use krateyard_shared::status;
use krateyard_shared::time::seconds;
use krateyard_shared::watch::EncodedRow;
use serde::Deserialize;
use serde_json::Value;

/// Where we say something else than kubectl, and why.
#[derive(Debug, Clone, Copy)]
enum Different {
    /// A column that kubectl has not.
    Added(Kind, &'static str),
    /// Cells that say something else.
    Said(Kind, &'static str),
}

const DIFFERENT: &[(Different, &str)] = &[
    (Different::Added(Kind::StatefulSet, "Status"), "a person looks for what is not well, not for numbers that differ"),
    (Different::Added(Kind::DaemonSet, "Status"), "the same"),
    (Different::Added(Kind::CronJob, "Status"), "the same"),
    (Different::Added(Kind::ConfigMap, "Keys"), "what is in it"),
    (Different::Added(Kind::ReplicationController, "Status"), "the same"),
    (Different::Added(Kind::HorizontalPodAutoscaler, "Status"), "the same"),
    (Different::Added(Kind::PodDisruptionBudget, "Status"), "the same"),
    (Different::Added(Kind::ResourceQuota, "Status"), "the same"),
    (Different::Added(Kind::VolumeAttachment, "Status"), "the same"),
    (Different::Added(Kind::APIService, "Status"), "the same"),
    (Different::Added(Kind::ValidatingAdmissionPolicy, "Status"), "the same"),
    (Different::Added(Kind::CustomResourceDefinition, "Status"), "the same"),
    (Different::Added(Kind::CustomResourceDefinition, "Group"), "kubectl says only when it was made"),
    (Different::Added(Kind::CustomResourceDefinition, "Kind"), "the same"),
    (Different::Added(Kind::CustomResourceDefinition, "Scope"), "the same"),
    (Different::Added(Kind::CustomResourceDefinition, "Versions"), "the same"),
    (Different::Added(Kind::CSIStorageCapacity, "StorageClass"), "the same"),
    (Different::Added(Kind::CSIStorageCapacity, "Capacity"), "the same"),
    (Different::Added(Kind::LimitRange, "Types"), "the same"),
    (Different::Added(Kind::Role, "Rules"), "the same"),
    (Different::Added(Kind::ClusterRole, "Rules"), "the same"),
    (Different::Added(Kind::Secret, "Keys"), "what is in it, with sizes"),
    (Different::Added(Kind::IngressClass, "Default"), "kubectl does not say"),
    (Different::Added(Kind::StorageClass, "Default"), "kubectl says it in the name"),
    (Different::Said(Kind::Job, "Duration"), "kubectl lets the clock of a failed job run on"),
];

/// A recorded Table: of each row the cells and the object.
#[derive(Deserialize)]
struct Table {
    group: String,
    plural: String,
    columns: Vec<TableColumn>,
    rows: Vec<TableRow>,
}

#[derive(Deserialize)]
struct TableColumn {
    name: String,
    priority: i32,
}

#[derive(Deserialize)]
struct TableRow {
    cells: Vec<Value>,
    object: Value,
}

fn fixtures() -> Vec<Table> {
    serde_json::from_str(include_str!("fixtures/tables.json")).unwrap()
}

/// The recordings, if they lie beside the repository: `X-list.json` and `X-table.json` of one moment.
fn recordings() -> Vec<Table> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/recordings/reading");
    let read = |name: String| -> Option<Value> { serde_json::from_slice(&std::fs::read(folder.join(name)).ok()?).ok() };
    KINDS
        .iter()
        .filter_map(|entry| {
            let (list, table) = (read(format!("{}-list.json", entry.plural))?, read(format!("{}-table.json", entry.plural))?);
            let (list, table) = (&list["response"]["body"], &table["response"]["body"]);
            let objects = list["items"].as_array().unwrap();
            let rows = table["rows"].as_array().unwrap().iter().filter_map(|row| {
                let object = objects.iter().find(|object| object["metadata"]["name"] == name_of(row["cells"][0].as_str().unwrap()))?;
                Some(TableRow { cells: row["cells"].as_array().unwrap().clone(), object: object.clone() })
            });
            let columns = Vec::deserialize(&table["columnDefinitions"]).unwrap();
            Some(Table { group: entry.group.into(), plural: entry.plural.into(), columns, rows: rows.collect() })
        })
        .collect()
}

/// kubectl marks the default storage class in its name.
fn name_of(cell: &str) -> &str {
    cell.strip_suffix(" (default)").unwrap_or(cell)
}

fn is_different(kind: Kind, title: &str) -> bool {
    DIFFERENT.iter().any(|(different, _)| matches!(different, Different::Said(k, t) | Different::Added(k, t) if *k == kind && *t == title))
}

fn is_added(kind: Kind, title: &str) -> bool {
    DIFFERENT.iter().any(|(different, _)| matches!(different, Different::Added(k, t) if *k == kind && *t == title))
}

/// Columns that every table of ours has: the name, and when the object was made (`Created At` is the same as an age).
fn is_common(title: &str) -> bool {
    matches!(title, "Name" | "Age" | "Created At")
}

/// Whether a cell of ours says what kubectl's does. An age counts from an instant that the recording does not name: any that fits all ages will do.
fn says(cell: &CellValue, status: &str, format: Format, theirs: &Value, now: i64) -> bool {
    let text = theirs.as_str().map_or_else(|| if theirs.is_null() { String::new() } else { theirs.to_string() }, str::to_owned);
    match cell {
        _ if format == Format::Status => status == text,
        CellValue::None => matches!(text.as_str(), "" | "<none>" | "<unset>" | "<unknown>" | "N/A"),
        CellValue::Flag(flag) => text.eq_ignore_ascii_case(&flag.to_string()),
        // kubectl writes some lists with a space behind the comma.
        CellValue::List(..) => cell.text(now).replace(' ', "") == text.replace(' ', ""),
        _ => cell.text(now) == text,
    }
}

/// Whether a kind's rows are what kubectl prints of it. What is measured, and what is no object, is told in our own words.
fn has_table(entry: &KindEntry) -> bool {
    entry.kind.is_plain() && !entry.kind.is_polled()
}

/// The instants at which this row's age reads as kubectl wrote it.
fn instants(row: &Row, table: &Table, cells: &[Value]) -> std::ops::Range<i64> {
    let age = table.columns.iter().position(|column| column.name == "Age").and_then(|at| cells[at].as_str());
    let Some(age) = age else { return row.created..row.created + 1 };
    let fits = |now: &i64| krateyard_shared::time::age(now - row.created) == age;
    let first = (row.created..row.created + 7200).find(fits).unwrap_or_else(|| panic!("{} {age}", row.name));
    first..(first..).find(|now| !fits(now)).unwrap()
}

fn check(table: &Table) -> usize {
    let Some(entry) = KINDS.iter().find(|entry| entry.group == table.group && entry.plural == table.plural && has_table(entry)) else { return 0 };
    let titles: Vec<_> = table.columns.iter().filter(|c| !is_common(&c.name)).map(|c| (c.name.as_str(), c.priority == 1)).collect();
    let ours: Vec<_> = entry.columns.iter().filter(|c| !is_added(entry.kind, c.title)).map(|c| (c.title, c.wide)).collect();
    assert_eq!(ours, titles, "columns of {}", entry.plural);
    for TableRow { cells, object } in &table.rows {
        check_row(entry, table, cells, object);
    }
    table.rows.len()
}

fn check_row(entry: &KindEntry, table: &Table, cells: &[Value], object: &Value) {
    let (row, _) = project(entry.kind, object).unwrap();
    assert_eq!(row.name, name_of(cells[0].as_str().unwrap()));
    if let Some(at) = table.columns.iter().position(|column| column.name == "Created At") {
        assert_eq!(row.created, seconds(cells[at].as_str().unwrap()).unwrap(), "created of {}", row.name);
    }
    let Facts::Plain(facts) = &row.facts else { panic!("{} is plain", entry.plural) };
    assert_eq!(facts.cells.len(), entry.columns.len(), "a cell a column of {}", entry.plural);
    let word = status::of(&row).word;
    let now = instants(&row, table, cells);
    for (column, cell) in entry.columns.iter().zip(&facts.cells).filter(|(column, _)| !is_different(entry.kind, column.title)) {
        let theirs = &cells[table.columns.iter().position(|c| c.name == column.title).unwrap()];
        let fits = now.clone().any(|now| says(cell, &word, column.format, theirs, now));
        assert!(fits, "{} of {} {}: {cell:?} ({word}), kubectl {theirs}", column.title, entry.plural, row.name);
    }
}

#[test]
fn plain_rows_say_what_the_api_servers_tables_say() {
    let rows: usize = fixtures().iter().map(check).sum();
    let kinds = fixtures().iter().filter(|table| !table.rows.is_empty()).count();
    assert_eq!(kinds, KINDS.iter().filter(|entry| has_table(entry)).count(), "each plain kind is recorded");
    assert!(rows > 60, "{rows} rows");
}

#[test]
fn so_do_all_recorded_tables_where_they_are_at_hand() {
    let tables = recordings();
    let rows: usize = tables.iter().map(check).sum();
    println!("{rows} rows of {} recorded tables", tables.len());
}

#[test]
fn a_plain_row_is_the_same_after_the_wire_and_after_json() {
    for table in fixtures() {
        let Some(entry) = KINDS.iter().find(|entry| entry.group == table.group && entry.plural == table.plural) else { continue };
        for TableRow { object, .. } in &table.rows {
            let (row, _) = project(entry.kind, object).unwrap();
            assert_eq!(EncodedRow::of(&row).decode().unwrap().of_kind(entry.kind), row);
            assert_eq!(serde_json::from_str::<Row<()>>(&serde_json::to_string(&row).unwrap()).unwrap().of_kind(entry.kind), row);
        }
    }
}

#[test]
fn every_plain_kind_has_a_cell_a_column_also_of_an_empty_object() {
    for entry in KINDS {
        let (row, _) = project(entry.kind, serde_json::json!({"metadata": {"name": "x"}})).unwrap();
        if let Facts::Plain(facts) = &row.facts {
            assert_eq!(facts.cells.len(), entry.columns.len(), "{}", entry.plural);
        }
    }
}
