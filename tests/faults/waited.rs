//! Somebody else is in the way of a step after the lock was had, or has left
//! the candidate as it should not be.

use std::time::Duration;

use mercury::{fault::FaultKind, outcome::Outcome};
use mercury_sim::{Datastore, Mode, fault::Moment};

use crate::kind::{self, CONFIRMED, JUNOS, Kind, NETCONF, ONE_BY_ONE, PLAIN};
use crate::ovsdb::{Deed, begin, close, deed};
use crate::strangers::{console, leave_unconfirmed_for, stage};
use crate::world::{
    Claim, VTEP, Wish, World, agree, before_and_intended, claim, fault, on_paused_clock, ports, serves_vnis, vni,
};

const WISH: Wish = Wish::Access(200);
const TAGS: [&str; 3] = ["lock-denied", "in-use", "resource-denied"];

/// The steps after the lock that can be in somebody's way.
const fn steps(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Netconf(Mode::Candidate | Mode::CandidatePlain) => &["edit-config", "commit"],
        JUNOS => &["edit-config", "commit-configuration"],
        Kind::Netconf(Mode::RunningStartup) => &["edit-config", "copy-config"],
        _ => &["edit-config"],
    }
}

#[test]
fn a_step_that_somebody_is_in_the_way_of_is_tried_until_they_are_gone() {
    on_paused_clock(async {
        for kind in NETCONF {
            let (before, intended) = before_and_intended(kind, WISH).await;
            for (step, tag) in steps(kind).iter().flat_map(|step| TAGS.map(|tag| (step, tag))) {
                let told = format!("{kind:?}, {step}, {tag}");
                let world = World::new(&[kind]).await;
                let handle = world.handle(0);
                handle.inject(fault(&format!("{step}:*:before:refuse:{tag}")));
                let leaves = async {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    handle.clear_faults();
                };
                let (report, ()) = tokio::join!(world.one(2, WISH), leaves);
                assert_eq!(claim(&report), Claim::Intended, "{told}: {:?}", report.outcome);
                agree(&world, 0, &report, &before, &intended, &told).await;
            }
        }
    });
}

#[test]
fn a_step_that_somebody_stays_in_the_way_of_is_told_of_after_the_wait() {
    on_paused_clock(async {
        for kind in NETCONF {
            let (before, intended) = before_and_intended(kind, WISH).await;
            for step in steps(kind) {
                let told = format!("{kind:?}, {step}");
                let world = World::new(&[kind]).await;
                world.handle(0).inject(fault(&format!("{step}:*:before:refuse:in-use")));
                let report = world.one(2, WISH).await;
                let fault = report.outcome.fault().unwrap();
                assert_eq!(fault.kind, FaultKind::Locked, "{told}: {fault}");
                assert!(fault.message.contains("tried for"), "{told}: {fault}");
                world.handle(0).clear_faults();
                agree(&world, 0, &report, &before, &intended, &told).await;
            }
        }
    });
}

/// Where a change is guarded, its refusal is not looked into before it is made again.
#[test]
fn what_was_done_and_refused_is_never_told_as_somebody_elses() {
    on_paused_clock(async {
        for kind in [Kind::Ovsdb, Kind::Restconf(kind::TAGGED)] {
            let (before, intended) = before_and_intended(kind, WISH).await;
            for (tag, nth) in TAGS.into_iter().flat_map(|tag| [(tag, "1"), (tag, "*")]) {
                let told = format!("{kind:?}, {tag}, {nth}");
                let world = World::new(&[kind]).await;
                world.handle(0).inject(fault(&format!("{}:{nth}:after:refuse:{tag}", kind.writes())));
                let report = world.one(2, WISH).await;
                world.handle(0).clear_faults();
                agree(&world, 0, &report, &before, &intended, &told).await;
            }
        }
    });
}

/// A part of what was asked for that somebody else made is theirs.
#[test]
fn what_somebody_else_made_of_an_open_vswitch_as_it_was_wanted_is_left_alone() {
    on_paused_clock(async {
        let world = World::new(&[Kind::Ovsdb]).await;
        let ovsdb = world.handle(0).ovsdb().unwrap();
        ovsdb.meddle(1, Moment::BeforeApply, deed(2, Deed::Moves(200), "by hand"));
        let report = world.one(2, WISH).await;
        assert!(matches!(&report.outcome, Outcome::NotStarted(fault) if fault.kind == FaultKind::Locked), "{report:?}");
        assert!(world.ports(0)["Ethernet2"].starts_with("access, tag 200, trunks none, []"), "{:?}", world.ports(0));
    });
}

/// After Mercury has undone its own, too: a port that is in part as before and in part as it was to be is
/// no half of a change where changes happen wholly or not at all.
#[test]
fn what_somebody_else_made_of_an_open_vswitch_behind_an_undoing_is_left_alone() {
    on_paused_clock(async {
        let world = World::new(&[Kind::Ovsdb, Kind::Gnmi(CONFIRMED)]).await;
        world.handle(1).inject(fault("gnmi-confirm:*:before:refuse:operation-failed"));
        let ovsdb = world.handle(0).ovsdb().unwrap();
        ovsdb.meddle(2, Moment::AfterApply, deed(2, Deed::Moves(200), "by hand"));
        let reports = world.ask(&[(0, 2, WISH), (1, 2, WISH)]).await;
        assert_eq!(ovsdb.meddled().len(), 1);
        let report = reports.iter().find(|report| report.switch == "leaf0").unwrap();
        let Outcome::RollbackFailed { undo, .. } = &report.outcome else { panic!("{report:?}") };
        assert!(undo.message.contains("left alone"), "{undo}");
        assert!(world.ports(0)["Ethernet2"].starts_with("access, tag 200, trunks none, []"), "{:?}", world.ports(0));
    });
}

/// The last port leaves, and so what binds its VLAN to the VNI goes: not under a port that came
/// meanwhile, about which alone the guard refused it.
#[test]
fn what_goes_with_the_last_port_stays_where_another_came_meanwhile() {
    on_paused_clock(async {
        let vlan = 3000;
        let key = format!("VNI {}", vni(vlan));
        for (moved_to, is_in_use) in [(vlan, true), (200, false)] {
            let world = World::with(&[Kind::Ovsdb], serves_vnis).await;
            let ovsdb = world.handle(0).ovsdb().unwrap();
            begin(&ovsdb);
            close(&ovsdb, &["br0"]);
            let bound = world.one(2, Wish::Vni(vlan)).await;
            assert!(bound.outcome.is_success() && world.ports(0).contains_key(&key), "{bound:?}");
            ovsdb.meddle(1, Moment::BeforeApply, deed(3, Deed::Moves(moved_to), "by hand"));
            let report = world.one(2, Wish::Reset).await;
            assert_eq!(ovsdb.meddled().len(), 1);
            let now = world.ports(0);
            assert!(now["Ethernet3"].starts_with(&format!("access, tag {moved_to},")), "{now:?}");
            assert_eq!(now.contains_key(&key), is_in_use, "{report:?} {now:?}");
            let is_told = match is_in_use {
                true => matches!(&report.outcome, Outcome::NotStarted(fault) if fault.kind == FaultKind::Locked),
                false => report.outcome.is_success(),
            };
            assert!(is_told, "{report:?}");
        }
    });
}

/// The same of a switch that has no lock, and does not look at what it was worked out from, also
/// where its answer is lost.
#[test]
fn what_went_with_the_last_port_is_back_where_another_came_meanwhile() {
    on_paused_clock(async {
        for (kind, loses) in [PLAIN, ONE_BY_ONE].into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
            let vlan = 3000;
            let key = format!("VNI {}", vni(vlan));
            let world = World::with(&[Kind::Gnmi(kind)], serves_vnis).await;
            let handle = world.handle(0);
            handle.change_running(VTEP).unwrap();
            let bound = world.one(2, Wish::Vni(vlan)).await;
            assert!(bound.outcome.is_success(), "{bound:?}");
            let before = world.ports(0);
            assert!(before.contains_key(&key), "{before:?}");
            let hold = handle.inject(fault("gnmi-set:1:before:hold"));
            if loses {
                handle.inject(fault("gnmi-set:1:after:drop"));
            }
            let comes = async {
                handle.held(hold).await;
                handle.change_running(&member(3, vlan)).unwrap();
                handle.release(hold);
            };
            let (report, ()) = tokio::join!(world.one(2, Wish::Reset), comes);
            assert!(matches!(report.outcome, Outcome::RolledBack(_)), "{:?} {loses}: {report:?}", Kind::Gnmi(kind));
            let told = report.outcome.fault().unwrap();
            assert!(loses || (told.kind == FaultKind::Locked && told.message.contains("Ethernet3")), "{told:?}");
            let now = world.ports(0);
            assert_eq!((&now[&key], &now["Ethernet2"]), (&before[&key], &before["Ethernet2"]));
            assert!(now["Ethernet3"].contains(&format!("\"access-vlan\":{vlan}")), "{now:?}");
        }
    });
}

/// Puts a port on a VLAN.
fn member(port: u16, vlan: u16) -> String {
    format!(
        "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>Ethernet{port}</name><ethernet \
         xmlns=\"http://openconfig.net/yang/interfaces/ethernet\"><switched-vlan \
         xmlns=\"http://openconfig.net/yang/vlan\"><config><interface-mode>ACCESS</interface-mode>\
         <access-vlan>{vlan}</access-vlan></config></switched-vlan></ethernet></interface></interfaces>"
    )
}

#[test]
fn what_is_not_saved_while_running_is_locked_is_saved_after_the_unlock() {
    on_paused_clock(async {
        let kind = Kind::Netconf(Mode::RunningStartup);
        let (before, intended) = before_and_intended(kind, WISH).await;
        let world = World::of(&[kind], |_| {}, |options| options.quirks.no_save_while_locked = true).await;
        let report = world.one(2, WISH).await;
        assert!(matches!(report.outcome, Outcome::Committed(_)), "{:?}", report.outcome);
        assert!(report.warnings.iter().any(|told| told.contains("after the unlock")), "{:?}", report.warnings);
        agree(&world, 0, &report, &before, &intended, "saved after the unlock").await;
    });
}

const CANDIDATE: [Kind; 3] = [Kind::Netconf(Mode::Candidate), Kind::Netconf(Mode::CandidatePlain), JUNOS];

/// Somebody has been typing into the shared candidate, and is not done. However
/// the server says that, it is theirs, unless the entry says otherwise.
#[test]
fn what_others_staged_is_waited_for_unless_the_entry_says_that_it_may_go() {
    on_paused_clock(async {
        for (kind, in_words, discards) in CANDIDATE.into_iter().flat_map(|kind| {
            [(false, false), (false, true), (true, false), (true, true)]
                .map(|(words, discards)| (kind, words, discards))
        }) {
            let told = format!("{kind:?}, in words: {in_words}, discards: {discards}");
            let (before, intended) = before_and_intended(kind, WISH).await;
            let tune = |switch: &mut mercury::inventory::Switch| {
                kind::netconf(switch).unwrap().discard_foreign_candidate = discards;
            };
            let world = World::of(&[kind], tune, |options| options.quirks.dirty_in_words = in_words).await;
            let _colleague = stage(&world, &console(4, "half done")).await;
            let staged = ports(&world.handle(0), Datastore::Candidate);
            let report = world.one(2, WISH).await;
            if discards {
                assert_eq!(claim(&report), Claim::Intended, "{told}: {:?}", report.outcome);
                assert_eq!(world.ports(0), intended, "{told}");
                continue;
            }
            let fault = report.outcome.fault().unwrap();
            assert_eq!(fault.kind, FaultKind::Locked, "{told}: {fault}");
            assert!(fault.message.contains("discard_foreign_candidate"), "{told}: {fault}");
            assert_eq!(world.ports(0), before, "{told}");
            assert_eq!(ports(&world.handle(0), Datastore::Candidate), staged, "{told}: their work is gone");
        }
    });
}

/// A server that keeps what a lost session staged would be locked for ever.
#[test]
fn what_mercury_itself_left_staged_is_discarded() {
    on_paused_clock(async {
        // Junos keeps nothing that was staged under its lock.
        let kinds = CANDIDATE.into_iter().filter(|kind| *kind != JUNOS);
        for (kind, in_words) in kinds.flat_map(|kind| [(kind, false), (kind, true)]) {
            for struck in ["edit-config:1:after:drop", "commit:1:before:drop"] {
                let told = format!("{kind:?}, in words: {in_words}, {struck}");
                let (before, intended) = before_and_intended(kind, WISH).await;
                let quirks = |options: &mut mercury_sim::Options| {
                    (options.quirks.keeps_candidate, options.quirks.dirty_in_words) = (true, in_words);
                };
                let world = World::of(&[kind], |_| {}, quirks).await;
                world.handle(0).inject(fault(struck));
                let report = world.one(2, WISH).await;
                agree(&world, 0, &report, &before, &intended, &told).await;
                let again = world.one(2, WISH).await;
                assert_eq!(claim(&again), Claim::Intended, "{told}, and again: {:?}", again.outcome);
            }
        }
    });
}

/// Behind a refused edit a commit of nothing may be pending, and access control
/// may keep Mercury from cancelling it.
#[test]
fn a_commit_that_may_be_pending_and_may_not_be_cancelled_is_told() {
    on_paused_clock(async {
        let kind = Kind::Netconf(Mode::Candidate);
        let (before, intended) = before_and_intended(kind, WISH).await;
        let world = World::new(&[kind]).await;
        let handle = world.handle(0);
        handle.inject(fault("edit-config:1:before:refuse:operation-failed"));
        handle.inject(fault("cancel-commit:*:before:refuse:access-denied"));
        let report = world.one(2, WISH).await;
        assert!(handle.status().pending.is_some(), "nothing is pending");
        let told = report.outcome.fault().unwrap().message;
        assert!(told.contains("nobody may get the lock for up to 50 s") && !told.contains("is as before"), "{told}");
        handle.clear_faults();
        agree(&world, 0, &report, &before, &intended, "not cancelled").await;
    });
}

/// A Mercury that was killed leaves a commit that waits to be confirmed; the
/// next one's patience is longer than that.
#[test]
fn the_first_request_after_a_crash_waits_for_what_was_left() {
    on_paused_clock(async {
        for kind in [Kind::Netconf(Mode::Candidate), JUNOS] {
            let world = World::new(&[kind]).await;
            let timing = mercury::inventory::Timing::default();
            assert!(timing.lock_wait > timing.confirm_timeout + timing.commit_timeout);
            assert!(timing.commit_timeout <= timing.confirm_timeout);
            leave_unconfirmed_for(&world, timing.confirm_timeout).await;
            let report = world.one(2, WISH).await;
            assert_eq!(claim(&report), Claim::Intended, "{kind:?}: {:?}", report.outcome);
        }
    });
}

/// Nothing has been changed when it turns out, so nobody has to know.
#[test]
fn a_switch_that_takes_one_request_at_a_time_is_asked_one_by_one() {
    on_paused_clock(async {
        for kind in NETCONF {
            let (before, intended) = before_and_intended(kind, WISH).await;
            let world = World::of(&[kind], |_| {}, |options| options.quirks.one_request_at_a_time = true).await;
            let report = world.one(2, WISH).await;
            assert_eq!(claim(&report), Claim::Intended, "{kind:?}: {:?}", report.outcome);
            agree(&world, 0, &report, &before, &intended, &format!("{kind:?}")).await;
            let sessions = world.handle(0).counters().sessions;
            assert_eq!(claim(&world.one(3, WISH).await), Claim::Intended, "{kind:?}");
            assert_eq!(world.handle(0).counters().sessions, sessions, "{kind:?}: it is forgotten");
        }
    });
}
