use krateyard_shared::api::Revealed;
use krateyard_shared::refusal::Refusal;
use serde_json::json;

use crate::bench::{Bench, bounded, logged, refusal};

const DB: &str = "/api/clusters/demo/secrets/payments/payments-db/reveal";

impl Bench {
    /// As a program with a bearer token.
    async fn reveal(&self, token: &str, path: &str, body: serde_json::Value) -> reqwest::Response {
        bounded(self.http.post(self.url(path)).bearer_auth(token).json(&body).send()).await.unwrap()
    }
}

#[tokio::test]
async fn one_value_comes_out_as_base64_and_nobody_may_keep_it() {
    let bench = Bench::start().await;
    let secret = bench.sim.list("v1", "Secret", "payments").into_iter().find(|secret| secret["metadata"]["name"] == "payments-db").unwrap();
    for token in ["demo-admin", "demo-editor"] {
        let response = bench.reveal(token, DB, json!({"key": "password"})).await;
        assert_eq!((response.status().as_u16(), response.headers()["cache-control"].to_str().unwrap()), (200, "no-store"));
        let revealed: Revealed = response.json().await.unwrap();
        assert_eq!(revealed.value, secret["data"]["password"].as_str().unwrap());
        assert!(!revealed.decoded);
    }
    let uid = &secret["metadata"]["uid"];
    assert_eq!(bench.reveal("demo-admin", DB, json!({"key": "user", "uid": uid})).await.status(), 200);
}

#[tokio::test]
async fn what_cannot_be_revealed_is_refused_by_its_reason() {
    let bench = Bench::start().await;
    let asked = async |token: &str, path: &str, body| refusal(bench.reveal(token, path, body).await).await;
    let forbidden = |namespace: &str| Refusal::Forbidden { verb: "get".into(), resource: "secrets".into(), namespace: Some(namespace.into()) };
    assert_eq!(asked("demo-viewer", DB, json!({"key": "password"})).await, forbidden("payments"));
    // `view` shows everything of a namespace but its secrets.
    assert_eq!(asked("demo-viewer", "/api/clusters/demo/secrets/web/session-key/reveal", json!({"key": "key"})).await, forbidden("web"));
    assert_eq!(asked("demo-admin", DB, json!({"key": "nosuch"})).await, Refusal::NotFound { what: "key nosuch of secrets payments-db".into() });
    let missing = DB.replace("payments-db", "nosuch");
    assert_eq!(asked("demo-admin", &missing, json!({"key": "password"})).await, Refusal::NotFound { what: "secrets nosuch".into() });
    let of_another = asked("demo-admin", DB, json!({"key": "password", "uid": "somebody-elses"})).await;
    assert_eq!(of_another, Refusal::Gone { what: "secrets payments-db".into() });
    for body in [json!({"key": ""}), json!({"key": "a\nallowed=true"}), json!({"key": "../x"}), json!({})] {
        assert!(matches!(asked("demo-admin", DB, body.clone()).await, Refusal::BadRequest { .. }), "{body}");
    }
    let elsewhere = DB.replace("demo", "nosuch");
    assert!(matches!(asked("demo-admin", &elsewhere, json!({"key": "password"})).await, Refusal::NotFound { .. }));
}

#[tokio::test]
async fn a_page_of_another_origin_reveals_nothing() {
    let bench = Bench::start().await;
    let cookie = bench.sign_in("demo-admin").await;
    let send = async |origin: Option<&str>| {
        let request = bench.http.post(bench.url(DB)).header("cookie", &cookie).json(&json!({"key": "password"}));
        let request = origin.iter().fold(request, |request, origin| request.header("origin", *origin));
        bounded(request.send()).await.unwrap()
    };
    assert_eq!(send(Some(&bench.origin())).await.status(), 200);
    for origin in [Some("https://evil.example"), Some("null"), None] {
        let response = send(origin).await;
        assert_eq!(response.status(), 403, "{origin:?}");
        assert!(matches!(refusal(response).await, Refusal::ForeignOrigin { .. }));
    }
    let nobody = bounded(bench.http.post(bench.url(DB)).header("origin", bench.origin()).json(&json!({"key": "password"})).send()).await.unwrap();
    assert_eq!(nobody.status(), 401);
    // A link reveals nothing either.
    assert_eq!(bench.get("demo-admin", DB).await.status(), 405);
}

#[test]
fn each_time_is_one_line_of_the_log_that_names_who_and_what_and_never_the_value() {
    let (log, value) = logged(async {
        let bench = Bench::start().await;
        let revealed: Revealed = bench.reveal("demo-admin", DB, json!({"key": "password"})).await.json().await.unwrap();
        bench.reveal("demo-viewer", DB, json!({"key": "password"})).await;
        bench.reveal("demo-admin", DB, json!({"key": "nosuch"})).await;
        bounded(bench.proxy.stop()).await;
        revealed.value
    });
    let lines: Vec<_> = log.lines().filter(|line| line.contains("a secret value was asked for")).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for part in ["user=\"admin@example.com\"", "cluster=\"demo\"", "namespace=\"payments\"", "name=\"payments-db\"", "key=\"password\"", "allowed=true"] {
        assert!(lines[0].contains(part), "{part}: {}", lines[0]);
    }
    assert!(lines[1].contains("allowed=false") && lines[1].contains("viewer@example.com") && lines[1].contains("you may not get secrets"), "{}", lines[1]);
    assert!(lines[2].contains("allowed=false") && lines[2].contains("key=\"nosuch\""), "{}", lines[2]);
    let leaked = log.lines().find(|line| line.contains(&value) || line.contains("example-only"));
    assert!(leaked.is_none(), "{leaked:?}");
}
