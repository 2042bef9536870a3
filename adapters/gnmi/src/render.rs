//! A plan as the operations of one Set.

use std::sync::Arc;

use mercury_adapter::{Dialect, GnmiDialect, GnmiEncoding, Mapping, Payload, Render, Unrenderable};
use mercury_model::Plan;

use crate::{mac_vrf, operations::Operations};

mod by_path;

/// Renders plans for one switch.
pub struct Renderer {
    dialect: Arc<Dialect>,
    gnmi: GnmiDialect,
    instance: String,
    max_operations: Option<usize>,
    scalars: bool,
}

/// What an inventory entry may say in place of the dialect.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides<'a> {
    /// The network instance that holds the VLANs.
    pub instance: Option<&'a str>,
    /// How many operations one Set may hold.
    pub max_operations: Option<usize>,
    /// How values are written.
    pub encoding: Option<GnmiEncoding>,
}

impl Renderer {
    /// A renderer for a dialect that speaks gNMI; `None` for one that does
    /// not.
    #[must_use]
    pub fn new(dialect: &Arc<Dialect>, overrides: Overrides<'_>) -> Option<Self> {
        let gnmi = dialect.gnmi.clone()?;
        Some(Self {
            dialect: Arc::clone(dialect),
            instance: overrides.instance.unwrap_or(&gnmi.network_instance).to_owned(),
            max_operations: overrides.max_operations.or(gnmi.max_operations),
            scalars: overrides.encoding.or(gnmi.encoding) == Some(GnmiEncoding::Proto),
            gnmi,
        })
    }

    fn operations(&self, plan: &Plan) -> Result<Operations, Unrenderable> {
        match &self.gnmi.mapping {
            Mapping::Tree(tree) => by_path::operations(self, tree, plan),
            Mapping::MacVrf => mac_vrf::operations(plan, &self.instance).map_err(|unsayable| {
                // What the code has no place for, the dialect excuses.
                let deviation = self.dialect.deviation("gnmi", &unsayable.what);
                self.cannot(&unsayable.what, deviation.map_or(&unsayable.reason, |deviation| &deviation.reason))
            }),
        }
    }

    fn cannot(&self, what: &str, reason: &str) -> Unrenderable {
        Unrenderable { dialect: self.dialect.name.clone(), what: what.to_owned(), reason: reason.to_owned() }
    }
}

impl Render for Renderer {
    fn render(&self, plan: &Plan) -> Result<Payload, Unrenderable> {
        let operations = self.operations(plan)?;
        match self.max_operations {
            Some(most) if operations.len() > most => {
                let reason = format!("it takes {} operations and the target takes {most} in one Set", operations.len());
                Err(self.cannot("this much at once", &reason))
            }
            _ => Ok(Payload::new(operations)),
        }
    }
}
