//! What is wrong between switches, where one identifier must find one switch,
//! and what takes long to see and many switches share.

use super::load::Draft;
use super::port_names::Reach;
use super::{MacAddr, address_key};
use crate::config::{Code, Finding, Findings};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Reports every name, MAC address and address that would find two switches.
pub(crate) fn contradictions(drafts: &[Draft], findings: &mut Findings) {
    names(drafts, findings);
    macs(drafts, findings);
    addresses(drafts, findings);
}

/// Reports every rule of `port_names` that is of no use or of use for one name
/// only; once where switches have the same rules.
pub(crate) fn idle_rules(drafts: &[Draft], findings: &mut Findings) {
    let mut seen = HashSet::new();
    for draft in drafts.iter().filter(|draft| draft.sound) {
        let rules = &draft.switch.options.port_names;
        if !seen.insert(rules.patterns()) {
            continue;
        }
        for (number, reach) in (1..).zip(rules.reaches()) {
            let message = match reach {
                Reach::Several => continue,
                Reach::Only(text) => format!("rule {number} matches {text:?} only"),
                Reach::Nothing => format!("rule {number} never matches a name, or only after one before it"),
            };
            let finding = Finding::warning(Code::BadValue, message).at(&draft.file, Some(draft.line));
            let finding = finding.field(format!("switch.{}.port_names", draft.switch.name));
            findings.push(finding.help(r"in single quotes a backslash is written once, as in '^Eth(\d+)$'"));
        }
    }
}

fn names(drafts: &[Draft], findings: &mut Findings) {
    let mut first: HashMap<&str, &Draft> = HashMap::new();
    for draft in named(drafts) {
        let name = draft.switch.name.as_str();
        if let Some(other) = first.insert(name, draft) {
            let message = format!("also defined {}", place(other, draft));
            findings.push(blame(draft, Code::DuplicateSwitch, "name", message));
            first.insert(name, other);
        }
    }
}

fn macs(drafts: &[Draft], findings: &mut Findings) {
    let mut first: HashMap<MacAddr, &Draft> = HashMap::new();
    for draft in drafts {
        for mac in &draft.switch.mac_addresses {
            let other = *first.entry(*mac).or_insert(draft);
            if !same(other, draft) {
                let message = format!("{mac} also belongs to {} {}", other.switch.name, place(other, draft));
                findings.push(blame(draft, Code::AmbiguousId, "mac_addresses", message));
            }
        }
    }
    for draft in named(drafts) {
        let owner = draft.switch.name.parse().ok().and_then(|mac: MacAddr| first.get(&mac));
        if let Some(other) = owner.filter(|other| !same(other, draft)) {
            let message = format!("the name is a MAC address of {} {}", other.switch.name, place(other, draft));
            findings.push(blame(draft, Code::AmbiguousId, "name", message));
        }
    }
}

fn addresses(drafts: &[Draft], findings: &mut Findings) {
    let mut first: HashMap<String, &Draft> = HashMap::new();
    for draft in drafts.iter().filter(|draft| !draft.switch.address.is_empty()) {
        let other = *first.entry(address_key(&draft.switch.address)).or_insert(draft);
        if same(other, draft) {
            continue;
        }
        let message = format!("{} also has it {}", other.switch.name, place(other, draft));
        if other.switch.port() == draft.switch.port() {
            findings.push(blame(draft, Code::AmbiguousId, "address", message));
        } else {
            let finding = Finding::warning(Code::AmbiguousId, message).at(&draft.file, Some(draft.line));
            let finding = finding.field(format!("switch.{}.address", draft.switch.name));
            findings.push(finding.help(if other.switch.protocol == draft.switch.protocol {
                "requests must use the name or a MAC address"
            } else {
                "if both are one switch, keep one of them: changes through the one do not wait for the other's"
            }));
        }
    }
    for draft in named(drafts) {
        let owner = first.get(&address_key(&draft.switch.name));
        if let Some(other) = owner.filter(|other| !same(other, draft)) {
            let message = format!("the name is the address of {} {}", other.switch.name, place(other, draft));
            findings.push(blame(draft, Code::AmbiguousId, "name", message));
        }
    }
}

fn named(drafts: &[Draft]) -> impl Iterator<Item = &Draft> {
    drafts.iter().filter(|draft| !draft.switch.name.is_empty())
}

/// Two entries of one name are one switch here: `names` has reported them.
fn same(a: &Draft, b: &Draft) -> bool {
    std::ptr::eq(a, b) || a.switch.name == b.switch.name
}

fn place(other: &Draft, draft: &Draft) -> String {
    let file: &Path = &other.file;
    if file == draft.file { format!("(line {})", other.line) } else { format!("({}:{})", file.display(), other.line) }
}

fn blame(draft: &Draft, code: Code, key: &str, message: String) -> Finding {
    Finding::error(code, message).field(format!("switch.{}.{key}", draft.switch.name)).at(&draft.file, Some(draft.line))
}
