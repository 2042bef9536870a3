//! Blocks of an aggregate's members, beside those of its settings.

use std::collections::BTreeMap;

use mercury_adapter::{CliWords, DataTree, Hole, NoRoom, Said, Share, Template};
use mercury_model::{InterfaceName, Scope};

use super::{
    blocks::{Block, Blocked, Lines, named_by},
    lines::{ENTRY, MEMBER},
    members,
    port::Port,
};
use crate::words::Asked;

/// What the line that enters one says.
pub(super) struct Head<'t> {
    /// The aggregate's number.
    pub(super) number: String,
    /// Its type, where its name is one that Mercury gives.
    pub(super) lag_type: Option<&'t str>,
}

/// What a line says that enters one; `None` of any other line.
pub(super) fn head<'t>(words: &'t CliWords, line: &str) -> Option<Head<'t>> {
    let own = words.lag_block()?;
    let begin = own.shown.bare();
    line.strip_prefix(begin.as_str()).filter(|rest| rest.starts_with(' '))?;
    // A name may be several words.
    let (at, all) = (begin.split_whitespace().count(), line.split_whitespace().collect::<Vec<_>>());
    let more = all.len().checked_sub(own.shown.length())?;
    let (name, tail) = all.get(at..)?.split_at_checked(more + 1)?;
    let of = |name: &str| format!("{begin} {name} {}", tail.join(" "));
    let one = of("name");
    let number =
        own.shown.read(&one)?.get(Hole::Number).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    let own = of(name.join(" ").trim_matches('"'));
    let is_own = |form: &Template| form.fill(|hole| (hole == Hole::Number).then(|| number.to_owned())) == own;
    let Some(Said::Lines { lines, .. }) = words.port.get("lag-type").map(|line| &line.said) else { return None };
    let lag_type = lines.iter().find(|(_, form)| is_own(form)).map(|(word, _)| word.as_str());
    Some(Head { number: number.to_owned(), lag_type })
}

/// What a line in one says.
enum In<'t> {
    /// These are members.
    Members(Vec<String>),
    /// A member is described so.
    Described(String, &'t str),
    /// These members are disabled.
    Disabled(Vec<String>),
    /// Some are enabled, as each is of which nothing is said.
    Enabled,
    /// The block is of a release that has it otherwise.
    Older,
}

/// `None` where it is about something else.
///
/// # Errors
/// It names ports in a way that is not known.
fn said<'t>(words: &CliWords, line: &'t str) -> Option<Result<In<'t>, ()>> {
    let (own, listed) = (words.lag_block()?, &words.lag_members.as_ref()?.listed);
    let ports = |form: &Template| Some(members::ports(words, form.read(line)?.get(Hole::Name)?).ok_or(()));
    if own.older.iter().any(|form| form.fits(line)) {
        return Some(Ok(In::Older));
    }
    if let Some(listed) = ports(listed) {
        return Some(listed.map(In::Members));
    }
    if let Some(disabled) = ports(&own.disable) {
        return Some(disabled.map(In::Disabled));
    }
    if own.enable.fits(line) {
        return Some(Ok(In::Enabled));
    }
    // The text may be several words, and the name is the last two.
    let begin = own.description.bare();
    let rest = line.strip_prefix(begin.as_str())?.strip_prefix(' ')?.trim();
    let (before, number) = rest.rsplit_once(' ')?;
    let (text, kind) = before.trim_end().rsplit_once(' ')?;
    let name = named_by(words, &format!("{kind} {number}"));
    Some(name.map(|name| In::Described(name, text.trim())).ok_or(()))
}

/// Whether a line in one is understood.
pub(super) fn is_understood(words: &CliWords, line: &str) -> bool {
    said(words, line).is_some()
}

/// What one says, until it ends.
pub(super) struct Beside<'t> {
    head: Head<'t>,
    members: Vec<String>,
    described: Vec<(String, &'t str)>,
    disabled: Vec<String>,
    is_older: bool,
}

/// The ports that are read, and how many octets they take.
pub(super) type Ports<'t> = BTreeMap<String, Port<'t>>;

impl<'t> Beside<'t> {
    pub(super) const fn of(head: Head<'t>) -> Self {
        Self { head, members: Vec::new(), described: Vec::new(), disabled: Vec::new(), is_older: false }
    }

    /// Goes on by one line.
    ///
    /// # Errors
    /// It names ports in a way that is not known, or has no room.
    pub(super) fn line(
        &mut self,
        words: &CliWords,
        line: &'t str,
        is_asked: impl Fn(&str) -> bool,
        tree: &mut DataTree<'_, '_>,
    ) -> Result<Result<(), ()>, NoRoom> {
        let Some(said) = said(words, line) else { return Ok(Ok(())) };
        let Ok(said) = said else { return Ok(Err(())) };
        let asked = |ports: Vec<String>| ports.into_iter().filter(|port| is_asked(port)).collect::<Vec<_>>();
        let before = self.octets();
        match said {
            In::Members(ports) => self.members.extend(asked(ports)),
            In::Disabled(ports) => self.disabled.extend(asked(ports)),
            In::Described(port, text) if is_asked(&port) => self.described.push((port, text)),
            In::Described(..) | In::Enabled => {}
            In::Older => self.is_older = true,
        }
        tree.beside(self.octets() - before)?;
        Ok(Ok(()))
    }

    fn octets(&self) -> usize {
        (self.members.len() + self.described.len() + self.disabled.len()) * (MEMBER + ENTRY)
    }

    /// Says it of the ports.
    pub(super) fn end(self, words: &CliWords, is_asked: impl Fn(&str) -> bool, ports: &mut Ports<'t>) {
        if self.is_older {
            return;
        }
        let Head { number, lag_type } = self.head;
        let lag = format!("{}{number}", words.lag_prefix);
        if is_asked(&lag) {
            let own = ports.entry(lag).or_default();
            lag_type.into_iter().for_each(|word| own.set("lag-type", word));
        }
        for port in self.members {
            ports.entry(port).or_default().joins(&number, None);
        }
        for (port, text) in self.described {
            ports.entry(port).or_default().set("description", text);
        }
        for port in self.disabled {
            ports.entry(port).or_default().set("enabled", "false");
        }
    }
}

/// Octets of what one holds besides, at least, after which no more of it is told.
const TOLD: usize = 128;

/// What is said of the ports and aggregates that are asked for and is not read: what becomes of
/// it when a port joins or leaves an aggregate, or an aggregate goes, is not known. Where spanning tree is not
/// looked at, that are its lines too.
///
/// # Errors
/// It has no room.
pub(super) fn besides(
    words: &CliWords,
    scope: &Scope,
    answers: &[String],
    share: &mut Share,
) -> Result<BTreeMap<InterfaceName, String>, NoRoom> {
    let mut all: BTreeMap<InterfaceName, String> = BTreeMap::new();
    if words.lag_block().is_none() {
        return Ok(all);
    }
    let asked = Asked::of(&scope.interfaces);
    for answer in answers {
        let (mut block, mut port) = (Block::Other, Port::default());
        for line in Lines::of(words, answer) {
            let line = match line {
                Blocked::Enter(entered) => {
                    (block, port) = (entered, Port::default());
                    continue;
                }
                Blocked::Left => {
                    block = Block::Other;
                    continue;
                }
                Blocked::Line(line) | Blocked::Deeper(line) => line,
            };
            let concerned = match &block {
                Block::Interface(name) if !is_read(words, scope, &mut port, line) => vec![name.clone()],
                Block::Members(head) if !is_understood(words, line) => {
                    let lag = format!("{}{}", words.lag_prefix, head.number);
                    std::iter::once(lag).chain(named_in(words, line)).collect()
                }
                _ => Vec::new(),
            };
            for name in concerned.into_iter().filter(|name| asked.has(name)).filter_map(|name| name.parse().ok()) {
                tell(all.entry(name).or_default(), line, share)?;
            }
        }
    }
    Ok(all)
}

/// Adds a line, which may be shown twice, unless enough is told.
fn tell(told: &mut String, line: &str, share: &mut Share) -> Result<(), NoRoom> {
    if told.len() > TOLD || told.split(", ").any(|own| own == line) {
        return Ok(());
    }
    share.grow(if told.is_empty() { ENTRY } else { 0 } + line.len())?;
    told.push_str(if told.is_empty() { "" } else { ", " });
    told.push_str(line);
    Ok(())
}

/// Whether a line below an interface is in what is read of it.
fn is_read<'t>(words: &'t CliWords, scope: &Scope, port: &mut Port<'t>, line: &'t str) -> bool {
    let any = |forms: &[Template]| forms.iter().any(|form| form.fits(line));
    let is_guard = |node: &&str| {
        let form = words.port.get(*node);
        form.is_some_and(|form| super::port::value(form, line).is_some())
    };
    if !scope.stp && ["edge-port", "bpdu-guard"].iter().any(is_guard) {
        return false;
    }
    any(&words.nothing) || (port.line(words, line) && !any(&words.foreign) && !any(&words.routed))
}

/// The ports that a line names, in whichever of its words.
fn named_in(words: &CliWords, line: &str) -> Vec<String> {
    let mut rest = line;
    loop {
        if let Some(ports) = members::ports(words, rest) {
            return ports;
        }
        let Some((_, more)) = rest.split_once(' ') else { return Vec::new() };
        rest = more.trim_start();
    }
}
