//! The cast: which applications run where, and how they fare.

/// Namespaces with the team that owns them.
pub(crate) const NAMESPACES: &[(&str, &str)] = &[
    ("default", ""),
    ("kube-system", ""),
    ("kube-public", ""),
    ("kube-node-lease", ""),
    ("payments", "payments"),
    ("web", "storefront"),
    ("checkout", "storefront"),
    ("edge", "platform"),
    ("data", "data"),
    ("search", "search"),
    ("ledger", "payments"),
    ("batch", "data"),
    ("observability", "platform"),
    ("krateyard", "platform"),
];

/// What keeps an application's pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeper {
    Deployment,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
}

/// How the pods fare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Healthy,
    /// One pod of it crash loops, the others run.
    OneCrashLoops,
    /// The newest revision cannot pull its image; the old one still serves.
    StuckRollout,
    /// Every pod fails to pull.
    ImagePullBackOff,
    /// One pod is killed for its memory again and again.
    OneRunsOutOfMemory,
    /// One pod finds no node.
    OneUnschedulable,
    /// One pod waits for a volume.
    OneCreating,
    /// One pod is up but fails its readiness probe.
    OneUnready,
    /// One pod is going away.
    OneTerminating,
    /// A job that failed.
    Failed,
}

/// One application.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) namespace: &'static str,
    pub(crate) name: String,
    pub(crate) keeper: Keeper,
    pub(crate) containers: &'static [(&'static str, &'static str)],
    pub(crate) init: Option<(&'static str, &'static str)>,
    pub(crate) replicas: usize,
    pub(crate) fate: Fate,
    pub(crate) age_days: u64,
}

/// Name and image of the container that most applications have beside their own.
const ENVOY: (&str, &str) = ("envoy", "registry.example.com/mesh/envoy:v1.34.2");

/// The image without a shell.
pub(crate) const DISTROLESS: &str = "registry.example.com/edge/gateway:3.1.0-distroless";

/// The applications that are always there.
pub(crate) fn cast() -> Vec<App> {
    use Fate::*;
    use Keeper::*;
    let app = |namespace, name: &str, keeper, containers, replicas, fate, age_days| App {
        namespace,
        name: name.to_owned(),
        keeper,
        containers,
        init: None,
        replicas,
        fate,
        age_days,
    };
    let mut cast = vec![
        app("payments", "payments-api", Deployment, &[("api", "registry.example.com/payments/api:2.14.1"), ENVOY], 4, OneCrashLoops, 96),
        app("payments", "payments-worker", Deployment, &[("worker", "registry.example.com/payments/worker:2.14.1")], 3, Healthy, 96),
        app("payments", "fraud-check", Deployment, &[("fraud", "registry.example.com/payments/fraud:0.9.3"), ENVOY], 2, OneRunsOutOfMemory, 41),
        app("payments", "payments-db", StatefulSet, &[("postgres", "postgres:16.4")], 2, Healthy, 180),
        app(
            "web",
            "storefront",
            Deployment,
            &[("app", "registry.example.com/web/storefront:5.3.0"), ("log-shipper", "fluent/fluent-bit:3.2.4")],
            5,
            Healthy,
            210,
        ),
        app("web", "session-store", StatefulSet, &[("redis", "redis:7.4-alpine")], 3, Healthy, 160),
        app("web", "image-resizer", Deployment, &[("resizer", "registry.example.com/web/resizer:1.8.0")], 3, OneUnready, 33),
        app("web", "recommendations", Deployment, &[("app", "registry.example.com/web/recommendations:2.0.0-rc1")], 2, ImagePullBackOff, 1),
        app("checkout", "cart", Deployment, &[("cart", "registry.example.com/checkout/cart:3.3.7"), ENVOY], 4, Healthy, 120),
        app("checkout", "checkout-api", Deployment, &[("api", "registry.example.com/checkout/api:7.1.0"), ENVOY], 3, StuckRollout, 75),
        app("checkout", "tax-calculator", Deployment, &[("tax", "registry.example.com/checkout/tax:1.2.2")], 2, Healthy, 88),
        app("edge", "gateway", Deployment, &[("gateway", DISTROLESS)], 3, Healthy, 150),
        app("edge", "rate-limiter", Deployment, &[("limiter", "registry.example.com/edge/limiter:0.4.1")], 2, Healthy, 20),
        app("data", "orders-db", StatefulSet, &[("postgres", "postgres:16.4"), ("exporter", "registry.example.com/data/pg-exporter:0.15.0")], 3, Healthy, 240),
        app("data", "event-bus", StatefulSet, &[("kafka", "registry.example.com/data/kafka:3.9.0")], 3, OneCreating, 130),
        app("search", "search-api", Deployment, &[("api", "registry.example.com/search/api:4.0.2")], 3, Healthy, 65),
        app("search", "indexer", Deployment, &[("indexer", "registry.example.com/search/indexer:4.0.2")], 4, OneUnschedulable, 5),
        app("ledger", "ledger-writer", Deployment, &[("writer", "registry.example.com/ledger/writer:1.19.0"), ENVOY], 3, OneTerminating, 140),
        app("ledger", "reconciler", CronJob, &[("reconciler", "registry.example.com/ledger/reconciler:1.19.0")], 3, Healthy, 140),
        app("batch", "nightly-report", CronJob, &[("report", "registry.example.com/batch/report:0.7.5")], 2, Healthy, 100),
        app("batch", "import-prices", Job, &[("import", "registry.example.com/batch/import:1.0.4")], 1, Failed, 0),
        app("observability", "prometheus", StatefulSet, &[("prometheus", "prom/prometheus:v3.2.0")], 2, Healthy, 260),
        app("observability", "grafana", Deployment, &[("grafana", "grafana/grafana:11.5.2")], 1, Healthy, 260),
        app("observability", "log-collector", DaemonSet, &[("collector", "fluent/fluent-bit:3.2.4")], 0, Healthy, 260),
        app("kube-system", "coredns", Deployment, &[("coredns", "registry.k8s.io/coredns/coredns:v1.12.0")], 2, Healthy, 380),
        app("kube-system", "kube-proxy", DaemonSet, &[("kube-proxy", "registry.k8s.io/kube-proxy:v1.36.2")], 0, Healthy, 380),
        app("kube-system", "metrics-server", Deployment, &[("metrics-server", "registry.k8s.io/metrics-server/metrics-server:v0.7.2")], 1, Healthy, 200),
    ];
    for app in &mut cast {
        if matches!(app.name.as_str(), "storefront" | "ledger-writer") {
            app.init = Some(("migrate", "registry.example.com/tools/migrate:1.5.0"));
        }
    }
    cast
}

/// Healthy deployments beside the cast, until there are about `pods` pods in all.
pub(crate) fn crowd(pods: usize) -> Vec<App> {
    const TEAMS: &[&str] = &["web", "checkout", "edge", "data", "search", "ledger", "batch", "observability", "payments"];
    const THINGS: &[&str] = &["catalog", "pricing", "inventory", "profile", "notify", "invoice", "shipping", "reviews", "coupons", "media", "audit", "feeds"];
    const ROLES: &[&str] = &["api", "worker", "cache", "gateway", "sync"];
    let per_app = (pods / 60).clamp(3, 90);
    let mut apps = Vec::new();
    let mut left = pods;
    let mut index = 0;
    while left > 0 {
        let replicas = left.min(per_app - index % 3);
        let round = index / (THINGS.len() * ROLES.len());
        let base = format!("{}-{}", THINGS[index % THINGS.len()], ROLES[index / THINGS.len() % ROLES.len()]);
        apps.push(App {
            namespace: TEAMS[index % TEAMS.len()],
            name: if round == 0 { base } else { format!("{base}-{round}") },
            keeper: Keeper::Deployment,
            containers: if index % 4 == 1 {
                &[("app", "registry.example.com/shared/service:1.4.2"), ENVOY]
            } else {
                &[("app", "registry.example.com/shared/service:1.4.2")]
            },
            init: None,
            replicas,
            fate: Fate::Healthy,
            age_days: 3 + (index as u64 * 17) % 300,
        });
        left -= replicas;
        index += 1;
    }
    apps
}
