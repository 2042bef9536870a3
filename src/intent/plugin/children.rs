//! `child_nodes` of a port: what is on the network together with it, such as the cards
//! in its host.

use serde_json::Value;

use super::{
    Network, PluginPort, PluginRequest,
    links::{Kind, Links, binding_profile},
};
use crate::{fault::Fault, intent::Fields};

/// Child nodes of one port; a host with more cards is a mistake.
const MAX_CHILDREN: usize = 64;

/// A child node, with links and a physical network of its own.
#[derive(Clone, Debug)]
pub struct Child {
    links: Links,
    physical_network: Option<String>,
}

impl Child {
    pub(super) fn read_all(port: &mut Fields<'_>) -> Result<Vec<Self>, Fault> {
        let path = port.path("child_nodes");
        let items = port.list("child_nodes", MAX_CHILDREN)?.unwrap_or_default();
        items.iter().enumerate().map(|(index, item)| Self::read(&format!("{path}[{index}]"), item)).collect()
    }

    fn read(path: &str, value: &Value) -> Result<Self, Fault> {
        let mut fields = Fields::of(path, value)?;
        let names = [fields.text("id")?, fields.text("uuid")?, fields.text("name")?];
        let of = Kind { vnic_type: fields.text("binding:vnic_type")?, child: names.into_iter().flatten().next() };
        let physical_network = fields.text("physical_network")?.map(str::to_owned);
        let connection = fields.path("local_link_connection");
        let links = match (fields.object("binding:profile")?, fields.get("local_link_connection")) {
            (Some(_), Some(_)) => return Err(Fault::params(connection, "is given beside binding:profile")),
            (Some(profile), None) => binding_profile(profile, of)?.0,
            (None, Some(value)) => Links::one(connection, value, of)?,
            (None, None) => return Err(Fault::params(connection, "is missing")),
        };
        Ok(Self { links, physical_network })
    }
}

impl PluginRequest {
    /// What is asked of each child node: the same network, untagged, on its own physical
    /// network.
    #[must_use]
    pub fn children(&self) -> Vec<Self> {
        let network = |child: &Child| {
            let own = child.physical_network.clone();
            self.network
                .clone()
                .map(|network| Network { physical_network: own.or(network.physical_network), ..network })
        };
        let port = |child: &Child| PluginPort {
            links: child.links.clone(),
            children: Vec::new(),
            group: None,
            sub_ports: None,
            sub_port_vnis: Vec::new(),
            ..self.port.clone()
        };
        self.port.children.iter().map(|child| Self { port: port(child), network: network(child) }).collect()
    }
}
