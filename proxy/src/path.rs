//! Paths of the Kubernetes API, from checked parts.

pub(crate) mod api;

use krateyard_shared::identity::Resource;
use krateyard_shared::refusal::Refusal;

/// The longest name of an object (apimachinery, `DNS1123SubdomainMaxLength`).
const MAX_NAME: usize = 253;

/// The longest that is taken as the name of an object: the cluster sets no limit for names that are path segments.
const MAX_SEGMENT: usize = 1024;

/// Checks the name of an object. Most are DNS names; those of RBAC's objects may be whatever fits between two slashes (apimachinery, `IsValidPathSegmentName`). It
/// goes into a path by [`object`] alone, which encodes it.
///
/// # Errors
/// `BadRequest`.
pub(crate) fn name(text: &str) -> Result<&str, Refusal> {
    let problem = match text {
        "" => "is missing",
        "." | ".." => "may not be '.' or '..'",
        _ if text.len() > MAX_SEGMENT => "is longer than 1024",
        _ if text.contains(['/', '%']) => "may not hold '/' or '%'",
        _ => return Ok(text),
    };
    Err(Refusal::BadRequest { field: "name".into(), problem: problem.into() })
}

/// Checks one part of a path: a namespace, a plural, a container, the name of a pod.
///
/// # Errors
/// `BadRequest` with the field.
pub(crate) fn part<'a>(field: &str, text: &'a str) -> Result<&'a str, Refusal> {
    let problem = if text.is_empty() {
        "is missing"
    } else if text.len() > MAX_NAME {
        "is longer than 253"
    } else if text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b)) && text != "." && text != ".." {
        return Ok(text);
    } else {
        "may hold letters, digits, '-', '.', '_' and ':' alone"
    };
    Err(Refusal::BadRequest { field: field.into(), problem: problem.into() })
}

/// The path of a collection: `/api/v1/namespaces/web/pods`.
pub(crate) fn collection(resource: &Resource, namespace: Option<&str>) -> String {
    let root = if resource.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", resource.group) };
    let within = namespace.map(|namespace| format!("/namespaces/{namespace}")).unwrap_or_default();
    format!("{root}/{}{within}/{}", resource.version, resource.plural)
}

/// The path of one object.
pub(crate) fn object(resource: &Resource, namespace: Option<&str>, name: &str) -> String {
    format!("{}/{}", collection(resource, namespace), query(name))
}

/// The selector of one object by its name, to stand in a query. What divides selectors is escaped first (apimachinery, `fields.EscapeValue`).
pub(crate) fn name_selector(name: &str) -> String {
    let escaped = name.replace('\\', "\\\\").replace(',', "\\,").replace('=', "\\=");
    query(&format!("metadata.name={escaped}"))
}

/// Checks every part of a resource and where its object is.
///
/// # Errors
/// `BadRequest` with the field.
pub(crate) fn check(resource: &Resource, namespace: Option<&str>, name: Option<&str>) -> Result<(), Refusal> {
    if !resource.group.is_empty() {
        part("group", &resource.group)?;
    }
    part("version", &resource.version)?;
    part("resource", &resource.plural)?;
    namespace.map(|namespace| part("namespace", namespace)).transpose()?;
    name.map(self::name).transpose()?;
    Ok(())
}

/// One value of a query, or one segment of a path, so that it stays one.
pub(crate) fn query(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_cannot_leave_its_place() {
        for good in ["web", "system:node", "a.b-c_d"] {
            assert!(part("name", good).is_ok());
        }
        for bad in ["", ".", "..", "a/b", "a%2fb", "a?b", "a#b", "a b", "a\r\nb", "ä", &"a".repeat(254)] {
            assert!(matches!(part("name", bad), Err(Refusal::BadRequest { .. })), "{bad}");
        }
    }

    #[test]
    fn a_name_is_whatever_fits_between_two_slashes_and_stays_one_segment() {
        let roles = Resource { group: "rbac.authorization.k8s.io".into(), version: "v1".into(), plural: "clusterroles".into() };
        for good in ["web", "system:node", "odd: name & <b>\"q\" \u{1F980} é #?+=~", "a\\b", "a\r\nb", "...", &"a".repeat(1024)] {
            assert!(name(good).is_ok(), "{good}");
            let path = object(&roles, None, good);
            let segment = path.strip_prefix("/apis/rbac.authorization.k8s.io/v1/clusterroles/").unwrap();
            assert!(segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)), "{segment}");
        }
        for bad in ["", ".", "..", "a/b", "a%2fb", "../secrets", &"a".repeat(1025)] {
            assert!(matches!(name(bad), Err(Refusal::BadRequest { .. })), "{bad}");
        }
        assert_eq!(name_selector("a,b=c\\d"), query("metadata.name=a\\,b\\=c\\\\d"));
    }

    #[test]
    fn groups_and_namespaces_have_their_places() {
        let resource = |group: &str, plural: &str| Resource { group: group.into(), version: "v1".into(), plural: plural.into() };
        assert_eq!(collection(&resource("", "pods"), Some("web")), "/api/v1/namespaces/web/pods");
        assert_eq!(collection(&resource("apps", "deployments"), None), "/apis/apps/v1/deployments");
        assert_eq!(query("2026-11-21T00:00:00+01:00&x=1"), "2026-11-21T00%3A00%3A00%2B01%3A00%26x%3D1");
    }
}
