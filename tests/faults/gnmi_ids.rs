//! Targets that do not hold the id of a commit against the one that waits:
//! whatever is said to them about a commit is said about another client's.

use std::{sync::Arc, time::Duration};

use mercury::{fault::FaultKind, outcome::Outcome, service::Requester};
use mercury_model::Scope;
use mercury_sim::Options;

use crate::gnmi_strangers::{Stranger, payload};
use crate::kind::{CONFIRMED, Kind, gnmi};
use crate::wire::adapter;
use crate::world::{Claim, Wish, World, claim, dialect, intent, name, on_paused_clock};

const KIND: Kind = Kind::Gnmi(CONFIRMED);
const WISH: Wish = Wish::Access(200);

fn blind(options: &mut Options) {
    options.quirks.gnmi_ids_not_compared = true;
}

async fn with_a_strangers(mine: Option<bool>, seconds: u64) -> (World, Stranger) {
    let world = World::of(&[KIND], |switch| gnmi(switch).unwrap().confirmed_commit = mine, blind).await;
    let mut stranger = Stranger::at(&world).await;
    stranger.commit(payload(3, Wish::Access(300)).await, Duration::from_secs(seconds)).await;
    (world, stranger)
}

/// Reading, `plan`, `verify` and `switch probe`.
#[test]
fn what_promises_to_change_nothing_sends_no_set() {
    on_paused_clock(async {
        let (world, _stranger) = with_a_strangers(Some(true), 90).await;
        let (handle, who) = (world.handle(0), Requester::default());
        let (sets, pending) = (handle.counters().sets, handle.pending_commit());
        let switch = Arc::clone(world.service.inventory().find(&name(0)).unwrap());
        world.service.read(&switch, Scope::all()).await.unwrap();
        let wanted = || intent(&world.service, &[(0, 2, WISH)]);
        assert!(matches!(world.service.plan(wanted(), &who).await.unwrap()[0].outcome, Outcome::Planned));
        assert!(matches!(world.service.verify(wanted(), &who).await.unwrap()[0].outcome, Outcome::Planned));
        let (connector, _) = adapter(KIND, handle.clone(), &switch, &dialect("openconfig"), &Arc::default());
        connector.probe().await.unwrap();
        assert_eq!((handle.counters().sets, handle.pending_commit()), (sets, pending));
    });
}

#[test]
fn a_commit_of_another_client_is_not_confirmed_by_asking() {
    on_paused_clock(async {
        for mine in [Some(true), None] {
            let (world, mut stranger) = with_a_strangers(mine, 90).await;
            let theirs = world.ports(0);
            let report = world.one(2, WISH).await;
            assert_eq!(claim(&report), Claim::Before, "{mine:?}: {:?}", report.outcome);
            assert_eq!(world.ports(0), theirs, "{mine:?}");
            assert_eq!(world.handle(0).pending_commit().unwrap().gnmi_id.as_deref(), Some("stranger"), "{mine:?}");
            stranger.confirm().await;
            tokio::time::sleep(Duration::from_secs(120)).await;
            let after = world.one(2, WISH).await;
            assert_eq!(claim(&after), Claim::Intended, "{mine:?}: {:?}", after.outcome);
            assert_eq!(world.ports(0)["Ethernet3"], theirs["Ethernet3"], "{mine:?}");
        }
    });
}

/// That ids are not compared shows while its own first commit waits; from then on
/// none is made that somebody else could confirm, or Mercury take for its own.
#[test]
fn commit_confirmed_is_not_used_once_ids_turn_out_not_to_be_compared() {
    on_paused_clock(async {
        let world = World::of(&[KIND], |switch| gnmi(switch).unwrap().confirmed_commit = None, blind).await;
        let (handle, first) = (world.handle(0), world.one(2, WISH).await);
        assert_eq!(claim(&first), Claim::Intended, "{:?}", first.outcome);
        let before = handle.counters();
        let second = world.one(3, WISH).await;
        assert_eq!(claim(&second), Claim::Intended, "{:?}", second.outcome);
        let after = handle.counters();
        assert_eq!((after.sets - before.sets, after.commits - before.commits), (1, 1), "one plain Set");
        let strict = World::of(&[KIND], |_| {}, blind).await;
        assert_eq!(claim(&strict.one(2, WISH).await), Claim::Intended);
        let report = strict.one(3, WISH).await;
        assert_eq!(report.outcome.fault().unwrap().kind, FaultKind::Unsupported, "{:?}", report.outcome);
    });
}
