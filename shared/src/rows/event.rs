use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::objects::EventObject;
use crate::time::{self, Seconds};

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventFacts {
    /// `Normal` or `Warning`.
    #[n(0)]
    #[serde(rename = "type")]
    pub kind: String,
    /// Such as `BackOff`.
    #[n(1)]
    pub reason: String,
    /// The sentence.
    #[n(2)]
    pub message: String,
    /// How often.
    #[n(3)]
    pub count: u32,
    /// First seen; 0 where unknown.
    #[n(4)]
    pub first: Seconds,
    /// Last seen; 0 where unknown.
    #[n(5)]
    pub last: Seconds,
    /// Kind of the object it is about.
    #[n(6)]
    pub about_kind: String,
    /// Name of that object.
    #[n(7)]
    pub about_name: String,
    /// Uid of that object.
    #[n(8)]
    pub about_uid: String,
    /// Who said it, such as `kubelet`.
    #[n(9)]
    pub source: String,
}

pub(super) fn facts(event: EventObject) -> EventFacts {
    // A series and the scheduler's events leave firstTimestamp and lastTimestamp null and have only eventTime (recordings, surprise 26).
    let at = |text: &Option<String>| text.as_deref().and_then(time::seconds);
    let event_time = at(&event.event_time);
    let first = at(&event.first_timestamp).or(event_time).unwrap_or(0);
    let last = event.series.as_ref().and_then(|s| time::seconds(&s.last_observed_time)).or(at(&event.last_timestamp)).or(event_time).unwrap_or(first);
    EventFacts {
        kind: event.kind,
        reason: event.reason,
        message: event.message,
        count: event.series.map_or(event.count, |s| s.count).max(1),
        first,
        last,
        about_kind: event.involved_object.kind,
        about_name: event.involved_object.name,
        about_uid: event.involved_object.uid,
        source: if event.source.component.is_empty() { event.reporting_component } else { event.source.component },
    }
}
