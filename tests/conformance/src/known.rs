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
    at(
        &["discovery/groups", "discovery/aggregated groups"],
        &["/body/groups/data.example.com", "/body/items/data.example.com"],
        "kubesim's world has custom resources of its own",
    ),
    at(&["discovery/aggregated *"], &["/headers/etag"], "the tag is a digest of the document, which has fewer groups and resources"),
    whole(
        &[
            "validation/by default",
            "validation/warn",
            "validation/ignore",
            "validation/strict",
            "validation/dry run twice",
            "validation/duplicate*",
            "validation/unknown",
        ],
        "kubesim has no schemas: fields that a kind does not know are kept, without a warning",
    ),
    whole(
        &[
            "create/array",
            "create/empty",
            "create/no JSON",
            "create/long name",
            "create/key that is none",
            "create/label that is none",
            "create/wrong type",
            "create/secret that is no base64",
            "create/unknown content type",
            "create/no content type",
            "create/secret",
            "create/what came of it",
            "fields/type of a secret",
            "update/of what is immutable",
            "update/with a finalizer that is none",
            "update/with a version that is none",
            "reviews/no body",
        ],
        "kubesim validates little of what is written",
    ),
    whole(&["forms/yaml*"], "kubesim neither reads nor writes YAML: it says so with 501"),
    whole(&["merge-patch/*", "json-patch/*", "strategic-patch/*", "scale/*"], "kubesim does not simulate these patches yet"),
    whole(
        &[
            "delete/both ways of orphans",
            "delete/in the background",
            "delete/negative grace",
            "delete/no JSON",
            "delete/other kind of options",
            "finalizers/*",
            "collection/limited",
            "collection/what is left",
        ],
        "kubesim does not check options of deletes yet",
    ),
    at(&["reviews/of a node"], &["/body/status/reason"], "kubesim has no Node authorizer, which alone gives a reason for its no"),
    at(
        &["reviews/rules", "reviews/rules elsewhere"],
        &["/body/status/nonResourceRules"],
        "kubesim's ClusterRoleBindings are those of the distribution that was recorded: everybody may read the issuer's documents there",
    ),
    whole(&["pod/*"], "kubesim does not complete pods as admission does yet"),
    at(
        &["exec/terminal that is resized, *"],
        &["/stdout"],
        "the shell on a node is that of its image: Debian's busybox greets, and asks the terminal where its cursor is",
    ),
    at(&["exec/terminal, v4", "exec/terminal with stderr, v4"], &["/stdout"], "under v4 a node loses the output of a terminal without stdin"),
];
