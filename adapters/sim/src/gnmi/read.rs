//! Running as a reader of this face sees it.

use std::sync::Arc;

use mercury_gnmi_proto::gnmi::{Encoding, ModelData, Path, TypedValue, typed_value};
use tonic::Status;

use super::{
    json, scalar,
    status::{invalid, unimplemented},
};
use crate::{
    Quirks,
    datastore::{Container, Datastore},
    device::{Device, What},
    pattern::{Match, Pattern},
    schema::{Node, Schema, Value},
};

/// How configuration is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    encoding: Encoding,
    quirks: Quirks,
    root: &'static [Node],
}

/// A leaf's or leaf-list's value as it is shown.
#[derive(Debug)]
pub(super) enum Shown {
    One(Value),
    Many(Vec<Value>),
}

impl View {
    /// What the request asks for (gNMI section 3.3.1).
    pub(super) fn new(encoding: i32, models: &[ModelData], quirks: Quirks, schema: &Schema) -> Result<Self, Status> {
        if let Some(model) = models.iter().find(|model| schema.modules.iter().all(|known| known.name != model.name)) {
            return Err(invalid(format!("model '{}' is not supported", model.name)));
        }
        match Encoding::try_from(encoding) {
            Ok(encoding @ (Encoding::Json | Encoding::JsonIetf | Encoding::Proto)) => {
                Ok(Self { encoding, quirks, root: schema.root })
            }
            Ok(other) => Err(unimplemented(format!("encoding {} is not supported", other.as_str_name()))),
            Err(_) => Err(unimplemented(format!("encoding {encoding} is not supported"))),
        }
    }

    /// The top-level nodes.
    pub(super) fn root(&self) -> &'static [Node] {
        self.root
    }

    pub(super) fn ietf(&self) -> bool {
        self.encoding == Encoding::JsonIetf
    }

    /// Whether values are those of leaves, as PROTO has no other.
    pub(super) fn leaves_only(&self) -> bool {
        self.encoding == Encoding::Proto
    }

    /// A leaf, unless it is left out.
    pub(super) fn leaf(&self, node: &Node, value: &Value) -> Option<Shown> {
        let omitted = self.quirks.gnmi_omits_defaults && node.default.is_some_and(|default| value.reads(default));
        (!omitted).then(|| Shown::One(value.clone()))
    }

    pub(super) fn leaf_list(&self, values: &[Value]) -> Shown {
        if !self.quirks.gnmi_expands_ranges {
            return Shown::Many(values.to_vec());
        }
        let mut expanded: Vec<_> = values.iter().flat_map(expand).collect();
        expanded.sort_unstable();
        expanded.dedup();
        Shown::Many(expanded)
    }

    /// A leaf or leaf-list as an update carries it.
    pub(super) fn typed(&self, node: &Node, shown: &Shown) -> TypedValue {
        let value = match (self.encoding, shown) {
            (Encoding::Proto, Shown::One(value)) if *value != Value::Empty => scalar::to_typed(value),
            (Encoding::Proto, Shown::Many(values)) => {
                let element = values.iter().map(|value| TypedValue { value: Some(scalar::to_typed(value)) }).collect();
                typed_value::Value::LeaflistVal(mercury_gnmi_proto::gnmi::ScalarArray { element })
            }
            (_, shown) => return self.json(&json::leaf(node, shown, self)),
        };
        TypedValue { value: Some(value) }
    }

    /// A JSON text as an update carries it.
    pub(super) fn json(&self, json: &serde_json::Value) -> TypedValue {
        let text = json.to_string().into_bytes();
        let value = if self.ietf() { typed_value::Value::JsonIetfVal(text) } else { typed_value::Value::JsonVal(text) };
        TypedValue { value: Some(value) }
    }
}

/// `x..y` one by one.
fn expand(value: &Value) -> Vec<Value> {
    let range = match value {
        Value::Text(text) => text.split_once(".."),
        _ => None,
    };
    match range.map(|(first, last)| (first.parse::<u32>(), last.parse::<u32>())) {
        Some((Ok(first), Ok(last))) => (first..=last).map(Value::Number).collect(),
        _ => vec![value.clone()],
    }
}

/// Running, state, or both.
pub(super) fn running(device: &Device, what: What) -> Result<Arc<Container>, Status> {
    if device.options.quirks.gnmi_shows_state && what == What::Both {
        return Ok(device.begun());
    }
    device.shown(Datastore::Running, what).map_err(|refused| Status::internal(refused.to_string()))
}

/// Where updates belong: what their notification's prefix is, and what their
/// paths start with.
pub(super) struct Base {
    prefix: Option<Path>,
    /// How many steps of a pattern the prefix has taken.
    taken: usize,
    path: Path,
}

impl Base {
    /// A prefix is echoed, unless it leaves keys open: what fits it belongs to
    /// more than one. The target is echoed in any case (gNMI section 2.2.2.1).
    pub(super) fn new(prefix: Option<&Path>, path: &Path, pattern: &Pattern) -> Self {
        let prefix = prefix.filter(|prefix| **prefix != Path::default());
        let Some(prefix) = prefix else { return Self { prefix: None, taken: 0, path: path.clone() } };
        let taken = prefix.elem.len();
        let head = Pattern(pattern.0.iter().take(taken).cloned().collect(), pattern.1);
        if !head.is_open() {
            return Self { prefix: Some(prefix.clone()), taken, path: path.clone() };
        }
        let mut whole = path.clone();
        whole.elem = prefix.elem.iter().chain(&path.elem).cloned().collect();
        let bare = Path { elem: Vec::new(), ..prefix.clone() };
        Self { prefix: Some(bare), taken: 0, path: whole }
    }

    pub(super) fn prefix(&self) -> Option<Path> {
        self.prefix.clone()
    }

    /// The path as it was asked for.
    pub(super) fn asked(&self) -> Path {
        self.path.clone()
    }

    /// The path of a place that fits, all its keys in it.
    pub(super) fn place(&self, pattern: &Pattern, place: &Match<'_>) -> Path {
        let mut path = self.path.clone();
        let steps = pattern.0.iter().zip(&place.keys).skip(self.taken);
        for (elem, (step, key)) in path.elem.iter_mut().zip(steps) {
            if let (crate::schema::Kind::List { key: name, .. }, Some(key)) = (&step.node.kind, key) {
                elem.key.insert((*name).to_owned(), key.to_string());
            }
        }
        path
    }
}
