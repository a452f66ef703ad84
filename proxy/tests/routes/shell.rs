use std::time::Duration;

use krateyard_shared::refusal::Refusal;
use krateyard_shared::shell::{Channel, INITIAL_CREDIT, MAX_CLIENT_FRAME, ShellSession, ShellStatus};
use kubesim::Options;
use tokio_tungstenite::tungstenite::Message;

use crate::bench::{Bench, Socket, eventually};
use crate::logs::running;

const EXEC: &str = "/api/v1/namespaces/{namespace}/pods/{name}/exec";

fn path(namespace: &str, pod: &str, container: &str) -> String {
    format!("/ws/shell?cluster=demo&ns={namespace}&pod={pod}&container={container}&cols=80&rows=24")
}

/// What a terminal sees.
pub(crate) struct Terminal {
    pub(crate) socket: Socket,
    shown: String,
    /// Where it runs, and as whom.
    path: String,
    headers: Vec<(&'static str, String)>,
    session: Option<ShellSession>,
    /// Bytes of output that arrived.
    pub(crate) position: u64,
}

type Refused = (u16, Option<Refusal>);

impl Terminal {
    pub(crate) async fn open(bench: &Bench, token: &str, namespace: &str, image: &str) -> Terminal {
        Terminal::of(bench, namespace, image, &[("authorization", &format!("Bearer {token}"))]).await
    }

    pub(crate) async fn of(bench: &Bench, namespace: &str, image: &str, headers: &[(&'static str, &str)]) -> Terminal {
        let (pod, container) = running(bench, namespace, image);
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Terminal::connect(bench, path(namespace, &pod, &container), headers, "").await.unwrap()
    }

    async fn connect(bench: &Bench, path: String, headers: Vec<(&'static str, String)>, more: &str) -> Result<Terminal, Refused> {
        let sent: Vec<(&'static str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let socket = bench.connect(&format!("{path}{more}"), &sent).await?;
        Ok(Terminal { socket, shown: String::new(), path, headers, session: None, position: 0 })
    }

    /// The connection is cut, and made again where it ended.
    pub(crate) async fn again(&mut self, bench: &Bench) -> Result<(), Refused> {
        let more = format!("&session={}&position={}", self.session.as_ref().unwrap().id, self.position);
        self.socket = Terminal::connect(bench, self.path.clone(), self.headers.clone(), &more).await?.socket;
        Ok(())
    }

    /// The same shell in another window, of this person.
    pub(crate) async fn beside(&self, bench: &Bench, bearer: &str) -> Result<Terminal, Refused> {
        let more = format!("&session={}", self.session.as_ref().unwrap().id);
        Terminal::connect(bench, self.path.clone(), vec![("authorization", bearer.to_owned())], &more).await
    }

    /// Another shell in the same place.
    pub(crate) async fn another(&self, bench: &Bench) -> Result<Terminal, Refused> {
        Terminal::connect(bench, self.path.clone(), self.headers.clone(), "").await
    }

    /// What the proxy says of the shell first.
    pub(crate) async fn hello(&mut self) -> ShellSession {
        self.session = None;
        loop {
            self.next().await;
            if let Some(session) = &self.session {
                return session.clone();
            }
        }
    }

    /// The next piece of output.
    pub(crate) async fn output(&mut self) -> String {
        self.shown.clear();
        while self.shown.is_empty() {
            self.next().await;
        }
        std::mem::take(&mut self.shown)
    }

    pub(crate) async fn send(&mut self, channel: Channel, payload: &[u8]) {
        self.socket.send(Message::binary(channel.frame(payload))).await;
    }

    pub(crate) async fn typed(&mut self, text: &str) {
        self.send(Channel::Stdin, text.as_bytes()).await;
    }

    /// The next status; what is shown meanwhile is kept.
    pub(crate) async fn status(&mut self) -> ShellStatus {
        loop {
            if let Some(status) = self.next().await {
                return status;
            }
        }
    }

    pub(crate) async fn until_shown(&mut self, text: &str) {
        while !self.shown.contains(text) {
            if let Some(status) = self.next().await
                && !matches!(status, ShellStatus::Started { .. })
            {
                panic!("{status:?} instead of {text:?} after {:?}", self.shown);
            }
        }
        self.shown.clear();
    }

    pub(crate) async fn next(&mut self) -> Option<ShellStatus> {
        let frame = self.socket.next().await.unwrap().into_data();
        match Channel::of(frame[0]).unwrap() {
            Channel::Session => {
                let session: ShellSession = serde_json::from_slice(&frame[1..]).unwrap();
                self.position = session.position;
                self.session = Some(session);
                None
            }
            Channel::Stdout => {
                self.position += frame.len() as u64 - 1;
                self.shown.push_str(&String::from_utf8_lossy(&frame[1..]));
                // A screen, not a history.
                let old = self.shown.len().saturating_sub(64 * 1024);
                self.shown.drain(..self.shown.ceil_char_boundary(old));
                // A page grants what it has drawn.
                self.send(Channel::Credit, format!(r#"{{"credit":{}}}"#, frame.len() - 1).as_bytes()).await;
                None
            }
            Channel::Status => Some(serde_json::from_slice(&frame[1..]).unwrap()),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_shell_runs_resizes_and_says_its_exit_code() {
    let bench = Bench::start().await;
    let mut terminal = Terminal::open(&bench, "demo-editor", "payments", "payments/").await;
    assert_eq!(terminal.status().await, ShellStatus::Started { shell: "bash".into() });
    terminal.typed("echo hel''lo\r").await;
    terminal.until_shown("hello\r\n").await;
    terminal.typed("stty size\r").await;
    terminal.until_shown("24 80\r\n").await;
    terminal.send(Channel::Resize, br#"{"cols":120,"rows":40}"#).await;
    terminal.typed("stty size\r").await;
    terminal.until_shown("40 120\r\n").await;
    terminal.typed("exit 7\r").await;
    assert!(matches!(terminal.status().await, ShellStatus::Exited { code: Some(7), .. }));
    assert_eq!(terminal.socket.closed().await.0, 1000);
}

#[tokio::test]
async fn shells_are_tried_in_turn_and_an_image_without_one_says_so() {
    let bench = Bench::start().await;
    let mut small = Terminal::open(&bench, "demo-admin", "search", "search/api").await;
    assert_eq!(small.status().await, ShellStatus::Started { shell: "ash".into() });
    let mut none = Terminal::open(&bench, "demo-admin", "edge", "distroless").await;
    assert_eq!(none.status().await, ShellStatus::NoShell { tried: ["bash", "ash", "sh"].map(Into::into).into() });
    assert_eq!(none.socket.closed().await.0, 1000);
}

#[tokio::test]
async fn what_is_typed_while_shells_are_tried_is_for_the_one_that_is_found() {
    let bench = Bench::start().await;
    let mut small = Terminal::open(&bench, "demo-admin", "search", "search/api").await;
    small.typed("echo typed-$?-early\n").await;
    assert_eq!(small.status().await, ShellStatus::Started { shell: "ash".into() });
    small.until_shown("typed-0-early").await;
}

#[tokio::test]
async fn ctrl_c_passes_a_flood_of_output_even_without_credit() {
    let bench = Bench::start().await;
    let mut terminal = Terminal::open(&bench, "demo-editor", "payments", "payments/").await;
    terminal.typed("yes\r").await;
    // Nothing is granted: the proxy stops reading the cluster soon after what a socket has at first.
    let mut taken = 0;
    while let Ok(message) = tokio::time::timeout(Duration::from_millis(300), terminal.socket.next()).await {
        taken += message.unwrap().into_data().len() as u64;
    }
    assert!((INITIAL_CREDIT..INITIAL_CREDIT + 64 * 1024).contains(&taken), "{taken}");
    terminal.typed("\x03").await;
    terminal.send(Channel::Credit, br#"{"credit":100000000}"#).await;
    terminal.typed("echo do''ne\r").await;
    terminal.until_shown("done\r\n").await;
}

#[tokio::test]
async fn a_paste_of_many_lines_comes_through_whole() {
    let bench = Bench::start().await;
    let mut terminal = Terminal::open(&bench, "demo-editor", "payments", "payments/").await;
    terminal.status().await;
    terminal.typed("cat\r").await;
    let line = format!("{}\r", "x".repeat(99));
    let piece = line.repeat(600);
    assert!(piece.len() < MAX_CLIENT_FRAME);
    // More than all queues on the way hold, and more echo than the first credit: nothing may wait for anything that waits behind it.
    for _ in 0..25 {
        terminal.typed(&piece).await;
    }
    terminal.typed("the-end\r").await;
    terminal.until_shown("the-end").await;
}

#[tokio::test]
async fn a_closed_window_ends_its_shell() {
    let bench = Bench::start().await;
    let mut terminal = Terminal::open(&bench, "demo-editor", "payments", "payments/").await;
    terminal.typed("sleep 1000\r").await;
    terminal.until_shown("sleep").await;
    terminal.send(Channel::End, b"").await;
    let exec = |bench: &Bench| bench.sim.requests().all().into_iter().find(|count| count.path == EXEC).unwrap_or_default();
    assert_eq!(exec(&bench).made, 1);
    drop(terminal);
    eventually(|| exec(&bench).open == 0).await;
}

#[tokio::test]
async fn who_may_not_exec_is_told_which_right_is_missing() {
    let bench = Bench::start().await;
    let (pod, container) = running(&bench, "web", "");
    let forbidden = Refusal::Forbidden { verb: "create".into(), resource: "pods/exec".into(), namespace: Some("web".into()) };
    let refused = bench.connect(&path("web", &pod, &container), &[("authorization", "Bearer demo-viewer")]).await.err();
    assert_eq!(refused, Some((403, Some(forbidden.clone()))));
    let (cookie, origin) = (bench.sign_in("demo-viewer").await, bench.origin());
    let mut page = bench.connect(&path("web", &pod, &container), &[("cookie", &cookie), ("origin", &origin)]).await.unwrap();
    let frame = page.next().await.unwrap().into_data();
    assert_eq!(frame[0], Channel::Status as u8);
    assert_eq!(serde_json::from_slice::<ShellStatus>(&frame[1..]).unwrap(), ShellStatus::Refused { refusal: forbidden });
    assert_eq!(page.closed().await.0, 4403);
    let missing = bench.connect(&path("web", "nosuch", "app"), &[("authorization", "Bearer demo-admin")]).await.err().unwrap();
    assert!(matches!(missing, (404, Some(Refusal::NotFound { .. }))), "{missing:?}");
    let waiting = running(&bench, "web", "").0;
    let wrong = bench.connect(&path("web", &waiting, "nosuch"), &[("authorization", "Bearer demo-admin")]).await.err().unwrap();
    assert!(matches!(wrong, (422, Some(Refusal::Rejected { .. }))), "{wrong:?}");
}

#[tokio::test]
async fn what_is_no_frame_of_a_shell_closes_it() {
    // Of a frame that is too long nobody hears more than that the socket ended.
    let bench = Bench::with(Options::default(), |config| config.limits.shell_keep = Duration::ZERO).await;
    for nonsense in [
        Message::text("ls"),
        Message::binary(Vec::new()),
        Message::binary(vec![1, b'x']),
        Message::binary(vec![99]),
        Message::binary(Channel::Resize.frame(b"{}")),
        Message::binary(Channel::Credit.frame(b"many")),
        Message::binary(Channel::Stdin.frame(&vec![b'x'; MAX_CLIENT_FRAME])),
    ] {
        let mut terminal = Terminal::open(&bench, "demo-editor", "payments", "payments/").await;
        terminal.socket.send(nonsense.clone()).await;
        assert_eq!(terminal.socket.closed().await.0, 4400, "{nonsense:?}");
    }
    eventually(|| bench.sim.requests().all().iter().all(|count| count.path != EXEC || count.open == 0)).await;
}

#[tokio::test]
async fn a_revoked_right_closes_a_shell_within_seconds() {
    let bench = Bench::start().await;
    let mut terminal = Terminal::open(&bench, "demo-editor", "payments", "payments/").await;
    terminal.status().await;
    bench.sim.remove("rbac.authorization.k8s.io/v1", "RoleBinding", "payments", "payments-editors").unwrap();
    let within = tokio::time::timeout(Duration::from_secs(5), async {
        assert!(matches!(terminal.status().await, ShellStatus::Refused { refusal: Refusal::Forbidden { .. } }));
        assert_eq!(terminal.socket.closed().await.0, 4403);
    });
    within.await.expect("within 5 s");
}
