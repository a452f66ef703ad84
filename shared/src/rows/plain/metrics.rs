//! metrics.k8s.io/v1beta1: what pods and nodes use now.

use serde_json::Value;

use super::path::items;
use super::{CellValue, PlainFacts};
use crate::quantity;
use crate::rows::{Facts, Row};

/// What something uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Millicores.
    pub cpu_milli: i64,
    /// Bytes.
    pub memory_bytes: i64,
}

/// What a row of measurements says; `None` for a row of another kind.
pub fn measured<K>(row: &Row<K>) -> Option<Measured> {
    let Facts::Plain(plain) = &row.facts else { return None };
    match plain.cells[..] {
        [CellValue::Number(cpu_milli), CellValue::Number(memory_bytes)] => Some(Measured { cpu_milli, memory_bytes }),
        _ => None,
    }
}

/// The sum of its containers.
pub(super) fn pod(pod: &Value) -> PlainFacts {
    facts(items(pod, "/containers").iter().map(|container| &container["usage"]))
}

pub(super) fn node(node: &Value) -> PlainFacts {
    facts([&node["usage"]])
}

fn facts<'a>(usages: impl IntoIterator<Item = &'a Value> + Clone) -> PlainFacts {
    let sum = |key: &str, read: fn(&str) -> Option<i64>| {
        let all = usages.clone().into_iter();
        CellValue::Number(all.filter_map(|usage| read(usage[key].as_str()?)).fold(0, i64::saturating_add))
    };
    PlainFacts::just([sum("cpu", quantity::milli), sum("memory", quantity::whole)])
}
