//! DPUs: what their entries say, and where that contradicts others.

use super::*;

const LEAF: &str = "[[switch]]\nname = \"leaf1\"\naddress = \"192.0.2.1\"\nusername = \"u\"\npassword = \"p\"\ndialect = \"openconfig\"\n";

const CARD: &str = r#"hosts = ["node7.example.org", "1be26c0b-03f2-4d2e-ae87-c02d7f33c123"]
serial_number = "MT2042X09898"
uplinks = [{ port = "p0", switch = "leaf1", switch_port = "Ethernet7" }]
representors = [
  { port = "pf0hpf", pf_mac = "00:53:00:00:00:42" },
  { port = "pf0vf0", uplinks = ["p0"], pf_mac = "00:53:00:00:00:42", vf = 0 },
]
"#;

/// Another with nothing in common.
fn other() -> String {
    let own = CARD.replace("node7", "node8").replace("1be26c0b", "2be26c0b").replace("MT2042", "MT2043");
    own.replace("Ethernet7", "Ethernet8").replace("00:42", "00:43")
}

fn card(name: &str, lines: &str) -> String {
    let address = format!("unix:/run/{name}.sock");
    format!(
        "[[switch]]\nname = {name:?}\naddress = {address:?}\nprotocol = \"ovsdb\"\ndialect = \"netmiko_ovs_linux\"\n[switch.card]\n{lines}"
    )
}

fn loaded(entries: &[String]) -> (Inventory, Findings) {
    load(&[("i.toml", &entries.concat())], &Context::default())
}

#[test]
fn a_card_is_found_by_its_host_its_child_node_and_its_serial_number() {
    let (inventory, findings) = loaded(&[LEAF.to_owned(), card("dpu7", CARD), card("dpu8", &other())]);
    assert!(!findings.has_errors(), "{findings}");
    let name = |found: Result<&Arc<Switch>, _>| found.unwrap().identity.name.clone();
    for host in ["node7.example.org", "NODE7.example.org.", "1BE26C0B-03f2-4d2e-ae87-c02d7f33c123"] {
        assert_eq!(name(inventory.card_in(host)), "dpu7");
    }
    assert_eq!(name(inventory.card_of("MT2043X09898")), "dpu8");
    assert!(inventory.card_in("MT2043X09898").is_err() && inventory.card_of("node7.example.org").is_err());
    let card = inventory.find("dpu7").unwrap().rules.card.clone().unwrap();
    let function = Function { pf_mac: "00-53-00-00-00-42".parse().unwrap(), vf: Some(0) };
    assert_eq!(card.of_function(function).unwrap().port.as_str(), "pf0vf0");
    assert_eq!(card.of_function(Function { vf: None, ..function }).unwrap().port.as_str(), "pf0hpf");
    assert!(card.of_function(Function { vf: Some(1), ..function }).is_none());
    let ends = &inventory.find("leaf1").unwrap().rules.uplinks;
    let ends: Vec<_> = ends.iter().map(|(port, card)| (port.as_str(), card.as_str())).collect();
    assert_eq!(ends, [("Ethernet7", "dpu7"), ("Ethernet8", "dpu8")]);
}

#[test]
fn what_a_card_says_wrong_is_found_and_it_is_not_used() {
    let whole = [
        ("hosts = [\"node7.example.org\", \"1be26c0b-03f2-4d2e-ae87-c02d7f33c123\"]", ""),
        ("serial_number = \"MT2042X09898\"", ""),
    ];
    let unmeant = whole.iter().fold(CARD.to_owned(), |text, (from, to)| text.replace(from, to));
    let second = "{ port = \"p1\", switch = \"leaf1\", switch_port = \"Ethernet7\" }";
    for (lines, code, key) in [
        (unmeant.replace("pf_mac = \"00:53:00:00:00:42\", vf = 0", ""), Code::MissingKey, "hosts"),
        (CARD.replace("serial_number", "serial"), Code::UnknownKey, "serial"),
        (CARD.replace("port = \"p0\", switch = \"leaf1\",", "port = \"p0\","), Code::MissingKey, "uplinks.switch"),
        (CARD.replace("\"leaf1\"", "\"leaf9\""), Code::BadValue, "uplinks"),
        (CARD.replace("\"leaf1\"", "\"dpu7\""), Code::BadValue, "uplinks"),
        (CARD.replace(" }]", &format!(" }}, {second}]")), Code::DuplicateKey, "uplinks"),
        (
            CARD.replace("[{ port = \"p0\", switch = \"leaf1\", switch_port = \"Ethernet7\" }]", "[]"),
            Code::BadValue,
            "uplinks",
        ),
        (
            CARD.replace("[{ port = \"p0\", switch = \"leaf1\", switch_port = \"Ethernet7\" }]", "1"),
            Code::WrongType,
            "uplinks",
        ),
        (CARD.replace("pf0vf0", "pf0hpf"), Code::DuplicateKey, "representors"),
        (CARD.replace("\"pf0vf0\"", "\"p0\""), Code::Conflict, "representors"),
        (CARD.replace("[\"p0\"]", "[\"p1\"]"), Code::BadValue, "representors"),
        (CARD.replace(", vf = 0", ""), Code::DuplicateKey, "representors"),
        (CARD.replace("uplinks = [\"p0\"], pf_mac = \"00:53:00:00:00:42\",", ""), Code::Conflict, "representors.vf"),
        (CARD.replace("00:53", "zz:53"), Code::BadValue, "representors.pf_mac"),
        (CARD.replace("vf = 0", "vf = 70000"), Code::OutOfRange, "representors.vf"),
        (CARD.replace("serial_number = \"MT2042X09898\"\n", ""), Code::Conflict, "representors"),
    ] {
        let (inventory, findings) = loaded(&[LEAF.to_owned(), card("dpu7", &lines)]);
        let field = format!("switch.dpu7.card.{key}");
        assert!(findings.iter().any(|one| one.code == code && one.field == field), "{field}: {findings}");
        assert!(inventory.find("dpu7").is_none(), "{lines}");
    }
}

/// The network team's word on the switch's ports holds for those that cards hang on.
#[test]
fn an_uplink_at_a_port_that_the_switch_does_not_allow_is_refused() {
    for (ports, refused) in [("[\"Ethernet1\"]", true), ("[]", true), ("[\"Ethernet1\", \"Ethernet7\"]", false)] {
        let leaf = format!("{LEAF}\nallowed_ports = {ports}\n");
        let (inventory, findings) = loaded(&[leaf, card("dpu7", CARD)]);
        let told = findings.iter().find(|one| one.code == Code::Conflict && one.field == "switch.dpu7.card.uplinks");
        assert_eq!((told.is_some(), inventory.find("dpu7").is_none()), (refused, refused), "{ports}: {findings}");
        assert!(told.is_none_or(|one| one.message.contains("not among the allowed_ports of leaf1")), "{findings}");
        assert!(inventory.find("leaf1").is_some());
    }
}

#[test]
fn two_cards_that_one_word_would_mean_are_both_refused() {
    for (same, with, key) in [
        ("node8", "NODE7", "hosts"),
        ("MT2043", "MT2042", "serial_number"),
        ("00:43", "00:42", "representors"),
        ("Ethernet8", "Ethernet7", "uplinks"),
    ] {
        let (inventory, findings) =
            loaded(&[LEAF.to_owned(), card("dpu7", CARD), card("dpu8", &other().replace(same, with))]);
        let field = format!("switch.dpu8.card.{key}");
        assert!(findings.iter().any(|one| one.field == field), "{field}: {findings}");
        assert_eq!(inventory.iter().map(|switch| &*switch.identity.name).collect::<Vec<_>>(), ["leaf1"]);
        let Err(Some(broken)) = inventory.card_in("node7.example.org") else { panic!("{findings}") };
        assert!(broken.findings.iter().any(|finding| finding.contains("dpu7")), "{broken:?}");
    }
}

#[test]
fn a_card_is_what_ovsdb_speaks_to_and_has_no_vlans_of_its_own() {
    let leaf = LEAF.replace("\"leaf1\"", "\"leaf2\"") + "[switch.card]\n" + CARD;
    let (_, findings) = loaded(&[LEAF.to_owned(), leaf]);
    assert!(findings.iter().any(|one| one.field == "switch.leaf2.card" && one.code == Code::Conflict), "{findings}");
    let own = card("dpu7", CARD).replace("[switch.card]", "local_vlans = \"3000\"\n[switch.card]");
    let (_, findings) = loaded(&[LEAF.to_owned(), own]);
    assert!(findings.iter().any(|one| one.field == "switch.dpu7.local_vlans"), "{findings}");
    let trunk = LEAF.to_owned() + "manage_vlans = true\ntrunk_ports = [\"Ethernet7\"]\n";
    let (_, findings) = loaded(&[trunk, card("dpu7", CARD)]);
    assert!(findings.iter().any(|one| one.field == "switch.dpu7.card.uplinks"), "{findings}");
}

#[test]
fn a_card_that_may_take_longer_than_its_switch_waits_is_told() {
    let hasty = LEAF.to_owned() + "confirm_timeout = 5\nlock_wait = 100\ncommit_timeout = 4\n";
    for (leaf, told) in [(LEAF.to_owned(), false), (hasty, true)] {
        let (inventory, findings) = loaded(&[leaf, card("dpu7", CARD)]);
        let is_told = findings.iter().any(|one| one.field == "switch.dpu7.commit_timeout");
        assert_eq!((is_told, inventory.len()), (told, 2), "{findings}");
    }
}

/// The example that operators are given.
#[test]
fn the_documented_example_is_sound() {
    let text = include_str!("../../../config/dpu.md");
    let (_, rest) = text.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let dir = TempDir::new().unwrap();
    for name in ["id_ed25519", "mercury.pem", "mercury.key", "cards-ca.pem"] {
        write(&dir, name, "");
    }
    let (_, findings) = Inventory::load(&[write(&dir, "i.toml", example)], &Context::default());
    // What the files hold is not the example's.
    let own: Vec<_> =
        findings.iter().filter(|one| !one.field.contains("tls_") && !one.field.contains("key_file")).collect();
    assert!(own.is_empty(), "{findings}");
    assert_eq!(findings.iter().filter(|one| one.field.contains("card")).count(), 0);
}

/// What a card of another kind would need is refused where it is read, and not by an attach.
#[test]
fn a_card_is_one_by_its_open_vswitch_alone() {
    for (protocol, dialect) in [("nvue", "cumulus_nvue"), ("cli", "netmiko_ovs_linux"), ("netconf", "openconfig")] {
        let own = format!("protocol = {protocol:?}\ndialect = {dialect:?}");
        let entry = card("dpu7", CARD).replace("protocol = \"ovsdb\"\ndialect = \"netmiko_ovs_linux\"", &own);
        let (inventory, findings) = loaded(&[LEAF.to_owned(), entry]);
        let told = findings.iter().find(|one| one.field == "switch.dpu7.card");
        assert!(told.is_some_and(|one| one.message.starts_with("is for OVSDB, and this switch speaks")), "{findings}");
        assert!(inventory.find("dpu7").is_none() && inventory.card_in("node7.example.org").is_err(), "{protocol}");
    }
}
