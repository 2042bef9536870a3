//! From a plan to what is sent.

use std::{any::Any, fmt, sync::Arc};

use mercury_model::Plan;

use crate::Capabilities;

/// What an adapter sends: an `<edit-config>` tree, a `SetRequest`, a script.
/// Its `Display` is the payload as sent, for people.
pub trait Body: Any + fmt::Display + Send + Sync {}

impl<T: Any + fmt::Display + Send + Sync> Body for T {}

/// A rendered plan; immutable, printable, cheap to clone.
#[derive(Clone)]
pub struct Payload(Arc<dyn Body>);

impl Payload {
    /// Wraps what an adapter rendered.
    pub fn new(body: impl Body) -> Self {
        Self(Arc::new(body))
    }

    /// What the adapter put in, if it is of that type.
    #[must_use]
    pub fn body<T: Body>(&self) -> Option<&T> {
        let any: &dyn Any = &*self.0;
        any.downcast_ref()
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Payload")
    }
}

/// Why a plan cannot be put in a dialect's words. Nothing has been sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("dialect {dialect} cannot express {what}: {reason}")]
pub struct Unrenderable {
    /// The dialect.
    pub dialect: String,
    /// The edit or the leaf.
    pub what: String,
    /// Why not.
    pub reason: String,
}

/// The forms in which people and other tools read the request that carries a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestForm {
    /// NETCONF's XML.
    Xml,
    /// A SetRequest in the JSON of protocol buffers, the parameters of OVSDB's
    /// transaction, or RESTCONF's requests.
    Json,
    /// A SetRequest in the text format of protocol buffers.
    Textproto,
    /// The lines typed in configuration mode.
    Lines,
}

/// Plan in, payload out; pure.
pub trait Render: Send + Sync {
    /// The request that carries a payload to a target that can do this, printed;
    /// `None` where its protocol has no such form.
    fn request(&self, _: &Payload, _: &Capabilities, _: RequestForm) -> Option<String> {
        None
    }

    /// Renders every edit of `plan`, in one payload, for a target that can do this.
    ///
    /// # Errors
    /// [`Unrenderable`] names the first edit that the dialect cannot express.
    fn render(&self, plan: &Plan, target: &Capabilities) -> Result<Payload, Unrenderable>;
}
