//! `[cli.set]` of a dialect file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Reader,
    cli::{Base, RawShow, bang},
};
use crate::{
    NodePath, Tree,
    dialect::{
        cli::{Known, SetWords},
        nodes::{below_interface, beside},
    },
    mac_vrf,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawSet {
    show: Vec<RawShow>,
    set: String,
    delete: String,
    deactivate: Option<String>,
    #[serde(default = "bang")]
    comments: Vec<String>,
    #[serde(default)]
    top: String,
    /// Nodes whose names no line has, as `interfaces/interface`.
    #[serde(default)]
    unsaid: Vec<String>,
    /// Words that are not their nodes' names.
    #[serde(default)]
    said: BTreeMap<String, String>,
    /// Paths that are read and never written.
    #[serde(default)]
    also: Vec<String>,
    /// Entries that have all that an interface has.
    #[serde(default)]
    like_interface: Vec<String>,
    /// Entries that have all that there is.
    #[serde(default)]
    like_all: Vec<String>,
}

impl Reader<'_> {
    pub(super) fn set_words(&mut self, base: &Base<'_>, raw: RawSet, tree: &Tree) -> SetWords {
        if tree.aggregate_names.is_none() {
            self.problems
                .push("cli.tree.aggregate-names: only its name tells an aggregate at a command line".to_owned());
        }
        let mut paths = |texts: &[String]| -> Vec<NodePath> {
            texts.iter().map(|text| self.path("also", text, tree.interface.module())).collect()
        };
        let (also, like_interface, like_all) = (paths(&raw.also), paths(&raw.like_interface), paths(&raw.like_all));
        let mut words = self.saying(base, raw);
        let below = below_interface(tree);
        for entry in std::iter::once(&tree.interface).chain(&like_interface) {
            words.know(entry, false);
            below.iter().for_each(|path| words.know(&entry.join(path), false));
        }
        beside(tree).iter().chain(&tree.inheritance).chain(&also).for_each(|path| words.know(path, false));
        like_all.iter().for_each(|path| words.know(path, true));
        words
    }

    /// Of a system that code finds everything in.
    pub(super) fn set_words_of_mac_vrf(&mut self, base: &Base<'_>, raw: RawSet) -> SetWords {
        let mut words = self.saying(base, raw);
        mac_vrf::nodes().iter().chain(&mac_vrf::lists()).for_each(|path| words.know(path, false));
        words
    }

    /// How lines say nodes, none of which is known.
    fn saying(&mut self, base: &Base<'_>, raw: RawSet) -> SetWords {
        if raw.show.is_empty() {
            self.problems.push("cli.set.show: nothing shows the configuration".to_owned());
        }
        let unsaid = raw.unsaid.iter().filter_map(|text| {
            let nodes = text.split_once('/').map(|(above, name)| [above.to_owned(), name.to_owned()]);
            if nodes.is_none() {
                self.problems.push(format!("cli.set.unsaid: {text:?} is no node and one below it"));
            }
            nodes
        });
        let unsaid = unsaid.collect();
        SetWords {
            shows: raw.show.into_iter().filter_map(|raw| self.shown(raw)).collect(),
            set: raw.set,
            delete: raw.delete,
            deactivate: raw.deactivate,
            comments: raw.comments,
            top: raw.top,
            unsaid,
            said: raw.said,
            known: Known::default(),
            text: base.text,
        }
    }
}
