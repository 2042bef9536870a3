//! What each caller may ask for (`config/operating.md`), beside the network team's rules,
//! which hold for everybody.

use super::callers;
use super::fields::{Table, Value};
use super::reader::Reader;
use super::{source, toml_tree};
use crate::finding::{Code, Finding, Findings};
use crate::inventory::{Changes, Pattern};
use mercury_model::{VlanId, VlanSet};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A policy file may be this big, in bytes.
const MAX_FILE: u64 = 1 << 20;
const KEYS: &[&str] = &["names", "ways", "switches", "ports", "allowed_vlans", "operations", "dry_run"];

/// What `operations` can name: the methods that change something, and the one that looks at a
/// link. What the others tell is about the switches that are granted.
pub const OPERATIONS: [&str; 9] = [
    "update_port",
    "reset_port",
    "update_lag",
    "delete_lag",
    "attach_port",
    "detach_port",
    "add_network",
    "delete_network",
    "is_link_valid",
];

/// What each caller may ask for; whoever is not named may ask for nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallerPolicy(BTreeMap<String, Vec<Arc<Grant>>>);

/// Who asks, as a policy tells callers apart: the same name may have come by another way.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// As the log names the caller.
    pub name: &'a str,
    /// How it was let in, as `auth` calls it, or `socket`.
    pub way: &'a str,
}

/// What one caller may ask for; an absent list grants all.
#[derive(Debug, PartialEq)]
struct Grant {
    /// The ways by which the caller must have come.
    ways: Option<Vec<String>>,
    switches: Vec<Pattern>,
    ports: Option<Arc<[Pattern]>>,
    allowed_vlans: Option<VlanSet>,
    operations: Option<Vec<String>>,
    dry_run: bool,
}

/// What is asked for of one switch.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The method that is called, or that would be.
    pub operation: &'a str,
    /// Whether it is to be done, or only looked at.
    pub writes: bool,
    /// The switch, by its name.
    pub switch: &'a str,
    /// The ports.
    pub ports: &'a [&'a str],
    /// Whether an aggregate is meant, whose ports are not told.
    pub is_about_aggregates: bool,
    /// The VLANs; `None` for every VLAN there is.
    pub vlans: Option<&'a [VlanId]>,
}

impl CallerPolicy {
    /// Reads a file. A mistake refuses all of it: half a policy would let pass what it was
    /// written to stop.
    pub(super) fn load(file: &Path, findings: &mut Findings) -> Self {
        let mut own = Findings::default();
        let callers = match source::read(file, MAX_FILE) {
            Ok(source) => read(file, &toml_tree::parse(file, &source.text, &mut own), &mut own),
            Err(error) => {
                own.push(error.finding().field("policy"));
                BTreeMap::new()
            }
        };
        findings.merge(own);
        Self(callers)
    }

    /// The callers who are granted something else than `before`.
    #[must_use]
    pub fn changes(&self, before: &Self) -> Changes {
        Changes::between(before.grants(), self.grants())
    }

    fn grants(&self) -> impl Iterator<Item = (&str, &Vec<Arc<Grant>>)> {
        self.0.iter().map(|(name, grants)| (name.as_str(), grants))
    }

    /// What a caller is granted; at most one of a name's grants is for one way.
    fn grant(&self, caller: Login<'_>) -> Result<&Grant, String> {
        let grants = self.0.get(caller.name).map(Vec::as_slice).unwrap_or_default();
        if let Some(grant) = grants.iter().find(|grant| grant.is_for(caller.way)) {
            return Ok(grant);
        }
        let ways: Vec<&str> =
            grants.iter().filter_map(|grant| grant.ways.as_ref()).flatten().map(String::as_str).collect();
        Err(match ways.is_empty() {
            true => format!("the policy does not name {:?}", caller.name),
            false => format!("the policy names {:?} only by {}", caller.name, ways.join(", ")),
        })
    }

    /// Whether a caller may know of a switch.
    #[must_use]
    pub fn shows(&self, caller: Login<'_>, switch: &str) -> bool {
        self.grant(caller).is_ok_and(|grant| any(&grant.switches, switch))
    }

    /// Whether a caller may call a method at all.
    ///
    /// # Errors
    /// Why not, in a sentence.
    pub fn knows(&self, caller: Login<'_>, operation: &str) -> Result<(), String> {
        match &self.grant(caller)?.operations {
            Some(granted) if !granted.iter().any(|one| one == operation) => {
                Err(format!("the policy does not grant {} {operation}", caller.name))
            }
            _ => Ok(()),
        }
    }

    /// The ports that a caller is granted; `None` for all.
    #[must_use]
    pub fn ports(&self, caller: Login<'_>) -> Option<Arc<[Pattern]>> {
        self.grant(caller).ok()?.ports.clone()
    }

    /// The VLANs that a caller is granted; `None` for all.
    #[must_use]
    pub fn vlans(&self, caller: Login<'_>) -> Option<VlanSet> {
        self.grant(caller).ok()?.allowed_vlans.clone()
    }

    /// Whether a caller may ask for this.
    ///
    /// # Errors
    /// Why not, in a sentence.
    pub fn judge(&self, caller: Login<'_>, wanted: &Wanted<'_>) -> Result<(), String> {
        self.knows(caller, wanted.operation)?;
        let grant = self.grant(caller)?;
        let refused = |what: String| Err(format!("the policy does not grant {} {what}", caller.name));
        if !any(&grant.switches, wanted.switch) {
            return refused(format!("switch {}", wanted.switch));
        }
        if wanted.writes && grant.dry_run {
            return refused("changes, only dry runs".to_owned());
        }
        if let Some(ports) = &grant.ports {
            if wanted.is_about_aggregates {
                return refused("aggregates, as it grants some ports only".to_owned());
            }
            if let Some(port) = wanted.ports.iter().find(|port| !any(ports, port)) {
                return refused(format!("port {port}"));
            }
        }
        let Some(allowed) = &grant.allowed_vlans else { return Ok(()) };
        match wanted.vlans {
            None => refused("a trunk of all VLANs, as it grants some only".to_owned()),
            Some(vlans) => match vlans.iter().find(|vlan| !allowed.contains(**vlan)) {
                Some(vlan) => refused(format!("VLAN {vlan}")),
                None => Ok(()),
            },
        }
    }
}

impl Grant {
    fn is_for(&self, way: &str) -> bool {
        self.ways.as_ref().is_none_or(|ways| ways.iter().any(|one| one == way))
    }

    /// Whether a caller could come by a way that both are for.
    fn overlaps(&self, other: &Self) -> bool {
        self.ways.as_ref().is_none_or(|ways| ways.iter().any(|way| other.is_for(way)))
    }
}

fn any(patterns: &[Pattern], text: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(text))
}

fn read(file: &Path, root: &Table, findings: &mut Findings) -> BTreeMap<String, Vec<Arc<Grant>>> {
    let mut callers: BTreeMap<String, Vec<Arc<Grant>>> = BTreeMap::new();
    Reader::new(file, "", root, findings).refuse_unknown(&["caller"], |_| None);
    let items = match root.entries.get("caller").map(|entry| &entry.value) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    if items.is_empty() {
        let finding = Finding::error(Code::MissingKey, "must be a list of tables, each headed [[caller]]");
        findings.push(finding.field("caller").at(file, None));
    }
    for item in items {
        let Value::Table(table) = &item.value else {
            let finding = Finding::error(Code::WrongType, "must be a table, headed [[caller]]");
            findings.push(finding.field("caller").at(file, Some(item.line)));
            continue;
        };
        let mut reader = Reader::new(file, "caller", table, findings);
        reader.refuse_unknown(KEYS, |_| None);
        let names = reader.texts("names").unwrap_or_default();
        let grant = Arc::new(grant(&mut reader));
        for required in ["names", "switches"] {
            if !reader.failed() && reader.texts(required).is_none_or(|texts| texts.is_empty()) {
                reader.blame_key(required, Finding::error(Code::MissingKey, "must name one at least"));
            }
        }
        for (name, found) in names {
            let grants = callers.entry(name).or_default();
            if grants.iter().any(|other| other.overlaps(&grant)) {
                let finding = Finding::error(Code::DuplicateKey, "this caller is named twice");
                reader.blame(&found, finding.help("ways = [...] tells those apart who came by different ways"));
            }
            grants.push(Arc::clone(&grant));
        }
    }
    callers
}

fn grant(reader: &mut Reader<'_>) -> Grant {
    let operations = reader.texts("operations");
    for (operation, found) in operations.iter().flatten() {
        if !OPERATIONS.contains(&operation.as_str()) {
            let message = format!("there is no {operation:?}; there are {}", OPERATIONS.join(", "));
            reader.blame(found, Finding::error(Code::BadValue, message));
        }
    }
    Grant {
        ways: ways(reader),
        switches: patterns(reader, "switches").unwrap_or_default(),
        ports: patterns(reader, "ports").map(Into::into),
        allowed_vlans: reader.vlans("allowed_vlans"),
        operations: operations.map(|all| all.into_iter().map(|(text, _)| text).collect()),
        dry_run: reader.flag("dry_run").unwrap_or(false),
    }
}

fn ways(reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let ways = reader.texts("ways")?;
    let known = callers::ways();
    for (way, found) in &ways {
        if !known.contains(&way.as_str()) {
            let message = format!("must be of {}, not {way:?}", known.join(", "));
            reader.blame(found, Finding::error(Code::BadValue, message));
        }
    }
    if ways.is_empty() {
        reader.blame_key("ways", Finding::error(Code::BadValue, "must name one way at least, or be absent for all"));
    }
    Some(ways.into_iter().map(|(way, _)| way).collect())
}

fn patterns(reader: &mut Reader<'_>, key: &str) -> Option<Vec<Pattern>> {
    let mut patterns = Vec::new();
    for (text, found) in reader.texts(key)? {
        match text.parse() {
            Ok(pattern) => patterns.push(pattern),
            Err(reason) => reader.blame(&found, Finding::error(Code::BadValue, reason)),
        }
    }
    Some(patterns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Result<CallerPolicy, Findings> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("policy.toml");
        std::fs::write(&file, text).unwrap();
        let mut findings = Findings::default();
        let policy = CallerPolicy::load(&file, &mut findings);
        if findings.has_errors() { Err(findings) } else { Ok(policy) }
    }

    fn by(name: &'static str, way: &'static str) -> Login<'static> {
        Login { name, way }
    }

    #[test]
    fn what_is_not_granted_is_refused() {
        let policy = policy(
            "[[caller]]\nnames = [\"a\"]\nswitches = [\"leaf*\"]\nports = [\"Ethernet[1-4]\"]\nallowed_vlans = \"100-199\"\n\
             operations = [\"update_port\"]\n[[caller]]\nnames = [\"b\"]\nswitches = [\"*\"]\ndry_run = true\n",
        )
        .unwrap();
        let vlans: Vec<VlanId> = [100_u16, 199].map(|vlan| vlan.try_into().unwrap()).to_vec();
        let other: Vec<VlanId> = vec![200_u16.try_into().unwrap()];
        let fine = Wanted {
            operation: "update_port",
            writes: true,
            switch: "leaf1",
            ports: &["Ethernet4"],
            is_about_aggregates: false,
            vlans: Some(&vlans),
        };
        assert_eq!(policy.judge(by("a", "http_basic"), &fine), Ok(()));
        for (caller, wanted, reason) in [
            ("c", fine, "does not name"),
            ("a", Wanted { operation: "reset_port", ..fine }, "reset_port"),
            ("a", Wanted { switch: "spine1", ..fine }, "switch spine1"),
            ("a", Wanted { ports: &["Ethernet4", "Ethernet5"], ..fine }, "port Ethernet5"),
            ("a", Wanted { is_about_aggregates: true, ..fine }, "aggregates"),
            ("a", Wanted { vlans: Some(&other), ..fine }, "VLAN 200"),
            ("a", Wanted { vlans: None, ..fine }, "all VLANs"),
            ("b", fine, "only dry runs"),
        ] {
            let refused = policy.judge(by(caller, "http_basic"), &wanted).unwrap_err();
            assert!(refused.contains(reason), "{refused}");
        }
        assert_eq!(policy.judge(by("b", "mtls"), &Wanted { writes: false, vlans: None, ..fine }), Ok(()));
        let shows = |caller, switch| policy.shows(by(caller, "http_digest"), switch);
        assert!(shows("a", "leaf9") && !shows("a", "spine1") && !shows("c", "leaf1"));
    }

    #[test]
    fn one_name_by_two_ways_is_two_callers() {
        let policy = policy(
            "[[caller]]\nnames = [\"a\"]\nways = [\"http_digest\", \"mtls\"]\nswitches = [\"*\"]\n\
             [[caller]]\nnames = [\"a\"]\nways = [\"http_basic\"]\nswitches = [\"leaf1\"]\noperations = [\"reset_port\"]\n",
        )
        .unwrap();
        assert_eq!(policy.knows(by("a", "http_digest"), "update_port"), Ok(()));
        assert!(
            policy.knows(by("a", "http_basic"), "update_port").unwrap_err().contains("does not grant a update_port")
        );
        assert_eq!(policy.knows(by("a", "http_basic"), "reset_port"), Ok(()));
        let refused = policy.knows(by("a", "keystone"), "reset_port").unwrap_err();
        assert!(refused.contains("only by http_digest, mtls, http_basic"), "{refused}");
        assert!(policy.shows(by("a", "mtls"), "leaf2") && !policy.shows(by("a", "http_basic"), "leaf2"));
    }

    #[test]
    fn a_mistake_is_an_error() {
        for text in [
            "",
            "[[caller]]\nnames = [\"a\"]\n",
            "[[caller]]\nswitches = [\"a\"]\n",
            "[[caller]]\nnames = []\nswitches = [\"a\"]\n",
            "[[caller]]\nnames = [\"a\"]\nswitches = [\"leaf[1\"]\n",
            "[[caller]]\nnames = [\"a\"]\nswitches = [\"*\"]\nport = [\"a\"]\n",
            "[[caller]]\nnames = [\"a\"]\nswitches = [\"*\"]\noperations = [\"update\"]\n",
            "[[caller]]\nnames = [\"a\", \"a\"]\nswitches = [\"*\"]\n",
            "[[caller]]\nnames = [\"a\"]\nways = [\"basic\"]\nswitches = [\"*\"]\n",
            "[[caller]]\nnames = [\"a\"]\nways = []\nswitches = [\"*\"]\n",
            "[[caller]]\nnames = [\"a\"]\nswitches = [\"*\"]\n[[caller]]\nnames = [\"a\"]\nways = [\"mtls\"]\nswitches = [\"*\"]\n",
            "[caller]\nnames = [\"a\"]\nswitches = [\"*\"]\n",
            "[[callers]]\nnames = [\"a\"]\nswitches = [\"*\"]\n",
        ] {
            assert!(policy(text).is_err(), "{text}");
        }
    }
}
