//! The lines of a system, as data: where each node of the data tree is said, in a form
//! that both writes it and recognises it.

use std::collections::BTreeMap;

use mercury_model::VlanSet;

use super::{Bonds, CliOverlay, GeneralMode, LagBlock, Template};
use crate::{InterfaceNames, TextLimits};

/// All lines that one system's configuration is written in and read from.
#[derive(Clone, Debug)]
pub struct CliWords {
    /// What the configuration looks like.
    pub form: CliForm,
    /// The commands that show the configuration, in the order in which they are asked.
    pub shows: Vec<Shown>,
    /// Lines by which another system is known that answers the same commands and does
    /// something else with the lines.
    pub another: Vec<Template>,
    /// The word before a line that takes it away, such as `no`.
    pub undo: String,
    /// Where a change is one command.
    pub command: Option<Command>,
    /// Where a port's VLANs are said at once.
    pub whole: Option<Whole>,
    /// The columns that say which change was applied last, and which was asked for last.
    pub applied: Option<[String; 2]>,
    /// Where it is said whether there is a device that has what is configured.
    pub device: Option<DeviceColumns>,
    /// Where aggregates are ports of several interfaces, in tables.
    pub bonds: Option<Bonds>,
    /// What a block is left by, where it has to be.
    pub leave: Option<String>,
    /// What a line that is no configuration begins with.
    pub comments: Vec<String>,
    /// An interface's block.
    pub interface: Blocks,
    /// An aggregate's, where it is another.
    pub aggregate: Option<Blocks>,
    /// A VLAN's block; `None` where VLANs are not made.
    pub vlan: Option<Blocks>,
    /// What is said below an interface, by the names of the data tree's nodes.
    pub port: BTreeMap<String, CliLine>,
    /// What is said below a VLAN, likewise.
    pub in_vlan: BTreeMap<String, CliLine>,
    /// What becomes of a port's VLANs when its mode is changed.
    pub mode_change: ModeChange,
    /// Where only a port's VLANs tell its mode, and the lines of the other mode go when one
    /// of them is typed: the line that leaves of them what nobody set.
    pub bare: Option<Template>,
    /// A trunk's VLANs.
    pub trunk: TrunkWords,
    /// Where a trunk with an untagged VLAN is a mode of its own.
    pub general: Option<GeneralMode>,
    /// Where a VLAN says which ports are in it, and a port says nothing of VLANs.
    pub members: Option<VlanMembers>,
    /// Where an aggregate says which ports are in it, or a block below a port does.
    pub lag_members: Option<LagMembers>,
    /// Whether a mark of a comment by itself stands within blocks too: a block goes on where
    /// the next line is indented.
    pub marks_inside: bool,
    /// What binds VLANs to VNIs; `None` where nothing is known of that.
    pub overlay: Option<CliOverlay>,
    /// Lines below an interface that change what its VLANs mean; the beginnings.
    pub foreign: Vec<Template>,
    /// Lines below an interface by which it routes; the beginnings.
    pub routed: Vec<Template>,
    /// Lines that say no more than their absence does; the beginnings.
    pub nothing: Vec<Template>,
    /// Whether a text with blanks stands in quotation marks.
    pub quotes: bool,
    /// What a VLAN is called that was given no name, with `{vlan-id}` filled with four
    /// digits.
    pub unnamed: Option<Template>,
    /// What an aggregate's name is before its number; empty where Mercury makes none, and one
    /// is as any other port.
    pub lag_prefix: String,
    /// What its ports are called.
    pub names: Option<InterfaceNames>,
    /// What texts may be.
    pub text: TextLimits,
}

impl CliWords {
    /// Whether a node is said behind the line that makes an aggregate.
    #[must_use]
    pub fn is_option(&self, node: &str) -> bool {
        let mut options = self.aggregate.iter().flat_map(|own| &own.options);
        let written = || self.port.get(node).into_iter().flat_map(|line| line.said.written());
        options.any(|option| written().any(|line| line == option || option.fits(&line.bare())))
    }

    /// Whether a line says that a port is enabled: where an aggregate that is made is not, it
    /// is typed of each.
    #[must_use]
    pub fn says_enabled(&self) -> bool {
        self.port.get("enabled").is_some_and(|line| line.said.words().any(|word| word == "true"))
    }

    /// Where an aggregate's members stand in a block beside its own.
    #[must_use]
    pub fn lag_block(&self) -> Option<&LagBlock> {
        self.lag_members.as_ref()?.beside.as_ref()
    }

    /// Whether an aggregate lists its members, whatever they speak.
    pub(crate) fn lists_every_member(&self) -> bool {
        self.lag_members.as_ref().is_some_and(|own| own.lacp.is_none())
    }

    /// Whether a block below a member says that it speaks LACP, and only then.
    pub(crate) fn members_say_lacp(&self) -> bool {
        self.lag_members.as_ref().is_some_and(|own| own.lacp.is_some())
    }

    /// The words for the modes of ports of which more is said than a mode, where that is, and
    /// whether one is a trunk's.
    pub(crate) fn more_modes(&self) -> Vec<(String, bool)> {
        let is_said = self.members.as_ref().is_some_and(|own| own.switched.is_some());
        let of = |mode: &str| {
            let bound = |both: String| [format!("{mode}{both}"), format!("{mode}{both}{}", SwitchedPort::BOUND)];
            let both =
                ["", SwitchedPort::BOTH].map(|both| [both.to_owned(), format!("{both}{}", SwitchedPort::DEFAULT)]);
            let words = both.into_iter().flatten().flat_map(bound).filter(|word| word != mode);
            words.map(|word| (word, mode == "trunk")).collect::<Vec<_>>()
        };
        if is_said { ["access", "trunk"].into_iter().flat_map(of).collect() } else { Vec::new() }
    }
}

/// The columns of a table, of a row of a port's name, that say what became of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceColumns {
    /// The table.
    pub table: String,
    /// What is wrong, in the system's words; empty or no text where nothing is.
    pub error: String,
    /// The device's number, 1 or more where there is one.
    pub number: String,
}

impl DeviceColumns {
    /// Whether a command shows them.
    #[must_use]
    pub fn is_of(&self, shown: &Shown) -> bool {
        let has = |column: &String| shown.command.contains(column);
        shown.tables.contains(&self.table) && has(&self.error) && has(&self.number)
    }
}

/// What a system's configuration looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CliForm {
    /// Blocks, and lines indented below them.
    Indented,
    /// Blocks that end where the line that leaves them stands, or the next begins.
    Ended,
    /// Each line begins with the one that enters its block, which may be one of several.
    Flat,
    /// Tables in JSON, as Open vSwitch's tools print them (`headings` and `data`): a row
    /// is a block of lines, each its table, a heading and the value. It is written by
    /// commands.
    JsonTable,
}

/// What becomes of a port's VLANs when its mode is changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModeChange {
    /// The lines of the other mode stay, and mean nothing.
    #[default]
    Keeps,
    /// The lines of the other mode go with it, and to take them away is an error.
    Resets,
    /// It is refused while there are lines of the other mode.
    Refused,
}

/// How a change is one command, which the switch carries out whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What it begins with.
    pub begin: String,
    /// What stands between its parts.
    pub join: String,
}

/// The lines below a VLAN that say which ports are in it. Each holds names of ports and
/// ranges of them, and takes none out of another VLAN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VlanMembers {
    /// Those whose frames bear its tag.
    pub tagged: Template,
    /// Those whose frames bear none.
    pub untagged: Template,
    /// What a port says of itself before a VLAN can name it; `None` where each may be named.
    pub switched: Option<SwitchedPort>,
}

/// The lines below a port by which VLANs can name it. One that has them and that none names is
/// in the default VLAN; they are taken away when no VLAN names it any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchedPort {
    /// The line.
    pub line: Template,
    /// What has to be said before that of a port that is untagged in one VLAN and tagged in
    /// others. Others are without it: one that is tagged would be untagged in the default VLAN,
    /// and one that is untagged take frames with tags.
    pub both: Template,
    /// What is shown below the default VLAN, and never typed, of ports that are untagged in it since
    /// they are in no other; a mark of a comment may begin it.
    pub default: Option<Template>,
    /// Lines that a port has only as long as it has the first; the beginnings. They are not
    /// Mercury's, and are not to go with it.
    pub bound: Vec<Template>,
}

impl SwitchedPort {
    /// What ends the data tree's word for the mode of a port that may be both.
    pub const BOTH: &str = "-of-both";
    /// The word for the mode of one that may be both, and that no VLAN can name yet.
    pub const UNNAMED: &str = "unnamed-of-both";
    /// What ends that of one that is untagged in the default VLAN alone.
    pub const DEFAULT: &str = "-in-default";
    /// And that of one that has a line that is bound.
    pub const BOUND: &str = "-bound";
}

/// How ports become members of an aggregate where not one line below the port says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LagMembers {
    /// The line below the aggregate that names a member, or several. It is of one that speaks
    /// no LACP where there is a block for those that do.
    pub listed: Template,
    /// The block below a member that speaks LACP, and the line in it, with the aggregate's
    /// number and how LACP is spoken. An aggregate has members of one kind.
    pub lacp: Option<(Template, Template)>,
    /// Where the line that names members stands in a block beside the aggregate's own.
    pub beside: Option<LagBlock>,
}

/// How all that a port says of its VLANs is said at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The line, with the mode, the untagged VLAN as `{number}`, and the trunk's list.
    pub line: Template,
    /// What stands where there is none of them.
    pub empty: String,
    /// The mode of an access port.
    pub access: String,
    /// The mode of a trunk without an untagged VLAN.
    pub trunk: String,
    /// The mode of a trunk with one.
    pub native: String,
    /// The list of a trunk that carries nothing, which is also what is written where
    /// nothing is to be said: a port without a word carries everything there.
    pub closed: String,
}

/// A command that shows the configuration, or a part of it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The command.
    pub command: String,
    /// How its answer is read, where that is not as configuration: as a table of VLANs.
    pub table: Option<VlanTable>,
    /// What its rows are read with, where they do not tell themselves what they are.
    pub rows: Option<Rows>,
    /// What the tables of its answer are called, in their order, where the form is
    /// [`CliForm::JsonTable`]: that is not told there.
    pub tables: Vec<String>,
}

/// Rows of fields: each is read as a line of a word that says what they are, and the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The word.
    pub before: String,
    /// What stands between fields.
    pub split: char,
}

/// A table of VLANs: a VLAN is there if it has a row.
#[derive(Clone, Debug)]
pub struct VlanTable {
    /// A row's beginning; what follows is not looked at.
    pub row: Template,
    /// What stands in it for `ACTIVE` and `SUSPENDED`.
    pub status: Vec<(String, String)>,
}

/// How a block is entered and taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// The line that enters it, and makes it.
    pub enter: Template,
    /// Others that it is shown by.
    pub also: Vec<Template>,
    /// The line that takes it away with all that it holds.
    pub remove: Template,
    /// Where it is made and taken away within another block: what enters that, and the
    /// line in it that makes one.
    pub within: Option<(String, Template)>,
    /// What may stand behind the line that makes it, in any order: each is read as a line of
    /// the block. What Mercury says so it says when it makes one, and it stays so.
    pub options: Vec<Template>,
}

/// How one node is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CliLine {
    /// How its values are said.
    pub said: Said,
    /// What takes it away.
    pub remove: Template,
    /// What is so where nothing is said.
    pub absent: Option<String>,
}

/// How a node's values are said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// By one line with the value in it, in these words for the data tree's.
    Value {
        /// The line that is written.
        line: Template,
        /// Other lines that are read as it.
        also: Vec<Template>,
        /// The data tree's words and the lines'.
        words: Vec<(String, String)>,
    },
    /// By a line for each value.
    Lines {
        /// The data tree's words, and the lines that are written.
        lines: Vec<(String, Template)>,
        /// Other lines that are read as a word, the first that fits; one that is none of the
        /// leaf's is a value that nobody knows.
        also: Vec<(String, Template)>,
    },
}

impl Said {
    /// The lines that are written.
    pub(crate) fn written(&self) -> impl Iterator<Item = &Template> {
        let (one, lines) = match self {
            Self::Value { line, .. } => (Some(line), &[][..]),
            Self::Lines { lines, .. } => (None, lines.as_slice()),
        };
        one.into_iter().chain(lines.iter().map(|(_, line)| line))
    }

    /// The data tree's words that have one of the system's.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let (words, lines) = match self {
            Self::Value { words, .. } => (words.as_slice(), &[][..]),
            Self::Lines { lines, .. } => (&[][..], lines.as_slice()),
        };
        words.iter().map(|(word, _)| word.as_str()).chain(lines.iter().map(|(word, _)| word.as_str()))
    }
}

/// How a trunk's VLANs are said: a list, and lines that add to it and take from it, each
/// of which goes on from what the lines before it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkWords {
    /// The VLANs are these; `None` where there are only lines that change them.
    pub list: Option<Template>,
    /// A list as it is shown, and not written.
    pub shown: Option<Template>,
    /// Whether such a line may leave those that lines before it named: what is too many
    /// has to be taken away.
    pub list_adds: bool,
    /// Whether the untagged VLAN is in no list, and a trunk lists one VLAN at least.
    pub tagged_only: bool,
    /// And these.
    pub add: Option<Template>,
    /// But not these.
    pub remove: Option<Template>,
    /// All but these.
    pub except: Option<Template>,
    /// What takes all lines away; with a hole, what takes those VLANs away that are listed.
    pub clear: Option<Template>,
    /// The word that stands for all of them.
    pub all: Option<String>,
    /// The word that stands for none.
    pub none: Option<String>,
    /// What a trunk carries that has no such line.
    pub absent: TrunkAbsent,
    /// What stands between the ends of a range.
    pub range: String,
    /// What stands between ranges.
    pub separator: String,
    /// Whether a line adds one VLAN, or takes one away.
    pub singly: bool,
    /// Octets that a list may have; what is more is added by further lines.
    pub longest: usize,
}

impl TrunkWords {
    /// Where the VLANs say which ports are in them: nothing is said below a port.
    pub(crate) fn of_members() -> Self {
        Self {
            list: None,
            shown: None,
            list_adds: false,
            tagged_only: true,
            add: None,
            remove: None,
            except: None,
            clear: None,
            all: None,
            none: None,
            absent: TrunkAbsent::None,
            range: "-".to_owned(),
            separator: ",".to_owned(),
            singly: false,
            longest: 0,
        }
    }
}

/// What a trunk carries of which no line says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrunkAbsent {
    /// All VLANs.
    All,
    /// None.
    None,
    /// These.
    Only(VlanSet),
    /// It is not known, or not the same in all releases: such a trunk is left alone,
    /// or made anew where there is a [`GeneralMode`].
    Unknown,
}
