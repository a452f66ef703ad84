//! What the tabs of one browser tell each other, so that they converge and none loses an edit.

use krateyard_shared::sync::lib0::{Reader, put_bytes};
use krateyard_shared::sync::room::Room;

use super::core::Core;
use super::document::DocumentError;
use super::handle::Yard;
use super::origin::Origin;

/// One message, to all other tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// "Which rooms are there?"
    Rooms,
    /// "This is what I know of a room: what else is there?", with a state vector.
    Ask(Room, Vec<u8>),
    /// An update of a room.
    Update(Room, Vec<u8>),
}

impl Message {
    /// The first byte says which; 0 and 1 were said when a Yard was one document.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, room, body): (u8, Option<&Room>, &[u8]) = match self {
            Message::Rooms => (2, None, &[]),
            Message::Ask(room, body) => (3, Some(room), body),
            Message::Update(room, body) => (4, Some(room), body),
        };
        let mut bytes = vec![kind];
        if let Some(room) = room {
            put_bytes(&mut bytes, room.to_string().as_bytes());
        }
        bytes.extend_from_slice(body);
        bytes
    }

    /// `None` for what another version might say.
    pub fn decode(bytes: &[u8]) -> Option<Message> {
        let mut reader = Reader::new(bytes);
        match reader.byte().ok()? {
            2 => Some(Message::Rooms),
            kind @ 3..=4 => {
                let room = reader.text().ok()?.parse().ok()?;
                let body = reader.rest().to_vec();
                Some(if kind == 3 { Message::Ask(room, body) } else { Message::Update(room, body) })
            }
            _ => None,
        }
    }
}

/// What a tab says when it comes.
pub fn greet(yard: Yard) -> Vec<Message> {
    [Message::Rooms].into_iter().chain(yard.try_with_core(ask_all).unwrap_or_default()).collect()
}

/// What a tab answers: to a question what the asker lacks, and a question in turn if the asker knows more; to an update a question if something is missing
/// before it.
pub fn answer(yard: Yard, message: &Message) -> Result<Vec<Message>, DocumentError> {
    match message {
        Message::Rooms => Ok(yard.try_with_core(ask_all).unwrap_or_default()),
        Message::Ask(room, theirs) => yard
            .try_with_core(|core| {
                let mut answers = Vec::new();
                if core.has_news_for(room, theirs)? {
                    answers.push(Message::Update(room.clone(), core.missing_for(room, theirs)?));
                }
                if !core.is_closed(room) && core.lacks_something_of(room, theirs)? {
                    answers.push(ask(core, room));
                }
                Ok(answers)
            })
            .unwrap_or(Ok(Vec::new())),
        Message::Update(room, update) => {
            yard.receive(room, Origin::Remote, update)?;
            Ok(yard.try_with_core(|core| core.is_incomplete(room).then(|| ask(core, room))).flatten().into_iter().collect())
        }
    }
}

fn ask(core: &Core, room: &Room) -> Message {
    Message::Ask(room.clone(), core.state_vector(room))
}

fn ask_all(core: &Core) -> Vec<Message> {
    core.rooms().map(|room| ask(core, room)).collect()
}
