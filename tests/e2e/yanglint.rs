//! Candidates that yanglint (libyang 2, of Debian) and `mercury validate` are to agree about:
//! every value of a list at every place that it fits, good and bad, in XML and in JSON.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::harness::Setup;

/// So many candidates at least, and so many good ones and bad ones.
const LEAST: (usize, usize) = (300, 90);

const NUMBERS: [&str; 16] =
    ["0", "1", "68", "4094", "4095", "65535", "65536", "-1", "+5", "007", "1.5", "1e3", "ten", "", " 9 ", "1 2"];
const VLANS: [&str; 14] =
    ["1", "2", "110", "4094", "0", "4095", "5000", "-1", "1.0", "v110", "", "10..20", "10-20", "ALL"];
const RANGES: [&str; 16] = [
    "1",
    "4094",
    "10..20",
    "1..4094",
    "4000..4001",
    "0",
    "4095",
    "10-20",
    "..20",
    "10..",
    "0..5",
    "10...20",
    "10..20,30",
    "any",
    "20..5000",
    "x20..30",
];
const TYPES: [&str; 6] =
    ["i:ethernetCsmacd", "i:ieee8023adLag", "i:softwareLoopback", "ethernetCsmacd", "i:nothing", ""];
const BOOLEANS: [&str; 7] = ["true", "false", "True", "1", "yes", "", " true "];
const MODES: [&str; 5] = ["ACCESS", "TRUNK", "access", "TUNNEL", ""];
const WORDS: [&str; 8] = ["LACP", "STATIC", "lacp", "FAST", "SLOW", "ACTIVE", "PASSIVE", "NONE"];
const TEXTS: [&str; 6] = ["node", "", "  ", "äöü", "a&amp;b &lt;c&gt;", "x&#10;y"];
const NODES: [&str; 7] = [
    "<colour>red</colour>",
    "<mtu>1500</mtu><mtu>1500</mtu>",
    "<config/>",
    "<name>Ethernet1</name>",
    "<enabled/>",
    "<oper-status>UP</oper-status>",
    "<description xmlns=\"urn:other\">a</description>",
];

const IF: &str = "http://openconfig.net/yang/interfaces";
const NI: &str = "http://openconfig.net/yang/network-instance";

/// A port, with more in its configuration and behind it.
fn port(config: &str, more: &str) -> String {
    interface("Ethernet1", "i:ethernetCsmacd", config, more)
}

fn interface(name: &str, kind: &str, config: &str, more: &str) -> String {
    format!(
        "<interface><name>{name}</name><config><name>{name}</name>\
         <type xmlns:i=\"urn:ietf:params:xml:ns:yang:iana-if-type\">{kind}</type>{config}</config>{more}</interface>"
    )
}

fn interfaces(all: &str) -> String {
    format!("<interfaces xmlns=\"{IF}\">{all}</interfaces>")
}

fn ethernet(config: &str, more: &str) -> String {
    let space = "http://openconfig.net/yang/interfaces/ethernet";
    format!("<ethernet xmlns=\"{space}\"><config>{config}</config>{more}</ethernet>")
}

fn switched(config: &str) -> String {
    let space = "http://openconfig.net/yang/vlan";
    ethernet("", &format!("<switched-vlan xmlns=\"{space}\"><config>{config}</config></switched-vlan>"))
}

fn instance(vlans: &str) -> String {
    format!(
        "<network-instances xmlns=\"{NI}\"><network-instance><name>default</name><config><name>default</name>\
         <type xmlns:t=\"http://openconfig.net/yang/network-instance-types\">t:DEFAULT_INSTANCE</type></config>\
         <vlans>{vlans}</vlans></network-instance></network-instances>"
    )
}

fn vlan(key: &str, id: &str, more: &str) -> String {
    instance(&format!("<vlan><vlan-id>{key}</vlan-id><config><vlan-id>{id}</vlan-id>{more}</config></vlan>"))
}

/// What libyang 5 takes and 2 refuses by the published modules, as `config/rules.md` has it.
const DIFFER: [&str; 3] = ["20..5000", "x20..30", "20..30,40"];

/// Documents with each of these where `{}` is.
fn each(values: &[&str], place: impl Fn(&str) -> String) -> Vec<String> {
    values.iter().map(|value| place(value)).collect()
}

/// Every document of XML.
fn xml() -> Vec<String> {
    let lag = "Port-Channel1";
    let space = "http://openconfig.net/yang/interfaces/aggregate";
    let aggregate = |config: &str, kind: &str| {
        let more = format!("<aggregation xmlns=\"{space}\"><config>{config}</config></aggregation>");
        interfaces(&interface(lag, kind, "", &more))
    };
    let lacp = |config: &str| {
        let of = "<lacp xmlns=\"http://openconfig.net/yang/lacp\"><interfaces><interface><name>Port-Channel1</name>";
        let port = interfaces(&interface(lag, "i:ieee8023adLag", "", ""));
        format!("{port}{of}<config><name>Port-Channel1</name>{config}</config></interface></interfaces></lacp>")
    };
    let stp = |config: &str| {
        let of =
            "<stp xmlns=\"http://openconfig.net/yang/spanning-tree\"><interfaces><interface><name>Ethernet1</name>";
        let port = interfaces(&port("", ""));
        format!("{port}{of}<config><name>Ethernet1</name>{config}</config></interface></interfaces></stp>")
    };
    let leaf = |name: &'static str| move |value: &str| interfaces(&port(&format!("<{name}>{value}</{name}>"), ""));
    let tagged =
        |value: &str| switched(&format!("<interface-mode>TRUNK</interface-mode><trunk-vlans>{value}</trunk-vlans>"));
    let mode = |mode: &'static str, leaf: &'static str| {
        move |value: &str| {
            let config = format!("<interface-mode>{mode}</interface-mode><{leaf}>{value}</{leaf}>");
            interfaces(&port("", &switched(&config)))
        }
    };
    [
        each(&NUMBERS, leaf("mtu")),
        each(&BOOLEANS, leaf("enabled")),
        each(&TEXTS, leaf("description")),
        each(&NODES, |node| interfaces(&port(node, ""))),
        each(&NODES, |node| interfaces(&port("", node))),
        each(&NODES, |node| interfaces(&format!("{}{node}", port("", "")))),
        each(&TYPES, |kind| interfaces(&interface("Ethernet1", kind, "", ""))),
        each(&TYPES, |kind| interfaces(&interface("Ethernet1", kind, "", &ethernet("", "")))),
        each(&MODES, |mode| interfaces(&port("", &switched(&format!("<interface-mode>{mode}</interface-mode>"))))),
        each(&VLANS, mode("ACCESS", "access-vlan")),
        each(&VLANS, mode("TRUNK", "native-vlan")),
        each(&VLANS[..6], mode("TRUNK", "access-vlan")),
        each(&VLANS[..6], mode("ACCESS", "native-vlan")),
        each(&RANGES, |value| interfaces(&port("", &tagged(value)))),
        each(&RANGES[..5], |value| {
            interfaces(&port("", &tagged(&format!("{value}</trunk-vlans><trunk-vlans>{value}"))))
        }),
        each(&NUMBERS, |value| aggregate(&format!("<min-links>{value}</min-links>"), "i:ieee8023adLag")),
        each(&WORDS, |value| aggregate(&format!("<lag-type>{value}</lag-type>"), "i:ieee8023adLag")),
        each(&WORDS[..2], |value| aggregate(&format!("<lag-type>{value}</lag-type>"), "i:ethernetCsmacd")),
        each(&WORDS, |value| lacp(&format!("<interval>{value}</interval>"))),
        each(&WORDS, |value| lacp(&format!("<lacp-mode>{value}</lacp-mode>"))),
        each(&NUMBERS, |value| lacp(&format!("<system-priority>{value}</system-priority>"))),
        each(&BOOLEANS, |value| stp(&format!("<bpdu-guard>{value}</bpdu-guard>"))),
        each(&BOOLEANS, |value| stp(&format!("<bpdu-filter>{value}</bpdu-filter>"))),
        each(&VLANS, |value| vlan(value, value, "")),
        each(&VLANS[..4], |value| vlan("110", value, "")),
        each(&TEXTS, |value| vlan("110", "110", &format!("<name>{value}</name>"))),
        each(&["ACTIVE", "SUSPENDED", "active", "DOWN", ""], |value| {
            vlan("110", "110", &format!("<status>{value}</status>"))
        }),
        each(&["Ethernet1", "Ethernet2", "Port-Channel1", ""], |value| {
            let member = port("", &ethernet(&format!("<aggregate-id xmlns=\"{space}\">{value}</aggregate-id>"), ""));
            interfaces(&format!("{member}{}", interface(lag, "i:ieee8023adLag", "", "")))
        }),
        each(&["Ethernet1", "Ethernet2", ""], |value| {
            interfaces(&port("", "").replace("<interface><name>Ethernet1", &format!("<interface><name>{value}")))
        }),
        each(&["", "<name>Ethernet2</name>", "<name>Ethernet2</name><name>Ethernet2</name>"], |value| {
            interfaces(&port("", "").replacen("<name>Ethernet1</name>", value, 1))
        }),
        each(&["", "x"], |value| interfaces(&format!("{0}{0}{value}", port("", "")))),
        each(&["urn:other", "", IF], |space| format!("<interfaces xmlns=\"{space}\">{}</interfaces>", port("", ""))),
        each(&["<interfaces", "<a xmlns=\"urn:a\">", "text", "<a xmlns=\"urn:a\"></b>"], str::to_owned),
    ]
    .concat()
}

/// Every document of JSON.
fn json() -> Vec<String> {
    let port = |members: &str| {
        format!(
            "{{\"openconfig-interfaces:interfaces\":{{\"interface\":[{{\"name\":\"Ethernet1\",\"config\":{{\
             \"name\":\"Ethernet1\",\"type\":\"iana-if-type:ethernetCsmacd\"{members}}}}}]}}}}"
        )
    };
    let kind = |value: &str| port("").replace("\"iana-if-type:ethernetCsmacd\"", value);
    let vlan = |value: &str| {
        format!(
            "{{\"openconfig-network-instance:network-instances\":{{\"network-instance\":[{{\"name\":\"default\",\
             \"config\":{{\"name\":\"default\",\"type\":\"openconfig-network-instance-types:DEFAULT_INSTANCE\"}},\
             \"vlans\":{{\"vlan\":[{{\"vlan-id\":{value},\"config\":{{\"vlan-id\":{value}}}}}]}}}}]}}}}"
        )
    };
    let numbers =
        ["0", "1", "1500", "65535", "65536", "-1", "1.5", "1e3", "\"1500\"", "\"\"", "null", "true", "[1]", "{}"];
    let booleans = ["true", "false", "\"true\"", "1", "null", "[null]", "\"\""];
    let texts = ["\"node\"", "\"\"", "\"\\u00e4\"", "1", "true", "null", "[]", "{}"];
    let kinds = [
        "\"iana-if-type:ethernetCsmacd\"",
        "\"ethernetCsmacd\"",
        "\"iana-if-type:nothing\"",
        "\"other:ethernetCsmacd\"",
        "\"\"",
        "1",
    ];
    let members = [
        ",\"colour\":\"red\"",
        ",\"mtu\":1,\"mtu\":1",
        ",\"openconfig-interfaces:mtu\":1500",
        ",\"other:mtu\":1500",
        ",\"config\":{}",
    ];
    [
        each(&numbers, |value| port(&format!(",\"mtu\":{value}"))),
        each(&booleans, |value| port(&format!(",\"enabled\":{value}"))),
        each(&texts, |value| port(&format!(",\"description\":{value}"))),
        each(&kinds, kind),
        each(&members, port),
        each(&["1", "110", "4094", "0", "4095", "\"110\"", "1.0", "null"], vlan),
        each(&["interfaces", "openconfig-interface:interfaces", "other:interfaces"], |name| {
            port("").replace("openconfig-interfaces:interfaces", name)
        }),
        each(&["{", "[]", "{}", "{\"a\":}", "1"], str::to_owned),
    ]
    .concat()
}

/// yanglint takes several top elements in one file, which no XML has; NETCONF has them in one.
fn in_one(text: &str) -> String {
    let has_several = ["</interfaces><lacp", "</interfaces><stp"].iter().any(|between| text.contains(between));
    if !has_several {
        return text.to_owned();
    }
    format!("<config xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\">{text}</config>")
}

/// Mercury's own modules, and their names.
fn own() -> (PathBuf, Vec<String>) {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("yang/modules");
    let names = fs::read_dir(&modules).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names = names.map(|name| name.trim_end_matches(".yang").to_owned()).collect();
    (modules, names)
}

/// Those of a folder's files that yanglint does not take.
fn refused_by_yanglint((modules, names): (PathBuf, Vec<String>), folder: &Path, files: &[String]) -> BTreeSet<String> {
    let mut commands = format!("searchpath {}\n", modules.display());
    names.iter().for_each(|name| commands += &format!("load {name}\n"));
    for file in files {
        commands += &format!("data -t config {}\n", folder.join(file).display());
    }
    let mut child =
        Command::new("yanglint").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let talking = std::thread::spawn(move || input.write_all(commands.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    talking.join().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("Processing") && !said.contains("load"), "{said}");
    let named = |line: &str| line.split_once("input data file \"")?.1.split_once('"').map(|(file, _)| file.to_owned());
    let refused = said.lines().filter_map(named);
    refused.map(|file| Path::new(&file).file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

/// Those that Mercury does not, each with what it says.
fn refused_by_mercury(setup: &Setup, folder: &Path, more: &[&str]) -> BTreeMap<String, String> {
    let words = ["validate", folder.to_str().unwrap(), "--whole", "--dialect", "openconfig", "--output", "json"];
    let told = setup.run(&[&words[..], more].concat()).json();
    let mut refused = BTreeMap::new();
    for one in told["findings"].as_array().unwrap() {
        let text = |member: &str| one[member].as_str().unwrap_or_default().to_owned();
        let is_schema =
            text("code").starts_with("schema") || ["syntax", "candidate-kind"].contains(&text("code").as_str());
        if is_schema && one["severity"] == "error" {
            let file = Path::new(&text("file")).file_name().unwrap().to_str().unwrap().to_owned();
            refused.insert(file, format!("{}: {}", text("code"), text("message")));
        }
    }
    refused
}

fn has_yanglint() -> bool {
    let found = Command::new("yanglint").arg("--version").output().is_ok();
    assert!(found || std::env::var_os("MERCURY_PEERS").is_none(), "there is no yanglint; tests/peers/install has it");
    found
}

/// libyang 5 heeds an extension of OpenConfig's and then asks for no whole match.
#[test]
fn what_differs_between_libyangs_is_in_the_docs() {
    let rules = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/rules.md")).unwrap();
    assert!(DIFFER.iter().all(|value| rules.contains(&format!("| `{value}` in `trunk-vlans`,"))), "{rules}");
    let Some(published) = std::env::var_os("MERCURY_PUBLISHED_MODULES") else { return };
    if !has_yanglint() {
        return;
    }
    let modules = Path::new(&published).join("openconfig");
    let setup = Setup::new();
    let folder = setup.path().join("candidates");
    fs::create_dir(&folder).unwrap();
    let files: Vec<String> = DIFFER.iter().map(|value| format!("{value}.xml")).collect();
    for (value, file) in DIFFER.iter().zip(&files) {
        let config = format!("<interface-mode>TRUNK</interface-mode><trunk-vlans>{value}</trunk-vlans>");
        fs::write(folder.join(file), interfaces(&port("", &switched(&config)))).unwrap();
    }
    let names =
        ["vlan-types", "interfaces", "if-ethernet", "if-aggregate", "vlan"].map(|name| format!("openconfig-{name}"));
    let names = ["iana-if-type".to_owned()].into_iter().chain(names).collect();
    let theirs = refused_by_yanglint((modules.clone(), names), &folder, &files);
    assert!(theirs.iter().eq(files.iter().collect::<BTreeSet<_>>()), "{theirs:?}");
    let ours = refused_by_mercury(&setup, &folder, &["--yang-dir", modules.to_str().unwrap()]);
    assert!(ours.is_empty(), "{ours:?}");
}

#[test]
fn yanglint_agrees() {
    if !has_yanglint() {
        return;
    }
    let setup = Setup::new();
    let folder = setup.path().join("candidates");
    fs::create_dir(&folder).unwrap();
    let named = |all: Vec<String>, ending: &'static str| {
        all.into_iter().enumerate().map(move |(number, text)| (format!("{number:03}.{ending}"), text))
    };
    let all: BTreeMap<String, String> = named(xml(), "xml").chain(named(json(), "json")).collect();
    let files: Vec<String> = all.keys().cloned().collect();
    let write = |change: &dyn Fn(&str) -> String| {
        all.iter().for_each(|(name, text)| fs::write(folder.join(name), change(text)).unwrap());
    };
    write(&str::to_owned);
    let theirs = refused_by_yanglint(own(), &folder, &files);
    write(&in_one);
    let ours = refused_by_mercury(&setup, &folder, &[]);
    let good = all.len() - theirs.len();
    assert!(all.len() >= LEAST.0 && good >= LEAST.1 && theirs.len() >= LEAST.1, "{} of {}", good, all.len());
    let differ: Vec<String> = all
        .iter()
        .filter(|(name, _)| theirs.contains(*name) != ours.contains_key(*name))
        .map(|(name, text)| format!("{name}: {text}: {}", ours.get(name).map_or("taken", String::as_str)))
        .collect();
    assert!(differ.is_empty(), "{} of {}:\n{}", differ.len(), all.len(), differ.join("\n"));
}
