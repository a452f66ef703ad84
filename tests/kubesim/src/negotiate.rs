//! The `Accept` header: which form of an answer is wanted, and which are not simulated.

use http::{HeaderMap, header};

use crate::failure::Failure;
use crate::query::Query;
use crate::table::Include;

/// One media type of an `Accept` header.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    media_type: String,
    parameters: Vec<(String, String)>,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The object or list itself.
    Full,
    /// `PartialObjectMetadata`, or a list of them.
    Partial,
    /// `PartialObjectMetadataList`, asked for by name.
    PartialList,
    /// `Table`: what `kubectl get` prints.
    Table(Include),
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    Yaml,
}

impl Accepted {
    fn is_yaml(&self) -> bool {
        self.media_type == "application/yaml"
    }

    /// How much it is wanted, in thousandths.
    fn weight(&self) -> u32 {
        let weight = self.parameter("q").and_then(|text| text.parse::<f32>().ok()).unwrap_or(1.0);
        (weight.clamp(0.0, 1.0) * 1000.0).round() as u32
    }

    pub(crate) fn is_json(&self) -> bool {
        // `application/*` is none that the server's router knows
        matches!(self.media_type.as_str(), "application/json" | "*/*")
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The media types of `Accept`: by weight, and in their order where that is equal.
pub(crate) fn accepts(headers: &HeaderMap) -> Vec<Accepted> {
    let given: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let text = if given.is_empty() { "*/*".to_owned() } else { given.join(",") };
    let one = |part: &str| {
        let mut pieces = part.split(';').map(str::trim);
        let media_type = pieces.next().unwrap_or_default().to_owned();
        let parameters = pieces.filter_map(|piece| piece.split_once('=')).map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())).collect();
        Accepted { media_type, parameters }
    };
    let mut all: Vec<Accepted> = text.split(',').map(one).collect();
    all.sort_by_key(|wanted| std::cmp::Reverse(wanted.weight()));
    all
}

/// How the answer is to be written: JSON, unless YAML is wanted more.
pub(crate) fn encoding(headers: &HeaderMap) -> Encoding {
    let wants = accepts(headers);
    match wants.iter().find(|wanted| wanted.is_json() || wanted.is_yaml()) {
        Some(wanted) if wanted.is_yaml() => Encoding::Yaml,
        _ => Encoding::Json,
    }
}

/// The form in which objects of a resource are answered.
///
/// # Errors
/// 406 in the server's two texts, 400 for an includeObject that cannot be, and 501 for forms that a real server has and this one does not.
pub(crate) fn form(headers: &HeaderMap, query: &Query, verb: &str) -> Result<Form, Failure> {
    let wants = accepts(headers);
    // a stream of YAML is none that the server has
    for wanted in wants.iter().filter(|wanted| wanted.is_json() || (wanted.is_yaml() && verb != "watch")) {
        match (wanted.parameter("as"), wanted.parameter("v")) {
            (None, _) => return Ok(Form::Full),
            (Some("PartialObjectMetadata"), Some("v1")) => return Ok(Form::Partial),
            (Some("PartialObjectMetadataList"), Some("v1")) => return Ok(Form::PartialList),
            (Some("Table"), Some("v1")) => return Include::parse(query).map(Form::Table),
            _ => {}
        }
    }
    Err(not_acceptable(&wants, matches!(verb, "list" | "watch")))
}

/// The refusal of an `Accept` header without a usable media type; collections can be answered as streams, too.
pub(crate) fn not_acceptable(wants: &[Accepted], streams: bool) -> Failure {
    let real = |wanted: &Accepted| {
        matches!(wanted.media_type.as_str(), "application/yaml" | "application/vnd.kubernetes.protobuf")
            || (wanted.is_json() && wanted.parameter("as") == Some("Table") && wanted.parameter("v") == Some("v1beta1"))
    };
    if let Some(wanted) = wants.iter().find(|wanted| real(wanted)) {
        let what = wanted.parameter("as").unwrap_or(&wanted.media_type);
        return Failure::not_simulated(&format!("answers as {what}"));
    }
    let known = |wanted: &Accepted| wanted.is_json();
    if wants.iter().any(known) {
        return only_media_types();
    }
    let streams = if streams { ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch" } else { "" };
    let message = format!("406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf{streams}");
    Failure::new(406, Some("NotAcceptable"), message).details(serde_json::json!({}))
}

/// The other text of a 406.
pub(crate) fn only_media_types() -> Failure {
    let message = "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf";
    Failure::new(406, Some("NotAcceptable"), message)
}
