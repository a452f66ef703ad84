use futures::{SinkExt, StreamExt};
use http::{HeaderValue, StatusCode, header};
use krateyard_shared::logs::LogFrame;
use krateyard_shared::shell::{Channel, ShellStatus};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::PATIENCE;
use crate::stage::{Account, CLUSTER, Stage};

/// A socket of the proxy, to a log or a shell of a container.
pub struct Line {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Line {
    /// Opens one: `logs` or `shell`, and what its query holds besides the container.
    ///
    /// # Errors
    /// The status that a program gets where a browser gets a close code.
    pub async fn open(stage: &Stage, account: Account, what: &str, (namespace, pod, container): (&str, &str, &str), more: &str) -> Result<Line, StatusCode> {
        let url = format!("ws://{}/ws/{what}?cluster={CLUSTER}&ns={namespace}&pod={pod}&container={container}{more}", stage.addr());
        let mut request = url.into_client_request().expect("a URL");
        let bearer = HeaderValue::try_from(format!("Bearer {}", stage.token(account))).expect("a token");
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, _)) => Ok(Line { socket }),
            Err(Error::Http(response)) => Err(response.status()),
            Err(error) => panic!("the proxy does not answer: {error}"),
        }
    }

    /// The next frame of a log; `None` once it is closed.
    pub async fn log(&mut self) -> Option<LogFrame> {
        let text = self.next().await?.into_text().expect("logs are text");
        Some(serde_json::from_str(&text).expect("a frame of a log"))
    }

    /// What a shell shows next, or how it does; `None` once it is closed. Grants the credit for it, as a page does once it has drawn it.
    pub async fn shown(&mut self) -> Option<Result<String, ShellStatus>> {
        loop {
            let frame = self.next().await?.into_data();
            match Channel::of(frame[0]).expect("a channel") {
                Channel::Status => return Some(Err(serde_json::from_slice(&frame[1..]).expect("a status"))),
                Channel::Session => {}
                _ => {
                    self.send(Channel::Credit, format!(r#"{{"credit":{}}}"#, frame.len() - 1).as_bytes()).await;
                    return Some(Ok(String::from_utf8_lossy(&frame[1..]).into_owned()));
                }
            }
        }
    }

    /// Types into a shell.
    pub async fn type_in(&mut self, text: &str) {
        self.send(Channel::Stdin, text.as_bytes()).await;
    }

    async fn send(&mut self, channel: Channel, payload: &[u8]) {
        // Where the other side has gone, what it said last is still to be read.
        let _ = self.socket.send(Message::binary(channel.frame(payload))).await;
    }

    async fn next(&mut self) -> Option<Message> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("the proxy says something");
            match message {
                Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => return Some(message),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }
}
