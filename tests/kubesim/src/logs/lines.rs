//! What applications write: JSON, plain levels, klog, ANSI colours, access logs, stack traces.

use jiff::{SignedDuration, Timestamp};

use crate::clock::milli_text;
use crate::names::mix;

/// One line with the time at which it was written.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) time: Timestamp,
    pub(super) text: String,
}

/// The way in which an application writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Json,
    Plain,
    Coloured,
    Java,
    Access,
    Klog,
    Postgres,
}

const PATHS: &[&str] =
    &["/v1/payments", "/v1/payments/8f1c/capture", "/v1/refunds", "/healthz", "/v1/orders?limit=50", "/v1/cart/7c22/items", "/v1/search?q=lamp"];
const METHODS: &[&str] = &["GET", "GET", "GET", "POST", "PUT"];
const DOINGS: &[&str] = &["request finished", "cache refreshed", "message consumed", "batch written", "lease renewed", "connection reused", "token verified"];
const TROUBLES: &[&str] = &["upstream slow, retrying", "connection reset by peer", "queue is filling", "stale read, refetching"];

impl Style {
    pub(super) fn of(image: &str, name: &str) -> Self {
        let has = |part: &str| image.contains(part);
        if name == "envoy" || has("gateway") || has("limiter") {
            Self::Access
        } else if has("registry.k8s.io") {
            Self::Klog
        } else if has("postgres") {
            Self::Postgres
        } else if has("storefront") || has("resizer") {
            Self::Coloured
        } else if has("worker") || has("kafka") || has("ledger") {
            Self::Java
        } else if name == "api" || has("payments") || has("search") {
            Self::Json
        } else {
            Self::Plain
        }
    }

    /// What it says when it starts.
    pub(super) fn greeting(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["database system was shut down", "database system is ready to accept connections"],
            Self::Access => &["initializing epoch 0", "all dependencies initialized. starting workers"],
            _ => &["starting", "configuration loaded from /app/config.yaml", "listening on 0.0.0.0:8080"],
        }
    }

    /// A message in the application's own form.
    pub(super) fn dressed(self, message: &str, time: Timestamp) -> String {
        write(self, "info", message, time)
    }

    /// What it says before it dies.
    pub(super) fn farewell(self, reason: &str, code: i64) -> Vec<String> {
        if reason == "OOMKilled" {
            // the kernel does not let it say anything
            return Vec::new();
        }
        let mut lines = vec![
            "{\"level\":\"fatal\",\"msg\":\"cannot reach the ledger\",\"error\":\"dial tcp 10.96.41.7:8080: connect: connection refused\"}".to_owned(),
            "panic: ledger unavailable after 5 attempts".to_owned(),
            String::new(),
            "goroutine 1 [running]:".to_owned(),
            "main.mustConnect({0xc0001a2000, 0x2b})".to_owned(),
            "\t/src/payments/cmd/api/main.go:88 +0x1d4".to_owned(),
            "main.main()".to_owned(),
            "\t/src/payments/cmd/api/main.go:41 +0x8c".to_owned(),
        ];
        lines.push(format!("exit status {code}"));
        if self != Self::Json {
            lines[0] = "ERROR cannot reach the ledger: dial tcp 10.96.41.7:8080: connect: connection refused".to_owned();
        }
        lines
    }
}

/// A line of everyday life.
pub(super) fn life(style: Style, seed: u64, time: Timestamp, number: u64) -> String {
    let pick = |list: &[&'static str], salt: u64| list[usize::try_from(mix(seed ^ salt) % list.len() as u64).unwrap_or(0)];
    let level = match seed % 40 {
        0 => "error",
        1 | 2 => "warn",
        3..8 => "debug",
        _ => "info",
    };
    let duration = 1 + mix(seed ^ 7) % if level == "warn" { 3000 } else { 90 };
    let (method, path) = (pick(METHODS, 1), pick(PATHS, 2));
    let status = if level == "error" { 502 } else { 200 };
    match style {
        Style::Json => format!(
            "{{\"ts\":\"{}\",\"level\":\"{level}\",\"msg\":\"{}\",\"n\":{number},\"method\":\"{method}\",\"path\":\"{path}\",\"status\":{status},\"duration_ms\":{duration},\"trace\":\"{:016x}\"}}",
            milli_text(time),
            if matches!(level, "error" | "warn") { pick(TROUBLES, 3) } else { pick(DOINGS, 3) },
            mix(seed ^ 9),
        ),
        Style::Access => format!(
            "[{}] \"{method} {path} HTTP/1.1\" {status} - 0 {} {duration} {} \"-\" \"Mozilla/5.0\"",
            milli_text(time),
            100 + mix(seed ^ 4) % 9000,
            duration / 2
        ),
        _ => {
            let message = if matches!(level, "error" | "warn") { pick(TROUBLES, 3) } else { pick(DOINGS, 3) };
            write(style, level, &format!("{message} n={number} path={path} took={duration}ms"), time)
        }
    }
}

fn write(style: Style, level: &str, message: &str, time: Timestamp) -> String {
    let upper = level.to_uppercase();
    match style {
        Style::Json => format!("{{\"ts\":\"{}\",\"level\":\"{level}\",\"msg\":\"{message}\"}}", milli_text(time)),
        Style::Coloured => {
            let colour = match level {
                "error" => 31,
                "warn" => 33,
                "debug" => 36,
                _ => 32,
            };
            format!("\x1b[90m{}\x1b[0m \x1b[{colour}m{upper:<5}\x1b[0m {message}", time.strftime("%H:%M:%S%.3f"))
        }
        Style::Klog => format!("{}{}       1 controller.go:{}] {message}", &upper[..1], time.strftime("%m%d %H:%M:%S%.6f"), 100 + message.len()),
        Style::Postgres => format!("{} UTC [61] {}:  {message}", time.strftime("%Y-%m-%d %H:%M:%S%.3f"), if level == "info" { "LOG" } else { &upper }),
        Style::Java => format!("{} {upper:<5} [main] com.example.App - {message}", time.strftime("%Y-%m-%d %H:%M:%S,%3f")),
        Style::Access => format!("[{}][{level}][main] {message}", milli_text(time)),
        Style::Plain => format!("{} {upper:<5} {message}", milli_text(time)),
    }
}

/// An error with its stack trace, over several lines.
pub(super) fn report(style: Style, seed: u64, time: Timestamp) -> Vec<Line> {
    let attempt = 1 + seed % 4;
    let mut texts = vec![write(style, "error", &format!("request failed (attempt {attempt})"), time)];
    let trace: &[&str] = match style {
        Style::Java => &[
            "java.net.SocketTimeoutException: Read timed out",
            "\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:288)",
            "\tat com.example.ledger.Client.post(Client.java:141)",
            "\tat com.example.ledger.Writer.flush(Writer.java:77)",
            "\tat java.base/java.lang.Thread.run(Thread.java:1583)",
            "Caused by: java.io.IOException: connection closed",
            "\t... 3 more",
        ],
        Style::Json | Style::Access | Style::Klog | Style::Postgres => &[],
        Style::Plain | Style::Coloured => &[
            "Traceback (most recent call last):",
            "  File \"/app/main.py\", line 214, in handle",
            "    reply = client.fetch(key)",
            "  File \"/app/client.py\", line 58, in fetch",
            "    raise TimeoutError(key)",
            "TimeoutError: catalog:7731",
        ],
    };
    texts.extend(trace.iter().map(|text| (*text).to_owned()));
    texts.into_iter().enumerate().map(|(index, text)| Line { time: time + SignedDuration::from_nanos(index as i64 * 12_007), text }).collect()
}
