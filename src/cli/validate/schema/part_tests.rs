//! Parts of configurations, by a module that is small.

use std::{fs, path::Path, sync::Arc};

use super::{Encoding, Modules};
use crate::finding::{Code, Severity};
use serde_json::{Value, json};

const MODULE: &str = r#"module t {
  namespace "urn:t";
  prefix t;
  container a {
    leaf x { type string; }
    leaf absolute { type leafref { path "/t:a/t:x"; } }
    leaf relative { type leafref { path "../t:x"; } }
    leaf entry { type leafref { path "/t:a/t:list/t:name"; } }
    leaf near { type leafref { path "../t:list/t:name"; } }
    leaf high { type uint8; must ". > 5" { error-message "too low"; } }
    leaf-list many { type string; }
    list list { key "name"; leaf name { type string; } leaf own { type leafref { path "../t:name"; } } }
  }
}
"#;

fn modules() -> Modules {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.yang"), MODULE).unwrap();
    Modules::load(&[folder.path().to_owned()]).unwrap()
}

fn told(modules: &Modules, text: &str, encoding: Encoding, is_whole: bool) -> Vec<(Code, Severity, String)> {
    let (file, text) = (Path::new("a"), Arc::<str>::from(text));
    let findings = modules.check(modules.understand(file, &text, encoding), file, is_whole);
    findings.iter().map(|one| (one.code, one.severity, one.message.clone())).collect()
}

#[test]
fn a_reference_is_told_of_where_the_part_has_another_value() {
    let modules = modules();
    for (inside, is_told) in [
        ("<x>1</x><absolute>2</absolute>", true),
        ("<x>1</x><relative>2</relative>", true),
        ("<list><name>1</name><own>2</own></list>", true),
        ("<absolute>2</absolute>", false),
        ("<relative>2</relative>", false),
        // The switch may have that entry.
        ("<list><name>1</name></list><entry>2</entry>", false),
        ("<list><name>1</name></list><near>2</near>", false),
    ] {
        let text = format!("<a xmlns=\"urn:t\">{inside}</a>");
        let of = |is_whole: bool| -> Vec<_> {
            told(&modules, &text, Encoding::Xml, is_whole).into_iter().map(|(code, how, _)| (code, how)).collect()
        };
        let expected = is_told.then_some((Code::SchemaReference, Severity::Warning));
        assert_eq!(of(false), Vec::from_iter(expected), "{inside}");
        assert_eq!(of(true), [(Code::SchemaReference, Severity::Error)], "{inside}");
    }
}

#[test]
fn an_entry_that_one_part_gives_twice_is_told_whichever_part_it_is() {
    let modules = modules();
    let twice = r#"{"path": "/t:a", "value": {"list": [{"name": "1"}, {"name": "1"}]}}"#;
    let once = r#"{"path": "/t:a", "value": {"x": "1", "list": [{"name": "1"}]}}"#;
    for (parts, expected) in [([once, once], 0), ([once, twice], 1), ([twice, once], 1), ([twice, twice], 2)] {
        let text = format!("{{\"updates\": [{}]}}", parts.join(",\n"));
        let codes: Vec<_> =
            told(&modules, &text, Encoding::SetRequest, false).into_iter().map(|(code, ..)| code).collect();
        assert_eq!(codes, vec![Code::SchemaDuplicate; expected], "{text}");
    }
}

#[test]
fn a_value_may_have_the_name_of_its_node_around_it() {
    let modules = modules();
    for (path, value, expected) in [
        ("/a/x", json!({"t:x": "1"}), None),
        ("/a/x", json!({"t:x": 1}), Some(Code::SchemaValue)),
        ("/a/x", json!({"t:y": "1"}), Some(Code::SchemaOther)),
        ("/a/list[name=1]", json!({"t:list": [{"name": "1"}]}), None),
        ("/a/list[name=1]", json!({"list": [{"name": "1", "colour": 1}]}), Some(Code::SchemaUnknownNode)),
        ("/a", json!({"t:a": {"x": "1"}}), None),
    ] {
        let text = json!({"updates": [{"path": path, "value": value}]}).to_string();
        let told = told(&modules, &text, Encoding::SetRequest, false);
        let codes: Vec<Code> = told.iter().map(|(code, ..)| *code).collect();
        assert_eq!(codes, Vec::from_iter(expected), "{text}: {told:?}");
    }
}

#[test]
fn what_a_set_request_deletes_has_the_keys_of_its_lists() {
    let modules = modules();
    for (path, unknown) in [
        ("/t:a/list[name=1]", None),
        ("/a/list[t:name=1]/own", None),
        ("/a/list", None),
        ("/a/many[.=1]", None),
        ("/a/list[nme=1]", Some("\"nme\" not found as a child of \"/t:a/list\"")),
        ("/a/list[name=1][nme=1]/own", Some("\"nme\"")),
        ("/a[name=1]/list", Some("\"name\" not found as a child of \"/t:a\"")),
        ("/a/x[name=1]", Some("\"name\"")),
        ("/a/many[name=1]", Some("\"name\"")),
    ] {
        let text = format!("{{\"deletes\": [\"{path}\"]}}");
        let told = told(&modules, &text, Encoding::SetRequest, false);
        assert_eq!(told.len(), usize::from(unknown.is_some()), "{path}: {told:?}");
        let is_it = |(code, _, message): &(Code, Severity, String)| {
            *code == Code::SchemaUnknownNode && message.contains(unknown.unwrap())
        };
        assert!(told.iter().all(is_it), "{path}: {told:?}");
    }
}

/// In libyang's own words, which are told in the reader's.
#[test]
fn a_key_with_two_values_and_a_second_entry_are_told_once() {
    use mercury_model::DeviceConfig;

    use super::super::{
        beside::{beside, united},
        reading::Candidate,
    };
    use crate::{inventory::Switch, registry::Form};

    let (modules, dialects) = (Modules::load(&[]).unwrap(), mercury_adapter::builtin().unwrap());
    let switch = Switch::new("leaf1", "192.0.2.1", "openconfig", "");
    let port = |key: &str, name: &str| {
        let kind = "<type xmlns:i=\"urn:ietf:params:xml:ns:yang:iana-if-type\">i:ethernetCsmacd</type>";
        format!("<interface>\n<name>{key}</name><config><name>{name}</name>{kind}</config></interface>\n")
    };
    for (ports, code, message) in [
        (port("e1", "e9"), Code::SchemaReference, "/interfaces/interface[e1]/config/name is e9, "),
        (
            port("e2", "e2") + &port("e1", "e1").replace("<name>e1</name><config>", "<config>"),
            Code::SchemaMissingKey,
            "List instance is missing its key \"name\"",
        ),
        (port("e1", "e1").repeat(2), Code::SchemaDuplicate, "/interfaces/interface[e1] is there 2 times"),
    ] {
        let text = format!("<interfaces xmlns=\"http://openconfig.net/yang/interfaces\">\n{ports}</interfaces>");
        let (text, name) = (Arc::<str>::from(text), "a.xml");
        let candidate = Candidate { switch: &switch, form: Form::Xml, name, text: &text, whole: false };
        let mut checked = candidate.judged(&dialects, &DeviceConfig::default());
        let schema = modules.check(modules.understand(name.as_ref(), &text, Encoding::Xml), name.as_ref(), false);
        let schema = united(&mut checked, &schema);
        let told: Vec<_> =
            schema.iter().map(|one| (one.code, one.severity, one.message.starts_with(message))).collect();
        assert_eq!(told, [(code, Severity::Error, true)], "{schema}");
        let left = beside(&checked[0].findings, &schema, false, Some(&text));
        assert!(left.is_empty(), "{left}");
    }
}

/// Each kind of mistake, as JSON and as what a SetRequest brings.
#[test]
fn each_mistake_of_json_is_one_of_a_set_request_too() {
    let subset = Modules::load(&[]).unwrap();
    let kind = "iana-if-type:ethernetCsmacd";
    let named = |name: &str| json!({"name": "e1", "config": {"name": name, "type": kind}});
    let port = |vlans: Value| {
        let mut port = named("e1");
        port["openconfig-if-ethernet:ethernet"] = json!({"openconfig-vlan:switched-vlan": {"config": vlans}});
        port
    };
    for (entries, code, message) in [
        (json!([port(json!({"interface-mode": "ACCESS", "access-vlan": 110}))]), None, ""),
        (json!([port(json!({"interface-mode": "TUNNEL"}))]), Some(Code::SchemaValue), "enumeration value \"TUNNEL\""),
        (json!([port(json!({"interface-mode": "ACCESS", "access-vlan": 5000}))]), Some(Code::SchemaValue), "5000"),
        (
            json!([port(json!({"interface-mode": "ACCESS", "native-vlan": 5}))]),
            Some(Code::SchemaWhen),
            "When condition",
        ),
        (json!([port(json!({"vlan": 5}))]), Some(Code::SchemaUnknownNode), "Node \"vlan\" not found"),
        (json!([named("e9")]), Some(Code::SchemaReference), "Invalid leafref value \"e1\""),
        (json!([{"config": {"name": "e1", "type": kind}}]), Some(Code::SchemaMissingKey), "its key \"name\""),
        (json!([named("e1"), named("e1")]), Some(Code::SchemaDuplicate), "Duplicate instance of \"interface\""),
    ] {
        let of_json = json!({"openconfig-interfaces:interfaces": {"interface": entries}}).to_string();
        let set = json!({"updates": [{"path": "/interfaces", "value": {"interface": entries}}]}).to_string();
        for (text, encoding) in [(of_json, Encoding::Json), (set, Encoding::SetRequest)] {
            let told = told(&subset, &text, encoding, true);
            let first = told.first().map(|(code, severity, _)| (*code, *severity));
            assert_eq!(first, code.map(|code| (code, Severity::Error)), "{encoding:?} {text}: {told:?}");
            assert!(told.iter().all(|(.., own)| own.contains(message)), "{encoding:?} {text}: {told:?}");
        }
    }
    let modules = modules();
    let set = r#"{"updates": [{"path": "/a/high", "value": 4}]}"#;
    for (text, encoding) in [(r#"{"t:a": {"high": 4}}"#, Encoding::Json), (set, Encoding::SetRequest)] {
        let told = told(&modules, text, encoding, true);
        assert_eq!(told, [(Code::SchemaMust, Severity::Error, "too low".to_owned())], "{encoding:?}");
    }
}
