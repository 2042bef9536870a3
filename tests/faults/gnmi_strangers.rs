//! Another gNMI client has a commit at the target that waits to be confirmed,
//! or somebody has running locked: a Set is FAILED_PRECONDITION then, and
//! nothing of the stranger's is touched.

use std::{sync::Arc, time::Duration};

use mercury::fault::FaultKind;
use mercury_adapter::{Capabilities, CommitMode, Payload, PersistId, Render, Session, Step};
use mercury_gnmi::{GnmiOptions, Overrides, Renderer};
use mercury_sim::Datastore;

use crate::kind::{CONFIRMED, GNMI, Kind, PLAIN, gnmi};
use crate::life::Signal;
use crate::locks::Locks;
use crate::strangers::console;
use crate::world::{Claim, Wish, World, agree, ask, claim, dialect, fault, on_paused_clock};

const KIND: Kind = Kind::Gnmi(CONFIRMED);
const STRANGE: (u16, Wish) = (3, Wish::Access(300));
const WISH: Wish = Wish::Access(200);
const TIMEOUT: Duration = Duration::from_secs(60);

/// A client that is not Mercury, and shares its library.
pub(crate) struct Stranger(Box<dyn Session>);

impl Stranger {
    pub(crate) async fn at(world: &World) -> Self {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let handle = world.handle(0);
        tokio::spawn(async move { handle.serve_gnmi(theirs).await });
        let dialect = Arc::new(dialect("openconfig").gnmi.clone().unwrap());
        let options = GnmiOptions { tls: None, ..GnmiOptions::new("memory", 9339) };
        Self(mercury_gnmi::conformance::session(ours, &options, dialect).await.unwrap())
    }

    fn name() -> PersistId {
        PersistId("stranger".into())
    }

    /// Makes a change that is undone unless confirmed within this time.
    pub(crate) async fn commit(&mut self, payload: Payload, timeout: Duration) {
        let mode = CommitMode::Confirmed { timeout, persist: Some(Self::name()) };
        self.say(&[Step::Stage(payload), Step::Commit(mode)]).await;
    }

    pub(crate) async fn confirm(&mut self) {
        self.say(&[Step::Confirm(Some(Self::name()))]).await;
    }

    pub(crate) async fn cancel(&mut self) {
        self.say(&[Step::Cancel(Some(Self::name()))]).await;
    }

    async fn say(&mut self, steps: &[Step]) {
        let flight = self.0.flight(steps, TIMEOUT).await;
        assert!(flight.lost.is_none() && flight.results.iter().all(Result::is_ok), "{flight:?}");
    }
}

/// What Mercury would send to have this.
pub(crate) async fn payload(port: u16, wish: Wish) -> Payload {
    let clean = World::new(&[KIND]).await;
    let plan = clean.one(port, wish).await.plan.unwrap();
    Renderer::new(&dialect("openconfig"), Overrides::default())
        .unwrap()
        .render(&plan, &Capabilities::unknown())
        .unwrap()
}

#[test]
fn a_commit_that_another_client_has_pending_is_told_of_and_left_alone() {
    on_paused_clock(async {
        for mine in [true, false] {
            for warm in [false, true] {
                let told = format!("confirmed_commit {mine}, {}", if warm { "warm" } else { "cold" });
                let world = World::with(&[KIND], |switch| gnmi(switch).unwrap().confirmed_commit = Some(mine)).await;
                if warm {
                    world.one(1, Wish::Access(100)).await;
                }
                let mut stranger = Stranger::at(&world).await;
                stranger.commit(payload(STRANGE.0, STRANGE.1).await, Duration::from_secs(600)).await;
                let theirs = world.ports(0);
                let report = world.one(2, WISH).await;
                let fault = report.outcome.fault().unwrap();
                assert_eq!((claim(&report), fault.kind), (Claim::Before, FaultKind::Locked), "{told}: {fault:?}");
                assert!(fault.message.contains("waits to be confirmed"), "{told}: {fault:?}");
                assert_eq!(world.ports(0), theirs, "{told}");
                let pending = world.handle(0).pending_commit();
                assert_eq!(pending.unwrap().gnmi_id.as_deref(), Some("stranger"), "{told}");
                stranger.confirm().await;
                let after = world.one(2, WISH).await;
                assert_eq!(claim(&after), Claim::Intended, "{told}: {:?}", after.outcome);
                assert_eq!(world.ports(0)["Ethernet3"], theirs["Ethernet3"], "{told}");
            }
        }
    });
}

/// The session is warm, so that only the refused Set tells of it.
#[test]
fn a_commit_that_another_client_has_pending_is_waited_for() {
    on_paused_clock(async {
        let world = World::new(&[KIND]).await;
        world.one(1, Wish::Access(100)).await;
        let handle = world.handle(0);
        let mut stranger = Stranger::at(&world).await;
        stranger.commit(payload(STRANGE.0, STRANGE.1).await, Duration::from_secs(600)).await;
        let theirs = world.ports(0);
        let hold = handle.inject(fault("gnmi-extend:1:after:hold"));
        let confirms = async {
            // Mercury's Set was refused, and it asks whose commit waits.
            handle.held(hold).await;
            handle.release(hold);
            tokio::time::sleep(Duration::from_secs(20)).await;
            stranger.confirm().await;
        };
        let (report, ()) = tokio::join!(world.one(2, WISH), confirms);
        assert_eq!(claim(&report), Claim::Intended, "{:?}", report.outcome);
        assert_eq!(world.ports(0)["Ethernet3"], theirs["Ethernet3"]);
        assert!(handle.pending_commit().is_none());
    });
}

/// Such as a Mercury that was killed: what it made looks made, and is undone when the timer
/// ends, or stays where somebody confirms it. It is waited for, and what is there then counts.
#[test]
fn what_a_dead_gnmi_client_left_unconfirmed_is_waited_for_and_made_where_it_went() {
    on_paused_clock(async {
        let clean = World::new(&[KIND]).await;
        clean.one(2, WISH).await;
        let intended = clean.ports(0);
        for (timeout, confirms, warm) in [(10, false), (60, false), (60, true)]
            .into_iter()
            .flat_map(|(time, confirms)| [(time, confirms, false), (time, confirms, true)])
        {
            let world = World::new(&[KIND]).await;
            // Who has a session does not take what stands for a lock anew.
            if warm {
                world.one(2, Wish::Reset).await;
            }
            let mut stranger = Stranger::at(&world).await;
            stranger.commit(payload(2, WISH).await, Duration::from_secs(timeout)).await;
            let goes = async {
                match confirms {
                    true => {
                        tokio::time::sleep(Duration::from_secs(20)).await;
                        stranger.confirm().await;
                    }
                    false => drop(stranger),
                }
            };
            let (report, ()) = tokio::join!(world.one(2, WISH), goes);
            let told = format!("timer {timeout} s, confirmed {confirms}, warm {warm}: {:?}", report.outcome);
            assert_eq!(claim(&report), Claim::Intended, "{told}");
            tokio::time::sleep(TIMEOUT * 2).await;
            assert_eq!(world.ports(0), intended, "{told}");
        }
        // One that outlasts the patience is told of, and left.
        let world = World::new(&[KIND]).await;
        world.one(2, Wish::Reset).await;
        let mut stranger = Stranger::at(&world).await;
        stranger.commit(payload(2, WISH).await, Duration::from_secs(600)).await;
        let report = world.one(2, WISH).await;
        let fault = report.outcome.fault().unwrap();
        assert_eq!((claim(&report), fault.kind), (Claim::Before, FaultKind::Locked), "{fault:?}");
        assert!(fault.message.contains("105 s"), "{fault:?}");
        assert!(world.handle(0).pending_commit().is_some());
    });
}

/// NETCONF's lock of running keeps Sets out.
#[test]
fn a_lock_of_running_is_told_of_over_gnmi() {
    on_paused_clock(async {
        for kind in GNMI {
            let world = World::new(&[kind]).await;
            let (handle, before) = (world.handle(0), world.ports(0));
            assert!(handle.console_lock(Datastore::Running, true));
            let report = world.one(2, WISH).await;
            let fault = report.outcome.fault().unwrap();
            assert_eq!((claim(&report), fault.kind), (Claim::Before, FaultKind::Locked), "{kind:?}: {fault:?}");
            assert!(handle.console_lock(Datastore::Running, false));
            agree(&world, 0, &report, &before, &before, &format!("{kind:?}")).await;
            assert_eq!(claim(&world.one(2, WISH).await), Claim::Intended, "{kind:?}");
        }
    });
}

/// A second Mercury, on another host, stands in the middle of a change.
#[test]
fn a_mercury_that_comes_new_waits_for_anothers_commit_to_be_confirmed() {
    on_paused_clock(async {
        let world = World::new(&[KIND]).await;
        let (handle, other) = (world.handle(0), world.another());
        let hold = handle.inject(fault("gnmi-set:1:after:hold"));
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
        assert_eq!(claim(&first[0]), Claim::Intended, "{:?}", first[0].outcome);
        assert_eq!(claim(&second), Claim::Intended, "{:?}", second.outcome);
    });
}

/// A Mercury is killed when its commit is made and not confirmed, and its
/// caller asks another one, which has a session already, for the same.
#[test]
fn what_a_dead_mercury_left_unconfirmed_is_never_called_unchanged() {
    on_paused_clock(async {
        let (world, locks) = (World::new(&[KIND]).await, Locks::new(Duration::ZERO));
        let (dead, next) = (world.mercury(&locks, |_| {}), world.mercury(&locks, |_| {}));
        ask(&next.service, &[(0, 1, Wish::Access(100))]).await;
        let hold = world.handle(0).inject(fault("gnmi-set:1:after:hold"));
        let killed = async {
            world.handle(0).held(hold).await;
            dead.life().send(Signal::Kill);
            world.handle(0).release(hold);
        };
        tokio::select! {
            _ = ask(&dead.service, &[(0, 2, WISH)]) => unreachable!(),
            () = killed => {}
        }
        assert!(world.handle(0).pending_commit().is_some());
        let report = ask(&next.service, &[(0, 2, WISH)]).await.remove(0);
        assert_eq!(claim(&report), Claim::Intended, "{:?}", report.outcome);
        assert!(world.handle(0).pending_commit().is_none());
        assert!(world.ports(0)["Ethernet2"].contains(":200"));
    });
}

/// A Set that was refused has made nothing. What another client does to a port that it
/// was to change too, such as an uplink, is not taken for Mercury's and taken back.
#[test]
fn what_another_client_made_while_a_set_was_refused_stays() {
    on_paused_clock(async {
        for kind in GNMI.into_iter().filter(|kind| !matches!(kind, Kind::Gnmi(gnmi) if !gnmi.atomic)) {
            let world = World::of(
                &[kind],
                |switch| {
                    switch.rules.manage_vlans = true;
                    switch.rules.options.trunk_ports = vec!["Ethernet8".parse().unwrap()];
                },
                |_| {},
            )
            .await;
            let handle = world.handle(0);
            for refused in ["status:failed-precondition", "status:aborted"] {
                let hold = handle.inject(fault("gnmi-set:1:before:hold"));
                handle.inject(fault(&format!("gnmi-set:1:before:{refused}")));
                let stranger = async {
                    handle.held(hold).await;
                    handle.change_running(&console(8, "by hand")).unwrap();
                    handle.release(hold);
                };
                let (report, ()) = tokio::join!(world.one(2, WISH), stranger);
                assert_ne!(claim(&report), Claim::Intended, "{kind:?}: {:?}", report.outcome);
                assert!(world.ports(0)["Ethernet8"].contains("by hand"), "{kind:?}: {refused}: {:?}", report.outcome);
                handle.clear_faults();
            }
        }
    });
}

/// A VLAN that was read while its maker had yet to confirm it, and that its maker took
/// back since, is not what the switch had before: the way back does not make it anew.
#[test]
fn what_another_client_took_back_since_it_was_read_is_not_made_again() {
    on_paused_clock(async {
        let world = World::new(&[KIND]).await;
        world.one(1, Wish::Access(100)).await;
        let (handle, before) = (world.handle(0), world.ports(0));
        let mut stranger = Stranger::at(&world).await;
        stranger.commit(payload(STRANGE.0, STRANGE.1).await, Duration::from_secs(600)).await;
        let hold = handle.inject(fault("gnmi-set:1:before:hold"));
        let taken_back = async {
            handle.held(hold).await;
            stranger.cancel().await;
            handle.release(hold);
        };
        let (report, ()) = tokio::join!(world.one(2, STRANGE.1), taken_back);
        assert_eq!((claim(&report), world.ports(0)), (Claim::Before, before), "{:?}", report.outcome);
    });
}

/// Of a port that the change was about, the way back takes what the change was about.
#[test]
fn what_another_client_said_of_a_port_beside_a_change_of_it_stays() {
    on_paused_clock(async {
        let world = World::of(
            &[Kind::Gnmi(PLAIN)],
            |switch| switch.rules.options.trunk_ports = vec!["Ethernet8".parse().unwrap()],
            |_| {},
        )
        .await;
        let handle = world.handle(0);
        // Made by half: the uplink is as it was to be, the port is not.
        let hold = handle.inject(fault("gnmi-set:1:after:hold"));
        handle.inject(fault("gnmi-set:1:before:part"));
        let stranger = async {
            handle.held(hold).await;
            handle.change_running(&console(8, "by hand")).unwrap();
            handle.release(hold);
        };
        let (report, ()) = tokio::join!(world.one(2, WISH), stranger);
        assert_eq!(claim(&report), Claim::Before, "{:?}", report.outcome);
        assert!(world.ports(0)["Ethernet8"].contains("by hand"), "{:?}", report.outcome);
        assert!(!world.ports(0)["Ethernet8"].contains("200"), "{:?}", report.outcome);
    });
}
