//! The shells that run, by their ids.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use krateyard_shared::refusal::Refusal;
use tokio::sync::mpsc;

use super::held::{Held, Place};
use crate::authenticate;

/// Frames typed or pasted that wait for the cluster: at most 1 MiB.
const INPUTS: usize = 16;

/// All shells of this proxy.
#[derive(Default)]
pub(crate) struct Shells(Mutex<HashMap<String, Arc<Held>>>);

impl Shells {
    /// One more, of which nobody could guess the id.
    ///
    /// # Errors
    /// `Limit` for who has too many.
    pub(crate) fn begin(&self, place: Place, most: usize) -> Result<(Arc<Held>, mpsc::Receiver<Bytes>), Refusal> {
        let id: [u8; 16] = authenticate::random()?;
        let mut shells = self.0.lock().expect("no panic while it is held");
        if shells.values().filter(|held| held.place.user == place.user).count() >= most {
            return Err(Refusal::Limit { which: "running shells".into(), retry_after_secs: 10 });
        }
        let (held, inputs) = Held::new(URL_SAFE_NO_PAD.encode(id), place, INPUTS);
        let held = Arc::new(held);
        shells.insert(held.id.clone(), held.clone());
        Ok((held, inputs))
    }

    /// The one of an id, for its own person and place.
    ///
    /// # Errors
    /// `Gone` where there is none: it ended, or another proxy has it.
    pub(crate) fn find(&self, id: &str, place: &Place) -> Result<Arc<Held>, Refusal> {
        let shells = self.0.lock().expect("no panic while it is held");
        shells.get(id).filter(|held| held.place == *place).cloned().ok_or_else(|| Refusal::Gone { what: "the shell that ran here".into() })
    }

    /// It is over, and nobody needs to hear of it any more.
    pub(crate) fn forget(&self, held: &Held) {
        self.0.lock().expect("no panic while it is held").remove(&held.id);
    }
}
