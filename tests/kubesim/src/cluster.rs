//! One simulated cluster: its state, and the way of a request through it: who, may they, what.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::StreamExt as _;
use http::Method;
use http::request::Parts;
use hyper::body::Body as HttpBody;
use serde_json::Value;

use crate::access::authenticate::Tokens;
use crate::access::rbac::PolicyCache;
use crate::access::{forbidden, impersonate, reviews};
use crate::body::media_type;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::faults::{Effect, Faults};
use crate::kinds::{GROUPS_NOT_SIMULATED, Kind, RESOURCES_NOT_SIMULATED, Registry, SUBRESOURCES_NOT_SIMULATED, built_in_kind};
use crate::names::{Names, Random};
use crate::negotiate::{Form, form};
use crate::options::Options;
use crate::query::Query;
use crate::requests::{Open, Requests};
use crate::server::Connection;
use crate::store::Store;
use crate::target::Attributes;
use crate::write::{self, Edit, Patch, PatchType, ScaleChange, Writer};
use crate::{access, answer, body, discovery, read, table, watch};

/// The state of a cluster.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) options: Options,
    pub(crate) store: Arc<Store>,
    pub(crate) registry: Registry,
    pub(crate) tokens: Tokens,
    pub(crate) policy: PolicyCache,
    pub(crate) names: Names,
    pub(crate) clock: Clock,
    pub(crate) requests: Requests,
    pub(crate) faults: Faults,
    pub(crate) files: crate::exec::files::AllFiles,
    pub(crate) written: crate::logs::WrittenLogs,
}

impl Cluster {
    /// A cluster with its world in it.
    pub(crate) fn new(options: Options) -> Self {
        let store = Arc::new(Store::new(options.history));
        let names = Names::new(Random::new(options.seed));
        let registry = Registry::without(options.unserved.clone());
        let cluster = Self {
            options,
            store,
            registry,
            tokens: Tokens::demo(),
            policy: PolicyCache::default(),
            names,
            clock: Clock,
            requests: Requests::default(),
            faults: Faults::default(),
            files: crate::exec::files::AllFiles::default(),
            written: crate::logs::WrittenLogs::default(),
        };
        if cluster.options.metrics {
            crate::metrics::kinds().into_iter().for_each(|kind| cluster.registry.aggregate(kind));
        }
        crate::world::populate(&cluster);
        cluster.learn_definitions();
        cluster
    }

    pub(crate) fn writer(&self) -> Writer<'_> {
        Writer { store: &self.store, names: &self.names, clock: &self.clock }
    }

    /// Takes the stored CustomResourceDefinitions into discovery.
    pub(crate) fn learn_definitions(&self) {
        let (_, definitions) = self.store.list(&built_in_kind("apiextensions.k8s.io", "customresourcedefinitions"), "");
        let values: Vec<Value> = definitions.iter().map(|definition| definition.value()).collect();
        for kind in self.registry.set_custom(&values) {
            self.store.drop_kind(&kind);
        }
    }

    /// Answers one request.
    pub(crate) async fn answer(self: &Arc<Self>, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let asked = Attributes::of(&parts.method, parts.uri.path(), &query);
        let headers = parts.headers.clone();
        let open = self.requests.begin(&asked);
        let connection = parts.extensions.get::<ConnectInfo<Connection>>().map(|info| info.0.clone());
        let effect = self.faults.strike(parts.method.as_str(), parts.uri.path(), &asked);
        if let Some(effect) = &effect
            && let Some(response) = effect.instead(&asked, connection.as_ref()).await
        {
            return response;
        }
        let query = match effect {
            Some(Effect::Again(versions)) => query.earlier(versions),
            Some(Effect::Swap) => query.swapping(),
            _ => query,
        };
        let response = match self.handle(parts, body, &query, &asked).await {
            Ok(response) => response,
            Err(failure) => failure.into_response(),
        };
        let response = crate::encoding::encode(response, &headers, &query).await;
        let response = match &effect {
            Some(effect) => effect.spoil(response, connection),
            None => response,
        };
        self.held(response, open)
    }

    async fn handle(self: &Arc<Self>, mut parts: Parts, body: Body, query: &Query, asked: &Attributes) -> Result<Response, Failure> {
        let policy = self.policy.of(&self.store);
        let sender = self.tokens.authenticate(&parts.headers)?;
        let user = impersonate::acting_as(sender, &parts.headers, asked, &policy)?;
        if policy.allows(&user, asked).is_none() {
            return Err(forbidden(&user, asked));
        }
        if let Some(timeout) = query.filled("timeout")
            && !is_duration(timeout)
        {
            return Err(Failure::bad_request(format!("invalid timeout specified in the request URL - time: invalid duration \"{timeout}\"")));
        }
        if !asked.is_resource() {
            return self.path(&parts, query);
        }
        let kind = self.kind(asked)?;
        if matches!(parts.method, Method::HEAD | Method::OPTIONS) {
            return Err(Failure::method_not_allowed());
        }
        if asked.name.is_empty() != collection(&asked.verb, &parts.method, asked) || asked.verb.is_empty() {
            return Err(Failure::method_not_allowed());
        }
        if let Some(sub) = kind.subresource(&asked.subresource)
            && !sub.verbs.contains(&asked.verb)
        {
            return Err(Failure::method_not_allowed());
        }
        match asked.subresource.as_str() {
            "log" => crate::logs::log(self, asked, query, &parts.headers),
            "exec" | "attach" => {
                if policy.allows(&user, &Attributes { verb: "create".to_owned(), ..asked.clone() }).is_none() {
                    // since 1.35 a GET is asked for create as well, and the refusal has no reason: recordings exec/verb-get-only
                    return Err(access::forbidden_because(asked, ""));
                }
                crate::exec::exec(self, asked, query, &mut parts).await
            }
            _ => {
                let body = body::read(&parts, body, &kind).await?;
                let creates = asked.verb == "create" && kind.plural == "namespaces" && query.filled("dryRun").is_none();
                let namespace = creates.then(|| body["metadata"]["name"].as_str().unwrap_or_default().to_owned());
                let response = self.resource(&parts, query, asked, &kind, body, &user).await?;
                self.written(asked, &kind);
                if let Some(namespace) = namespace {
                    crate::world::endow(self, &namespace);
                }
                Ok(response)
            }
        }
    }

    /// get, list, watch and writes.
    async fn resource(
        &self,
        parts: &Parts,
        query: &Query,
        asked: &Attributes,
        kind: &Arc<Kind>,
        body: Value,
        user: &access::User,
    ) -> Result<Response, Failure> {
        let namespace = if kind.namespaced { asked.namespace.as_str() } else { "" };
        if matches!(kind.group.as_str(), "authentication.k8s.io" | "authorization.k8s.io") {
            if asked.verb != "create" {
                return Err(Failure::method_not_allowed());
            }
            let policy = self.policy.of(&self.store);
            let review = reviews::review(kind, namespace, &body, user, &self.tokens, &policy, &self.clock.now_text())?;
            return Ok(answer::json(201, &review));
        }
        let form = form(&parts.headers, query, &asked.verb)?;
        if kind.group == crate::metrics::GROUP {
            return crate::metrics::answer(self, asked, kind, query, form);
        }
        if matches!(form, Form::Table(_)) && !table::knows(kind) {
            return Err(Failure::not_simulated(&format!("{} as a Table", kind.group_resource())));
        }
        let edit = Edit { kind, namespace, name: &asked.name, query, form };
        let writer = self.writer();
        match (asked.verb.as_str(), asked.subresource.as_str()) {
            ("get", "scale") => write::scale(&writer, &edit, &ScaleChange::None),
            ("update", "scale") => write::scale(&writer, &edit, &ScaleChange::Update(body)),
            ("patch", "scale") => write::scale(&writer, &edit, &ScaleChange::Patch(Patch::read(PatchType::of(kind, media_type(parts))?, body)?)),
            ("get", _) => read::get(&self.store, kind, namespace, &asked.name, query, form).await,
            ("list", "") => read::list(&self.store, kind, namespace, query, form).await,
            ("watch", "") => watch::watch(&self.store, kind, namespace, query, form, self.options.bookmark_every),
            ("create", "") => write::create(&writer, &edit, self.admitted(kind, body)),
            ("create", "eviction") => crate::evict::evict(&writer, &edit, &body),
            ("update", subresource) => write::update(&writer, &edit, subresource, body),
            ("patch", subresource) => write::patch(&writer, &edit, subresource, &Patch::read(PatchType::of(kind, media_type(parts))?, body)?),
            ("delete", "") => write::delete(&writer, &edit, &body),
            ("deletecollection", "") if kind.knows("deletecollection") => write::delete_collection(&writer, &edit, &body),
            _ => Err(Failure::method_not_allowed()),
        }
    }

    /// An object that is created, with what admission adds to it.
    fn admitted(&self, kind: &Kind, mut body: Value) -> Value {
        if kind.group.is_empty()
            && kind.plural == "pods"
            && let Some(spec) = body.get_mut("spec").filter(|spec| spec.is_object())
        {
            crate::world::pods::admit(spec, &self.names.suffix());
        }
        body
    }

    /// What follows from a write of this kind.
    fn written(&self, asked: &Attributes, kind: &Kind) {
        let writes = matches!(asked.verb.as_str(), "create" | "update" | "patch" | "delete" | "deletecollection");
        if writes && kind.plural == "customresourcedefinitions" {
            self.learn_definitions();
        }
    }

    /// The kind behind a path, checked against its scope.
    fn kind(&self, asked: &Attributes) -> Result<Arc<Kind>, Failure> {
        let Some(kind) = self.registry.find(&asked.group, &asked.version, &asked.resource) else {
            return Err(self.unknown(asked));
        };
        let in_namespace = !asked.namespace.is_empty() && asked.resource != "namespaces";
        if in_namespace && !kind.namespaced || asked.too_long {
            return Err(Failure::no_such_resource());
        }
        if kind.namespaced && !in_namespace {
            if !asked.name.is_empty() && !matches!(asked.verb.as_str(), "list" | "watch") {
                return Err(Failure::no_such_resource());
            }
            if !matches!(asked.verb.as_str(), "list" | "watch") {
                return Err(Failure::method_not_allowed());
            }
        }
        if !asked.subresource.is_empty() && kind.subresource(&asked.subresource).is_none() {
            if kind.custom {
                return Err(Failure::not_found(&kind, &asked.name));
            }
            let real = SUBRESOURCES_NOT_SIMULATED.contains(&asked.subresource.as_str());
            return Err(if real { Failure::not_simulated(&asked.resource_and_subresource()) } else { Failure::no_such_resource() });
        }
        Ok(kind)
    }

    fn unknown(&self, asked: &Attributes) -> Failure {
        if self.registry.dead().iter().any(|(group, version)| *group == asked.group && *version == asked.version) {
            return Failure::plain(503, "service unavailable\n");
        }
        let served = self.registry.all();
        let group_is_served = asked.group.is_empty() || served.iter().any(|kind| kind.group == asked.group);
        if !group_is_served || GROUPS_NOT_SIMULATED.contains(&asked.group.as_str()) {
            return discovery::unknown_group(&asked.group);
        }
        // groups of custom resources are answered by another handler, which knows no more than its definitions
        if !asked.group.is_empty() && served.iter().all(|kind| kind.group != asked.group || kind.custom) {
            return Failure::page_not_found();
        }
        if RESOURCES_NOT_SIMULATED.contains(&asked.resource.as_str()) {
            return Failure::not_simulated(&asked.resource);
        }
        Failure::no_such_resource()
    }

    /// Paths that are no resources.
    fn path(&self, parts: &Parts, query: &Query) -> Result<Response, Failure> {
        let path = parts.uri.path();
        if parts.method != Method::GET {
            return Err(Failure::method_not_allowed());
        }
        if let Some(document) = discovery::answer(path, &parts.headers, &self.registry) {
            return document;
        }
        match path.trim_end_matches('/') {
            "/version" => Ok(answer::text(200, "application/json", include_str!("data/version.json"))),
            "/healthz" | "/livez" | "/readyz" if query.get("verbose").is_some() => Err(Failure::not_simulated("verbose health checks")),
            "/healthz" | "/livez" | "/readyz" | "/healthz/ping" | "/livez/ping" | "/readyz/ping" => Ok(answer::text(200, "text/plain; charset=utf-8", "ok")),
            "" | "/metrics" => Err(Failure::not_simulated(path)),
            other if other.starts_with("/openapi") => crate::openapi::answer(other, &self.registry),
            other if other.starts_with("/.well-known") => Err(Failure::not_simulated(path)),
            _ => Err(Failure::page_not_found()),
        }
    }

    /// Keeps a request open in the counters until its body has ended, and lets streams be frozen.
    fn held(&self, response: Response, open: Open) -> Response {
        let (parts, body) = response.into_parts();
        if parts.status == http::StatusCode::SWITCHING_PROTOCOLS {
            return Response::from_parts(parts, body);
        }
        if HttpBody::size_hint(&body).exact().is_some() {
            // a body that is whole already keeps its Content-Length
            return Response::from_parts(parts, body);
        }
        let stream = self.faults.freezable(body).into_data_stream().map(move |chunk: Result<Bytes, axum::Error>| {
            let _open = &open;
            chunk
        });
        Response::from_parts(parts, Body::from_stream(stream))
    }
}

/// Whether this verb is one of collections.
fn collection(verb: &str, method: &Method, asked: &Attributes) -> bool {
    let selects_one = !asked.name.is_empty() && matches!(*method, Method::GET | Method::DELETE) && matches!(verb, "list" | "watch" | "deletecollection");
    !selects_one && matches!(verb, "list" | "watch" | "create" | "deletecollection") && asked.subresource.is_empty()
}

/// Go's time.ParseDuration, as far as a yes or no goes.
fn is_duration(text: &str) -> bool {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == 'µ');
    let unit = &text[number.len()..];
    text == "0"
        || (number.chars().any(|c| c.is_ascii_digit())
            && number.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'h' | 'm' | 's'))
            && matches!(unit, "ns" | "us" | "µs" | "ms" | "s" | "m" | "h"))
}

/// The default of `Options::bookmark_every`: the watch cache's defaultBookmarkFrequency.
pub(crate) const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
