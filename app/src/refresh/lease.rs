//! What a part of the screen needs. A lease is a wish, not a stream: the plan decides what serves it.

use krateyard_shared::domain::Domain;
use krateyard_shared::kinds::Kind;
use krateyard_shared::scope::Scope;

/// A lease's number, unique within one workspace.
pub type LeaseId = u32;

/// The kinds that a lease names: a whole domain, or only some of it. Each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kinds(Vec<Kind>);

/// What a part of the screen needs, within one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Kinds; one for an object.
    pub kinds: Kinds,
    /// Which objects of them.
    pub scopes: Scopes,
}

/// What of its kinds a lease needs: one scope as a rule; several that do not overlap, such as namespaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }
}

impl From<Scope> for Scopes {
    fn from(scope: Scope) -> Scopes {
        Scopes(vec![scope])
    }
}

impl From<Vec<Scope>> for Scopes {
    fn from(scopes: Vec<Scope>) -> Scopes {
        Scopes(scopes)
    }
}

impl Kinds {
    /// The kinds, each once.
    pub fn iter(&self) -> impl Iterator<Item = Kind> + '_ {
        self.0.iter().copied()
    }
}

impl From<&[Kind]> for Kinds {
    fn from(kinds: &[Kind]) -> Kinds {
        let mut once = Vec::with_capacity(kinds.len());
        for kind in kinds {
            if !once.contains(kind) {
                once.push(*kind);
            }
        }
        Kinds(once)
    }
}

impl<const N: usize> From<&[Kind; N]> for Kinds {
    fn from(kinds: &[Kind; N]) -> Kinds {
        Kinds::from(kinds.as_slice())
    }
}

impl From<Kind> for Kinds {
    fn from(kind: Kind) -> Kinds {
        Kinds(vec![kind])
    }
}

impl From<Domain> for Kinds {
    fn from(domain: Domain) -> Kinds {
        Kinds::from(domain.entry().kinds)
    }
}
