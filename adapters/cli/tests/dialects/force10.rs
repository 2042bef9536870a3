//! Port channels of Dell's OS9, which list their static members, and are named in a block below
//! each that speaks LACP; and what lets a port be in VLANs.

use mercury_adapter::{Budget, MAX_REPLY};
use mercury_model::{
    Aggregation, DeviceConfig, Intended, Interface, InterfaceName, InterfaceType, Lacp, LacpInterval, LacpMode,
    LagType, Plan, Running, Scope, SwitchedVlan, TrunkVlans, Vlan, VlanId, VlanStatus,
};

use crate::{
    case::plan,
    device::Device,
    dialect, render,
    round_trip::{device, read},
    transcripts::shown,
};

const LAG: &str = "Port-channel 7";
const ONE: &str = "TenGigabitEthernet 0/1";
const OTHER: &str = "TenGigabitEthernet 0/2";

fn id(number: u16) -> VlanId {
    number.try_into().unwrap()
}

fn name(text: &str) -> InterfaceName {
    text.parse().unwrap()
}

/// Two ports with these VLANs, and VLANs.
fn ports(vlans: Option<&SwitchedVlan>) -> DeviceConfig {
    let mut config = DeviceConfig::default();
    for number in [10, 20, 30] {
        config.vlans.insert(id(number), Vlan { id: id(number), name: None, status: VlanStatus::Active });
    }
    for port in [ONE, OTHER] {
        let port = Interface { switched_vlan: vlans.cloned(), ..Interface::new(name(port)) };
        config.interfaces.insert(port.name.clone(), port);
    }
    config
}

/// The same with both as members of a port channel.
fn bonded(lag_type: LagType, lacp: Option<Lacp>, vlans: Option<SwitchedVlan>) -> DeviceConfig {
    let mut config = ports(None);
    config.interfaces.values_mut().for_each(|port| port.aggregate_id = Some(name(LAG)));
    let aggregation = Some(Aggregation { lag_type: Some(lag_type), min_links: Some(2), ..Aggregation::default() });
    let kind = Some(InterfaceType::Ieee8023adLag);
    let made = Interface { kind, aggregation, lacp, switched_vlan: vlans, ..Interface::new(name(LAG)) };
    config.interfaces.insert(made.name.clone(), made);
    config
}

fn trunk(native: Option<u16>, list: &str) -> Option<SwitchedVlan> {
    Some(SwitchedVlan::Trunk { native: native.map(id), vlans: TrunkVlans::only(list.parse().unwrap()) })
}

fn access(vlan: u16) -> Option<SwitchedVlan> {
    Some(SwitchedVlan::access(id(vlan)))
}

/// What a switch has, as it is written there.
fn running(switch: &Device) -> Running {
    let dialect = dialect("dell_force10");
    let mut share = Budget::shared().share(MAX_REPLY);
    mercury_cli::running(dialect.cli.as_ref().unwrap(), &Scope::all(), &switch.answers(&dialect), &mut share).unwrap()
}

/// Types what leads from one to the other; what was typed.
fn typed(switch: &mut Device, to: &DeviceConfig) -> String {
    let dialect = dialect("dell_force10");
    let mut there = running(switch);
    there.config = read(&dialect, switch);
    let script = render(&dialect, &Plan::between(&there, &Intended(to.clone()))).unwrap();
    switch.apply(&script);
    assert_eq!(read(&dialect, switch), *to, "{script}\n{}", switch.text());
    script.to_string()
}

/// What a configuration is read as, and its lines that are not.
fn seen(text: &str) -> (Running, Vec<String>) {
    let cli = dialect("dell_force10").cli.clone().unwrap();
    let mut share = Budget::shared().share(MAX_REPLY);
    let running = mercury_cli::running(&cli, &Scope::all(), &[text.to_owned()], &mut share).unwrap();
    let brought = mercury_cli::brought(&cli, text, false, &mut share).unwrap();
    (running, brought.unread.told.iter().map(|left| left.what.clone()).collect())
}

#[test]
fn ports_join_a_port_channel_and_leave_nothing_behind() {
    let dialect = dialect("dell_force10");
    let [slow, fast] = [LacpInterval::Slow, LacpInterval::Fast].map(|interval| Lacp { interval, ..Lacp::default() });
    let lacp = ["port-channel-protocol LACP", "port-channel 7 mode active"];
    for (lag_type, spoken, says, not) in [
        (LagType::Lacp, Some(slow), [&lacp[..], &["lacp long-timeout"]].concat(), "channel-member"),
        (LagType::Lacp, Some(fast), lacp.to_vec(), "lacp long-timeout"),
        (LagType::Static, None, vec!["channel-member TenGigabitEthernet 0/1"], "port-channel-protocol"),
    ] {
        for vlans in [access(10), trunk(Some(10), "10,20"), trunk(None, "20,30"), None] {
            let (before, with) = (ports(access(10).as_ref()), bonded(lag_type, spoken, vlans));
            let mut switch = device(&dialect, &before).unwrap();
            let lines = switch.lines();
            let made = typed(&mut switch, &with);
            assert!(says.iter().all(|line| made.contains(line)) && !made.contains(not), "{made}");
            assert!(made.contains("no switchport") && made.contains("no shutdown"), "{made}");
            // Other VLANs, and one member less.
            typed(&mut switch, &bonded(lag_type, spoken, access(30)));
            let mut less = bonded(lag_type, spoken, access(30));
            let left = less.interfaces.get_mut(&name(OTHER)).unwrap();
            (left.aggregate_id, left.switched_vlan) = (None, trunk(Some(30), "20,30"));
            typed(&mut switch, &less);
            // And none, as they were.
            let gone = typed(&mut switch, &before);
            assert!(gone.ends_with("no interface Port-channel 7\n"), "{gone}");
            assert_eq!(switch.lines(), lines, "{gone}");
        }
    }
}

#[test]
fn a_script_of_a_port_channel_is_typed_in_an_order_that_the_switch_takes() {
    let before = ports(access(10).as_ref());
    let mut switch = device(&dialect("dell_force10"), &before).unwrap();
    let mut with = bonded(LagType::Lacp, Some(Lacp::default()), trunk(Some(10), "10,20"));
    let alone = with.interfaces.get_mut(&name(OTHER)).unwrap();
    (alone.aggregate_id, alone.switched_vlan) = (None, access(10));
    let expected = "interface Port-channel 7\n portmode hybrid\n switchport\n exit\n\
                    interface Port-channel 7\n no shutdown\n minimum-links 2\n lacp long-timeout\n exit\n\
                    interface vlan 10\n untagged Port-channel 7\n exit\n\
                    interface vlan 20\n tagged Port-channel 7\n exit\n\
                    interface vlan 10\n no untagged TenGigabitEthernet 0/1\n exit\n\
                    interface TenGigabitEthernet 0/1\n no switchport\n exit\n\
                    interface TenGigabitEthernet 0/1\n port-channel-protocol LACP\n  port-channel 7 mode active\n  exit\n exit\n";
    assert_eq!(typed(&mut switch, &with), expected);
    let expected = "interface TenGigabitEthernet 0/1\n no port-channel-protocol LACP\n exit\n\
                    interface TenGigabitEthernet 0/1\n switchport\n exit\n\
                    interface vlan 10\n untagged TenGigabitEthernet 0/1\n exit\n\
                    interface vlan 10\n no untagged Port-channel 7\n exit\n\
                    interface vlan 20\n no tagged Port-channel 7\n exit\n\
                    no interface Port-channel 7\n";
    assert_eq!(typed(&mut switch, &before), expected);
}

#[test]
fn a_port_is_untagged_and_tagged_only_as_long_as_it_has_to_be() {
    let dialect = dialect("dell_force10");
    let mut switch = device(&dialect, &ports(None)).unwrap();
    let says = |switch: &Device, line: &str| switch.lines()[&format!("interface {ONE}")].contains(line);
    for (vlans, is_both) in [
        (access(10), false),
        (access(20), false),
        (trunk(Some(10), "10,20"), true),
        (trunk(Some(20), "10,20,30"), true),
        // It would be untagged in the default VLAN.
        (trunk(None, "10,20"), false),
        (trunk(Some(10), "10,20"), true),
        (access(10), false),
        (None, false),
        (trunk(None, "10,20"), false),
        (None, false),
    ] {
        typed(&mut switch, &ports(vlans.as_ref()));
        assert_eq!(says(&switch, "switchport"), vlans.is_some(), "{vlans:?}");
        assert_eq!(says(&switch, "portmode hybrid"), is_both, "{vlans:?}");
    }
    assert_eq!(switch.lines()[&format!("interface {ONE}")].len(), 0);
}

/// As the switch has it after others were there: undone, it is that again.
#[test]
fn what_lets_a_port_be_in_vlans_is_put_back_as_it_was() {
    let dialect = dialect("dell_force10");
    let text = "interface TenGigabitEthernet 0/1\n portmode hybrid\n switchport\n\
                interface TenGigabitEthernet 0/2\n switchport\n\
                interface Port-channel 7\n no shutdown\ninterface vlan 10\ninterface vlan 20\n";
    let mut switch = Device::of(&dialect, text);
    let (lines, before) = (switch.lines(), running(&switch));
    assert_eq!([ONE, OTHER].map(|port| shown(&before.interfaces[&name(port)])), ["access", "access"]);
    let mut wanted = before.config.clone();
    for port in [ONE, OTHER] {
        let port = wanted.interfaces.get_mut(&name(port)).unwrap();
        (port.switched_vlan, port.aggregate_id) = (None, Some(name(LAG)));
    }
    let lag = wanted.interfaces.get_mut(&name(LAG)).unwrap();
    lag.aggregation = Some(Aggregation { lag_type: Some(LagType::Static), ..Aggregation::default() });
    switch.apply(&render(&dialect, &Plan::between(&before, &Intended(wanted))).unwrap());
    let now = running(&switch);
    assert_eq!([ONE, OTHER].map(|port| shown(&now.interfaces[&name(port)])), ["- in Port-channel 7"; 2]);
    let back = Plan::between(&now, &Intended(before.config.clone())).written_as(&before);
    switch.apply(&render(&dialect, &back).unwrap());
    assert_eq!(switch.lines(), lines);
}

#[test]
fn what_members_say_is_read_wherever_it_stands() {
    let text = "interface TenGigabitEthernet 0/0\n description Uplink to Border1\n no ip address\n!  \n \
                port-channel-protocol LACP \n  port-channel 86 mode active  \n no shutdown\n!\n\
                interface TenGigabitEthernet 0/1\n no ip address\n!\n port-channel-protocol LACP\n  \
                port-channel 86 mode active\n!\n protocol lldp\n  advertise management-tlv system-name\n shutdown\n!\n\
                interface TenGigabitEthernet 0/5\n no ip address\n shutdown\n!\n\
                interface TenGigabitEthernet 0/6\n portmode hybrid\n shutdown\n!\n\
                interface Port-channel 86\n no ip address\n switchport\n vlt-peer-lag port-channel 86\n lacp long-timeout\n no shutdown\n!\n\
                interface Port-channel 87\n no ip address\n portmode hybrid\n switchport\n minimum-links 2\n no shutdown\n!\n\
                interface Port-channel 100\n no ip address\n channel-member TenGigabitEthernet 0/45-46,47\n lacp long-timeout\n no shutdown\n!\n\
                interface Vlan 10\n no ip address\n tagged Port-channel 86-87\n no shutdown\n!\nend\n";
    let (running, unread) = seen(text);
    let port = |port: &str| shown(&running.interfaces[&name(port)]);
    for (own, expected) in [
        ("TenGigabitEthernet 0/0", "- in Port-channel 86"),
        ("TenGigabitEthernet 0/1", "- off in Port-channel 86"),
        ("TenGigabitEthernet 0/5", "- off"),
        ("TenGigabitEthernet 0/6", "foreign off"),
        ("TenGigabitEthernet 0/45", "- in Port-channel 100"),
        ("TenGigabitEthernet 0/46", "- in Port-channel 100"),
        ("TenGigabitEthernet 0/47", "- in Port-channel 100"),
        ("Port-channel 86", "trunk of 10 mlag 86"),
        ("Port-channel 87", "trunk of 10"),
        ("Port-channel 100", "-"),
    ] {
        assert_eq!(port(own), expected, "{own}");
    }
    let lag = |own: &str| {
        let lag = &running.interfaces[&name(own)];
        (lag.aggregation.and_then(|own| own.lag_type), lag.lacp.map(|lacp| (lacp.lacp_mode, lacp.interval)))
    };
    assert_eq!(lag("Port-channel 86"), (Some(LagType::Lacp), Some((LacpMode::Active, LacpInterval::Slow))));
    assert_eq!(lag("Port-channel 87"), (None, None), "it has no members");
    assert_eq!(lag("Port-channel 100"), (Some(LagType::Static), None), "there it has no effect");
    let expected = ["protocol lldp", "advertise management-tlv system-name"].map(str::to_owned).to_vec();
    let unread = unread.iter().map(|line| line.trim().to_owned()).filter(|line| line != "no ip address");
    assert_eq!(unread.collect::<Vec<_>>(), expected);
    // Of one port alone, what its port channel lists is read too.
    let mut scope = Scope::default();
    scope.add_interface(name("TenGigabitEthernet 0/46"));
    let cli = dialect("dell_force10").cli.clone().unwrap();
    let one = mercury_cli::running(&cli, &scope, &[text.to_owned()], &mut Budget::shared().share(MAX_REPLY)).unwrap();
    let own = &one.interfaces[&name("TenGigabitEthernet 0/46")];
    assert_eq!(own.aggregate_id, Some(name("Port-channel 100")));
}

#[test]
fn members_of_both_kinds_are_nobodys_to_change() {
    let dialect = dialect("dell_force10");
    let [lacp, fixed] = [(LagType::Lacp, Some(Lacp::default())), (LagType::Static, None)]
        .map(|(kind, lacp)| bonded(kind, lacp, access(10)));
    for (from, to) in [(&lacp, &fixed), (&fixed, &lacp)] {
        let refusal = render(&dialect, &plan(from, to)).unwrap_err().to_string();
        assert!(refusal.contains("another lag-type of Port-channel 7"), "{refusal}");
    }
    let passive = bonded(LagType::Lacp, Some(Lacp { lacp_mode: LacpMode::Passive, ..Lacp::default() }), access(10));
    let mut switch = device(&dialect, &lacp).unwrap();
    let script = typed(&mut switch, &passive);
    assert_eq!(script.matches("no port-channel-protocol LACP").count(), 2, "{script}");
    // In two, or of a port channel whose members are of both kinds.
    let text = "interface TenGigabitEthernet 0/1\n port-channel-protocol LACP\n  port-channel 7 mode active\n\
                interface TenGigabitEthernet 0/2\n no shutdown\n\
                interface Port-channel 7\n channel-member TenGigabitEthernet 0/2\n\
                interface Port-channel 8\n channel-member TenGigabitEthernet 0/1\ninterface vlan 10\n";
    let (running, _) = seen(text);
    assert_eq!(shown(&running.interfaces[&name(ONE)]).split(' ').next(), Some("foreign"));
    let mut wanted = running.config.clone();
    wanted.interfaces.get_mut(&name(OTHER)).unwrap().aggregate_id = None;
    let refusal = render(&dialect, &Plan::between(&running, &Intended(wanted))).unwrap_err().to_string();
    assert!(refusal.contains("Port-channel 7"), "{refusal}");
}

/// What becomes of such lines then was not seen.
#[test]
fn what_a_port_says_of_others_does_not_go_with_its_vlans() {
    let dialect = dialect("dell_force10");
    let text = "interface TenGigabitEthernet 0/1\n portmode hybrid\n switchport\n spanning-tree rstp edge-port\n\
                interface TenGigabitEthernet 0/2\n switchport\n spanning-tree rstp edge-port bpduguard\n\
                interface Port-channel 7\n no shutdown\n\
                interface vlan 10\n untagged TenGigabitEthernet 0/1\n untagged TenGigabitEthernet 0/2\ninterface vlan 20\n";
    let switch = Device::of(&dialect, text);
    let before = running(&switch);
    assert_eq!([ONE, OTHER].map(|port| shown(&before.interfaces[&name(port)])), ["access 10"; 2]);
    for (port, vlans, joins, is_refused) in [
        (ONE, access(20), false, false),
        (ONE, trunk(Some(10), "10,20"), false, false),
        (ONE, trunk(None, "10,20"), false, true),
        (ONE, None, false, true),
        (ONE, None, true, true),
        (OTHER, access(20), false, false),
        (OTHER, trunk(None, "10,20"), false, false),
        (OTHER, trunk(Some(10), "10,20"), false, true),
        (OTHER, None, false, true),
    ] {
        let mut wanted = before.config.clone();
        let own = wanted.interfaces.get_mut(&name(port)).unwrap();
        own.switched_vlan.clone_from(&vlans);
        own.aggregate_id = joins.then(|| name(LAG));
        let lag = wanted.interfaces.get_mut(&name(LAG)).unwrap();
        let lag_type = joins.then_some(LagType::Static);
        lag.aggregation = joins.then(|| Aggregation { lag_type, ..Aggregation::default() });
        let script = render(&dialect, &Plan::between(&before, &Intended(wanted)));
        assert_eq!(script.is_err(), is_refused, "{port} {vlans:?}: {script:?}");
        let Ok(script) = script else { continue };
        let mut switch = switch.clone();
        switch.apply(&script);
        assert_eq!(running(&switch).interfaces[&name(port)].switched_vlan, vlans, "{script}");
        assert!(switch.text().contains("spanning-tree rstp edge-port"), "{script}");
    }
}

/// It says for itself what the rate is, also while that means nothing.
#[test]
fn the_rate_of_a_port_channel_stays_when_its_first_member_joins_and_its_last_leaves() {
    let dialect = dialect("dell_force10");
    for (line, interval) in [("", LacpInterval::Fast), (" lacp long-timeout\n", LacpInterval::Slow)] {
        let text = format!("interface {ONE}\n no shutdown\ninterface {LAG}\n no shutdown\n{line}interface vlan 10\n");
        let mut switch = Device::of(&dialect, &text);
        let (lines, before) = (switch.lines(), running(&switch));
        assert_eq!((before.interfaces[&name(LAG)].lacp, before.idle_rates[&name(LAG)]), (None, interval));
        let mut wanted = before.config.clone();
        wanted.interfaces.get_mut(&name(ONE)).unwrap().aggregate_id = Some(name(LAG));
        let lag = wanted.interfaces.get_mut(&name(LAG)).unwrap();
        lag.aggregation = Some(Aggregation { lag_type: Some(LagType::Lacp), ..Aggregation::default() });
        lag.lacp = Some(Lacp { interval, ..Lacp::default() });
        let joins = render(&dialect, &Plan::between(&before, &Intended(wanted.clone()))).unwrap();
        switch.apply(&joins);
        let now = running(&switch);
        assert_eq!(now.interfaces, wanted.interfaces);
        let leaves = render(&dialect, &Plan::between(&now, &Intended(before.config.clone()))).unwrap();
        assert!(![&joins, &leaves].iter().any(|script| script.to_string().contains("timeout")), "{joins}{leaves}");
        switch.apply(&leaves);
        assert_eq!(switch.lines(), lines);
    }
}
