//! Trees of answers as targets send them.

use mercury_adapter::{Budget, MAX_REPLY};
use mercury_gnmi_proto::gnmi::{
    GetResponse, Notification, Path, PathElem, ScalarArray, TypedValue, Update, typed_value,
    typed_value::Value::{self, JsonIetfVal, LeaflistVal, StringVal, UintVal},
};
use proptest::prelude::*;
use prost::Message as _;

use super::*;

fn path(text: &str) -> Vec<PathElem> {
    let elem = |part: &str| {
        let mut pieces = part.split('[');
        let name = pieces.next().unwrap().to_owned();
        let key = |piece: &str| {
            let (key, value) = piece.trim_end_matches(']').split_once('=').unwrap();
            (key.to_owned(), value.to_owned())
        };
        PathElem { name, key: pieces.map(key).collect() }
    };
    text.split('/').filter(|part| !part.is_empty()).map(elem).collect()
}

fn update(at: &str, value: typed_value::Value) -> Update {
    let path = Path { elem: path(at), ..Default::default() };
    Update { path: Some(path), val: Some(TypedValue { value: Some(value) }), ..Update::default() }
}

fn json(at: &str, text: &str) -> Update {
    update(at, JsonIetfVal(text.as_bytes().to_vec()))
}

fn read(updates: Vec<Update>) -> Result<String, Problem> {
    let notification = Notification { update: updates, ..Notification::default() };
    let answer = GetResponse { notification: vec![notification], ..GetResponse::default() }.encode_to_vec();
    let (arena, mut share) = (Bump::new(), Budget::new(usize::MAX).share(MAX_REPLY));
    let mut tree = Tree::new(&arena, &mut share)?;
    tree.add(&answer)?;
    Ok(format!("{:?}", tree.root()))
}

fn tree(updates: Vec<Update>) -> String {
    read(updates).unwrap()
}

fn leaf_list(values: Vec<Value>) -> Value {
    LeaflistVal(ScalarArray { element: values.into_iter().map(|value| TypedValue { value: Some(value) }).collect() })
}

#[test]
fn one_object_and_leaf_by_leaf_are_the_same_tree() {
    let whole = tree(vec![json(
        "interfaces/interface[name=e1]",
        r#"{"openconfig-interfaces:name":"e1","openconfig-interfaces:config":{"mtu":9000,"enabled":true},
            "openconfig-vlan:trunk-vlans":[10,"20..30"]}"#,
    )]);
    let leaves = tree(vec![
        update("interfaces/interface[name=e1]/name", StringVal("e1".to_owned())),
        update("interfaces/interface[name=e1]/config/mtu", UintVal(9000)),
        json("interfaces/interface[name=e1]/config/enabled", "true"),
        update(
            "interfaces/interface[name=e1]/trunk-vlans",
            leaf_list(vec![UintVal(10), StringVal("20..30".to_owned())]),
        ),
    ]);
    assert_eq!(whole, leaves);
    assert_eq!(
        whole,
        "<><interfaces><interface><name \"e1\"><config><mtu \"9000\"><enabled \"true\"></>\
         <trunk-vlans \"10\"><trunk-vlans \"20..30\"></></></>"
    );
}

#[test]
fn what_wraps_a_value_in_its_own_name_is_taken_off() {
    for (at, text) in
        [("a/config", r#"{"m:config":{"mtu":1}}"#), ("a/config/mtu", r#"{"mtu":1}"#), ("a", r#"{"config":{"mtu":1}}"#)]
    {
        assert_eq!(tree(vec![json(at, text)]), "<><a><config><mtu \"1\"></></></>", "{at}");
    }
    let list = tree(vec![json("vlans/vlan[id=1]", r#"{"m:vlan":[{"id":1,"name":"x"}]}"#)]);
    assert_eq!(list, "<><vlans><vlan><id \"1\"><name \"x\"></></></>");
}

#[test]
fn entries_of_a_list_stay_apart_and_a_leaf_said_twice_is_one() {
    let entries = tree(vec![
        json("vlans", r#"{"vlan":[{"id":1},{"id":2}]}"#),
        json("vlans/vlan[id=2]", r#"{"name":"two"}"#),
        json("vlans/vlan[id=2]/name", "\"zwei\""),
        json("vlans", r#"{"vlan":[{"id":3}]}"#),
    ]);
    assert_eq!(entries, "<><vlans><vlan><id \"1\"></><vlan><id \"2\"><name \"zwei\"></><vlan><id \"3\"></></></>");
}

#[test]
fn a_leaf_list_said_again_takes_the_place_of_the_one_before() {
    let updates = |again: &str| vec![json("a", r#"{"v":[1,2],"w":"x"}"#), json("a/v", again)];
    for (again, expected) in [
        ("[3,4,5]", "<v \"3\"><v \"4\"><v \"5\"><w \"x\">"),
        ("[3]", "<v \"3\"><w \"x\">"),
        ("3", "<v \"3\"><w \"x\">"),
        ("[]", "<w \"x\">"),
        ("[null]", "<v \"\"><w \"x\">"),
        ("null", "<v \"1\"><v \"2\"><w \"x\">"),
    ] {
        assert_eq!(tree(updates(again)), format!("<><a>{expected}</></>"), "{again}");
    }
}

#[test]
fn json_is_read_whatever_it_holds() {
    let text =
        r#" {"a":-1, "b":1.5, "c":"x\"\u00e9", "d":null, "e":[[1,2],3], "f":[{"g":1},2], "h":{}, "h":{"i":true}} "#;
    assert_eq!(
        tree(vec![json("", text)]),
        "<><a \"-1\"><b \"1.5\"><c \"x\\\"é\"><d \"\"><e \"\"><e \"3\"><f><g \"1\"></><f \"2\"><h><i \"true\"></></>"
    );
}

/// RFC 7952 section 5.2: it is an object, and would take the leaf's place.
#[test]
fn what_is_said_beside_a_leaf_is_not_the_leaf() {
    let text =
        r#"{"m:mtu":1,"@m:mtu":{"o:source":"x"},"@":{"o:source":"y"},"state":{"@m:a":[null,{"o:b":1}],"a":[1,2]}}"#;
    assert_eq!(tree(vec![json("", text)]), r#"<><mtu "1"><state><a "1"><a "2"></></>"#);
}

#[test]
fn counters_are_passed_over() {
    let text = r#"{"state":{"mtu":1,"x:counters":{"in-octets":"1","a":[{"b":2}]},"enabled":true},"counters":5}"#;
    assert_eq!(tree(vec![json("", text)]), "<><state><mtu \"1\"><counters></><enabled \"true\"></><counters \"5\"></>");
}

#[test]
fn every_kind_of_scalar_is_a_text() {
    #[expect(deprecated, reason = "targets older than gNMI 0.4.0 are read, never written to so")]
    let values = vec![
        (Value::IntVal(-5), "-5"),
        (Value::BoolVal(false), "false"),
        (Value::BytesVal(vec![1, 2]), "AQI="),
        (Value::FloatVal(0.5), "0.5"),
        (Value::DoubleVal(2.5), "2.5"),
        (Value::AsciiVal("x".to_owned()), "x"),
        (Value::JsonVal(b"7".to_vec()), "7"),
    ];
    for (value, expected) in values {
        assert_eq!(tree(vec![update("a", value)]), format!("<><a {expected:?}></>"));
    }
}

#[test]
fn a_value_before_gnmi_0_4_is_read() {
    #[expect(deprecated, reason = "targets older than gNMI 0.4.0 are read, never written to so")]
    let old = |kind: i32| Update {
        path: Some(Path { elem: path("a"), ..Path::default() }),
        value: Some(mercury_gnmi_proto::gnmi::Value { value: b"{\"b\":1}".to_vec(), r#type: kind }),
        ..Update::default()
    };
    for kind in [0, 4] {
        assert_eq!(tree(vec![old(kind)]), "<><a><b \"1\"></></>");
    }
    assert!(read(vec![old(1)]).unwrap_err().to_string().contains("deprecated type 1"));
}

#[test]
fn an_empty_value_is_no_data_and_nonsense_is_an_error() {
    let nothing = Update { path: None, val: Some(TypedValue { value: None }), ..Update::default() };
    assert_eq!(tree(vec![nothing]), "<></>");
    let problem = |update: Update| read(vec![update]).unwrap_err().to_string();
    assert!(problem(json("a", "{")).contains("not JSON"));
    assert!(problem(json("a", "1 2")).contains("not JSON"));
    assert!(problem(json(&"a/".repeat(65), "1")).contains("64 elements"));
    assert!(problem(json("a", &"[".repeat(1000))).contains("not JSON"));
    assert!(problem(json("a", &"{\"a\":".repeat(1000))).contains("not JSON"));
    assert!(problem(update("a", leaf_list(vec![leaf_list(vec![UintVal(1)])]))).contains("leaf-list"));
    let many: Vec<_> = (0..514).map(|child| json(&format!("a/c{child}"), "1")).collect();
    assert!(matches!(read(many), Err(Problem::Unreadable(text)) if text.contains("different children")));
}

#[test]
fn an_answer_that_is_none_is_garbled() {
    let (arena, mut share) = (Bump::new(), Budget::new(usize::MAX).share(MAX_REPLY));
    let mut tree = Tree::new(&arena, &mut share).unwrap();
    for answer in [&[0x0a, 5][..], &[0x0a, 2, 0x22, 9], &[0x0a, 6, 0x22, 4, 0x1a, 2, 0x0a, 9]] {
        assert!(matches!(tree.add(answer), Err(Problem::Garbled(_))), "{answer:?}");
    }
}

#[test]
fn what_has_no_room_is_not_called_malformed() {
    let long = format!("[{}1]", "1,".repeat(10_000));
    let notification = Notification { update: vec![json("a", &long)], ..Notification::default() };
    let answer = GetResponse { notification: vec![notification], ..GetResponse::default() }.encode_to_vec();
    let (arena, mut share) = (Bump::new(), Budget::new(0).share(MAX_REPLY));
    let mut tree = Tree::new(&arena, &mut share).unwrap();
    assert!(matches!(tree.add(&answer), Err(Problem::NoRoom(NoRoom::Together { limit: 0 }))));
}

/// Looking for each entry among those before it would take hours here. They come
/// once in order and once again in another.
#[test]
fn entries_by_path_are_found_in_linear_time() {
    const ENTRIES: usize = 100_000;
    let at = |entry: usize| format!("interfaces/interface[name=e{entry}]/config");
    let first = (0..ENTRIES).map(|entry| json(&at(entry), r#"{"mtu":1}"#));
    let again = (0..ENTRIES).map(|entry| json(&at(entry * 7919 % ENTRIES), r#"{"mtu":2}"#));
    let found = tree(first.chain(again).collect());
    assert_eq!(found.matches("<interface>").count(), ENTRIES);
    assert_eq!(found.matches("<mtu \"2\">").count(), ENTRIES);
}

/// Nor are those that came as JSON looked for one by one.
#[test]
fn entries_by_path_among_entries_of_an_object_are_found_in_linear_time() {
    const ENTRIES: usize = 50_000;
    let objects: Vec<_> = (0..ENTRIES).map(|entry| format!(r#"{{"id":{entry},"vrf":"a"}}"#)).collect();
    let list = json("vlans", &format!(r#"{{"vlan":[{}]}}"#, objects.join(",")));
    let entry = |entry: usize| json(&format!("vlans/vlan[vrf=a][id={}]/name", entry * 7919 % ENTRIES), "\"x\"");
    let found = tree(std::iter::once(list).chain((0..ENTRIES).map(entry)).collect());
    assert_eq!((found.matches("<vlan>").count(), found.matches("<name \"x\">").count()), (ENTRIES, ENTRIES));
}

#[test]
fn a_list_that_became_something_else_is_not_looked_into() {
    let entries = || (0..20).map(|entry| json(&format!("l/e[k={entry}]/x"), "1"));
    let found = tree(entries().chain([json("l/e", "[1,2]"), json("l/e", "[]")]).chain(entries()).collect());
    assert_eq!(found.matches("<e>").count(), 20);
    let ways = (0..6).map(|way| json(&format!("l/e[k{way}=1]/x"), "1"));
    assert!(read(entries().chain(ways).collect()).unwrap_err().to_string().contains("more than 4 ways"));
}

/// Anything may follow anything: what was a list becomes a leaf, and a list again.
fn some_update() -> impl Strategy<Value = Update> {
    let at = ["", "a", "a/b", "a/l", "a/l[k=1]", "a/l[k=2]", "a/l[k=2]/c", "a/l[j=1][k=2]", "a/l/c", "a/b/l[k=1]/c/d"];
    let values = [
        "1",
        "null",
        "[]",
        "[1,2]",
        "[null]",
        "{}",
        r#"{"a":{"b":2}}"#,
        r#"{"b":{"l":[{"k":1}]},"l":7}"#,
        r#"{"l":[{"k":1},{"k":2,"c":[3]},{"k":2}]}"#,
        r#"{"l":{"k":1}}"#,
        r#"[{"k":3},{"k":1,"j":1}]"#,
        r#"[{"k":1},4,[5]]"#,
        r#"{"c":{"d":1},"c":{"e":2},"k":9}"#,
    ];
    (proptest::sample::select(at.to_vec()), proptest::sample::select(values.to_vec()))
        .prop_map(|(at, value)| json(at, value))
}

proptest! {
    #[test]
    fn a_tree_of_any_updates_has_an_end(updates in proptest::collection::vec(some_update(), 0..40)) {
        let few = updates.len();
        let text = tree(updates);
        prop_assert!(text.len() <= 20 + few * 200, "{} octets of {few} updates", text.len());
        prop_assert_eq!(text.matches("</>").count(), text.matches('<').count() - text.matches(" \"").count() - text.matches("</>").count());
    }
}

/// Words that most ports have, and keys that are told twice, are held once.
#[test]
fn a_dense_answer_takes_less_than_twice_its_size() {
    let port = |port: usize| {
        format!(
            r#"{{"name":"Ethernet{port}","config":{{"name":"Ethernet{port}","type":"iana-if-type:ethernetCsmacd",
               "mtu":9214,"enabled":true}},"ethernet":{{"switched-vlan":{{"config":{{"interface-mode":"ACCESS",
               "access-vlan":{}}}}}}}}}"#,
            port % 4094 + 1
        )
    };
    let ports: Vec<String> = (0..10_000).map(port).collect();
    let text = format!(r#"{{"interface":[{}]}}"#, ports.join(",")).replace(['\n', ' '], "");
    let notification = Notification { update: vec![json("interfaces", &text)], ..Notification::default() };
    let answer = GetResponse { notification: vec![notification], ..GetResponse::default() }.encode_to_vec();
    let budget = Budget::new(usize::MAX);
    let (arena, mut share) = (Bump::new(), budget.share(MAX_REPLY));
    let mut tree = Tree::new(&arena, &mut share).unwrap();
    tree.add(&answer).unwrap();
    assert_eq!(tree.root().members().next().unwrap().members().next().unwrap().members().count(), 10_000);
    let (taken, size) = (budget.taken(), text.len());
    assert!(taken < size * 2, "{taken} octets for {size}");
}
