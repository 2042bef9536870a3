//! What a prefix in paths stands for.

use serde::Deserialize;

use crate::Module;

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawNamespace {
    Namespace(String),
    Module { namespace: String, module: String },
}

pub(super) fn module(raw: RawNamespace) -> Module {
    match raw {
        RawNamespace::Namespace(namespace) => Module { namespace: namespace.into(), name: None },
        RawNamespace::Module { namespace, module } => Module { namespace: namespace.into(), name: Some(module.into()) },
    }
}
