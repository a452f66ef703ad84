//! One person's copy of a room's document.

use krateyard_shared::sync::frame::Frame;
use krateyard_shared::sync::gate;
use yrs::block::ClientID;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Doc, Map, OffsetKind, Options, ReadTxn, StateVector, Transact, Update, WriteTxn};

use crate::Failed;

/// The root that everything is written into.
const ROOT: &str = "k";

pub(crate) struct Copy(Doc);

/// The number of a person's copy; that of no other run.
pub(crate) fn client_of(person: usize) -> u64 {
    (u64::from(std::process::id()) << 20) + person as u64 + 1
}

impl Copy {
    pub(crate) fn new(person: usize) -> Copy {
        Copy(Doc::with_options(Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(ClientID::new(client_of(person))) }))
    }

    /// Writes values under keys, and gives the update.
    pub(crate) fn write(&self, entries: impl IntoIterator<Item = (String, String)>) -> Vec<u8> {
        let mut txn = self.0.transact_mut();
        let map = txn.get_or_insert_map(ROOT);
        for (key, value) in entries {
            map.insert(&mut txn, key, value);
        }
        txn.encode_update_v1()
    }

    pub(crate) fn len(&self) -> usize {
        let mut txn = self.0.transact_mut();
        let map = txn.get_or_insert_map(ROOT);
        map.len(&txn) as usize
    }

    pub(crate) fn ask(&self) -> Vec<u8> {
        self.0.transact().state_vector().encode_v1()
    }

    /// Takes in what a frame brings, and gives what is to be said to it.
    pub(crate) fn hear(&self, frame: &[u8]) -> Result<Option<Vec<u8>>, Failed> {
        match Frame::read(frame) {
            Ok(Frame::Step1(vector)) => {
                let missing = self.0.transact().encode_state_as_update_v1(&StateVector::decode_v1(vector)?);
                Ok(Some(Frame::Step2(&missing).encode()))
            }
            Ok(Frame::Step2(update) | Frame::Update(update)) => {
                let known = self.0.transact().state_vector();
                // Something came before the answer that it builds on: asked for again.
                if gate::update_onto(update, |client| known.get(&ClientID::new(client)).into())?.gap {
                    return Ok(Some(Frame::Step1(&self.ask()).encode()));
                }
                self.0.transact_mut().apply_update(Update::decode_v1(update)?)?;
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}
