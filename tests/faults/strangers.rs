//! Somebody else is at the switch, or the wire is bad.

use std::time::Duration;

use mercury::{fault::FaultKind, outcome::Outcome};
use mercury_sim::{Datastore, Mode};
use tokio::{
    io::{AsyncWriteExt as _, DuplexStream},
    task::JoinHandle,
};

use crate::kind::{self, BARE, GNMI, Kind, NETCONF, Restconf, TAGGED};
use crate::world::{Claim, Wish, World, agree, ask, before_and_intended, claim, fault, on_paused_clock};

const WISH: Wish = Wish::Access(200);

async fn warm(kind: Kind) -> World {
    let world = World::new(&[kind]).await;
    assert_eq!(claim(&world.one(1, Wish::Access(100)).await), Claim::Intended);
    world
}

/// What the console does to a port.
pub(crate) fn console(port: u16, text: &str) -> String {
    format!(
        "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>Ethernet{port}</name><config>\
         <description>{text}</description></config></interface></interfaces>"
    )
}

/// What Mercury locks.
pub(crate) const fn lockable(kind: Kind) -> Datastore {
    match kind {
        Kind::Netconf(Mode::Candidate | Mode::CandidatePlain | Mode::CandidateJunos) => Datastore::Candidate,
        _ => Datastore::Running,
    }
}

#[test]
fn a_port_that_the_console_changes_between_edit_and_read_back_is_put_back_as_it_was() {
    on_paused_clock(async {
        for kind in kind::all() {
            let world = warm(kind).await;
            let (handle, before) = (world.handle(0), world.ports(0));
            let hold = handle.inject(fault(&match kind {
                Kind::Netconf(_) => "get-config:2:before:hold".to_owned(),
                _ => format!("{}:{}:after:hold", kind.writes(), kind.requests()),
            }));
            let meddle = async {
                handle.held(hold).await;
                handle.change_running(&console(2, "by hand")).unwrap();
                handle.release(hold);
            };
            let (report, ()) = tokio::join!(world.one(2, WISH), meddle);
            assert_eq!(report.outcome.fault().unwrap().kind, FaultKind::ReadBack, "{kind:?}");
            agree(&world, 0, &report, &before, &before, &format!("{kind:?}")).await;
        }
    });
}

/// Whether the tags are the datastore's or each resource's own, and whether the server takes
/// a patch: what somebody else has made of a port since it was read is refused to be changed,
/// and left alone.
#[test]
fn what_somebody_else_has_changed_since_it_was_read_is_left_alone_where_there_are_tags() {
    on_paused_clock(async {
        let bare = Restconf { etags: true, ..BARE };
        let faces = [(TAGGED, false, true), (TAGGED, true, true), (bare, true, false), (bare, true, true)];
        for (kind, own, fields) in faces {
            let own_tags = |options: &mut mercury_sim::Options| {
                (options.restconf.own_etags, options.restconf.fields) = (own, fields);
            };
            let kind = Kind::Restconf(kind);
            let world = World::of(&[kind], |_| {}, own_tags).await;
            for port in [1, 2] {
                assert_eq!(claim(&world.one(port, Wish::Access(100)).await), Claim::Intended);
            }
            world.one(3, WISH).await;
            let handle = world.handle(0);
            let hold = handle.inject(fault("restconf-patch:1:before:hold"));
            let meddle = async {
                handle.held(hold).await;
                handle.change_running(&moved(2, 110)).unwrap();
                handle.release(hold);
                world.ports(0)
            };
            let (report, before) = tokio::join!(world.one(2, WISH), meddle);
            let told = format!("{kind:?}, own tags {own}, fields {fields}: {:?}", report.outcome);
            assert!(matches!(&report.outcome, Outcome::NotStarted(fault) if fault.kind == FaultKind::Locked), "{told}");
            assert_eq!(world.ports(0), before, "{told}");
            // What somebody else does elsewhere is no reason to refuse it.
            let hold = handle.inject(fault("restconf-patch:1:before:hold"));
            let elsewhere = async {
                handle.held(hold).await;
                handle.change_running(&moved(1, 110)).unwrap();
                handle.release(hold);
            };
            let (report, ()) = tokio::join!(world.one(2, Wish::Access(100)), elsewhere);
            assert_eq!(claim(&report), Claim::Intended, "{kind:?}, own tags {own}: {:?}", report.outcome);
        }
    });
}

/// The console puts a port on another VLAN.
fn moved(port: u16, vlan: u16) -> String {
    format!(
        "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>Ethernet{port}</name>\
         <ethernet xmlns=\"http://openconfig.net/yang/interfaces/ethernet\">\
         <switched-vlan xmlns=\"http://openconfig.net/yang/vlan\"><config><access-vlan>{vlan}</access-vlan>\
         </config></switched-vlan></ethernet></interface></interfaces>"
    )
}

#[test]
fn a_lock_that_is_not_given_back_is_reported_and_one_that_is_given_back_is_waited_for() {
    on_paused_clock(async {
        for kind in NETCONF {
            let world = warm(kind).await;
            let (handle, before) = (world.handle(0), world.ports(0));
            assert!(handle.console_lock(lockable(kind), true));
            let report = world.one(2, WISH).await;
            assert_eq!(report.outcome.fault().unwrap().kind, FaultKind::Locked, "{kind:?}");
            assert_eq!(world.ports(0), before);
            let give_back = async {
                tokio::time::sleep(Duration::from_secs(5)).await;
                assert!(handle.console_lock(lockable(kind), false), "{kind:?}: the console's lock was broken");
            };
            let (report, ()) = tokio::join!(world.one(2, WISH), give_back);
            assert_eq!(claim(&report), Claim::Intended, "{kind:?}: {:?}", report.outcome);
        }
    });
}

/// A second Mercury stands in the middle of a change: it has the lock, and
/// what it has made is not confirmed.
#[test]
fn two_mercuries_on_one_switch_wait_for_each_other() {
    on_paused_clock(async {
        for kind in NETCONF {
            let world = warm(kind).await;
            let (handle, other) = (world.handle(0), world.another());
            let hold = handle.inject(fault("edit-config:1:before:hold"));
            let first = ask(&other, &[(0, 3, Wish::Access(300))]);
            let second = async {
                handle.held(hold).await;
                let release = async {
                    tokio::time::sleep(Duration::from_secs(10)).await;
                    handle.release(hold);
                };
                tokio::join!(world.one(2, WISH), release).0
            };
            let (first, second) = tokio::join!(first, second);
            assert_eq!(claim(&first[0]), Claim::Intended, "{kind:?}: {:?}", first[0].outcome);
            assert_eq!(claim(&second), Claim::Intended, "{kind:?}: {:?}", second.outcome);
        }
    });
}

/// RFC 6241 section 8.4: the switch undoes what was not confirmed in time,
/// and a plain commit that comes too late is answered with ok.
#[test]
fn a_confirmation_that_comes_too_late_is_not_reported_as_success() {
    on_paused_clock(async {
        for (kind, confirmation, waits) in
            [(NETCONF[0], "commit:2", 1), (GNMI[0], "gnmi-confirm:1", 1), (kind::JUNOS, "commit-configuration:2", 60)]
        {
            let tune = |switch: &mut mercury::inventory::Switch| {
                switch.timing.confirm_timeout = Duration::from_secs(1);
                switch.timing.commit_timeout = Duration::from_secs(100);
            };
            let world = World::with(&[kind], tune).await;
            world.one(1, Wish::Access(100)).await;
            let (handle, before) = (world.handle(0), world.ports(0));
            let hold = handle.inject(fault(&format!("{confirmation}:before:hold")));
            let late = async {
                handle.held(hold).await;
                tokio::time::sleep(Duration::from_secs(waits + 4)).await;
                handle.release(hold);
            };
            let (report, ()) = tokio::join!(world.one(2, WISH), late);
            let told = report.outcome.fault().unwrap().message;
            assert!(told.contains(&format!("within {waits} s (confirm_timeout)")), "{kind:?}: {told}");
            agree(&world, 0, &report, &before, &before, &format!("{kind:?}, too late")).await;
        }
    });
}

#[test]
fn a_warm_session_that_died_unseen_is_replaced_without_a_word() {
    on_paused_clock(async {
        for kind in kind::all() {
            let world = warm(kind).await;
            // Without :startup nothing is lost by it, and with :startup it was saved.
            world.handle(0).reboot();
            let before = world.ports(0);
            let report = world.one(2, WISH).await;
            assert_eq!(claim(&report), Claim::Intended, "{kind:?}: {:?}", report.outcome);
            assert_ne!(world.ports(0), before);
        }
    });
}

/// The switch hangs up on the first thing that is asked.
#[test]
fn a_warm_session_that_dies_under_the_first_read_is_replaced_without_a_word() {
    on_paused_clock(async {
        for kind in GNMI {
            let world = warm(kind).await;
            let read = if kind == Kind::Gnmi(kind::ONCE) { "gnmi-subscribe" } else { "gnmi-get" };
            world.handle(0).inject(fault(&format!("{read}:1:before:drop")));
            let report = world.one(2, WISH).await;
            assert_eq!(claim(&report), Claim::Intended, "{kind:?}: {:?}", report.outcome);
        }
    });
}

/// A client, such as a Mercury that was killed, leaves a confirmed commit that
/// outlives it (RFC 6241 section 8.4.1). What it made looks made, and is undone
/// when the timer ends: nobody may call that a success.
#[test]
fn what_a_dead_client_left_unconfirmed_is_never_reported_as_made() {
    on_paused_clock(async {
        for kind in [Kind::Netconf(Mode::Candidate), kind::JUNOS] {
            let (before, intended) = before_and_intended(kind, WISH).await;
            let world = World::new(&[kind]).await;
            leave_unconfirmed(&world).await;
            let report = world.one(2, WISH).await;
            let told = format!("{kind:?}: {:?}", report.outcome);
            tokio::time::sleep(Duration::from_secs(60)).await;
            match claim(&report) {
                Claim::Intended => assert_eq!(world.ports(0)["Ethernet2"], intended["Ethernet2"], "{told}"),
                Claim::Before => assert_eq!(world.ports(0), before, "{told}"),
                Claim::Unknown => panic!("{told}"),
            }
        }
    });
}

/// On Junos the lock does not tell of it, and any commit would confirm it: the
/// network engineer whose `commit confirmed` it is would never get it back.
#[test]
fn what_somebody_else_has_not_confirmed_is_left_to_them() {
    on_paused_clock(async {
        for (minutes, is_outwaited) in [(1, true), (10, false)] {
            let world = warm(kind::JUNOS).await;
            let (handle, before) = (world.handle(0), world.ports(0));
            let commit = format!(
                "<commit-configuration><confirmed/><confirm-timeout>{minutes}</confirm-timeout></commit-configuration>"
            );
            let _engineer = says(&world, &[edit(&console(4, "by hand")), commit]).await;
            handle.wait_until(|status| status.pending.is_some()).await;
            let theirs = world.ports(0);
            let report = world.one(2, WISH).await;
            if is_outwaited {
                assert_eq!(claim(&report), Claim::Intended, "{:?}", report.outcome);
                assert_eq!(world.ports(0)["Ethernet4"], before["Ethernet4"], "theirs was confirmed");
                continue;
            }
            let fault = report.outcome.fault().unwrap();
            assert_eq!(fault.kind, FaultKind::Locked, "{fault}");
            for part in ["mercury by netconf", "waits to be confirmed", "rollback in 10mins"] {
                assert!(fault.message.contains(part), "{fault}");
            }
            assert_eq!(world.ports(0), theirs);
            let status = handle.status();
            assert!(status.pending.is_some() && status.locks.is_empty(), "{status:?}");
        }
    });
}

/// A commit check confirms and leaves no entry of its own, so the newest one says
/// for as long as it was to wait that something may.
#[test]
fn what_was_confirmed_by_a_check_is_in_the_way_no_longer_than_it_was_to_wait() {
    on_paused_clock(async {
        let world = warm(kind::JUNOS).await;
        let confirmed = "<confirmed/><confirm-timeout>1</confirm-timeout>";
        let commits = [confirmed, "<check/>"].map(|how| format!("<commit-configuration>{how}</commit-configuration>"));
        let _engineer = says(&world, &[vec![edit(&console(4, "by hand"))], commits.to_vec()].concat()).await;
        let handle = world.handle(0);
        handle.wait_until(|status| status.counters.commits == 2 && status.pending.is_none()).await;
        let report = world.one(2, WISH).await;
        assert_eq!(claim(&report), Claim::Intended, "{:?}", report.outcome);
        assert!(world.ports(0)["Ethernet4"].contains("by hand"), "it was confirmed");
    });
}

/// Makes on Ethernet2 what [`WISH`] asks, by a copy of what a clean switch
/// has, with a timer of 30 s, and dies.
async fn leave_unconfirmed(world: &World) {
    leave_unconfirmed_for(world, Duration::from_secs(30)).await;
}

pub(crate) async fn leave_unconfirmed_for(world: &World, timer: Duration) {
    let kind = world.kinds[0];
    let clean = World::new(&[kind]).await;
    clean.one(2, WISH).await;
    let config = clean.handle(0).xml(Datastore::Running);
    let (operation, timer, name) = match kind {
        kind::JUNOS => ("commit-configuration", timer.as_secs().div_ceil(60), "log"),
        _ => ("commit", timer.as_secs(), "persist"),
    };
    let commit = format!(
        "<{operation}><confirmed/><confirm-timeout>{timer}</confirm-timeout><{name}>somebody</{name}></{operation}>"
    );
    let (client, serving) = says(world, &[edit(&config), commit]).await;
    world.handle(0).wait_until(|status| status.pending.is_some()).await;
    drop(client);
    serving.await.unwrap();
}

/// Another client edits the candidate without a lock, and stays as long as
/// what this returns is kept.
pub(crate) async fn stage(world: &World, config: &str) -> DuplexStream {
    let (client, _) = says(world, &[edit(config)]).await;
    world.handle(0).wait_until(|status| status.candidate_dirty).await;
    client
}

fn edit(config: &str) -> String {
    format!("<edit-config><target><candidate/></target><config>{config}</config></edit-config>")
}

/// What another client says on a session of its own.
pub(crate) async fn says(world: &World, operations: &[String]) -> (DuplexStream, JoinHandle<()>) {
    let (mut client, server) = tokio::io::duplex(1 << 20);
    let handle = world.handle(0);
    let serving = tokio::spawn(async move { handle.serve(server).await });
    let base = "urn:ietf:params:xml:ns:netconf:base:1.0";
    let mut text = format!(
        "<hello xmlns=\"{base}\"><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability>\
         </capabilities></hello>]]>]]>"
    );
    for (id, operation) in operations.iter().enumerate() {
        text += &format!("<rpc xmlns=\"{base}\" message-id=\"{id}\">{operation}</rpc>]]>]]>");
    }
    client.write_all(text.as_bytes()).await.unwrap();
    (client, serving)
}
