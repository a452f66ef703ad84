use std::io;
use std::path::{Path, PathBuf};

use krateyard_proxy::{Config, LaptopFlags, Proxy, Sources};
use krateyard_shared::api::{About, Access, Clusters, List};
use krateyard_shared::refusal::Refusal;
use kubesim::{Options, Sim};
use reqwest::redirect::Policy;

use crate::bench::{bounded, refusal};

/// A home folder with one kubeconfig of several files.
struct Home(String);

impl Sources for Home {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "KUBECONFIG" => Some(self.0.clone()),
            "USER" => Some("ann".into()),
            _ => None,
        }
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn exists(&self, path: &Path, _: bool) -> bool {
        path.is_file()
    }
}

struct Laptop {
    here: Sim,
    there: Sim,
    proxy: Proxy,
    http: reqwest::Client,
}

async fn sim(name: &str) -> Sim {
    Sim::start(Options { pods: 20, cluster_name: name.into(), ..Options::default() }).await.unwrap()
}

fn write(test: &str, name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("laptop-{test}-{name}.yaml"));
    std::fs::write(&path, text).unwrap();
    path
}

impl Laptop {
    /// `here` is the current context, for this user.
    async fn start(test: &str, user: &str, more: &[PathBuf]) -> Laptop {
        let (here, there) = (sim("here").await, sim("arn:aws:eks:cluster/there").await);
        let files = [write(test, "here", &here.kubeconfig(user)), write(test, "there", &there.kubeconfig(user))];
        let files: Vec<String> = files.iter().chain(more).map(|path| path.display().to_string()).collect();
        let config = Config::laptop(&LaptopFlags { port: Some(0), ..LaptopFlags::default() }, &Home(files.join(":"))).unwrap();
        let proxy = Proxy::start(config).await.unwrap();
        Laptop { here, there, proxy, http: reqwest::Client::builder().redirect(Policy::none()).build().unwrap() }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.proxy.local_addr())
    }

    /// Opens a link; the cookie of the session.
    async fn enter(&self) -> String {
        let response = bounded(self.http.get(self.proxy.link().unwrap()).send()).await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers()["location"].to_str().unwrap()), (303, "/"));
        let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }

    async fn get(&self, cookie: &str, path: &str) -> reqwest::Response {
        bounded(self.http.get(self.url(path)).header("cookie", cookie).send()).await.unwrap()
    }
}

fn requests(sim: &Sim) -> u64 {
    sim.requests().all().iter().map(|count| count.made).sum()
}

#[tokio::test]
async fn a_cluster_that_nobody_opened_is_not_contacted() {
    let laptop = Laptop::start("lazy", "demo-admin", &[]).await;
    let about: About = laptop.http.get(laptop.url("/api/about")).send().await.unwrap().json().await.unwrap();
    assert!(about.by_link);
    let cookie = laptop.enter().await;
    let clusters: Clusters = laptop.get(&cookie, "/api/clusters").await.json().await.unwrap();
    assert_eq!(clusters.clusters.iter().map(|cluster| cluster.name.0.as_str()).collect::<Vec<_>>(), ["here", "arn:aws:eks:cluster/there"]);
    assert!(clusters.clusters.iter().all(|cluster| !cluster.opened));
    assert_eq!((requests(&laptop.here), requests(&laptop.there)), (0, 0));

    let pods: List = laptop.get(&cookie, "/api/clusters/here/resources/core/v1/pods").await.json().await.unwrap();
    assert_eq!(pods.items.len(), laptop.here.list("v1", "Pod", "").len());
    assert_eq!(requests(&laptop.there), 0);
    let clusters: Clusters = laptop.get(&cookie, "/api/clusters").await.json().await.unwrap();
    assert_eq!(clusters.clusters.iter().map(|cluster| cluster.opened).collect::<Vec<_>>(), [true, false]);

    let there = "/api/clusters/arn:aws:eks:cluster%2Fthere/resources/core/v1/pods";
    assert_eq!(laptop.get(&cookie, there).await.json::<List>().await.unwrap().items.len(), laptop.there.list("v1", "Pod", "").len());
}

#[tokio::test]
async fn a_link_opens_once_and_nothing_else_does() {
    let laptop = Laptop::start("once", "demo-admin", &[]).await;
    let link = laptop.proxy.link().unwrap();
    let open = async |link: &str| laptop.http.get(link).send().await.unwrap();
    assert_eq!(open(&link).await.status(), 303);
    let again = open(&link).await;
    assert_eq!(again.status(), 410);
    assert!(again.text().await.unwrap().contains("Press Enter in the terminal"));
    let (before, latest) = (laptop.proxy.link().unwrap(), laptop.proxy.link().unwrap());
    assert_eq!((open(&before).await.status().as_u16(), open(&latest).await.status().as_u16()), (410, 303));
    assert_eq!(open(&laptop.url("/open")).await.status(), 410);

    assert_eq!(laptop.http.get(laptop.url("/api/clusters")).send().await.unwrap().status(), 401);
    assert_eq!(laptop.http.get(laptop.url("/api/clusters")).bearer_auth("demo-admin").send().await.unwrap().status(), 401);
    let token = laptop.http.post(laptop.url("/api/session")).header("origin", laptop.url("")).body(r#"{"token":"demo-admin"}"#).send().await.unwrap();
    assert!(matches!(refusal(token).await, Refusal::BadRequest { field, .. } if field == "token"));
    assert_eq!(requests(&laptop.here), 0);
}

#[tokio::test]
async fn another_name_for_loopback_and_pages_of_other_origins_are_refused() {
    let laptop = Laptop::start("names", "demo-admin", &[]).await;
    let cookie = laptop.enter().await;
    let port = laptop.proxy.local_addr().port();
    let with = async |name: &'static str, value: String| {
        laptop.http.get(laptop.url("/api/clusters")).header("cookie", &cookie).header(name, value).send().await.unwrap()
    };
    for (name, value) in [
        ("host", format!("evil.example:{port}")),
        ("host", "127.0.0.1".to_owned()),
        ("host", format!("127.0.0.1:{}", port ^ 1)),
        ("origin", "http://evil.example".to_owned()),
        ("origin", format!("http://localhost:{}", port ^ 1)),
    ] {
        let response = with(name, value.clone()).await;
        assert_eq!(response.status(), 403, "{name}: {value}");
        assert!(matches!(refusal(response).await, Refusal::ForeignOrigin { .. }));
    }
    assert_eq!(with("host", format!("localhost:{port}")).await.status(), 200);
    assert_eq!(with("origin", laptop.url("")).await.status(), 200);
}

#[tokio::test]
async fn the_kubeconfigs_own_rights_count_and_namespaces_are_found_by_its_rules() {
    let laptop = Laptop::start("rights", "demo-viewer", &[]).await;
    let cookie = laptop.enter().await;
    let access: Access = laptop.get(&cookie, "/api/access?cluster=here").await.json().await.unwrap();
    assert!(access.cluster_wide.is_empty(), "{:?}", access.cluster_wide);
    // The viewer may not list namespaces: only those that the kubeconfig names are looked at.
    assert!(access.namespaces.is_empty(), "{:?}", access.namespaces);
    let web = laptop.get(&cookie, "/api/clusters/here/resources/core/v1/pods?namespace=web").await;
    assert_eq!(web.status(), 200);
    let forbidden = refusal(laptop.get(&cookie, "/api/clusters/here/resources/core/v1/pods?namespace=payments").await).await;
    assert_eq!(forbidden, Refusal::Forbidden { verb: "list".into(), resource: "pods".into(), namespace: Some("payments".into()) });
    let made = |verb, plural: &str| laptop.here.requests().of(verb, &format!("/apis/authorization.k8s.io/v1/{plural}")).made;
    assert!(made("create", "selfsubjectaccessreviews") > 0 && made("create", "selfsubjectrulesreviews") > 0);
    assert_eq!(made("create", "subjectaccessreviews"), 0);
}

#[tokio::test]
async fn a_broken_context_says_why_and_harms_no_other() {
    let broken = write(
        "broken",
        "plugins",
        "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster: {server: 'http://127.0.0.1:1'}\nusers:\n- name: missing\n  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: krateyard-no-such-plugin, interactiveMode: Never}}\n- name: failing\n  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: ['-c', 'echo s3cret; echo log in first >&2; exit 3'], interactiveMode: Never}}\ncontexts:\n- name: missing\n  context: {cluster: c, user: missing}\n- name: failing\n  context: {cluster: c, user: failing}\n",
    );
    let laptop = Laptop::start("broken", "demo-admin", &[broken]).await;
    let cookie = laptop.enter().await;
    for (context, words) in [("missing", "credential plugin cannot be started"), ("failing", "credential plugin failed (exit status: 3): log in first")] {
        let Refusal::UpstreamDown { cause } = refusal(laptop.get(&cookie, &format!("/api/access?cluster={context}")).await).await else { panic!("{context}") };
        assert!(cause.contains(words) && !cause.contains("s3cret"), "{cause}");
    }
    bounded(async {
        loop {
            let clusters: Clusters = laptop.get(&cookie, "/api/clusters").await.json().await.unwrap();
            let problem = &clusters.clusters.iter().find(|cluster| cluster.name.0 == "failing").unwrap().problem;
            if problem.contains("log in first") {
                return;
            }
        }
    })
    .await;
    assert_eq!(laptop.get(&cookie, "/api/access?cluster=here").await.status(), 200);
}
