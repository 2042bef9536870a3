//! Port channels of a switch whose members are listed there, or say so in a block of their own.

use mercury_sim::{CliHandle, CliSwitch, LineFault};
use serde_json::{Value, json};

use super::{attach, entry, grammar, port};
use crate::harness::{Client, Mercury, block_on};

const ONE: &str = "TenGigabitEthernet 0/1";
const OTHER: &str = "TenGigabitEthernet 0/2";
const LAG: &str = "Port-channel 40";

/// As somebody else has configured it years ago.
const BEFORE: &str = "hostname rack-4
interface TenGigabitEthernet 0/1
description free
interface TenGigabitEthernet 0/2
interface TenGigabitEthernet 0/3
mtu 9216
port-channel-protocol LACP
port-channel 9 mode active
exit
exit
interface Port-channel 9
switchport
interface vlan 10
description servers
untagged Port-channel 9
interface vlan 100
interface vlan 101";

fn start() -> (CliSwitch, Mercury) {
    let switch = block_on(CliSwitch::start(grammar::members(), BEFORE)).unwrap();
    let entry = entry(&switch).without("dialect").text("dialect", "dell_force10").text("lag_numbers", "40-49");
    let mercury = Mercury::serve(&[entry]);
    (switch, mercury)
}

/// The ports that a VLAN says are in it.
fn members(switch: &CliHandle, vlan: u16) -> Vec<String> {
    port(switch, &format!("vlan {vlan}")).into_iter().filter(|line| line.contains("tagged ")).collect()
}

/// A bond of both ports.
fn bonded(mode: &str) -> Value {
    let links = [ONE, OTHER].map(|port| json!({"switch_id": "leaf1", "port_id": port}));
    let profile = json!({"local_link_information": links,
        "local_group_information": {"id": "8d1f", "name": "bond-a", "bond_mode": mode, "bond_properties": {}}});
    json!({"port": {"binding:profile": profile}, "network": 100})
}

#[test]
fn a_bond_is_a_port_channel_as_long_as_there_is_one() {
    for (mode, own, listed) in [
        ("802.3ad", &["description free", "port-channel 40 mode active"][..], &[][..]),
        ("balance-xor", &["description free"][..], &["channel-member TenGigabitEthernet 0/1"][..]),
    ] {
        let (switch, mercury) = start();
        let (handle, mut client) = (switch.handle(), Client::of(&mercury));
        let before = handle.running();
        // One of them has had a VLAN of its own, as servers do before they bond.
        client.done("attach_port", &attach(ONE, 101));
        assert_eq!(members(&handle, 101), ["untagged TenGigabitEthernet 0/1"]);
        client.done("attach_port", &bonded(mode));
        let (lag, lines) = (port(&handle, LAG), port(&handle, ONE));
        assert!(listed.iter().all(|line| lag.iter().any(|own| own == line)), "{}", handle.running());
        assert!(lag.contains(&"switchport".to_owned()), "{}", handle.running());
        assert_eq!((members(&handle, 100), members(&handle, 101)), (vec![format!("untagged {LAG}")], vec![]));
        let running = handle.running();
        assert!(own.iter().all(|line| running.contains(line)), "{running}");
        assert!(!lines.contains(&"switchport".to_owned()), "{running}");
        let again = client.done("attach_port", &bonded(mode));
        assert_eq!(again["changed"], false, "{again}");
        client.done("detach_port", &bonded(mode));
        assert_eq!(handle.running(), before);
        assert_eq!(handle.startup(), before);
    }
}

/// Whichever line is refused, nothing of it stays behind.
#[test]
fn a_line_of_a_port_channel_that_is_refused_undoes_those_before_it() {
    for mode in ["802.3ad", "balance-xor"] {
        for nth in 0.. {
            let (switch, mercury) = start();
            let handle = switch.handle();
            let before = handle.running();
            handle.inject(nth, LineFault::Refuse("% Error: the moon is full".to_owned()));
            let answer = Client::of(&mercury).call("attach_port", &bonded(mode));
            if !handle.is_struck() {
                assert!(nth > 10 && answer.is_ok(), "{mode} at line {nth}: {answer:?}");
                break;
            }
            assert!(answer.is_err(), "{mode} at line {nth}: {answer:?}");
            assert_eq!(handle.running(), before, "{mode} at line {nth}: {answer:?}\n{:?}", handle.entered());
        }
    }
}
