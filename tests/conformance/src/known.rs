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
    /// The place in its list of the name that means this answer.
    pub fn about(&self, answer: &str) -> Option<usize> {
        self.answers.iter().position(|name| match name.strip_suffix('*') {
            Some(prefix) => answer.starts_with(prefix),
            None => *name == answer,
        })
    }
}

/// Any difference of these answers, for this reason.
const fn whole(answers: &'static [&'static str], why: &'static str) -> Known {
    at(answers, &[""], why)
}

/// Any difference of these answers in these places, for this reason.
const fn at(answers: &'static [&'static str], at: &'static [&'static str], why: &'static str) -> Known {
    Known { answers, at, how: How::Anyhow, why }
}

/// The list.
pub const KNOWN: &[Known] = &[
    Known {
        answers: &["discovery/core", "discovery/groups", "discovery/aggregated *"],
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
    at(
        &["discovery/groups", "discovery/aggregated groups"],
        &["/body/groups/data.example.com", "/body/items/data.example.com"],
        "kubesim's world has custom resources of its own",
    ),
    at(&["discovery/aggregated *"], &["/headers/etag"], "the tag is a digest of the document, which has fewer groups and resources"),
    whole(&["forms/yaml that is written"], "kubesim does not read YAML: it says so with 501"),
    at(
        &["validation/by default", "validation/warn", "validation/ignore", "validation/dry run twice", "validation/duplicate", "merge-patch/unknown field"],
        &["/body/daat", "/body/metadata/color", "/body/metadata/resourceVersion", "/headers/warning"],
        "kubesim has no schemas: it keeps fields that a kind does not have, and takes the last of two, without a warning",
    ),
    whole(&["validation/strict", "validation/duplicate, strict", "merge-patch/unknown field, strict"], "kubesim has no schemas: to be strict changes nothing"),
    at(
        &["merge-patch/wrong type", "json-patch/wrong type", "scale/wrong type"],
        &["/body/message", "/body/details/causes/0/message"],
        "the message holds the whole object, in the order of Go's fields and with its managedFields",
    ),
    at(
        &["scale/its version", "scale/patch, dry", "scale/patch without a change"],
        &["/body/metadata/resourceVersion"],
        "a real server notes in managedFields who scaled, which is a change; kubesim keeps none",
    ),
    at(&["pod/watched"], &["/events"], "the kubelet reports step by step how a pod ends; in kubesim it is gone at once when its grace is over"),
    at(&["reviews/of a node"], &["/body/status/reason"], "kubesim has no Node authorizer, which alone gives a reason for its no"),
    at(
        &["reviews/rules", "reviews/rules elsewhere"],
        &["/body/status/nonResourceRules"],
        "kubesim's ClusterRoleBindings are those of the distribution that was recorded: everybody may read the issuer's documents there",
    ),
    at(
        &["exec/terminal that is resized, *"],
        &["/stdout"],
        "the shell on a node is that of its image: Debian's busybox greets, and asks the terminal where its cursor is",
    ),
];
