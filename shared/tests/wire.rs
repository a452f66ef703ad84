//! The watch wire: what is written is what is read, in both encodings, and hostile bytes are refused, not believed.
#![allow(missing_docs, clippy::unwrap_used)]

use krateyard_shared::checksum::Checksum;
use krateyard_shared::identity::{ClusterName, Resource};
use krateyard_shared::refusal::Refusal;
use krateyard_shared::scope::Scope;
use krateyard_shared::watch::{Beat, ClientMessage, EncodedRow, Freshness, Position, ServerMessage, Wire};
use proptest::prelude::*;

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::All),
        ".{0,12}".prop_map(Scope::Namespace),
        (proptest::option::of(".{0,12}"), ".{0,12}").prop_map(|(namespace, name)| Scope::Object { namespace, name }),
        (proptest::option::of(".{0,12}"), ".{0,12}").prop_map(|(namespace, node)| Scope::Node { namespace, node }),
        (".{0,12}", ".{0,9}", ".{0,12}").prop_map(|(namespace, kind, name)| Scope::Workload { namespace, kind, name }),
        (proptest::option::of(".{0,12}"), ".{0,20}").prop_map(|(namespace, selector)| Scope::Labels { namespace, selector }),
        proptest::option::of(".{0,12}").prop_map(|namespace| Scope::Attention { namespace }),
        proptest::option::of(".{0,12}").prop_map(|namespace| Scope::Summary { namespace }),
        proptest::option::of(".{0,12}").prop_map(|namespace| Scope::Newest { namespace }),
    ]
}

fn refusal() -> impl Strategy<Value = Refusal> {
    prop_oneof![
        Just(Refusal::Unauthenticated),
        (".{0,9}", ".{0,9}", proptest::option::of(".{0,9}")).prop_map(|(verb, resource, namespace)| Refusal::Forbidden { verb, resource, namespace }),
        (".{0,9}", any::<u32>()).prop_map(|(which, retry_after_secs)| Refusal::Limit { which, retry_after_secs }),
        (".{0,9}", ".{0,9}").prop_map(|(field, problem)| Refusal::BadRequest { field, problem }),
    ]
}

fn client() -> impl Strategy<Value = ClientMessage> {
    prop_oneof![
        any::<u32>().prop_map(|version| ClientMessage::Hello { version }),
        (any::<u32>(), ".{0,9}", ".{0,9}", scope(), proptest::option::of((any::<u64>(), any::<u64>()))).prop_map(|(id, cluster, plural, scope, resume)| {
            ClientMessage::Subscribe {
                id,
                cluster: ClusterName(cluster),
                resource: Resource { group: String::new(), version: "v1".into(), plural },
                scope,
                resume: resume.map(|(epoch, seq)| Position { epoch, seq }),
            }
        }),
        any::<u32>().prop_map(|id| ClientMessage::Unsubscribe { id }),
    ]
}

fn server() -> impl Strategy<Value = ServerMessage> {
    prop_oneof![
        (any::<u32>(), refusal()).prop_map(|(id, refusal)| ServerMessage::Denied { id, refusal }),
        (any::<u32>(), proptest::option::of(".{0,40}")).prop_map(|(id, json)| ServerMessage::Object { id, json }),
        (any::<u32>(), ".{0,40}").prop_map(|(id, patch)| ServerMessage::ObjectPatch { id, patch }),
        (any::<u32>(), any::<i64>(), ".{0,9}").prop_map(|(id, since, cause)| ServerMessage::Freshness { id, state: Freshness::Stale { since, cause } }),
        (any::<u32>(), any::<u32>()).prop_map(|(id, every_secs)| ServerMessage::Freshness { id, state: Freshness::Polled { every_secs } }),
        (any::<u32>(), any::<u64>(), proptest::collection::vec(".{0,9}", 0..3)).prop_map(|(id, seq, deletes)| ServerMessage::Delta {
            id,
            from_seq: seq,
            to_seq: seq,
            upserts: vec![],
            deletes
        }),
        (any::<u32>(), proptest::collection::vec(any::<u8>(), 0..40)).prop_map(|(id, row)| ServerMessage::Rows { id, rows: vec![EncodedRow(row)], done: true }),
        (any::<u32>(), any::<u64>(), proptest::option::of(any::<u64>().prop_map(Checksum)))
            .prop_map(|(id, seq, checksum)| ServerMessage::Heartbeat { positions: vec![Beat { id, seq, count: 0, checksum }] }),
    ]
}

proptest! {
    #[test]
    fn what_a_browser_writes_is_what_the_proxy_reads(message in client()) {
        for wire in [Wire::Binary, Wire::Json] {
            prop_assert_eq!(&wire.decode::<ClientMessage>(&wire.encode(&message)).unwrap(), &message);
        }
    }

    #[test]
    fn what_the_proxy_writes_is_what_a_browser_reads(message in server()) {
        prop_assert_eq!(&Wire::Binary.decode::<ServerMessage>(&Wire::Binary.encode(&message)).unwrap(), &message);
    }

    #[test]
    fn hostile_bytes_are_refused_with_the_frame_named(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for wire in [Wire::Binary, Wire::Json] {
            if let Err(refusal) = wire.decode::<ClientMessage>(&bytes) {
                let named = matches!(&refusal, Refusal::BadRequest { field, .. } if field == "frame");
                prop_assert!(named, "{}", refusal);
            }
        }
        let _ = EncodedRow(bytes).decode();
    }

    #[test]
    fn a_cut_or_longer_frame_is_refused(message in client(), cut in any::<prop::sample::Index>(), tail in 1usize..4) {
        let whole = Wire::Binary.encode(&message);
        prop_assert!(Wire::Binary.decode::<ClientMessage>(&whole[..cut.index(whole.len())]).is_err());
        let longer = [whole, vec![0; tail]].concat();
        prop_assert!(Wire::Binary.decode::<ClientMessage>(&longer).is_err());
    }
}

/// Rows as the previous version wrote them: it knew no `uses`.
#[test]
fn rows_of_the_previous_version_are_read() {
    #[derive(minicbor::Encode)]
    struct Before<'a>(
        #[n(0)] &'a str,
        #[n(1)] Option<&'a str>,
        #[n(2)] &'a str,
        #[n(3)] i64,
        #[n(4)] Option<i64>,
        #[n(5)] Vec<(String, String)>,
        #[n(6)] Option<u8>,
        #[n(7)] Facts,
    );
    #[derive(minicbor::Encode)]
    enum Facts {
        #[n(2)]
        Pod(#[n(0)] Pod),
        #[n(7)]
        Plain(#[n(0)] Plain),
    }
    #[derive(minicbor::Encode, Default)]
    struct Pod(
        #[n(0)] String,
        #[n(1)] String,
        #[n(2)] String,
        #[n(3)] String,
        #[n(4)] Vec<u8>,
        #[n(5)] String,
        #[n(6)] bool,
        #[n(7)] bool,
        #[n(8)] i64,
        #[n(9)] i64,
    );
    #[derive(minicbor::Encode)]
    struct Plain(#[n(0)] Vec<u8>, #[n(1)] Option<u8>);
    for facts in [Facts::Pod(Pod::default()), Facts::Plain(Plain(vec![], None))] {
        let bytes = minicbor::to_vec(Before("uid", Some("web"), "a", 1, None, vec![], None, facts)).unwrap();
        let row = EncodedRow(bytes).decode().unwrap();
        assert_eq!(row.name, "a");
    }
}
