//! The fault suite: a small cluster and its neighbour, a real proxy, the real app of several people, and everything that goes wrong between them, decided by a seed.
//!
//! A scenario runs in one thread, on sockets of this machine, under a clock that jumps on when nobody has anything to do: minutes take moments, and no bound depends
//! on how busy the machine is. The judge is the simulator's own store, read without any of our code.
//!
//! While it runs, no table says for longer than a grace that it is live while it is not true. After it, everything is mended, and within 5 s every table is live and
//! equals the cluster, without having asked for its rows anew because they did not fit.

mod cluster;
mod dice;
mod excuses;
mod house;
mod pace;
mod script;
mod truth;
mod watchman;

use std::time::Duration;

use krateyard_app::stream::StreamState;
use krateyard_shared::scope::Scope;
use tokio::time::Instant;

use crate::cable::{Cable, Flow, Traffic};
use crate::person::Person;
use crate::stage::{Account, CLUSTER};
use cluster::{NAMESPACES, REMADE, Thing, a_node, a_thing, an_owner};
use dice::Dice;
use excuses::Excuses;
use house::{HEARTBEAT, House, NEIGHBOUR, Plan};
use pace::pace;
use script::{Act, Break, Script};
use watchman::{GRACE, Sight};

/// The number of the person who looks at the neighbour.
const NEXT_DOOR: usize = 2;
/// Between two looks at all tables.
const LOOK: Duration = Duration::from_millis(100);
/// Between two frames of people's screens.
const FRAME: Duration = Duration::from_millis(200);
/// Changes before anybody looks.
const FIRST: usize = 60;
/// Changes after everything is mended.
const LAST: usize = 8;
/// How long the beginning may take.
const BEGIN: Duration = Duration::from_secs(30);
/// Plays the scenario of a seed; answers what happened in it.
///
/// # Errors
/// What was not true, with all that happened before.
pub fn play(seed: u64) -> Result<Vec<String>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
    let traffic = Traffic::default();
    let scenario = async {
        let mut scenario = Scenario::begin(seed, &traffic).await;
        match scenario.run().await {
            Ok(()) => Ok(scenario.end().await),
            Err(problem) => Err(scenario.report(&problem)),
        }
    };
    let paced = async {
        tokio::select! {
            biased;
            played = scenario => played,
            () = pace(traffic.clone()) => unreachable!("time does not end"),
        }
    };
    tokio::task::LocalSet::new().block_on(&runtime, paced)
}

struct Scenario {
    seed: u64,
    dice: Dice,
    house: House,
    people: Vec<Person>,
    sights: Vec<Sight>,
    begun: Instant,
    excuses: Excuses,
    told: Vec<String>,
}

impl Scenario {
    async fn begin(seed: u64, traffic: &Traffic) -> Scenario {
        let mut dice = Dice::of(seed);
        let plan = Plan { signs_in_next_door: dice.one_in(4), is_crowded: dice.one_in(8) };
        let house = House::build(seed, plan, traffic).await;
        let accounts = [Account::Admin, Account::Editor];
        let open = |account: &Account| Person::at(house.front.addr(), CLUSTER, if *account == Account::Admin { "demo-admin" } else { "demo-editor" }, FRAME);
        let mut people: Vec<Person> = accounts.iter().map(open).collect();
        people.push(Person::at(house.front.addr(), NEIGHBOUR, "demo-admin", FRAME));
        let mut sights = wanted(&mut dice);
        if plan.is_crowded {
            // Rows of whatever kind the first has leave no room for one of these.
            sights.extend([Thing::Service, Thing::ConfigMap].map(|thing| Sight::new(0, Account::Admin, thing, Scope::All)));
        }
        let told = vec![format!("{plan:?}")];
        let begun = Instant::now();
        let mut scenario = Scenario { seed, dice, house, people, sights, begun, excuses: Excuses::none(), told };
        for _ in 0..FIRST {
            scenario.house.cluster.change(&mut scenario.dice);
            scenario.house.neighbour.change(&mut scenario.dice);
        }
        scenario
    }

    async fn run(&mut self) -> Result<(), String> {
        // A custom kind can be asked for once the access is known.
        let deadline = Instant::now() + BEGIN;
        loop {
            // Where there is room for one kind, the first comes first.
            let is_first_there = self.sights[0].is_settled(&self.house.cluster) && self.sights[0].screen().is_some();
            let opened = if self.house.is_crowded() && !is_first_there { 1 } else { self.sights.len() };
            for sight in &mut self.sights[..opened] {
                sight.open(&self.people[sight.person]);
            }
            if opened == self.sights.len() && self.has_begun() {
                break;
            }
            if Instant::now() > deadline {
                return Err(format!("not all tables were true to begin with:\n    {}", self.unsettled()));
            }
            tokio::time::sleep(LOOK).await;
        }
        self.begun = Instant::now();
        let script = Script::of(&mut self.dice, self.people.len() as u64, self.sights.len() as u64);
        for (at, act) in script.0 {
            self.pass_until(self.begun + Duration::from_millis(at)).await?;
            self.act(act).await;
        }
        self.mend().await;
        self.settle().await
    }

    /// Time passes, under the watchman's eyes.
    async fn pass_until(&mut self, until: Instant) -> Result<(), String> {
        while Instant::now() < until {
            tokio::time::sleep_until((Instant::now() + LOOK).min(until)).await;
            self.watch()?;
        }
        Ok(())
    }

    fn watch(&mut self) -> Result<(), String> {
        self.excuses.faults(self.house.cluster.sim().faults());
        for sight in &mut self.sights {
            let cluster = self.house.of(sight.person);
            let may_lag_until = if sight.person == NEXT_DOOR { self.excuses.behind_next_door() } else { self.excuses.behind(sight.account) };
            if self.people[sight.person].is_awake() {
                sight.watch(cluster, may_lag_until).map_err(|problem| format!("{}\n    {problem}", sight.words(cluster)))?;
            }
        }
        Ok(())
    }

    async fn act(&mut self, act: Act) {
        self.told.push(format!("{:>7} ms  {act:?}", self.begun.elapsed().as_millis()));
        let (house, dice) = (&mut self.house, &mut self.dice);
        match act {
            Act::Change(count) => {
                (0..count).for_each(|_| house.cluster.change(dice));
                house.neighbour.change(dice);
            }
            Act::Neighbour(is_served) => house.serve_neighbour(is_served, false).await,
            Act::NeighbourAnew => house.serve_neighbour(true, true).await,
            Act::DeleteNamespace => house.cluster.delete_namespace(),
            Act::MakeNamespace => {
                house.cluster.make_namespace();
                house.cluster.put_pod(REMADE, "thing-1", dice);
            }
            Act::RemoveDefinition => house.cluster.remove_definition(),
            Act::RestoreDefinition => house.cluster.restore_definition(),
            Act::Revoke => house.cluster.revoke("payments"),
            Act::Grant => house.cluster.grant("payments"),
            Act::Front(what) => {
                happen(&house.front, what);
                self.excuses.front(what);
            }
            Act::Upstream(what) => {
                happen(&house.upstream, what);
                self.excuses.upstream(what);
            }
            Act::StopProxy { in_order } => house.stop_proxy(in_order),
            Act::StartProxy => house.start_proxy().await,
            Act::StopApi => house.cluster.sim().close_port().await,
            Act::StartApi => house.cluster.sim().open_port().await.expect("its port"),
            Act::RestartApi(kind) => house.cluster.sim().restart(kind).await.expect("its port"),
            Act::Compact => house.cluster.sim().compact(),
            Act::Set(fault) => drop(house.cluster.sim().faults().set(fault)),
            Act::ClearFaults => {
                self.excuses.faults_end(house.cluster.sim().faults());
                house.cluster.sim().faults().clear();
            }
            Act::Freeze(frozen) => {
                house.cluster.sim().faults().freeze(frozen);
                self.excuses.upstream(Break::Hold);
            }
            Act::Sleep { person } => self.people[person].fall_asleep(),
            Act::Wake { person } => {
                self.excuses.woke();
                self.people[person].wake_up();
            }
            Act::Close { sight } => self.sights[sight].close(),
            Act::Open { sight } => {
                let sight = &mut self.sights[sight];
                sight.open(&self.people[sight.person]);
            }
            Act::Refresh { sight } => self.sights[sight].refresh(),
        }
    }

    /// Everything is as it should be again.
    async fn mend(&mut self) {
        self.act(Act::ClearFaults).await;
        let house = &mut self.house;
        house.cluster.sim().open_port().await.expect("its port");
        happen(&house.upstream, Break::Mend);
        happen(&house.front, Break::Mend);
        house.make_room();
        house.start_proxy().await;
        house.serve_neighbour(true, false).await;
        house.cluster.restore_definition();
        house.cluster.grant("payments");
        house.cluster.make_namespace();
        for _ in 0..LAST {
            house.cluster.change(&mut self.dice);
            house.neighbour.change(&mut self.dice);
        }
        for person in self.people.iter().filter(|person| !person.is_awake()) {
            person.wake_up();
        }
        for sight in &mut self.sights {
            sight.open(&self.people[sight.person]);
        }
        self.told.push(format!("{:>7} ms  mended", self.begun.elapsed().as_millis()));
    }

    /// Within 5 s every table is true; later only where nobody could know that a connection is dead, or where a table said when it would try again.
    async fn settle(&mut self) -> Result<(), String> {
        // A try that was under way when all was mended may have failed all the same.
        self.pass_until(Instant::now() + 2 * FRAME).await?;
        let announced = Instant::now() + self.longest_wait(self.people[0].clock_ms());
        // What was true by chance, on a connection that is dead, says nothing.
        self.pass_until(self.excuses.by_chance()).await?;
        let mended = Instant::now();
        let deadline = mended.max(announced).max(self.excuses.unconfirmed()) + GRACE;
        while !self.is_settled() {
            if Instant::now() > deadline {
                return Err(format!("{} s after all was mended:\n    {}", mended.elapsed().as_secs_f32(), self.unsettled()));
            }
            tokio::time::sleep(LOOK).await;
            self.watch()?;
        }
        self.told.push(format!("{:>7} ms  settled", self.begun.elapsed().as_millis()));
        // Heartbeats confirm what is shown.
        self.pass_until(Instant::now() + Duration::from_secs(HEARTBEAT + 1)).await?;
        let resyncs: Vec<u64> = self.people.iter().map(|person| person.workspace().resyncs()).collect();
        if resyncs.iter().any(|resyncs| *resyncs > 0) {
            return Err(format!("rows did not fit and were asked for anew: {resyncs:?} times"));
        }
        // Where a request goes out on a connection that is dead, a table is not confirmed for a while.
        self.pass_until(self.excuses.unconfirmed()).await?;
        if self.is_settled() { Ok(()) } else { Err(format!("what was true is no more:\n    {}", self.unsettled())) }
    }

    /// Until the last of the tries that tables have announced.
    fn longest_wait(&self, clock_ms: u64) -> Duration {
        let announced = self.sights.iter().filter_map(|sight| match sight.screen()?.state() {
            StreamState::Reconnecting { next_ms, .. } => Some(next_ms.saturating_sub(clock_ms)),
            _ => None,
        });
        Duration::from_millis(announced.max().unwrap_or(0))
    }

    /// Whether everything is true, or says that there is no room for it where that is so.
    fn has_begun(&mut self) -> bool {
        if !self.house.is_crowded() {
            return self.is_settled();
        }
        let is_said = self.sights.iter().any(Sight::says_no_room);
        is_said && self.sights.iter_mut().all(|sight| sight.says_no_room() || sight.is_settled(self.house.of(sight.person)))
    }

    fn is_settled(&mut self) -> bool {
        self.sights.iter_mut().all(|sight| sight.is_settled(self.house.of(sight.person)))
    }

    fn unsettled(&mut self) -> String {
        let house = &self.house;
        let unsettled = |sight: &mut Sight| (!sight.is_settled(house.of(sight.person))).then(|| sight.words(house.of(sight.person)));
        let words: Vec<_> = self.sights.iter_mut().filter_map(unsettled).collect();
        words.join("\n    ")
    }

    fn report(&self, problem: &str) -> String {
        format!("seed {}\n    {}\n    at {} ms: {problem}", self.seed, self.told.join("\n    "), self.begun.elapsed().as_millis())
    }

    async fn end(self) -> Vec<String> {
        let Scenario { house, people, sights, told, .. } = self;
        drop((sights, people));
        house.clear().await;
        told
    }
}

/// What people look at in a scenario.
fn wanted(dice: &mut Dice) -> Vec<Sight> {
    let within = |namespace: &str| Scope::Namespace(namespace.into());
    let labels = |dice: &mut Dice| Scope::Labels { namespace: None, selector: format!("tier=t{}", dice.below(3)) };
    let node = |dice: &mut Dice, namespace: Option<&str>| Scope::Node { namespace: namespace.map(Into::into), node: a_node(dice) };
    let pods_of = |dice: &mut Dice, namespaces: &[&str], kinds: &[&str]| Scope::Workload {
        namespace: dice.pick(namespaces).into(),
        kind: dice.pick(kinds).into(),
        name: an_owner(dice),
    };
    let one = |dice: &mut Dice, namespaces: &[&str]| Scope::Object { namespace: Some(dice.pick(namespaces).into()), name: a_thing(dice) };
    let attention = || Scope::Attention { namespace: None };
    let summary = |namespace: Option<&str>| Scope::Summary { namespace: namespace.map(Into::into) };
    let any = [Thing::Pod, Thing::Deployment, Thing::Service, Thing::ConfigMap];
    // Who has all pods needs no stream for some of them.
    let pods = |dice: &mut Dice| if dice.one_in(3) { node(dice, None) } else { Scope::All };
    let mut sights = vec![
        Sight::new(0, Account::Admin, Thing::Pod, pods(dice)),
        Sight::new(1, Account::Editor, Thing::Pod, pods(dice)),
        Sight::new(NEXT_DOOR, Account::Admin, Thing::Pod, Scope::All),
    ];
    let mut some = vec![
        Sight::new(0, Account::Admin, Thing::Backup, Scope::All),
        Sight::new(0, Account::Admin, dice.pick(&[Thing::Deployment, Thing::Service, Thing::ConfigMap]), within(dice.pick(&NAMESPACES))),
        Sight::new(0, Account::Admin, Thing::Pod, labels(dice)),
        Sight::new(0, Account::Admin, Thing::Pod, node(dice, Some("payments"))),
        Sight::new(0, Account::Admin, Thing::Pod, pods_of(dice, &NAMESPACES, &["Deployment"])),
        Sight::new(0, Account::Admin, dice.pick(&[Thing::Deployment, Thing::ReplicaSet]), Scope::All),
        Sight::new(0, Account::Admin, Thing::Pod, attention()),
        Sight::new(0, Account::Admin, dice.pick(&any), summary(None)),
        Sight::new(0, Account::Admin, dice.pick(&any), one(dice, &NAMESPACES)),
        Sight::new(0, Account::Admin, Thing::Pod, one(dice, &["web"])),
        Sight::new(1, Account::Editor, dice.pick(&any), within("payments")),
        Sight::new(1, Account::Editor, dice.pick(&any), within(REMADE)),
        Sight::new(1, Account::Editor, Thing::Service, Scope::All),
        Sight::new(1, Account::Editor, Thing::Pod, node(dice, None)),
        Sight::new(1, Account::Editor, Thing::Pod, pods_of(dice, &["payments"], &["Deployment", "ReplicaSet", "StatefulSet"])),
        Sight::new(1, Account::Editor, Thing::Pod, attention()),
        Sight::new(1, Account::Editor, dice.pick(&any), summary(dice.pick(&[None, Some("payments")]))),
        Sight::new(1, Account::Editor, dice.pick(&any), one(dice, &["payments", REMADE])),
        Sight::new(NEXT_DOOR, Account::Admin, Thing::Deployment, within("payments")),
        Sight::new(NEXT_DOOR, Account::Admin, Thing::Pod, attention()),
        Sight::new(NEXT_DOOR, Account::Admin, Thing::Pod, one(dice, &["payments"])),
    ];
    some.retain(|_| dice.one_in(4));
    sights.extend(some);
    sights
}

fn happen(cable: &Cable, what: Break) {
    match what {
        Break::Cut => cable.cut(),
        Break::Lose => cable.lose(),
        Break::Hold => cable.set(Flow::Held),
        Break::Slow => cable.set(Flow::OneWay),
        Break::Mend => cable.set(Flow::Open),
    }
}
