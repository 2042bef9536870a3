//! Requests as a target wants them: encoding, origin, target, prefixes.

use mercury_adapter::{GnmiDialect, GnmiEncoding, LeafValues, Node, PathPrefixes, PersistId};
use mercury_gnmi_proto::{
    gnmi::{
        Encoding, GetRequest, Path, SetRequest, Subscription, SubscriptionList, TypedValue, Update,
        get_request::DataType, subscription_list::Mode, typed_value,
    },
    gnmi_ext::{Commit, Extension, commit, extension::Ext},
};

use crate::{
    path,
    set::{Member, SetOperations, Value},
    value,
};

/// How requests to one target are put.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) encoding: GnmiEncoding,
    pub(crate) origin: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) path_prefixes: PathPrefixes,
    pub(crate) json_prefixes: bool,
    pub(crate) leaf_values: LeafValues,
}

/// What an inventory entry may say of that in place of the dialect; an empty text
/// leaves it unset.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// How values are written.
    pub encoding: Option<GnmiEncoding>,
    /// `origin` of paths.
    pub origin: Option<&'a str>,
    /// `target` of prefixes.
    pub target: Option<&'a str>,
    /// Which path elements name their module.
    pub path_prefixes: Option<PathPrefixes>,
    /// What the value of a leaf is, whatever `encoding` says of it.
    pub leaf_values: Option<LeafValues>,
}

impl Form {
    /// What an entry asks for, or else the dialect, or else what a target can do `best`.
    pub(crate) fn of(dialect: &GnmiDialect, asked: Asked<'_>, best: GnmiEncoding) -> Self {
        let chosen = |own: Option<&str>, dialects: &Option<String>| {
            own.or(dialects.as_deref()).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        Self {
            encoding: asked.encoding.or(dialect.encoding).unwrap_or(best),
            origin: chosen(asked.origin, &dialect.origin),
            target: chosen(asked.target, &dialect.target),
            path_prefixes: asked.path_prefixes.unwrap_or(dialect.path_prefixes),
            json_prefixes: dialect.json_prefixes,
            leaf_values: asked.leaf_values.unwrap_or_else(|| leaf_values(asked.encoding, dialect.leaf_values)),
        }
    }

    /// A Set of these operations.
    pub(crate) fn set(&self, operations: &SetOperations) -> SetRequest {
        let updates = |list: &[(Node, Value)]| list.iter().map(|(node, value)| self.update(node, value)).collect();
        SetRequest {
            prefix: self.prefix(),
            delete: operations.delete.iter().map(|node| self.path(node)).collect(),
            replace: updates(&operations.replace),
            update: updates(&operations.update),
            ..SetRequest::default()
        }
    }

    /// A Get of one node.
    pub(crate) fn get(&self, node: &Node, kind: DataType) -> GetRequest {
        GetRequest {
            prefix: self.prefix(),
            path: vec![self.path(node)],
            r#type: kind.into(),
            encoding: self.read_encoding().into(),
            ..GetRequest::default()
        }
    }

    /// A ONCE subscription to these nodes; in scalars, or as values are written.
    pub(crate) fn once(&self, nodes: &[Node], scalars: bool) -> SubscriptionList {
        let subscription =
            nodes.iter().map(|node| Subscription { path: Some(self.path(node)), ..Subscription::default() });
        SubscriptionList {
            prefix: self.prefix(),
            subscription: subscription.collect(),
            mode: Mode::Once.into(),
            encoding: if scalars { Encoding::Proto } else { self.read_encoding() }.into(),
            ..SubscriptionList::default()
        }
    }

    fn path(&self, node: &Node) -> Path {
        path::encode(&node.path, &node.names, self.path_prefixes, self.origin.as_deref())
    }

    /// `target` belongs to the prefix alone (gNMI section 2.2.2.1).
    fn prefix(&self) -> Option<Path> {
        self.target.as_ref().map(|target| Path { target: target.clone(), ..Path::default() })
    }

    fn update(&self, node: &Node, value: &Value) -> Update {
        let is_leaf = !matches!(value, Value::Object(_) | Value::Entries(_));
        let typed = match (self.leaf_values, is_leaf) {
            (LeafValues::Scalar, true) => value::typed(value, GnmiEncoding::Proto, self.json_prefixes),
            (LeafValues::Object, _) => self.typed(&named(node, value)),
            (LeafValues::Json, true) | (_, false) => self.typed(value),
        };
        Update { path: Some(self.path(node)), val: Some(typed), ..Update::default() }
    }

    fn typed(&self, value: &Value) -> TypedValue {
        value::typed(value, self.encoding, self.json_prefixes)
    }

    /// Containers are read as JSON even where leaves are written as scalars.
    fn read_encoding(&self) -> Encoding {
        match self.encoding {
            GnmiEncoding::JsonIetf => Encoding::JsonIetf,
            GnmiEncoding::Json => Encoding::Json,
            GnmiEncoding::Proto => Encoding::Proto,
        }
    }
}

/// An encoding that was asked for is that of leaves, too.
const fn leaf_values(asked: Option<GnmiEncoding>, dialects: LeafValues) -> LeafValues {
    match (asked, dialects) {
        (Some(GnmiEncoding::Json | GnmiEncoding::JsonIetf), LeafValues::Scalar) => LeafValues::Json,
        (Some(GnmiEncoding::Proto), _) => LeafValues::Scalar,
        _ => dialects,
    }
}

/// A node's value in an object that names the node; a list entry is in its list.
fn named(node: &Node, value: &Value) -> Value {
    let members = node.path.steps.last().map(|step| Member {
        module: step.module.clone(),
        name: node.names.resolve(&step.name).unwrap_or_default().into_owned(),
        value: if step.keys.is_empty() { value.clone() } else { Value::Entries(vec![value.clone()]) },
    });
    Value::Object(members.into_iter().collect())
}

/// The commit-confirmed extension (gnmi-commit-confirmed section 3).
pub(crate) fn commit(id: Option<&PersistId>, action: commit::Action) -> Extension {
    let id = id.map_or_else(|| "mercury".to_owned(), ToString::to_string);
    Extension { ext: Some(Ext::Commit(Commit { id, action: Some(action) })) }
}

/// A Set that only carries the extension.
pub(crate) fn extension(id: Option<&PersistId>, action: commit::Action) -> SetRequest {
    SetRequest { extension: vec![commit(id, action)], ..SetRequest::default() }
}

/// A command line as a Set (gNMI section 2.7.3).
pub(crate) fn cli(command: &str) -> SetRequest {
    let update = Update {
        path: Some(Path { origin: "cli".to_owned(), ..Path::default() }),
        val: Some(TypedValue { value: Some(typed_value::Value::AsciiVal(command.to_owned())) }),
        ..Update::default()
    };
    SetRequest { update: vec![update], ..SetRequest::default() }
}
