//! Published captures of real switches, each read by its dialect and compared with what a
//! person read in it (`tests/transcripts/expected.toml`). The captures are no part of the
//! project: MERCURY_PUBLISHED_TRANSCRIPTS names their folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::OsStr,
    fmt::Write as _,
    fs,
    path::Path,
};

use mercury_adapter::{Budget, Evidence, MAX_REPLY, Standing, builtin};
use mercury_cli::prompt::Terminal;
use mercury_model::{EdgePort, Interface, Leaf, Running, Scope, SwitchedVlan, TrunkVlans};
use ring::digest::{SHA256, digest};
use serde::Deserialize;

use crate::dialect;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    capture: Vec<Capture>,
    unreadable: Vec<Unreadable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Capture {
    dialect: String,
    file: String,
    sha256: String,
    vlans: Vec<String>,
    /// A name, or a name and the last number of a row of them, and what each has.
    ports: Vec<(String, String)>,
}

/// A capture that shows no port, and is no answer for that reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unreadable {
    dialect: String,
    file: String,
    sha256: String,
}

/// A configuration that says nothing that a table does not.
const CONFIGURATION: &str = "interface GigabitEthernet1/0/1\n!\n";

/// A table that says nothing that a configuration does not.
const TABLE: &str = "VLAN Name Status Ports\n1 default active\n";

#[test]
fn published_captures_are_read_as_a_person_reads_them() {
    let Some(folder) = env::var_os("MERCURY_PUBLISHED_TRANSCRIPTS") else {
        eprintln!("SKIPPED: MERCURY_PUBLISHED_TRANSCRIPTS names no folder of captures");
        return;
    };
    let expected: Expected = toml::from_str(include_str!("../../../../tests/transcripts/expected.toml")).unwrap();
    let mut problems = Vec::new();
    for capture in &expected.capture {
        let text = published(&folder, &capture.file, &capture.sha256);
        let running =
            read(&capture.dialect, &capture.file, &text).unwrap_or_else(|why| panic!("{}: {why}", capture.file));
        problems.extend(differences(&capture.file, (&capture.vlans, &capture.ports), &running));
    }
    for capture in &expected.unreadable {
        let text = published(&folder, &capture.file, &capture.sha256);
        let why = read(&capture.dialect, &capture.file, &text).err();
        problems.extend(why.is_none().then(|| format!("{}: something was read in it", capture.file)));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What dialects say of themselves is what the list above holds.
#[test]
fn a_dialect_is_recorded_as_often_as_a_capture_is_read() {
    let expected: Expected = toml::from_str(include_str!("../../../../tests/transcripts/expected.toml")).unwrap();
    for one in builtin().unwrap() {
        let read = expected.capture.iter().filter(|capture| capture.dialect == one.name).count();
        let said: Vec<_> = one.evidence.iter().filter(|evidence| evidence.standing == Standing::Recorded).collect();
        let captures = format!("{read} published capture{}", if read == 1 { "" } else { "s" });
        let is_said = |evidence: &&Evidence| evidence.protocol == "cli" && evidence.against == captures;
        assert!(if read == 0 { said.is_empty() } else { said.len() == 1 && said.iter().all(is_said) }, "{}", one.name);
    }
}

/// Tables, states of ports and what is shown in another form are no configuration: given for
/// one, each is refused, whatever it has in common with one. So every capture there is has been
/// looked at: those that hold a configuration are in the list of what a person read.
#[test]
fn captures_of_anything_else_are_not_taken_for_a_configuration() {
    let Some(folder) = env::var_os("MERCURY_PUBLISHED_TRANSCRIPTS") else {
        eprintln!("SKIPPED: MERCURY_PUBLISHED_TRANSCRIPTS names no folder of captures");
        return;
    };
    let expected: Expected = toml::from_str(include_str!("../../../../tests/transcripts/expected.toml")).unwrap();
    let known: BTreeSet<&str> = expected.capture.iter().map(|one| one.file.as_str()).collect();
    let (mut problems, mut refused) = (Vec::new(), 0);
    for (system, name) in SYSTEMS {
        let dialect = dialect(name);
        let cli = dialect.cli.as_ref().unwrap();
        let index = fs::read_to_string(Path::new(&folder).join(system).join("INDEX.tsv")).unwrap();
        let rows = index.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
        for row in rows.filter(|row| row.last().is_some_and(|kind| kind.starts_with("capture"))) {
            let file = format!("{system}/{}", row[0]);
            if known.contains(file.as_str()) {
                continue;
            }
            let text = shown_at_a_terminal(&fs::read(Path::new(&folder).join(&file)).unwrap());
            let answers = vec![text; cli.words.shows().len()];
            let mut share = Budget::shared().share(MAX_REPLY);
            match mercury_cli::running(cli, &Scope::all().with_stp(true), &answers, &mut share) {
                Err(_) => refused += 1,
                Ok(found) => problems.push(format!("{file}: {:?}", found.config.interfaces.keys())),
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(refused > 150, "only {refused} captures were found");
}

/// The folders of captures, and the dialects that read them.
pub(crate) const SYSTEMS: [(&str, &str); 20] = [
    ("arista_eos", "arista_eos"),
    ("aruba_aoscx", "aruba_aoscx"),
    ("brocade_fastiron", "brocade_fastiron"),
    ("cisco_ios", "cisco_ios"),
    ("cisco_nxos", "cisco_nxos"),
    ("cisco_s300", "cisco_s300"),
    ("cumulus", "cumulus"),
    ("cumulus_nvue", "cumulus_nvue"),
    ("dell_enterprise_sonic", "dell_sonic"),
    ("dell_force10", "dell_force10"),
    ("dell_os10", "dell_os10"),
    ("dell_powerconnect", "dell_powerconnect"),
    ("hpe_comware", "hpe_comware"),
    ("huawei", "huawei"),
    ("huawei_vrpv8", "huawei_vrpv8"),
    ("juniper", "juniper_junos"),
    ("mellanox_mlnxos", "mellanox_mlnxos"),
    ("nokia_srl", "nokia_srl"),
    ("ovs_linux", "netmiko_ovs_linux"),
    ("sonic", "sonic"),
];

/// In what a configuration is not as it is to be read: its VLANs, and what its ports have.
pub(crate) fn differences(
    file: &str,
    (vlans, expected): (&[String], &[(String, String)]),
    running: &Running,
) -> Vec<String> {
    let (mut problems, mut ports) = (Vec::new(), BTreeMap::new());
    for (names, what) in expected {
        ports.extend(row(names).into_iter().map(|name| (name, what.clone())));
    }
    let found: BTreeMap<String, String> =
        running.interfaces.values().map(|port| (port.name.to_string(), shown(port))).collect();
    let shown: Vec<String> = running
        .vlans
        .values()
        .map(|vlan| vlan.name.as_ref().map_or_else(|| vlan.id.to_string(), |name| format!("{} {name}", vlan.id)))
        .filter(|vlan| vlan != "1" || vlans.contains(vlan))
        .collect();
    if found != ports {
        let odd: Vec<_> = found.iter().filter(|(name, what)| ports.get(*name) != Some(what)).collect();
        let missing: Vec<_> = ports.keys().filter(|name| !found.contains_key(*name)).collect();
        problems.push(format!("{file}: read {odd:?}, missed {missing:?}"));
    }
    if shown != *vlans {
        problems.push(format!("{file}: read VLANs {shown:?}"));
    }
    problems
}

/// The file, which must be the one that was read by a person.
pub(crate) fn published(folder: &OsStr, file: &str, sha256: &str) -> String {
    let octets = fs::read(Path::new(folder).join(file)).unwrap();
    let own = digest(&SHA256, &octets).as_ref().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    assert_eq!(own, sha256, "{file} is another");
    shown_at_a_terminal(&octets)
}

/// Some captures have what a terminal was sent.
fn shown_at_a_terminal(octets: &[u8]) -> String {
    let mut terminal = Terminal::new(511);
    let mut lines: Vec<String> = octets.iter().filter_map(|octet| terminal.push(*octet).unwrap()).collect();
    lines.push(terminal.take());
    lines.join("\n")
}

/// What a dialect reads in the answer that a file holds: of the table where it is of one, or
/// else of the command that shows the configuration. Junos' curly braces are read as a
/// file's are.
fn read(name: &str, file: &str, text: &str) -> Result<Running, String> {
    let dialect = dialect(name);
    let cli = dialect.cli.as_ref().unwrap();
    let mut share = Budget::shared().share(MAX_REPLY);
    if file.contains("display-omit") {
        return Ok(mercury_cli::recorded(cli, &[text], true, &mut share)?.running);
    }
    let (shown, table) = if file.contains("/show-vlan") { (CONFIGURATION, text) } else { (text, TABLE) };
    let answer = |own: &mercury_adapter::Shown| if own.table.is_some() { table } else { shown }.to_owned();
    let answers: Vec<String> = cli.words.shows().iter().map(answer).collect();
    let read = mercury_cli::running(cli, &Scope::all().with_stp(true), &answers, &mut share);
    read.map_err(|error| error.to_string())
}

/// `eth2/8-48` is 41 names.
pub(crate) fn row(names: &str) -> Vec<String> {
    let last = names.rsplit_once('-').and_then(|(first, last)| Some((first, last.parse::<u32>().ok()?)));
    let Some((first, last)) = last else { return vec![names.to_owned()] };
    let (before, number) = first.split_at(first.trim_end_matches(|c: char| c.is_ascii_digit()).len());
    match number.parse::<u32>() {
        Ok(number) => (number..=last).map(|number| format!("{before}{number}")).collect(),
        // `port-channel1`.
        Err(_) => vec![names.to_owned()],
    }
}

/// What a port has, in the words of the expectation.
pub(crate) fn shown(port: &Interface) -> String {
    let mut words = vec![match &port.switched_vlan {
        None => "-".to_owned(),
        Some(SwitchedVlan::Access { vlan }) => vlan.map_or("access".to_owned(), |vlan| format!("access {vlan}")),
        Some(SwitchedVlan::Trunk { native, vlans }) => {
            let native = native.map(|native| format!("native {native} ")).unwrap_or_default();
            let vlans = match vlans {
                TrunkVlans::All => "all".to_owned(),
                TrunkVlans::None => "none".to_owned(),
                TrunkVlans::Only(set) => set.to_string(),
            };
            format!("trunk {native}of {vlans}")
        }
        Some(SwitchedVlan::Foreign(foreign)) if foreign.routes => "routed".to_owned(),
        Some(SwitchedVlan::Foreign(_)) => "foreign".to_owned(),
    }];
    let mut says = |what: Option<String>| words.extend(what);
    says((!port.enabled).then(|| "off".to_owned()));
    says(port.mtu.map(|mtu| format!("mtu {mtu}")));
    says(port.aggregate_id.as_ref().map(|name| format!("in {name}")));
    says(port.aggregation.and_then(|aggregation| aggregation.mlag_id).map(|number| format!("mlag {number}")));
    let stp = port.stp.unwrap_or_default();
    says(stp.edge_port.map(|edge| if edge == EdgePort::EdgeEnable { "edge" } else { edge.identity() }.to_owned()));
    says(port.foreign.get(Leaf::EdgePort).map(|foreign| format!("stp {}", foreign.values().join(" "))));
    says((stp.bpdu_guard == Some(true)).then(|| "guard".to_owned()));
    words.join(" ")
}
