use std::collections::HashSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use krateyard_shared::identity::ClusterName;
use serde::Deserialize;

use super::{ClusterConfig, Config, Credentials, Endpoint, Limits, MAX_CLUSTERS, Mark, Origin, People, RoomsKept, Secret};

/// What was said on the command line. A flag that was not given is `None`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Flags {
    /// File with the configuration (TOML).
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:8470].
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<String>,
    /// Origin of the page as browsers see it; may be given again. Needed unless `listen` is loopback.
    #[arg(long, value_name = "ORIGIN")]
    pub public_origin: Vec<String>,
    /// Folder with the built app.
    #[arg(long, value_name = "DIR")]
    pub static_dir: Option<PathBuf>,
    /// Where rooms of the shared Yard are kept: `memory`, a folder (`/...` or `./...`) for one proxy, or the URL of a Redis that several proxies share [default: memory].
    #[arg(long, value_name = "WHERE")]
    pub rooms: Option<String>,
    /// How long a session lives at most, in seconds [default: 43200].
    #[arg(long, value_name = "SECONDS")]
    pub session_secs: Option<String>,
    /// Name of the one cluster that the flags below describe [default: cluster].
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// URL of its API server.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// File with the token that the proxy uses there.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// PEM file with the authorities that sign the API server's certificate.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Kubeconfig file to use instead of a URL.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig.
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

/// Where configuration comes from besides the flags, so that tests need neither environment nor disk.
pub trait Sources {
    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<String>;
    /// The text of a file.
    ///
    /// # Errors
    /// Those of reading.
    fn read(&self, path: &Path) -> std::io::Result<String>;
    /// Whether there is such a file (`false`) or folder (`true`).
    fn exists(&self, path: &Path, folder: bool) -> bool;
}

/// What is wrong with one key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
#[allow(missing_docs)]
pub struct KeyError {
    /// As in the file: `listen`, `clusters[0].server`.
    pub key: String,
    pub problem: String,
}

/// Everything that is wrong with a configuration, one line a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<KeyError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(KeyError::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<String>,
    public_origin: Vec<String>,
    static_dir: Option<PathBuf>,
    rooms: Option<Secret>,
    session_secs: Option<u64>,
    clusters: Vec<FileCluster>,
    limits: FileLimits,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileCluster {
    name: String,
    server: Option<String>,
    token: Option<Secret>,
    token_file: Option<PathBuf>,
    ca: Option<PathBuf>,
    kubeconfig: Option<PathBuf>,
    context: Option<String>,
    in_cluster: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileLimits {
    sockets_per_user: Option<usize>,
    body_bytes: Option<usize>,
    sessions: Option<usize>,
    review_secs: Option<u64>,
    hub_rest_secs: Option<u64>,
    hub_mb: Option<u64>,
    watch_timeout_secs: Option<u64>,
    logs_per_user: Option<usize>,
    logs_per_namespace: Option<usize>,
    logs: Option<usize>,
    log_targets: Option<usize>,
    shells_per_user: Option<usize>,
    shell_keep_secs: Option<u64>,
    shell_idle_secs: Option<u64>,
    shell_life_secs: Option<u64>,
}

impl Config {
    /// Gathers and checks the configuration.
    ///
    /// # Errors
    /// Every key that is wrong, each by its name.
    pub fn load(flags: &Flags, sources: &impl Sources) -> Result<Config, ConfigErrors> {
        let mut errors = Errors(Vec::new());
        let variable = |name: &str| sources.variable(&format!("KRATEYARD_{name}")).filter(|value| !value.is_empty());
        let path_variable = |name: &str| variable(name).map(PathBuf::from);

        let file = file_path(flags, sources).map_or_else(File::default, |path| read_file(&path, sources, &mut errors));

        let listen_text = flags.listen.clone().or_else(|| variable("LISTEN")).or(file.listen).unwrap_or_else(|| "127.0.0.1:8470".into());
        let listen = listen_text.parse::<SocketAddr>();
        let listen = errors.keep("listen", listen.map_err(|_| format!("{listen_text:?} is no address and port such as 127.0.0.1:8470")));

        let origin_texts = first_of([flags.public_origin.clone(), split(variable("PUBLIC_ORIGIN")), file.public_origin]);
        let public_origins: Vec<_> = origin_texts.iter().filter_map(|text| errors.keep("public_origin", Origin::parse(text))).collect();
        if origin_texts.is_empty() && listen.is_some_and(|listen| !listen.ip().is_loopback()) {
            errors.add("public_origin", "is needed, since listen is not loopback: the origin that people's pages have, such as https://krateyard.example.com");
        }
        if public_origins.iter().any(Origin::is_https) && !public_origins.iter().all(Origin::is_https) {
            errors.add("public_origin", "mixes https and http: the session cookie can be Secure for all or for none");
        }

        let static_dir = flags.static_dir.clone().or_else(|| path_variable("STATIC_DIR")).or(file.static_dir);
        if let Some(dir) = &static_dir
            && !sources.exists(&dir.join("index.html"), false)
        {
            errors.add("static_dir", format!("{} holds no index.html", dir.display()));
        }

        let session_text = flags.session_secs.clone().or_else(|| variable("SESSION_SECS"));
        let session_secs = match session_text {
            Some(text) => errors.keep("session_secs", text.parse::<u64>().map_err(|_| format!("{text:?} is no number of seconds"))),
            None => Some(file.session_secs.unwrap_or(12 * 3600)),
        };
        if session_secs.is_some_and(|secs| !(60..=30 * 86_400).contains(&secs)) {
            errors.add("session_secs", "must lie between 60 (a minute) and 2592000 (30 days)");
        }

        // A URL may hold a password.
        let rooms = flags.rooms.clone().or_else(|| variable("ROOMS")).map(Secret::new).or(file.rooms);
        let rooms = rooms.map_or(Some(RoomsKept::Memory), |rooms| errors.keep("rooms", rooms_kept(&rooms)));
        let clusters = clusters(flags, &variable, file.clusters, sources, &mut errors);
        let limits = limits(&file.limits, &mut errors);
        match (listen, session_secs, rooms, errors.0.is_empty()) {
            (Some(listen), Some(session_secs), Some(rooms), true) => Ok(Config {
                listen,
                any_port: false,
                public_origins,
                static_dir,
                clusters,
                people: People::Tokens,
                rooms,
                session_lifetime: Duration::from_secs(session_secs),
                limits,
            }),
            _ => Err(ConfigErrors(errors.0)),
        }
    }
}

pub(super) fn rooms_kept(text: &Secret) -> Result<RoomsKept, String> {
    match text.reveal() {
        "memory" => Ok(RoomsKept::Memory),
        folder if folder.starts_with(['/', '.']) => Ok(RoomsKept::Folder(folder.into())),
        url if url.starts_with("redis://") => Ok(RoomsKept::Redis(text.clone())),
        _ => Err("is neither `memory` nor a folder, such as /var/lib/krateyard, nor the URL of a Redis, such as redis://localhost:6379".into()),
    }
}

/// The file that is read, if one is named.
pub(super) fn file_path(flags: &Flags, sources: &impl Sources) -> Option<PathBuf> {
    flags.config.clone().or_else(|| sources.variable("KRATEYARD_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from))
}

/// The files that clusters name and that are read once: kubeconfigs, and authorities. A file with a token is read again by itself.
pub(super) fn named_files(flags: &Flags, sources: &impl Sources) -> Vec<PathBuf> {
    let file = file_path(flags, sources).map(|path| read_file(&path, sources, &mut Errors(Vec::new()))).unwrap_or_default();
    let variable = |name: &str| sources.variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let kubeconfig = flags.kubeconfig.clone().or_else(|| variable("KRATEYARD_KUBECONFIG"));
    let ca = flags.ca.clone().or_else(|| variable("KRATEYARD_CA"));
    [kubeconfig, ca].into_iter().chain(file.clusters.into_iter().flat_map(|cluster| [cluster.kubeconfig, cluster.ca])).flatten().collect()
}

fn read_file(path: &Path, sources: &impl Sources, errors: &mut Errors) -> File {
    let text = match sources.read(path) {
        Ok(text) => text,
        Err(error) => {
            errors.add("config", format!("cannot read {}: {error}", path.display()));
            return File::default();
        }
    };
    toml::from_str(&text).unwrap_or_else(|error| {
        // The error's own Display quotes the line, which may hold a token.
        let line = error.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
        errors.add("config", format!("{} line {line}: {}", path.display(), error.message()));
        File::default()
    })
}

fn clusters(
    flags: &Flags,
    variable: &impl Fn(&str) -> Option<String>,
    file: Vec<FileCluster>,
    sources: &impl Sources,
    errors: &mut Errors,
) -> Vec<ClusterConfig> {
    let path = |flag: &Option<PathBuf>, name: &str| flag.clone().or_else(|| variable(name).map(PathBuf::from));
    let single = FileCluster {
        name: flags.cluster.clone().or_else(|| variable("CLUSTER")).unwrap_or_else(|| "cluster".into()),
        server: flags.server.clone().or_else(|| variable("SERVER")),
        token: variable("TOKEN").map(Secret::new),
        token_file: path(&flags.token_file, "TOKEN_FILE"),
        ca: path(&flags.ca, "CA"),
        kubeconfig: path(&flags.kubeconfig, "KUBECONFIG"),
        context: flags.context.clone().or_else(|| variable("CONTEXT")),
        in_cluster: false,
    };
    if single.server.is_some() || single.kubeconfig.is_some() {
        return cluster("", single, sources, errors).into_iter().collect();
    }
    if file.is_empty() {
        // Kubernetes sets this variable in every container (kubelet, `getServiceEnvVarMap`).
        if sources.variable("KUBERNETES_SERVICE_HOST").is_some() {
            return vec![ClusterConfig { name: ClusterName(single.name), endpoint: Endpoint::InCluster }];
        }
        errors.add("clusters", "names none: give --server or --kubeconfig, or a [[clusters]] table in the file");
    }
    if file.len() > MAX_CLUSTERS {
        errors.add("clusters", format!("are more than {MAX_CLUSTERS}"));
    }
    let mut names = HashSet::new();
    let mut clusters = Vec::new();
    for (index, entry) in file.into_iter().enumerate() {
        let prefix = format!("clusters[{index}].");
        if !names.insert(entry.name.clone()) {
            errors.add(&format!("{prefix}name"), format!("{:?} is taken by an earlier cluster", entry.name));
        }
        clusters.extend(cluster(&prefix, entry, sources, errors));
    }
    clusters
}

/// Checks one cluster; `prefix` stands before its keys.
fn cluster(prefix: &str, entry: FileCluster, sources: &impl Sources, errors: &mut Errors) -> Option<ClusterConfig> {
    let key = |name: &str| format!("{prefix}{name}");
    let before = errors.0.len();
    // The name stands in paths and in room names.
    if entry.name.is_empty() || entry.name.len() > 63 || !entry.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        errors.add(&key("name"), "must be 1 to 63 letters, digits, '-', '_' or '.'");
    }
    let files = [("token_file", &entry.token_file), ("ca", &entry.ca), ("kubeconfig", &entry.kubeconfig)];
    for (name, path) in files.into_iter().filter_map(|(name, path)| Some((name, path.as_ref()?))) {
        if !sources.exists(path, false) {
            errors.add(&key(name), format!("there is no file {}", path.display()));
        }
    }
    let endpoint = match (entry.server, entry.kubeconfig, entry.in_cluster) {
        (Some(server), None, false) => {
            let url = errors.keep(&key("server"), server_url(&server));
            let credentials = match (entry.token, entry.token_file) {
                (Some(token), None) => Some(Credentials::Token(token)),
                (None, Some(path)) => Some(Credentials::TokenFile(path)),
                (None, None) => errors.keep(&key("token_file"), Err("is needed (or token): how the proxy names itself to the API server".to_owned())),
                (Some(_), Some(_)) => errors.keep(&key("token_file"), Err("stands beside token: give one of them".to_owned())),
            };
            let mark = entry.ca.as_ref().and_then(|path| sources.read(path).ok()).map(Mark::of).unwrap_or_default();
            url.zip(credentials).map(|(url, credentials)| Endpoint::Server { url, credentials, ca: entry.ca, mark })
        }
        (None, Some(path), false) => {
            let mark = sources.read(&path).map(Mark::of).unwrap_or_default();
            Some(Endpoint::Kubeconfig { path, context: entry.context, mark })
        }
        (None, None, true) => Some(Endpoint::InCluster),
        _ => {
            errors.add(&key("server"), "give exactly one of server, kubeconfig and in_cluster");
            None
        }
    };
    endpoint.filter(|_| errors.0.len() == before).map(|endpoint| ClusterConfig { name: ClusterName(entry.name), endpoint })
}

fn server_url(text: &str) -> Result<http::Uri, String> {
    let url: http::Uri = text.parse().map_err(|_| format!("{text:?} is no URL"))?;
    match (url.scheme_str(), url.authority()) {
        (Some("https" | "http"), Some(authority)) if !authority.as_str().contains('@') => Ok(url),
        _ => Err(format!("{text:?} needs https:// (or http://) and a host, and no user")),
    }
}

fn limits(file: &FileLimits, errors: &mut Errors) -> Limits {
    let mut limits = Limits::default();
    let mut number = |key: &str, value: Option<u64>, range: std::ops::RangeInclusive<u64>, set: &mut dyn FnMut(u64)| match value {
        Some(value) if !range.contains(&value) => errors.add(&format!("limits.{key}"), format!("must lie between {} and {}", range.start(), range.end())),
        Some(value) => set(value),
        None => {}
    };
    let wide = |value: Option<usize>| value.map(|value| value as u64);
    number("sockets_per_user", wide(file.sockets_per_user), 1..=10_000, &mut |n| limits.sockets_per_user = n as usize);
    number("body_bytes", wide(file.body_bytes), 1024..=16 << 20, &mut |n| limits.body_bytes = n as usize);
    number("sessions", wide(file.sessions), 1..=1_000_000, &mut |n| limits.sessions = n as usize);
    number("review_secs", file.review_secs, 1..=30, &mut |n| limits.review = Duration::from_secs(n));
    number("hub_rest_secs", file.hub_rest_secs, 1..=86_400, &mut |n| limits.hub_rest = Duration::from_secs(n));
    number("hub_mb", file.hub_mb, 1..=65_536, &mut |n| limits.hub_bytes = (n as usize) << 20);
    number("watch_timeout_secs", file.watch_timeout_secs, 10..=290, &mut |n| limits.watch_timeout_secs = n as u32);
    number("logs_per_user", wide(file.logs_per_user), 1..=100_000, &mut |n| limits.logs_per_user = n as usize);
    number("logs_per_namespace", wide(file.logs_per_namespace), 1..=100_000, &mut |n| limits.logs_per_namespace = n as usize);
    number("logs", wide(file.logs), 1..=1_000_000, &mut |n| limits.logs = n as usize);
    number("log_targets", wide(file.log_targets), 1..=1_000, &mut |n| limits.log_targets = n as usize);
    number("shells_per_user", wide(file.shells_per_user), 1..=1_000, &mut |n| limits.shells_per_user = n as usize);
    number("shell_keep_secs", file.shell_keep_secs, 0..=86_400, &mut |n| limits.shell_keep = Duration::from_secs(n));
    number("shell_idle_secs", file.shell_idle_secs, 60..=604_800, &mut |n| limits.shell_idle = Duration::from_secs(n));
    number("shell_life_secs", file.shell_life_secs, 60..=604_800, &mut |n| limits.shell_life = Duration::from_secs(n));
    limits
}

fn first_of(lists: [Vec<String>; 3]) -> Vec<String> {
    lists.into_iter().find(|list| !list.is_empty()).unwrap_or_default()
}

fn split(list: Option<String>) -> Vec<String> {
    list.map(|list| list.split(',').map(|item| item.trim().to_owned()).collect()).unwrap_or_default()
}

/// What was found wrong so far.
#[derive(Default)]
pub(super) struct Errors(Vec<KeyError>);

impl Errors {
    pub(super) fn add(&mut self, key: &str, problem: impl Into<String>) {
        self.0.push(KeyError { key: key.into(), problem: problem.into() });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn finish(self) -> Result<(), ConfigErrors> {
        if self.0.is_empty() { Ok(()) } else { Err(ConfigErrors(self.0)) }
    }

    pub(super) fn keep<T>(&mut self, key: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|problem| self.add(key, problem)).ok()
    }
}

#[cfg(test)]
mod tests;
