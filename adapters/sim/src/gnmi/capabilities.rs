//! Capabilities (gNMI section 3.2).

use mercury_gnmi_proto::gnmi::{CapabilityResponse, Encoding, ModelData};

use super::VERSION;
use crate::schema::{Module, Schema};

/// What the switch supports. Extensions cannot be told.
pub(super) fn response(schema: &Schema) -> CapabilityResponse {
    CapabilityResponse {
        supported_models: schema.announced.iter().map(|module| model(module)).collect(),
        supported_encodings: [Encoding::Json, Encoding::Proto, Encoding::JsonIetf].map(i32::from).to_vec(),
        g_nmi_version: VERSION.to_owned(),
        extension: Vec::new(),
    }
}

fn model(module: &Module) -> ModelData {
    let organization = if module.name.starts_with("iana-") { "IANA" } else { "OpenConfig working group" };
    ModelData {
        name: module.name.to_owned(),
        organization: organization.to_owned(),
        version: module.revision.unwrap_or_default().to_owned(),
    }
}
