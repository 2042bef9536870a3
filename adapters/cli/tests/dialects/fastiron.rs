//! LAGs of FastIron, whose members stand in a block beside that of their interface.

use std::sync::Arc;

use mercury_adapter::{Budget, Capabilities, MAX_REPLY, Render as _};
use mercury_cli::CliRenderer;
use mercury_model::{
    Aggregation, DeviceConfig, EdgePort, Intended, Interface, InterfaceName, InterfaceType, LagType, Plan, Running,
    Scope, Stp, SwitchedVlan, TrunkVlans, Vlan, VlanId, VlanStatus,
};

use crate::{
    device::Device,
    dialect, render,
    round_trip::{device, read},
    transcripts::shown,
};

type Change = fn(&mut DeviceConfig);

const LAG: &str = "lag 7";
const ONE: &str = "ethernet 1/1/1";
const OTHER: &str = "ethernet 1/1/2";

fn id(number: u16) -> VlanId {
    number.try_into().unwrap()
}

fn name(text: &str) -> InterfaceName {
    text.parse().unwrap()
}

fn access(vlan: u16) -> Option<SwitchedVlan> {
    Some(SwitchedVlan::access(id(vlan)))
}

fn trunk(native: Option<u16>, list: &str) -> Option<SwitchedVlan> {
    Some(SwitchedVlan::Trunk { native: native.map(id), vlans: TrunkVlans::only(list.parse().unwrap()) })
}

/// Two ports in VLAN 10, the first described, and VLANs.
fn ports() -> DeviceConfig {
    let mut config = DeviceConfig::default();
    for number in [10, 20, 30] {
        config.vlans.insert(id(number), Vlan { id: id(number), name: None, status: VlanStatus::Active });
    }
    for port in [ONE, OTHER] {
        let port = Interface { switched_vlan: access(10), ..Interface::new(name(port)) };
        config.interfaces.insert(port.name.clone(), port);
    }
    config.interfaces.get_mut(&name(ONE)).unwrap().description = Some("rack 4".parse().unwrap());
    config
}

/// The same with both as members of a LAG.
fn bonded(lag_type: LagType, vlans: Option<SwitchedVlan>) -> DeviceConfig {
    let mut config = ports();
    for port in config.interfaces.values_mut() {
        (port.aggregate_id, port.switched_vlan) = (Some(name(LAG)), None);
    }
    let aggregation = Some(Aggregation { lag_type: Some(lag_type), ..Aggregation::default() });
    let kind = Some(InterfaceType::Ieee8023adLag);
    let description = Some("node 1 [[bond-a]]".parse().unwrap());
    let made = Interface { kind, aggregation, description, switched_vlan: vlans, ..Interface::new(name(LAG)) };
    config.interfaces.insert(made.name.clone(), made);
    config
}

fn running_of(text: &str) -> Running {
    let cli = dialect("brocade_fastiron").cli.clone().unwrap();
    let answers = vec![text.to_owned(); cli.words.shows().len()];
    mercury_cli::running(&cli, &Scope::all(), &answers, &mut Budget::shared().share(MAX_REPLY)).unwrap()
}

/// Types what leads from one to the other; what was typed.
fn typed(switch: &mut Device, to: &DeviceConfig) -> String {
    let dialect = dialect("brocade_fastiron");
    let mut there = running_of(&switch.text());
    there.config = read(&dialect, switch);
    let script = render(&dialect, &Plan::between(&there, &Intended(to.clone()))).unwrap();
    switch.apply(&script);
    assert_eq!(read(&dialect, switch), *to, "{script}\n{}", switch.text());
    script.to_string()
}

/// Why what leads from a configuration to another is not typed.
fn refused(text: &str, change: impl Fn(&mut DeviceConfig)) -> String {
    let before = running_of(text);
    let mut wanted = before.config.clone();
    change(&mut wanted);
    render(&dialect("brocade_fastiron"), &Plan::between(&before, &Intended(wanted))).unwrap_err().to_string()
}

#[test]
fn ports_join_a_lag_and_leave_nothing_behind() {
    let dialect = dialect("brocade_fastiron");
    for (lag_type, mode) in [(LagType::Lacp, "dynamic"), (LagType::Static, "static")] {
        for vlans in [access(10), trunk(Some(10), "10,20"), trunk(None, "20,30"), None] {
            let before = ports();
            let mut switch = device(&dialect, &before).unwrap();
            let lines = switch.lines();
            let made = typed(&mut switch, &bonded(lag_type, vlans));
            assert!(made.contains(&format!("lag mercury-7 {mode} id 7\n ports ethernet 1/1/1\n ports")), "{made}");
            // Other VLANs, and one member less.
            typed(&mut switch, &bonded(lag_type, access(30)));
            let mut less = bonded(lag_type, access(30));
            let left = less.interfaces.get_mut(&name(OTHER)).unwrap();
            (left.aggregate_id, left.switched_vlan) = (None, trunk(Some(30), "20,30"));
            let gone = typed(&mut switch, &less);
            assert!(gone.contains(" no ports ethernet 1/1/2\n"), "{gone}");
            assert!(gone.ends_with("interface ethernet 1/1/2\n enable\n exit\n"), "{gone}");
            // And none, as they were.
            let gone = typed(&mut switch, &before);
            assert!(gone.contains(&format!("\nno lag mercury-7 {mode} id 7\n")), "{gone}");
            assert_eq!(switch.lines(), lines, "{gone}");
        }
    }
}

#[test]
fn a_script_of_a_lag_is_typed_in_an_order_that_the_switch_takes() {
    let mut switch = device(&dialect("brocade_fastiron"), &ports()).unwrap();
    let mut with = bonded(LagType::Lacp, trunk(Some(10), "10,20"));
    let stp = Some(Stp { edge_port: Some(EdgePort::EdgeEnable), bpdu_guard: Some(true) });
    with.interfaces.get_mut(&name(LAG)).unwrap().stp = stp;
    let expected = "vlan 10\n no untagged ethernet 1/1/1\n exit\nvlan 10\n no untagged ethernet 1/1/2\n exit\n\
                    lag mercury-7 dynamic id 7\n ports ethernet 1/1/1\n ports ethernet 1/1/2\n \
                    port-name \"rack 4\" ethernet 1/1/1\n exit\n\
                    interface lag 7\n port-name \"node 1 [[bond-a]]\"\n spanning-tree 802-1w admin-edge-port\n \
                    stp-bpdu-guard\n exit\n\
                    vlan 10\n untagged lag 7\n exit\nvlan 20\n tagged lag 7\n exit\n";
    assert_eq!(typed(&mut switch, &with), expected);
    let expected = "vlan 10\n no untagged lag 7\n exit\nvlan 20\n no tagged lag 7\n exit\n\
                    interface lag 7\n no spanning-tree 802-1w admin-edge-port\n no stp-bpdu-guard\n exit\n\
                    no lag mercury-7 dynamic id 7\n\
                    vlan 10\n untagged ethernet 1/1/1\n exit\nvlan 10\n untagged ethernet 1/1/2\n exit\n\
                    interface ethernet 1/1/1\n enable\n exit\ninterface ethernet 1/1/2\n enable\n exit\n";
    let mut before = ports();
    before.interfaces.values_mut().for_each(|port| port.stp = Some(Stp::default()));
    typed_with_stp(&mut switch, &before, expected);
}

/// The same where spanning tree is looked at too.
fn typed_with_stp(switch: &mut Device, to: &DeviceConfig, expected: &str) {
    let cli = dialect("brocade_fastiron").cli.clone().unwrap();
    let answers = vec![switch.text(); cli.words.shows().len()];
    let mut there =
        mercury_cli::running(&cli, &Scope::all().with_stp(true), &answers, &mut Budget::shared().share(MAX_REPLY))
            .unwrap();
    there.config.vlans.retain(|id, _| id.get() != 1);
    there.config.interfaces.retain(|name, _| name.as_str() != "loopback0");
    let script = render(&dialect("brocade_fastiron"), &Plan::between(&there, &Intended(to.clone()))).unwrap();
    assert_eq!(script.to_string(), expected);
    switch.apply(&script);
    let text = switch.text();
    assert!(!text.contains("disable") && !text.contains("stp-bpdu-guard") && !text.contains("lag"), "{text}");
}

/// What is said of one of them alone is said in their block.
#[test]
fn a_member_is_described_and_disabled_where_it_is_one() {
    let mut switch = device(&dialect("brocade_fastiron"), &ports()).unwrap();
    let mut with = bonded(LagType::Lacp, access(10));
    typed(&mut switch, &with);
    let member = with.interfaces.get_mut(&name(OTHER)).unwrap();
    (member.description, member.enabled) = (Some("rack 5".parse().unwrap()), false);
    let expected = "lag mercury-7 dynamic id 7\n port-name \"rack 5\" ethernet 1/1/2\n disable ethernet 1/1/2\n exit\n";
    assert_eq!(typed(&mut switch, &with), expected);
    with.interfaces.get_mut(&name(OTHER)).unwrap().enabled = true;
    assert_eq!(typed(&mut switch, &with), "lag mercury-7 dynamic id 7\n enable ethernet 1/1/2\n exit\n");
    // One that was to be disabled is so, whether it leaves or joins.
    let mut left = with.clone();
    let port = left.interfaces.get_mut(&name(OTHER)).unwrap();
    (port.aggregate_id, port.enabled) = (None, false);
    let gone = typed(&mut switch, &left);
    assert!(gone.ends_with("interface ethernet 1/1/2\n disable\n exit\n"), "{gone}");
    let back = typed(&mut switch, &with);
    assert!(back.starts_with("interface ethernet 1/1/2\n enable\n exit\nlag mercury-7 dynamic id 7\n"), "{back}");
    let text = switch.text();
    let refusal = refused(&text, |config| config.interfaces.get_mut(&name(OTHER)).unwrap().description = None);
    assert!(refusal.contains("no description of ethernet 1/1/2"), "{refusal}");
}

#[test]
fn a_lag_is_not_left_without_members_nor_made_so() {
    let text = "lag mercury-7 dynamic id 7\n ports ethe 1/1/1\n!\nvlan 10 by port\n untagged lag 7\n!\n\
                interface ethernet 1/1/2\n port-name x\n!\ninterface lag 7\n port-name y\n!\n";
    let leave = |config: &mut DeviceConfig| config.interfaces.get_mut(&name(ONE)).unwrap().aggregate_id = None;
    let refusal = refused(text, leave);
    assert!(refusal.contains("lag 7 without members"), "{refusal}");
    let refusal = refused("vlan 10 by port\n untagged ethe 1/1/1\n!\n", |config| {
        let made = bonded(LagType::Lacp, None).interfaces.remove(&name(LAG)).unwrap();
        config.interfaces.insert(made.name.clone(), made);
    });
    assert!(refusal.contains("lag 7 without members"), "{refusal}");
    // Nor for as long as it takes another to join.
    let refusal = refused(text, |config| {
        leave(config);
        config.interfaces.get_mut(&name(OTHER)).unwrap().aggregate_id = Some(name(LAG));
    });
    assert!(refusal.contains("lag 7 without members"), "{refusal}");
}

/// Its name is not Mercury's, and no line about its members can do without.
#[test]
fn of_a_lag_of_others_what_stands_in_its_block_is_left_alone() {
    for head in ["lag core dynamic id 7", "lag floor 4 east static id 7", "lag mercury-8 dynamic id 7"] {
        let text = format!(
            "{head}\n ports ethe 1/1/1 to 1/1/2\n port-name to the core ethernet 1/1/1\n disable ethe 1/1/2\n!\n\
             vlan 10 by port\n tagged lag 7\n!\nvlan 20 by port\n untagged ethe 1/1/3\n!\ninterface lag 7\n!\n"
        );
        let running = running_of(&text);
        let port = |port: &str| shown(&running.interfaces[&name(port)]);
        assert_eq!([port(ONE), port(OTHER)], ["- in lag 7", "- off in lag 7"], "{head}");
        let said = running.interfaces[&name(ONE)].description.as_ref().map(ToString::to_string);
        assert_eq!(said.as_deref(), Some("to the core"), "{head}");
        assert_eq!(running.interfaces[&name(LAG)].aggregation.and_then(|own| own.lag_type), None, "{head}");
        let changes: [(&str, Change); 4] = [
            ("leaves", |config| config.interfaces.get_mut(&name(ONE)).unwrap().aggregate_id = None),
            ("joins", |config| {
                let port = config.interfaces.get_mut(&name("ethernet 1/1/3")).unwrap();
                (port.aggregate_id, port.switched_vlan) = (Some(name(LAG)), None);
            }),
            ("is enabled", |config| config.interfaces.get_mut(&name(OTHER)).unwrap().enabled = true),
            ("goes", |config| {
                config.interfaces.remove(&name(LAG));
                config.interfaces.values_mut().for_each(|port| port.aggregate_id = None);
            }),
        ];
        for (what, change) in changes {
            let refusal = refused(&text, change);
            assert!(refusal.contains("the members of lag 7"), "{head} {what}: {refusal}");
        }
        let refusal = refused(&text, |config| {
            let lag = config.interfaces.get_mut(&name(LAG)).unwrap();
            lag.aggregation = Some(Aggregation { lag_type: Some(LagType::Lacp), ..Aggregation::default() });
        });
        assert!(refusal.contains("another lag-type of lag 7"), "{head}: {refusal}");
        // Its VLANs are said elsewhere.
        let mut wanted = running.config.clone();
        wanted.interfaces.get_mut(&name(LAG)).unwrap().switched_vlan = trunk(None, "10,20");
        let script = render(&dialect("brocade_fastiron"), &Plan::between(&running, &Intended(wanted))).unwrap();
        assert_eq!(script.to_string(), "vlan 20\n tagged lag 7\n exit\n", "{head}");
    }
}

/// There a port of it stands for a LAG, in VLANs too.
#[test]
fn a_lag_of_an_older_release_is_read_as_before_and_none_is_made() {
    let text = "lag \"core\" dynamic id 1\n ports ethernet 1/3/1 ethernet 1/3/2\n primary-port 1/3/1\n deploy\n!\n\
                vlan 10 by port\n tagged ethe 1/3/1\n untagged ethe 1/1/1\n!\n";
    let running = running_of(text);
    let names: Vec<&str> = running.interfaces.keys().map(InterfaceName::as_str).collect();
    assert_eq!(names, ["ethernet 1/1/1", "ethernet 1/3/1"]);
    let dialect = dialect("brocade_fastiron");
    let block = dialect.cli.as_ref().unwrap().words.table().unwrap().lag_block().unwrap().clone();
    let why = block.since.refusal("  SW: Version 08.0.30hT311").unwrap();
    let old = Capabilities { unaggregated: Some(Arc::from(why)), ..Capabilities::unknown() };
    let renderer = CliRenderer::new(&dialect).unwrap();
    let before = device(&dialect, &ports()).unwrap();
    let mut there = running_of(&before.text());
    there.config.interfaces.retain(|name, _| name.as_str() != "loopback0");
    let plan = |to: DeviceConfig| Plan::between(&there, &Intended(to));
    let refusal = renderer.render(&plan(bonded(LagType::Lacp, access(10))), &old).unwrap_err().to_string();
    assert!(refusal.contains("it runs 08.0.30hT311, and before 08.0.61"), "{refusal}");
    let mut moved = there.config.clone();
    moved.interfaces.get_mut(&name(ONE)).unwrap().switched_vlan = access(20);
    assert!(renderer.render(&plan(moved), &old).is_ok());
}

#[test]
fn what_stands_in_the_block_of_a_lag_and_is_not_read_is_told() {
    let text = "lag mercury-7 dynamic id 7\n ports ethe 1/1/1 to 1/1/2\n port-name x ethernet 1/1/1\n \
                lacp-timeout short\n force-up ethernet 1/1/1\n!\nvlan 10 by port\n untagged lag 7\n!\n\
                interface lag 7\n!\n";
    let cli = dialect("brocade_fastiron").cli.clone().unwrap();
    let read = mercury_cli::brought(&cli, text, false, &mut Budget::shared().share(MAX_REPLY)).unwrap();
    let left: Vec<&str> = read.unread.told.iter().map(|left| left.what.trim()).collect();
    assert_eq!(left, ["lacp-timeout short", "force-up ethernet 1/1/1"]);
    let gone =
        mercury_cli::brought(&cli, "no lag mercury-7 dynamic id 7\n", false, &mut Budget::shared().share(MAX_REPLY));
    assert_eq!(format!("{:?}", gone.unwrap().deleted).matches("lag 7").count(), 1);
}

/// What it is of a port or an aggregate that the change is about is named in its refusal.
#[test]
fn what_others_say_of_a_member_or_a_lag_is_never_lost() {
    let text = |port: &str, block: &str, lag: &str| {
        format!(
            "lag mercury-7 dynamic id 7\n ports ethe 1/1/1 to 1/1/2\n port-name x ethernet 1/1/1\n enable ethernet 1/1/2\n\
             {block}!\nvlan 10 by port\n untagged ethe 1/1/3 lag 7\n!\ninterface ethernet 1/1/3\n port-name y\n enable\n{port}!\n\
             interface lag 7\n port-name z\n{lag}!\n"
        )
    };
    let joins = |config: &mut DeviceConfig| {
        let port = config.interfaces.get_mut(&name("ethernet 1/1/3")).unwrap();
        (port.aggregate_id, port.switched_vlan) = (Some(name(LAG)), None);
    };
    let leaves = |config: &mut DeviceConfig| {
        let port = config.interfaces.get_mut(&name(OTHER)).unwrap();
        (port.aggregate_id, port.switched_vlan) = (None, access(10));
    };
    let goes = |config: &mut DeviceConfig| {
        config.interfaces.remove(&name(LAG));
        config.interfaces.values_mut().for_each(|port| port.aggregate_id = None);
    };
    let script = |text: &str, change: &dyn Fn(&mut DeviceConfig)| {
        let before = running_of(text);
        let mut wanted = before.config.clone();
        change(&mut wanted);
        render(&dialect("brocade_fastiron"), &Plan::between(&before, &Intended(wanted)))
            .map(|script| script.to_string())
    };
    let plain = text("", "", "");
    for change in [&joins as &dyn Fn(&mut DeviceConfig), &leaves, &goes] {
        script(&plain, change).unwrap();
    }
    // Of what goes on, whatever else is said stays.
    for block in [" lacp-timeout short\n", " trunk-threshold 2\n", " sflow forwarding ethernet 1/1/1\n"] {
        for change in [&joins as &dyn Fn(&mut DeviceConfig), &leaves] {
            let typed = script(&text("", block, " stp-bpdu-guard\n loop-detection\n"), change).unwrap();
            assert!(!typed.contains(block.trim()) && !typed.contains("no lag"), "{typed}");
        }
        let refusal = script(&text("", block, ""), &goes).unwrap_err().to_string();
        assert!(refusal.contains(block.trim()), "{refusal}");
    }
    for lag in [" stp-bpdu-guard\n", " spanning-tree 802-1w admin-edge-port\n", " loop-detection\n", " dual-mode 10\n"]
    {
        let refusal = script(&text("", "", lag), &goes).unwrap_err().to_string();
        assert!(refusal.contains(lag.trim()), "{refusal}");
    }
    for port in [" stp-bpdu-guard\n", " sflow forwarding\n", " inline power\n", " no spanning-tree\n"] {
        let refusal = script(&text(port, "", ""), &joins).unwrap_err().to_string();
        assert!(refusal.contains("ethernet 1/1/3 joining an aggregate") && refusal.contains(port.trim()), "{refusal}");
    }
    for block in [" force-up ethernet 1/1/2\n", " sflow forwarding ethe 1/1/1 to 1/1/2\n"] {
        let refusal = script(&text("", block, ""), &leaves).unwrap_err().to_string();
        assert!(
            refusal.contains("ethernet 1/1/2 leaving its aggregate") && refusal.contains(block.trim()),
            "{refusal}"
        );
    }
}
