//! Aggregates whose type is said by the line that makes them.

use mercury_adapter::{Budget, MAX_REPLY};
use mercury_model::{
    Aggregation, DeviceConfig, Interface, InterfaceType, LacpInterval, LagType, SwitchedVlan, Vlan, VlanId, VlanStatus,
};

use crate::{
    case::plan,
    dialect, render,
    round_trip::{device, read},
};

fn vlan() -> VlanId {
    100u16.try_into().unwrap()
}

/// A port, in a port channel of this type or in none, beside another's.
fn config(lag_type: Option<LagType>) -> DeviceConfig {
    let mut config = DeviceConfig::default();
    let (lag, port, other) = ("PortChannel7", "Eth1/1", "Eth1/2");
    for name in [port, other] {
        config.interfaces.insert(name.parse().unwrap(), Interface::new(name.parse().unwrap()));
    }
    let theirs = config.interfaces.get_mut(&other.parse().unwrap()).unwrap();
    theirs.switched_vlan = Some(SwitchedVlan::access(vlan()));
    config.vlans.insert(vlan(), Vlan { id: vlan(), name: None, status: VlanStatus::Active });
    if lag_type.is_some() {
        let mut made = Interface::new(lag.parse().unwrap());
        made.kind = Some(InterfaceType::Ieee8023adLag);
        made.aggregation = Some(Aggregation { lag_type, ..Aggregation::default() });
        made.switched_vlan = Some(SwitchedVlan::access(vlan()));
        config.interfaces.get_mut(&port.parse().unwrap()).unwrap().aggregate_id = Some(made.name.clone());
        config.interfaces.insert(made.name.clone(), made);
    }
    config
}

#[test]
fn a_port_channel_of_enterprise_sonic_is_made_as_what_it_is_and_stays_so() {
    let dialect = dialect("dell_sonic");
    let without = config(None);
    for (lag_type, head) in
        [(LagType::Lacp, "interface PortChannel7"), (LagType::Static, "interface PortChannel7 mode on")]
    {
        let with = config(Some(lag_type));
        let mut switch = device(&dialect, &without).unwrap();
        let script = render(&dialect, &plan(&without, &with)).unwrap();
        let lines: Vec<&str> = script.lines.iter().map(|line| line.text.as_str()).collect();
        assert!(lines.contains(&head) && lines.contains(&"channel-group 7"), "{script}");
        switch.apply(&script);
        assert_eq!(read(&dialect, &switch), with, "{}", switch.text());
        assert!(switch.text().contains(&format!("\n{head}\n")), "{}", switch.text());
        let script = render(&dialect, &plan(&with, &without)).unwrap();
        switch.apply(&script);
        assert_eq!(read(&dialect, &switch), without, "{script}");
    }
    let [lacp, fixed] = [LagType::Lacp, LagType::Static].map(|lag_type| config(Some(lag_type)));
    for (from, to) in [(&lacp, &fixed), (&fixed, &lacp)] {
        let refusal = render(&dialect, &plan(from, to)).unwrap_err().to_string();
        assert!(refusal.contains("it is said when the aggregate is made"), "{refusal}");
    }
}

/// As others made them, with more than Mercury says.
#[test]
fn what_the_line_of_a_port_channel_says_is_read() {
    let dialect = dialect("dell_sonic");
    let text = "!\ninterface PortChannel15 min-links 3 mode on\n!\ninterface PortChannel16 min-links 1 mode active fast_rate\n!\n\
                interface PortChannel7 mode on min-links 2\n description \"rack 4\"\n switchport access Vlan 100\n no shutdown\n!\n\
                interface PortChannel8 mode active min-links 2 fallback\n no shutdown\n!\n\
                interface PortChannel 9 mode on\n no shutdown\n!\n\
                interface PortChannel 10 mode active\n!\ninterface PortChannel 11\n!\ninterface PortChannel12 fallback\n!\n\
                interface PortChannel13 mode balance min-links 2\n!\ninterface PortChannel 14 mode only\n!\n\
                interface Eth1/1\n channel-group 7\n no shutdown\n!\ninterface Eth1/2\n channel-group 8\n!\n";
    let mut share = Budget::shared().share(MAX_REPLY);
    let found = mercury_cli::recorded(dialect.cli.as_ref().unwrap(), &[text], false, &mut share).unwrap();
    let interfaces = &found.running.config.interfaces;
    let own = |name: &str| &interfaces[&name.parse().unwrap()];
    let lag_type = |name: &str| own(name).aggregation.as_ref().and_then(|own| own.lag_type);
    let (lacp, fixed) = (Some(LagType::Lacp), Some(LagType::Static));
    let expected = [(7, fixed), (8, lacp), (9, fixed), (10, lacp), (11, lacp), (12, lacp), (13, None), (14, None)];
    for (number, expected) in expected {
        assert_eq!(lag_type(&format!("PortChannel{number}")), expected, "PortChannel{number}");
    }
    // In any order, and with words that nobody knows.
    assert_eq!(lag_type("PortChannel15"), fixed);
    assert_eq!(lag_type("PortChannel16"), lacp);
    let min_links = |name: &str| own(name).aggregation.as_ref().and_then(|own| own.min_links);
    for (number, expected) in [(7, Some(2)), (8, Some(2)), (9, None), (13, Some(2)), (15, Some(3)), (16, Some(1))] {
        assert_eq!(min_links(&format!("PortChannel{number}")), expected, "PortChannel{number}");
    }
    let rate = |name: &str| own(name).lacp.map(|lacp| lacp.interval);
    assert_eq!((rate("PortChannel16"), rate("PortChannel8")), (Some(LacpInterval::Fast), None), "slow is the default");
    let member = |name: &str| own(name).aggregate_id.as_ref().map(ToString::to_string);
    assert_eq!(member("Eth1/1").as_deref(), Some("PortChannel7"));
    assert_eq!(own("PortChannel7").switched_vlan, Some(SwitchedVlan::access(vlan())));
}
