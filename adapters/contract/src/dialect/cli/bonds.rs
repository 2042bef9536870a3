//! Aggregates of a system that shows tables and takes one command: ports of several interfaces,
//! of which each has a row that stays wherever it has its place.

use std::collections::BTreeMap;

use super::Template;

/// How interfaces get a place in a bond and lose it, and how that is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bonds {
    /// Where the tables say it.
    pub columns: BondColumns,
    /// What the row of a port may hold that goes when its interface joins a bond: anything else
    /// would be lost.
    pub port: BondRow,
    /// And that of a bond that goes.
    pub bond: BondRow,
    /// How it is written.
    pub parts: BondParts,
}

/// The tables and columns that say which interfaces a port has.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BondColumns {
    /// The table of ports, which is shown first.
    pub ports: String,
    /// Its column that holds the rows of a port's interfaces.
    pub interfaces: String,
    /// The table of interfaces.
    pub interface: String,
    /// Columns of an interface that a bond has if all its interfaces have the same.
    pub common: Vec<String>,
    /// The column, and the key in it, of an interface that describes it while it is in a bond.
    pub text: [String; 2],
    /// Columns of a port that have to hold what was read when the port goes, since what they hold
    /// is then known to be Mercury's to lose.
    pub same: Vec<String>,
    /// Columns of other tables that refer to ports, and lose them with their rows.
    #[serde(default)]
    pub references: BTreeMap<String, Vec<String>>,
}

/// What a row may hold that is not lost with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BondRow {
    /// By column, the values as they are shown.
    pub columns: BTreeMap<String, Vec<String>>,
    /// By column that is a map, the keys.
    pub keys: BTreeMap<String, Vec<String>>,
}

/// The parts of the one command. `{number}` counts interfaces and rows that are made, so that
/// the parts can name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BondParts {
    /// What stands for the row of an interface once it was named.
    pub row: Template,
    /// What stands between several.
    pub separator: String,
    /// Names the row of an interface, which is then there whatever becomes of its port.
    pub name: Template,
    /// The bridge of an interface, of a port or in a bond.
    pub bridge_of_interface: Template,
    /// The bridge of a port.
    pub bridge_of_port: Template,
    /// Names the row of a port, and goes on only where it is in the bridge that is said and holds
    /// nothing that would be lost.
    pub spare: Vec<Template>,
    /// Goes on only where columns of that row hold what was read.
    pub same: Vec<Template>,
    /// The same of a bond that is to go, where it has these interfaces alone.
    pub alone: Vec<Template>,
    /// Goes on only where a bond that loses an interface to another is in the bridge that is said.
    pub together: Template,
    /// A port that was named goes from its bridge; its interfaces stay.
    pub goes: Template,
    /// A port comes, of an interface that was named.
    pub port: Vec<Template>,
    /// A bond comes, of interfaces that were named.
    pub bond: Vec<Template>,
    /// Interfaces that were named join a bond.
    pub joins: Template,
    /// And one leaves it.
    pub leaves: Template,
    /// All interfaces of a bond have this MTU.
    pub mtu: Template,
    /// And none of their own.
    pub no_mtu: Template,
    /// A member's description.
    pub text: Template,
    /// It is gone.
    pub no_text: Template,
    /// Why no bond is static.
    pub fixed: String,
}
