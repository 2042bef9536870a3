use super::*;

fn place(code: Code, line: usize, column: usize, message: &str) -> Finding {
    Finding::error(code, message).at("a.xml".as_ref(), Some(line)).column(Some(column))
}

fn kept(own: Vec<Finding>, schema: Vec<Finding>, text: &str) -> Vec<String> {
    let told = beside(&own.into_iter().collect(), &schema.into_iter().collect(), false, Some(text));
    told.iter().map(|one| one.message.clone()).collect()
}

#[test]
fn of_a_key_is_told_once_in_the_words_that_say_which() {
    let path = "/m:interfaces/interface[name='e1']";
    let reference = "Invalid leafref value \"e1\" - no target instance \"../config/name\" with the same value";
    let key =
        |port: &str| place(Code::ReadingKey, 4, 9, &format!("/interfaces/interface[{port}]/config/name is e9, …"));
    let twice = place(Code::ReadingDuplicate, 7, 3, "/interfaces/interface[e1] is there 2 times; …");
    for (own, schema, is_one) in [
        (key("e1"), place(Code::SchemaReference, 3, 2, reference).field(format!("{path}/name")), true),
        (key("e2"), place(Code::SchemaReference, 3, 2, reference).field(format!("{path}/name")), false),
        (twice.clone(), place(Code::SchemaDuplicate, 2, 2, "Duplicate instance of \"interface\"").field(path), true),
        (twice, place(Code::SchemaDuplicate, 2, 2, "Duplicate instance of \"a\"").field("/m:a[name='e1']"), false),
        (
            place(Code::ReadingDuplicate, 7, 3, "/interfaces/interface[e1]/config/mtu has 2 values, …"),
            place(Code::SchemaDuplicate, 2, 2, "Duplicate instance of \"mtu\"").field(format!("{path}/config/mtu")),
            true,
        ),
    ] {
        let schema = Finding { severity: Severity::Warning, ..schema };
        let mut checked = [Checked::of(String::new(), "reading", own.clone().into())];
        let told = united(&mut checked, &schema.clone().into());
        let told = told.iter().next().unwrap();
        assert_eq!(checked[0].findings.is_empty(), is_one, "{told}");
        let expected = if is_one {
            (&own.message, Severity::Error, own.line)
        } else {
            (&schema.message, Severity::Warning, schema.line)
        };
        assert_eq!((&told.message, told.severity, told.line), expected);
    }
    // Of several lists each has its own words, and what a path and its value say is one mistake.
    let vlan = |instance: &str| {
        let own = format!("/instance[{instance}]/vlan[110]/config/id is 120, and has to be its entry's key");
        let schema = place(Code::SchemaReference, 3, 2, reference);
        (
            place(Code::ReadingKey, 4, 9, &own),
            schema.field(format!("/m:instance[name='{instance}']/m:vlan[id='110']/id")),
        )
    };
    let (one, other) = (vlan("a"), vlan("b"));
    let of_path = place(Code::ReadingKey, 4, 9, "/interfaces/interface[e1]/name is e2, and has to be its entry's key");
    let of_value = place(Code::SchemaReference, 3, 2, reference).field("/m:interfaces/interface[name='e2']/name");
    let of_config =
        place(Code::ReadingKey, 4, 9, "/interfaces/interface[e2]/config/name is e1, and has to be its entry's key");
    let schema = || vec![of_value.clone()];
    for (own, schema, count) in [
        (vec![one.0, other.0], vec![other.1, one.1], 2),
        (vec![of_path.clone()], schema(), 1),
        (vec![of_config, of_path], schema(), 1),
    ] {
        let mut checked = [Checked::of(String::new(), "reading", own.iter().cloned().collect())];
        let told = united(&mut checked, &schema.into_iter().collect());
        let told: Vec<_> = told.iter().map(|one| one.message.clone()).collect();
        let expected: Vec<_> = own.iter().rev().take(count).map(|one| one.message.clone()).collect();
        assert_eq!((told, checked[0].findings.len()), (expected, 0));
    }
    // Two alike in one list are two, and one that is there three times is one.
    let reference = |line| place(Code::SchemaReference, line, 2, reference).field(format!("{path}/name"));
    let again = |line| place(Code::SchemaDuplicate, line, 2, "Duplicate instance of \"interface\"").field(path);
    let thrice = place(Code::ReadingDuplicate, 7, 3, "/interfaces/interface[e1] is there 3 times; …");
    for (own, schema, expected) in [
        (vec![key("e1"), Finding { line: Some(9), ..key("e1") }], [reference(3), reference(8)], vec![4, 9]),
        (vec![thrice], [again(2), again(3)], vec![7]),
    ] {
        let mut checked = [Checked::of(String::new(), "reading", own.into_iter().collect())];
        let told = united(&mut checked, &schema.into_iter().collect());
        let lines: Vec<_> = told.iter().filter_map(|one| one.line).collect();
        assert!(checked[0].findings.is_empty() && lines == expected, "{told} {}", checked[0].findings);
    }
    // Nor has one whose key is no value.
    let unread = place(Code::ReadingUnknown, 1, 1, "/vlans/vlan[9999]: dialect openconfig does not read it");
    let value = |field: &str| place(Code::SchemaValue, 7, 9, "value \"9999\" is out of the range").field(field);
    assert_eq!(kept(vec![unread.clone()], vec![value("/m:vlan/vlan-id")], "").len(), 0);
    assert_eq!(kept(vec![unread], vec![value("/m:a/m:b[name='vlan']/mtu")], "").len(), 1);
    // An entry without its key has no words of its own.
    let unread = place(Code::ReadingUnknown, 1, 1, "/interfaces/interface: dialect openconfig does not read it");
    let missing = place(Code::SchemaMissingKey, 7, 9, "missing").field("/m:interface");
    assert_eq!(kept(vec![unread.clone()], vec![missing], "").len(), 0);
    assert_eq!(kept(vec![unread], vec![place(Code::SchemaMissingKey, 7, 9, "missing").field("/m:a")], "").len(), 1);
}

#[test]
fn what_modules_tell_at_another_place_hides_nothing() {
    for text in [
        "<config>\n<a xmlns=\"urn:x\"/> <b xmlns=\"urn:y\"/>\n<c/></config>",
        "<config>\n<é xmlns=\"urn:x\"/> <b xmlns=\"urn:y\"/>\n<c/></config>",
    ] {
        let own = || {
            [(2, 1), (2, 20), (3, 1)]
                .map(|(line, column)| place(Code::ReadingNamespace, line, column, &format!("{line} {column}")))
                .into()
        };
        for (schema, expected) in [
            (place(Code::SchemaNamespace, 2, 11, "x"), &["2 20", "3 1"][..]),
            (place(Code::SchemaNamespace, 2, 21, "x"), &["2 1", "3 1"]),
            (place(Code::SchemaUnknownNode, 3, 2, "\"m:3\""), &["2 1", "2 20"]),
            (place(Code::SchemaUnknownNode, 3, 2, "\"4\""), &["2 1", "2 20", "3 1"]),
            (place(Code::SchemaValue, 2, 1, "x"), &["2 1", "2 20", "3 1"]),
            (Finding::error(Code::SchemaNamespace, "x").at("a.xml".as_ref(), Some(2)), &["3 1"]),
        ] {
            assert_eq!(kept(own(), vec![schema.clone()], text), expected, "{schema}");
        }
    }
}

/// Of one value in base64 all is at one place.
#[test]
fn another_mistake_at_the_same_place_hides_nothing() {
    let own = vec![
        place(Code::ReadingValue, 1, 5, "Ethernet1: mtu \"99999\" is not valid"),
        place(Code::ReadingValue, 1, 5, "Ethernet1: access-vlan \"9999\" is not valid"),
        place(Code::ReadingUnknown, 1, 5, "/interfaces/interface[Ethernet1]/config/colour: nobody reads it"),
        place(Code::ReadingUnknown, 1, 5, "/interfaces/interface[Ethernet1]/config/hue: nobody reads it"),
    ];
    let schema = vec![
        place(Code::SchemaValue, 1, 5, "Value \"99999\" is out of bounds"),
        place(Code::SchemaUnknownNode, 1, 5, "Node \"m:colour\" not found"),
    ];
    let told = kept(own, schema, "aaaaaaaaaaaa");
    assert!(matches!(&told[..], [one, other] if one.contains("access-vlan") && other.contains("hue")), "{told:?}");
}

#[test]
fn what_says_nothing_in_its_mode_is_told_once_by_its_condition() {
    let own = |leaf: &str, port: &str| {
        let message =
            format!("{leaf} 5 of {port}, which says nothing in its mode: dialect openconfig does not read it");
        Finding { severity: Severity::Warning, ..place(Code::ReadingUnknown, 1, 20, &message) }
    };
    let schema = place(Code::SchemaWhen, 1, 6, "When condition \"../interface-mode = 'TRUNK'\" not satisfied");
    let schema = schema.field("/m:interfaces/interface[name='e1']/v:config/native-vlan");
    assert_eq!(kept(vec![own("native-vlan", "e1")], vec![schema.clone()], "").len(), 0);
    for (leaf, port) in [("trunk-vlans", "e1"), ("native-vlan", "e2")] {
        assert_eq!(kept(vec![own(leaf, port)], vec![schema.clone()], "").len(), 1, "{leaf} {port}");
    }
}

#[test]
fn a_port_s_words_are_told_once_wherever_that_is() {
    let own = |port: &str, held: &str| {
        let message = format!("{port}: switched-vlan holds foreign ({held}), which dialect openconfig has no word for");
        Finding::warning(Code::ReadingForeign, message).field(format!("interfaces/{port}/switched-vlan"))
    };
    let path = "/m:interfaces/interface[name='xe-0/0/1']/v/config/interface-mode";
    let schema = place(Code::SchemaValue, 9, 9, "Invalid enumeration value \"ACESS\"").field(path);
    for (port, held, is_kept) in [
        ("xe-0/0/1", "interface-mode \"ACESS\", access-vlan \"110\"", false),
        ("xe-0/0/1", "interface-mode \"ACESS\", access-vlan \"servers\"", true),
        ("xe-0/0/2", "interface-mode \"ACESS\"", true),
    ] {
        let told = kept(vec![own(port, held)], vec![schema.clone()], "");
        assert_eq!(!told.is_empty(), is_kept, "{port} {held}");
    }
}

#[test]
fn a_value_of_no_port_is_told_once_for_each() {
    let own = || {
        [(7, "e1"), (12, "e2"), (17, "e3")]
            .map(|(line, port)| place(Code::ReadingValue, line, 1, &format!("{port}: mtu \"70000\" is not valid")))
            .into()
    };
    let schema = |lines: &[usize]| -> Vec<Finding> {
        let one = |line: &usize| {
            place(Code::SchemaValue, *line, 9, "Value \\\"70000\\\" is out").field("/m:interface/config/mtu")
        };
        lines.iter().map(one).collect()
    };
    for (lines, expected) in
        [(&[6][..], &["e2", "e3"][..]), (&[11, 16], &["e1"]), (&[6, 5], &["e3"]), (&[], &["e1", "e2", "e3"])]
    {
        let told = kept(own(), schema(lines), "");
        let ports: Vec<&str> = told.iter().map(|one| &one[..2]).collect();
        assert_eq!(ports, expected, "{lines:?}");
    }
}

/// Twice as many findings take twice as much, however many are on one line.
#[test]
fn each_finding_is_held_against_those_of_its_own_tag_alone() {
    let compared = |count: usize, separator: &str| {
        let text = vec!["<a mtu='9'/>"; count].join(separator);
        let placed = |code, at: usize| {
            let own = at * ("<a mtu='9'/>".len() + separator.chars().count());
            let (line, column) = if separator == "\n" { (at + 1, 1) } else { (1, own + 1) };
            place(code, line, column + 3, &format!("\"9\" {at}"))
        };
        let schema: Findings = (0..count).map(|at| placed(Code::SchemaValue, at)).collect();
        let told = Told::of(&schema, Some(&text));
        (0..count).map(|at| told.near(&placed(Code::ReadingValue, at)).count()).sum::<usize>()
    };
    for separator in ["\n", " ", "é"] {
        assert_eq!((compared(50, separator), compared(400, separator)), (50, 400), "{separator:?}");
    }
}

#[test]
fn what_is_within_a_word_is_told_at_its_beginning() {
    let text = "{\n \"a\": \"AAAAAAAA\", \"b\": \"BBBB\"}";
    let spans = [text.find('A').unwrap()..text.find("\",").unwrap(), text.find("BBBB").unwrap()..text.len() - 2];
    let columns = [3, 8, 9, 15, 16, 19, 25, 28, 29];
    let findings = columns.iter().map(|column| place(Code::SchemaValue, 2, *column, &column.to_string())).collect();
    let mut checked = [Checked::of(String::new(), "schema", findings)];
    at_begins(&mut checked, text, &spans);
    let told: Vec<_> = checked[0].findings.iter().map(|one| column(one).unwrap()).collect();
    assert_eq!(told, [3, 8, 8, 8, 16, 19, 25, 25, 29], "{spans:?}");
}
