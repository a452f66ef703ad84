use std::collections::HashMap;

use super::*;

/// An environment and a disk made of text.
#[derive(Default)]
struct Text {
    variables: HashMap<&'static str, &'static str>,
    files: HashMap<&'static str, &'static str>,
}

impl Text {
    fn variable(mut self, name: &'static str, value: &'static str) -> Text {
        self.variables.insert(name, value);
        self
    }

    fn file(mut self, path: &'static str, text: &'static str) -> Text {
        self.files.insert(path, text);
        self
    }
}

impl Sources for Text {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|value| (*value).to_owned())
    }

    fn read(&self, path: &Path) -> std::io::Result<String> {
        self.files.get(path.to_str().unwrap()).map(|text| (*text).to_owned()).ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }

    fn exists(&self, path: &Path, _folder: bool) -> bool {
        self.files.contains_key(path.to_str().unwrap())
    }
}

const FILE: &str = r#"
listen = "127.0.0.1:1"
session_secs = 3600
[[clusters]]
name = "eu"
server = "https://eu.example.com:6443"
token = "seesaw"
[[clusters]]
name = "here"
in_cluster = true
[limits]
sockets_per_user = 7
hub_mb = 3
"#;

fn from_file(text: &'static str) -> Result<Config, ConfigErrors> {
    let flags = Flags { config: Some("k.toml".into()), ..Flags::default() };
    Config::load(&flags, &Text::default().file("k.toml", text))
}

fn keys(result: Result<Config, ConfigErrors>) -> Vec<String> {
    result.unwrap_err().0.into_iter().map(|error| error.key).collect()
}

#[test]
fn a_flag_stands_above_the_environment_and_that_above_the_file() {
    let text = || Text::default().file("k.toml", FILE).variable("KRATEYARD_CONFIG", "k.toml");
    assert_eq!(Config::load(&Flags::default(), &text()).unwrap().listen.port(), 1);
    let text = || text().variable("KRATEYARD_LISTEN", "127.0.0.1:2");
    assert_eq!(Config::load(&Flags::default(), &text()).unwrap().listen.port(), 2);
    let flags = Flags { listen: Some("127.0.0.1:3".into()), ..Flags::default() };
    assert_eq!(Config::load(&flags, &text()).unwrap().listen.port(), 3);
}

#[test]
fn a_file_names_clusters_and_limits() {
    let config = from_file(FILE).unwrap();
    assert_eq!(config.clusters.iter().map(|c| c.name.0.as_str()).collect::<Vec<_>>(), ["eu", "here"]);
    assert_eq!((config.limits.sockets_per_user, config.limits.hub_bytes), (7, 3 << 20));
    assert_eq!(config.session_lifetime, Duration::from_secs(3600));
    assert!(matches!(config.clusters[1].endpoint, Endpoint::InCluster));
}

#[test]
fn rooms_are_kept_in_memory_a_folder_or_a_redis() {
    let rooms = |text: &str| from_file(String::leak(format!("rooms = '{text}'\n[[clusters]]\nname = 'a'\nin_cluster = true")));
    assert_eq!(rooms("memory").unwrap().rooms, RoomsKept::Memory);
    assert_eq!(rooms("/var/lib/krateyard").unwrap().rooms, RoomsKept::Folder("/var/lib/krateyard".into()));
    assert!(matches!(rooms("redis://localhost:6379").unwrap().rooms, RoomsKept::Redis(_)));
    assert_eq!(keys(rooms("somewhere")), ["rooms"]);
}

#[test]
fn a_pod_without_configuration_serves_its_own_cluster() {
    let text = Text::default().variable("KUBERNETES_SERVICE_HOST", "10.0.0.1").variable("KRATEYARD_LISTEN", "0.0.0.0:8080");
    let config = Config::load(&Flags { public_origin: vec!["https://k.example.com".into()], ..Flags::default() }, &text).unwrap();
    assert!(matches!(config.clusters[0].endpoint, Endpoint::InCluster));
}

#[test]
fn every_error_names_its_key() {
    assert_eq!(keys(from_file("listen = 'here'\nsession_secs = 5")), ["listen", "session_secs", "clusters"]);
    assert_eq!(keys(from_file("listen = '0.0.0.0:80'\n[[clusters]]\nname = 'a'\nin_cluster = true")), ["public_origin"]);
    assert_eq!(
        keys(from_file("static_dir = 'dist'\n[[clusters]]\nname = 'a b'\nserver = 'eu'\n[limits]\nreview_secs = 31")),
        ["static_dir", "clusters[0].name", "clusters[0].server", "clusters[0].token_file", "limits.review_secs"]
    );
    assert_eq!(
        keys(from_file("[[clusters]]\nname = 'a'\nserver = 'https://a'\ntoken_file = 'gone'\nin_cluster = true")),
        ["clusters[0].token_file", "clusters[0].server"]
    );
    assert_eq!(keys(from_file("[[clusters]]\nname = 'a'\nin_cluster = true\n[[clusters]]\nname = 'a'\nin_cluster = true")), ["clusters[1].name"]);
    assert_eq!(keys(from_file("public_origin = ['https://a', 'http://localhost']\n[[clusters]]\nname = 'a'\nin_cluster = true")), ["public_origin"]);
}

#[test]
fn an_unknown_key_is_named_and_a_token_is_not() {
    let error = from_file("[[clusters]]\nname = 'a'\ntokken = 'seesaw'").unwrap_err().to_string();
    assert!(error.contains("tokken") && error.contains("line 3"), "{error}");
    let error = from_file("[[clusters]]\nname = 'a'\ntoken = ['seesaw']").unwrap_err().to_string();
    assert!(!error.contains("seesaw"), "{error}");
    assert!(!format!("{:?}", from_file(FILE).unwrap()).contains("seesaw"));
}

#[test]
fn a_kubeconfig_that_reads_otherwise_is_another_cluster_and_is_looked_at() {
    let file = "[[clusters]]\nname = \"eu\"\nkubeconfig = \"/eu\"\n";
    let flags = Flags { config: Some("k.toml".into()), ..Flags::default() };
    let sources = |kubeconfig: &'static str| Text::default().file("k.toml", file).file("/eu", kubeconfig);
    let load = |kubeconfig| Config::load(&flags, &sources(kubeconfig)).unwrap().clusters;
    assert_eq!(load("one"), load("one"));
    assert_ne!(load("one"), load("other"));
    assert_eq!(named_files(&flags, &sources("one")), [PathBuf::from("/eu")]);
}

#[test]
fn authorities_that_read_otherwise_make_another_cluster_and_are_looked_at() {
    let file = "[[clusters]]\nname = \"eu\"\nserver = \"https://eu\"\ntoken_file = \"/token\"\nca = \"/ca\"\n";
    let flags = Flags { config: Some("k.toml".into()), ca: Some("/other".into()), ..Flags::default() };
    let sources = |ca: &'static str, token: &'static str| Text::default().file("k.toml", file).file("/ca", ca).file("/token", token);
    let load = |ca, token| Config::load(&flags, &sources(ca, token)).unwrap().clusters;
    assert_eq!(load("one", "a"), load("one", "b"), "a token is read again as it changes, by itself");
    assert_ne!(load("one", "a"), load("other", "a"));
    assert_eq!(named_files(&flags, &sources("one", "a")), ["/other", "/ca"].map(PathBuf::from));
}
