use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use krateyard_shared::identity::ClusterName;
use kube::config::{Kubeconfig, NamedContext};

use super::load::{Errors, rooms_kept};
use super::{ClusterConfig, Config, ConfigErrors, Endpoint, Limits, MAX_CLUSTERS, Mark, People, RoomsKept, Secret, Sources};

/// The port that is tried first: what a browser keeps for a page it keeps for its port.
pub(crate) const USUAL_PORT: u16 = 8470;
/// A session on a laptop lives as long as the program, about.
const SESSION: Duration = Duration::from_secs(30 * 86_400);

/// What was said on the command line of a laptop.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct LaptopFlags {
    /// Port on loopback [default: 8470, or a free one when that is taken].
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Open the link in the browser.
    #[arg(long)]
    pub open: bool,
    /// Kubeconfig file [default: KUBECONFIG, which may name several, or ~/.kube/config].
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context to begin with [default: the current one].
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Folder with the built app [default: the one inside this program].
    #[arg(long, value_name = "DIR")]
    pub static_dir: Option<PathBuf>,
    /// Where the Yard is kept: a folder (`/...` or `./...`), or `memory` [default: the folder that this system has for what a program keeps].
    #[arg(long, value_name = "WHERE")]
    pub rooms: Option<String>,
}

impl Config {
    /// A proxy for the one person at this machine: each context of the kubeconfig is a cluster, the current one first. Reads files, contacts nobody.
    ///
    /// # Errors
    /// Every key that is wrong, each by its name.
    pub fn laptop(flags: &LaptopFlags, sources: &impl Sources) -> Result<Config, ConfigErrors> {
        let mut errors = Errors::default();
        let paths = paths(flags, sources);
        let mut merged = Kubeconfig::default();
        // As kubectl does: a file of several that is not there is left out, unless none is.
        let there: Vec<_> = paths.iter().filter(|path| sources.exists(path, false)).collect();
        for path in if there.is_empty() { paths.iter().collect() } else { there } {
            let read = sources.read(path).map_err(|error| format!("cannot read {}: {error}", path.display()));
            let parsed = read.and_then(|text| Kubeconfig::from_yaml(&text).map_err(|_| format!("{} is no kubeconfig", path.display())));
            if let Some(next) = errors.keep("kubeconfig", parsed) {
                merged = errors.keep("kubeconfig", merged.merge(next).map_err(|error| error.to_string())).unwrap_or_default();
            }
        }
        if paths.is_empty() {
            errors.add("kubeconfig", "is nowhere: KUBECONFIG names no file, and there is no home folder to look in");
        }
        let mut known = HashSet::new();
        let is_first = |context: &&NamedContext| !context.name.is_empty() && known.insert(context.name.clone());
        let contexts: Vec<&NamedContext> = merged.contexts.iter().filter(is_first).collect();
        let mut clusters: Vec<ClusterConfig> = contexts
            .into_iter()
            .map(|context| {
                let endpoint = Endpoint::Context { paths: paths.clone(), context: context.name.clone(), mark: mark(&merged, context) };
                ClusterConfig { name: ClusterName(context.name.clone()), endpoint }
            })
            .collect();
        let names: Vec<&str> = clusters.iter().map(|cluster| cluster.name.0.as_str()).collect();
        if let Some(wanted) = flags.context.as_ref().filter(|wanted| !names.contains(&wanted.as_str())) {
            errors
                .add("context", format!("{wanted:?} is none of the kubeconfig's: {}", if names.is_empty() { "it has none".into() } else { names.join(", ") }));
        }
        if names.is_empty() && errors.is_empty() {
            errors.add("kubeconfig", format!("{} names no context", paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")));
        }
        if names.len() > MAX_CLUSTERS {
            errors.add("kubeconfig", format!("names more than {MAX_CLUSTERS} contexts"));
        }
        let first = flags.context.clone().or(merged.current_context.clone());
        clusters.sort_by_key(|cluster| Some(&cluster.name.0) != first.as_ref());
        if let Some(dir) = flags.static_dir.as_ref().filter(|dir| !sources.exists(&dir.join("index.html"), false)) {
            errors.add("static_dir", format!("{} holds no index.html", dir.display()));
        }
        let rooms = match &flags.rooms {
            None => state_folder(sources).map_or(RoomsKept::Memory, RoomsKept::Folder),
            Some(rooms) => match errors.keep("rooms", rooms_kept(&Secret::new(rooms))) {
                Some(RoomsKept::Redis(_)) => {
                    errors.add("rooms", "is a Redis, which several proxies share: here there is one, for `memory` or a folder");
                    RoomsKept::Memory
                }
                kept => kept.unwrap_or(RoomsKept::Memory),
            },
        };
        errors.finish()?;
        Ok(Config {
            listen: SocketAddr::from(([127, 0, 0, 1], flags.port.unwrap_or(USUAL_PORT))),
            any_port: flags.port.is_none(),
            public_origins: Vec::new(),
            static_dir: flags.static_dir.clone(),
            clusters,
            rooms,
            people: People::Laptop(sources.variable("USER").or_else(|| sources.variable("USERNAME")).unwrap_or_else(|| "you".into())),
            session_lifetime: SESSION,
            limits: Limits::default(),
        })
    }
}

/// Of all that a kubeconfig says of a context.
fn mark(kubeconfig: &Kubeconfig, context: &NamedContext) -> Mark {
    let of = context.context.as_ref();
    let cluster = kubeconfig.clusters.iter().find(|cluster| of.is_some_and(|of| of.cluster == cluster.name));
    let user = kubeconfig.auth_infos.iter().find(|user| of.is_some_and(|of| of.user.as_ref() == Some(&user.name)));
    Mark::of(serde_json::to_vec(&(context, cluster, user)).unwrap_or_default())
}

/// Where this system keeps what a program keeps: the XDG Base Directory Specification says state, macOS Application Support. `None` without a home folder.
fn state_folder(sources: &impl Sources) -> Option<PathBuf> {
    let home = || home(sources).map(PathBuf::from);
    let state = if cfg!(target_os = "macos") {
        home()?.join("Library/Application Support")
    } else {
        // A path that is not absolute is to be ignored, says the specification.
        let named = sources.variable("XDG_STATE_HOME").map(PathBuf::from).filter(|named| named.is_absolute());
        named.or_else(|| Some(home()?.join(".local/state")))?
    };
    Some(state.join("krateyard"))
}

fn home(sources: &impl Sources) -> Option<String> {
    sources.variable("HOME").or_else(|| sources.variable("USERPROFILE")).filter(|home| !home.is_empty())
}

/// Where kubectl looks for them; some may be missing.
pub(super) fn paths(flags: &LaptopFlags, sources: &impl Sources) -> Vec<PathBuf> {
    if let Some(path) = &flags.kubeconfig {
        return vec![path.clone()];
    }
    let named = sources.variable("KUBECONFIG").filter(|named| !named.is_empty());
    if let Some(named) = named {
        return std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect();
    }
    home(sources).map(|home| PathBuf::from(home).join(".kube/config")).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::io;
    use std::path::Path;

    use super::*;

    #[derive(Default)]
    struct Machine {
        variables: HashMap<&'static str, &'static str>,
        files: HashMap<&'static str, String>,
    }

    impl Sources for Machine {
        fn variable(&self, name: &str) -> Option<String> {
            self.variables.get(name).map(ToString::to_string)
        }

        fn read(&self, path: &Path) -> io::Result<String> {
            self.files.get(path.to_str().unwrap()).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
        }

        fn exists(&self, path: &Path, _: bool) -> bool {
            self.files.contains_key(path.to_str().unwrap())
        }
    }

    fn file(current: &str, contexts: &[&str]) -> String {
        let contexts: String = contexts.iter().map(|name| format!("- name: {name}\n  context: {{cluster: {name}, user: {name}}}\n")).collect();
        format!("apiVersion: v1\nkind: Config\ncurrent-context: {current}\ncontexts:\n{contexts}")
    }

    fn names(config: &Config) -> Vec<&str> {
        config.clusters.iter().map(|cluster| cluster.name.0.as_str()).collect()
    }

    #[test]
    fn each_context_of_all_files_is_a_cluster_and_the_current_one_is_first() {
        let files = HashMap::from([("/a", file("prod", &["dev", "prod"])), ("/b", file("", &["arn:aws:eks:eu:1:cluster/x", "dev"]))]);
        let machine = Machine { variables: HashMap::from([("KUBECONFIG", "/a:/missing:/b"), ("USER", "ann")]), files };
        let config = Config::laptop(&LaptopFlags::default(), &machine).unwrap();
        assert_eq!(names(&config), ["prod", "dev", "arn:aws:eks:eu:1:cluster/x"]);
        assert!(config.listen.ip().is_loopback() && config.any_port);
        let other = LaptopFlags { context: Some("dev".into()), port: Some(9000), ..LaptopFlags::default() };
        let config = Config::laptop(&other, &machine).unwrap();
        assert_eq!((names(&config)[0], config.listen.port(), config.any_port), ("dev", 9000, false));
    }

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn the_yard_is_kept_where_programs_keep_their_state_unless_another_place_is_named() {
        let rooms = |rooms: Option<&str>, variables: &[(&'static str, &'static str)]| {
            let machine = Machine { variables: variables.iter().copied().collect(), files: HashMap::from([("/a", file("dev", &["dev"]))]) };
            let flags = LaptopFlags { rooms: rooms.map(Into::into), kubeconfig: Some("/a".into()), ..LaptopFlags::default() };
            Config::laptop(&flags, &machine).map(|config| config.rooms)
        };
        let home = ("HOME", "/home/ann");
        assert_eq!(rooms(None, &[home]), Ok(RoomsKept::Folder("/home/ann/.local/state/krateyard".into())));
        assert_eq!(rooms(None, &[home, ("XDG_STATE_HOME", "/state")]), Ok(RoomsKept::Folder("/state/krateyard".into())));
        assert_eq!(rooms(None, &[home, ("XDG_STATE_HOME", "state")]), Ok(RoomsKept::Folder("/home/ann/.local/state/krateyard".into())));
        assert_eq!(rooms(None, &[]), Ok(RoomsKept::Memory));
        assert_eq!(rooms(Some("memory"), &[home]), Ok(RoomsKept::Memory));
        assert_eq!(rooms(Some("/yards"), &[home]), Ok(RoomsKept::Folder("/yards".into())));
        assert!(rooms(Some("redis://localhost"), &[home]).unwrap_err().to_string().starts_with("rooms: "));
    }

    #[test]
    fn what_cannot_be_used_is_said_before_anything_begins() {
        let files = HashMap::from([("/home/.kube/config", file("", &[])), ("/bad", "a: [".to_owned()), ("/good", file("dev", &["dev"]))]);
        let home = Machine { variables: HashMap::from([("HOME", "/home")]), files };
        let problem = |flags: LaptopFlags| Config::laptop(&flags, &home).unwrap_err().to_string();
        assert!(problem(LaptopFlags::default()).contains("names no context"));
        for (path, words) in [("/nosuch", "cannot read"), ("/bad", "is no kubeconfig")] {
            let said = problem(LaptopFlags { kubeconfig: Some(path.into()), ..LaptopFlags::default() });
            assert!(said.starts_with("kubeconfig: ") && said.contains(words), "{said}");
        }
        let said = problem(LaptopFlags { kubeconfig: Some("/good".into()), context: Some("prod".into()), ..LaptopFlags::default() });
        assert_eq!(said, r#"context: "prod" is none of the kubeconfig's: dev"#);
    }
}
