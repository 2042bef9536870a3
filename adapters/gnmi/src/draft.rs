//! What is to be done, entry by entry, until it is decided where paths end.

use mercury_adapter::{Names, NodePath, WriteLevel};

use crate::operations::{Member, Node, Operations, Value};

/// Changes by list entry, in the order of the plan.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    entries: Vec<Entry>,
    removed: Vec<Node>,
}

/// What changes below one list entry.
#[derive(Debug)]
pub(crate) struct Entry {
    path: NodePath,
    pub(crate) names: Names,
    /// A leaf that repeats the key. Only an entry that is given in one piece
    /// says it: one that is there has it.
    pub(crate) name: Option<(NodePath, Value)>,
    /// Leaves to be set.
    pub(crate) set: Vec<(NodePath, Value)>,
    /// Nodes to be deleted.
    delete: Vec<NodePath>,
    /// Nodes to be made exactly this.
    pub(crate) replaced: Vec<Replaced>,
    /// A leaf to be set unless it is set anyway.
    pub(crate) unless_said: Option<(NodePath, Value)>,
    /// Whether the entry may be new, so that it is given in one piece.
    pub(crate) made: bool,
}

/// Nodes that belong together and are replaced together.
#[derive(Debug)]
pub(crate) struct Replaced {
    /// The nodes that hold all of it.
    pub(crate) owned: Vec<NodePath>,
    /// What they are to hold.
    pub(crate) values: Vec<(NodePath, Value)>,
    /// The leaves they may hold now.
    pub(crate) gone: Vec<NodePath>,
    /// Whether they hold anything now.
    pub(crate) present: bool,
}

impl Draft {
    /// The entry at a path, which is begun where there is none.
    pub(crate) fn entry(&mut self, path: &NodePath, names: &Names) -> &mut Entry {
        let found = self.entries.iter().position(|entry| entry.path == *path && entry.names == *names);
        let index = found.unwrap_or_else(|| {
            self.entries.push(Entry {
                path: path.clone(),
                names: names.clone(),
                name: None,
                set: Vec::new(),
                delete: Vec::new(),
                replaced: Vec::new(),
                unless_said: None,
                made: false,
            });
            self.entries.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "found there, or just pushed")]
        &mut self.entries[index]
    }

    /// Takes a whole entry away.
    pub(crate) fn remove(&mut self, path: &NodePath, names: &Names) {
        self.removed.push(Node { path: path.clone(), names: names.clone() });
    }

    /// The operations, with paths that end at `level`. Where values are
    /// scalars, nothing can be given in one piece.
    pub(crate) fn finish(self, level: WriteLevel, replace: bool, scalars: bool) -> Operations {
        let mut operations = Operations::default();
        let mut lists: Vec<(Node, Member)> = Vec::new();
        for entry in self.entries {
            match (level, entry.made) {
                (WriteLevel::Leaf, true) if scalars => entry.leaves(&mut operations, replace),
                (WriteLevel::Leaf, false) => entry.leaves(&mut operations, replace),
                (WriteLevel::Container, false) => entry.containers(&mut operations, replace),
                (WriteLevel::Container | WriteLevel::Leaf, true) | (WriteLevel::Entry, _) => {
                    entry.whole(&mut operations);
                }
                (WriteLevel::List, _) => entry.listed(&mut operations, &mut lists),
            }
        }
        let whole = |(node, member)| (node, Value::Object(vec![member]));
        operations.update.extend(lists.into_iter().map(whole));
        // After what refers to them: some targets take one operation at a time.
        operations.delete.extend(self.removed);
        operations
    }
}

impl Entry {
    /// Sets a leaf.
    pub(crate) fn set(&mut self, path: &NodePath, value: Value) {
        match self.set.iter_mut().find(|(other, _)| other == path) {
            Some((_, present)) => *present = value,
            None => self.set.push((path.clone(), value)),
        }
    }

    /// Sets a leaf, or deletes it.
    pub(crate) fn set_or_delete(&mut self, path: &NodePath, value: Option<Value>) {
        match value {
            Some(value) => self.set(path, value),
            None => self.delete.push(path.clone()),
        }
    }

    fn node(&self, below: &NodePath) -> Node {
        Node { path: self.path.join(below), names: self.names.clone() }
    }

    /// What is set, with what must be said beside it; nothing where things are
    /// only taken away.
    fn settings(&mut self, in_one_piece: bool) -> Vec<(NodePath, Value)> {
        let only_takes = self.set.is_empty() && self.replaced.iter().all(|replaced| replaced.values.is_empty());
        if only_takes && !self.made {
            return Vec::new();
        }
        if in_one_piece || self.made {
            self.set.splice(0..0, self.name.take());
        }
        if let Some((path, value)) = self.unless_said.take()
            && !self.set.iter().any(|(other, _)| *other == path)
        {
            self.set.push((path, value));
        }
        std::mem::take(&mut self.set)
    }

    fn leaves(mut self, operations: &mut Operations, replace: bool) {
        for (path, value) in self.settings(false) {
            operations.update.push((self.node(&path), value));
        }
        operations.delete.extend(self.delete.iter().map(|path| self.node(path)));
        for replaced in &self.replaced {
            let is_kept = |path: &NodePath| replaced.values.iter().any(|(other, _)| other == path);
            let mut gone: Vec<&NodePath> = replaced.gone.iter().filter(|path| !is_kept(path)).collect();
            gone.dedup();
            operations.delete.extend(gone.into_iter().map(|path| self.node(path)));
            for (path, value) in &replaced.values {
                let node = self.node(path);
                match value {
                    // An update would add to what a leaf-list holds.
                    Value::List(_) if replace => operations.replace.push((node, value.clone())),
                    Value::List(_) => {
                        if replaced.gone.contains(path) {
                            operations.delete.push(node.clone());
                        }
                        operations.update.push((node, value.clone()));
                    }
                    _ => operations.update.push((node, value.clone())),
                }
            }
        }
    }

    fn containers(mut self, operations: &mut Operations, replace: bool) {
        for (path, value) in self.settings(false) {
            operations.update.push((self.node(&path), value));
        }
        operations.delete.extend(self.delete.iter().map(|path| self.node(path)));
        for replaced in &self.replaced {
            for owned in &replaced.owned {
                let mut object = Value::Object(Vec::new());
                let mut any = false;
                for (path, value) in &replaced.values {
                    let Some(below) = path.steps.strip_prefix(owned.steps.as_slice()) else { continue };
                    object.put(&NodePath { steps: below.to_vec() }, &self.names, value.clone());
                    any = true;
                }
                let node = self.node(owned);
                match (any, replace) {
                    (true, true) => operations.replace.push((node, object)),
                    (true, false) => {
                        if replaced.present {
                            operations.delete.push(node.clone());
                        }
                        operations.update.push((node, object));
                    }
                    (false, _) => operations.delete.push(node),
                }
            }
            for (path, value) in &replaced.values {
                if !replaced.owned.iter().any(|owned| path.steps.starts_with(&owned.steps)) {
                    operations.update.push((self.node(path), value.clone()));
                }
            }
        }
    }

    /// The leaves that are the entry's keys.
    fn keys(&self) -> Vec<Member> {
        let Some(step) = self.path.steps.last() else { return Vec::new() };
        let key = |(key, word): &(String, String)| {
            let text = self.names.resolve(word)?;
            let value = match text.parse() {
                Ok(number) if word == "{vlan-id}" => Value::Number(number),
                _ => Value::Text(text.into_owned()),
            };
            Some(Member { module: step.module.clone(), name: key.clone(), value })
        };
        step.keys.iter().filter_map(key).collect()
    }

    fn whole(mut self, operations: &mut Operations) {
        if let Some(object) = self.object(operations) {
            operations.update.push((self.node(&NodePath::default()), object));
        }
    }

    fn listed(mut self, operations: &mut Operations, lists: &mut Vec<(Node, Member)>) {
        let Some(entry) = self.object(operations) else { return };
        let Some(step) = self.path.steps.last() else { return };
        let list = Node { path: self.path.parent(), names: self.names.clone() };
        let same = |(node, member): &&mut (Node, Member)| {
            crate::path::text(node) == crate::path::text(&list) && member.name == step.name
        };
        match lists.iter_mut().find(same) {
            Some((_, Member { value: Value::Entries(entries), .. })) => entries.push(entry),
            _ => {
                let value = Value::Entries(vec![entry]);
                lists.push((list, Member { module: step.module.clone(), name: step.name.clone(), value }));
            }
        }
    }

    /// The entry with its keys and everything that is set below it; what is
    /// replaced is deleted first, which a Set does whatever comes first in it.
    fn object(&mut self, operations: &mut Operations) -> Option<Value> {
        let mut object = Value::Object(self.keys());
        let settings = self.settings(true);
        let any = !settings.is_empty() || self.made;
        for (path, value) in settings {
            object.put(&path, &self.names, value);
        }
        operations.delete.extend(self.delete.iter().map(|path| self.node(path)));
        for replaced in &self.replaced {
            if replaced.present {
                operations.delete.extend(replaced.owned.iter().map(|path| self.node(path)));
            }
            for (path, value) in &replaced.values {
                object.put(path, &self.names, value.clone());
            }
        }
        any.then_some(object)
    }
}
