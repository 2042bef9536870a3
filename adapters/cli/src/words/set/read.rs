//! Such lines as the system's own data tree. Each is looked at once. What no node of the
//! dialect's tree is in is not kept; what stands beside those that are is, by its words.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    ptr,
};

use mercury_adapter::{Clashes, DataNode, DataTree, Known, Left, NoRoom, NodePath, SetWords, Unread};

use super::{
    braces::Lines,
    line::{is_unclosed, words as words_of},
};
use crate::words::Asked;

/// Octets that a node with others below takes beside the tree while lines are read.
const ENTRY: usize = 96;

/// By the node above it, its name and its key, each node with others below.
type Entries<'a> = HashMap<(*const DataNode<'a>, &'a str, &'a str), &'a DataNode<'a>>;

/// The interfaces that are asked for, and the way to their list's entries.
#[derive(Clone, Copy)]
pub(in crate::words) struct AskedAt<'s> {
    pub(in crate::words) list: &'s NodePath,
    pub(in crate::words) names: Asked<'s>,
}

/// The data of configurations less the interfaces that are not asked for, and whether there
/// are any of those.
///
/// # Errors
/// There is no room for it.
pub(in crate::words) fn tree<'a>(
    words: &SetWords,
    asked: AskedAt<'_>,
    texts: &[&'a str],
    tree: &mut DataTree<'a, '_>,
) -> Result<(&'a DataNode<'a>, bool), NoRoom> {
    let root = tree.node("data")?;
    let top = if words.top.is_empty() { root } else { tree.node(&words.top)? };
    if !ptr::eq(root, top) {
        root.push(top);
    }
    let (entries, inactive) = (HashMap::new(), HashSet::new());
    let mut reading = Reading { words, asked, has_others: false, tree, entries, inactive };
    for text in texts {
        let lines = || text.lines().map(str::trim).filter(|line| !words.is_comment(line));
        // What has no effect is known before it is seen.
        if let Some(verb) = &words.deactivate {
            for way in lines().filter_map(|line| behind(line, verb)) {
                reading.tree.beside(ENTRY + way.len())?;
                reading.inactive.insert(words_of(way).join(" "));
            }
        }
        for way in lines().filter_map(|line| behind(line, &words.set)) {
            reading.line(top, way)?;
        }
    }
    Ok((root, reading.has_others))
}

/// The lines that no node of the dialect's tree is in, not even the beginning; and to what
/// clashes those that end too early.
pub(in crate::words) fn unread(words: &SetWords, lines: &Lines<'_>, clashes: &mut Clashes) -> Unread {
    let (mut unread, source) = (Unread::default(), lines.source());
    for whole in lines.text.lines() {
        let line = whole.trim();
        let octet = whole.as_ptr().addr() - lines.text.as_ptr().addr() + whole.len() - whole.trim_start().len();
        let left = |what: String| {
            let (line, column) = source.place(octet);
            Left { what, line: Some(line), column: Some(column) }
        };
        if words.is_comment(line) {
            continue;
        }
        if is_unclosed(line) {
            clashes.values.add(|| left(format!("{line} has a mark of quotation that is not closed")));
        }
        let takes_away = || std::iter::once(&words.delete).chain(&words.deactivate);
        let way = behind(line, &words.set);
        if way.is_some_and(|way| lines.are_own() && is_cut(&words.known, way)) {
            clashes.values.add(|| left(format!("{line} ends before it says anything")));
        }
        let is_read =
            takes_away().any(|verb| behind(line, verb).is_some()) || way.is_some_and(|way| is_kept(&words.known, way));
        if !is_read {
            unread.add(|| left(line.to_owned()));
        }
    }
    unread
}

/// Whether a way ends where a key or a value is to follow.
fn is_cut(known: &Known, way: &str) -> bool {
    let words = words_of(way);
    let (mut words, mut at) = (words.iter(), known);
    while let Some(word) = words.next() {
        let own = match (at.below.get(&**word), &at.unsaid) {
            (Some(own), _) if own.key.is_some() && words.next().is_none() => return true,
            (Some(own), _) => own,
            // The word is a key, or the value.
            (None, Some(own)) => own,
            (None, None) => return false,
        };
        if own.is_leaf() {
            return false;
        }
        at = if own.is_whole { known } else { own };
    }
    at.unsaid.is_some()
}

/// Whether a node of the tree begins a way; what goes on differently below an entry is
/// kept by its words.
fn is_kept(known: &Known, way: &str) -> bool {
    let words = words_of(way);
    let mut words = words.iter();
    let mut at = known;
    loop {
        let Some(word) = words.next() else { return !std::ptr::eq(at, known) };
        let next = at.below.get(&**word).or_else(|| at.unsaid.as_deref().filter(|own| own.key.is_some()));
        match next {
            None => return false,
            // What is below an entry, or a group, is kept whatever it is.
            Some(own) if own.key.is_some() || own.is_leaf() || own.is_whole => return true,
            Some(own) => at = own,
        }
    }
}

/// What stands behind a verb; everything, where nothing does.
pub(super) fn behind<'t>(line: &'t str, verb: &str) -> Option<&'t str> {
    line.strip_prefix(verb).filter(|rest| rest.is_empty() || rest.starts_with(' '))
}

struct Reading<'w, 'a, 't, 's> {
    words: &'w SetWords,
    asked: AskedAt<'w>,
    has_others: bool,
    tree: &'t mut DataTree<'a, 's>,
    entries: Entries<'a>,
    /// The ways to what has no effect.
    inactive: HashSet<String>,
}

impl<'a> Reading<'_, 'a, '_, '_> {
    fn line(&mut self, top: &'a DataNode<'a>, line: &'a str) -> Result<(), NoRoom> {
        let words = words_of(line);
        let (mut at, mut node, mut said, mut in_entry) = (Some(&self.words.known), top, 0, false);
        // How far it leads to an interface.
        let list = self.asked.list.steps.get(usize::from(!self.words.top.is_empty())..).unwrap_or_default();
        let mut on_way = Some(0);
        loop {
            let Some(word) = words.get(said) else { return Ok(()) };
            let rest = words.get(said + 1..).unwrap_or_default();
            let next = at.and_then(|at| at.below.get(&**word));
            let unsaid = at.and_then(|at| at.unsaid.as_deref()).filter(|own| own.key.is_some() || rest.is_empty());
            let (own, value, taken) = match (next, unsaid) {
                (Some(own), _) if own.key.is_some() => (own, rest.first(), said + 2),
                (Some(own), _) => (own, None, said + 1),
                (None, Some(own)) => (own, Some(word), said + 1),
                (None, None) if !in_entry => return Ok(()),
                (None, None) => match rest {
                    [] => return self.container(node, word, None, &words, said + 1).map(drop),
                    [value] => return self.leaf(node, word, value, &words),
                    _ => {
                        node = self.container(node, word, None, &words, said + 1)?;
                        (at, said) = (None, said + 1);
                        continue;
                    }
                },
            };
            if own.is_leaf() {
                let value = match (next, rest) {
                    (None, _) => word.clone(),
                    (Some(_), [one]) => one.clone(),
                    (Some(_), several) => several.join(" ").into(),
                };
                // With a blank inside: a text may stand in brackets too.
                let list = value.strip_prefix("[ ").and_then(|list| list.strip_suffix(" ]"));
                // In quotation marks it is a text.
                return match list.filter(|_| next.is_some() && !line.contains('"')) {
                    Some(list) => list.split_whitespace().try_for_each(|one| self.leaf(node, &own.name, one, &words)),
                    None => self.leaf(node, &own.name, &value, &words),
                };
            }
            let key = own.key.as_deref().zip(value).map(|(key, value)| (key, &**value));
            on_way = on_way.filter(|at| list.get(*at).is_some_and(|step| step.name == own.name)).map(|at| at + 1);
            if on_way == Some(list.len()) && key.is_some_and(|(_, name)| !self.asked.names.has(name)) {
                self.has_others = true;
                return Ok(());
            }
            in_entry |= key.is_some();
            node = self.container(node, &own.name, key, &words, taken)?;
            // Below a group is what is at the top.
            if own.is_whole {
                in_entry = false;
            }
            (at, said) = (Some(if own.is_whole { &self.words.known } else { own }), taken);
        }
    }

    /// A node with others below, which may be there. `said` words lead to it.
    fn container(
        &mut self,
        above: &'a DataNode<'a>,
        name: &str,
        key: Option<(&str, &str)>,
        words: &[Cow<'a, str>],
        said: usize,
    ) -> Result<&'a DataNode<'a>, NoRoom> {
        let name = self.tree.known(name)?;
        let value = key.map_or("", |(_, value)| value);
        // The key lives as long as the lookup; where it is new, the tree has a copy.
        if let Some(node) = self.entries.get(&(ptr::from_ref(above), name, value)) {
            return Ok(node);
        }
        self.tree.beside(ENTRY)?;
        let node = self.tree.node(name)?;
        if self.is_inactive(words.get(..said).unwrap_or(words)) {
            self.tree.attribute(node, "inactive", "inactive")?;
        }
        let mut copy = "";
        if let Some((key, value)) = key {
            copy = self.tree.text(value)?;
            node.push(self.tree.leaf(key, copy)?);
        }
        above.push(node);
        self.entries.insert((ptr::from_ref(above), name, copy), node);
        Ok(node)
    }

    fn leaf(&mut self, above: &'a DataNode<'a>, name: &str, value: &str, words: &[Cow<'a, str>]) -> Result<(), NoRoom> {
        let name = self.tree.known(name)?;
        let is_gone = |words: &[Cow<'a, str>]| self.is_inactive(words);
        let is_inactive = is_gone(words) || words.split_last().is_some_and(|(_, way)| is_gone(way));
        if !is_inactive {
            above.push(self.tree.copied_leaf(name, value)?);
            return Ok(());
        }
        let node = self.tree.node(name)?;
        self.tree.attribute(node, "inactive", "inactive")?;
        let value = self.tree.text(value)?;
        self.tree.set_value(node, value)?;
        above.push(node);
        Ok(())
    }

    fn is_inactive(&self, way: &[Cow<'a, str>]) -> bool {
        !self.inactive.is_empty() && self.inactive.contains(&way.join(" "))
    }
}

trait Comments {
    fn is_comment(&self, line: &str) -> bool;
}

impl Comments for SetWords {
    fn is_comment(&self, line: &str) -> bool {
        line.is_empty() || self.comments.iter().any(|mark| line.starts_with(mark.as_str()))
    }
}
