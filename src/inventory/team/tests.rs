use std::time::{Duration, UNIX_EPOCH};

use mercury_model::{
    DeviceConfig, Intended, Interface, Plan, Running, Scope, Segment, SwitchedVlan, TrunkVlans, Vlan, VlanStatus,
};
use proptest::prelude::*;

use super::*;
use crate::finding::Code;

fn read(text: &str) -> (TeamRules, Findings) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.toml");
    std::fs::write(&file, text).unwrap();
    let mut findings = Findings::default();
    let rules = TeamRules::load(&[file], &mut findings);
    (rules, findings)
}

fn rules(body: &str) -> TeamRules {
    let (rules, findings) = read(&format!("[[rule]]\nname = \"one\"\nreason = \"because\"\n{body}\n"));
    assert!(findings.is_empty(), "{findings}");
    rules
}

fn port(name: &str, vlans: Option<SwitchedVlan>) -> Interface {
    Interface { switched_vlan: vlans, ..Interface::new(name.parse().unwrap()) }
}

fn access(vlan: u16) -> Option<SwitchedVlan> {
    Some(SwitchedVlan::access(vlan.try_into().unwrap()))
}

fn trunk(native: Option<u16>, vlans: &str) -> Option<SwitchedVlan> {
    let vlans = if vlans == "all" { TrunkVlans::All } else { TrunkVlans::only(vlans.parse().unwrap()) };
    Some(SwitchedVlan::Trunk { native: native.map(|vlan| vlan.try_into().unwrap()), vlans })
}

fn config(ports: Vec<Interface>) -> DeviceConfig {
    let interfaces = ports.into_iter().map(|port| (port.name.clone(), port)).collect();
    DeviceConfig { interfaces, ..DeviceConfig::default() }
}

fn judged(rules: &TeamRules, before: Vec<Interface>, after: Vec<Interface>) -> Vec<(Code, String)> {
    of_configs(rules, &config(before), config(after))
}

fn of_configs(rules: &TeamRules, before: &DeviceConfig, after: DeviceConfig) -> Vec<(Code, String)> {
    let after = Intended(after);
    let scope = Scope { overlays: true, ..Scope::all() };
    let plan = Plan::between(&Running::new(before, scope), &after);
    let ports = Proposed::edited(&plan).len();
    let findings = rules.judge(&Proposed { before, after: &after.0, plan: &plan, ports });
    findings.iter().map(|finding| (finding.code, finding.field.clone())).collect()
}

fn codes(rules: &TeamRules, before: Vec<Interface>, after: Vec<Interface>) -> Vec<Code> {
    judged(rules, before, after).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn the_sample_is_right_and_shows_every_key() {
    let sample = include_str!("../../../config/rules.toml");
    let (rules, findings) = read(sample);
    assert!(findings.is_empty() && rules.len() == 7, "{findings}");
    for key in read::KEYS.concat() {
        let is_there = |line: &str| line.trim_start_matches("# ").starts_with(&format!("{key} = "));
        assert!(sample.lines().any(is_there), "{key} is not in the sample");
    }
}

/// A rule that is not understood would let pass what it was written to stop.
#[test]
fn one_mistake_refuses_the_file_whole_and_names_the_field() {
    for (body, code, line, field) in [
        ("reserved = \"1\"\nprotected = true", Code::UnknownKey, 6, "rule.two.reserved"),
        ("allowed_vlans = \"1-5000\"", Code::BadValue, 6, "rule.two.allowed_vlans"),
        ("reserved_vlans = true", Code::WrongType, 6, "rule.two.reserved_vlans"),
        ("ports = [\"Ethernet[1-\"]\nprotected = true", Code::BadValue, 6, "rule.two.ports"),
        ("ports = [\"Ethernet[9-1]\"]\nprotected = true", Code::BadValue, 6, "rule.two.ports"),
        ("ports = []\nprotected = true", Code::BadValue, 6, "rule.two.ports"),
        ("protected = false", Code::BadValue, 6, "rule.two.protected"),
        ("max_trunk_vlans = 0", Code::OutOfRange, 6, "rule.two.max_trunk_vlans"),
        ("max_ports = -1", Code::OutOfRange, 6, "rule.two.max_ports"),
        ("mtu = \"9000\"", Code::BadValue, 6, "rule.two.mtu"),
        ("mtu = \"9000-1500\"", Code::BadValue, 6, "rule.two.mtu"),
        ("description = '('", Code::BadValue, 6, "rule.two.description"),
        ("description = '(a{1000}){1000}'", Code::BadValue, 6, "rule.two.description"),
        ("windows = [\"mon 9-17\"]", Code::BadValue, 6, "rule.two.windows"),
        ("windows = [\"mun 09:00-17:00\"]", Code::BadValue, 6, "rule.two.windows"),
        ("windows = [\"mon 24:00-17:00\"]", Code::BadValue, 6, "rule.two.windows"),
        ("severity = \"fatal\"\nprotected = true", Code::BadValue, 6, "rule.two.severity"),
        ("switches = [\"leaf1\"]", Code::MissingKey, 4, "rule.two.name"),
        ("protected = ", Code::Syntax, 6, ""),
    ] {
        let good = "rule = [{ name = \"one\", reason = \"because\", protected = true }]";
        let (rules, _) = read(good);
        assert_eq!(rules.len(), 1);
        let good = "[[rule]]\nname = \"one\"\nreason = \"because\"\nprotected = true\n";
        let bad = format!("[[rule]]\nname = \"two\"\nreason = \"because\"\n{body}\n");
        // Lines are counted in the file, whose first rule is right.
        let (rules, findings) = read(&(good.to_owned() + &bad));
        assert!(rules.is_empty(), "{body}");
        let first = findings.iter().next().unwrap();
        assert_eq!((first.code, first.line, &*first.field), (code, Some(line + 2), field), "{body}: {findings}");
    }
    for text in ["", "[rule]\nname = \"one\"", "rule = [1]", "[[rules]]\nname = \"one\""] {
        let (rules, findings) = read(text);
        assert!(rules.is_empty() && findings.has_errors(), "{text:?}");
    }
    let (_, findings) = read(&"[[rule]]\nname = \"one\"\nreason = \"b\"\nprotected = true\n".repeat(2));
    assert_eq!(findings.iter().next().unwrap().code, Code::DuplicateKey);
}

#[test]
fn what_a_change_brings_is_judged_and_what_was_there_is_not() {
    let allowed = rules("allowed_vlans = \"100-199\"");
    let bad = [Code::RuleVlanNotAllowed];
    for (before, after, expected) in [
        (access(100), access(199), &[][..]),
        (access(100), access(200), &bad),
        (None, access(200), &bad),
        (access(200), None, &[]),
        (trunk(None, "100,300"), trunk(None, "100-101,300"), &[]),
        (trunk(None, "100,300"), trunk(Some(300), "100,300"), &bad),
        (trunk(Some(300), "100"), trunk(Some(300), "100-102"), &[]),
        (access(300), trunk(Some(300), "100"), &bad),
        (access(100), trunk(Some(100), "all"), &bad),
        (trunk(Some(100), "all"), trunk(Some(101), "all"), &[]),
        (trunk(Some(100), "all"), trunk(Some(100), "100-110"), &[]),
    ] {
        let told = codes(&allowed, vec![port("Ethernet1", before.clone())], vec![port("Ethernet1", after.clone())]);
        assert_eq!(told, expected, "{before:?} to {after:?}");
    }
}

#[test]
fn each_rule_finds_what_it_is_about_at_its_path() {
    let plain = || vec![port("Ethernet1", access(100))];
    let one = |edit: &dyn Fn(&mut Interface)| {
        let mut ports = plain();
        edit(&mut ports[0]);
        ports
    };
    let vlans = |vlans| one(&move |port| port.switched_vlan = trunk(None, vlans));
    let path = "interfaces/Ethernet1";
    for (body, after, expected) in [
        ("reserved_vlans = \"1\"", vlans("1,5"), Some((Code::RuleVlanReserved, format!("{path}/switched-vlan")))),
        ("reserved_vlans = \"1\"", vlans("2-5"), None),
        ("protected = true", one(&|port| port.mtu = Some(9000)), Some((Code::RulePortProtected, path.to_owned()))),
        ("protected = true\nports = [\"Ethernet[2-48]\"]", one(&|port| port.mtu = Some(9000)), None),
        ("max_trunk_vlans = 4", vlans("1-5"), Some((Code::RuleTrunkTooWide, format!("{path}/switched-vlan")))),
        ("max_trunk_vlans = 5", vlans("1-5"), None),
        ("max_trunk_vlans = 4093", vlans("all"), Some((Code::RuleTrunkTooWide, format!("{path}/switched-vlan")))),
        (
            "mtu = \"1500-9000\"",
            one(&|port| port.mtu = Some(9001)),
            Some((Code::RuleMtuOutOfRange, format!("{path}/mtu"))),
        ),
        ("mtu = \"1500-9000\"", one(&|port| port.mtu = Some(9000)), None),
        (
            "description = 'server-\\d+'",
            one(&|port| port.description = "server-1x".parse().ok()),
            Some((Code::RuleDescriptionPattern, format!("{path}/description"))),
        ),
        ("description = 'server-\\d+'", one(&|port| port.description = "server-1".parse().ok()), None),
    ] {
        let told = judged(&rules(body), plain(), after);
        assert_eq!(told, Vec::from_iter(expected), "{body}");
    }
}

#[test]
fn a_member_is_judged_by_what_its_aggregate_carries() {
    let member = |lag: Option<&str>| {
        let mut port = port("Ethernet49", None);
        port.aggregate_id = lag.map(|name| name.parse().unwrap());
        port
    };
    let lag = |vlans| port("Port-Channel1", vlans);
    let protected = rules("protected = true\nports = [\"Ethernet49\"]");
    let wide = rules("max_trunk_vlans = 2\nports = [\"Ethernet49\"]");
    let before = || vec![member(Some("Port-Channel1")), lag(access(100))];
    let after = || vec![member(Some("Port-Channel1")), lag(trunk(None, "1-5"))];
    assert_eq!(codes(&protected, before(), after()), [Code::RulePortProtected]);
    assert_eq!(codes(&wide, before(), after()), [Code::RuleTrunkTooWide]);
    let apart = vec![member(None), lag(trunk(None, "1-5"))];
    assert_eq!(codes(&wide, apart, after()), [Code::RuleTrunkTooWide], "joining brings what the aggregate carries");
}

#[test]
fn vlans_are_judged_where_they_are_made_renamed_and_removed() {
    let vlan =
        |id: u16, name: &str| Vlan { id: id.try_into().unwrap(), name: name.parse().ok(), status: VlanStatus::Active };
    let with = |vlans: Vec<Vlan>| {
        let vlans = vlans.into_iter().map(|vlan| (vlan.id, vlan)).collect();
        DeviceConfig { vlans, ..DeviceConfig::default() }
    };
    let of = |body: &str, before: Vec<Vlan>, after: Vec<Vlan>| of_configs(&rules(body), &with(before), with(after));
    let reserved = "reserved_vlans = \"1-9\"";
    let at = |code, path: &str| vec![(code, path.to_owned())];
    assert_eq!(of(reserved, vec![], vec![vlan(5, "")]), at(Code::RuleVlanReserved, "vlans/5"));
    assert_eq!(of(reserved, vec![vlan(5, "")], vec![]), at(Code::RuleVlanReserved, "vlans/5"));
    assert_eq!(of(reserved, vec![vlan(5, "a")], vec![vlan(5, "b")]), at(Code::RuleVlanReserved, "vlans/5"));
    assert_eq!(of(reserved, vec![vlan(5, "a")], vec![vlan(5, "a"), vlan(10, "b")]), []);
    assert_eq!(of("vlan_name = '[a-z]+'", vec![], vec![vlan(10, "X")]), at(Code::RuleVlanNamePattern, "vlans/10/name"));
    assert_eq!(of("vlan_name = '[a-z]+'", vec![], vec![vlan(10, "")]), [], "one without a name has none to judge");
    assert_eq!(of("reserved_vlans = \"1-9\"\nports = [\"*\"]", vec![], vec![vlan(5, "")]), []);
}

#[test]
fn a_vlan_is_judged_where_it_is_bound_to_a_vni_and_where_no_longer() {
    let bound = |vni: Option<u64>| {
        let segment = vni.map(|vni| Segment::new(vni.try_into().unwrap()));
        DeviceConfig {
            segments: segment.map(|one| (50_u16.try_into().unwrap(), one)).into_iter().collect(),
            ..config(vec![])
        }
    };
    let reserved = rules("reserved_vlans = \"50\"");
    for (before, after) in [(None, Some(10_500)), (Some(10_500), None), (Some(10_500), Some(777))] {
        let found = of_configs(&reserved, &bound(before), bound(after));
        assert!(!found.is_empty(), "{before:?} {after:?}");
        assert!(found.iter().all(|one| *one == (Code::RuleVlanReserved, "vlans/50".to_owned())), "{found:?}");
    }
    assert_eq!(of_configs(&rules("reserved_vlans = \"51\""), &bound(None), bound(Some(10_500))), []);
}

#[test]
fn many_ports_in_one_change_are_too_many() {
    let four = rules("max_ports = 4");
    let ports = |many: u16, vlan| (1..=many).map(|number| port(&format!("Ethernet{number}"), access(vlan))).collect();
    assert_eq!(codes(&four, ports(4, 100), ports(4, 101)), []);
    assert_eq!(codes(&four, ports(5, 100), ports(5, 101)), [Code::RuleTooManyPorts]);
}

#[test]
fn a_window_is_open_on_its_days_at_its_hours() {
    // 2026-11-28 was a Saturday.
    let saturday = UNIX_EPOCH + Duration::from_secs(20_785 * 86_400);
    let at = |days: u64, hours: u64, minutes: u64| {
        saturday + Duration::from_secs(days * 86_400 + hours * 3600 + minutes * 60)
    };
    for (window, when, is_open) in [
        ("sat 00:00-24:00", at(0, 0, 0), true),
        ("sat 00:00-24:00", at(0, 23, 59), true),
        ("sat 00:00-24:00", at(1, 0, 0), false),
        ("mon-fri 22:00-04:00", at(0, 3, 59), true),
        ("mon-fri 22:00-04:00", at(0, 4, 0), false),
        ("mon-fri 22:00-04:00", at(0, 22, 0), false),
        ("mon-fri 22:00-04:00", at(2, 3, 0), false),
        ("mon-fri 22:00-04:00", at(2, 22, 0), true),
        ("fri-mon 12:00-13:00", at(1, 12, 30), true),
        ("fri-mon 12:00-13:00", at(3, 12, 30), false),
        ("tue,thu 12:00-13:00", at(5, 12, 0), true),
        ("daily 02:00-03:00", at(4, 3, 0), false),
    ] {
        let rules = rules(&format!("windows = [{window:?}]")).at(when);
        let told = codes(&rules, vec![port("Ethernet1", access(100))], vec![port("Ethernet1", access(101))]);
        assert_eq!(told.is_empty(), is_open, "{window} {when:?}: {told:?}");
        let same = vec![port("Ethernet1", access(100))];
        assert_eq!(codes(&rules, same.clone(), same), [], "nothing is changed at any hour");
    }
}

#[test]
fn a_rule_holds_where_it_says() {
    let text =
        "[[rule]]\nname = \"one\"\nreason = \"b\"\nprotected = true\nswitches = [\"leaf?\"]\nroles = [\"rack*\"]\n";
    let (all, _) = read(text);
    for (name, role, holds) in [
        ("leaf1", Some("rack-4"), true),
        ("leaf12", Some("rack-4"), false),
        ("leaf1", Some("spine"), false),
        ("leaf1", None, false),
        ("xleaf1", Some("rack"), false),
    ] {
        assert_eq!(!all.of(name, role).is_empty(), holds, "{name} {role:?}");
    }
}

proptest! {
    /// Whatever was and is to be: a VLAN that is reserved never comes onto a port
    /// unseen, and one that stays is never blamed.
    #[test]
    fn no_reserved_vlan_is_brought_unseen(
        before in prop::collection::btree_set(1u16..40, 0..6),
        after in prop::collection::btree_set(1u16..40, 0..6),
        reserved in prop::collection::btree_set(1u16..40, 1..6),
    ) {
        let list = |set: &std::collections::BTreeSet<u16>| set.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
        let rules = rules(&format!("reserved_vlans = \"{}\"", list(&reserved)));
        let of = |set| vec![port("Ethernet1", trunk(None, &list(set)))];
        let told = !codes(&rules, of(&before), of(&after)).is_empty();
        let brought = after.difference(&before).any(|vlan| reserved.contains(vlan));
        prop_assert_eq!(told, brought);
    }
}

#[test]
fn names_are_taken_as_they_are_but_for_the_three_signs() {
    let matches = |pattern: &str, name: &str| pattern.parse::<Pattern>().unwrap().matches(name);
    assert!(matches("xe-0/0/[0-47]", "xe-0/0/47") && !matches("xe-0/0/[0-47]", "xe-0/0/48"));
    assert!(matches("Eth*", "Ethernet1/1") && !matches("Eth*", "eth1") && !matches("eth.", "eth1"));
    assert!(matches("lag(1)+", "lag(1)+") && matches("ä?", "äö"));
}
