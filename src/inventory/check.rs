//! What is wrong between switches: one identifier must find one switch, and of
//! two that it finds neither is known to be the one that is meant. And what takes
//! long to see and many switches share.

mod cards;

use super::load::Draft;
use super::port_names::Reach;
use super::{Face, HostKey, MacAddr, NetconfSettings, NetconfTransport, Roots, Timing, Tls, address_key};
use crate::finding::{Code, Finding, Findings};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Reports every name, MAC address and address that would find two switches;
/// what was found about each of those switches, by its name.
pub(crate) fn contradictions(drafts: &mut [Draft], findings: &mut Findings) -> BTreeMap<String, Vec<String>> {
    let mut found = Found { findings, names: BTreeMap::new() };
    cards::cards(drafts, &mut found);
    names(drafts, &mut found);
    macs(drafts, &mut found);
    addresses(drafts, &mut found);
    callers(drafts, &mut found);
    found.names
}

/// Reports every rule of `port_names` that is of no use, of use for one name only, or
/// makes one port of several names; once where switches have the same rules.
pub(crate) fn idle_rules(drafts: &[Draft], findings: &mut Findings) {
    let mut seen = HashSet::new();
    for draft in drafts.iter().filter(|draft| draft.sound) {
        let rules = &draft.switch.rules.options.port_names;
        if !seen.insert(rules.patterns()) {
            continue;
        }
        for (number, (reach, made)) in (1..).zip(rules.reaches().zip(rules.constants())) {
            let quotes = r"in single quotes a backslash is written once, as in '^Eth(\d+)$'";
            let (message, help) = match (reach, made) {
                (Reach::Several, None) => continue,
                (Reach::Several, Some(made)) => (
                    format!("rule {number} makes one port, {made:?}, of several names"),
                    r"what tells them apart belongs in a group, as in '^Eth(\d+)$' and 'Ethernet$1'",
                ),
                (Reach::Only(text), _) => (format!("rule {number} matches {text:?} only"), quotes),
                (Reach::Nothing, _) => {
                    (format!("rule {number} never matches a name, or only after one before it"), quotes)
                }
            };
            let finding = Finding::warning(Code::BadValue, message).at(&draft.file, Some(draft.line));
            let finding = finding.field(format!("switch.{}.port_names", draft.switch.identity.name));
            findings.push(finding.help(help));
        }
    }
}

/// Reports times that do not fit together; once where switches have the same.
pub(crate) fn times(drafts: &[Draft], findings: &mut Findings) {
    let mut seen = HashSet::new();
    for draft in drafts.iter().filter(|draft| draft.sound && draft.switch.may_confirm()) {
        let Timing { confirm_timeout, commit_timeout, lock_wait, .. } = draft.switch.timing;
        let rules = &draft.switch.rules;
        let bounce = rules.bounce_on_attach.then_some(rules.bounce_time);
        if !seen.insert((confirm_timeout, commit_timeout, lock_wait, bounce)) {
            continue;
        }
        let mut warn = |key: &str, message: &str, help: &str| {
            let finding = Finding::warning(Code::Conflict, message).at(&draft.file, Some(draft.line));
            let finding = finding.field(format!("switch.{}.{key}", draft.switch.identity.name));
            findings.push(finding.help(help));
        };
        if commit_timeout > confirm_timeout {
            warn(
                "commit_timeout",
                "longer than confirm_timeout: confirming is a commit, and one that takes longer than that comes too late",
                "make confirm_timeout as long as a commit may take, or longer",
            );
        }
        if bounce.is_some_and(|time| time >= confirm_timeout) {
            warn(
                "bounce_time",
                "not shorter than confirm_timeout: the switch takes the link up sooner",
                "make confirm_timeout longer than bounce_time and a commit",
            );
        }
        if lock_wait < confirm_timeout {
            warn(
                "lock_wait",
                "shorter than confirm_timeout: what a killed Mercury left keeps the next one from the lock for as long",
                "make lock_wait longer than confirm_timeout and a commit",
            );
        }
    }
}

struct Found<'a> {
    findings: &'a mut Findings,
    names: BTreeMap<String, Vec<String>>,
}

impl Found<'_> {
    /// About a card alone.
    fn blame_card(&mut self, draft: &Draft, code: Code, key: &str, message: String) {
        self.blame([draft, draft], code, &format!("card.{key}"), message);
    }

    fn blame(&mut self, [draft, other]: [&Draft; 2], code: Code, key: &str, message: String) {
        let field = format!("switch.{}.{key}", draft.switch.identity.name);
        let finding = Finding::error(code, message).field(field).at(&draft.file, Some(draft.line));
        let names: BTreeSet<_> = [draft, other].map(|draft| draft.switch.identity.name.clone()).into();
        for name in names {
            self.names.entry(name).or_default().push(finding.to_string());
        }
        self.findings.push(finding);
    }
}

fn names(drafts: &[Draft], found: &mut Found<'_>) {
    let mut first: HashMap<&str, &Draft> = HashMap::new();
    for draft in named(drafts) {
        let name = draft.switch.identity.name.as_str();
        if let Some(other) = first.insert(name, draft) {
            let message = format!("also defined {}", place(other, draft));
            found.blame([draft, other], Code::DuplicateSwitch, "name", message);
            first.insert(name, other);
        }
    }
}

fn macs(drafts: &[Draft], found: &mut Found<'_>) {
    let mut first: HashMap<MacAddr, &Draft> = HashMap::new();
    for draft in drafts {
        for mac in &draft.switch.identity.mac_addresses {
            let other = *first.entry(*mac).or_insert(draft);
            if !same(other, draft) {
                let message = format!("{mac} also belongs to {} {}", other.switch.identity.name, place(other, draft));
                found.blame([draft, other], Code::AmbiguousId, "mac_addresses", message);
            }
        }
    }
    for draft in named(drafts) {
        let owner = draft.switch.identity.name.parse().ok().and_then(|mac: MacAddr| first.get(&mac));
        if let Some(other) = owner.filter(|other| !same(other, draft)) {
            let message =
                format!("the name is a MAC address of {} {}", other.switch.identity.name, place(other, draft));
            found.blame([draft, other], Code::AmbiguousId, "name", message);
        }
    }
}

fn addresses(drafts: &[Draft], found: &mut Found<'_>) {
    let mut first: HashMap<String, &Draft> = HashMap::new();
    for draft in drafts.iter().filter(|draft| !draft.switch.identity.address.is_empty()) {
        let other = *first.entry(address_key(&draft.switch.identity.address)).or_insert(draft);
        if same(other, draft) {
            continue;
        }
        let message = format!("{} also has it {}", other.switch.identity.name, place(other, draft));
        let finding = Finding::warning(Code::AmbiguousId, message).at(&draft.file, Some(draft.line));
        let finding = finding.field(format!("switch.{}.address", draft.switch.identity.name));
        let apart = is_loopback(draft) && other.switch.port() != draft.switch.port();
        found.findings.push(finding.help(if apart {
            "requests must use the name or a MAC address"
        } else {
            "they are one switch, whose changes wait for each other; requests must use the name or a MAC address"
        }));
    }
    for draft in named(drafts) {
        let owner = first.get(&address_key(&draft.switch.identity.name));
        if let Some(other) = owner.filter(|other| !same(other, draft)) {
            let message = format!("the name is the address of {} {}", other.switch.identity.name, place(other, draft));
            found.blame([draft, other], Code::AmbiguousId, "name", message);
        }
    }
}

/// What a switch that calls home shows must find one entry: it has nothing else to be told
/// by.
fn callers(drafts: &[Draft], found: &mut Found<'_>) {
    let mut first: HashMap<Shown, &Draft> = HashMap::new();
    for draft in drafts {
        for shown in shown(draft) {
            let (key, what) = match &shown {
                Shown::HostKey(key) => ("host_key_fingerprints", format!("the host key {key}")),
                Shown::Pin(pin) => ("tls_pins", format!("the certificate {pin}")),
                Shown::Name(name, _) => ("tls_server_name", format!("a certificate for {name}")),
            };
            let other = *first.entry(shown).or_insert(draft);
            if !same(other, draft) {
                let name = &other.switch.identity.name;
                let message = format!("{what} is also what {name} calls home with {}", place(other, draft));
                found.blame([draft, other], Code::AmbiguousId, key, message);
            }
        }
    }
}

/// What a switch that calls home may show.
#[derive(PartialEq, Eq, Hash)]
enum Shown {
    HostKey(String),
    Pin(String),
    /// A name, and one of the files of who may have signed it; the system's without one.
    Name(String, Option<PathBuf>),
}

fn shown(draft: &Draft) -> Vec<Shown> {
    let Face::Netconf(NetconfSettings { call_home: true, transport, .. }) = &draft.switch.face else {
        return Vec::new();
    };
    match transport {
        NetconfTransport::Ssh(ssh) => match &ssh.host_key {
            HostKey::Fingerprints(keys) => keys.iter().map(|key| Shown::HostKey(key.to_string())).collect(),
            HostKey::KnownHosts(_) | HostKey::Insecure => Vec::new(),
        },
        NetconfTransport::Tls(tls) => {
            let identity = &draft.switch.identity;
            let name = tls.server_name.as_ref().unwrap_or(&identity.address).to_lowercase();
            match &tls.trust {
                Tls::Pinned(pins) => pins.iter().map(|pin| Shown::Pin(pin.to_string())).collect(),
                Tls::Verified(Roots::System) => vec![Shown::Name(name, None)],
                Tls::Verified(Roots::Files(files)) => {
                    files.iter().map(|file| Shown::Name(name.clone(), Some(file.clone()))).collect()
                }
                Tls::Insecure | Tls::Plaintext => Vec::new(),
            }
        }
    }
}

fn named(drafts: &[Draft]) -> impl Iterator<Item = &Draft> {
    drafts.iter().filter(|draft| !draft.switch.identity.name.is_empty())
}

/// Switches on loopback are told apart by their ports too.
fn is_loopback(draft: &Draft) -> bool {
    address_key(&draft.switch.identity.address).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Two entries of one name are one switch here: `names` has reported them.
fn same(a: &Draft, b: &Draft) -> bool {
    std::ptr::eq(a, b) || a.switch.identity.name == b.switch.identity.name
}

fn place(other: &Draft, draft: &Draft) -> String {
    let file: &Path = &other.file;
    if file == draft.file { format!("(line {})", other.line) } else { format!("({}:{})", file.display(), other.line) }
}
