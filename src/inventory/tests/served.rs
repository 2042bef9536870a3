//! What of a file is served where something in it is wrong, or means nothing.

use super::*;

/// An entry that lost the line that limits it must not be served without it, and the others
/// have lost nothing.
#[test]
fn a_mistake_in_an_entry_leaves_the_others_and_only_the_mistake_is_reported() {
    let entry = |number: u8| {
        format!(
            "[[switch]]\nname = \"leaf{number}\"\naddress = \"192.0.2.{number}\"\ndialect = \"openconfig\"\n\
             username = \"u\"\npassword = \"p\"\nallowed_vlans = \"100\"\n"
        )
    };
    let whole = (1..=3).map(entry).collect::<String>();
    assert_eq!(load(&[("i.toml", &whole)], &Context::default()).0.len(), 3);
    for damage in
        ["allowed_vlans = \"100", "allowed_vlans = ", "allowed_vlans", "port = 1\nport = 2", "ports = [", "= 1"]
    {
        let text = [entry(1), entry(2).replace("allowed_vlans = \"100\"", damage), entry(3)].concat();
        let (inventory, findings) = load(&[("i.toml", &text)], &Context::default());
        assert!(findings.iter().all(|finding| finding.code == Code::Syntax), "{damage}: {findings}");
        let lines: Vec<_> = findings.iter().filter_map(|finding| finding.line).collect();
        assert!(!lines.is_empty() && lines.iter().all(|line| (8..=15).contains(line)), "{damage}: {findings}");
        let served: Vec<_> = inventory.iter().map(|switch| switch.identity.name.as_str()).collect();
        assert_eq!(served, ["leaf1", "leaf3"], "{damage}: {findings}");
        assert!(inventory.broken("leaf2").is_some_and(|broken| !broken.findings.is_empty()), "{damage}");
    }
    // Its head is broken; and what is broken may concern all of them.
    let headless = whole.replacen("[[switch]]\nname = \"leaf2\"", "[[switch]\nname = \"leaf2\"", 1);
    let (inventory, _) = load(&[("i.toml", &headless)], &Context::default());
    assert!(inventory.len() == 2 && inventory.broken("leaf2").is_some());
    let (inventory, findings) =
        load(&[("i.toml", &format!("[defaults]\nusername = \"u\n{whole}"))], &Context::default());
    assert!(inventory.is_empty(), "{findings}");
}

#[test]
fn numbers_for_aggregates_need_something_to_stand_behind() {
    for (dialect, prefix, found) in
        [("openconfig", "", true), ("openconfig", "lag_prefix = \"Po\"", false), ("arista_eos", "", false)]
    {
        let text = toml(&format!("dialect = \"{dialect}\"\nlag_numbers = \"1-9\"\n{prefix}"));
        let (inventory, findings) = load(&[("i.toml", &text)], &Context::default());
        assert_eq!(findings.iter().any(|finding| finding.field == "switch.leaf1.lag_numbers"), found, "{findings}");
        assert_eq!(inventory.is_empty(), found);
    }
}

#[test]
fn ironics_default_section_serves_no_switch() {
    let text = format!("[DEFAULT]\npersist = yes\nnative_vlan = 5\ndebug = true\n{}", ini(""));
    let (inventory, findings) = load(&[("i.conf", &text)], &Context::default());
    let lost = [(Code::UnknownKey, 2, "DEFAULT.persist"), (Code::UnknownKey, 3, "DEFAULT.native_vlan")];
    let lost: Vec<_> = lost.iter().map(|(code, line, key)| (*code, *line, (*key).to_owned())).collect();
    let mut found = places(&findings);
    found.sort_by_key(|(_, line, _)| *line);
    assert_eq!(found, lost);
    assert!(!findings.has_errors());
    let switch = inventory.iter().next().unwrap();
    assert_eq!((switch.rules.persist, switch.rules.native_vlan), (false, None));
    let (inventory, findings) = load(&[("i.conf", &ini("Persist = yes"))], &Context::default());
    assert_eq!(places(&findings), [(Code::UnknownKey, 8, "switch.leaf1.Persist".to_owned())]);
    assert!(inventory.is_empty());
}

#[test]
fn sections_that_ironic_would_pass_over_are_found() {
    for (header, field) in [
        ("[leaf1]", "[leaf1]"),
        ("[genericswitch:leaf1]", "[genericswitch:leaf1]"),
        ("[switch:]", "[switch:]"),
        ("[Switch:leaf1]", "[Switch:leaf1]"),
    ] {
        let (_, findings) = load(&[("i.conf", &ini("").replace("[switch:leaf1]", header))], &Context::default());
        assert_eq!(places(&findings), [(Code::UnknownKey, 1, field.to_owned())]);
    }
}

#[test]
fn a_default_vlan_that_the_dialect_does_not_have_is_found() {
    for (dialect, lowest) in [("sonic", 2), ("openconfig", 1)] {
        let text =
            |default: u16| toml(&format!("dialect = \"{dialect}\"\nprotocol = \"gnmi\"\ndefault_vlan = {default}"));
        let (inventory, findings) = load(&[("i.toml", &text(1))], &Context::default());
        let expected = (lowest > 1).then(|| (Code::Conflict, 8, "switch.leaf1.default_vlan".to_owned()));
        assert_eq!(places(&findings), Vec::from_iter(expected));
        assert_eq!(inventory.is_empty(), lowest > 1);
        assert_eq!(one("i.toml", &text(2)).rules.lowest_vlan.get(), lowest);
    }
}

#[test]
fn the_format_is_told_by_the_name_or_else_by_the_text() {
    for (name, text) in [
        ("a.conf", ini("")),
        ("a.ini", ini("")),
        ("a", ini("")),
        ("a.toml", toml("dialect = \"openconfig\"")),
        ("a", toml("dialect = \"openconfig\"")),
    ] {
        assert_eq!(one(name, &text).identity.name, "leaf1", "{name}");
    }
}
