use krateyard_shared::api::NamespaceAccess;
use proptest::prelude::*;

use super::*;

const PODS: Kind = Kind::Pod;

fn cluster_wide(resources: &[&str]) -> Access {
    Access { cluster_wide: resources.iter().map(ToString::to_string).collect(), ..Access::default() }
}

fn restricted(to: &[(&str, &[&str])]) -> Access {
    let namespaces =
        to.iter().map(|(ns, resources)| NamespaceAccess { namespace: (*ns).into(), resources: resources.iter().map(ToString::to_string).collect() });
    Access { cluster_wide: vec![], namespaces: namespaces.collect(), ..Access::default() }
}

fn ns(namespace: &str) -> Scope {
    Scope::Namespace(namespace.into())
}

fn target(kind: Kind, scope: Scope) -> Target {
    Target { kind, scope }
}

/// Streams that do what the plan says; those of `denied` are refused, the others complete at the next look.
#[derive(Default)]
struct World {
    streams: BTreeMap<Target, Stream>,
    now_ms: u64,
    opened: usize,
}

impl World {
    fn look(&mut self, leases: &[Lease], access: &Access) -> Vec<Step> {
        let steps = plan(leases, Some(Rights { access, generation: 1 }), &self.streams, self.now_ms);
        for step in &steps {
            match step.clone() {
                Step::Open { target, .. } => {
                    self.opened += 1;
                    let before = self.streams.insert(target, Stream { standing: Standing::Underway, idle_since_ms: None });
                    assert!(before.is_none(), "opened twice");
                }
                Step::Close { target, .. } => assert!(self.streams.remove(&target).is_some()),
                Step::Idle { target, .. } => self.streams.get_mut(&target).unwrap().idle_since_ms = Some(self.now_ms),
                Step::Keep { target, .. } => self.streams.get_mut(&target).unwrap().idle_since_ms = None,
                Step::Retry { target, .. } => self.streams.get_mut(&target).unwrap().standing = Standing::Underway,
            }
        }
        steps
    }

    fn complete(&mut self) {
        self.streams.values_mut().filter(|s| s.standing == Standing::Underway).for_each(|s| s.standing = Standing::Complete);
    }

    fn settle(&mut self, leases: &[Lease], access: &Access) {
        for _ in 0..8 {
            self.complete();
            self.now_ms += LINGER_MS;
            self.look(leases, access);
        }
        assert_eq!(self.look(leases, access), [], "the plan comes to rest");
    }

    fn open(&self) -> Vec<Target> {
        self.streams.keys().cloned().collect()
    }
}

fn lease(kinds: impl Into<crate::refresh::Kinds>, scope: Scope) -> Lease {
    Lease { kinds: kinds.into(), scopes: scope.into() }
}

#[test]
fn nothing_is_opened_before_rights_are_known() {
    assert_eq!(plan(&[lease(PODS, Scope::All)], None, &BTreeMap::new(), 0), []);
}

#[test]
fn two_leases_on_the_same_share_one_stream() {
    let mut world = World::default();
    world.look(&[lease(PODS, Scope::All), lease(PODS, Scope::All)], &cluster_wide(&["pods"]));
    assert_eq!((world.opened, world.open()), (1, vec![target(PODS, Scope::All)]));
}

#[test]
fn a_namespace_is_served_by_a_stream_of_everything_and_gets_its_own_when_that_goes() {
    let (mut world, access) = (World::default(), cluster_wide(&["pods"]));
    let (all, payments) = (lease(PODS, Scope::All), lease(PODS, ns("payments")));
    world.settle(&[all.clone(), payments.clone()], &access);
    assert_eq!((world.opened, world.open()), (1, vec![target(PODS, Scope::All)]));
    world.look(std::slice::from_ref(&payments), &access);
    assert_eq!(world.open().len(), 2, "both run until the new one has its rows");
    world.settle(&[payments], &access);
    assert_eq!(world.open(), [target(PODS, ns("payments"))]);
}

#[test]
fn a_namespace_that_shows_rows_keeps_its_stream_until_everything_has_them_too() {
    let (mut world, access) = (World::default(), cluster_wide(&["pods"]));
    let payments = lease(PODS, ns("payments"));
    world.settle(std::slice::from_ref(&payments), &access);
    let both = [payments, lease(PODS, Scope::All)];
    world.look(&both, &access);
    world.now_ms += 10 * LINGER_MS;
    assert_eq!(world.look(&both, &access), []);
    world.settle(&both, &access);
    assert_eq!(world.open(), [target(PODS, Scope::All)]);
}

#[test]
fn a_restricted_person_gets_a_stream_for_each_namespace_and_what_is_missing_is_named() {
    let access = restricted(&[("payments", &["pods", "services"]), ("web", &["services"]), ("shop", &["pods"])]);
    let wants = wants(&lease(PODS, Scope::All), &access);
    assert_eq!(wants.targets, [target(PODS, ns("payments")), target(PODS, ns("shop"))]);
    assert_eq!(wants.missing, [Refusal::Forbidden { verb: "list".into(), resource: "pods".into(), namespace: None }]);
}

#[test]
fn what_may_be_listed_nowhere_is_missing_and_nothing_is_asked() {
    let wants = wants(&lease(&[Kind::Node, Kind::Deployment], Scope::All), &cluster_wide(&["deployments.apps"]));
    assert_eq!(wants.targets, [target(Kind::Deployment, Scope::All)]);
    assert_eq!(wants.missing, [Refusal::Forbidden { verb: "list".into(), resource: "nodes".into(), namespace: None }]);
}

#[test]
fn a_lease_that_flaps_within_half_a_second_opens_one_stream() {
    let (mut world, access) = (World::default(), cluster_wide(&["pods"]));
    for _ in 0..5 {
        world.look(&[lease(PODS, Scope::All)], &access);
        world.now_ms += LINGER_MS - 1;
        world.look(&[], &access);
        world.now_ms += LINGER_MS - 1;
    }
    assert_eq!(world.opened, 1);
    world.now_ms += LINGER_MS;
    world.look(&[], &access);
    assert_eq!(world.open(), []);
}

#[test]
fn a_denied_stream_is_asked_for_again_only_when_rights_change() {
    let (leases, access) = ([lease(PODS, ns("payments"))], restricted(&[]));
    let denied = Stream { standing: Standing::Denied { rights: 1, retry_ms: None }, idle_since_ms: None };
    let streams = BTreeMap::from([(target(PODS, ns("payments")), denied)]);
    assert_eq!(plan(&leases, Some(Rights { access: &access, generation: 1 }), &streams, u64::MAX / 2), []);
    let steps = plan(&leases, Some(Rights { access: &access, generation: 2 }), &streams, 0);
    assert_eq!(steps, [Step::Retry { target: target(PODS, ns("payments")), cause: "rights changed".into() }]);
}

#[test]
fn an_ended_stream_is_asked_for_again_when_its_wait_is_over() {
    let (leases, access) = ([lease(PODS, Scope::All)], cluster_wide(&["pods"]));
    let streams = BTreeMap::from([(target(PODS, Scope::All), Stream { standing: Standing::Ended { retry_ms: 1000 }, idle_since_ms: None })]);
    let steps_at = |now_ms| plan(&leases, Some(Rights { access: &access, generation: 1 }), &streams, now_ms).len();
    assert_eq!((steps_at(999), steps_at(1000)), (0, 1));
}

#[test]
fn a_socket_is_never_asked_for_more_streams_than_it_may_hold() {
    let namespaces: Vec<String> = (0..2 * MAX_SUBSCRIPTIONS).map(|n| format!("ns{n}")).collect();
    let access = Access {
        namespaces: namespaces.iter().map(|n| NamespaceAccess { namespace: n.clone(), resources: vec!["pods".into()] }).collect(),
        ..Access::default()
    };
    let mut world = World::default();
    world.look(&[lease(PODS, Scope::All)], &access);
    assert_eq!(world.open().len(), MAX_SUBSCRIPTIONS);
    world.look(&[lease(PODS, Scope::All)], &access);
    assert_eq!(world.open().len(), MAX_SUBSCRIPTIONS);
}

#[test]
fn namespaces_open_before_pods() {
    let mut world = World::default();
    let steps = world.look(&[lease(PODS, Scope::All), lease(Kind::Namespace, Scope::All)], &cluster_wide(&["pods", "namespaces"]));
    assert!(matches!(&steps[0], Step::Open { target, .. } if target.kind == Kind::Namespace), "{steps:?}");
}

/// What must be open at rest, said in another way than the plan says it: each lease by itself.
fn expected(leases: &[Lease], access: &Access) -> BTreeSet<Target> {
    let all: BTreeSet<Target> = leases.iter().flat_map(|lease| wants(lease, access).targets).collect();
    let is_whole = |kind: Kind| all.contains(&target(kind, Scope::All));
    all.iter().filter(|t| t.scope == Scope::All || !is_whole(t.kind)).cloned().collect()
}

proptest! {
    // A failing case prints its seed and its smallest form.
    #[test]
    fn leases_in_any_order_and_at_any_pace_end_with_exactly_the_streams_they_need(
        steps in prop::collection::vec((any::<bool>(), 0..3_usize, 0..4_usize, 0..3_usize, 0..1200_u64, any::<bool>()), 1..40)
    ) {
        let kinds = [Kind::Pod, Kind::Deployment, Kind::Service];
        let accesses = [
            cluster_wide(&["pods", "deployments.apps", "services"]),
            restricted(&[("a", &["pods"]), ("b", &["pods", "deployments.apps"])]),
            Access { namespaces: restricted(&[("a", &["services"])]).namespaces, ..cluster_wide(&["pods"]) },
        ];
        let scopes = [Scope::All, ns("a"), ns("b"), ns("c")];
        let (mut world, mut leases, mut access) = (World::default(), Vec::new(), &accesses[0]);
        for (is_new, kind, scope, rights, wait_ms, complete) in steps {
            if is_new || leases.is_empty() {
                leases.push(lease(kinds[kind], scopes[scope].clone()));
            } else {
                leases.remove((kind + scope) % leases.len());
            }
            access = &accesses[rights];
            world.now_ms += wait_ms;
            if complete {
                world.complete();
            }
            world.look(&leases, access);
        }
        world.settle(&leases, access);
        prop_assert_eq!(world.streams.keys().cloned().collect::<BTreeSet<_>>(), expected(&leases, access));
    }
}
