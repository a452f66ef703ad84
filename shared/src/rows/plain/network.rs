//! What leads to pods, and what keeps away from them.

use serde_json::Value;

use super::path::{items, number, selector, text, text_cell, texts};
use super::{CellValue, PlainFacts};

/// Hosts, ports and endpoints that kubectl writes before it counts the rest.
const MOST: usize = 3;
/// On the ingress class that counts where none is named.
const DEFAULT_INGRESS_CLASS: &str = "/metadata/annotations/ingressclass.kubernetes.io~1is-default-class";

pub(super) fn ingress(ingress: &Value) -> PlainFacts {
    let hosts = items(ingress, "/spec/rules").iter().map(|rule| text(rule, "/host")).filter(|host| !host.is_empty());
    let hosts = match CellValue::of_list(hosts, MOST) {
        CellValue::None => CellValue::Text("*".into()),
        hosts => hosts,
    };
    let places = items(ingress, "/status/loadBalancer/ingress");
    let addresses = places.iter().map(|place| Some(text(place, "/ip")).filter(|ip| !ip.is_empty()).unwrap_or(text(place, "/hostname")));
    let ports = if items(ingress, "/spec/tls").is_empty() { "80" } else { "80, 443" };
    PlainFacts::just([text_cell(ingress, "/spec/ingressClassName"), hosts, CellValue::of_list(addresses, usize::MAX), CellValue::Text(ports.into())])
}

pub(super) fn ingress_class(class: &Value) -> PlainFacts {
    let parameters = class.pointer("/spec/parameters").map_or(CellValue::None, |parameters| {
        let group = Some(text(parameters, "/apiGroup")).filter(|group| !group.is_empty()).map_or_else(String::new, |group| format!(".{group}"));
        CellValue::Text(format!("{}{group}/{}", text(parameters, "/kind"), text(parameters, "/name")))
    });
    let is_default = CellValue::Flag(text(class, DEFAULT_INGRESS_CLASS) == "true");
    PlainFacts::just([text_cell(class, "/spec/controller"), parameters, is_default])
}

pub(super) fn network_policy(policy: &Value) -> PlainFacts {
    PlainFacts::just([selector(policy, "/spec/podSelector")])
}

pub(super) fn endpoint_slice(slice: &Value) -> PlainFacts {
    let ports = items(slice, "/ports").iter().map(|port| match (number(port, "/port"), text(port, "/name")) {
        (Some(number), _) => number.to_string(),
        (None, "") => "*".into(),
        (None, name) => name.into(),
    });
    let addresses = items(slice, "/endpoints").iter().flat_map(|endpoint| texts(endpoint, "/addresses"));
    PlainFacts::just([text_cell(slice, "/addressType"), CellValue::of_list(ports, MOST), CellValue::of_list(addresses, MOST)])
}

pub(super) fn endpoints(endpoints: &Value) -> PlainFacts {
    let places = items(endpoints, "/subsets").iter().flat_map(|subset| {
        let ips = || items(subset, "/addresses").iter().map(|address| text(address, "/ip"));
        let ports = items(subset, "/ports");
        let with_ports = ports.iter().flat_map(move |port| ips().map(move |ip| host_port(ip, number(port, "/port").unwrap_or(0))));
        // A headless service may have no ports.
        let without = ips().filter(|_| ports.is_empty()).map(str::to_owned);
        with_ports.chain(without)
    });
    PlainFacts::just([CellValue::of_list(places, MOST)])
}

/// As Go's `net.JoinHostPort`: an IPv6 address stands in brackets.
fn host_port(ip: &str, port: i64) -> String {
    if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
}

/// `services/default/kubernetes`.
pub(super) fn ip_address(address: &Value) -> PlainFacts {
    let parts = ["group", "resource", "namespace", "name"].map(|part| text(address, &format!("/spec/parentRef/{part}")));
    PlainFacts::just([CellValue::of_text(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))])
}

pub(super) fn service_cidr(cidr: &Value) -> PlainFacts {
    PlainFacts::just([CellValue::of_list(texts(cidr, "/spec/cidrs"), usize::MAX)])
}
