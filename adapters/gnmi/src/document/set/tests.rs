use base64::{Engine as _, engine::general_purpose::STANDARD};
use mercury_adapter::{Budget, MAX_REPLY};

use super::*;

fn laid(text: &str) -> Result<(String, usize), String> {
    let (arena, mut share) = (Bump::new(), Budget::new(0).share(MAX_REPLY));
    let root = mercury_adapter::DataTree::new(&arena, &mut share).node("").unwrap();
    lay_set(text, &arena, &mut share, root)?;
    Ok((format!("{root:?}"), set_request(text)?.deleted.len()))
}

const TEXTPROTO: &str = r#"
            # of somebody's own hand
            prefix { origin: "openconfig" }
            delete: { elem: { name: "vlans" } }
            update: {
              path: <elem { name: "interfaces" } elem { name: "interface" key { key: "name" value: "Ethernet1" } }>
              val { json_ietf_val: "{\"config\":" '{"mtu":\x31500}}' }
            }
            update { path { elem: [{ name: "a" }, { name: "b" }] } val { uint_val: 5 } }"#;

/// As gnmic documents its request files.
const GNMIC_YAML: &str = r#"# rack 4
updates:
  - path: "/interfaces/interface[name=Ethernet1]"
    value:
      config: { mtu: 1500 }
    encoding: "json_ietf"
  - path: openconfig:/a/b
    value: 5
deletes:
  - /vlans
"#;

#[test]
fn a_set_request_says_the_same_in_each_of_its_spellings() {
    let octets = STANDARD.encode(r#"{"config":{"mtu":1500}}"#);
    let json = serde_json::json!({
        "prefix": {"origin": "openconfig"}, "delete": [{"elem": [{"name": "vlans"}]}],
        "update": [
            {"path": {"elem": [{"name": "interfaces"}, {"name": "interface", "key": {"name": "Ethernet1"}}]},
             "val": {"jsonIetfVal": octets}},
            {"path": {"elem": [{"name": "a"}, {"name": "b"}]}, "val": {"uintVal": "5"}}],
    });
    let gnmic = serde_json::json!({"deletes": ["/vlans"], "updates": [
        {"path": "/interfaces/interface[name=Ethernet1]", "value": {"config": {"mtu": 1500}}, "encoding": "json_ietf"},
        {"path": "a/b", "value": 5}]});
    let one = laid(TEXTPROTO).unwrap();
    assert!(one.0.contains("Ethernet1") && one.0.contains("<mtu \"1500\">") && one.1 == 1, "{one:?}");
    for text in [json.to_string(), gnmic.to_string(), GNMIC_YAML.to_owned(), format!("\u{feff}---\n{GNMIC_YAML}")] {
        assert_eq!(laid(&text).unwrap(), one, "{text}");
    }
}

#[test]
fn each_part_is_where_it_is_written() {
    let gnmic = "{\"updates\": [{\"path\": \"/a\", \"value\": 1},\n {\"path\": \"/b\", \"value\": 2}],\n\"replaces\": [{\"path\": \"/c\"}], \"deletes\": [\"/d\"]}";
    for (text, brought, deleted) in [
        (TEXTPROTO, vec!["interfaces", "\"a\""], vec!["vlans"]),
        (GNMIC_YAML, vec!["Ethernet1", "a/b"], vec!["vlans"]),
        (gnmic, vec!["/c", "/a", "/b"], vec!["/d", "/c"]),
    ] {
        let set = set_request(text).unwrap();
        let holds = |(at, word): (&Range<usize>, &&str)| {
            assert_eq!(text[at.clone()].find(word).map(|own| own + at.start), text.find(word), "{text}: {word} {at:?}");
        };
        assert_eq!((set.brought.len(), set.deleted.len()), (brought.len(), deleted.len()));
        set.brought.iter().map(|one| &one.at).zip(&brought).for_each(holds);
        set.deleted.iter().map(|one| &one.at).zip(&deleted).for_each(holds);
        // Each by itself.
        assert!(set.brought.windows(2).all(|two| two[0].at.end <= two[1].at.start || two[1].at.end <= two[0].at.start));
    }
}

#[test]
fn what_is_replaced_is_gone_but_for_what_is_said_again() {
    for text in [
        "replace { path { elem { name: \"a\" } } val { uint_val: 5 } }",
        "union_replace { path { elem { name: \"a\" } } val { uint_val: 5 } }",
        "union-replaces:\n- path: a\n  value: 5\n",
    ] {
        let set = set_request(text).unwrap();
        assert_eq!((set.brought.len(), set.deleted.len()), (1, 1), "{text}");
        assert_eq!(set.brought[0].path, set.deleted[0].path);
    }
    // YAML 1.1, as gnmic reads it.
    let set = set_request("updates:\n- path: /a\n  value: { on: yes, n: 012, t: \"5\" }\n").unwrap();
    assert_eq!(set.brought[0].value["t"], "5");
}

#[test]
fn a_member_that_is_there_twice_is_told_in_data_as_well() {
    let told = |text: &str| super::super::once(text).unwrap_err();
    assert_eq!(told("{\"a\": [{\"m\": 1}, {\"m\": 1.5,\n \"m\": null}]}"), "m is there twice at line 2 column 4");
    for text in ["\u{feff}{\"a\": {\"m\": -1}, \"m\": [true, \"m\"]}", "[]", "1"] {
        assert_eq!(super::super::once(text), Ok(()), "{text}");
    }
}

#[test]
fn a_text_that_is_none_is_told_with_its_place() {
    let mut problems = Vec::new();
    for (text, said) in [
        ("update {\n path {\n elem { name: \"a }", "line 3 column 19: a text that does not end"),
        ("update {\n", "line 2 column 1: the text ends before '}'"),
        ("update \"a\"", "line 1 column 8: a colon or a message is expected"),
        ("\n= 5", "line 2 column 1: '=' is not expected"),
        ("prefix { target: \"a\" target: \"b\" }", "target is there twice"),
        ("prefix { target: \"\\400\" }", "an escape that is no octet"),
        ("upgrade { }", "line 1 column 1: a SetRequest has no field \"upgrade\""),
        (&"a {".repeat(64), "messages in one another"),
        ("delete { elem { name: \"a\" } }\ndelete {\n  element: \"a\" }", "line 3 column 3: unknown field `element`"),
        ("update { path { elem { name: \"a\" } } }", "line 1 column 1: missing field `val`"),
        ("{\"update\": [],\n \"update\": []}", "line 2 column 12: update is there twice"),
        ("{\"update\": [\n {\"path\": {\"elem\": 5}}]}", "line 2 column 20: invalid type: integer `5`"),
        ("{\"updates\": [\n {\"pth\": \"/a\"}]}", "line 2 column 7: unknown field `pth`"),
        ("{\"updates\": [{\"path\": \"/a[b\"}]}", "line 1 column 14: the path \"/a[b\" has a bracket"),
        ("{\"upgrade\": []}", "line 1 column 13: a SetRequest has no field \"upgrade\""),
        ("updates:\n- pth: /a\n", "line 2 column 3: unknown field `pth`"),
        ("updates:\n- path: /a\n  encoding: xml\n", "line 2 column 3: encoding: \"xml\" is none of json"),
        ("updates:\n{{ range .Vars }}\n- path: /a\n", "it is a template"),
        ("update:\n- path: /a\n", "line 1 column 1: gnmic's request file has updates, replaces"),
        ("# a\n---\nupgrades:\n  - path: /a\n", "line 3 column 1: gnmic's request file has updates"),
        (
            "{\"updates\": [\n {\"path\": \"/a\", \"value\": {\"b\": [{\"mtu\": 1, \"mtu\": 2}]}}]}",
            "line 2 column 48: mtu is there twice",
        ),
        (
            "update { path { elem { name: \"a\" } } val { json_ietf_val: \"{\\\"m\\\": 1, \\\"m\\\": 2}\" } }",
            "line 1 column 1: its value: m is there twice",
        ),
        ("updates:\n- path: /a\n  value: {m: 1, m: 2}\n", "line 3 column 17: duplicate mapping key: m"),
        ("updates:\n- path: cli:/\n  value: hostname x\n", "line 2 column 3: lines of a command line"),
    ] {
        let told = laid(text).unwrap_err();
        if !told.contains(said) {
            problems.push(format!("{text}: {told}"));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}
