//! What an object names in its own namespace: what a pod mounts and reads, and where an ingress leads. Names only, never what is in them.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kinds::Kind;
use crate::objects::{Container, PodSpec};

/// One thing that is named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
pub struct Use {
    /// Of which kind.
    #[n(0)]
    pub what: Used,
    /// Its name.
    #[n(1)]
    pub name: String,
}

/// The kinds that are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize, Deserialize)]
#[cbor(index_only)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub enum Used {
    #[n(0)]
    ServiceAccount,
    #[n(1)]
    ConfigMap,
    #[n(2)]
    Secret,
    #[n(3)]
    PersistentVolumeClaim,
    #[n(4)]
    Service,
}

impl Used {
    /// The kind.
    pub fn kind(self) -> Kind {
        match self {
            Used::ServiceAccount => Kind::ServiceAccount,
            Used::ConfigMap => Kind::ConfigMap,
            Used::Secret => Kind::Secret,
            Used::PersistentVolumeClaim => Kind::PersistentVolumeClaim,
            Used::Service => Kind::Service,
        }
    }
}

/// More than a pod has that a person wrote; what is beyond is not in the row.
const MOST: usize = 64;
/// What every pod has that names none.
const DEFAULT_ACCOUNT: &str = "default";

/// What a pod uses, in order, each once. What admission adds to every pod (the token's volume, the default account) says nothing.
pub(super) fn of_pod(name: &str, spec: &PodSpec) -> Vec<Use> {
    let mut uses = Vec::new();
    let mut add = |what, name: &str| {
        if !name.is_empty() {
            uses.push(Use { what, name: name.into() });
        }
    };
    if spec.service_account_name != DEFAULT_ACCOUNT {
        add(Used::ServiceAccount, &spec.service_account_name);
    }
    for volume in &spec.volumes {
        add(Used::ConfigMap, &volume.config_map.name);
        add(Used::Secret, &volume.secret.secret_name);
        add(Used::PersistentVolumeClaim, &volume.persistent_volume_claim.claim_name);
        if volume.ephemeral.is_some() {
            // The claim of an ephemeral volume is called after both (core/v1, EphemeralVolumeSource).
            add(Used::PersistentVolumeClaim, &format!("{name}-{}", volume.name));
        }
        let sources = &volume.projected.sources;
        if sources.iter().all(|source| source.service_account_token.is_none()) {
            for source in sources {
                add(Used::ConfigMap, &source.config_map.name);
                add(Used::Secret, &source.secret.name);
            }
        }
    }
    for Container { env, env_from, .. } in spec.init_containers.iter().chain(&spec.containers) {
        for from in env_from {
            add(Used::ConfigMap, &from.config_map_ref.name);
            add(Used::Secret, &from.secret_ref.name);
        }
        for variable in env {
            add(Used::ConfigMap, &variable.value_from.config_map_key_ref.name);
            add(Used::Secret, &variable.value_from.secret_key_ref.name);
        }
    }
    spec.image_pull_secrets.iter().for_each(|secret| add(Used::Secret, &secret.name));
    in_order(uses)
}

/// The services that an ingress leads to.
pub(super) fn of_ingress(ingress: &Value) -> Vec<Use> {
    let paths = ingress["spec"]["rules"].as_array().into_iter().flatten().flat_map(|rule| rule["http"]["paths"].as_array().into_iter().flatten());
    let backends = paths.map(|path| &path["backend"]).chain([&ingress["spec"]["defaultBackend"]]);
    let services = backends.filter_map(|backend| backend["service"]["name"].as_str()).map(|name| Use { what: Used::Service, name: name.into() });
    let secrets = ingress["spec"]["tls"].as_array().into_iter().flatten().filter_map(|tls| tls["secretName"].as_str());
    in_order(services.chain(secrets.map(|name| Use { what: Used::Secret, name: name.into() })).collect())
}

fn in_order(mut uses: Vec<Use>) -> Vec<Use> {
    uses.sort();
    uses.dedup();
    uses.truncate(MOST);
    uses
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rows::{Facts, project};

    #[test]
    fn a_pod_names_what_a_person_gave_it_and_not_what_every_pod_has() {
        let token = json!({"name": "kube-api-access-x", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}, {"configMap": {"name": "kube-root-ca.crt"}}]}});
        let pod = json!({"metadata": {"name": "db-0", "uid": "u"}, "spec": {
            "serviceAccountName": "db", "imagePullSecrets": [{"name": "registry"}],
            "volumes": [token, {"name": "c", "configMap": {"name": "settings"}}, {"name": "s", "secret": {"secretName": "tls"}}, {"name": "e", "emptyDir": {}},
                {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}, {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {}}},
                {"name": "p", "projected": {"sources": [{"secret": {"name": "extra"}}]}}],
            "containers": [{"name": "main", "envFrom": [{"configMapRef": {"name": "settings"}}], "env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "b"}}}]}],
        }});
        let Facts::Pod(pod) = project(Kind::Pod, pod).unwrap().0.facts else { unreachable!() };
        let said: Vec<_> = pod.uses.iter().map(|used| format!("{:?} {}", used.what, used.name)).collect();
        assert_eq!(
            said,
            [
                "ServiceAccount db",
                "ConfigMap settings",
                "Secret extra",
                "Secret keys",
                "Secret registry",
                "Secret tls",
                "PersistentVolumeClaim data-db-0",
                "PersistentVolumeClaim db-0-scratch"
            ]
        );
        let Facts::Pod(plain) = project(Kind::Pod, json!({"metadata": {"uid": "u"}, "spec": {"serviceAccountName": "default"}})).unwrap().0.facts else {
            unreachable!()
        };
        assert_eq!(plain.uses, []);
    }

    #[test]
    fn an_ingress_names_its_services_and_certificates() {
        let path = |name: &str| json!({"path": "/", "backend": {"service": {"name": name, "port": {"number": 80}}}});
        let ingress = json!({"metadata": {"uid": "u"}, "spec": {"defaultBackend": {"service": {"name": "fallback"}}, "tls": [{"secretName": "cert"}],
            "rules": [{"host": "a", "http": {"paths": [path("web"), path("api"), path("web")]}}, {"host": "b"}]}});
        let Facts::Plain(plain) = project(Kind::Ingress, ingress).unwrap().0.facts else { unreachable!() };
        assert_eq!(plain.uses.iter().map(|used| used.name.as_str()).collect::<Vec<_>>(), ["cert", "api", "fallback", "web"]);
    }
}
