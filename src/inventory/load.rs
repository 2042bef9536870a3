//! From files to an inventory.

use super::{Inventory, Protocol, Switch, TeamRules, check, ironic, native};
use crate::config::{Dialects, FileAccess, Settings, source};
use crate::finding::{Code, Finding, Findings, Severity};
use mercury_adapter::{CliTransport, InterfaceNames, SegmentLeaf};
use mercury_model::{FloodMode, VlanId, VlanSet};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An inventory file may be this big, in bytes: some ten thousand switches.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// What an inventory file does not say itself.
#[derive(Debug, Clone)]
pub struct Context {
    /// The VLANs that are allowed where neither switch nor file says so.
    pub allowed_vlans: Option<VlanSet>,
    /// The network team's rules, for every switch.
    pub team: TeamRules,
    /// The files that host keys are looked up in where nothing else is said.
    pub known_hosts: Vec<PathBuf>,
    /// Who may be able to read a file that holds a secret.
    pub access: FileAccess,
    /// The dialects there are; the built-in ones.
    pub known: Dialects,
    /// Their names, with the protocols each is spoken over.
    pub dialects: Vec<(Protocol, String)>,
    /// What an entry may ask for in vain.
    pub unsayable: Vec<Unsayable>,
    /// What ports are called in each dialect that has a say.
    pub interface_names: BTreeMap<String, Arc<InterfaceNames>>,
    /// The lowest VLAN there is in each dialect.
    pub lowest_vlans: BTreeMap<String, VlanId>,
    /// The dialects that know what the name of an aggregate begins with.
    pub lag_prefixes: Vec<String>,
}

/// An option that a dialect has no words for, or cannot do without.
#[derive(Debug, Clone)]
pub struct Unsayable {
    /// The key of an entry.
    pub option: &'static str,
    /// The value of it, where it is that alone.
    pub value: Option<&'static str>,
    /// The protocol the dialect is spoken over.
    pub protocol: Protocol,
    /// The dialect.
    pub dialect: String,
    /// Why, in the dialect's words.
    pub reason: String,
}

/// A route target or distinguisher that is not `auto`.
pub(super) const OWN_ID: &str = "of its own";

/// Options, and what a dialect must have for them: a leaf, in a container.
const OPTIONAL: [(&str, [&str; 2]); 2] =
    [("stp_edge", ["stp", "stp.edge-port"]), ("stp_bpdu_guard", ["stp", "stp.bpdu-guard"])];

fn unsayable(protocol: Protocol, dialect: &mercury_adapter::Dialect) -> Vec<Unsayable> {
    let excuse = |leaves: [&str; 2]| leaves.into_iter().find_map(|leaf| dialect.deviation(protocol.as_str(), leaf));
    let unsaid = |(option, leaves): (&'static str, [&str; 2])| {
        let reason = excuse(leaves)?.reason.clone();
        Some(Unsayable { option, value: None, protocol, dialect: dialect.name.clone(), reason })
    };
    let by_commands = dialect.cli.as_ref().is_some_and(|cli| cli.session.transport != CliTransport::Shell);
    let telnet = (protocol == Protocol::Cli && by_commands).then(|| Unsayable {
        option: "telnet",
        value: None,
        protocol,
        dialect: dialect.name.clone(),
        reason: "its lines are commands of a shell, which SSH carries".to_owned(),
    });
    let overlay = || {
        let reason = dialect.no_overlay(protocol.as_str()).to_owned();
        Unsayable { option: "local_vlans", value: None, protocol, dialect: dialect.name.clone(), reason }
    };
    let unserved = dialect.overlay(protocol.as_str()).is_none().then(overlay);
    let unflooded = dialect.overlay(protocol.as_str()).into_iter().flat_map(|tree| {
        let modes = FloodMode::WORDS.into_iter().filter(|(_, mode)| !tree.floods.contains_key(mode));
        modes.map(|(word, _)| Unsayable {
            option: "vxlan_flood",
            value: Some(word),
            protocol,
            dialect: dialect.name.clone(),
            reason: format!("it cannot be told of one VNI to flood it by {word}"),
        })
    });
    let untold = dialect.overlay(protocol.as_str()).into_iter().flat_map(|tree| {
        let ids = [
            ("vxlan_route_target", SegmentLeaf::RouteTarget, "a route target"),
            ("vxlan_route_distinguisher", SegmentLeaf::RouteDistinguisher, "a route distinguisher"),
        ];
        ids.into_iter().filter(|(_, leaf, _)| !tree.leaves.contains_key(leaf)).map(|(option, _, what)| Unsayable {
            option,
            value: Some(OWN_ID),
            protocol,
            dialect: dialect.name.clone(),
            reason: format!("it is told {what} of no VNI by itself; say auto, or nothing"),
        })
    });
    let needed = dialect.overlay(protocol.as_str()).into_iter().flat_map(|tree| {
        let told = |leaf| tree.leaves.contains_key(&leaf) && !tree.auto.contains(&leaf);
        let needs = [
            ("vxlan_vtep", tree.vtep.is_some(), "the name of the VTEP that carries VNIs"),
            ("vxlan_route_target", told(SegmentLeaf::RouteTarget), "a route target with the VNI in it"),
            ("vxlan_route_distinguisher", told(SegmentLeaf::RouteDistinguisher), "a route distinguisher of each VNI"),
        ];
        needs.into_iter().filter(|(_, is_needed, _)| *is_needed).map(|(option, _, what)| Unsayable {
            option,
            value: None,
            protocol,
            dialect: dialect.name.clone(),
            reason: format!("must be given with local_vlans: {what}, which {} does not work out", dialect.name),
        })
    });
    OPTIONAL
        .into_iter()
        .filter_map(unsaid)
        .chain(telnet)
        .chain(unserved)
        .chain(unflooded)
        .chain(untold)
        .chain(needed)
        .collect()
}

impl Default for Context {
    fn default() -> Self {
        Self::of(Dialects::default())
    }
}

impl Context {
    /// What entries may say where these are the dialects.
    pub fn of(known: Dialects) -> Self {
        let dialects = &known;
        let prefixed = dialects.iter().filter(|dialect| dialect.lag_prefix.is_some());
        let spoken = |protocol: Protocol| {
            dialects.iter().filter(move |dialect| dialect.protocols().contains(&protocol.as_str()))
        };
        let kinds = |protocol| spoken(protocol).map(move |dialect| (protocol, dialect.name.clone()));
        let named = |dialect: &Arc<mercury_adapter::Dialect>| {
            Some((dialect.name.clone(), Arc::new(dialect.interface_names.clone()?)))
        };
        Context {
            allowed_vlans: None,
            team: TeamRules::default(),
            known_hosts: Vec::new(),
            access: FileAccess::default(),
            lag_prefixes: prefixed.map(|dialect| dialect.name.clone()).collect(),
            dialects: Protocol::ALL.into_iter().flat_map(kinds).collect(),
            unsayable: Protocol::ALL
                .into_iter()
                .flat_map(|one| spoken(one).flat_map(move |d| unsayable(one, d)))
                .collect(),
            interface_names: dialects.iter().filter_map(named).collect(),
            lowest_vlans: dialects.iter().map(|dialect| (dialect.name.clone(), dialect.lowest_vlan)).collect(),
            known,
        }
    }
}

impl From<&Settings> for Context {
    fn from(settings: &Settings) -> Self {
        Context {
            allowed_vlans: settings.allowed_vlans.clone(),
            team: settings.rules.clone(),
            known_hosts: settings.known_hosts.clone(),
            access: settings.secret_files,
            ..Self::of(settings.dialects.clone())
        }
    }
}

/// An entry as it was read: perhaps broken, but with its place.
pub(crate) struct Draft {
    pub(crate) switch: Switch,
    /// Whether everything in it was right; `switch` has empty text where not.
    pub(crate) sound: bool,
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
}

pub(crate) fn load(files: &[PathBuf], context: &Context) -> (Inventory, Findings) {
    let mut findings = Findings::default();
    let mut drafts = Vec::new();
    let mut seen = BTreeMap::new();
    for file in files {
        let first = *seen.entry(file.canonicalize().unwrap_or_else(|_| file.clone())).or_insert(file);
        if !std::ptr::eq(first, file) {
            let message = match first == file {
                true => "is named twice; it was read once".to_owned(),
                false => format!("is the same file as {}; it was read once", first.display()),
            };
            findings.push(Finding::warning(Code::DuplicateKey, message).at(file, None).field("switches"));
            continue;
        }
        match source::read(file, MAX_FILE) {
            Ok(source) => {
                let mut read = read(file, &source.text, context, &mut findings);
                exposed(file, source.mode, context.access, &mut read, &mut findings);
                drafts.extend(read);
            }
            Err(error) => {
                findings.push(error.finding());
            }
        }
    }
    let mut contradictory = check::contradictions(&mut drafts, &mut findings);
    check::idle_rules(&drafts, &mut findings);
    check::times(&drafts, &mut findings);
    let files = drafts.iter().flat_map(|draft| draft.switch.files()).map(Path::to_owned).collect();
    let (sound, broken): (Vec<_>, Vec<_>) =
        drafts.into_iter().partition(|draft| draft.sound && !contradictory.contains_key(&draft.switch.identity.name));
    let inventory: Inventory = sound.into_iter().map(|draft| draft.switch).collect();
    let mut inventory = inventory.speaking(context.known.clone());
    inventory.files = files;
    for draft in broken {
        let mut about = contradictory.remove(&draft.switch.identity.name).unwrap_or_default();
        for finding in findings.iter().filter(|finding| concerns(finding, &draft)).map(ToString::to_string) {
            if !about.contains(&finding) {
                about.push(finding);
            }
        }
        inventory.add_broken(&draft.switch, about);
    }
    (inventory, findings)
}

/// Whether a finding is a reason not to use an entry.
fn concerns(finding: &Finding, draft: &Draft) -> bool {
    let own = format!("switch.{}", draft.switch.identity.name);
    let rest = finding.field.strip_prefix(&own);
    let shared = finding.field.starts_with("defaults");
    finding.severity == Severity::Error
        && finding.file.as_ref() == Some(&draft.file)
        && (rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) || shared || finding.field.is_empty())
}

fn read(file: &Path, text: &str, context: &Context, findings: &mut Findings) -> Vec<Draft> {
    let drafts = if is_ini(file, text) {
        ironic::read(file, text, context, findings)
    } else {
        native::read(file, text, context, findings)
    };
    if drafts.is_empty() && !findings.iter().any(|finding| finding.file.as_deref() == Some(file)) {
        findings.push(Finding::warning(Code::NoSwitches, "holds no switch").at(file, None));
    }
    drafts
}

/// The name tells; where it does not, INI's `[switch:` cannot begin a TOML line.
fn is_ini(file: &Path, text: &str) -> bool {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => false,
        Some("conf" | "ini" | "cfg") => true,
        _ => text.lines().any(|line| line.starts_with("[switch:") || line == "[DEFAULT]"),
    }
}

/// A file that holds passwords must be as private as a password's own file.
fn exposed(file: &Path, mode: u32, access: FileAccess, drafts: &mut [Draft], findings: &mut Findings) {
    let mut inline = false;
    for draft in drafts.iter_mut().filter(|draft| draft.switch.has_inline_secrets()) {
        (inline, draft.sound) = (true, draft.sound && access.permits(mode));
    }
    if inline && !access.permits(mode) {
        let message = format!("holds secrets, has mode {mode:03o}, and others may read it");
        let finding = Finding::error(Code::FilePermissions, message).at(file, None);
        findings.push(finding.help(format!("{}, or put the secrets in files of their own", access.advice())));
    }
}
