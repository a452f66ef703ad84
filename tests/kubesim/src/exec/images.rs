//! What is in a container: which shells its image has, its environment and files.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::files::Files;
use crate::cluster::Cluster;
use crate::container;
use crate::world::apps::DISTROLESS;

/// The inside of one container.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) hostname: String,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) files: Arc<Mutex<Files>>,
    pub(crate) toolbox: Toolbox,
    /// What its first process is called.
    pub(crate) main: String,
}

/// Which programs an image has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toolbox {
    /// bash and coreutils.
    Full,
    /// busybox: sh and ash, no bash.
    Small,
    /// The application alone.
    Nothing,
}

impl Machine {
    pub(crate) fn of(cluster: &Cluster, pod: &Value, name: &str) -> Self {
        let text = |field: &str| pod["metadata"][field].as_str().unwrap_or_default().to_owned();
        let spec = container::spec(pod, name);
        let image = spec["image"].as_str().unwrap_or_default();
        let (hostname, namespace) = (text("name"), text("namespace"));
        let mut environment: Vec<(String, String)> = vec![
            ("PATH".into(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into()),
            ("HOSTNAME".into(), hostname.clone()),
            ("HOME".into(), "/root".into()),
            ("KUBERNETES_SERVICE_HOST".into(), "10.96.0.1".into()),
            ("KUBERNETES_SERVICE_PORT".into(), "443".into()),
        ];
        for variable in spec["env"].as_array().into_iter().flatten() {
            let value = variable["value"].as_str().map(str::to_owned);
            let value = value.unwrap_or_else(|| if variable["valueFrom"]["fieldRef"].is_object() { hostname.clone() } else { String::new() });
            environment.push((variable["name"].as_str().unwrap_or_default().to_owned(), value));
        }
        // a container that was started again has its image's files again
        let key = format!("{}/{name}/{}", text("uid"), container::status(pod, name)["restartCount"]);
        let files = cluster.files.of(&key, || Files::new(&hostname, &namespace, image));
        Self { hostname, environment, files, toolbox: Toolbox::of(image), main: format!("/app/{name}") }
    }
}

impl Toolbox {
    fn of(image: &str) -> Self {
        if image == DISTROLESS || image.contains("distroless") {
            Self::Nothing
        } else if ["payments/", "postgres", "storefront", "checkout/"].iter().any(|part| image.contains(part)) {
            Self::Full
        } else {
            Self::Small
        }
    }

    /// Whether `exec` finds this program.
    pub(crate) fn has(self, program: &str) -> bool {
        let name = ["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/"].iter().find_map(|folder| program.strip_prefix(folder)).unwrap_or(program);
        match (self, name) {
            (Self::Nothing, _) => false,
            (Self::Full, "bash") => true,
            (Self::Small, "ash") => true,
            (_, "bash" | "ash") => false,
            (_, "sh") => true,
            (_, name) => super::commands::PROGRAMS.contains(&name),
        }
    }
}
