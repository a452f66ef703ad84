use std::collections::BTreeMap;

use krateyard_shared::refusal::Refusal;
use serde::Deserialize;
use serde_json::json;

use super::User;
use crate::clusters::Cluster;
use crate::config::Secret;
use crate::refuse::{Actor, Asked};

/// A bearer token may be some kilobytes (a JWT with many groups), not more.
const MAX_TOKEN: usize = 16 * 1024;

#[derive(Deserialize)]
struct Review {
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    authenticated: bool,
    #[serde(default)]
    user: UserInfo,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct UserInfo {
    username: String,
    uid: String,
    groups: Vec<String>,
    extra: BTreeMap<String, Vec<String>>,
}

/// Asks the cluster who a token is.
///
/// # Errors
/// `Unauthenticated` when it is nobody; `ProxyForbidden` and `UpstreamDown` when the cluster does not say.
pub(super) async fn review(cluster: &Cluster, token: &Secret) -> Result<User, Refusal> {
    if token.reveal().is_empty() || token.reveal().len() > MAX_TOKEN {
        return Err(Refusal::Unauthenticated);
    }
    let asked = Asked { actor: Actor::Proxy, verb: "create", resource: "tokenreviews.authentication.k8s.io".into(), namespace: None, name: "" };
    let question = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token.reveal()}});
    let review: Review = cluster.review("/apis/authentication.k8s.io/v1/tokenreviews", &question, &asked).await?;
    // A bad token has neither `authenticated` nor a user name (recordings, surprise 57).
    if !review.status.authenticated || review.status.user.username.is_empty() {
        return Err(Refusal::Unauthenticated);
    }
    let UserInfo { username, uid, groups, extra } = review.status.user;
    Ok(User { name: username, uid, groups, extra })
}

/// The expiry that a token names in itself (`exp` of a JWT), in seconds since 1970. The cluster has checked its signature.
pub(super) fn expiry(token: &Secret) -> Option<i64> {
    use base64::Engine;
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let mut parts = token.reveal().split('.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice::<Claims>(&claims).ok().map(|claims| claims.exp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jwt_says_when_it_ends_and_other_tokens_do_not() {
        // {"exp":1795269931}
        assert_eq!(expiry(&Secret::new("e30.eyJleHAiOjE3OTUyNjk5MzF9.c2ln")), Some(1_795_269_931));
        for token in ["demo-admin", "a.b.c", "e30.e30.x", ""] {
            assert_eq!(expiry(&Secret::new(token)), None, "{token}");
        }
    }
}
