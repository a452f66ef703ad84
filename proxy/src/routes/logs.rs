//! `/ws/logs`: logs of containers (`krateyard_shared::logs`).

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message};
use axum::extract::{Query, Request, State};
use axum::response::Response;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::logs::{INITIAL_CREDIT, LogBegin, LogClientFrame, LogControl, LogCredit, LogFrame, LogQuery, MAX_CLIENT_FRAME};
use krateyard_shared::refusal::Refusal;
use tokio::sync::oneshot;

use crate::app::Shared;
use crate::pipe::{self, Credit};
use crate::socket::{self, Guest, Inbound, Opening};

pub(crate) async fn get(State(app): State<Shared>, request: Request) -> Response {
    let query = Query::<LogQuery>::try_from_uri(request.uri());
    let mut opening = match Opening::of(State(app.clone()), request).await {
        Ok(opening) => opening,
        Err(response) => return response,
    };
    let query = query.map(|query| query.0).map_err(|error| Refusal::BadRequest { field: "query".into(), problem: error.body_text() });
    let resume = query.as_ref().is_ok_and(|query| query.resume);
    let log = opening.prepare(async |guest| open(&app, guest, query?).await).await;
    opening.open(MAX_CLIENT_FRAME, refused, async move |line| {
        if let Some(log) = log {
            let credit = Arc::new(Credit::new(INITIAL_CREDIT));
            let (begin, begun) = oneshot::channel();
            line.run(Reader { credit: credit.clone(), begin: resume.then_some(begin) }, log.frames(credit, begun)).await;
        }
    })
}

async fn open(app: &Shared, guest: &Guest, query: LogQuery) -> Result<pipe::logs::Log, Refusal> {
    let cluster = &app.cluster(&ClusterName(query.cluster.clone()))?;
    pipe::logs::open(cluster, &guest.session, &app.follows, query).await
}

fn refused(refusal: &Refusal) -> Option<Message> {
    Some(pipe::logs::text(&LogFrame::Control(LogControl::Refused { refusal: refusal.clone() })))
}

struct Reader {
    credit: Arc<Credit>,
    /// Until the page has said where it begins.
    begin: Option<oneshot::Sender<LogBegin>>,
}

impl Inbound for Reader {
    async fn take(&mut self, message: Message) -> Result<(), CloseFrame> {
        let Message::Text(text) = message else { return Err(socket::bad_frame("is not text")) };
        match serde_json::from_str(&text).map_err(|_| socket::bad_frame("is neither credit nor a beginning"))? {
            LogClientFrame::Credit(LogCredit { credit }) => self.credit.grant(credit),
            LogClientFrame::Begin { begin } => match self.begin.take() {
                // Nobody listens where the window is refused at this moment.
                Some(sender) => drop(sender.send(begin)),
                None => return Err(socket::bad_frame("begins anew")),
            },
        }
        Ok(())
    }
}
