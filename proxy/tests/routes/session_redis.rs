//! Sessions of two proxies that share a Redis: signed in at one is signed in at both, ended at one is ended at both, and whoever reads the Redis learns nothing.

use std::time::{Duration, Instant};

use krateyard_proxy::{Config, Origin, RoomsKept, Secret};
use krateyard_shared::api::{Session, SessionInfo, Sessions};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::watch::JSON;
use kubesim::Options;

use crate::bench::{BOUND, Bench, Watch, bounded, refusal};
use crate::redis_server::{Redis, without_redis};

/// Both stand behind one address.
const ORIGIN: &str = "http://localhost:8470";
/// What ends at one proxy ends at the other within this time.
const SOON: Duration = Duration::from_secs(5);

async fn proxy_on(redis: &Redis, change: impl FnOnce(&mut Config)) -> Bench {
    let url = redis.url();
    Bench::with(Options { pods: 5, ..Options::default() }, |config| {
        config.rooms = RoomsKept::Redis(Secret::new(url));
        config.public_origins = vec![Origin::parse(ORIGIN).unwrap()];
        change(config);
    })
    .await
}

async fn two_on(redis: &Redis) -> (Bench, Bench) {
    (proxy_on(redis, |_| {}).await, proxy_on(redis, |_| {}).await)
}

async fn try_to_sign_in(bench: &Bench, token: &str) -> reqwest::Response {
    let body = format!(r#"{{"token":"{token}"}}"#);
    bounded(bench.http.post(bench.url("/api/session")).header("origin", ORIGIN).body(body).send()).await.unwrap()
}

async fn sign_in(bench: &Bench, token: &str) -> String {
    let response = try_to_sign_in(bench, token).await;
    assert_eq!(response.status(), 200);
    response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

async fn sign_out(bench: &Bench, cookie: &str) {
    let response = bounded(bench.http.delete(bench.url("/api/session")).header("cookie", cookie).header("origin", ORIGIN).send()).await.unwrap();
    assert_eq!(response.status(), 204);
}

async fn who(bench: &Bench, cookie: &str) -> Result<Session, (u16, Refusal)> {
    let response = bounded(bench.http.get(bench.url("/api/session")).header("cookie", cookie).send()).await.unwrap();
    match response.status().as_u16() {
        200 => Ok(response.json().await.unwrap()),
        status => Err((status, refusal(response).await)),
    }
}

async fn page(bench: &Bench, cookie: &str) -> Watch {
    bench.watch_with(&[("cookie", cookie), ("origin", ORIGIN), ("sec-websocket-protocol", JSON)]).await
}

/// Waits until who looks after sessions sees at a proxy what fits.
async fn seen(bench: &Bench, fits: impl Fn(&SessionInfo) -> bool) -> SessionInfo {
    bounded(async {
        loop {
            let Sessions { sessions } = bench.get("demo-admin", "/api/sessions").await.json().await.unwrap();
            if let Some(found) = sessions.into_iter().find(&fits) {
                return found;
            }
        }
    })
    .await
}

/// How a page's socket ended, and that it did so soon.
async fn ended_soon(mut page: Watch, since: Instant) {
    assert_eq!(page.socket.closed().await.0, 4401);
    assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
}

#[tokio::test]
async fn who_signed_in_at_one_proxy_is_signed_in_at_the_other_also_when_the_first_is_gone() {
    let Some(redis) = Redis::start("signed-in") else { return without_redis() };
    let (first, second) = two_on(&redis).await;
    let cookie = sign_in(&first, "demo-viewer").await;
    let here = who(&first, &cookie).await.unwrap();
    assert_eq!(who(&second, &cookie).await.unwrap(), here);
    assert_eq!(here.user, "viewer@example.com");
    let _page = page(&second, &cookie).await;
    bounded(first.proxy.stop()).await;
    drop(second);
    let third = proxy_on(&redis, |_| {}).await;
    assert_eq!(who(&third, &cookie).await.unwrap(), here);
}

#[tokio::test]
async fn who_signs_out_at_one_proxy_is_out_at_the_other() {
    let Some(redis) = Redis::start("signs-out") else { return without_redis() };
    let (first, second) = two_on(&redis).await;
    let cookie = sign_in(&first, "demo-viewer").await;
    let there = page(&second, &cookie).await;
    let since = Instant::now();
    sign_out(&first, &cookie).await;
    ended_soon(there, since).await;
    for bench in [&first, &second] {
        assert_eq!(who(bench, &cookie).await, Err((401, Refusal::Expired)));
    }
}

#[tokio::test]
async fn who_looks_after_sessions_sees_those_of_all_proxies_and_ends_them() {
    let Some(redis) = Redis::start("all") else { return without_redis() };
    let (first, second) = two_on(&redis).await;
    let cookie = sign_in(&first, "demo-viewer").await;
    let (here, there) = (page(&first, &cookie).await, page(&second, &cookie).await);
    let program = second.watch("demo-editor").await;
    let viewer = seen(&first, |info| info.user.starts_with("viewer") && info.sockets == 2).await;
    let editor = seen(&first, |info| info.user.starts_with("editor") && info.sockets == 1).await;
    assert_eq!((viewer.program, editor.program), (false, true));
    let end = async |id: &str| bounded(first.http.delete(first.url(&format!("/api/sessions/{id}"))).bearer_auth("demo-admin").send()).await.unwrap().status();
    let since = Instant::now();
    assert_eq!((end(&viewer.id).await.as_u16(), end(&editor.id).await.as_u16(), end("nosuch").await.as_u16()), (204, 204, 404));
    ended_soon(here, since).await;
    ended_soon(there, since).await;
    ended_soon(program, since).await;
    assert_eq!(who(&second, &cookie).await, Err((401, Refusal::Expired)));
}

#[tokio::test]
async fn a_session_ends_everywhere_with_its_lifetime_and_with_its_token() {
    let Some(redis) = Redis::start("lifetime") else { return without_redis() };
    let short = |config: &mut Config| config.session_lifetime = Duration::from_secs(3);
    let (first, second) = (proxy_on(&redis, short).await, proxy_on(&redis, |config| config.limits.token_review = Duration::from_millis(200)).await);
    let cookie = sign_in(&first, "demo-viewer").await;
    let mut there = page(&second, &cookie).await;
    assert_eq!(there.socket.closed().await.0, 4401);
    // The token goes at the second one's cluster alone: what it finds out counts for all.
    let cookie = sign_in(&second, "demo-editor").await;
    let (here, there) = (page(&first, &cookie).await, page(&second, &cookie).await);
    let since = Instant::now();
    assert!(second.sim.revoke_token("demo-editor"));
    ended_soon(there, since).await;
    ended_soon(here, since).await;
}

#[tokio::test]
async fn a_wrong_cookie_opens_nothing_and_the_redis_holds_no_token_and_no_cookie() {
    let Some(redis) = Redis::start("wrong") else { return without_redis() };
    let (first, second) = two_on(&redis).await;
    let cookie = sign_in(&first, "demo-viewer").await;
    let (name, id) = cookie.split_once('=').unwrap();
    who(&second, &cookie).await.unwrap();
    let session = seen(&second, |info| info.user.starts_with("viewer")).await;
    let turned: String = id.chars().rev().collect();
    for wrong in ["", "*", "forged", &id[1..], &turned, &session.id] {
        assert_eq!(who(&second, &format!("{name}={wrong}")).await, Err((401, Refusal::Expired)), "{wrong}");
    }
    sign_out(&second, &cookie).await;
    let log = redis.log();
    let holds = |text: &str| log.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds(&format!("krateyard:session:{}", session.id)) && holds("viewer@example.com"), "what was written is read");
    for secret in ["demo-viewer", "demo-admin", id] {
        assert!(!holds(secret), "{secret}");
    }
}

#[tokio::test]
async fn without_redis_those_who_are_in_stay_in_nobody_else_comes_in_and_who_goes_is_gone() {
    let Some(mut redis) = Redis::start("gone") else { return without_redis() };
    let (first, second) = two_on(&redis).await;
    let (cookie, other) = (sign_in(&first, "demo-viewer").await, sign_in(&first, "demo-editor").await);
    let _page = page(&first, &cookie).await;
    redis.kill();
    let down = Refusal::StoreDown { what: "sessions".into() };
    let since = Instant::now();
    let refused = try_to_sign_in(&first, "demo-admin").await;
    assert_eq!((refused.status().as_u16(), refusal(refused).await), (503, down.clone()));
    assert_eq!(who(&second, &cookie).await, Err((503, down.clone())));
    assert!(since.elapsed() < BOUND / 2, "{:?}", since.elapsed());
    assert!(who(&first, &cookie).await.is_ok());
    // Which sessions there are cannot be said: it is not said that there are fewer.
    assert_eq!(refusal(first.get("demo-admin", "/api/sessions").await).await, down);
    sign_out(&first, &other).await;
    assert_eq!(who(&first, &other).await.unwrap_err().0, 401);
    redis.run().unwrap();
    bounded(async {
        while who(&second, &other).await != Err((401, Refusal::Expired)) || who(&second, &cookie).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(who(&first, &cookie).await.is_ok());
    sign_in(&second, "demo-admin").await;
}
