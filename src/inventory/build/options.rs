//! The options of [`Options`], and where they contradict one another.

use mercury_model::{Description, InterfaceName, VlanName};

use super::each;
use crate::config::fields::{Entry, Table, Value};
use crate::config::reader::{Found, Reader};
use crate::finding::{Code, Finding};
use crate::inventory::{Options, Placeholder, PortNameRule, PortNames, Template};

/// More rules than this are a mistake, or too slow for each request.
const MAX_RULES: usize = 64;

/// What callers may name.
#[derive(Clone, Copy)]
pub(super) struct Allowed<'a> {
    pub(super) ports: &'a [InterfaceName],
    pub(super) lags: &'a [InterfaceName],
}

pub(super) fn options(reader: &mut Reader<'_>, manage_vlans: bool, allowed: Allowed<'_>) -> Options {
    let options = Options {
        trunk_ports: trunk_ports(reader, allowed),
        vlan_name: template(reader, "vlan_name", Placeholder::OF_A_VLAN, name),
        remove_unused_vlans: reader.flag("remove_unused_vlans").unwrap_or(false),
        port_names: port_names(reader),
        description: template(reader, "description", Placeholder::OF_A_PORT, described),
        idle_description: idle_description(reader),
        disable_inactive_ports: reader.flag("disable_inactive_ports").unwrap_or(false),
    };
    let used = [
        ("trunk_ports", !options.trunk_ports.is_empty()),
        ("vlan_name", options.vlan_name.is_some()),
        ("remove_unused_vlans", options.remove_unused_vlans),
    ];
    // They say beside which ports a VNI's VLAN has none left.
    let is_of_overlay = |key: &str| key == "trunk_ports" && reader.find("local_vlans").is_some();
    let idle: Vec<_> = used.iter().filter(|(key, used)| *used && !manage_vlans && !is_of_overlay(key)).collect();
    for (key, _) in idle {
        reader.blame_key(key, Finding::error(Code::Conflict, "is given without manage_vlans"));
    }
    let told = options.vlan_name.as_ref().is_some_and(|name| name.asks_for(Placeholder::Vlan));
    // A name that is wrong itself has been blamed.
    if manage_vlans && options.remove_unused_vlans && !told && (options.vlan_name.is_some() || !given(reader)) {
        let finding = Finding::error(Code::Conflict, "needs a vlan_name with {vlan}");
        reader.blame_key("remove_unused_vlans", finding.help("by its name a VLAN is known to be Mercury's own"));
    }
    options
}

fn given(reader: &Reader<'_>) -> bool {
    reader.find("vlan_name").is_some()
}

fn trunk_ports(reader: &mut Reader<'_>, allowed: Allowed<'_>) -> Vec<InterfaceName> {
    let ports: Vec<InterfaceName> = each(reader, "trunk_ports").unwrap_or_default();
    for (key, allowed) in [("allowed_ports", allowed.ports), ("allowed_lags", allowed.lags)] {
        if let Some(port) = ports.iter().find(|port| allowed.contains(port)) {
            let finding = Finding::error(Code::Conflict, format!("{port} is among the {key}, too"));
            reader.blame_key("trunk_ports", finding.help("a trunk port is not for callers to configure"));
        }
    }
    ports
}

/// A template; `fits` says what must come of it when the caller's words are short.
fn template(
    reader: &mut Reader<'_>,
    key: &str,
    known: &[Placeholder],
    fits: fn(&str) -> Result<(), mercury_model::TextError>,
) -> Option<Template> {
    let found = reader.find(key)?;
    let text = reader.text_of(&found)?;
    let template = Template::new(&text, known).and_then(|template| {
        let shortest =
            template.fill(|of| Some(if of == Placeholder::Vlan { "4094" } else { "1" }.to_owned())).unwrap_or_default();
        fits(&shortest)?;
        Ok(template)
    });
    template.map_err(|error| reader.blame(&found, Finding::error(Code::BadValue, error.to_string()))).ok()
}

fn name(text: &str) -> Result<(), mercury_model::TextError> {
    text.parse::<VlanName>().map(drop)
}

fn described(text: &str) -> Result<(), mercury_model::TextError> {
    text.parse::<Description>().map(drop)
}

fn idle_description(reader: &mut Reader<'_>) -> Option<Template> {
    if reader.text_or_empty("idle_description").as_deref() == Some("") {
        return Template::new("", &[]).ok();
    }
    template(reader, "idle_description", Placeholder::OF_AN_IDLE_PORT, described)
}

fn port_names(reader: &mut Reader<'_>) -> PortNames {
    let Some(found) = reader.find("port_names") else { return PortNames::default() };
    let Value::List(items) = &found.entry.value else {
        let message = format!("must be a list of tables, not {}", found.entry.value.type_name());
        reader.blame(&found, Finding::error(Code::WrongType, message));
        return PortNames::default();
    };
    if items.len() > MAX_RULES {
        let message = format!("has {} rules, more than {MAX_RULES}", items.len());
        reader.blame(&found, Finding::error(Code::OutOfRange, message));
        return PortNames::default();
    }
    PortNames::new(items.iter().filter_map(|item| rule(reader, item, &found.field)).collect())
}

fn rule(reader: &mut Reader<'_>, entry: &Entry, field: &str) -> Option<PortNameRule> {
    let place = Found { entry, field: field.to_owned() };
    let Some((pattern, replacement)) = pair(&entry.value) else {
        let finding = Finding::error(Code::WrongType, "must be a table of the texts match and replace");
        reader.blame(&place, finding.help("{ match = '^Eth(\\d+)$', replace = 'Ethernet$1' }"));
        return None;
    };
    let rule = PortNameRule::new(pattern, replacement);
    rule.map_err(|error| reader.blame(&place, Finding::error(Code::BadValue, error.to_string()))).ok()
}

fn pair(value: &Value) -> Option<(&str, &str)> {
    let Value::Table(Table { entries, .. }) = value else { return None };
    let text = |key: &str| match &entries.get(key)?.value {
        Value::Text(text) => Some(text.as_str()),
        _ => None,
    };
    let pair = (text("match")?, text("replace")?);
    (entries.len() == 2).then_some(pair)
}
