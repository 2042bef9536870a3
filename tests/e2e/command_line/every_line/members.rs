//! Ports that VLANs name, and LAGs that list their members or are named in a block below each.

use serde_json::Value;

use super::{
    CliHandle, CliSwitch, Entry, Family, LineFault, MEMBERS, at_every_line, block_on, bonded, each_family,
    ended_at_every_line, entry, grammar, killed_at_every_line, lines, refused_at_every_line,
};

const ONE: &str = "TenGigabitEthernet 0/1";
const OTHER: &str = "TenGigabitEthernet 0/2";

/// As somebody else has configured it years ago.
const BEFORE: &str = "hostname rack-4
interface TenGigabitEthernet 0/1
description free
switchport
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
untagged TenGigabitEthernet 0/1
tagged Port-channel 9
interface vlan 100
tagged Port-channel 9";

fn spoken(switch: &CliSwitch) -> Entry {
    entry(switch).without("dialect").text("dialect", "dell_force10").text("lag_numbers", "40-49")
}

/// VLAN 100 on both ports in one bond.
fn asked(mode: &str) -> Value {
    let mut params = bonded([ONE, OTHER], 100);
    let group = &mut params["port"]["binding:profile"]["local_group_information"];
    group["bond_mode"] = mode.into();
    group["bond_properties"] = serde_json::json!({});
    params
}

/// Whether both are members of one LAG in VLAN 100, as these lines of it or of them say.
fn is_bonded(switch: &CliHandle, of: impl Fn(&str, &str) -> (String, String)) -> bool {
    let all = lines(&switch.running());
    let has = |block: &str, line: &str| all.contains(&(block.to_owned(), format!(" {line}")));
    let is_one = |number: u8| {
        let lag = format!("Port-channel {number}");
        [ONE, OTHER].iter().all(|port| all.contains(&of(&lag, port)))
            && has("interface vlan 100", &format!("untagged {lag}"))
    };
    (40..=49).any(is_one) && !has("interface vlan 10", &format!("untagged {ONE}")) && is_theirs(switch)
}

/// Whether another LAG is as it was.
fn is_theirs(switch: &CliHandle) -> bool {
    let text = switch.running();
    ["tagged Port-channel 9", "port-channel 9 mode active", "mtu 9216"].iter().all(|line| text.contains(line))
}

/// Members that speak LACP, which is said in a block below each.
const LACP: Family = Family {
    start: || block_on(CliSwitch::start(grammar::members(), BEFORE)).unwrap(),
    entry: spoken,
    asks: || asked("802.3ad"),
    is_done: |switch| {
        is_bonded(switch, |lag, port| (format!("interface {port}"), format!("  {} mode active", lag.to_lowercase())))
    },
    lines: 14,
    ..MEMBERS
};

/// Members that the LAG lists.
const STATIC: Family = Family {
    asks: || asked("balance-xor"),
    is_done: |switch| is_bonded(switch, |lag, port| (format!("interface {lag}"), format!(" channel-member {port}"))),
    lines: 10,
    ..LACP
};

const ALL: [&Family; 3] = [&MEMBERS, &LACP, &STATIC];

#[test]
fn a_line_about_members_that_is_refused_undoes_those_before_it() {
    each_family([&LACP, &STATIC], refused_at_every_line);
}

#[test]
fn a_connection_that_ends_at_any_line_about_members_leaves_a_known_state() {
    each_family([&LACP, &STATIC], ended_at_every_line);
}

#[test]
fn a_switch_that_hangs_at_any_line_about_members_is_left_in_a_known_state() {
    each_family(ALL, |family| at_every_line(family, &LineFault::Hang, true));
}

#[test]
fn a_switch_that_floods_at_any_line_about_members_is_left_in_a_known_state() {
    each_family(ALL, |family| at_every_line(family, &LineFault::Flood, true));
}

#[test]
fn a_switch_that_is_renamed_at_any_line_about_members_is_changed_all_the_same() {
    each_family(ALL, |family| at_every_line(family, &LineFault::Rename("access-2".to_owned()), true));
}

#[test]
fn a_mercury_that_is_killed_at_any_line_about_members_leaves_what_the_next_one_completes() {
    each_family(ALL, |family| killed_at_every_line(family, false));
}
