//! A plan's operations as changes.

use std::sync::Arc;

use mercury_adapter::{
    Capabilities, ChannelGroup, Dialect, LeafOperation, LeafTree, NodePath, Operations, Payload, Render, RequestForm,
    RestconfDialect, Tree, Unrenderable, Writing, operations,
};
use mercury_model::{Leaf, Plan};

use crate::{
    change::Changes,
    discovery::Offer,
    json::indented,
    request::{Form, too_many},
};

/// Renders plans for one switch.
pub struct Renderer {
    dialect: Arc<Dialect>,
    restconf: RestconfDialect,
    instance: String,
}

impl Renderer {
    /// A renderer for a dialect that speaks RESTCONF; `None` for one that does not.
    /// `instance` takes the place of the dialect's network instance.
    #[must_use]
    pub fn new(dialect: &Arc<Dialect>, instance: Option<&str>) -> Option<Self> {
        let restconf = dialect.restconf.clone()?;
        let instance = instance.unwrap_or(&restconf.network_instance).to_owned();
        Some(Self { dialect: Arc::clone(dialect), restconf, instance })
    }
}

impl Render for Renderer {
    /// The requests, as JSON: a list of methods, URIs behind the root and bodies.
    fn request(&self, payload: &Payload, target: &Capabilities, form: RequestForm) -> Option<String> {
        let changes = payload.body::<Changes>()?;
        if form != RequestForm::Json {
            return None;
        }
        let yang_patch = self.restconf.yang_patch && Offer { capabilities: Arc::clone(&target.announced) }.yang_patch();
        let RestconfDialect { atomic, datastore_patch, .. } = self.restconf;
        let form = Form { yang_patch, atomic, datastore_patch, guarded: &[] };
        let requests = form.requests(changes).into_iter().map(|request| {
            let body = request.body.map_or_else(|| "null".to_owned(), |(_, text)| text);
            format!(r#"{{"method":"{}","uri":{},"body":{body}}}"#, request.method, serde_json::Value::from(request.uri))
        });
        Some(indented(&format!("[{}]", requests.collect::<Vec<_>>().join(","))))
    }

    fn render(&self, plan: &Plan, target: &Capabilities) -> Result<Payload, Unrenderable> {
        let tree = self.restconf.tree_of(target.variant);
        let (dialect, instance) = (&*self.dialect, &*self.instance);
        let explicit_enabled = self.restconf.explicit_enabled;
        let writing = Writing { dialect, protocol: "restconf", tree, instance, explicit_enabled, one_by_one: true };
        let membership = membership(tree);
        let operations = operations(&writing, plan)?;
        if let Some(problem) = too_many(added(&operations)) {
            return Err(writing.cannot("so large a change", &format!("to take it back, {problem}")));
        }
        let changes = Changes::of(operations, |path| membership.contains(&path));
        Ok(Payload::new(changes))
    }
}

/// The values that come into lists, each of which goes by a request of its own.
fn added(operations: &Operations) -> usize {
    let leaves = operations.entries.iter().flat_map(|entry| &entry.leaves);
    let added = |leaf: &LeafOperation| match leaf {
        LeafOperation::SetList { present, wanted, .. } => {
            wanted.iter().filter(|value| !present.contains(value)).count()
        }
        LeafOperation::Set(..) | LeafOperation::Remove(_) => 0,
    };
    leaves.map(added).sum()
}

/// The nodes by which a port is a member of an aggregate. What a port has beside them goes
/// before one of them comes, and they go before something else comes.
fn membership(tree: &Tree) -> Vec<&NodePath> {
    let own = tree.leaves.get(&Leaf::AggregateId).into_iter().flat_map(LeafTree::paths);
    own.chain(tree.channel_group.iter().flat_map(ChannelGroup::nodes)).collect()
}
