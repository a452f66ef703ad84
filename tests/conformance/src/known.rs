//! Differences that are known, each with its reason. One that no longer differs fails the test, so that this list stays true.

/// A difference that is known.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Names of answers, `case/name`; a `*` at the end stands for any rest.
    pub answers: &'static [&'static str],
    /// JSON pointers into the answer, `*` for one step; what is under them may differ. An empty one is the whole answer.
    pub at: &'static [&'static str],
    /// How it differs there.
    pub how: How,
    /// Why kubesim does not do as the real one does.
    pub why: &'static str,
}

/// How two answers may differ in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// In any way.
    Anyhow,
    /// kubesim has nothing there.
    Missing,
}

impl Known {
    /// Whether it speaks of this answer.
    pub fn is_about(&self, answer: &str) -> bool {
        self.answers.iter().any(|name| match name.strip_suffix('*') {
            Some(prefix) => answer.starts_with(prefix),
            None => *name == answer,
        })
    }
}

/// The list.
pub const KNOWN: &[Known] = &[
    Known {
        answers: &["discovery/core", "discovery/network", "discovery/groups", "discovery/aggregated *"],
        at: &[
            "/body/resources/*",
            "/body/groups/*",
            "/body/groups/autoscaling/versions/*",
            "/body/items/*",
            "/body/items/*/versions/*",
            "/body/items/*/versions/*/resources/*",
            "/body/items/*/versions/*/resources/*/subresources",
            "/body/items/*/versions/*/resources/*/subresources/*",
        ],
        how: How::Missing,
        why: "kubesim serves a part of Kubernetes: what is missing it refuses with 501, and does not discover",
    },
    Known {
        answers: &["discovery/groups", "discovery/aggregated groups"],
        at: &["/body/groups/data.example.com", "/body/items/data.example.com"],
        how: How::Anyhow,
        why: "kubesim's world has custom resources of its own",
    },
    Known {
        answers: &["discovery/aggregated *"],
        at: &["/headers/etag"],
        how: How::Anyhow,
        why: "the tag is a digest of the document, which has fewer groups and resources",
    },
];
