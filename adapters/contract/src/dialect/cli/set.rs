//! A configuration whose every line says the whole way to what it sets or deletes. The
//! nodes of the dialect's tree are the words of the lines, but for the few that lines
//! leave out or have another word for.

use std::collections::BTreeMap;

use super::Shown;
use crate::{Names, NodePath, TextLimits};

/// How one system's lines say the nodes of its tree.
#[derive(Clone, Debug)]
pub struct SetWords {
    /// The commands that show the configuration, in the order in which they are asked.
    pub shows: Vec<Shown>,
    /// The words before what is set.
    pub set: String,
    /// The words before what is deleted, with all below it.
    pub delete: String,
    /// The words before what is there and has no effect; `None` where nothing is.
    pub deactivate: Option<String>,
    /// What a line that is no configuration begins with.
    pub comments: Vec<String>,
    /// The node that all others are below, and no line says.
    pub top: String,
    /// Nodes whose names lines leave out, each below the one before it.
    pub unsaid: Vec<[String; 2]>,
    /// The names of nodes, and the words for them, where those differ.
    pub said: BTreeMap<String, String>,
    /// All that lines are known by.
    pub known: Known,
    /// What texts may be.
    pub text: TextLimits,
}

/// What may follow in a line behind the words so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The node's name; empty at the top.
    pub name: String,
    /// What its key is called, where it is a list's entry and the key follows.
    pub key: Option<String>,
    /// By the word, what follows.
    pub below: BTreeMap<String, Self>,
    /// What follows that no word says: a key, or the one value.
    pub unsaid: Option<Box<Self>>,
    /// Whether everything follows that follows at the top.
    pub is_whole: bool,
}

impl Known {
    /// Whether nothing but a value follows.
    #[must_use]
    pub fn is_leaf(&self) -> bool {
        self.key.is_none() && self.below.is_empty() && self.unsaid.is_none() && !self.is_whole
    }
}

impl SetWords {
    /// The words of a line that say a node; `None` where a name is missing.
    #[must_use]
    pub fn words(&self, path: &NodePath, names: &Names) -> Option<Vec<String>> {
        let (mut words, mut above) = (Vec::new(), "");
        for step in &path.steps {
            if !(above.is_empty() && step.name == self.top || self.is_unsaid(above, &step.name)) {
                words.push(self.word(&step.name).to_owned());
            }
            for (_, key) in &step.keys {
                words.push(names.resolve(key)?.into_owned());
            }
            above = &step.name;
        }
        Some(words)
    }

    fn is_unsaid(&self, above: &str, name: &str) -> bool {
        self.unsaid.iter().any(|[own, unsaid]| own == above && unsaid == name)
    }

    fn word<'a>(&'a self, name: &'a str) -> &'a str {
        self.said.get(name).map_or(name, String::as_str)
    }

    /// Makes a path known, below one that is.
    pub(crate) fn know(&mut self, path: &NodePath, is_whole: bool) {
        let mut known = std::mem::take(&mut self.known);
        let (mut at, mut above) = (&mut known, "");
        for step in path.steps.iter().skip_while(|step| step.name == self.top) {
            at = if self.is_unsaid(above, &step.name) {
                at.unsaid.get_or_insert_default()
            } else {
                at.below.entry(self.word(&step.name).to_owned()).or_default()
            };
            step.name.clone_into(&mut at.name);
            if let Some((key, _)) = step.keys.first() {
                at.key = Some(key.clone());
            }
            above = &step.name;
        }
        at.is_whole |= is_whole;
        self.known = known;
    }
}
