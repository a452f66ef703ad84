//! A container of a pod: which one a request means, and how it stands.

use serde_json::Value;

use crate::failure::Failure;

/// Names of all containers, init containers first: the order in messages.
fn names(pod: &Value) -> Vec<&str> {
    ["initContainers", "containers"]
        .iter()
        .flat_map(|list| pod["spec"][*list].as_array().into_iter().flatten())
        .filter_map(|container| container["name"].as_str())
        .collect()
}

/// The container that is asked for, or the only one.
///
/// # Errors
/// 400 in the words of the recordings logs/no-container and logs/wrong-container.
pub(crate) fn chosen(pod: &Value, asked: Option<&str>) -> Result<String, Failure> {
    let pod_name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let all = names(pod);
    match asked {
        Some(name) if all.contains(&name) => Ok(name.to_owned()),
        Some(name) => Err(Failure::bad_request(format!("container {name} is not valid for pod {pod_name}"))),
        None => match all.as_slice() {
            [one] => Ok((*one).to_owned()),
            _ => Err(Failure::bad_request(format!("a container name must be specified for pod {pod_name}, choose one of: [{}]", all.join(" ")))),
        },
    }
}

/// The status of a container; null before the kubelet has written one.
pub(crate) fn status<'a>(pod: &'a Value, name: &str) -> &'a Value {
    let all = ["initContainerStatuses", "containerStatuses"].into_iter().flat_map(|list| pod["status"][list].as_array().into_iter().flatten());
    all.into_iter().find(|status| status["name"] == name).unwrap_or(&Value::Null)
}

/// The spec of a container.
pub(crate) fn spec<'a>(pod: &'a Value, name: &str) -> &'a Value {
    let all = ["initContainers", "containers"].into_iter().flat_map(|list| pod["spec"][list].as_array().into_iter().flatten());
    all.into_iter().find(|spec| spec["name"] == name).unwrap_or(&Value::Null)
}

/// Whether the pod is on a node.
pub(crate) fn is_on_node(pod: &Value) -> bool {
    pod["spec"]["nodeName"].as_str().is_some_and(|node| !node.is_empty())
}
