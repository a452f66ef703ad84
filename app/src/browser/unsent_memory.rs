//! How many edits of a Yard were not sent, for each person and cluster: told after a reload, and asked about before they are lost.

use std::cell::RefCell;
use std::rc::Rc;

use krateyard_shared::api::ClusterInfo;
use krateyard_shared::identity::ClusterName;

use super::preferences::{recall_of, remember_of};
use crate::yard::sync::unsent::Unsent;

const UNSENT: &str = "unsent";

/// Of one Yard, as far as this tab knows of it.
#[derive(Clone)]
pub struct UnsentMemory {
    user: Rc<str>,
    cluster: ClusterName,
    /// What this tab said last.
    said: Rc<RefCell<Unsent>>,
}

impl UnsentMemory {
    /// Of this person's Yard.
    pub fn new(user: &str, cluster: &ClusterName) -> UnsentMemory {
        UnsentMemory { user: user.into(), cluster: cluster.clone(), said: Rc::default() }
    }

    /// What was left: from now on this tab's to count.
    pub fn recall(&self) -> Unsent {
        let left = self.stored();
        *self.said.borrow_mut() = left.clone();
        left
    }

    /// So much is not sent now.
    pub fn keep(&self, now: Unsent) {
        let before = std::mem::replace(&mut *self.said.borrow_mut(), now.clone());
        remember_of(UNSENT, &self.user, &self.cluster, &self.stored().moved(&before, &now));
    }

    fn stored(&self) -> Unsent {
        recall_of(UNSENT, &self.user, &self.cluster).unwrap_or_default()
    }
}

/// How many edits of this person's Yards were not sent: of whichever cluster, in whichever tab.
pub fn unsent_changes(user: &str, clusters: &[ClusterInfo]) -> u32 {
    clusters.iter().filter_map(|cluster| recall_of::<Unsent>(UNSENT, user, &cluster.name)).map(|unsent| unsent.changes()).sum()
}
