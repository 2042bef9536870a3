//! How one vendor's system differs from the model, as data.
//!
//! A dialect says for every leaf Mercury writes where it lies and how it is
//! spelled, or deviates from it with a reason; what is neither said nor
//! deviated is an error when the dialect is loaded, not when a port is
//! attached.

mod cli;
mod gnmi;
mod interface_names;
mod netconf;
mod nodes;
mod nvue;
mod overlay;
mod ovsdb;
mod path;
mod pattern;
mod raw;
mod restconf;
mod revision;
mod tree;
mod variant;

use std::sync::{Arc, LazyLock};

pub use cli::{
    Blocks, BondColumns, BondParts, BondRow, Bonds, Candidate, CliDialect, CliForm, CliLine, CliOverlay, CliSession,
    CliTransport, CliWords, Command, Confirming, DeviceColumns, Enable, Filled, FlatAggregate, FlatBridge, FlatForm,
    FlatLeaf, FlatMember, FlatNumber, FlatSaying, FlatWords, GeneralMode, Hole, Known, LagBlock, LagMembers, Level,
    LinkState, ModeChange, OverlayPart, Prompts, Question, Rows, Said, SegmentLine, SetWords, ShellLogin, Shown, Since,
    StateForm, StateTable, SwitchedPort, Template, TrunkAbsent, TrunkWords, VlanMembers, VlanTable, VniStates, Waiting,
    Way, When, Whole, Wording,
};
pub use gnmi::{GnmiDialect, GnmiEncoding, LeafValues, Mapping, PathPrefixes, Reading, Save, WriteLevel};
pub use interface_names::{InterfaceNames, Misnamed};
use mercury_model::{Leaf, VlanId};
pub use netconf::{ConfirmedBy, NetconfDialect};
pub use nvue::{NvueDialect, NvueLeaf};
pub use overlay::{Need, OthersEntry, OverlayTree, SegmentForms, SegmentLeaf};
pub use ovsdb::{OvsdbColumn, OvsdbDialect, OvsdbTable};
pub use path::{Module, NodePath, PathStep};
pub use pattern::Pattern;
pub use restconf::RestconfDialect;
pub use revision::{Revision, Trust};
use serde::{Deserialize, Serialize};

use crate::{Defaults, Unrenderable};
pub use tree::{
    ChannelGroup, LeafTree, ListTree, ModeForm, SwitchedVlanTree, Tree, TrunkForm, TrunkPart, Unsaid, VlanTree,
};
pub use variant::Variant;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// One vendor's system.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// The file's name without `.toml`; what an inventory entry says.
    pub name: String,
    /// Who makes it.
    pub vendor: String,
    /// What it is called.
    pub os: String,
    /// Where its facts come from.
    pub sources: Vec<String>,
    /// What shows that this dialect is right. Without any, it is *unverified*.
    pub evidence: Vec<Evidence>,
    /// What texts may be.
    pub text: TextLimits,
    /// Whether a native VLAN is only carried when `trunk-vlans` lists it, or is one of those
    /// that it is made of.
    pub native_in_trunk_vlans: bool,
    /// Whether a member of an aggregate may have an MTU of its own.
    pub members_have_mtu: bool,
    /// The lowest VLAN that can be configured; 1 nearly everywhere.
    pub lowest_vlan: VlanId,
    /// What the names of its aggregates are before their number, such as
    /// `Port-Channel`; `None` where any name will do.
    pub lag_prefix: Option<String>,
    /// What its ports and aggregates are called; `None` where any name will do.
    pub interface_names: Option<InterfaceNames>,
    /// How it is spoken to over NETCONF, if it is.
    pub netconf: Option<NetconfDialect>,
    /// How it is spoken to over gNMI, if it is.
    pub gnmi: Option<GnmiDialect>,
    /// How it is spoken to at its command line, if it is.
    pub cli: Option<CliDialect>,
    /// How it is spoken to over OVSDB, if it is.
    pub ovsdb: Option<OvsdbDialect>,
    /// How it is spoken to over RESTCONF, if it is.
    pub restconf: Option<RestconfDialect>,
    /// How it is spoken to over NVUE's REST server, if it is.
    pub nvue: Option<NvueDialect>,
    /// How far the word for its configuration is trusted, by protocol, where somebody says.
    pub revisions: std::collections::BTreeMap<String, Revision>,
    /// What it cannot do, and why.
    pub deviations: Vec<Deviation>,
    /// Whether it is the operator's own, or inherits from one that is.
    pub is_own: bool,
}

impl Dialect {
    /// The deviation for a leaf of the model over one protocol, if there is
    /// one.
    #[must_use]
    pub fn deviation(&self, protocol: &str, leaf: &str) -> Option<&Deviation> {
        self.deviations.iter().find(|deviation| deviation.excuses(protocol, leaf))
    }

    /// `proven against …`, `schema-checked against …`, `imitated against …`, several of
    /// them, or `unverified`; for one protocol. Of the operator's own, whatever its file
    /// says, nothing was seen.
    #[must_use]
    pub fn standing(&self, protocol: &str) -> String {
        self.seen(|one| one.protocol == protocol)
    }

    /// How far that was seen of VNIs, where it has them over a protocol.
    #[must_use]
    pub fn overlay_standing(&self, protocol: &str) -> Option<String> {
        self.overlay(protocol)?;
        Some(self.seen(|one| one.protocol == protocol && one.overlays))
    }

    fn seen(&self, is_of_it: impl Fn(&Evidence) -> bool) -> String {
        if self.is_own {
            return "the operator's own, unproven".to_owned();
        }
        let reached = |(step, word)| {
            let own = self.evidence.iter().filter(|one| is_of_it(one) && one.standing == step);
            let against: Vec<_> = own.map(|one| one.against.as_str()).collect();
            (!against.is_empty()).then(|| format!("{word} against {}", against.join(", ")))
        };
        let steps = [
            (Standing::Proven, "proven"),
            (Standing::SchemaChecked, "schema-checked"),
            (Standing::Imitated, "imitated"),
            (Standing::Recorded, "recorded"),
        ];
        let standing: Vec<_> = steps.into_iter().filter_map(reached).collect();
        if standing.is_empty() { "unverified".to_owned() } else { standing.join("; ") }
    }

    /// The refusal of what it cannot say.
    #[must_use]
    pub fn cannot(&self, what: &str, reason: &str) -> Unrenderable {
        Unrenderable { dialect: self.name.clone(), what: what.to_owned(), reason: reason.to_owned() }
    }

    /// Whether a leaf can be written over one protocol.
    #[must_use]
    pub fn has(&self, protocol: &str, leaf: Leaf) -> bool {
        let mapping = match protocol {
            "netconf" | "ovsdb" | "restconf" => None,
            "cli" | "nvue" => self.words(protocol).map(|cli| &cli.mapping),
            _ => self.gnmi.as_ref().map(|gnmi| &gnmi.mapping),
        };
        match mapping {
            Some(Mapping::MacVrf) => !matches!(leaf, Leaf::MlagId | Leaf::EdgePort | Leaf::BpduGuard),
            _ => self.tree(protocol).is_some_and(|tree| tree.has(leaf)),
        }
    }

    /// Where what binds VLANs to VNIs lies, as one protocol shows it, if it does.
    #[must_use]
    pub fn overlay(&self, protocol: &str) -> Option<&OverlayTree> {
        let gnmi = self.gnmi.as_ref().filter(|_| protocol == "gnmi");
        match gnmi.map(|gnmi| &gnmi.mapping) {
            Some(Mapping::MacVrf) => Some(crate::mac_vrf::overlay()),
            _ => self.tree(protocol)?.overlay.as_ref(),
        }
    }

    /// Whether a VLAN has to be made before a port can have it.
    #[must_use]
    pub fn makes_vlans(&self, protocol: &str) -> bool {
        self.tree(protocol).is_none_or(|tree| tree.vlan.is_some())
    }

    /// Why there is none.
    #[must_use]
    pub fn no_overlay(&self, protocol: &str) -> &str {
        self.deviation(protocol, "overlay").map_or("vxlan is not supported", |own| own.reason.as_str())
    }

    /// Whether a VLAN can be given a name over one protocol.
    #[must_use]
    pub fn names_vlans(&self, protocol: &str) -> bool {
        let named = |vlan: &VlanTree| vlan.name.is_some() || vlan.is_keyed_by_name();
        // What has no tree says it in a description.
        self.tree(protocol).is_none_or(|tree| tree.vlan.as_ref().is_some_and(named))
    }

    /// Whether an aggregate is of a type only by what its members say.
    #[must_use]
    pub fn members_say_lag_type(&self, protocol: &str) -> bool {
        self.tree(protocol).is_some_and(|tree| tree.channel_group.is_some())
    }

    /// Whether a trunk's list holds its tagged VLANs alone over any protocol.
    fn lists_tagged_alone(&self) -> bool {
        let trees = self.protocols().into_iter().filter_map(|protocol| self.tree(protocol));
        let mut vlans =
            trees.flat_map(|tree| std::iter::once(&tree.switched_vlan).chain(&tree.aggregate_switched_vlan));
        vlans.any(|vlans| vlans.trunk_vlans.tagged_only)
    }

    /// The words of a command line, or those that are members of JSON objects.
    fn words(&self, protocol: &str) -> Option<&CliDialect> {
        if protocol == "nvue" { self.nvue.as_ref().map(|nvue| &nvue.cli) } else { self.cli.as_ref() }
    }

    /// Where everything lies, as one protocol shows it, if that is in a tree.
    fn tree(&self, protocol: &str) -> Option<&Tree> {
        match protocol {
            "netconf" => self.netconf.as_ref().map(|netconf| &*netconf.tree),
            "cli" | "nvue" => self.words(protocol).and_then(CliDialect::tree),
            "ovsdb" => self.ovsdb.as_ref().map(|ovsdb| &*ovsdb.tree),
            "restconf" => self.restconf.as_ref().map(|restconf| &*restconf.tree),
            _ => match &self.gnmi.as_ref()?.mapping {
                Mapping::Tree(tree) => Some(tree),
                Mapping::MacVrf => None,
            },
        }
    }

    /// What is so where a leaf is absent, as one protocol shows it.
    #[must_use]
    pub fn defaults(&self, protocol: &str) -> Option<&Defaults> {
        match protocol {
            "netconf" => self.netconf.as_ref().map(|netconf| &netconf.defaults),
            "gnmi" => self.gnmi.as_ref().map(|gnmi| &gnmi.defaults),
            "cli" | "nvue" => self.words(protocol).map(|cli| &cli.defaults),
            "ovsdb" => self.ovsdb.as_ref().map(|ovsdb| &ovsdb.defaults),
            "restconf" => self.restconf.as_ref().map(|restconf| &restconf.defaults),
            _ => None,
        }
    }

    /// Whether a switch tells, over one protocol, of every port that it has, so that one that does not is doubted
    /// in what it shows besides; at a command line another command tells it, which some may not enter.
    #[must_use]
    pub fn tells_state(&self, protocol: &str) -> bool {
        let asked = |tree: &Tree| tree.oper_status.is_some();
        match protocol {
            "netconf" => self.netconf.as_ref().is_some_and(|netconf| asked(&netconf.tree)),
            "restconf" => self.restconf.as_ref().is_some_and(|restconf| asked(&restconf.tree)),
            "gnmi" => self.gnmi.as_ref().is_some_and(|gnmi| match &gnmi.mapping {
                Mapping::Tree(tree) => asked(tree),
                Mapping::MacVrf => true,
            }),
            // All interfaces that there are, configured or not.
            "nvue" => self.nvue.is_some(),
            _ => false,
        }
    }

    /// The protocols it speaks, by the names inventory entries use.
    #[must_use]
    pub fn protocols(&self) -> Vec<&'static str> {
        let spoken = [
            ("netconf", self.netconf.is_some()),
            ("gnmi", self.gnmi.is_some()),
            ("cli", self.cli.is_some()),
            ("ovsdb", self.ovsdb.is_some()),
            ("restconf", self.restconf.is_some()),
            ("nvue", self.nvue.is_some()),
        ];
        spoken.into_iter().filter_map(|(name, is_spoken)| is_spoken.then_some(name)).collect()
    }
}

/// How far it has been shown that a dialect is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// A server that nobody here wrote took what the dialect renders, and showed
    /// it to another client.
    Proven,
    /// Every case is valid by the modules that the vendor publishes: what is
    /// sent, and the whole datastore before and after.
    SchemaChecked,
    /// Something that others wrote after real switches took what the dialect renders,
    /// and showed it.
    Imitated,
    /// What real switches printed, as others published it, is read as a person reads it;
    /// nothing was sent to one.
    Recorded,
}

/// What shows that a dialect is right.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// What it shows.
    pub standing: Standing,
    /// The protocol it is about: `netconf`, `gnmi`, `cli`, `ovsdb`, `restconf` or `nvue`.
    pub protocol: String,
    /// Product and version of the server, or the release of the modules.
    pub against: String,
    /// The day it was last seen, ISO 8601.
    pub date: String,
    /// The test or transcript that shows it.
    pub test: String,
    /// Whether a port on a VNI was among what was seen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overlays: bool,
}

/// A leaf of the model that a target does not have (RFC 7950 section 7.20.3).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// The leaf, in the words of the dialect file.
    pub leaf: String,
    /// The protocol it cannot be written over, `netconf`, `gnmi`, `cli`, `ovsdb`,
    /// `restconf` or `nvue`; all when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Why it cannot be written.
    pub reason: String,
    /// Who says so.
    pub evidence: String,
}

impl Deviation {
    /// Whether this says why `leaf` cannot be written over `protocol`.
    fn excuses(&self, protocol: &str, leaf: &str) -> bool {
        self.leaf == leaf && self.protocol.as_ref().is_none_or(|own| own == protocol)
    }
}

/// What texts a target takes.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct TextLimits {
    /// Characters a description may have, 1 to 255; default 240.
    pub description_max: usize,
    /// Characters a VLAN's name must have, 1 or more; default 1.
    pub vlan_name_min: usize,
    /// Characters a VLAN's name may have, 1 to 255; default 32.
    pub vlan_name_max: usize,
    /// Whether two VLANs may not have one name; default false.
    pub vlan_names_unique: bool,
    /// Whether VLAN 1 may have a name that it was given; default true.
    pub vlan_1_named: bool,
    /// Only printable ASCII; default false.
    pub ascii: bool,
}

impl Default for TextLimits {
    fn default() -> Self {
        Self {
            description_max: 240,
            vlan_name_min: 1,
            vlan_name_max: 32,
            vlan_names_unique: false,
            vlan_1_named: true,
            ascii: false,
        }
    }
}

/// Everything wrong with one dialect file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("dialect {name}: {}", .problems.join("; "))]
pub struct DialectError {
    /// Which dialect.
    pub name: String,
    /// Each problem, with the key it is about.
    pub problems: Vec<String>,
}

/// The dialects built into the binary, read once in a process.
///
/// # Errors
/// Every built-in dialect that does not load; a test keeps this empty.
pub fn builtin() -> Result<Vec<Arc<Dialect>>, Vec<DialectError>> {
    static READ: LazyLock<Result<Vec<Arc<Dialect>>, Vec<DialectError>>> =
        LazyLock::new(|| Ok(load(EMBEDDED)?.into_iter().map(Arc::new).collect()));
    READ.clone()
}

/// The file of a built-in dialect, as it was written.
pub fn builtin_text(name: &str) -> Option<&'static str> {
    EMBEDDED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The built-in dialects with others above them, given as names and texts: one of the
/// name of a built-in one takes its place, for what inherits from it too.
///
/// # Errors
/// As [`load`].
pub fn above_builtin(files: &[(String, String)]) -> Result<Vec<Arc<Dialect>>, Vec<DialectError>> {
    if files.is_empty() {
        return builtin();
    }
    let own = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let all: Vec<_> = EMBEDDED.iter().copied().chain(own).collect();
    let mut loaded = load(&all)?;
    for dialect in &mut loaded {
        dialect.is_own = raw::lineage(&dialect.name, &all).iter().any(|name| files.iter().any(|(own, _)| own == name));
    }
    Ok(loaded.into_iter().map(Arc::new).collect())
}

/// Loads dialects from their names and texts; a later one of the same name
/// takes the earlier one's place, and `inherits` may name any of them.
///
/// # Errors
/// Every dialect that does not load, each with all its problems.
pub fn load<N: AsRef<str>, T: AsRef<str>>(files: &[(N, T)]) -> Result<Vec<Dialect>, Vec<DialectError>> {
    let mut texts: Vec<(&str, &str)> = Vec::new();
    for (name, text) in files {
        texts.retain(|(earlier, _)| *earlier != name.as_ref());
        texts.push((name.as_ref(), text.as_ref()));
    }
    let (mut dialects, mut errors) = (Vec::new(), Vec::new());
    for (name, _) in &texts {
        match raw::resolve(name, &texts).and_then(|raw| raw.build(name)) {
            Ok(dialect) => dialects.push(dialect),
            Err(problems) => errors.push(DialectError { name: (*name).to_owned(), problems }),
        }
    }
    if errors.is_empty() { Ok(dialects) } else { Err(errors) }
}

#[cfg(test)]
mod tests;
