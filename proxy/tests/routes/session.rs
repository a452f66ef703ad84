use std::time::Duration;

use krateyard_proxy::{ClusterConfig, Config, Proxy};
use krateyard_shared::api::{About, Health, Session, Sessions};
use krateyard_shared::kinds::Kind;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::JSON;

use crate::bench::{Bench, bounded, logged, refusal};

#[tokio::test]
async fn a_token_becomes_a_session_behind_a_cookie() {
    let bench = Bench::start().await;
    let cookie = bench.sign_in("demo-viewer").await;
    assert!(!cookie.contains("demo-viewer"));
    let response = bench.http.get(bench.url("/api/session")).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    let session: Session = response.json().await.unwrap();
    assert_eq!(session.user, "viewer@example.com");
    assert!(session.expires > jiff::Timestamp::now().as_second());
}

#[tokio::test]
async fn a_wrong_token_is_401_in_every_form() {
    let bench = Bench::start().await;
    let post = bench.http.post(bench.url("/api/session")).header("origin", bench.origin());
    let response = post.body(r#"{"token":"wrong"}"#).send().await.unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(refusal(response).await, Refusal::Unauthenticated);
    let response = bench.get("wrong", "/api/session").await;
    assert_eq!((response.status().as_u16(), refusal(response).await), (401, Refusal::Unauthenticated));
    let response =
        bench.http.get(bench.url("/api/session")).header("cookie", format!("krateyard-{}=forged", bench.proxy.local_addr().port())).send().await.unwrap();
    assert_eq!((response.status().as_u16(), refusal(response).await), (401, Refusal::Expired));
    for path in ["/api/session", "/api/clusters", "/api/access?cluster=demo", "/api/clusters/demo/resources/core/v1/pods"] {
        let response = bench.http.get(bench.url(path)).send().await.unwrap();
        assert_eq!((response.status().as_u16(), refusal(response).await), (401, Refusal::Unauthenticated), "{path}");
    }
}

#[tokio::test]
async fn only_our_own_pages_and_programs_with_a_token_may_write() {
    let bench = Bench::start().await;
    let cookie = bench.sign_in("demo-admin").await;
    for origin in ["null", "https://evil.example.com", "http://127.0.0.1:1"] {
        let request = bench.http.delete(bench.url("/api/session")).header("cookie", &cookie).header("origin", origin);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 403, "{origin}");
        assert_eq!(refusal(response).await, Refusal::ForeignOrigin { origin: origin.into() });
    }
    let response = bench.http.delete(bench.url("/api/session")).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(response.status(), 403);
    let still = bench.http.get(bench.url("/api/session")).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(still.status(), 200, "nobody was signed out");
}

#[tokio::test]
async fn signing_out_ends_the_session_and_its_sockets() {
    let bench = Bench::start().await;
    let cookie = bench.sign_in("demo-admin").await;
    let origin = bench.origin();
    let mut watch = bench.watch_with(&[("cookie", &cookie), ("origin", &origin), ("sec-websocket-protocol", JSON)]).await;
    watch.subscribe(1, Kind::Namespace.resource(), Scope::All).await;
    watch.rows(1).await;
    let response = bench.http.delete(bench.url("/api/session")).header("cookie", &cookie).header("origin", &origin).send().await.unwrap();
    assert_eq!(response.status(), 204);
    assert_eq!(watch.socket.closed().await.0, 4401);
    let after = bench.http.get(bench.url("/api/session")).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(after.status(), 401);
}

#[tokio::test]
async fn who_looks_after_sessions_sees_all_and_ends_one_and_its_sockets() {
    let bench = Bench::start().await;
    let mut watch = bench.watch("demo-viewer").await;
    assert_eq!(bench.get("demo-viewer", "/api/sessions").await.status(), 403);
    let Sessions { sessions } = bench.get("demo-admin", "/api/sessions").await.json().await.unwrap();
    let users: Vec<_> = sessions.iter().map(|session| (session.user.as_str(), session.sockets, session.program, session.own)).collect();
    assert_eq!(users, [("admin@example.com", 0, true, true), ("viewer@example.com", 1, true, false)]);
    let end = |token: &str, id: &str| bench.http.delete(bench.url(&format!("/api/sessions/{id}"))).bearer_auth(token).send();
    let id = &sessions[1].id;
    assert_eq!(bounded(end("demo-editor", id)).await.unwrap().status(), 403);
    assert_eq!(bounded(end("demo-admin", "nosuch")).await.unwrap().status(), 404);
    assert_eq!(bounded(end("demo-admin", id)).await.unwrap().status(), 204);
    assert_eq!(watch.socket.closed().await.0, 4401);
}

#[tokio::test]
async fn a_revoked_token_ends_its_session_and_sockets_at_the_next_review() {
    let bench = Bench::with(Default::default(), |config| config.limits.token_review = Duration::from_millis(100)).await;
    let cookie = bench.sign_in("demo-viewer").await;
    let origin = bench.origin();
    let mut page = bench.watch_with(&[("cookie", &cookie), ("origin", &origin), ("sec-websocket-protocol", JSON)]).await;
    let mut program = bench.watch("demo-viewer").await;
    assert!(bench.sim.revoke_token("demo-viewer"));
    assert_eq!(page.socket.closed().await.0, 4401);
    assert_eq!(program.socket.closed().await.0, 4401);
    let response = bench.http.get(bench.url("/api/session")).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(refusal(response).await, Refusal::Expired);
}

#[tokio::test]
async fn a_session_ends_with_its_lifetime() {
    let bench = Bench::with(Default::default(), |config| config.session_lifetime = Duration::from_secs(1)).await;
    let cookie = bench.sign_in("demo-viewer").await;
    let origin = bench.origin();
    let mut page = bench.watch_with(&[("cookie", &cookie), ("origin", &origin), ("sec-websocket-protocol", JSON)]).await;
    assert_eq!(page.socket.closed().await.0, 4401);
}

#[tokio::test]
async fn a_cluster_that_is_down_is_502_and_keeps_nobody_from_starting() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let proxy = Proxy::start(Config::loopback(ClusterConfig::server("demo", &url, "t").unwrap())).await.unwrap();
    let base = format!("http://{}", proxy.local_addr());
    let http = reqwest::Client::new();
    let health: Health = http.get(format!("{base}/api/health")).send().await.unwrap().json().await.unwrap();
    assert!(health.alive && !health.ready);
    let about: About = http.get(format!("{base}/api/about")).send().await.unwrap().json().await.unwrap();
    assert!(!about.reachable);
    let response = http.get(format!("{base}/api/session")).bearer_auth("t").send().await.unwrap();
    assert_eq!(response.status(), 502);
    assert!(matches!(refusal(response).await, Refusal::UpstreamDown { .. }));
    bounded(proxy.stop()).await;
}

#[tokio::test]
async fn health_and_about_need_nobody() {
    let bench = Bench::start().await;
    let about: About = bench.http.get(bench.url("/api/about")).send().await.unwrap().json().await.unwrap();
    assert_eq!((about.cluster.0.as_str(), about.reachable), ("demo", true));
    assert_eq!(about.kubernetes.matches('.').count(), 1, "{}", about.kubernetes);
    let health: Health = bench.http.get(bench.url("/api/health")).send().await.unwrap().json().await.unwrap();
    assert!(health.alive && health.ready && health.upstreams[0].reachable);
}

#[tokio::test]
async fn a_long_or_malformed_body_is_refused_without_quoting_it() {
    let bench = Bench::start().await;
    for body in [r#"{"tokken":"seesaw"}"#.to_owned(), "seesaw".to_owned(), format!(r#"{{"token":"{}"}}"#, "seesaw".repeat(20_000))] {
        let response = bench.http.post(bench.url("/api/session")).header("origin", bench.origin()).body(body).send().await.unwrap();
        assert_eq!(response.status(), 400);
        let text = response.text().await.unwrap();
        assert!(text.contains("body") && !text.contains("seesaw"), "{text}");
    }
}

#[test]
fn no_token_and_no_session_id_reaches_the_log() {
    let (log, cookie) = logged(async {
        let bench = Bench::start().await;
        let cookie = bench.sign_in("demo-admin").await;
        bench.get("demo-editor", "/api/session").await;
        bench.get("a-wrong-token", "/api/session").await;
        bench.get("demo-admin", "/api/clusters/demo/resources/core/v1/pods").await;
        let mut watch = bench.watch("demo-admin").await;
        watch.subscribe(1, Kind::Pod.resource(), Scope::All).await;
        watch.rows(1).await;
        bounded(bench.proxy.stop()).await;
        cookie
    });
    assert!(log.contains("signed in"), "the log was captured");
    let id = cookie.split_once('=').unwrap().1;
    for secret in ["demo-admin", "demo-editor", "a-wrong-token", id] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{line:?}");
    }
    // The proxy's own token is the prefix of its role's name, which may be logged.
    let line = log.lines().find(|line| line.to_ascii_lowercase().contains("bearer krateyard-proxy"));
    assert!(line.is_none(), "{line:?}");
}
