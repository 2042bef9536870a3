//! A plan's operations as a script.

mod beside;
mod bonds;
mod general;
mod lag;
mod members;
pub(super) mod texts;
mod trunk;
mod whole;

use std::{collections::BTreeMap, sync::Arc};

use mercury_adapter::{
    Blocks, Capabilities, CliDialect, CliLine, CliTransport, CliWords, Dialect, EntryOperations, Hole, LeafOperation,
    Mapping, ModeChange, Names, Node, NodePath, Origin, Payload, Render, RequestForm, Said, TrunkAbsent, Unrenderable,
    Wording, Writing, mac_vrf, operations, operations::Value,
};
use mercury_model::{Change, InterfaceName, Plan};

use crate::{
    Script,
    words::{flat, overlay, set},
};
use texts::Takes;

/// Puts plans in a system's lines.
pub struct CliRenderer {
    dialect: Arc<Dialect>,
    cli: CliDialect,
    /// Whose deviations count.
    protocol: &'static str,
    /// A shell looks at the lines first.
    is_shell: bool,
}

impl CliRenderer {
    /// A renderer for a dialect with a command line; `None` for one without.
    #[must_use]
    pub fn new(dialect: &Arc<Dialect>) -> Option<Self> {
        let cli = dialect.cli.clone()?;
        let is_shell = cli.session.transport != CliTransport::Shell;
        Some(Self { dialect: Arc::clone(dialect), cli, protocol: "cli", is_shell })
    }

    /// A renderer of the same words for NVUE's REST server, where no shell looks at them.
    pub(crate) fn of_nvue(dialect: &Arc<Dialect>) -> Option<Self> {
        let cli = dialect.nvue.as_ref()?.cli.clone();
        Some(Self { dialect: Arc::clone(dialect), cli, protocol: "nvue", is_shell: false })
    }
}

impl Render for CliRenderer {
    fn request(&self, payload: &Payload, _: &Capabilities, form: RequestForm) -> Option<String> {
        payload.body::<Script>().filter(|_| form == RequestForm::Lines).map(ToString::to_string)
    }

    fn render(&self, plan: &Plan, target: &Capabilities) -> Result<Payload, Unrenderable> {
        let is_shell = self.is_shell;
        let instance = self.cli.network_instance.as_str();
        let tree = match (&self.cli.mapping, &self.cli.words) {
            (Mapping::Tree(tree), _) => tree,
            (Mapping::MacVrf, Wording::Set(words)) => {
                let refused = |unsayable: mac_vrf::Unsayable| unsayable.of(&self.dialect, self.protocol);
                let operations = mac_vrf::operations(plan, instance, self.dialect.overlay(self.protocol).is_some())
                    .map_err(refused)?;
                let takes = Takes { ascii: words.text.ascii, is_shell, quotes: !is_shell };
                return Ok(Payload::new(set::script(&self.dialect, words, takes, &operations)?));
            }
            (Mapping::MacVrf, _) => return Err(self.dialect.cannot("anything", "its lines do not say the way")),
        };
        let writing = Writing {
            dialect: &self.dialect,
            protocol: self.protocol,
            tree,
            instance,
            explicit_enabled: self.cli.words.table().is_some_and(|words| words.says_enabled()),
            one_by_one: false,
        };
        let operations = operations(&writing, plan)?;
        let words = match &self.cli.words {
            Wording::Table(words) => words,
            Wording::Set(words) => {
                let takes = Takes { ascii: words.text.ascii, is_shell, quotes: !is_shell };
                return Ok(Payload::new(set::script(&self.dialect, words, takes, &operations)?));
            }
            Wording::Flat(words) => {
                let takes = Takes { ascii: words.text.ascii, is_shell, quotes: false };
                return Ok(Payload::new(flat::script(&writing, words, takes, &operations, plan)?));
            }
        };
        let takes = Takes { ascii: words.text.ascii, is_shell, quotes: words.quotes || is_shell };
        let mut script = Script::default();
        let typing = Typing { words, writing, takes, changes: members::changes(plan) };
        if let Some(command) = &words.command {
            let mut parts = Vec::new();
            if let Some(own) = &words.bonds {
                parts.extend(bonds::parts(&typing, own, plan, &operations)?);
            } else {
                for entry in &operations.entries {
                    parts.extend(typing.typed(entry)?.into_iter().map(|(_, text)| text));
                }
                if let Some(node) = operations.gone().next() {
                    return Err(typing.lacks(&node.path));
                }
            }
            if !parts.is_empty() {
                script.push(format!("{}{}", command.begin, parts.join(&command.join)), 0, false);
            }
            return Ok(Payload::new(script));
        }
        beside::known(&typing, plan, target)?;
        if let Some(script) = beside::script(&typing, plan, &operations)? {
            return Ok(Payload::new(script));
        }
        let seats = lag::changes(&typing, plan)?;
        for entry in &operations.entries {
            if let Some(own) = words.overlay.as_ref().filter(|_| overlay::is_segment(entry)) {
                overlay::lines((&typing.writing, takes), (own, words.leave.as_deref()), &mut script, entry)?;
                continue;
            }
            let name = entry.entry.names.resolve("{name}");
            let (moved, seat) = (
                name.as_ref().and_then(|name| typing.changes.get(&**name)),
                name.as_ref().and_then(|name| seats.get(&**name)),
            );
            if let (Some(own), Some((_, change))) = (&typing.words.general, moved)
                && let Some((lines, rest)) = general::lines(&typing, own, change, entry)?
            {
                typing.entry(&mut script, &rest, lines)?;
                continue;
            }
            let moves = typing.words.members.as_ref().zip(moved);
            let moves = moves.map(|(members, (port, change))| members::Moves::of(&typing, members, port, change));
            let moves = moves.transpose()?;
            let is_there = entry.origin == Origin::Present;
            // Out of VLANs, out of an aggregate, into another, into VLANs.
            moves.iter().try_for_each(|moves| moves.out(&typing, &mut script))?;
            seat.iter().try_for_each(|seat| seat.leave(&typing, &mut script))?;
            moves.iter().try_for_each(|moves| moves.switch(&typing, &mut script))?;
            // What is made has to be there before a VLAN names it.
            for puts in [is_there, !is_there] {
                match (puts, &moves) {
                    (true, Some(moves)) => moves.put(&typing, &mut script)?,
                    (true, None) => {}
                    (false, _) => typing.entry(&mut script, entry, Vec::new())?,
                }
            }
            seat.iter().try_for_each(|seat| seat.join(&typing, &mut script))?;
        }
        if let Some(members) = &typing.words.members {
            members::gone(&typing, members, &mut script, plan)?;
        }
        for node in operations.gone() {
            let (block, names) = typing.block(node)?;
            typing.within(&mut script, block, block.remove.fill(|hole| typing.named(names, hole)));
        }
        Ok(Payload::new(script))
    }
}

/// When a line is typed, those of one turn in the order of the operations. At no line
/// between two does a port carry what neither configuration has it carry: the line may be
/// the last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// A port leaves an aggregate, and what is said of it is said of it.
    Leaves,
    /// What the other lines mean something in.
    Mode,
    /// Where a VLAN may not be both tagged and untagged, not even for a while.
    NoLongerTagged,
    Others,
    Tagged,
    /// A port is made a trunk that would carry all VLANs, when its list is there.
    Trunk,
    /// What means nothing in the mode that the port has by now.
    Gone,
    /// A port joins as what it is to be, and what it was goes first.
    Joins,
}

/// The nodes by which a port is a member of an aggregate.
const JOINS: [&str; 3] = ["aggregate-id", "channel-group", "lacp-rate"];

/// How operations become lines.
struct Typing<'a> {
    words: &'a CliWords,
    writing: Writing<'a>,
    takes: Takes,
    /// What is changed of the VLANs of ports, by their names.
    changes: BTreeMap<&'a str, (&'a InterfaceName, &'a Change)>,
}

impl Typing<'_> {
    /// An entry's lines, and these.
    fn entry(
        &self,
        script: &mut Script,
        entry: &EntryOperations,
        more: Vec<(Turn, String)>,
    ) -> Result<(), Unrenderable> {
        let (block, names) = self.block(&entry.entry)?;
        if let (Some((_, make)), Origin::Merge | Origin::Create) = (&block.within, entry.origin) {
            self.within(script, block, make.fill(|hole| self.named(names, hole)));
            if entry.leaves.is_empty() {
                return Ok(());
            }
        }
        let (head, mut typed) = (self.head(entry, block, names)?, self.typed(entry)?);
        typed.extend(more);
        typed.sort_by_key(|(turn, _)| *turn);
        if typed.is_empty() && entry.origin == Origin::Present && !entry.leaves.is_empty() {
            return Ok(());
        }
        script.push(head, 0, true);
        for (_, text) in typed {
            script.push(text, 1, false);
        }
        self.leave(script, 1);
        Ok(())
    }

    /// What leaves a block, where something has to.
    fn leave(&self, script: &mut Script, depth: usize) {
        self.words.leave.iter().for_each(|text| script.push(text.clone(), depth, false));
    }

    /// The line that enters the block, or makes it, with what is said there alone behind it.
    fn head(&self, entry: &EntryOperations, block: &Blocks, names: &Names) -> Result<String, Unrenderable> {
        let mut head = block.enter.fill(|hole| self.named(names, hole));
        for leaf in &entry.leaves {
            let (path, value) = match leaf {
                LeafOperation::Set(path, value) => (path, Some(value)),
                LeafOperation::Remove(path) => (path, None),
                LeafOperation::SetList { .. } => continue,
            };
            if !self.is_option(block, path) {
                continue;
            }
            if entry.origin == Origin::Present {
                let reason = "it is said when the aggregate is made, and stays so";
                return Err(self.writing.cannot(&format!("another {}", last(path)), reason));
            }
            if let (Some(line), Some(value)) = (self.words.port.get(last(path)), value) {
                head.push(' ');
                head.push_str(&self.line(line, path, value, entry)?);
            }
        }
        Ok(head)
    }

    /// Whether a node is said behind the line that makes what the block is of.
    fn is_option(&self, block: &Blocks, path: &NodePath) -> bool {
        !block.options.is_empty() && self.words.is_option(last(path))
    }

    /// A line that stands where no block is entered, or in the one that it has to be in.
    fn within(&self, script: &mut Script, block: &Blocks, line: String) {
        let Some((enter, _)) = &block.within else { return script.push(line, 0, false) };
        script.push(enter.clone(), 0, true);
        script.push(line, 1, false);
        self.leave(script, 1);
    }

    /// The lines of an entry, in their turns.
    fn typed(&self, entry: &EntryOperations) -> Result<Vec<(Turn, String)>, Unrenderable> {
        let (block, names) = self.block(&entry.entry)?;
        let is_vlan = last(&entry.entry.path) == "vlan";
        let lines = if is_vlan { &self.words.in_vlan } else { &self.words.port };
        let whole = self.words.whole.as_ref().filter(|_| !is_vlan);
        let mut typed: Vec<(Turn, String)> = Vec::new();
        if let Some(whole) = whole {
            typed.extend(whole::line(self, whole, entry)?.map(|text| (Turn::Others, text)));
        }
        for operation in &entry.leaves {
            let is_elsewhere = whole.is_some() || self.words.members.is_some() && !is_vlan;
            if is_elsewhere && whole::is_of_it(operation) {
                continue;
            }
            let (path, value) = match operation {
                LeafOperation::SetList { present, wanted, .. } => {
                    if !(wanted.is_empty() && self.goes_with_mode("trunk-vlans", entry)) {
                        typed.extend(trunk::lines(self, present, wanted)?);
                    }
                    continue;
                }
                LeafOperation::Set(path, value) => (path, Some(value)),
                LeafOperation::Remove(path) => (path, None),
            };
            // The line that makes the block says this.
            if self.is_option(block, path) || beside::is_of_head(self.words, path) {
                continue;
            }
            if self.words.lag_members.is_some() && is_of_lag(path) {
                continue;
            }
            // And where a bond is made of its interfaces, that says these.
            if words_of_place(self.words, last(path)) {
                continue;
            }
            // The line of a member's group says this too.
            if last(path) == "channel-group-mode" || value.is_none() && self.goes_with_mode(last(path), entry) {
                continue;
            }
            let turn = self.turn(last(path), value);
            let text = match (lines.get(last(path)), value) {
                (Some(line), Some(value)) => self.line(line, path, value, entry)?,
                (Some(line), None) => line.remove.fill(|hole| self.named(names, hole)),
                (None, None) => continue,
                (None, Some(_)) => return Err(self.lacks(path)),
            };
            typed.push((turn, text));
        }
        if let (Some(bare), false) = (&self.words.bare, is_vlan)
            && self.is_trunk(entry).is_none()
            && entry.leaves.iter().any(whole::is_of_it)
        {
            typed.push((Turn::Others, bare.bare()));
        }
        typed.sort_by_key(|(turn, _)| *turn);
        Ok(typed)
    }

    /// Whether its VLANs make a port a trunk; `None` where it is to have none.
    fn is_trunk(&self, entry: &EntryOperations) -> Option<bool> {
        let one = |leaf: &LeafOperation| match leaf {
            LeafOperation::Set(path, _) if last(path) == "access-vlan" => Some(false),
            LeafOperation::Set(path, _) if last(path) == "native-vlan" => Some(true),
            LeafOperation::SetList { wanted, .. } if !wanted.is_empty() => Some(true),
            _ => None,
        };
        entry.leaves.iter().find_map(one)
    }

    /// Whether a line is of the mode that a port is in no longer, and goes with that.
    fn goes_with_mode(&self, node: &str, entry: &EntryOperations) -> bool {
        if self.words.bare.is_some() {
            let is_trunk = self.is_trunk(entry);
            return match node {
                "access-vlan" => is_trunk != Some(false),
                "native-vlan" | "trunk-vlans" => is_trunk != Some(true),
                _ => false,
            };
        }
        let is_trunk = entry.leaves.iter().find_map(|leaf| match leaf {
            LeafOperation::Set(path, value) if last(path) == "mode" => Some(value.text() == "trunk"),
            LeafOperation::Remove(path) if last(path) == "mode" => Some(false),
            _ => None,
        });
        let is_one = self.words.port.get("access-vlan") == self.words.port.get("native-vlan");
        let said = entry.leaves.iter().any(|leaf| matches!(leaf, LeafOperation::Set(path, _) if last(path) == "mode"));
        self.words.mode_change == ModeChange::Resets
            && match node {
                // It is what is untagged in either mode.
                "access-vlan" if is_one => false,
                "access-vlan" => said && is_trunk == Some(true),
                "native-vlan" | "trunk-vlans" => is_trunk == Some(false),
                _ => false,
            }
    }

    fn turn(&self, node: &str, value: Option<&Value>) -> Turn {
        let opens = self.words.trunk.absent == TrunkAbsent::All;
        match (node, value) {
            ("switched", _) => Turn::Mode,
            // Said first, it might open the trunk to all.
            ("native-vlan", Some(_)) if self.words.bare.is_some() => Turn::Trunk,
            ("mode", Some(value)) if opens && value.text() == "trunk" => Turn::Trunk,
            ("mode", Some(_)) => Turn::Mode,
            ("mode", None) if opens => Turn::Mode,
            ("access-vlan" | "native-vlan", None) if self.words.mode_change == ModeChange::Refused => Turn::Leaves,
            // What is said before it would go with it, or be refused.
            ("mode", None) if self.words.mode_change != ModeChange::Keeps => Turn::Mode,
            ("mode" | "access-vlan" | "native-vlan", None) => Turn::Gone,
            (node, Some(_)) if JOINS.contains(&node) => Turn::Joins,
            (node, None) if JOINS.contains(&node) => Turn::Leaves,
            // It may be refused where LACP is spoken no longer.
            ("lacp-interval", None) => Turn::Leaves,
            _ => Turn::Others,
        }
    }

    /// The line that says a value.
    fn line(
        &self,
        line: &CliLine,
        path: &NodePath,
        value: &Value,
        entry: &EntryOperations,
    ) -> Result<String, Unrenderable> {
        let text = value.text();
        match &line.said {
            Said::Lines { lines, .. } => {
                let own = lines.iter().find(|(word, _)| *word == text);
                own.map(|(_, line)| line.fill(|hole| self.named(&entry.entry.names, hole))).ok_or_else(|| {
                    let said: Vec<_> = lines.iter().map(|(word, _)| word.as_str()).collect();
                    let reason = format!("it is {} or nothing", said.join(" or "));
                    self.writing.cannot(&format!("{} {text}", last(path)), &reason)
                })
            }
            Said::Value { line, words, .. } => {
                let own = words.iter().find(|(word, _)| *word == text).map(|(_, own)| own.clone());
                let text = own.unwrap_or(text);
                let number = text.strip_prefix(self.words.lag_prefix.as_str()).unwrap_or(&text).to_owned();
                texts::checked(self.writing.dialect, self.takes, last(path), &text)?;
                let text = self.takes.quoted(&text);
                let mode = entry.leaves.iter().find_map(|leaf| match leaf {
                    LeafOperation::Set(path, value) if last(path) == "channel-group-mode" => Some(value.text()),
                    _ => None,
                });
                let has_word = |mode: &String| words.iter().find(|(word, _)| word == mode).map(|(_, own)| own.clone());
                let mode = match mode {
                    Some(mode) if line.has(Hole::Mode) && !words.is_empty() => {
                        Some(has_word(&mode).ok_or_else(|| {
                            self.writing.cannot(&format!("a member that is {mode}"), "no word there means that")
                        })?)
                    }
                    mode => mode,
                };
                Ok(line.fill(|hole| match hole {
                    Hole::Name => self.named(&entry.entry.names, hole),
                    Hole::Number => Some(number.clone()),
                    Hole::Mode => mode.clone(),
                    _ => Some(text.clone()),
                }))
            }
        }
    }

    /// The block that an entry is, and what it is called.
    fn block<'n>(&self, node: &'n Node) -> Result<(&Blocks, &'n Names), Unrenderable> {
        let is_vlan = last(&node.path) == "vlan";
        let mut block = if is_vlan { self.words.vlan.as_ref() } else { Some(&self.words.interface) };
        if let Some(name) = node.names.resolve("{name}") {
            texts::checked(self.writing.dialect, self.takes, texts::NAME, &name)?;
            if !is_vlan {
                block = Some(self.block_of(&name));
            }
        }
        Ok((block.ok_or_else(|| self.lacks(&node.path))?, &node.names))
    }

    /// The block of an interface of this name.
    fn block_of(&self, name: &str) -> &Blocks {
        let is_aggregate = name.starts_with(self.words.lag_prefix.as_str());
        self.words.aggregate.as_ref().filter(|_| is_aggregate).unwrap_or(&self.words.interface)
    }

    /// What stands for an entry in the line that enters it.
    fn named(&self, names: &Names, hole: Hole) -> Option<String> {
        let word = match hole {
            Hole::Name => "{name}",
            Hole::VlanId => "{vlan-id}",
            Hole::Number => return names.resolve("{name}")?.strip_prefix(&*self.words.lag_prefix).map(str::to_owned),
            _ => return None,
        };
        names.resolve(word).map(std::borrow::Cow::into_owned)
    }

    fn lacks(&self, path: &NodePath) -> Unrenderable {
        let node = last(path);
        let leaf = if node == "lacp-rate" { "lacp.interval" } else { node };
        let deviation = self.writing.dialect.deviation(self.writing.protocol, leaf);
        self.writing.cannot(leaf, deviation.map_or("no line says it", |deviation| &deviation.reason))
    }
}

/// Whether a node says which aggregate a port is a member of.
fn is_of_lag(path: &NodePath) -> bool {
    JOINS.contains(&last(path)) || last(path) == "channel-group-mode"
}

/// Whether a node is said by the place of interfaces.
fn words_of_place(words: &CliWords, node: &str) -> bool {
    words.bonds.is_some() && ["aggregate-id", "type"].contains(&node)
}

/// Whether a node is an aggregate's type.
fn is_type(path: &NodePath) -> bool {
    last(path) == "lag-type"
}

/// The name of the node that a path ends at.
fn last(path: &NodePath) -> &str {
    path.steps.last().map_or("", |step| &step.name)
}
