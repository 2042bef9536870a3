//! VLANs that are set aside for VNIs.

use super::*;

#[test]
fn a_mistake_about_vnis_is_found_on_its_line() {
    for (lines, code, key) in [
        ("local_vlans = \"3000-\"\nvxlan_vtep = \"vtep1\"", Code::BadValue, "local_vlans"),
        ("vxlan_vtep = 1", Code::WrongType, "vxlan_vtep"),
        ("vxlan_vtep = \"vtep1\"", Code::Conflict, "vxlan_vtep"),
        ("local_vlans = \"3000\"\nallowed_vlans = \"100\"\nvxlan_vtep = \"vtep1\"", Code::Conflict, "local_vlans"),
        ("local_vlans = \"3000\"\ndefault_vlan = 3000\nvxlan_vtep = \"vtep1\"", Code::Conflict, "local_vlans"),
        ("vxlan_flood = \"bgp\"", Code::Conflict, "vxlan_flood"),
    ] {
        let text = toml(&format!("dialect = \"openconfig\"\n{lines}\n"));
        let (_, findings) = load(&[("i.toml", &text)], &Context::default());
        assert_eq!(places(&findings), [(code, 7, format!("switch.leaf1.{key}"))], "{lines}");
    }
}

fn nexus(lines: &str) -> (Inventory, Findings) {
    let own = "protocol = \"cli\"\ndialect = \"cisco_nxos\"\nlocal_vlans = \"3000\"\nvxlan_vtep = \"nve1\"\n";
    load(&[("i.toml", &toml(&format!("{own}{lines}\n")))], &Context::default())
}

/// What the network team says of floods and of BGP fits together, or no switch is served.
#[test]
fn how_a_vni_is_flooded_is_said_once_and_whole() {
    for (lines, key, told) in [
        ("vxlan_flood = \"unicast\"", "vxlan_flood", "must be one of bgp, static, multicast"),
        (
            "vxlan_flood = \"static\"\nvxlan_peers = \"192.0.2.2\"",
            "vxlan_flood",
            "told of one VNI to flood it by static",
        ),
        ("vxlan_flood = \"multicast\"", "vxlan_flood", "needs vxlan_groups or vxlan_group_base"),
        ("vxlan_peers = [\"192.0.2.2\"]", "vxlan_peers", "is for vxlan_flood static, and this is bgp"),
        ("vxlan_group_base = \"239.1.0.0/16\"", "vxlan_group_base", "is for vxlan_flood multicast"),
        ("vxlan_route_target = \"65000:1\"", "vxlan_route_target", "would be every VNI's"),
        ("vxlan_route_target = \"65000:{vlan}\"", "vxlan_route_target", "not the same on every switch"),
        ("vxlan_route_distinguisher = \"65000:1\"", "vxlan_route_distinguisher", "would be every VNI's"),
        (
            "vxlan_flood = \"multicast\"\nvxlan_group_base = \"239.1.0.0/16\"\n\
             vxlan_route_distinguisher = \"192.0.2.1:{vlan}\"",
            "vxlan_route_distinguisher",
            "is told by BGP alone, and this is vxlan_flood multicast",
        ),
        ("vxlan_route_target = \"{vni}\"", "vxlan_route_target", "is not auto, nor an AS number"),
    ] {
        let (_, findings) = nexus(lines);
        let found = findings.iter().find(|one| one.field == format!("switch.leaf1.{key}"));
        assert!(found.is_some_and(|one| one.message.contains(told)), "{lines}: {findings}");
    }
    let groups = "vxlan_flood = \"multicast\"\nvxlan_groups = [\"7:239.1.1.1\", \"8:239.1.1.1\"]";
    assert!(nexus(groups).1.to_string().contains("VNI 8 with 239.1.1.1 and VNI 7 with 239.1.1.1"));
    let good = "vxlan_flood = \"multicast\"\nvxlan_group_base = \"239.1.0.0/16\"\nvxlan_route_target = \"65000:{vni}\"";
    let (inventory, findings) = nexus(good);
    assert!(!findings.has_errors(), "{findings}");
    let overlay = inventory.find("leaf1").unwrap().rules.overlay.clone().unwrap();
    assert!(overlay.is_evpn() && overlay.flood_of(10_100_u64.try_into().unwrap()).is_some());
}

#[test]
fn a_dialect_without_vnis_refuses_them_and_says_why() {
    let of = |dialect: &str| {
        let keys = "local_vlans = \"3000-3009\"\nvxlan_vtep = \"vtep1\"\n";
        load(&[("i.toml", &toml(&format!("dialect = \"{dialect}\"\n{keys}")))], &Context::default())
    };
    let (_, findings) = of("arista_eos");
    assert_eq!(places(&findings), [(Code::Conflict, 7, "switch.leaf1.local_vlans".to_owned())]);
    assert!(findings.to_string().contains("vxlan is not supported: EOS has no place"), "{findings}");
    let (inventory, findings) = of("openconfig");
    assert!(!findings.has_errors(), "{findings}");
    let overlay = inventory.find("leaf1").unwrap().rules.overlay.clone().unwrap();
    assert_eq!((overlay.local_vlans.to_string(), overlay.vtep), ("3000-3009".to_owned(), "vtep1".parse().ok()));
}

/// What every attach would fail without is asked for when the entry is read.
#[test]
fn what_a_dialect_cannot_do_without_is_asked_for() {
    let missing = |protocol: &str, dialect: &str, lines: &str| {
        let text = format!("protocol = \"{protocol}\"\ndialect = \"{dialect}\"\nlocal_vlans = \"3000\"\n{lines}\n");
        let (_, findings) = load(&[("i.toml", &toml(&text))], &Context::default());
        let missing = findings.iter().filter(|one| one.code == Code::MissingKey && one.field.contains("vxlan"));
        missing.map(|one| one.field.replace("switch.leaf1.", "")).collect::<Vec<_>>()
    };
    let vtep = "vxlan_vtep = \"vxlan1\"";
    let target = "vxlan_route_target = \"65000:{vni}\"";
    assert_eq!(missing("gnmi", "nokia_srl", ""), ["vxlan_vtep", "vxlan_route_target"]);
    assert_eq!(missing("gnmi", "nokia_srl", &format!("{vtep}\n{target}")), [""; 0]);
    let auto = "vxlan_route_target = \"auto\"\nvxlan_route_distinguisher = \"auto\"";
    assert_eq!(missing("gnmi", "nokia_srl", &format!("{vtep}\n{auto}")), ["vxlan_route_target"]);
    assert_eq!(missing("netconf", "juniper_junos", auto), [""; 0]);
    assert_eq!(missing("netconf", "openconfig", ""), ["vxlan_vtep"]);
    assert_eq!(missing("netconf", "juniper_junos", ""), [""; 0]);
    assert_eq!(missing("nvue", "cumulus_nvue", ""), [""; 0]);
}

/// What the entry says and nobody would ever be told is not passed over.
#[test]
fn a_route_target_that_no_vni_is_told_by_itself_is_refused() {
    let refused = |protocol: &str, dialect: &str, key: &str, value: &str| {
        let text = format!(
            "protocol = \"{protocol}\"\ndialect = \"{dialect}\"\nlocal_vlans = \"3000\"\nvxlan_vtep = \"vtep1\"\n\
             {key} = \"{value}\"\n"
        );
        let (_, findings) = load(&[("i.toml", &toml(&text))], &Context::default());
        findings.iter().any(|one| one.field.ends_with(key) && one.message.contains("of no VNI by itself"))
    };
    for (protocol, dialect, is_said) in [
        ("netconf", "openconfig", false),
        ("gnmi", "openconfig", false),
        ("netconf", "juniper_junos", false),
        ("nvue", "cumulus_nvue", false),
        ("gnmi", "nokia_srl", true),
    ] {
        for (key, value) in [("vxlan_route_target", "65000:{vni}"), ("vxlan_route_distinguisher", "192.0.2.1:{vlan}")] {
            assert_eq!(refused(protocol, dialect, key, value), !is_said, "{protocol} {dialect} {key}");
            assert!(!refused(protocol, dialect, key, "auto"), "{protocol} {dialect} {key}");
        }
    }
}

/// Each dialect has words for a way to flood, or refuses it when the entry is read.
#[test]
fn a_way_to_flood_that_a_dialect_has_no_words_for_is_refused() {
    const WAYS: [(&str, &str); 3] = [
        ("bgp", ""),
        ("static", "vxlan_peers = [\"192.0.2.2\"]"),
        ("multicast", "vxlan_group_base = \"239.1.0.0/16\""),
    ];
    for (protocol, dialect, has) in [
        ("netconf", "openconfig", &["bgp"][..]),
        ("gnmi", "openconfig", &["bgp"]),
        ("netconf", "juniper_junos", &["bgp"]),
        ("cli", "juniper_junos", &["bgp"]),
        ("cli", "cisco_nxos", &["bgp", "multicast"]),
        ("cli", "arista_eos", &["bgp", "static", "multicast"]),
        ("cli", "sonic", &["bgp"]),
        ("cli", "dell_sonic", &["bgp"]),
        ("cli", "cumulus_nvue", &["bgp"]),
        ("nvue", "cumulus_nvue", &["bgp"]),
        ("gnmi", "nokia_srl", &["bgp"]),
        ("ovsdb", "netmiko_ovs_linux", &["static"]),
    ] {
        for (way, more) in WAYS {
            let text = format!(
                "protocol = \"{protocol}\"\ndialect = \"{dialect}\"\nlocal_vlans = \"3000\"\n\
                 vxlan_vtep = \"vtep1\"\nvxlan_flood = \"{way}\"\n{more}\n"
            );
            let (_, findings) = load(&[("i.toml", &toml(&text))], &Context::default());
            let refused = findings.iter().find(|one| one.field.ends_with("vxlan_flood"));
            let told = refused.map(|one| one.message.contains(&format!("dialect {dialect} cannot express it")));
            assert_eq!(told, (!has.contains(&way)).then_some(true), "{protocol} {dialect} {way}: {findings}");
        }
    }
}
