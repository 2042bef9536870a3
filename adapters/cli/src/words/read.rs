//! What a system shows of its configuration, as the data that the one reader
//! understands. Every line is looked at once, and nothing is gone back to.

mod beside;
mod blocks;
mod bonds;
mod general;
mod json_table;
mod lines;
mod members;
mod port;
mod unread;
mod vlan;

pub(crate) use json_table::unused;

use std::collections::BTreeMap;

use mercury_adapter::{
    Bump, Clashes, CliDialect, CliForm, CliWords, DataNode, DataTree, Looking, Mapping, Names, NoRoom, NodePath, Parts,
    Recorded, Share, Shown, Source, Unread, Wording, find, mac_vrf, running as read,
};
use mercury_model::{InterfaceScope, Running, Scope, Vlan, VlanId, VlanScope, VlanStatus};

use super::{
    Asked, EachLine,
    flat::{self, Unshown},
    set::{self, AskedAt},
};
use lines::Lines;

/// Of a system that shows no lines.
const TABLES: &str = "what this system shows are tables, which are not read from files";

/// Why what a system showed cannot be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It was not asked, or not answered, as it was to be.
    #[error("{asked} commands were to be answered, and {answered} were")]
    Answers {
        /// How many commands there are.
        asked: usize,
        /// How many answers.
        answered: usize,
    },
    /// There is no interface in it, or no VLAN: absent is a question.
    #[error("the answer to {command:?} shows none of what it is asked for")]
    Nothing {
        /// The command.
        command: String,
    },
    /// It is not in the form that the dialect says.
    #[error("the answer to {command:?} is not in the form it should have{}", at(place.as_ref()))]
    Malformed {
        /// The command.
        command: String,
        /// The line and the column, from 1, at which it is no longer JSON.
        place: Option<(usize, usize)>,
    },
    /// What was asked of the switch last is not what it does.
    #[error("the switch applied change {applied} last and was asked for change {asked}")]
    NotApplied {
        /// The change it applied last.
        applied: String,
        /// The change it was asked for last.
        asked: String,
    },
    /// It has no room.
    #[error("{0}")]
    NoRoom(#[from] NoRoom),
}

impl Unreadable {
    pub(in crate::words) fn malformed(command: impl Into<String>) -> Self {
        Self::Malformed { command: command.into(), place: None }
    }
}

fn at(place: Option<&(usize, usize)>) -> String {
    place.map(|(line, column)| format!(", at line {line}, column {column}")).unwrap_or_default()
}

/// The commands that show what `scope` is about, in the order of their answers.
#[must_use]
pub fn asks(dialect: &CliDialect, _scope: &Scope) -> Vec<String> {
    dialect.words.shows().iter().map(|shown| shown.command.clone()).collect()
}

/// The line of these answers by which another system is known than the dialect's.
#[must_use]
pub fn another<'t>(words: &CliWords, answers: &'t [String]) -> Option<&'t str> {
    let lines = answers.iter().flat_map(|answer| answer.lines()).filter(|_| !words.another.is_empty());
    lines.map(str::trim).find(|line| words.another.iter().any(|form| form.fits(line)))
}

/// Whether an interface of this name shows that an answer is what was asked for: the head of a
/// table, such as `Interface Description`, may be like the first line of one, and has no number.
pub(in crate::words) fn is_of_a_port(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_digit())
}

/// All ports of a configuration are read in parts, one for so many of its octets and at most so
/// many: what lines and data take of them at once is that much less, and each line is looked
/// at that many times.
const PART: usize = 16 << 10;
const PARTS: usize = 32;

/// What the answers to [`asks`] say of `scope`, without prompts, echoes and pagers.
///
/// # Errors
/// [`Unreadable`]: they show nothing, or have no room.
pub fn running(
    dialect: &CliDialect,
    scope: &Scope,
    answers: &[String],
    share: &mut Share,
) -> Result<Running, Unreadable> {
    let shows = dialect.words.shows();
    if answers.len() != shows.len() {
        return Err(Unreadable::Answers { asked: shows.len(), answered: answers.len() });
    }
    let octets: usize = answers.iter().map(String::len).sum();
    let mut found = in_parts(dialect, scope, (Answers::Texts(answers), octets), share)?;
    if let Some(words) = dialect.words.table() {
        let told = json_table::besides(words, scope, answers, share)?;
        found.besides.extend(told.lost);
        found.seen.extend(told.seen);
        found.besides.extend(beside::besides(words, scope, answers, share)?);
    }
    Ok(found)
}

/// What lines of a flat form, made of so many octets, say of `scope`.
///
/// # Errors
/// As [`running`].
pub(crate) fn running_of_lines(
    dialect: &CliDialect,
    scope: &Scope,
    (lines, octets): (&EachLine<'_>, usize),
    share: &mut Share,
) -> Result<Running, Unreadable> {
    in_parts(dialect, scope, (Answers::Lines(lines), octets), share)
}

/// What a system shows.
#[derive(Clone, Copy)]
enum Answers<'t> {
    /// The text of each answer.
    Texts(&'t [String]),
    /// Lines that stand in none.
    Lines(&'t EachLine<'t>),
}

fn in_parts(
    dialect: &CliDialect,
    scope: &Scope,
    (answers, octets): (Answers<'_>, usize),
    share: &mut Share,
) -> Result<Running, Unreadable> {
    let Mapping::Tree(tree) = &dialect.mapping else {
        let arena = Bump::new();
        let data = data(dialect, Asked::of(&scope.interfaces), answers, &mut DataTree::new(&arena, share))?;
        return found(dialect, data, scope).map_err(|_| Unreadable::malformed(command(dialect.words.shows(), 0)));
    };
    let parts = if scope.interfaces == InterfaceScope::All { (octets / PART).clamp(1, PARTS) } else { 1 };
    let (defaults, instance) = (&dialect.defaults, dialect.network_instance.as_str());
    let mut read = Parts::new(Looking { tree, defaults, instance }, scope);
    let asked = |part| Asked { names: &scope.interfaces, part: (part, parts) };
    for part in 1..parts {
        let (arena, used) = (Bump::new(), share.used());
        read.add(data(dialect, asked(part), answers, &mut DataTree::new(&arena, share))?);
        share.shrink(used);
    }
    let arena = Bump::new();
    let mut found = read.whole(data(dialect, asked(0), answers, &mut DataTree::new(&arena, share))?);
    // Where none is made, each is there.
    if let (Some(CliWords { vlan: None, .. }), VlanScope::Named(ids)) = (dialect.words.table(), &scope.vlans) {
        let vlan = |id: &VlanId| (*id, Vlan { id: *id, name: None, status: VlanStatus::Active });
        found.config.vlans.extend(ids.iter().map(vlan));
    }
    Ok(found)
}

/// The command of a number.
fn command(shows: &[Shown], number: usize) -> String {
    shows.get(number).map(|shown| shown.command.clone()).unwrap_or_default()
}

/// The data that answers are, of the ports that are asked for.
fn data<'a>(
    dialect: &CliDialect,
    asked: Asked<'_>,
    answers: Answers<'a>,
    tree: &mut DataTree<'a, '_>,
) -> Result<&'a DataNode<'a>, Unreadable> {
    let shows = dialect.words.shows();
    let unshown = |unshown| match unshown {
        Unshown::Malformed(number, place) => {
            Unreadable::Malformed { command: command(shows, number), place: Some(place) }
        }
        Unshown::Nothing => Unreadable::Nothing { command: command(shows, 0) },
        Unshown::NoRoom(error) => error.into(),
    };
    let answers = match (answers, &dialect.words) {
        (Answers::Texts(answers), _) => answers,
        (Answers::Lines(lines), Wording::Flat(words)) => {
            return flat::tree_of_lines(words, asked, lines, tree).map_err(unshown);
        }
        (Answers::Lines(_), _) => return Err(Unreadable::malformed(command(shows, 0))),
    };
    let texts = || answers.iter().map(String::as_str).collect::<Vec<_>>();
    let words = match &dialect.words {
        Wording::Table(words) => &**words,
        Wording::Set(words) => {
            let interface = interface(dialect);
            let (data, has_others) = set::tree(words, AskedAt { list: &interface, names: asked }, &texts(), tree)?;
            return match has_others || has_interface(dialect, data) {
                true => Ok(data),
                false => Err(Unreadable::Nothing { command: command(shows, 0) }),
            };
        }
        Wording::Flat(words) => {
            return flat::tree(words, asked, &texts(), tree).map_err(unshown);
        }
    };
    let mut tables = Vec::new();
    if words.form == CliForm::JsonTable {
        for (shown, answer) in words.shows.iter().zip(answers) {
            tables.push(tree.with_share(|share| json_table::blocks(words, asked, shown, answer, share))?);
        }
    }
    let answers = if words.form == CliForm::JsonTable { &tables } else { answers };
    let mut said = Lines::default();
    for (shown, answer) in words.shows.iter().zip(answers) {
        let found = match &shown.table {
            Some(table) => vlan::table(words, table, answer, &mut said.vlans),
            None => said.configuration(words, asked, &shown.command, answer, tree)?,
        };
        // Where VLANs say what they have, of ports there need be nothing to show.
        let need_be_none = words.members.is_some() && !said.vlans.is_empty();
        if !found && !need_be_none {
            return Err(Unreadable::Nothing { command: shown.command.clone() });
        }
    }
    Ok(said.data(words, tree)?)
}

/// What configurations in files say, each as the system shows it; of VNIs with `overlays`.
///
/// # Errors
/// A sentence with what cannot be read: the dialect's system shows no lines, or there
/// is no interface in them, or no room for them.
pub fn recorded(dialect: &CliDialect, texts: &[&str], overlays: bool, share: &mut Share) -> Result<Recorded, String> {
    let words = match &dialect.words {
        Wording::Table(words) => &**words,
        Wording::Set(words) => {
            let arena = Bump::new();
            let lines: Vec<set::Lines<'_>> =
                texts.iter().map(|text| set::lines(words, text)).collect::<Result<_, _>>()?;
            let texts: Vec<&str> = lines.iter().map(|lines| &*lines.text).collect();
            let interface = interface(dialect);
            let asked = AskedAt { list: &interface, names: Asked::of(&InterfaceScope::All) };
            let read = set::tree(words, asked, &texts, &mut DataTree::new(&arena, share));
            let (data, _) = read.map_err(|error| error.to_string())?;
            return match has_interface(dialect, data) {
                true => all(dialect, data, overlays),
                false => Err("there is no interface in it".to_owned()),
            };
        }
        Wording::Flat(words) => {
            let arena = Bump::new();
            return match flat::tree(words, Asked::of(&InterfaceScope::All), texts, &mut DataTree::new(&arena, share)) {
                Ok(data) => all(dialect, data, overlays),
                Err(Unshown::Malformed(_, place)) => Err(format!("it is no JSON{}", at(Some(&place)))),
                Err(Unshown::Nothing) => Err("there is no interface in it".to_owned()),
                Err(Unshown::NoRoom(error)) => Err(error.to_string()),
            };
        }
    };
    if words.form == CliForm::JsonTable {
        return Err(TABLES.to_owned());
    }
    let arena = Bump::new();
    let mut tree = DataTree::new(&arena, share);
    let mut said = Lines::default();
    let mut found = false;
    for text in texts {
        let read = said.configuration(words, Asked::of(&InterfaceScope::All), "show", text, &mut tree);
        found |= read.map_err(|error| error.to_string())?;
    }
    if !found {
        return Err("there is no interface in it".to_owned());
    }
    let data = said.data(words, &mut tree).map_err(|error| error.to_string())?;
    all(dialect, data, overlays)
}

/// A path: each element with its keys.
type Way = Vec<(String, BTreeMap<String, String>)>;

/// What a configuration would bring to a switch.
#[derive(Clone, Debug, Default)]
pub struct Brought {
    /// What is read of it.
    pub recorded: Recorded,
    /// Each port or VLAN that a line takes away something of, as a path of its list and its
    /// name, and what else a line takes away.
    pub deleted: Vec<Way>,
    /// What the reader leaves out.
    pub unread: Unread,
    /// What cannot be meant: values that are none, and leaves that have several.
    pub clashes: Clashes,
}

/// What a configuration in a file would bring: of ports, of VLANs, or of neither; of VNIs with
/// `overlays`.
///
/// # Errors
/// A sentence with what cannot be read: the dialect's system shows no lines, or there is no
/// room for them.
pub fn brought(dialect: &CliDialect, text: &str, overlays: bool, share: &mut Share) -> Result<Brought, String> {
    let arena = Bump::new();
    let mut tree = DataTree::new(&arena, share);
    match &dialect.words {
        Wording::Table(words) if words.form == CliForm::JsonTable => Err(TABLES.to_owned()),
        Wording::Table(words) => {
            let mut said = Lines::default();
            let read = said.configuration(words, Asked::of(&InterfaceScope::All), "show", text, &mut tree);
            read.map_err(|error| error.to_string())?;
            let data = said.data(words, &mut tree).map_err(|error| error.to_string())?;
            let (mut unread, deleted) = unread::unread(words, text, overlays);
            let recorded = all(dialect, data, overlays)?;
            unread.add_idle(&recorded.running, &Source::of(text));
            Ok(Brought { recorded, deleted, unread, ..Brought::default() })
        }
        Wording::Set(words) => {
            let lines = set::lines(words, text)?;
            let interface = interface(dialect);
            let asked = AskedAt { list: &interface, names: Asked::of(&InterfaceScope::All) };
            let read = set::tree(words, asked, &[&lines.text], &mut tree);
            let (data, _) = read.map_err(|error| error.to_string())?;
            let mut clashes = Clashes::default();
            let mut unread = set::unread(words, &lines, &mut clashes);
            let (nodes, instance) = dialect.mapping.looked_at(&dialect.network_instance);
            let source = lines.source();
            nodes.unread(instance, false, &source, data, &mut unread);
            if let Some(tree) = dialect.tree() {
                tree.idle(&dialect.network_instance, &source, true, data, (&mut unread, &mut clashes));
            }
            let recorded = all(dialect, data, overlays)?;
            unread.add_idle(&recorded.running, &source);
            Ok(Brought { recorded, deleted: set::deleted(words, &lines.text), unread, clashes })
        }
        Wording::Flat(words) => {
            let recorded = match flat::tree(words, Asked::of(&InterfaceScope::All), &[text], &mut tree) {
                Ok(data) => all(dialect, data, overlays)?,
                Err(Unshown::Malformed(_, place)) => return Err(format!("it is no JSON{}", at(Some(&place)))),
                Err(Unshown::Nothing) => Recorded::default(),
                Err(Unshown::NoRoom(error)) => return Err(error.to_string()),
            };
            let mut unread = Unread::default();
            unread.add_at(text, 0, || "the whole text: which of its lines are left out is not told".to_owned());
            unread.add_idle(&recorded.running, &Source::of(text));
            Ok(Brought { recorded, unread, ..Brought::default() })
        }
    }
}

/// What data says about `scope`.
///
/// # Errors
/// A sentence: the network instances of VLANs have no names.
fn found(dialect: &CliDialect, data: &DataNode<'_>, scope: &Scope) -> Result<Running, String> {
    let (defaults, instance) = (&dialect.defaults, dialect.network_instance.as_str());
    match &dialect.mapping {
        Mapping::Tree(tree) => Ok(read(Looking { tree, defaults, instance }, data, scope)),
        Mapping::MacVrf => {
            let mut found = mac_vrf::running(data, instance, defaults, scope)?;
            // All that is there was shown.
            found.config.vlans.retain(|id, _| match &scope.vlans {
                VlanScope::All => true,
                VlanScope::Named(ids) => ids.contains(id),
            });
            Ok(found)
        }
    }
}

/// All that data says; of VNIs with `overlays`.
fn all(dialect: &CliDialect, data: &DataNode<'_>, overlays: bool) -> Result<Recorded, String> {
    let (defaults, instance) = (&dialect.defaults, dialect.network_instance.as_str());
    match &dialect.mapping {
        Mapping::Tree(tree) => Ok(Recorded::of(Looking { tree, defaults, instance }, data, overlays)),
        Mapping::MacVrf => {
            let running = found(dialect, data, &Recorded::scope(overlays))?;
            Ok(Recorded { running, is_scattered: true, ..Recorded::default() })
        }
    }
}

fn has_interface(dialect: &CliDialect, data: &DataNode<'_>) -> bool {
    !find(data, &interface(dialect), &Names::default()).is_empty()
}

/// An interface's list entry.
fn interface(dialect: &CliDialect) -> NodePath {
    dialect.tree().map_or_else(mac_vrf::interface, |tree| tree.interface.clone())
}
