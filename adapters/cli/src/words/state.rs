//! Which ports a switch has, and whether their links are up, as its own tables tell.
//!
//! A port is there if it has a row. The state of its link is what stands below the title, and
//! unknown where that is none of the words that the dialect knows, or stands elsewhere.

use std::collections::{BTreeMap, btree_map::Entry};

use mercury_adapter::{CliDialect, Hole, LinkState, StateForm, StateTable, Template};
use mercury_model::InterfaceName;

/// Columns that a row may be shifted to the left, and is still below its title.
const SHIFT: usize = 2;

/// Letters of a word in which a port's name is looked for.
const MAX_NAME: usize = 40;

/// Letters of a row that are shown where it cannot be read.
const SHOWN: usize = 80;

/// The ports of a switch.
pub type PortStates = BTreeMap<InterfaceName, LinkState>;

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
    /// A row that may be any port's, so that none can be said not to be there.
    #[error("the answer to {command:?} cannot be read: it is not clear which port has the row {row:?}")]
    Row {
        /// The command.
        command: String,
        /// Its beginning, as it is shown.
        row: String,
    },
}

/// The ports that have a row in this answer, whether or not they are configured; those of
/// kinds that the dialect has no names for, which Mercury does not touch, are left out.
///
/// # Errors
/// [`Untold`]: there is no such table in it, no port in that, or a row cannot be read.
pub fn port_states(dialect: &CliDialect, table: &StateTable, answer: &str) -> Result<PortStates, Untold> {
    let mut ports = PortStates::new();
    let untold = |reason| Untold::NoTable { command: table.command.clone(), reason };
    match &table.form {
        StateForm::Lines(lines) => {
            let mut open = None;
            for said in answer.lines().filter_map(|line| said(dialect, table, lines, line)) {
                match said {
                    Said::Port(name, Some(state)) => {
                        add(&mut ports, name, state);
                        open = None;
                    }
                    Said::Port(name, None) => {
                        if let Some(silent) = open.replace(name) {
                            add(&mut ports, silent, LinkState::Unknown);
                        }
                    }
                    Said::Link(state) => {
                        if let Some(name) = open.take() {
                            add(&mut ports, name, state);
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
                            let row = line.text(0..SHOWN).trim().to_owned();
                            return Err(Untold::Row { command: table.command.clone(), row });
                        }
                        Named::Other => {}
                    }
                }
            }
            if heading.is_none() {
                return Err(untold("it has no heading with the titles that are known"));
            }
        }
    }
    if ports.is_empty() { Err(untold("it shows no port")) } else { Ok(ports) }
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
            Some(name) => Some(Said::Port(spelled(dialect, name.trim_end_matches(','))?, state)),
            None => state.map(Said::Link),
        }
    })
}

fn spelled(dialect: &CliDialect, name: &str) -> Option<InterfaceName> {
    dialect.names.as_ref().map_or_else(|| Ok(name.to_owned()), |names| names.spelled(name)).ok()?.parse().ok()
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
        if first.contains('.') {
            // A part of a port.
            return Named::Other;
        }
        let has_number = |text: &str| text.contains(|letter: char| letter.is_ascii_digit());
        if !has_number(&first) {
            let second = words.next().filter(|(next, _)| *next == end + 1).map(|(next, end)| line.text(*next..*end));
            let both = second.filter(|second| second.starts_with(|letter: char| letter.is_ascii_digit()));
            let name = both.and_then(|second| {
                [format!("{first} {second}"), format!("{first}{second}")].iter().find_map(|name| spelled(dialect, name))
            });
            return name.map_or(Named::Other, Named::Port);
        }
        if let Some(name) = spelled(dialect, &first) {
            return Named::Port(name);
        }
        let is_cut = first.ends_with(['/', ':', '-']) && spelled(dialect, &format!("{first}1")).is_some();
        let runs_on = runs_on(dialect, &first);
        if is_cut || runs_on { Named::Doubtful } else { Named::Other }
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
    let mut letters = word.char_indices().take(MAX_NAME).filter(|(end, letter)| *end > 0 && letter.is_alphabetic());
    letters.any(|(end, _)| spelled(dialect, word.split_at(end).0).is_some())
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
mod tests {
    use mercury_adapter::builtin;

    use super::*;

    /// What the first command of a dialect's that begins so tells, in short.
    fn told(name: &str, command: &str, answer: &str) -> Result<String, Untold> {
        let dialect = builtin().unwrap().into_iter().find(|one| one.name == name).unwrap();
        let cli = dialect.cli.as_ref().unwrap();
        let table = cli.states.iter().find(|table| table.command == command).unwrap();
        let ports = port_states(cli, table, answer)?;
        Ok(ports.iter().map(|(name, state)| format!("{name} {state:?}")).collect::<Vec<_>>().join(", "))
    }

    fn ios(answer: &str) -> Result<String, Untold> {
        told("cisco_ios", "show interfaces status", answer)
    }

    const HEADING: &str = "Port      Name               Status       Vlan       Duplex  Speed Type\n";

    #[test]
    fn a_description_says_nothing_of_the_link() {
        let rows = "Gi1/0/1   is not connected   notconnect   10         auto    auto 10/100\n\
                    Gi1/0/2   connected          monitoring   1          full   1000 10/100\n\
                    Gi1/0/3                      connected    trunk      full   1000 10/100\n\
                    Vlan10    notconnect         connected    routed     full   1000\n\
                    Gi1/0/4   disabled\n";
        let expected = "GigabitEthernet1/0/1 Down, GigabitEthernet1/0/2 Unknown, GigabitEthernet1/0/3 Up, \
                        GigabitEthernet1/0/4 Unknown";
        assert_eq!(ios(&format!("\n{HEADING}{rows}sw1#")).unwrap(), expected);
    }

    #[test]
    fn columns_that_run_together_or_a_name_that_is_cut_are_not_guessed_at() {
        for row in ["Gi1/0/100connected to", "Gi1/0/"] {
            let error = ios(&format!("{HEADING}Gi1/0/1   x\n{row}\n")).unwrap_err();
            assert_eq!(error, Untold::Row { command: "show interfaces status".to_owned(), row: row.to_owned() });
        }
        // Its name is whole, and its state is not.
        let rows = "Gi1/0/1   a description of otconnected    1\nGi1/0/2                      connected1\n";
        let unknown = "GigabitEthernet1/0/1 Unknown, GigabitEthernet1/0/2 Unknown";
        assert_eq!(ios(&format!("{HEADING}{rows}")).unwrap(), unknown);
    }

    #[test]
    fn what_has_no_heading_or_no_port_tells_nothing() {
        let rows = "Gi1/0/1   x                  connected    1\n";
        for text in ["", "% Invalid input detected at '^' marker.\n", rows, HEADING, &format!("{HEADING}Vlan1 a up\n")]
        {
            assert!(matches!(ios(text), Err(Untold::NoTable { .. })), "{text:?}");
        }
        let odd = "Port      Name               Condition    Vlan\n";
        assert!(matches!(ios(&format!("{odd}{rows}")), Err(Untold::NoTable { .. })));
    }

    #[test]
    fn what_is_told_twice_and_differs_is_unknown_and_what_begins_in_another_column_is_no_row() {
        let rows = "Gi1/0/1                      connected    1\nGi1/0/1                      notconnect   1\n\
                    \x20         Gi1/0/2            connected    1\n  Gi1/0/3(10G)               connected    1\n";
        assert_eq!(ios(&format!("{HEADING}{rows}")).unwrap(), "GigabitEthernet1/0/1 Unknown, GigabitEthernet1/0/3 Up");
    }

    #[test]
    fn a_port_that_was_shut_down_is_told_by_a_column_of_its_own() {
        let answer = "Interface               Admin Link Proto    Local                 Remote\n\
                      ge-0/0/0                up    down\nge-0/0/0.0              up    up   inet     192.0.2.1/24\n\
                      ge-0/0/1                down  down\nae0                     up    up\n";
        let expected = "ae0 Up, ge-0/0/0 Down, ge-0/0/1 AdminDown";
        assert_eq!(told("juniper_junos", "show interfaces terse", answer).unwrap(), expected);
    }

    #[test]
    fn a_line_for_each_port_is_read_and_what_stands_between_is_not() {
        let answer = "Interface 1/1/1 is up \n Admin state is up\n\nInterface 1/1/2 is down (Administratively down) \n\
                      Interface vlan1 is up\nInterface lag1 is resting\n";
        let expected = "1/1/1 Up, 1/1/2 AdminDown, lag1 Unknown";
        assert_eq!(told("aruba_aoscx", "show interface", answer).unwrap(), expected);
    }

    #[test]
    fn the_state_of_a_link_may_stand_in_a_line_below_its_port() {
        let answer = "GigabitEthernet1/0/1\nCurrent state: UP\nDescription: Current state: DOWN\n\n\
                      Vlan-interface1\nCurrent state: DOWN\n\nGigabitEthernet1/0/2\nBandwidth: 1000000 kbps\n\n\
                      GigabitEthernet1/0/3\nCurrent state: Administratively DOWN\n  GigabitEthernet1/0/4\n";
        let expected = "GigabitEthernet1/0/1 Up, GigabitEthernet1/0/2 Unknown, GigabitEthernet1/0/3 AdminDown";
        assert_eq!(told("hpe_comware", "display interface", answer).unwrap(), expected);
    }
}
