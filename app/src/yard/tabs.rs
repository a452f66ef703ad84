//! What the tabs of one browser tell each other, so that they converge and none loses an edit.

use super::document::DocumentError;
use super::handle::Yard;
use super::origin::Origin;

/// One message, to all other tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// "This is what I know: what else is there?", with a state vector.
    Ask(Vec<u8>),
    /// An update.
    Update(Vec<u8>),
}

impl Message {
    /// The first byte says which.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, body) = match self {
            Message::Ask(body) => (0, body),
            Message::Update(body) => (1, body),
        };
        [&[kind], &body[..]].concat()
    }

    /// `None` for what another version might say.
    pub fn decode(bytes: &[u8]) -> Option<Message> {
        match bytes.split_first()? {
            (0, body) => Some(Message::Ask(body.to_vec())),
            (1, body) => Some(Message::Update(body.to_vec())),
            _ => None,
        }
    }
}

/// What a tab says when it comes.
pub fn greet(yard: Yard) -> Option<Message> {
    yard.try_with_core(|core| Message::Ask(core.state_vector()))
}

/// What a tab answers: to a question what the asker lacks, and a question in turn if the asker knows more; to an update a question if something is missing
/// before it.
pub fn answer(yard: Yard, message: &Message) -> Result<Vec<Message>, DocumentError> {
    match message {
        Message::Ask(theirs) => yard
            .try_with_core(|core| {
                let mut answers = Vec::new();
                if core.has_news_for(theirs)? {
                    answers.push(Message::Update(core.missing_for(theirs)?));
                }
                if core.lacks_something_of(theirs)? {
                    answers.push(Message::Ask(core.state_vector()));
                }
                Ok(answers)
            })
            .unwrap_or(Ok(Vec::new())),
        Message::Update(update) => {
            yard.receive(Origin::Remote, update)?;
            Ok(yard.try_with_core(|core| core.is_incomplete().then(|| Message::Ask(core.state_vector()))).flatten().into_iter().collect())
        }
    }
}
