//! `/ws/shell`: a shell in a container (`krateyard_shared::shell`).

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message};
use axum::extract::{Query, Request, State};
use axum::response::Response;
use futures::stream;
use krateyard_shared::identity::ClusterName;
use krateyard_shared::refusal::Refusal;
use krateyard_shared::shell::{self, Channel, INITIAL_CREDIT, MAX_CLIENT_FRAME, ShellQuery, ShellStatus, Size};
use tokio::sync::mpsc;

use crate::app::Shared;
use crate::authorize::{self, OpenShell};
use crate::path;
use crate::pipe::shell::{Input, Shell};
use crate::pipe::{self, Credit};
use crate::socket::{self, Guest, Inbound, Opening};

/// Frames typed or pasted that wait for the cluster: at most 1 MiB.
const INPUTS: usize = 16;

pub(crate) async fn get(State(app): State<Shared>, request: Request) -> Response {
    let query = Query::<ShellQuery>::try_from_uri(request.uri());
    let mut opening = match Opening::of(State(app.clone()), request).await {
        Ok(opening) => opening,
        Err(response) => return response,
    };
    let query = query.map(|query| query.0).map_err(|error| Refusal::BadRequest { field: "query".into(), problem: error.body_text() });
    let shell = opening.prepare(async |guest| open(&app, guest, query?).await).await;
    opening.open(MAX_CLIENT_FRAME, refused, async move |line| {
        if let Some(shell) = shell {
            let credit = Arc::new(Credit::new(INITIAL_CREDIT));
            let (input, inputs) = mpsc::channel(INPUTS);
            let (task, outgoing) = shell.run(inputs, credit.clone());
            // It outlives the socket for as long as the shell takes to end.
            line.app.tasks.spawn(task);
            let outbound = stream::unfold(outgoing, async |mut outgoing| outgoing.recv().await.map(|frame| (frame, outgoing)));
            line.run(Reader { input, credit }, outbound).await;
        }
    })
}

async fn open(app: &Shared, guest: &Guest, query: ShellQuery) -> Result<Shell, Refusal> {
    let cluster = &app.cluster(&ClusterName(query.cluster))?;
    let target = OpenShell {
        namespace: path::part("ns", &query.ns)?.into(),
        pod: path::part("pod", &query.pod)?.into(),
        container: path::part("container", &query.container)?.into(),
    };
    let permit = authorize::authorize(cluster, &guest.session, target.clone()).await?;
    tracing::info!(user = guest.session.user.name, session = guest.session.audit_id, cluster = %cluster.name, ?target, "a shell opens");
    pipe::shell::open(permit, Size { cols: query.cols, rows: query.rows }).await
}

fn refused(refusal: &Refusal) -> Option<Message> {
    Some(pipe::shell::status_frame(&ShellStatus::Refused { refusal: refusal.clone() }))
}

struct Reader {
    input: mpsc::Sender<Input>,
    credit: Arc<Credit>,
}

impl Inbound for Reader {
    async fn take(&mut self, message: Message) -> Result<(), CloseFrame> {
        let Message::Binary(frame) = message else { return Err(socket::bad_frame("is not binary")) };
        let payload = frame.slice(1.min(frame.len())..);
        match frame.first().copied().and_then(Channel::of) {
            Some(Channel::Stdin) => self.put(Input::Stdin(payload)).await,
            Some(Channel::Resize) => {
                let size = serde_json::from_slice(&payload).map_err(|_| socket::bad_frame("is no size"))?;
                self.put(Input::Resize(size)).await;
            }
            Some(Channel::Credit) => {
                let shell::Credit { credit } = serde_json::from_slice(&payload).map_err(|_| socket::bad_frame("is no credit"))?;
                self.credit.grant(credit);
            }
            Some(Channel::Stdout | Channel::Stderr | Channel::Status) | None => return Err(socket::bad_frame("has a channel that is not yours")),
        }
        Ok(())
    }
}

impl Reader {
    /// Passes input on. While a paste fills the way to the pod, its echo is not held back for credit: the credit would stand behind the paste in this very socket.
    async fn put(&self, input: Input) {
        if let Err(mpsc::error::TrySendError::Full(input)) = self.input.try_send(input) {
            self.credit.set_open(true);
            let _ = self.input.send(input).await;
            self.credit.set_open(false);
        }
    }
}
