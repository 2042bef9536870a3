//! What a reply leaves out: ports that access control hides, ports of which
//! nothing is configured, ports that are not there, and servers that answer the
//! first of several entries a filter names. Absent is a question.

use mercury::{
    fault::{Fault, FaultKind},
    intent::{Intent, PortIntent, Setting},
    outcome::{Outcome, Report},
    service::Requester,
};
use mercury_sim::Options;

use crate::{
    kind::{self, Gnmi, Kind, NETCONF},
    world::{Claim, Wish, World, agree, before_and_intended, claim, on_paused_clock},
};

async fn world(kind: Kind, tune: impl Fn(&mut Options)) -> World {
    World::of(&[kind], |_| {}, tune).await
}

fn fault(report: &Report) -> Fault {
    report.outcome.fault().unwrap_or_else(|| panic!("{:?}", report.outcome))
}

fn told(report: &Report) -> String {
    report.told().collect::<Vec<_>>().join("; ")
}

/// A console change, since the port cannot be configured through Mercury.
fn configure(world: &World, port: &str) {
    let xml = format!(
        "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>{port}</name>\
         <ethernet xmlns=\"http://openconfig.net/yang/interfaces/ethernet\">\
         <switched-vlan xmlns=\"http://openconfig.net/yang/vlan\"><config><interface-mode>ACCESS</interface-mode>\
         <access-vlan>100</access-vlan></config></switched-vlan></ethernet></interface></interfaces>"
    );
    world.handle(0).change_running(&xml).unwrap();
}

/// Takes its VLANs from a port, and says nothing else of it.
async fn detach(world: &World, port: u16) -> Report {
    let mut intent = PortIntent::new(format!("Ethernet{port}").parse().unwrap());
    intent.switched_vlan = Setting::Set(None);
    let switch = world.service.inventory().find("leaf0").unwrap().clone();
    let reports = world.service.apply(Intent::port("test", &switch, intent), &Requester::default()).await;
    reports.unwrap().remove(0)
}

#[test]
fn a_port_that_the_switch_does_not_have_is_refused_before_anything_is_sent() {
    for kind in kind::all() {
        on_paused_clock(async {
            let world = world(kind, |_| {}).await;
            let before = world.ports(0);
            for wish in [Wish::Access(100), Wish::Reset] {
                let report = world.one(99, wish).await;
                let fault = fault(&report);
                assert!(matches!(report.outcome, Outcome::NotStarted(_)), "{kind:?}: {:?}", report.outcome);
                assert_eq!((fault.kind, fault.parameter.as_deref()), (FaultKind::InvalidValue, Some("port_name")));
                assert!(fault.message.contains("Ethernet99") && fault.message.contains("nearest"), "{fault}");
            }
            assert_eq!(world.ports(0), before, "{kind:?}");
            let status = world.handle(0).status();
            assert!(status.locks.is_empty() && status.counters.edits == 0, "{kind:?}: {status:?}");
        });
    }
}

#[test]
fn the_port_that_is_not_there_fails_alone() {
    for kind in kind::all() {
        on_paused_clock(async {
            let world = world(kind, |_| {}).await;
            let (good, bad) = tokio::join!(world.one(2, Wish::Access(100)), world.one(99, Wish::Access(200)));
            assert!(matches!(good.outcome, Outcome::Committed(_)), "{kind:?}: {:?}", good.outcome);
            assert_eq!(fault(&bad).kind, FaultKind::InvalidValue, "{kind:?}");
        });
    }
}

#[test]
fn a_port_of_which_nothing_is_configured_is_found_in_the_state_once() {
    for kind in kind::all() {
        on_paused_clock(async {
            let world = world(kind, |options| options.quirks.leaves_out_idle_ports = true).await;
            let first = world.one(2, Wish::Access(100)).await;
            assert!(matches!(first.outcome, Outcome::Committed(_)), "{kind:?}: {:?}", first.outcome);
            let told = told(&first);
            assert!(told.is_empty() || told.starts_with("no operation that saves is known"), "{kind:?}: {told}");
            // Nobody has to look again for what was shown already.
            let again = world.one(2, Wish::Access(200)).await;
            let known = world.one(3, Wish::Access(200)).await;
            assert!(
                again.flights < known.flights,
                "{kind:?}: {} and {}: {:?}",
                again.flights,
                known.flights,
                known.before
            );
        });
    }
}

#[test]
fn what_cannot_be_found_out_about_a_port_is_said() {
    for kind in kind::all() {
        on_paused_clock(async {
            let tune = |options: &mut Options| {
                options.quirks.leaves_out_idle_ports = true;
                options.quirks.no_state = true;
                options.lags = vec!["Port-channel9".to_owned()];
            };
            let world = world(kind, tune).await;
            configure(&world, "Ethernet1");
            let report = world.one(2, Wish::Access(100)).await;
            assert!(matches!(report.outcome, Outcome::Committed(_)), "{kind:?}: {:?}", report.outcome);
            assert!(told(&report).contains("could not be found out"), "{kind:?}: {}", told(&report));
        });
    }
}

/// The whole list was shown, and the port is not on it: that is an answer.
/// A switch that shows no interface at all gives none.
#[test]
fn nothing_is_said_to_be_so_where_nothing_is_shown_at_all() {
    for kind in kind::all() {
        on_paused_clock(async {
            let hidden = |options: &mut Options| {
                options.quirks.no_state = true;
                options.hidden = (1..=options.ports).map(|number| format!("Ethernet{number}")).collect();
            };
            let world = world(kind, hidden).await;
            configure(&world, "Ethernet2");
            let fault = fault(&detach(&world, 2).await);
            assert_eq!(fault.kind, FaultKind::Unknown, "{kind:?}: {fault}");
            assert!(fault.message.contains("Ethernet2"), "{fault}");
            assert!(world.handle(0).status().locks.is_empty(), "{kind:?}");
            // What it had would be lost with the way back from what is not read back.
            let (before, report) = (world.ports(0), world.one(2, Wish::Access(200)).await);
            assert!(!report.outcome.is_success(), "{kind:?}: {:?}", report.outcome);
            assert_eq!(world.ports(0), before, "{kind:?}: {:?}", report.outcome);
        });
    }
}

#[test]
fn a_port_that_is_hidden_is_never_called_unchanged() {
    for kind in kind::all() {
        on_paused_clock(async {
            let world = world(kind, |options| options.hidden = vec!["Ethernet2".to_owned()]).await;
            configure(&world, "Ethernet2");
            let fault = fault(&detach(&world, 2).await);
            assert_eq!(fault.kind, FaultKind::InvalidValue, "{kind:?}: {fault}");
            assert!(fault.message.contains("shows Mercury no port"), "{fault}");
        });
    }
}

/// It was shown before, with what it has: that it is not shown now is a question, and
/// nothing is sent.
#[test]
fn a_port_that_is_hidden_from_some_time_on_is_told_of_as_it_is() {
    for (kind, warm) in kind::all().flat_map(|kind| [(kind, false), (kind, true)]) {
        on_paused_clock(async {
            let world = world(kind, |_| {}).await;
            if warm {
                world.one(3, Wish::Access(100)).await;
            }
            let wishes = [
                (Wish::Access(100), Wish::Access(200)),
                (Wish::Access(200), Wish::Reset),
                // Which is refused for the VLAN that is there, when it was half done.
                (Wish::Access(100), Wish::Trunk(200, 100)),
            ];
            for (first, then) in wishes {
                let made = world.one(2, first).await;
                assert_eq!(claim(&made), Claim::Intended, "{kind:?}: {:?}", made.outcome);
                let before = world.ports(0);
                world.handle(0).hide("Ethernet2", true);
                let report = world.one(2, then).await;
                let told = format!("{kind:?}, warm {warm}, {then:?}: {:?}", report.outcome);
                assert!(matches!(report.outcome, Outcome::NotStarted(_)), "{told}");
                assert_eq!(world.ports(0), before, "{told}");
                world.handle(0).hide("Ethernet2", false);
            }
        });
    }
}

/// What is read then is as it was before, since nothing was configured there.
#[test]
fn a_port_that_is_hidden_while_it_is_changed_is_told_of_as_it_is() {
    for kind in kind::all() {
        on_paused_clock(async {
            let world = world(kind, |_| {}).await;
            let (handle, before) = (world.handle(0), world.ports(0));
            let writes = kind.writes();
            let hold = handle.inject(format!("{writes}:1:after:hold").parse().unwrap());
            let meanwhile = async {
                handle.held(hold).await;
                handle.hide("Ethernet2", true);
                handle.release(hold);
            };
            let (report, ()) = tokio::join!(world.one(2, Wish::Access(100)), meanwhile);
            assert_ne!(claim(&report), Claim::Intended, "{kind:?}: {:?}", report.outcome);
            if claim(&report) == Claim::Before {
                assert_eq!(world.ports(0), before, "{kind:?}: {:?}", report.outcome);
            }
        });
    }
}

/// Seen on a real server: of two links the second was never detached, and the
/// answer was success.
#[test]
fn a_server_that_answers_the_first_of_several_is_found_out_once() {
    for kind in NETCONF {
        on_paused_clock(async {
            let world = world(kind, |options| options.quirks.answers_first_entry_only = true).await;
            for port in [2, 3] {
                configure(&world, &format!("Ethernet{port}"));
            }
            for (round, wish) in
                [Wish::Reset, Wish::Access(300), Wish::Trunk(100, 300), Wish::Reset].into_iter().enumerate()
            {
                let reports = tokio::join!(world.one(2, wish), world.one(3, wish));
                for report in [reports.0, reports.1] {
                    assert!(report.outcome.is_success(), "{kind:?}, {round}: {:?}", report.outcome);
                }
                let ports = world.ports(0);
                for port in ["Ethernet2", "Ethernet3"] {
                    let has = |text: &str| ports[port].contains(text);
                    match wish {
                        Wish::Reset => assert!(!has("switched-vlan"), "{kind:?}, {round}: {}", ports[port]),
                        _ => assert!(has("300"), "{kind:?}, {round}: {}", ports[port]),
                    }
                }
            }
        });
    }
}

/// A list without names to match shows it, and the first reply did not: that is no
/// server which answers the first of several.
#[test]
fn a_port_that_somebody_makes_between_two_looks_does_not_have_all_read_for_good() {
    for kind in kind::all() {
        on_paused_clock(async {
            let world = world(kind, |options| options.quirks.leaves_out_idle_ports = true).await;
            world.one(3, Wish::Access(100)).await;
            let asked_again = async |wish| {
                let before = world.handle(0).counters();
                let report = world.one(3, wish).await;
                assert!(matches!(report.outcome, Outcome::Committed(_)), "{kind:?}: {:?}", report.outcome);
                let after = world.handle(0).counters();
                (after.gets - before.gets, after.rpcs - before.rpcs)
            };
            let usual = asked_again(Wish::Access(200)).await;
            let read = match kind {
                Kind::Netconf(_) => "get-config",
                Kind::Gnmi(Gnmi { get: true, .. }) => "gnmi-get",
                Kind::Gnmi(_) => "gnmi-subscribe",
                Kind::Restconf(_) => "restconf-get",
                Kind::Ovsdb => "ovsdb-select",
            };
            let hold = world.handle(0).inject(format!("{read}:2:before:hold").parse().unwrap());
            let meanwhile = async {
                world.handle(0).held(hold).await;
                configure(&world, "Ethernet2");
                world.handle(0).release(hold);
            };
            let (report, ()) = tokio::join!(world.one(2, Wish::Access(300)), meanwhile);
            assert!(matches!(report.outcome, Outcome::Committed(_)), "{kind:?}: {:?}", report.outcome);
            assert!(world.ports(0)["Ethernet2"].contains("300"), "{kind:?}");
            assert_eq!(asked_again(Wish::Access(400)).await, usual, "{kind:?}");
        });
    }
}

/// Nothing is there to be seen before: only the read-back is answered with the first
/// of two new VLANs.
#[test]
fn a_server_that_answers_the_first_of_several_is_found_out_when_they_are_new() {
    on_paused_clock(async {
        for kind in NETCONF {
            let wish = Wish::Trunk(200, 400);
            let (before, intended) = before_and_intended(kind, wish).await;
            let first_only = |options: &mut mercury_sim::Options| options.quirks.answers_first_entry_only = true;
            let world = World::of(&[kind], |_| {}, first_only).await;
            let report = world.one(2, wish).await;
            assert_eq!(claim(&report), Claim::Intended, "{kind:?}: {:?}", report.outcome);
            agree(&world, 0, &report, &before, &intended, &format!("{kind:?}")).await;
        }
    });
}
