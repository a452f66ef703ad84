//! A proxy of one cluster with pods, and a rig that joins it with a runtime, message by message.

use std::collections::{BTreeMap, VecDeque};

use krateyard_shared::checksum::Checksum;
use krateyard_shared::rows::{Facts, PodFacts, Row};

use super::*;

pub(super) fn row(name: &str, namespace: &str, version: i64) -> Row {
    let facts = PodFacts {
        phase: "Running".into(),
        reason: String::new(),
        node: String::new(),
        ip: String::new(),
        containers: vec![],
        unscheduled: String::new(),
        ready: true,
        initialized: true,
        cpu_request_milli: version,
        memory_limit_bytes: 0,
        uses: vec![],
        ephemeral: vec![],
    };
    Row {
        kind: Kind::Pod,
        uid: format!("uid-{name}"),
        namespace: Some(namespace.into()),
        name: name.into(),
        created: 0,
        deleting: None,
        labels: vec![("version".into(), version.to_string())],
        owner: None,
        facts: Facts::Pod(facts),
    }
}

/// What the proxy knows of one subscription.
struct Sub {
    kind: Kind,
    scope: Scope,
    sent_seq: u64,
}

#[derive(Default)]
pub(super) struct FakeProxy {
    pods: BTreeMap<String, Row>,
    /// Changes past what it remembers.
    lost: u64,
    /// Rows by the number of their change, and whether they are there since.
    history: Vec<(u64, Row, bool)>,
    seq: u64,
    subs: BTreeMap<u32, Sub>,
    denied: Vec<(Scope, Refusal)>,
    out: VecDeque<ServerMessage>,
    asked: usize,
    resumed: usize,
    refreshed: usize,
}

impl FakeProxy {
    pub(super) fn subscriptions(&self) -> usize {
        self.subs.len()
    }

    pub(super) fn asked(&self) -> usize {
        self.asked
    }

    pub(super) fn resumed(&self) -> usize {
        self.resumed
    }

    pub(super) fn refreshed(&self) -> usize {
        self.refreshed
    }

    pub(super) fn ids(&self) -> Vec<u32> {
        self.subs.keys().copied().collect()
    }

    pub(super) fn pods(&self) -> impl Iterator<Item = &Row> {
        self.pods.values()
    }

    pub(super) fn deny(&mut self, scope: Scope, refusal: Refusal) {
        self.denied.push((scope, refusal));
    }

    pub(super) fn allow(&mut self, scope: Scope) {
        self.denied.retain(|(denied, _)| *denied != scope);
    }

    pub(super) fn put(&mut self, row: Row) {
        self.pods.insert(row.name.clone(), row.clone());
        self.change(&row, true);
    }

    pub(super) fn remove(&mut self, name: &str) {
        if let Some(row) = self.pods.remove(name) {
            self.change(&row, false);
        }
    }

    /// Takes a pod out without a word: what a lost connection or a lost position hides.
    pub(super) fn forget(&mut self, name: &str) {
        self.pods.remove(name);
        self.lose_history();
    }

    /// Changes a pod without a word: what only a checksum can tell.
    pub(super) fn corrupt(&mut self, name: &str) {
        if let Some(row) = self.pods.get_mut(name) {
            row.labels.push(("corrupted".into(), String::new()));
            self.lose_history();
        }
    }

    /// Begins another epoch: nobody can resume.
    pub(super) fn lose_history(&mut self) {
        self.lost += 1;
        self.history.clear();
    }

    fn position(&self) -> Position {
        Position { epoch: 1 + self.lost, seq: self.seq }
    }

    pub(super) fn lose_next(&mut self) {
        self.out.pop_front();
    }

    pub(super) fn end(&mut self, id: u32) {
        self.subs.remove(&id);
    }

    pub(super) fn reset(&mut self, reason: &str) {
        for id in self.ids() {
            self.out.push_back(ServerMessage::Reset { id, reason: reason.into(), position: self.position() });
            self.snapshot(id);
        }
    }

    pub(super) fn beats(&self) -> Vec<Beat> {
        let beat = |(id, sub): (&u32, &Sub)| {
            let mut checksum = Checksum::default();
            self.rows_of(sub).for_each(|row| checksum.add(EncodedRow::of(row).hash()));
            Beat { id: *id, seq: sub.sent_seq, count: self.rows_of(sub).count() as u64, checksum: Some(checksum) }
        };
        self.subs.iter().filter(|(_, sub)| !matches!(sub.scope, Scope::Object { .. })).map(beat).collect()
    }

    pub(super) fn hang_up(&mut self) {
        self.subs.clear();
        self.out.clear();
    }

    pub(super) fn hear(&mut self, message: ClientMessage) {
        match message {
            ClientMessage::Hello { .. } => self.out.push_back(ServerMessage::Welcome { version: VERSION }),
            ClientMessage::Subscribe { id, resource, scope, resume, .. } => {
                self.asked += 1;
                if let Some((_, refusal)) = self.denied.iter().find(|(denied, _)| *denied == scope) {
                    self.out.push_back(ServerMessage::Denied { id, refusal: refusal.clone() });
                    return;
                }
                let kind = Kind::of_resource(&resource).unwrap();
                assert!(self.subs.insert(id, Sub { kind, scope: scope.clone(), sent_seq: 0 }).is_none(), "a number used twice");
                let position = self.position();
                let known = resume.filter(|known| known.epoch == position.epoch && !matches!(scope, Scope::Object { .. }));
                self.out.push_back(ServerMessage::Ack { id, position, resumed: known.is_some() });
                if let Some(known) = known {
                    self.resumed += 1;
                    self.subs.get_mut(&id).unwrap().sent_seq = known.seq;
                    self.catch_up(id);
                } else if !matches!(scope, Scope::Object { .. }) {
                    self.snapshot(id);
                }
            }
            ClientMessage::Unsubscribe { id } => {
                self.subs.remove(&id);
            }
            ClientMessage::Refresh { .. } => self.refreshed += 1,
        }
    }

    fn rows_of<'a>(&'a self, sub: &'a Sub) -> impl Iterator<Item = &'a Row> {
        let rule = sub.scope.rule();
        self.pods.values().filter(move |row| sub.kind == Kind::Pod && rule.as_ref().is_some_and(|rule| rule.holds(row)))
    }

    fn snapshot(&mut self, id: u32) {
        let sub = &self.subs[&id];
        let rows: Vec<_> = self.rows_of(sub).map(EncodedRow::of).collect();
        let chunks: Vec<Vec<_>> = rows.chunks(2).map(<[_]>::to_vec).collect();
        let last = chunks.len().saturating_sub(1);
        if chunks.is_empty() {
            self.out.push_back(ServerMessage::Rows { id, rows: vec![], done: true });
        }
        self.out.extend(chunks.into_iter().enumerate().map(|(at, rows)| ServerMessage::Rows { id, rows, done: at == last }));
        self.subs.get_mut(&id).unwrap().sent_seq = self.seq;
    }

    /// What changed since a subscriber was there, some of it in pieces of one row.
    fn catch_up(&mut self, id: u32) {
        let sub = self.subs.get_mut(&id).unwrap();
        let from_seq = std::mem::replace(&mut sub.sent_seq, self.seq);
        if from_seq == self.seq {
            return;
        }
        let rule = sub.scope.rule().unwrap();
        let mut latest: BTreeMap<&str, (&Row, bool)> = BTreeMap::new();
        for (_, row, is_there) in self.history.iter().filter(|(seq, ..)| *seq > from_seq) {
            latest.insert(&row.uid, (row, *is_there));
        }
        let (mut upserts, mut deletes) = (Vec::new(), Vec::new());
        for (row, is_there) in latest.into_values().filter(|(row, _)| sub.scope.namespace().is_none_or(|own| row.namespace.as_deref() == Some(own))) {
            if is_there && rule.holds(row) && sub.kind == Kind::Pod { upserts.push(EncodedRow::of(row)) } else { deletes.push(row.uid.clone()) }
        }
        if let [_, _, ..] = upserts[..] {
            let piece = vec![upserts.remove(0)];
            self.out.push_back(ServerMessage::Delta { id, from_seq, to_seq: from_seq, upserts: piece, deletes: vec![] });
        }
        self.out.push_back(ServerMessage::Delta { id, from_seq, to_seq: self.seq, upserts, deletes });
    }

    /// Tells everybody whose namespace it is; a row that does not belong to a part is gone from it.
    fn change(&mut self, row: &Row, is_there: bool) {
        self.seq += 1;
        self.history.push((self.seq, row.clone(), is_there));
        for (id, sub) in &mut self.subs {
            let is_theirs = sub.scope.namespace().is_none() || sub.scope.namespace() == row.namespace.as_deref();
            let Some(rule) = sub.scope.rule().filter(|_| sub.kind == Kind::Pod && is_theirs) else { continue };
            let (from_seq, to_seq) = (sub.sent_seq, self.seq);
            let (mut upserts, mut deletes) = (Vec::new(), Vec::new());
            if is_there && rule.holds(row) {
                upserts.push(EncodedRow::of(row));
            } else {
                deletes.push(row.uid.clone());
            }
            self.out.push_back(ServerMessage::Delta { id: *id, from_seq, to_seq, upserts, deletes });
            sub.sent_seq = self.seq;
        }
    }
}

pub(super) struct Rig {
    pub(super) runtime: Runtime,
    pub(super) proxy: FakeProxy,
    pub(super) now_ms: u64,
    generation: Option<u64>,
    is_connected: bool,
}

impl Rig {
    /// Started, with neither socket nor rights.
    pub(super) fn new() -> Rig {
        Rig::new_of("c")
    }

    pub(super) fn unstarted(cluster: &str) -> Rig {
        let (runtime, proxy) = (Runtime::new(ClusterName(cluster.into()), 7), FakeProxy::default());
        Rig { runtime, proxy, now_ms: 1_000_000, generation: None, is_connected: false }
    }

    fn new_of(cluster: &str) -> Rig {
        let mut rig = Rig::unstarted(cluster);
        rig.handle(Input::Socket(SocketEvent::Start));
        rig
    }

    /// Connected, with these rights and pods of (name, namespace).
    pub(super) fn with(access: Access, pods: &[(&str, &str)]) -> Rig {
        Rig::of("c", access, pods)
    }

    /// As [`Rig::with`], of the cluster of this name. Who asks it for another one is mistaken.
    pub(super) fn of(cluster: &str, access: Access, pods: &[(&str, &str)]) -> Rig {
        let mut rig = Rig::new_of(cluster);
        for (name, namespace) in pods {
            rig.proxy.put(row(name, namespace, 0));
        }
        rig.give(access);
        rig.open_socket();
        rig.deliver_all();
        rig
    }

    pub(super) fn handle(&mut self, input: Input) -> Vec<Effect> {
        let effects = self.runtime.handle(input, self.now_ms);
        self.perform(&effects);
        effects
    }

    fn perform(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Connect { generation } => {
                    self.hang_up();
                    self.generation = Some(*generation);
                }
                Effect::Disconnect => {
                    self.hang_up();
                    self.generation = None;
                }
                Effect::Send { bytes } => self.proxy.hear(Wire::Binary.decode(bytes).unwrap()),
                Effect::FetchAccess | Effect::AskMay { .. } | Effect::SignOut => {}
            }
        }
    }

    fn hang_up(&mut self) {
        self.proxy.hang_up();
        self.is_connected = false;
    }

    /// Lets the socket that is being opened open; ticks until one is being opened.
    pub(super) fn open_socket(&mut self) {
        for _ in 0..200 {
            if let Some(generation) = self.generation.filter(|_| !self.is_connected) {
                self.is_connected = true;
                self.handle(Input::Socket(SocketEvent::Opened { generation }));
                return;
            }
            self.pass(1000);
        }
    }

    pub(super) fn drop_socket(&mut self) {
        self.close_socket(1006);
    }

    pub(super) fn close_socket(&mut self, code: u16) {
        let Some(generation) = self.generation.take() else { return };
        self.hang_up();
        self.handle(Input::Socket(SocketEvent::Closed { generation, code, reason: String::new() }));
    }

    pub(super) fn give(&mut self, access: Access) {
        self.answer_access(Ok(access));
    }

    pub(super) fn answer_access(&mut self, answer: Result<Access, Failure>) {
        self.handle(Input::Access(answer));
    }

    pub(super) fn say(&mut self, message: ServerMessage) {
        self.say_bytes(&Wire::Binary.encode(&message));
    }

    pub(super) fn say_bytes(&mut self, bytes: &[u8]) {
        let Some(generation) = self.generation.filter(|_| self.is_connected) else { return };
        self.handle(Input::Frame { generation, bytes: bytes.to_vec() });
    }

    /// Delivers so many of the proxy's messages, Welcome not counted.
    pub(super) fn deliver(&mut self, count: usize) {
        let mut left = count;
        while left > 0 {
            let Some(message) = self.proxy.out.pop_front() else { return };
            left -= usize::from(!matches!(message, ServerMessage::Welcome { .. }));
            self.say(message);
        }
    }

    pub(super) fn deliver_all(&mut self) {
        self.deliver(usize::MAX);
    }

    pub(super) fn pass(&mut self, ms: u64) -> Vec<Effect> {
        self.now_ms += ms;
        self.handle(Input::Tick)
    }

    pub(super) fn lease(&mut self, kinds: impl Into<crate::refresh::Kinds>, scope: Scope) -> LeaseId {
        let (id, effects) = self.runtime.lease(Lease { kinds: kinds.into(), scopes: scope.into() }, self.now_ms);
        self.perform(&effects);
        id
    }

    pub(super) fn release(&mut self, lease: LeaseId) {
        let effects = self.runtime.release(lease, self.now_ms);
        self.perform(&effects);
    }

    pub(super) fn refresh(&mut self, lease: LeaseId) {
        let effects = self.runtime.refresh(lease, self.now_ms);
        self.perform(&effects);
    }

    pub(super) fn retry_now(&mut self) -> Vec<Effect> {
        let effects = self.runtime.retry_now(self.now_ms);
        self.perform(&effects);
        effects
    }

    pub(super) fn table(&self, lease: LeaseId) -> Table {
        self.runtime.table(lease)
    }
}
