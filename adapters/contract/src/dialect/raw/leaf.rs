//! Leaves of a dialect file, and what holds them.

use mercury_model::{Leaf, List};

use super::{
    Reader,
    shapes::{RawLeaf, RawList},
};
use crate::{LeafTree, ListTree, Module};

impl Reader<'_> {
    pub(super) fn list(&mut self, list: List, raw: RawList, below: Option<&Module>) -> Option<ListTree> {
        let (at, is_beside) = match (&raw.interface, &raw.container) {
            (Some(path), None) => (path, true),
            (None, Some(path)) => (path, false),
            _ => {
                self.problems.push(format!("{}.tree.{}: either interface or container", self.section, list.name()));
                return None;
            }
        };
        let entry = self.path(list.name(), at, below.filter(|_| !is_beside));
        let module = entry.module().cloned();
        let name = raw.name.map(|path| self.path(list.name(), &path, module.as_ref()));
        Some(ListTree { entry, is_beside, name })
    }

    pub(super) fn leaf_tree(&mut self, leaf: Leaf, raw: RawLeaf, below: Option<&Module>) -> LeafTree {
        match raw {
            RawLeaf::Path(path) => {
                let path = self.path(leaf.name(), &path, below);
                LeafTree::Value { path, or: Vec::new(), absent: None, words: Vec::new(), identity: None }
            }
            RawLeaf::Value(raw) => {
                let identity = raw.identity.and_then(|prefix| {
                    let module = self.modules.get(&prefix).cloned();
                    if module.as_ref().is_none_or(|module| module.name.is_none()) {
                        self.problems.push(format!("{}.tree.{leaf}: no module {prefix:?} with a name", self.section));
                    }
                    module
                });
                let path = self.path(leaf.name(), &raw.path, below);
                let or = raw.or.iter().map(|path| self.path(leaf.name(), path, below)).collect();
                LeafTree::Value { path, or, absent: raw.absent, words: raw.words.into_iter().collect(), identity }
            }
            RawLeaf::Presence(raw) => {
                let present = raw.present.into_iter().map(|(word, path)| (word, self.path(leaf.name(), &path, below)));
                LeafTree::Presence { present: present.collect(), absent: raw.absent }
            }
        }
    }
}
