//! Volumes, claims and what provides them.

use serde_json::Value;

use super::path::{flag, items, text, text_cell, texts};
use super::{CellValue, PlainFacts, PlainStatus};
use crate::status::Health;

/// The class of claims before `spec.storageClassName` (`v1.BetaStorageClassAnnotation`); it still counts first.
const CLASS_ANNOTATION: &str = "/metadata/annotations/volume.beta.kubernetes.io~1storage-class";

pub(super) fn claim(claim: &Value) -> PlainFacts {
    let class = class_of(claim);
    let is_bound = !text(claim, "/spec/volumeName").is_empty();
    let status = match text(claim, "/status/phase") {
        "Lost" => PlainStatus::new(Health::Bad, "Lost").because("its volume is gone"),
        "Pending" if class.is_empty() => PlainStatus::new(Health::Pending, "Pending").because("no volume yet"),
        "Pending" => PlainStatus::new(Health::Pending, "Pending").because(format!("no volume of class {class} yet")),
        phase => PlainStatus::ok(phase),
    };
    let (capacity, modes) =
        if is_bound { (quantity(claim, "/status/capacity/storage"), access_modes(claim, "/status/accessModes")) } else { (CellValue::None, CellValue::None) };
    PlainFacts::with(
        status,
        [
            CellValue::None,
            text_cell(claim, "/spec/volumeName"),
            capacity,
            modes,
            CellValue::of_text(class),
            text_cell(claim, "/spec/volumeAttributesClassName"),
            text_cell(claim, "/spec/volumeMode"),
        ],
    )
}

pub(super) fn volume(volume: &Value) -> PlainFacts {
    let reason = text(volume, "/status/message");
    let status = match text(volume, "/status/phase") {
        "Failed" => PlainStatus::new(Health::Bad, "Failed").because(reason),
        "Released" => PlainStatus::new(Health::Stopped, "Released").because("its claim is gone, its data is not"),
        "Pending" => PlainStatus::new(Health::Pending, "Pending"),
        phase => PlainStatus::ok(phase),
    };
    let claim = match text(volume, "/spec/claimRef/name") {
        "" => CellValue::None,
        name => CellValue::Text(format!("{}/{name}", text(volume, "/spec/claimRef/namespace"))),
    };
    PlainFacts::with(
        status,
        [
            quantity(volume, "/spec/capacity/storage"),
            access_modes(volume, "/spec/accessModes"),
            text_cell(volume, "/spec/persistentVolumeReclaimPolicy"),
            CellValue::None,
            claim,
            CellValue::of_text(class_of(volume)),
            text_cell(volume, "/spec/volumeAttributesClassName"),
            text_cell(volume, "/status/reason"),
            text_cell(volume, "/spec/volumeMode"),
        ],
    )
}

/// Defaults of storage/v1.
pub(super) fn storage_class(class: &Value) -> PlainFacts {
    let or = |pointer: &str, otherwise: &'static str| CellValue::of_text(Some(text(class, pointer)).filter(|text| !text.is_empty()).unwrap_or(otherwise));
    let is_default = ["storageclass.kubernetes.io", "storageclass.beta.kubernetes.io"]
        .into_iter()
        .any(|domain| text(class, &format!("/metadata/annotations/{domain}~1is-default-class")) == "true");
    PlainFacts::just([
        text_cell(class, "/provisioner"),
        or("/reclaimPolicy", "Delete"),
        or("/volumeBindingMode", "Immediate"),
        CellValue::Flag(flag(class, "/allowVolumeExpansion")),
        CellValue::Flag(is_default),
    ])
}

pub(super) fn attachment(attachment: &Value) -> PlainFacts {
    let attached = flag(attachment, "/status/attached");
    let error = |pointer: &str| attachment.pointer(pointer).map(|error| text(error, "/message"));
    let status = match (attached, error("/status/attachError"), error("/status/detachError")) {
        (_, _, Some(why)) => PlainStatus::new(Health::Bad, "Detach failed").because(why),
        (false, Some(why), None) => PlainStatus::new(Health::Bad, "Attach failed").because(why),
        (true, ..) => PlainStatus::ok("Attached"),
        (false, ..) => PlainStatus::new(Health::Pending, "Attaching"),
    };
    let [attacher, volume, node] = ["/spec/attacher", "/spec/source/persistentVolumeName", "/spec/nodeName"].map(|pointer| text_cell(attachment, pointer));
    PlainFacts::with(status, [attacher, volume, node, CellValue::Flag(attached), CellValue::None])
}

pub(super) fn attributes_class(class: &Value) -> PlainFacts {
    PlainFacts::just([text_cell(class, "/driverName")])
}

pub(super) fn driver(driver: &Value) -> PlainFacts {
    let flag_cell = |pointer: &str, otherwise: bool| CellValue::Flag(driver.pointer(pointer).and_then(Value::as_bool).unwrap_or(otherwise));
    let audiences = items(driver, "/spec/tokenRequests").iter().map(|request| text(request, "/audience"));
    PlainFacts::just([
        flag_cell("/spec/attachRequired", true),
        flag_cell("/spec/podInfoOnMount", false),
        flag_cell("/spec/storageCapacity", false),
        CellValue::of_list(audiences, usize::MAX),
        flag_cell("/spec/requiresRepublish", false),
        CellValue::of_list(texts(driver, "/spec/volumeLifecycleModes"), usize::MAX),
    ])
}

pub(super) fn driver_node(node: &Value) -> PlainFacts {
    PlainFacts::just([CellValue::Number(i64::try_from(items(node, "/spec/drivers").len()).unwrap_or(i64::MAX))])
}

pub(super) fn capacity(capacity: &Value) -> PlainFacts {
    PlainFacts::just([text_cell(capacity, "/storageClassName"), quantity(capacity, "/capacity")])
}

fn class_of(object: &Value) -> &str {
    Some(text(object, CLASS_ANNOTATION)).filter(|class| !class.is_empty()).unwrap_or(text(object, "/spec/storageClassName"))
}

fn quantity(object: &Value, pointer: &str) -> CellValue {
    match text(object, pointer) {
        "" => CellValue::None,
        quantity => CellValue::Quantity(quantity.into()),
    }
}

/// `RWO,ROX`, as `helper.GetAccessModesAsString`: in its order, each once.
fn access_modes(object: &Value, pointer: &str) -> CellValue {
    let short = [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let has = |mode: &str| texts(object, pointer).any(|listed| listed == mode);
    CellValue::of_text(short.into_iter().filter(|(mode, _)| has(mode)).map(|(_, short)| short).collect::<Vec<_>>().join(","))
}
