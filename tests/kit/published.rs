//! What a dialect sends, and what its switch has then, against the modules that
//! its vendor publishes, checked by `tests/peers/published.py`; included by each
//! kit.

use std::{collections::BTreeMap, fs};

use mercury_adapter::{Dialect, Evidence, Standing};
use serde::Serialize;

use crate::vendors::{VENDORS, folder, run};

/// What is checked.
#[derive(Serialize)]
pub(crate) struct Document {
    /// The case and which part of it.
    pub(crate) name: String,
    /// One of the forms of `tests/peers/published.py`.
    pub(crate) form: &'static str,
    pub(crate) text: String,
}

/// What is not valid, and is known not to be.
struct Known {
    protocol: &'static str,
    dialect: &'static str,
    /// What the documents' names begin with.
    case: &'static str,
    /// What is said of them.
    says: &'static str,
    /// Whether it is Mercury that must be mended, and not the modules.
    ours: bool,
    reason: &'static str,
}

impl Known {
    fn fits(&self, name: &str, said: &str) -> bool {
        name.starts_with(self.case) && said.contains(self.says)
    }
}

/// What of SR Linux' VNIs cannot be looked up; no evidence says that they are checked.
const fn of_vnis(says: &'static str) -> Known {
    let reason = "srl_nokia-tunnel-interfaces, -bgp-evpn and -bgp-vpn are not among the modules";
    Known { protocol: "gnmi", dialect: "nokia_srl", case: "", says, ours: false, reason }
}

const KNOWN: [Known; 6] = [
    Known {
        protocol: "gnmi",
        dialect: "nokia_srl",
        case: "join-lag-with-mtu, after",
        says: "mtu and aggregate-id can not be configured together",
        ours: false,
        reason: "no request comes to this: what is desired of a member has no MTU there (members-have-mtu)",
    },
    of_vnis("no any:tunnel-interface in"),
    of_vnis("no any:bgp-instance in"),
    of_vnis("no any:bgp-vpn in"),
    Known {
        protocol: "gnmi",
        dialect: "sonic",
        case: "",
        says: "When condition \"../interface-mode = 'ACCESS'\" not satisfied",
        ours: false,
        reason: "the untagged VLAN of a trunk is its access-vlan; SONiC's transformer and tests have it so, whatever \
                 the `when` says",
    },
    Known {
        protocol: "gnmi",
        dialect: "dell_sonic",
        case: "",
        says: "When condition \"../interface-mode = '",
        ours: false,
        reason: "Dell's own collection writes no mode either; OpenConfig's modules only stand in for Dell's",
    },
];

/// Whether this is said of a dialect's documents, and known to be.
pub(crate) fn is_known(protocol: &str, dialect: &str, name: &str, said: &str) -> bool {
    KNOWN.iter().any(|one| one.protocol == protocol && one.dialect == dialect && one.fits(name, said))
}

/// What is wrong with each document, by its name; `None` where there is nothing
/// to check it with.
pub(crate) fn check(dialect: &Dialect, documents: &[Document]) -> Option<BTreeMap<String, Vec<String>>> {
    let folder = folder(&dialect.name)?;
    let said = run("published.py", &[folder.as_os_str()], &serde_json::to_vec(documents).unwrap());
    Some(serde_json::from_str(&said).unwrap())
}

/// What does not fit of a dialect: what is not valid and not known not to be, what
/// is known and has become valid, and a dialect that says otherwise.
pub(crate) fn judge(protocol: &str, dialect: &Dialect, documents: &[Document]) -> Vec<String> {
    let Some(found) = check(dialect, documents) else { return Vec::new() };
    assert!(found.len() >= 50, "{}: only {} documents", dialect.name, found.len());
    let known: Vec<_> = KNOWN.iter().filter(|one| one.protocol == protocol && one.dialect == dialect.name).collect();
    let said = || found.iter().flat_map(|(name, lines)| lines.iter().map(move |line| (name, line)));
    let new = said().filter(|(name, line)| !known.iter().any(|one| one.fits(name, line)));
    let mut problems: Vec<_> = new.map(|(name, line)| format!("{name}: {line}")).collect();
    let valid = known.iter().filter(|one| !said().any(|(name, line)| one.fits(name, line)));
    problems.extend(valid.map(|one| format!("{}{} is no longer said ({})", one.case, one.says, one.reason)));
    let faults = known.iter().filter(|one| one.ours).count();
    problems.extend(misstated(protocol, dialect, faults));
    problems.into_iter().map(|problem| format!("{} {protocol}: {problem}", dialect.name)).collect()
}

/// What a dialect's evidence says that is not so.
fn misstated(protocol: &str, dialect: &Dialect, faults: usize) -> Option<String> {
    let is_claim = |one: &&Evidence| one.protocol == protocol && one.standing == Standing::SchemaChecked;
    let Some(claim) = dialect.evidence.iter().find(is_claim) else {
        return (faults == 0).then(|| "every case is valid, and no evidence says schema-checked".to_owned());
    };
    let readme = fs::read_to_string(folder(&dialect.name)?.join("README.md")).unwrap();
    let missing = claim.against.split_whitespace().find(|word| !readme.contains(word));
    if faults > 0 {
        return Some(format!("is said to be schema-checked, with {faults} known faults"));
    }
    missing.map(|word| format!("was checked, but not against {}: the modules' README has no {word}", claim.against))
}

/// Damages documents, each in one place, and has the checker find it: a name, what
/// stands there, what shall, and a word of what must be said of it.
pub(crate) fn damage(dialect: &Dialect, documents: &[Document], damages: &[(&str, &str, &str, &str)]) {
    let damaged = |(name, from, to, says): &(&str, &str, &str, &str)| {
        let whole = documents.iter().find(|one| one.name == *name).unwrap();
        assert!(whole.text.contains(from), "{name} has no {from}: {}", whole.text);
        Document { name: format!("{name}: {says}"), form: whole.form, text: whole.text.replacen(from, to, 1) }
    };
    let damaged: Vec<_> = damages.iter().map(damaged).collect();
    let Some(found) = check(dialect, &damaged) else { return };
    for ((.., says), document) in damages.iter().zip(&damaged) {
        let said = &found[&document.name];
        assert!(said.iter().any(|line| line.contains(says)), "{}: {said:?}", document.name);
    }
}

#[test]
fn only_a_dialect_whose_vendor_publishes_modules_is_said_to_be_checked_against_them() {
    for dialect in mercury_adapter::builtin().unwrap() {
        let is_said = dialect.evidence.iter().any(|one| one.standing == Standing::SchemaChecked);
        assert!(!is_said || VENDORS.iter().any(|(name, _)| *name == dialect.name), "{}", dialect.name);
    }
}
