use std::fs;
use std::path::PathBuf;

use krateyard_proxy::{ClusterConfig, Config, Proxy, StartError};
use krateyard_shared::refusal::Refusal;

use crate::bench::refusal;

const HASHED: &str = "app-0123456789abcdef.js";

/// A built app, small. Each test has a folder of its own.
fn built(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("assets")).unwrap();
    for (file, text) in [
        ("index.html", "<!doctype html><script type=module>alert(1)</script>"),
        (HASHED, "plain"),
        ("app-0123456789abcdef.js.br", "as brotli"),
        ("app-0123456789abcdef.js.gz", "as gzip"),
        ("favicon.svg", "<svg/>"),
        (".trunk-lock", "hidden"),
    ] {
        fs::write(folder.join(file), text).unwrap();
    }
    folder
}

async fn served(name: &str) -> (Proxy, reqwest::Client, String) {
    let mut config = Config::loopback(ClusterConfig::server("demo", "http://127.0.0.1:1", "t").unwrap());
    config.static_dir = Some(built(name));
    let proxy = Proxy::start(config).await.unwrap();
    let base = format!("http://{}", proxy.local_addr());
    (proxy, reqwest::Client::new(), base)
}

#[tokio::test]
async fn every_path_of_the_app_is_its_page_under_a_strict_policy() {
    let (_proxy, http, base) = served("pages").await;
    for path in ["/", "/index.html", "/yard/web"] {
        let response = http.get(format!("{base}{path}")).send().await.unwrap();
        let headers = response.headers().clone();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(headers["cache-control"], "no-cache");
        assert!(headers["content-type"].to_str().unwrap().starts_with("text/html"));
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'self'"));
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
        assert!(response.text().await.unwrap().contains("alert"));
    }
}

#[tokio::test]
async fn files_come_precompressed_and_hashed_ones_for_ever() {
    let (_proxy, http, base) = served("files").await;
    for (accepted, text, encoding) in [("br, gzip", "as brotli", Some("br")), ("gzip", "as gzip", Some("gzip")), ("identity", "plain", None)] {
        let response = http.get(format!("{base}/{HASHED}")).header("accept-encoding", accepted).send().await.unwrap();
        let headers = response.headers().clone();
        assert_eq!(headers.get("content-encoding").map(|value| value.to_str().unwrap()), encoding);
        assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
        assert!(headers["content-type"].to_str().unwrap().contains("javascript"), "{headers:?}");
        assert_eq!(response.text().await.unwrap(), text);
    }
    let response = http.get(format!("{base}/favicon.svg")).send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-cache");
    let stamp = response.headers()["last-modified"].clone();
    let again = http.get(format!("{base}/favicon.svg")).header("if-modified-since", stamp).send().await.unwrap();
    assert_eq!(again.status(), 304);
}

#[tokio::test]
async fn what_is_no_file_of_the_app_is_404() {
    let (_proxy, http, base) = served("missing").await;
    for path in ["/nosuch.js", "/.trunk-lock", "/%2e%2e/Cargo.toml", "/..%2fCargo.toml", "/api/nosuch", "/ws/nosuch"] {
        let response = http.get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert!(matches!(refusal(response).await, Refusal::NotFound { .. }), "{path}");
    }
}

#[tokio::test]
async fn an_app_that_was_not_built_is_an_error_of_its_key() {
    let mut config = Config::loopback(ClusterConfig::server("demo", "http://127.0.0.1:1", "t").unwrap());
    config.static_dir = Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("never-built"));
    let error = Proxy::start(config).await.err().unwrap();
    assert!(matches!(error, StartError::StaticDir(_)) && error.to_string().starts_with("static_dir: "), "{error}");
}
