//! What the simulated switch can be configured with: a static schema tree.
//!
//! The tree is the switch's own statement of the OpenConfig subset. It is
//! deliberately not derived from what the adapters use, so that a wrong
//! namespace or leaf name there is refused here. Every node knows its module,
//! so both XML (by namespace) and RFC 7951 JSON (by module name) can be read
//! and written from it.

mod openconfig;
mod text;
mod value;

pub use openconfig::ROOT;
pub use value::{Identity, Type, Value};

/// A YANG module: its name is what JSON uses, its namespace what XML uses.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Module {
    /// Module name, the prefix of member names in RFC 7951 JSON.
    pub name: &'static str,
    /// XML namespace.
    pub namespace: &'static str,
    /// The prefix the module gives itself, used in error paths.
    pub prefix: &'static str,
    /// Revision announced in the hello, where one is known.
    pub revision: Option<&'static str>,
}

/// One schema node.
#[derive(Debug)]
pub struct Node {
    /// Local name.
    pub name: &'static str,
    /// The module that defines (or augments in) this node.
    pub module: &'static Module,
    /// What it is and what is below it.
    pub kind: Kind,
    /// Default value in its lexical form (RFC 7950 section 7.6.4).
    pub default: Option<&'static str>,
    /// Condition under which the node may exist (RFC 7950 section 7.21.5).
    pub when: Option<Condition>,
    /// Whether the leaf has to be there (RFC 7950 section 7.6.5).
    pub mandatory: bool,
    /// What shows it, of a leaf that nobody sets beside those that somebody does.
    pub state: Option<Shown>,
}

/// What of a leaf that tells state is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The first of its words.
    Always,
    /// The second where no VNI carries frames, else the first.
    OfVni,
}

/// The four node kinds of the subset. All containers are non-presence
/// containers, and every list has one key leaf. In OpenConfig that mirrors
/// `config/<key>`.
#[derive(Debug)]
pub enum Kind {
    /// Exists exactly when something is in it.
    Container(&'static [Node]),
    /// Entries told apart by one key leaf, which is among the children.
    List {
        /// Name of the key leaf.
        key: &'static str,
        /// Children of an entry, the key leaf among them.
        children: &'static [Node],
    },
    /// One value.
    Leaf(Type),
    /// A set of values.
    LeafList(Type),
}

/// "The leaf reached by `path` from the parent has this value".
#[derive(Debug)]
pub struct Condition {
    /// Names from the conditional node's parent down to a leaf.
    pub path: &'static [&'static str],
    /// The lexical value it must have (for an identity: without prefix).
    pub equals: &'static str,
}

/// What a switch can be configured with.
#[derive(Clone, Copy)]
pub struct Schema {
    /// The top-level nodes.
    pub root: &'static [Node],
    /// Every module that it implements.
    pub modules: &'static [&'static Module],
    /// Those that it announces.
    pub announced: &'static [&'static Module],
}

impl Schema {
    /// A schema from text (module `text` says how), which is there until the process ends.
    ///
    /// # Errors
    /// The line that cannot be read, and why.
    pub fn from_text(text: &str) -> Result<Self, String> {
        text::read(text)
    }

    /// Whether it is the OpenConfig subset, in which the switch has ports from the start.
    #[must_use]
    pub fn is_openconfig(&self) -> bool {
        std::ptr::eq(self.root, ROOT.as_slice())
    }
}

impl Default for Schema {
    fn default() -> Self {
        openconfig::SCHEMA
    }
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.modules.iter().map(|module| module.name)).finish()
    }
}

const fn plain(name: &'static str, module: &'static Module, kind: Kind) -> Node {
    Node { name, module, kind, default: None, when: None, mandatory: false, state: None }
}

impl Node {
    /// Whether it holds what the switch does, which nobody can set.
    #[must_use]
    pub fn is_state(&self) -> bool {
        self.name == "state" || self.state.is_some()
    }

    /// Child nodes; empty for leaves.
    #[must_use]
    pub fn children(&self) -> &'static [Node] {
        match self.kind {
            Kind::Container(children) | Kind::List { children, .. } => children,
            Kind::Leaf(_) | Kind::LeafList(_) => &[],
        }
    }
}

/// Finds a child by name, with its index (which is its place in document order).
#[must_use]
pub fn child(nodes: &'static [Node], name: &str) -> Option<(usize, &'static Node)> {
    nodes.iter().enumerate().find(|(_, node)| node.name == name)
}
