//! A node of one target's data.

use std::fmt::{self, Write as _};

use crate::{Names, NodePath};

/// A path and what its placeholders stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// The path, from the top.
    pub path: NodePath,
    /// What its placeholders stand for.
    pub names: Names,
}

impl Node {
    /// The node at `below`, relative to this one.
    #[must_use]
    pub fn below(&self, below: &NodePath) -> Self {
        Self { path: self.path.join(below), names: self.names.clone() }
    }
}

/// As people write it: `/interfaces/interface[name=Ethernet1]`, with a
/// backslash before a closing bracket inside a key (gNMI path strings).
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.path.steps {
            f.write_char('/')?;
            f.write_str(&self.names.resolve(&step.name).unwrap_or_default())?;
            for (key, word) in &step.keys {
                let Some(value) = self.names.resolve(word) else { continue };
                write!(f, "[{key}={}]", value.replace('\\', "\\\\").replace(']', "\\]"))?;
            }
        }
        Ok(())
    }
}
