//! What a plan does to a target's own data, leaf by leaf: the waist between
//! the plan and what each protocol sends. An adapter only puts these in its
//! protocol's words; whatever is not named here stays as it is.

use std::{collections::BTreeSet, fmt};

use mercury_model::VlanId;

use crate::{Module, Node, NodePath};

/// The operations that carry a plan out, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operations {
    /// Entries that go, with all that they hold, before anything else: they stand in the way of
    /// what comes, and beside it would join what must stay apart.
    pub cleared: Vec<Node>,
    /// What changes below list entries.
    pub entries: Vec<EntryOperations>,
    /// Entries that go, with all that they hold, after everything else: what
    /// refers to them has to let go of them first.
    pub removed: Vec<Node>,
}

/// What changes below one list entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryOperations {
    /// The entry.
    pub entry: Node,
    /// A leaf that repeats the key, where the target has one.
    pub key_leaf: Option<(NodePath, Value)>,
    /// How the entry comes to be.
    pub origin: Origin,
    /// What is done below it.
    pub leaves: Vec<LeafOperation>,
    /// A container below it in which nothing else is than what these operations set or take
    /// away, for a protocol that can put all of it there at once.
    pub replaceable: Option<NodePath>,
    /// Its leaf-lists hold others' values too: of [`LeafOperation::SetList`] what is `wanted`
    /// comes and what else is `present` goes, and the rest stays. It is done in its place
    /// even where the entry goes later.
    pub in_part: bool,
}

/// How an entry comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// It is there, or comes with the first leaf that is set.
    Present,
    /// It may be new.
    Merge,
    /// It is new, and must not be there (RFC 6241 section 7.2, `create`).
    Create,
}

/// What is done to one leaf, relative to its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeafOperation {
    /// The leaf, or presence container, is to be this.
    Set(NodePath, Value),
    /// The leaf is to be gone; it need not be there.
    Remove(NodePath),
    /// The leaf-list is to hold exactly these values.
    SetList {
        /// The leaf-list.
        path: NodePath,
        /// The values that are there, as they are written there.
        present: Vec<Value>,
        /// The values that are to be there; none takes the leaf-list away.
        wanted: Vec<Value>,
    },
}

impl LeafOperation {
    /// Where, below the entry.
    #[must_use]
    pub const fn path(&self) -> &NodePath {
        let (Self::Set(path, _) | Self::Remove(path) | Self::SetList { path, .. }) = self;
        path
    }
}

/// A value in no encoding yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A string, or an enumeration's word.
    Text(String),
    /// A number.
    Number(u64),
    /// A boolean.
    Boolean(bool),
    /// An identity of a module.
    Identity(Module, String),
    /// What a leaf of type `empty` holds.
    Empty,
    /// A presence container.
    Container,
}

impl Value {
    /// A VLAN's number, or a range of them, or whatever else may stand there.
    #[must_use]
    pub fn vlans(text: &str) -> Self {
        text.parse::<VlanId>().map_or_else(|_| Self::Text(text.to_owned()), |id| Self::Number(id.get().into()))
    }

    /// The value as text; of an identity, its local name.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) | Self::Identity(_, text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Boolean(boolean) => boolean.to_string(),
            Self::Empty | Self::Container => String::new(),
        }
    }
}

impl Operations {
    /// What changes below an entry, which is begun where nothing does yet.
    pub fn entry(&mut self, entry: Node) -> &mut EntryOperations {
        match self.entries.iter().rposition(|other| other.entry == entry) {
            #[expect(clippy::indexing_slicing, reason = "found there")]
            Some(index) => &mut self.entries[index],
            None => self.begin(entry),
        }
    }

    /// Begins what changes below an entry that is known to be named once:
    /// looking for it among thousands would take a while.
    pub fn begin(&mut self, entry: Node) -> &mut EntryOperations {
        let origin = Origin::Present;
        self.entries.push(EntryOperations {
            entry,
            key_leaf: None,
            origin,
            leaves: Vec::new(),
            replaceable: None,
            in_part: false,
        });
        let last = self.entries.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "just pushed")]
        &mut self.entries[last]
    }

    /// Takes out what is done to what goes with what holds it: a server may ask how
    /// that is meant.
    pub fn without_what_goes_anyway(&mut self) {
        let gone: BTreeSet<_> = self.gone().map(ToString::to_string).collect();
        self.entries.retain(|one| gone.is_empty() || one.in_part || !gone.contains(&one.entry.to_string()));
        for one in &mut self.entries {
            let removed = |leaf: &LeafOperation| match leaf {
                LeafOperation::Remove(path) => Some(path.clone()),
                _ => None,
            };
            let gone: Vec<NodePath> = one.leaves.iter().filter_map(removed).collect();
            let goes = |path: &NodePath| gone.iter().any(|above| path != above && path.steps.starts_with(&above.steps));
            one.leaves.retain(|leaf| match leaf {
                LeafOperation::Remove(path) => !goes(path),
                LeafOperation::SetList { path, wanted, .. } => !(wanted.is_empty() && goes(path)),
                LeafOperation::Set(..) => true,
            });
        }
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.gone().next().is_none()
    }

    /// All entries that go, those before anything else first.
    pub fn gone(&self) -> impl Iterator<Item = &Node> {
        self.cleared.iter().chain(&self.removed)
    }
}

impl EntryOperations {
    /// Sets a leaf that may have been to go, where something else comes in its place.
    pub fn set_instead(&mut self, path: &NodePath, value: Value) {
        self.leaves.retain(|leaf| !matches!(leaf, LeafOperation::Remove(gone) if gone == path));
        self.set(path, Some(value));
    }

    /// Sets a leaf, or has it gone; said twice, it is done once.
    pub fn set(&mut self, path: &NodePath, value: Option<Value>) {
        let operation = match value {
            Some(value) => LeafOperation::Set(path.clone(), value),
            None => LeafOperation::Remove(path.clone()),
        };
        if !self.leaves.contains(&operation) {
            self.leaves.push(operation);
        }
    }
}

/// As people read it, and as a saved plan holds it: one operation a line.
impl fmt::Display for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cleared.iter().try_for_each(|node| writeln!(f, "remove {node}"))?;
        for one in &self.entries {
            match one.origin {
                Origin::Present => {}
                Origin::Merge => writeln!(f, "merge {}", one.entry)?,
                Origin::Create => writeln!(f, "create {}", one.entry)?,
            }
            for leaf in &one.leaves {
                match leaf {
                    LeafOperation::Set(path, value) => writeln!(f, "merge {} {value}", one.entry.below(path))?,
                    LeafOperation::Remove(path) => writeln!(f, "remove {}", one.entry.below(path))?,
                    LeafOperation::SetList { path, present, wanted } if one.in_part => {
                        let what = one.entry.below(path);
                        let left = present.iter().filter(|value| !wanted.contains(value));
                        wanted.iter().try_for_each(|value| writeln!(f, "merge {what} {value}"))?;
                        left.into_iter().try_for_each(|value| writeln!(f, "remove {what} {value}"))?;
                    }
                    LeafOperation::SetList { path, wanted, .. } if wanted.is_empty() => {
                        writeln!(f, "remove {}", one.entry.below(path))?;
                    }
                    LeafOperation::SetList { path, wanted, .. } => {
                        let values: Vec<_> = wanted.iter().map(Value::to_string).collect();
                        writeln!(f, "replace {} [{}]", one.entry.below(path), values.join(", "))?;
                    }
                }
            }
        }
        self.removed.iter().try_for_each(|node| writeln!(f, "remove {node}"))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Empty => f.write_str("(empty)"),
            Self::Container => f.write_str("{}"),
            other => f.write_str(&other.text()),
        }
    }
}
