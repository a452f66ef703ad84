//! Exec and attach over WebSocket, v5.channel.k8s.io and v4.channel.k8s.io. Exec runs a shell of its own: nothing of the host is ever run. Attach shows what
//! a container prints.

mod commands;
pub(crate) mod files;
mod images;
mod io;
mod line;
mod session;
mod shell;
mod words;

use axum::extract::FromRequestParts as _;
use axum::extract::ws::WebSocketUpgrade;
use axum::response::Response;
use futures::StreamExt as _;
use http::StatusCode;
use http::request::Parts;

use crate::answer;
use crate::cluster::Cluster;
use crate::container;
use crate::failure::Failure;
use crate::kinds::built_in_kind;
use crate::logs::live;
use crate::query::Query;
use crate::target::Attributes;
use session::{Session, Version, Work};

/// Largest frame that a client may send.
const LONGEST_FRAME: usize = 64 * 1024;

/// Answers an exec or an attach: everything that can be wrong is said before the socket is one, as a real server says it.
///
/// # Errors
/// 400, 404 and 500 as recorded in the group exec.
pub(crate) async fn exec(cluster: &Cluster, asked: &Attributes, query: &Query, parts: &mut Parts) -> Result<Response, Failure> {
    let pods = built_in_kind("", "pods");
    let pod = cluster.store.get(&pods, &asked.namespace, &asked.name).ok_or_else(|| Failure::not_found(&pods, &asked.name))?.value();
    let name = container::chosen(&pod, query.filled("container"))?;
    if !container::is_on_node(&pod) {
        return Err(Failure::bad_request(format!("pod {} does not have a host assigned", asked.name)));
    }
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(parts, &()).await else {
        return Err(Failure::bad_request("Upgrade request required"));
    };
    let offered = parts.headers.get_all("sec-websocket-protocol").iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",");
    let offered: Vec<&str> = offered.split(',').map(str::trim).collect();
    // v5 is preferred whatever the order: recordings exec/protocol-order
    let version = [Version::V5, Version::V4].into_iter().find(|version| offered.contains(&version.name()));
    let Some(version) = version else {
        let real = ["channel.k8s.io", "v2.channel.k8s.io", "v3.channel.k8s.io", "base64.channel.k8s.io", "v4.base64.channel.k8s.io"];
        if let Some(old) = offered.iter().find(|name| real.contains(*name)) {
            return Err(Failure::not_simulated(&format!("the subprotocol {old}")));
        }
        let mut refused = answer::empty(StatusCode::FORBIDDEN);
        refused.headers_mut().remove(http::header::CACHE_CONTROL);
        refused.headers_mut().insert(http::header::CONNECTION, http::HeaderValue::from_static("close"));
        return Ok(refused);
    };
    let streams = ["stdin", "stdout", "stderr"].map(|name| query.is_true(name));
    if streams == [false; 3] {
        return Err(Failure::of_node(400, "you must specify at least 1 of stdin, stdout, stderr"));
    }
    let status = container::status(&pod, &name);
    if !status["state"]["running"].is_object() {
        return Err(Failure::of_node(500, format!("container not found (\"{name}\")")));
    }
    let work = if asked.subresource == "attach" {
        if streams[0] && container::spec(&pod, &name)["stdin"] == true {
            return Err(Failure::not_simulated("attaching to a program that reads its input"));
        }
        Work::Output(live(cluster, &pod, &name).ok_or_else(|| Failure::of_node(500, format!("container not found (\"{name}\")")))?.boxed())
    } else {
        Work::Command(query.all("command"))
    };
    let session = Session {
        version,
        work,
        stdin: streams[0],
        stdout: streams[1],
        stderr: streams[2],
        tty: query.is_true("tty"),
        machine: images::Machine::of(cluster, &pod, &name),
    };
    let upgrade =
        upgrade.protocols([version.name()]).max_frame_size(LONGEST_FRAME).max_message_size(LONGEST_FRAME).read_buffer_size(8 * 1024).write_buffer_size(0);
    let open = cluster.requests.reopen(asked);
    Ok(upgrade.on_upgrade(|socket| async move {
        let _open = open;
        session.run(socket).await;
    }))
}
