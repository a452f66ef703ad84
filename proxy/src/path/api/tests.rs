use super::*;
use crate::authorize::Target;

/// What an API server makes of a path and query: verb, resource, namespace, name, subresource; or a document. Written after apiserver's
/// `RequestInfoFactory.NewRequestInfo` and Go's `net/url`, not after the code it is held against.
#[derive(Debug, PartialEq)]
enum Meaning {
    Document(String),
    Resource {
        verb: &'static str,
        group: String,
        version: String,
        resource: String,
        namespace: String,
        name: String,
        subresource: String,
    },
    /// It refuses the path, or cleans it and redirects.
    None,
}

fn meaning(path_and_query: &str) -> Meaning {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    let Some(path) = unescape(path) else { return Meaning::None };
    if path.contains("//") || path.split('/').any(|part| part == "." || part == "..") {
        return Meaning::None;
    }
    let all: Vec<String> = path.trim_matches('/').split('/').map(str::to_owned).collect();
    let document = || Meaning::Document(format!("/{}", all.join("/")));
    if all.len() < 3 || !["api", "apis"].contains(&all[0].as_str()) {
        return document();
    }
    let mut parts = all[1..].to_vec();
    let mut group = String::new();
    if all[0] == "apis" {
        if parts.len() < 3 {
            return document();
        }
        group = parts.remove(0);
    }
    let version = parts.remove(0);
    let mut verb = "get";
    if ["watch", "proxy"].contains(&parts[0].as_str()) {
        verb = "special";
        if parts.len() < 2 {
            return Meaning::None;
        }
        parts.remove(0);
    }
    let mut namespace = String::new();
    if parts[0] == "namespaces" && parts.len() > 1 {
        namespace = parts[1].clone();
        if parts.len() > 2 && !["status", "finalize"].contains(&parts[2].as_str()) {
            parts.drain(..2);
        }
    }
    let name = parts.get(1).cloned().unwrap_or_default();
    if verb == "get" && name.is_empty() {
        verb = if query.split('&').any(|pair| pair.starts_with("watch")) { "watch" } else { "list" };
    }
    let subresource = parts.get(2).cloned().unwrap_or_default();
    Meaning::Resource { verb, group, version, resource: parts[0].clone(), namespace, name, subresource }
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text.as_bytes()[at] == b'%' {
            bytes.push(u8::from_str_radix(text.get(at + 1..at + 3)?, 16).ok()?);
            at += 3;
        } else {
            bytes.push(text.as_bytes()[at]);
            at += 1;
        }
    }
    String::from_utf8(bytes).ok()
}

fn judged(target: &ReadApi) -> Meaning {
    match target {
        ReadApi::Document { segments, .. } => Meaning::Document(format!("/{}", segments.join("/"))),
        ReadApi::Resource { resource, name, subresource, .. } => {
            let question = target.questions().remove(0);
            let verb = if question.verb == "list" { "list" } else { "get" };
            assert_eq!((&question.resource, &question.group, &question.subresource), (&resource.plural, &resource.group, subresource));
            Meaning::Resource {
                verb,
                group: question.group,
                version: resource.version.clone(),
                resource: question.resource,
                namespace: question.namespace.unwrap_or_default(),
                name: name.clone(),
                subresource: subresource.clone(),
            }
        }
    }
}

struct Dice(u64);

impl Dice {
    /// splitmix64.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % sides as u64) as usize
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }
}

#[test]
fn what_is_sent_on_means_to_an_api_server_what_was_judged() {
    const PARTS: [&str; 36] = [
        "api",
        "apis",
        "v1",
        "apps",
        "batch",
        "namespaces",
        "web",
        "pods",
        "secrets",
        "nodes",
        "status",
        "finalize",
        "log",
        "exec",
        "proxy",
        "watch",
        "attach",
        "version",
        "openapi",
        "v2",
        "v3",
        "..",
        ".",
        "",
        "%2e%2e",
        "%2F",
        "a%2Fb",
        "a%252fb",
        "%",
        "system:node",
        "a b",
        "ä",
        "%77atch",
        "n%61mespaces",
        "deployments",
        "x;y",
    ];
    const QUERIES: [&str; 10] =
        ["", "limit=5", "watch=1", "watch", "%77atch=true", "Watch=0", "follow=true&tailLines=1", "labelSelector=a%3Db%26watch%3Dtrue", "a;watch=1", "x=%zz"];
    let seed = getrandom::u64().unwrap();
    let mut dice = Dice(seed);
    let mut taken = 0;
    for case in 0..200_000 {
        let path: String = (0..1 + dice.roll(8)).map(|_| format!("/{}", dice.pick(&PARTS))).collect();
        let query = dice.pick(&QUERIES);
        let Ok(target) = read(&path, Some(query)) else { continue };
        taken += 1;
        let sent = written(&target);
        let what = format!("seed {seed}, case {case}: {path}?{query} was sent as {sent}");
        let meant = meaning(&sent);
        assert_eq!(meant, judged(&target), "{what}");
        assert_eq!(meaning(&path), judged(&target), "it is what its sender meant: {what}");
        if let Meaning::Resource { verb, subresource, .. } = &meant {
            assert!(["get", "list"].contains(verb) && !["exec", "attach", "proxy", "portforward"].contains(&subresource.as_str()), "{what}");
        }
        // What was written is read as the same: nothing is unescaped twice.
        let (path, query) = sent.split_once('?').unwrap_or((&sent, ""));
        assert_eq!(read(path, Some(query)).as_ref(), Ok(&target), "{what}");
    }
    assert!(taken > 1000, "seed {seed}: only {taken} paths were taken");
}

#[test]
fn each_form_of_a_path_is_judged_for_what_it_is() {
    let asked = |path: &str| {
        let target = read(path, None).unwrap_or_else(|refusal| panic!("{path}: {refusal}"));
        target.questions().first().map(|q| format!("{} {}/{} {} in {:?} {:?}", q.verb, q.group, q.resource, q.subresource, q.namespace, q.name))
    };
    for (path, question) in [
        ("/api/v1/pods", Some(r#"list /pods  in None """#)),
        ("/api/v1/namespaces/web/pods", Some(r#"list /pods  in Some("web") """#)),
        ("/api/v1/namespaces/web/pods/a/log", Some(r#"get /pods log in Some("web") "a""#)),
        ("/api/v1/namespaces", Some(r#"list /namespaces  in None """#)),
        ("/api/v1/namespaces/web", Some(r#"get /namespaces  in Some("web") "web""#)),
        ("/api/v1/namespaces/web/status", Some(r#"get /namespaces status in Some("web") "web""#)),
        ("/apis/apps/v1/namespaces/web/deployments/a/scale", Some(r#"get apps/deployments scale in Some("web") "a""#)),
        ("/apis/rbac.authorization.k8s.io/v1/clusterroles/a%20b@c", Some(r#"get rbac.authorization.k8s.io/clusterroles  in None "a b@c""#)),
        ("/api", None),
        ("/apis/apps/v1", None),
        ("/openapi/v3/apis/apps/v1", None),
        ("/version", None),
    ] {
        assert_eq!(asked(path).as_deref(), question, "{path}");
    }
}

#[test]
fn a_list_of_one_name_is_judged_by_that_name() {
    let name = |query: &str| read("/api/v1/namespaces/web/secrets", Some(query)).unwrap().questions()[0].name.clone();
    assert_eq!(name("fieldSelector=metadata.name%3Da"), "a");
    assert_eq!(name("fieldSelector=type%3DOpaque%2Cmetadata.name%3D%3Da"), "a");
    assert_eq!(name("fieldSelector=metadata.name%21%3Da"), "");
    assert_eq!(name("fieldSelector=type%3DOpaque"), "");
}

#[test]
fn what_is_no_read_of_a_resource_is_refused() {
    for (path, query) in [
        ("/", ""),
        ("/healthz", ""),
        ("/metrics", ""),
        ("/logs/a", ""),
        ("/api/v1/", ""),
        ("/api//v1/pods", ""),
        ("/api/v1/../v1/pods", ""),
        ("/api/v1/namespaces/web/pods/a%2Flog", ""),
        ("/api/v1/watch/pods", ""),
        ("/api/v1/namespaces/web/namespaces/shop", ""),
        ("/api/v1/proxy/nodes/a", ""),
        ("/api/v1/namespaces/web/pods/a/exec", ""),
        ("/api/v1/namespaces/web/services/a/proxy", ""),
        ("/api/v1/namespaces/web/pods/a/log/more", ""),
        ("/api/v1/pods", "watch=true"),
        ("/api/v1/pods", "w%61tch=true"),
        ("/api/v1/namespaces/web/pods/a/log", "follow=1"),
    ] {
        assert!(matches!(read(path, Some(query)), Err(Refusal::BadRequest { .. })), "{path}?{query}");
    }
}
