//! `/ws/logs`: a container's log (`krateyard_shared::logs`).

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message};
use axum::extract::{Query, Request, State};
use axum::response::Response;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::logs::{INITIAL_CREDIT, LogControl, LogCredit, LogFrame, LogQuery, MAX_CLIENT_FRAME};
use krateyard_shared::refusal::Refusal;

use crate::app::Shared;
use crate::authorize::{self, ReadLogs};
use crate::path;
use crate::pipe::{self, Credit};
use crate::socket::{self, Guest, Inbound, Opening};

pub(crate) async fn get(State(app): State<Shared>, request: Request) -> Response {
    let query = Query::<LogQuery>::try_from_uri(request.uri());
    let mut opening = match Opening::of(State(app.clone()), request).await {
        Ok(opening) => opening,
        Err(response) => return response,
    };
    let query = query.map(|query| query.0).map_err(|error| Refusal::BadRequest { field: "query".into(), problem: error.body_text() });
    let log = opening.prepare(async |guest| open(&app, guest, query?).await).await;
    opening.open(MAX_CLIENT_FRAME, refused, async |line| {
        if let Some(log) = log {
            let credit = Arc::new(Credit::new(INITIAL_CREDIT));
            line.run(Reader { credit: credit.clone() }, log.frames(credit)).await;
        }
    })
}

async fn open(app: &Shared, guest: &Guest, query: LogQuery) -> Result<pipe::logs::Log, Refusal> {
    let cluster = &app.cluster(&ClusterName(query.cluster.clone()))?;
    let target = ReadLogs {
        namespace: path::part("ns", &query.ns)?.into(),
        pod: path::part("pod", query.pod.as_deref().unwrap_or_default())?.into(),
        container: path::part("container", query.container.as_deref().unwrap_or_default())?.into(),
    };
    let permit = authorize::authorize(cluster, &guest.session, target).await?;
    pipe::logs::open(permit, &query).await
}

fn refused(refusal: &Refusal) -> Option<Message> {
    Some(pipe::logs::text(&LogFrame::Control(LogControl::Refused { refusal: refusal.clone() })))
}

struct Reader {
    credit: Arc<Credit>,
}

impl Inbound for Reader {
    async fn take(&mut self, message: Message) -> Result<(), CloseFrame> {
        let Message::Text(text) = message else { return Err(socket::bad_frame("is not text")) };
        let LogCredit { credit } = serde_json::from_str(&text).map_err(|_| socket::bad_frame("is no credit"))?;
        self.credit.grant(credit);
        Ok(())
    }
}
