//! Which ports a switch has, and whether their links are up, as its own tables tell.
//!
//! A port is there if it has a row. The state of its link is what stands below the title, and
//! unknown where that is none of the words that the dialect knows, or stands elsewhere.

use std::collections::{BTreeMap, btree_map::Entry};

use mercury_adapter::{CliDialect, Hole, LinkState, StateForm, StateTable, Template};
use mercury_model::InterfaceName;

/// Columns that a row may be shifted to the left, and is still below its title.
const SHIFT: usize = 2;

/// Letters of a word in which a port's name is looked for, and places where it may end.
const MAX_NAME: usize = 40;
const MAX_ENDS: usize = 4;

/// What stands before the number of what is no port with VLANs, on any of these systems.
#[rustfmt::skip]
const NO_PORT: [&str; 57] = [
    "aux", "bdi", "bluetooth", "bvi", "ca", "capwap", "cellular", "ch", "dialer", "e-ch", "gigethernetmgmt", "inloop",
    "inloopback", "irb", "lag", "lb", "lg", "lo", "loop", "loopback", "m-e", "m-gigabitethernet", "ma", "management",
    "meth", "mge", "mgmt", "mgmteth", "mti", "nu", "null", "nve", "oob", "po", "port-channel", "pw", "reg",
    "register-tunnel", "tn", "trk", "tu", "tun", "tunnel", "vbdif", "ve", "virtual-ethernet", "virtual-template", "vl", "vlan", "vlan-interface", "vlanif",
    "vme", "vsi-interface", "vxlan", "wlan", "wlan-bss", "wlan-radio",
];

/// Letters of a row that are shown where it cannot be read.
const SHOWN: usize = 80;

/// The ports of a switch.
pub type PortStates = BTreeMap<InterfaceName, LinkState>;

/// What a table tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortTable {
    /// The ports with a row.
    pub ports: PortStates,
    /// Why one may be there that has none.
    pub unread: Option<Untold>,
}

/// Why the answer to a command does not tell which ports there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// Another command's, or cut off before its first row.
    #[error("the answer to {command:?} cannot be read: {reason}")]
    NoTable {
        /// The command.
        command: String,
        /// What is not there.
        reason: &'static str,
    },
    /// Ports may be there that have no row.
    #[error("a port without a transceiver may have no row in the answer to {command:?}")]
    LeftOut {
        /// The command.
        command: String,
    },
    /// A port's row, it seems, with a name that is none of the dialect's: another's may be so too.
    #[error("the answer to {command:?} has a row that the dialect knows no name for: {row:?}")]
    Stranger {
        /// The command.
        command: String,
        /// Its beginning, as it is shown.
        row: String,
    },
    /// A row that may be any port's, so that none can be said not to be there.
    #[error("the answer to {command:?} cannot be read: it is not clear which port has the row {row:?}")]
    Row {
        /// The command.
        command: String,
        /// Its beginning, as it is shown.
        row: String,
    },
}

/// The ports that have a row in this answer, whether or not they are configured; what has no
/// VLANs, such as a loopback interface, is left out.
///
/// # Errors
/// [`Untold`]: there is no such table in it, no port in that, or a row cannot be read.
pub fn port_states(dialect: &CliDialect, table: &StateTable, answer: &str) -> Result<PortTable, Untold> {
    let mut ports = PortStates::new();
    let mut stranger = None;
    let command = || table.command.clone();
    let untold = |reason| Untold::NoTable { command: command(), reason };
    match &table.form {
        StateForm::Lines(lines) => {
            // A port whose link is told in a line below, and the row of one without a name.
            let (mut open, mut nameless) = (None, None);
            for said in answer.lines().filter_map(|line| said(dialect, table, lines, line)) {
                match said {
                    Said::Port(name, Some(state)) => {
                        add(&mut ports, name, state);
                        (open, nameless) = (None, None);
                    }
                    Said::Port(name, None) => {
                        nameless = None;
                        if let Some(silent) = open.replace(name) {
                            add(&mut ports, silent, LinkState::Unknown);
                        }
                    }
                    Said::Link(state) => {
                        if let Some(name) = open.take() {
                            add(&mut ports, name, state);
                        } else if state != LinkState::Unknown {
                            stranger = stranger.or_else(|| nameless.take());
                        }
                    }
                    Said::Stranger(row, state) => {
                        if let Some(silent) = open.take() {
                            add(&mut ports, silent, LinkState::Unknown);
                        }
                        nameless = Some(row);
                        if table.words.is_empty() || state.is_some_and(|state| state != LinkState::Unknown) {
                            stranger = stranger.or_else(|| nameless.take());
                        }
                    }
                }
            }
            if let Some(silent) = open {
                add(&mut ports, silent, LinkState::Unknown);
            }
        }
        StateForm::Columns { .. } => {
            let mut heading = None;
            for line in answer.lines() {
                let line = Row::of(line);
                if let Some(own) = Heading::of(table, &line) {
                    heading = Some(own);
                } else if let Some(heading) = &heading {
                    match heading.port(dialect, &line) {
                        Named::Port(name) => add(&mut ports, name, heading.state(table, &line)),
                        Named::Doubtful => {
                            return Err(Untold::Row { command: command(), row: shown(&line.text(0..SHOWN)) });
                        }
                        Named::Stranger
                            if table.words.is_empty() || heading.state(table, &line) != LinkState::Unknown =>
                        {
                            stranger.get_or_insert_with(|| shown(&line.text(0..SHOWN)));
                        }
                        Named::Stranger | Named::Other => {}
                    }
                }
            }
            if heading.is_none() {
                return Err(untold("it has no heading with the titles that are known"));
            }
        }
    }
    if ports.is_empty() {
        return Err(untold("it shows no port"));
    }
    let left_out = table.leaves_out.then(|| Untold::LeftOut { command: command() });
    let unread = left_out.or_else(|| stranger.map(|row| Untold::Stranger { command: command(), row }));
    Ok(PortTable { ports, unread })
}

/// The beginning of a row.
fn shown(line: &str) -> String {
    line.trim().chars().take(SHOWN).collect()
}

/// One that is told of twice has the state that both tell.
fn add(ports: &mut PortStates, name: InterfaceName, state: LinkState) {
    match ports.entry(name) {
        Entry::Vacant(vacant) => drop(vacant.insert(state)),
        Entry::Occupied(mut own) if *own.get() != state => drop(own.insert(LinkState::Unknown)),
        Entry::Occupied(_) => {}
    }
}

/// What a line tells.
enum Said {
    /// A port, and of its link what the same line tells.
    Port(InterfaceName, Option<LinkState>),
    /// The row of what the dialect has no name for, and may be a port.
    Stranger(String, Option<LinkState>),
    /// The state of the link of the port before it.
    Link(LinkState),
}

/// What a line says, if it is one of those that tell.
fn said(dialect: &CliDialect, table: &StateTable, lines: &[Template], line: &str) -> Option<Said> {
    // A name alone may stand in a list below a port.
    let is_deep = line.starts_with("  ") || line.starts_with('\t');
    lines.iter().filter(|template| !is_deep || template.length() > 1).find_map(|template| {
        let filled = template.read(line)?;
        let state = filled.get(Hole::Status).map(|text| state_at(table, &text.to_lowercase()));
        match filled.get(Hole::Name) {
            Some(name) => {
                let name = name.trim_end_matches(',');
                match spelled(dialect, name) {
                    Some(name) => Some(Said::Port(name, state)),
                    None => is_strange(name).then(|| Said::Stranger(shown(line), state)),
                }
            }
            None => state.map(Said::Link),
        }
    })
}

fn spelled(dialect: &CliDialect, name: &str) -> Option<InterfaceName> {
    dialect.names.as_ref().map_or_else(|| Some(name.to_owned()), |names| names.shown(name))?.parse().ok()
}

/// Whether what the dialect has no name for may be a port's: it has a number, is no part of
/// a port, and of no kind that has no VLANs.
fn is_strange(name: &str) -> bool {
    let Some(number) = name.find(|letter: char| letter.is_ascii_digit()) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_part = name.rsplit_once('.').is_some_and(|(_, part)| is_number(part));
    let (kind, number) = name.split_at(number);
    let kind = kind.trim_end().trim_end_matches('-').to_ascii_lowercase();
    let is_word = kind.chars().all(|letter| letter.is_alphanumeric() || letter == '-');
    // At most one blank, before the number.
    is_word && !number.contains(char::is_whitespace) && !is_part && !NO_PORT.contains(&kind.as_str())
}

/// The state that a text in lower case begins with: of several words the longest, and only
/// where it ends there.
fn state_at(table: &StateTable, text: &str) -> LinkState {
    let begins = |word: &str| {
        let rest = text.strip_prefix(word)?;
        rest.chars().next().is_none_or(|next| next.is_whitespace() || next == ',').then_some(word.len())
    };
    let known = table.words.iter().filter_map(|(word, state)| Some((begins(word)?, *state)));
    known.max_by_key(|(length, _)| *length).map_or(LinkState::Unknown, |(_, state)| state)
}

/// A line by its columns, of which each letter takes one.
struct Row {
    letters: Vec<char>,
    /// Where each word begins and ends.
    words: Vec<(usize, usize)>,
}

impl Row {
    fn of(line: &str) -> Self {
        let letters: Vec<char> = line.chars().collect();
        let mut words = Vec::new();
        let mut begin = None;
        for (at, letter) in letters.iter().enumerate() {
            match (begin, letter.is_whitespace()) {
                (None, false) => begin = Some(at),
                (Some(first), true) => {
                    words.push((first, at));
                    begin = None;
                }
                _ => {}
            }
        }
        words.extend(begin.map(|first| (first, letters.len())));
        Self { letters, words }
    }

    fn width(&self) -> usize {
        self.letters.len()
    }

    fn text(&self, columns: std::ops::Range<usize>) -> String {
        let end = columns.end.min(self.width());
        self.letters.get(columns.start..end).unwrap_or_default().iter().collect()
    }

    /// Where a title of one or more words begins and ends.
    fn title(&self, title: &str) -> Option<(usize, usize)> {
        let length = title.chars().count();
        self.words.iter().map(|(begin, _)| (*begin, begin + length)).find(|(begin, end)| {
            self.text(*begin..*end).eq_ignore_ascii_case(title)
                && self.letters.get(*end).is_none_or(|next| next.is_whitespace())
        })
    }
}

/// Titles, and where they stand.
struct Heading {
    /// Where the column behind the names begins.
    behind_name: usize,
    link: (usize, usize),
    admin: Option<((usize, usize), String)>,
    /// Whether blanks were taken out, so that nothing stands below its title.
    is_squeezed: bool,
}

/// What a row is about.
enum Named {
    Port(InterfaceName),
    /// A port, perhaps, whose name is none of the dialect's.
    Stranger,
    Other,
    /// A port, perhaps, of which the name is cut or runs into what follows.
    Doubtful,
}

impl Heading {
    fn of(table: &StateTable, line: &Row) -> Option<Self> {
        let StateForm::Columns { name, link, admin } = &table.form else { return None };
        let (indent, _) = *line.words.first()?;
        let name_end = name.iter().filter_map(|title| line.title(title)).find(|(begin, _)| *begin == indent)?.1;
        let behind = |end: usize| line.words.iter().map(|(begin, _)| *begin).find(|begin| *begin >= end);
        let place = |title: &String| {
            let (begin, end) = line.title(title).filter(|(begin, _)| *begin > indent)?;
            Some((begin, behind(end).unwrap_or(usize::MAX)))
        };
        let gap = |pair: &[(usize, usize)]| matches!(pair, [(_, end), (begin, _)] if begin - end > 1);
        Some(Self {
            behind_name: behind(name_end)?,
            link: link.iter().find_map(place)?,
            admin: admin.as_ref().and_then(|(title, down)| Some((place(title)?, down.clone()))),
            is_squeezed: line.words.len() > 2 && !line.words.windows(2).any(gap),
        })
    }

    /// Whose row it is: that of the port which its first word names, or the first two where
    /// names have a blank. One that begins in a column behind goes on with the row above; a
    /// name is indented where the port is a member of an aggregate.
    fn port(&self, dialect: &CliDialect, line: &Row) -> Named {
        let mut words = line.words.iter();
        let Some((begin, end)) = words.next().copied().filter(|(begin, _)| *begin < self.behind_name) else {
            return Named::Other;
        };
        let whole = line.text(begin..end);
        // How fast it is may follow in brackets.
        let first = whole.split_once('(').map_or(whole.as_str(), |(name, _)| name).to_owned();
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if first.rsplit_once('.').is_some_and(|(_, part)| is_number(part)) {
            // A part of a port.
            return Named::Other;
        }
        let has_number = |text: &str| text.contains(|letter: char| letter.is_ascii_digit());
        if !has_number(&first) {
            let second = words.next().filter(|(next, _)| *next == end + 1).map(|(next, end)| line.text(*next..*end));
            let both = second.filter(|second| second.starts_with(|letter: char| letter.is_ascii_digit()));
            let Some(names) = both.map(|second| [format!("{first} {second}"), format!("{first}{second}")]) else {
                return Named::Other;
            };
            let is_strange = names.iter().all(|name| is_strange(name));
            let other = if is_strange { Named::Stranger } else { Named::Other };
            return names.iter().find_map(|name| spelled(dialect, name)).map_or(other, Named::Port);
        }
        if let Some(name) = spelled(dialect, &first) {
            return Named::Port(name);
        }
        let is_cut = first.ends_with(['/', ':', '-']) && spelled(dialect, &format!("{first}1")).is_some();
        let runs_on = runs_on(dialect, &first);
        match (is_cut || runs_on, is_strange(&first)) {
            (true, _) => Named::Doubtful,
            (false, true) => Named::Stranger,
            (false, false) => Named::Other,
        }
    }

    fn state(&self, table: &StateTable, line: &Row) -> LinkState {
        if self.is_squeezed {
            return only(table, line);
        }
        let at = |place| cell(line, place).map(|begin| line.text(begin..line.width()).to_lowercase());
        if let Some((place, down)) = &self.admin
            && at(*place).is_some_and(|text| text.split_whitespace().next() == Some(down))
        {
            return LinkState::AdminDown;
        }
        at(self.link).map_or(LinkState::Unknown, |text| state_at(table, &text))
    }
}

/// Whether a word is a name and what stands in the column behind it.
fn runs_on(dialect: &CliDialect, word: &str) -> bool {
    // A name ends with a digit.
    let pairs = word.char_indices().zip(word.char_indices().skip(1)).take(MAX_NAME);
    let ends = pairs.filter(|((_, last), (_, next))| last.is_ascii_digit() && next.is_alphabetic());
    ends.take(MAX_ENDS).any(|(_, (end, _))| spelled(dialect, word.split_at(end).0).is_some())
}

/// Where the cell of a column begins: with the word that stands below its title, or else the
/// first that begins in it.
fn cell(line: &Row, (begin, end): (usize, usize)) -> Option<usize> {
    let covering = line.words.iter().find(|(first, last)| (*first..*last).contains(&begin));
    match covering {
        Some((first, _)) => (first + SHIFT >= begin).then_some(*first),
        None => line.words.iter().map(|(first, _)| *first).find(|first| (begin..end).contains(first)),
    }
}

/// The one state that is named anywhere in a row: of two, one is part of a description.
fn only(table: &StateTable, line: &Row) -> LinkState {
    let behind_name = line.words.iter().skip(1);
    let states = behind_name.map(|(begin, _)| state_at(table, &line.text(*begin..line.width()).to_lowercase()));
    let mut known = states.filter(|state| *state != LinkState::Unknown);
    match (known.next(), known.next()) {
        (Some(state), None) => state,
        _ => LinkState::Unknown,
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
