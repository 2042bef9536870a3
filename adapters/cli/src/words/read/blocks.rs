//! Lines and the blocks that they are in.

use std::{collections::VecDeque, str::Lines as TextLines};

use mercury_adapter::{CliForm, CliWords, Filled, Hole};
use mercury_model::VlanSet;

use super::beside;
use crate::words::lists;

/// What a block is about.
pub(super) enum Block<'t> {
    /// An interface, by the name that Mercury knows it by.
    Interface(String),
    /// VLANs, and the name that the block's first line gives them.
    Vlans {
        /// Their numbers.
        ids: VlanSet,
        /// Their name.
        name: Option<&'t str>,
    },
    /// The members of an aggregate, beside its own.
    Members(beside::Head<'t>),
    /// Anything else.
    Other,
}

/// A line that says something.
pub(super) enum Blocked<'t> {
    /// It enters a block.
    Enter(Block<'t>),
    /// It stands in the block that was entered last.
    Line(&'t str),
    /// It stands in a block within that.
    Deeper(&'t str),
    /// Nothing: it leaves a block, or says that something else begins.
    Left,
}

/// The lines of a configuration that are in no block within another.
pub(super) struct Lines<'t> {
    words: &'t CliWords,
    lines: TextLines<'t>,
    /// The number of the present one, from 1, and what it says.
    at: (usize, &'t str),
    /// How far the lines of the present block are indented, once there was one.
    indent: Option<usize>,
    /// What the present line says besides, the next first to last.
    queue: VecDeque<Blocked<'t>>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(words: &'t CliWords, text: &'t str) -> Self {
        Self { words, lines: text.lines(), at: (0, ""), indent: None, queue: VecDeque::new() }
    }

    /// The number of the line that was looked at last, from 1, and what it says.
    pub(super) fn at(&self) -> (usize, &'t str) {
        self.at
    }

    /// The block that a line enters.
    pub(super) fn block<'l>(&self, line: &'l str) -> Option<Block<'l>>
    where
        't: 'l,
    {
        let words = self.words;
        if let Some(own) = beside::head(words, line) {
            return Some(Block::Members(own));
        }
        if let Some(vlan) = &words.vlan {
            let said = std::iter::once(&vlan.enter).chain(&vlan.also).filter_map(|form| form.read(line));
            for said in said {
                if let Some(ids) = said.get(Hole::VlanId).and_then(lists::vlans) {
                    return Some(Block::Vlans { ids, name: said.get(Hole::VlanName) });
                }
            }
        }
        if let Some((number, _)) = self.aggregate(line) {
            return Some(Block::Interface(format!("{}{number}", words.lag_prefix)));
        }
        let interface = std::iter::once(&words.interface.enter).chain(&words.interface.also);
        let named = |said: Filled<'l>| said.get(Hole::Name);
        interface
            .filter_map(|form| form.read(line))
            .find_map(named)
            .and_then(|name| Some(Block::Interface(named_by(words, name)?)))
    }
}

impl<'t> Lines<'t> {
    /// The number of the aggregate whose block a line enters, and what stands behind that where
    /// options may.
    fn aggregate<'l>(&self, line: &'l str) -> Option<(&'l str, &'l str)> {
        let own = self.words.aggregate.as_ref()?;
        let ends = line.match_indices(' ').map(|(at, _)| at).filter(|_| !own.options.is_empty()).chain([line.len()]);
        ends.filter_map(|at| line.split_at_checked(at)).find_map(|(head, rest)| {
            let forms = std::iter::once(&own.enter).chain(&own.also);
            let number = forms.filter_map(|form| form.read(head)).find_map(|said| said.get(Hole::Number))?;
            number.bytes().all(|byte| byte.is_ascii_digit()).then_some((number, rest.trim()))
        })
    }

    /// The options behind the line that enters an aggregate's block, each as a line of it; a
    /// word that begins none is left out.
    fn options(&self, line: &'t str) -> Vec<&'t str> {
        let forms = self.words.aggregate.iter().flat_map(|own| &own.options);
        let mut rest = self.aggregate(line).map_or("", |(_, rest)| rest);
        let mut options = Vec::new();
        while !rest.is_empty() {
            let mut ends = rest.match_indices(' ').map(|(at, _)| at).chain([rest.len()]);
            let next = rest.find(' ').unwrap_or(rest.len());
            let whole = ends.find(|at| rest.get(..*at).is_some_and(|text| forms.clone().any(|form| form.fits(text))));
            options.extend(whole.and_then(|at| rest.get(..at)));
            rest = rest.get(whole.unwrap_or(next)..).unwrap_or_default().trim_start();
        }
        options
    }

    /// Whether the next line that is no mark is an indented one.
    fn goes_on(&self) -> bool {
        let is_mark = |line: &str| self.words.comments.iter().any(|mark| mark == line);
        let next = self.lines.clone().find(|line| !line.trim().is_empty() && !is_mark(line.trim_end()));
        next.is_some_and(|line| line.starts_with(char::is_whitespace))
    }

    /// The blocks that a line begins with, and what it says in each.
    fn flat(&self, line: &'t str) -> Vec<(Block<'t>, &'t str)> {
        let words = self.words;
        let ends = line.match_indices(' ').map(|(at, _)| at).chain([line.len()]);
        // A name has a blank in it: `interface ethernet 1/1`.
        let ends: Vec<usize> = ends.take(LONGEST_NAME).collect();
        for (head, rest) in ends.iter().rev().filter_map(|at| line.split_at_checked(*at)) {
            match self.block(head) {
                // Of `interface ethernet`, the name is not whole.
                Some(Block::Interface(name)) if name.bytes().any(|byte| byte.is_ascii_digit()) => {
                    return vec![(Block::Interface(name), rest.trim())];
                }
                Some(Block::Vlans { ids, name }) => return vec![(Block::Vlans { ids, name }, rest.trim())],
                _ => {}
            }
            let ports =
                words.interface.enter.read(head).and_then(|said| super::members::ports(words, said.get(Hole::Name)?));
            if let Some(ports) = ports.filter(|ports| ports.len() > 1) {
                return ports.into_iter().map(|name| (Block::Interface(name), rest.trim())).collect();
            }
        }
        vec![(Block::Other, "")]
    }
}

/// Words of the line that enters a block where each line begins with that.
const LONGEST_NAME: usize = 3;

impl<'t> Iterator for Lines<'t> {
    type Item = Blocked<'t>;

    fn next(&mut self) -> Option<Blocked<'t>> {
        loop {
            if let Some(more) = self.queue.pop_front() {
                return Some(more);
            }
            let line = self.lines.next()?;
            self.at = (self.at.0 + 1, line);
            let line = line.trim_end();
            let text = line.trim_start();
            let indent = line.len() - text.len();
            let is_comment = self.words.comments.iter().any(|mark| text.starts_with(mark.as_str()));
            if text.is_empty() {
                continue;
            }
            let leaves = is_comment || self.words.leave.as_deref() == Some(text);
            let switched = self.words.members.as_ref().and_then(|own| own.switched.as_ref());
            if switched.and_then(|own| own.default.as_ref()).is_some_and(|form| form.fits(text)) {
                return Some(Blocked::Line(text));
            }
            match self.words.form {
                CliForm::Indented | CliForm::JsonTable
                    if indent == 0 && self.words.comments.iter().any(|mark| mark == text) =>
                {
                    if self.words.marks_inside && self.goes_on() {
                        continue;
                    }
                    return Some(Blocked::Left);
                }
                CliForm::Indented | CliForm::JsonTable if is_comment => {}
                CliForm::Indented | CliForm::JsonTable if indent == 0 => {
                    self.indent = None;
                    let options = self.options(text);
                    self.queue.extend(options.into_iter().map(Blocked::Line));
                    return Some(Blocked::Enter(self.block(text).unwrap_or(Block::Other)));
                }
                CliForm::Indented | CliForm::JsonTable => {
                    let is_deeper = *self.indent.get_or_insert(indent) < indent;
                    return Some(if is_deeper { Blocked::Deeper(text) } else { Blocked::Line(text) });
                }
                CliForm::Flat if is_comment => {}
                CliForm::Flat => {
                    for (block, rest) in self.flat(text) {
                        self.queue.push_back(Blocked::Enter(block));
                        self.queue.extend((!rest.is_empty()).then_some(Blocked::Line(rest)));
                    }
                }
                CliForm::Ended if leaves => return Some(Blocked::Left),
                CliForm::Ended => {
                    return Some(self.block(text).map_or(Blocked::Line(text), Blocked::Enter));
                }
            }
        }
    }
}

/// The name that Mercury knows an interface by: as the dialect spells it, where it has
/// rules for that. What has blanks in it and is none of the dialect's is no interface:
/// OS10's `interface breakout 1/1/1 map 100g-1x`.
pub(super) fn named_by(words: &CliWords, shown: &str) -> Option<String> {
    let shown = shown.trim_matches('"');
    let Some(names) = &words.names else { return Some(shown.to_owned()) };
    let squeezed: String = shown.split_whitespace().collect();
    // Releases differ in letters' case.
    let own = names.shown(shown).or_else(|| names.shown(&squeezed));
    own.or_else(|| (!shown.contains(' ')).then(|| shown.to_owned()))
}
