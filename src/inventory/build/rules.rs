//! What may be done to a switch.

use std::collections::BTreeMap;

use mercury_adapter::InterfaceNames;
use mercury_model::{InterfaceName, VlanId};

use super::{Form, each, options, overlay::overlay, seconds};
use crate::config::reader::Reader;
use crate::finding::{Code, Finding};
use crate::inventory::{Context, Rules, TeamRules};

pub(super) fn rules(reader: &mut Reader<'_>, dialect: &str, form: Form, context: &Context) -> Rules {
    let manage_vlans = reader.flag("manage_vlans").unwrap_or(false);
    let allowed_ports: Option<Vec<_>> = each(reader, "allowed_ports");
    let allowed_lags: Vec<_> = each(reader, "allowed_lags").unwrap_or_default();
    let allowed = options::Allowed { ports: allowed_ports.as_deref().unwrap_or_default(), lags: &allowed_lags };
    let options = options::options(reader, manage_vlans, allowed);
    let interface_names = context.interface_names.get(dialect).cloned();
    if let Some(names) = &interface_names {
        ["allowed_ports", "allowed_lags", "trunk_ports"].iter().for_each(|key| doubt(reader, key, names));
    }
    let lowest_vlan = context.lowest_vlans.get(dialect).copied().unwrap_or(VlanId::MIN);
    let allowed_vlans = reader.vlans("allowed_vlans").or_else(|| context.allowed_vlans.clone());
    let native_vlan = reader.vlan("native_vlan");
    let default_vlan = default_vlan(reader, dialect, lowest_vlan);
    let idle = [("native_vlan", native_vlan), ("default_vlan", default_vlan)];
    let overlay = overlay(reader, idle, allowed_vlans.as_ref());
    Rules {
        // Ironic's documentation of its file: "default: false".
        persist: reader.flag("persist").unwrap_or(form == Form::Native),
        allowed_vlans,
        lowest_vlan,
        native_vlan,
        default_vlan,
        manage_vlans,
        manage_mtu: reader.flag("manage_mtu").unwrap_or(false),
        stp_edge: reader.flag("stp_edge").unwrap_or(false),
        stp_bpdu_guard: reader.flag("stp_bpdu_guard").unwrap_or(false),
        allowed_ports,
        allowed_lags,
        lag_numbers: reader.parsed("lag_numbers").unwrap_or_default(),
        lag_prefix: lag_prefix(reader, dialect, context),
        mlag_domain: reader.text("mlag_domain"),
        overlay,
        bounce_on_attach: reader.flag("bounce_on_attach").unwrap_or(false),
        bounce_time: seconds(reader, "bounce_time", 3, 1, 30),
        bounce_unconfirmed: reader.flag("bounce_unconfirmed").unwrap_or(false),
        options,
        card: None,
        uplinks: BTreeMap::new(),
        interface_names,
        team: TeamRules::default(),
    }
}

/// What a reset would put a port in must be there.
fn default_vlan(reader: &mut Reader<'_>, dialect: &str, lowest: VlanId) -> Option<VlanId> {
    let vlan = reader.vlan("default_vlan")?;
    if vlan < lowest {
        let message = format!("dialect {dialect} has no VLANs below {lowest}");
        reader.blame_key("default_vlan", Finding::error(Code::Conflict, message));
    }
    Some(vlan)
}

/// Names that are not what the dialect's ports are called. One that the dialect knows by
/// another spelling is wrong: what would be sent and what is read back would be two ports.
/// Any other is taken as it is, since the network team knows it.
fn doubt(reader: &mut Reader<'_>, key: &str, names: &InterfaceNames) {
    for (text, found) in reader.texts(key).into_iter().flatten() {
        let finding = match names.spelled(&text) {
            Ok(spelled) if spelled == text => continue,
            Ok(spelled) => {
                let message = format!("{text:?} is {spelled:?} in its configuration");
                Finding::error(Code::BadValue, message).help(format!("write {spelled:?}"))
            }
            Err(misnamed) => Finding::warning(Code::BadValue, format!("{text:?}: {misnamed}")),
        };
        reader.blame(&found, finding);
    }
}

/// What a number follows, so it must not end in one.
fn lag_prefix(reader: &mut Reader<'_>, dialect: &str, context: &Context) -> Option<String> {
    let known = dialect.is_empty() || context.lag_prefixes.iter().any(|prefixed| prefixed == dialect);
    if !known && reader.find("lag_numbers").is_some() && reader.find("lag_prefix").is_none() {
        let message = format!("needs a lag_prefix, which dialect {dialect} does not know");
        reader
            .blame_key("lag_numbers", Finding::error(Code::Conflict, message).help("such as Port-Channel, ae or lag"));
    }
    let prefix = reader.text("lag_prefix")?;
    let interface = format!("{prefix}1").parse::<InterfaceName>();
    if interface.is_err() || prefix.ends_with(|last: char| last.is_ascii_digit()) {
        let finding = Finding::error(Code::BadValue, "must be what a name is before its number");
        reader.blame_key("lag_prefix", finding.help("such as Port-Channel, ae or lag"));
    }
    Some(prefix)
}
