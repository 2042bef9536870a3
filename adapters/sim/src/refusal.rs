//! Why the switch refuses something, in the words of RFC 6241 section 4.3.
//! No encoding here: NETCONF prints it as `<rpc-error>`, another face maps the
//! tag to its own codes.

use std::fmt;

use crate::{
    datastore::Key,
    schema::{Module, Node},
};

/// `error-tag` (RFC 6241 appendix A).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the tag of the same name in RFC 6241 appendix A")]
pub enum Tag {
    InUse,
    InvalidValue,
    TooBig,
    MissingAttribute,
    BadAttribute,
    UnknownAttribute,
    MissingElement,
    BadElement,
    UnknownElement,
    UnknownNamespace,
    AccessDenied,
    LockDenied,
    ResourceDenied,
    RollbackFailed,
    DataExists,
    DataMissing,
    OperationNotSupported,
    OperationFailed,
    MalformedMessage,
}

const TAGS: [(Tag, &str); 19] = [
    (Tag::InUse, "in-use"),
    (Tag::InvalidValue, "invalid-value"),
    (Tag::TooBig, "too-big"),
    (Tag::MissingAttribute, "missing-attribute"),
    (Tag::BadAttribute, "bad-attribute"),
    (Tag::UnknownAttribute, "unknown-attribute"),
    (Tag::MissingElement, "missing-element"),
    (Tag::BadElement, "bad-element"),
    (Tag::UnknownElement, "unknown-element"),
    (Tag::UnknownNamespace, "unknown-namespace"),
    (Tag::AccessDenied, "access-denied"),
    (Tag::LockDenied, "lock-denied"),
    (Tag::ResourceDenied, "resource-denied"),
    (Tag::RollbackFailed, "rollback-failed"),
    (Tag::DataExists, "data-exists"),
    (Tag::DataMissing, "data-missing"),
    (Tag::OperationNotSupported, "operation-not-supported"),
    (Tag::OperationFailed, "operation-failed"),
    (Tag::MalformedMessage, "malformed-message"),
];

impl Tag {
    /// The tag as it stands in `<error-tag>`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        TAGS.iter().find(|(tag, _)| *tag == self).map_or("operation-failed", |(_, name)| name)
    }

    /// Finds a tag by its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TAGS.iter().find(|(_, known)| *known == name).map(|(tag, _)| *tag)
    }
}

/// `error-type`: the layer that refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The message itself.
    Rpc,
    /// The operation and its parameters.
    Protocol,
    /// The configuration.
    Application,
}

/// One step of a data path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Local name; of an unknown node when `module` is `None`.
    pub name: String,
    /// The defining module.
    pub module: Option<&'static Module>,
    /// Key leaf and value of a list entry.
    pub key: Option<(&'static str, Key)>,
}

/// Where in the configuration, from the root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

/// Where a walk through the configuration is. Costs nothing until something is
/// wrong there: most walks find nothing.
#[derive(Debug, Clone, Copy)]
pub enum Trail<'a> {
    /// At the top.
    Root,
    /// At this node, below another.
    Below {
        /// The node above.
        above: &'a Trail<'a>,
        /// The node.
        node: &'static Node,
        /// Key leaf and value of a list entry.
        key: Option<(&'static str, &'a Key)>,
    },
}

impl<'a> Trail<'a> {
    /// One step further down.
    #[must_use]
    pub fn child(&'a self, node: &'static Node, key: Option<(&'static str, &'a Key)>) -> Self {
        Self::Below { above: self, node, key }
    }

    /// The path of something the schema does not know.
    #[must_use]
    pub fn unknown(&self, name: &str) -> Path {
        let mut path = Path::from(self);
        path.0.push(Step { name: name.to_owned(), module: None, key: None });
        path
    }
}

impl From<&Trail<'_>> for Path {
    fn from(trail: &Trail<'_>) -> Self {
        let mut steps = Vec::new();
        let mut at = trail;
        while let Trail::Below { above, node, key } = at {
            steps.push(Step {
                name: node.name.to_owned(),
                module: Some(node.module),
                key: key.map(|(leaf, key)| (leaf, key.clone())),
            });
            at = above;
        }
        steps.reverse();
        Self(steps)
    }
}

/// RFC 7951 section 6.11 form: the module is named where it changes.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut above: Option<&Module> = None;
        for step in &self.0 {
            match step.module.filter(|module| above != Some(*module)) {
                Some(module) => write!(f, "/{}:{}", module.name, step.name)?,
                None => write!(f, "/{}", step.name)?,
            }
            above = step.module.or(above);
            if let Some((leaf, key)) = &step.key {
                write!(f, "[{leaf}='{key}']")?;
            }
        }
        Ok(())
    }
}

/// One error of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Which layer refused.
    pub layer: Layer,
    /// The tag to match on.
    pub tag: Tag,
    /// Refined cause, where RFC 7950 section 15 names one.
    pub app_tag: Option<&'static str>,
    /// Where in the configuration.
    pub path: Option<Path>,
    /// For people.
    pub message: String,
    /// Elements of `<error-info>`.
    pub info: Vec<(&'static str, String)>,
}

impl Reason {
    /// A reason in the configuration.
    pub fn application(tag: Tag, path: impl Into<Path>, message: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..Self::new(Layer::Application, tag, message) }
    }

    /// A reason in the operation or its parameters.
    pub fn protocol(tag: Tag, message: impl Into<String>) -> Self {
        Self::new(Layer::Protocol, tag, message)
    }

    /// A reason in the message.
    pub fn rpc(tag: Tag, message: impl Into<String>) -> Self {
        Self::new(Layer::Rpc, tag, message)
    }

    /// Adds an element to `<error-info>`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.info.push((name, value.to_string()));
        self
    }

    /// Adds the application tag.
    #[must_use]
    pub fn app_tag(mut self, tag: &'static str) -> Self {
        self.app_tag = Some(tag);
        self
    }

    fn new(layer: Layer, tag: Tag, message: impl Into<String>) -> Self {
        Self { layer, tag, app_tag: None, path: None, message: message.into(), info: Vec::new() }
    }
}

/// The switch said no, for one or several reasons. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.0.iter().map(|reason| format!("{}: {}", reason.tag.as_str(), reason.message)).collect::<Vec<_>>().join("; "))]
pub struct Refused(pub Vec<Reason>);

impl From<Reason> for Refused {
    fn from(reason: Reason) -> Self {
        Self(vec![reason])
    }
}
