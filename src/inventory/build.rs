//! A table of keys into a [`Switch`]; the same for every file format.

mod card;
mod gnmi;
mod identity;
mod netconf;
mod nvue;
mod options;
mod overlay;
mod ovsdb;
mod restconf;
mod rules;
mod secrets;
mod ssh;
mod timing;
mod tls;

use super::load::{Context, OWN_ID};
use super::{Credentials, Face, Protocol, Switch};
use crate::config::fields::Value;
use crate::config::reader::Reader;
use crate::finding::{Code, Finding};
use mercury_model::FloodMode;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

pub(crate) use gnmi::GNMI;
use gnmi::{GNMI_ALONE, NOT_OVSDB, NOT_RESTCONF};
use identity::is_host_name;
pub(crate) use secrets::secret as read_secret;

/// The keys a switch has in common with `[defaults]`, but for [`GNMI`].
pub(crate) const SHARED: &[&str] = &[
    "port",
    "protocol",
    "dialect",
    "username",
    "password",
    "key_file",
    "passphrase",
    "enable_secret",
    "known_hosts",
    "host_key_fingerprints",
    "insecure",
    "telnet",
    "legacy_algorithms",
    "persist",
    "allowed_vlans",
    "native_vlan",
    "default_vlan",
    "manage_vlans",
    "manage_mtu",
    "stp_edge",
    "stp_bpdu_guard",
    "physical_networks",
    "role",
    "allowed_ports",
    "allowed_lags",
    "lag_numbers",
    "lag_prefix",
    "mlag_domain",
    "local_vlans",
    "vxlan_vtep",
    "vxlan_flood",
    "vxlan_peers",
    "vxlan_groups",
    "vxlan_group_base",
    "vxlan_route_distinguisher",
    "vxlan_route_target",
    "bounce_on_attach",
    "bounce_time",
    "bounce_unconfirmed",
    "trunk_ports",
    "vlan_name",
    "remove_unused_vlans",
    "port_names",
    "description",
    "idle_description",
    "disable_inactive_ports",
    "confirm_timeout",
    "confirmed_commit",
    "commit_timeout",
    "reply_timeout",
    "connect_timeout",
    "idle_timeout",
    "keepalive",
    "lock_wait",
    "queue",
    "max_sessions",
    "pipelining",
    "discard_foreign_candidate",
    "framing",
    "transport",
    "call_home",
    "network_instance",
    "foreign_bridges",
    "restconf_root",
];

/// Those of them that only what goes over SSH knows.
pub(super) const SSH: &[&str] =
    &["key_file", "passphrase", "known_hosts", "host_key_fingerprints", "legacy_algorithms"];

/// Those of them that say as whom one logs in, where it is not a certificate that does.
const LOGIN: &[&str] = &["username", "password", "enable_secret"];

/// Those of them that only NETCONF knows.
const NETCONF: &[&str] = &["pipelining", "discard_foreign_candidate", "framing", "transport", "call_home"];

/// Those of them that only a command line knows.
const CLI: &[&str] = &["telnet"];

/// Which file format the keys come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Mercury's TOML.
    Native,
    /// Ironic's INI.
    Ironic,
}

/// What kind of switch an entry is for.
pub(crate) struct Kind {
    /// `None` where the entry is wrong about it: then the keys of one protocol
    /// only cannot be in the wrong place.
    pub(crate) protocol: Option<Protocol>,
    pub(crate) dialect: String,
}

/// As whom Mercury logs in, and what only one protocol needs for it.
struct Means {
    username: String,
    credentials: Credentials,
    face: Face,
}

/// Builds the switch; where the reader [`failed`](Reader::failed) it is not to be used.
pub(crate) fn switch(reader: &mut Reader<'_>, name: String, kind: Kind, form: Form, context: &Context) -> Switch {
    if name.trim() != name {
        reader.blame_key("name", Finding::error(Code::BadValue, "must not begin or end with a blank"));
    }
    let by_tls = kind.protocol == Some(Protocol::Netconf) && netconf::is_by_tls(reader);
    sort_out(reader, kind.protocol, by_tls);
    refuse_unsayable(reader, &kind, context);
    let means = match kind.protocol.unwrap_or(Protocol::Netconf) {
        Protocol::Netconf if by_tls => netconf::means_by_tls(reader, context),
        Protocol::Netconf => netconf::means(reader, context),
        Protocol::Gnmi => gnmi::means(reader, context),
        Protocol::Cli => ssh::means(reader, context),
        Protocol::Ovsdb => ovsdb::means(reader, context),
        Protocol::Restconf => restconf::means(reader, context),
        Protocol::Nvue => nvue::means(reader, context),
    };
    let mut rules = rules::rules(reader, &kind.dialect, form, context);
    let timing = timing::timing(reader);
    let known = identity::Known {
        name,
        dialect: kind.dialect,
        protocol: kind.protocol,
        username: means.username,
        credentials: means.credentials,
    };
    let identity = identity::identity(reader, known, form);
    if kind.protocol == Some(Protocol::Ovsdb) {
        rules.card = card::card(reader);
    }
    rules.team = context.team.of(&identity.name, identity.role.as_deref());
    Switch { identity, rules, timing, face: means.face }
}

/// Refuses the switch's own keys that its protocol does not know, and keeps
/// those of the defaults from it.
fn sort_out(reader: &mut Reader<'_>, protocol: Option<Protocol>, by_tls: bool) {
    const OVSDB: (&[&str], &str) = (ovsdb::OVSDB, "OVSDB");
    const RESTCONF: (&[&str], &str) = (restconf::RESTCONF, "RESTCONF");
    let Some(protocol) = protocol else { return };
    let foreign: &[(&[&str], &str)] = match protocol {
        // What is ignored is the last one's: a user and a password have no place in TLS.
        Protocol::Netconf if by_tls => {
            &[OVSDB, RESTCONF, (CLI, "CLI"), (LOGIN, "SSH"), (SSH, "SSH"), (GNMI_ALONE, "gNMI")]
        }
        Protocol::Netconf => {
            &[OVSDB, RESTCONF, (tls::KEYS, "gNMI, OVSDB, or NETCONF by TLS"), (CLI, "CLI"), (GNMI, "gNMI")]
        }
        Protocol::Gnmi => &[OVSDB, RESTCONF, (SSH, "NETCONF"), (NETCONF, "NETCONF"), (CLI, "CLI")],
        Protocol::Cli => &[OVSDB, RESTCONF, (GNMI, "gNMI"), (NETCONF, "NETCONF")],
        Protocol::Ovsdb => {
            &[RESTCONF, (LOGIN, "SSH"), (SSH, "SSH"), (NETCONF, "NETCONF"), (CLI, "CLI"), (NOT_OVSDB, "gNMI")]
        }
        Protocol::Restconf => &[OVSDB, (SSH, "NETCONF"), (NETCONF, "NETCONF"), (CLI, "CLI"), (NOT_RESTCONF, "gNMI")],
        Protocol::Nvue => {
            &[OVSDB, RESTCONF, (SSH, "NETCONF"), (NETCONF, "NETCONF"), (CLI, "CLI"), (NOT_RESTCONF, "gNMI")]
        }
    };
    let spoken = if by_tls { "NETCONF by TLS" } else { protocol.title() };
    let mut told = Vec::new();
    for (keys, speaker) in foreign {
        for (key, found) in keys.iter().filter_map(|key| Some((key, reader.own(key)?))).collect::<Vec<_>>() {
            if !told.contains(key) {
                told.push(*key);
                let message = format!("is for {speaker}, and this switch speaks {spoken}");
                reader.blame(&found, Finding::error(Code::Conflict, message));
            }
        }
        reader.ignore(keys);
    }
}

/// What some dialects cannot do without, where an entry serves VNIs.
const NEEDED: [&str; 3] = ["vxlan_vtep", "vxlan_route_target", "vxlan_route_distinguisher"];

fn is_served(reader: &Reader<'_>) -> bool {
    reader.find("local_vlans").is_some()
}

/// Refuses what the dialect has no words for, or every attach would fail, and what it cannot
/// do without.
fn refuse_unsayable(reader: &mut Reader<'_>, kind: &Kind, context: &Context) {
    for unsayable in &context.unsayable {
        let meant = kind.protocol == Some(unsayable.protocol) && kind.dialect == unsayable.dialect;
        let is_auto = |value: &Value| matches!(value, Value::Text(form) | Value::Word(form) if form == "auto");
        let is_asked = |reader: &mut Reader<'_>| match unsayable.option {
            "local_vlans" => reader.find("local_vlans").is_some(),
            "vxlan_flood" if reader.find("local_vlans").is_some() => {
                reader.text("vxlan_flood").as_deref().or(Some(FloodMode::Bgp.word())) == unsayable.value
            }
            "vxlan_flood" => false,
            "vxlan_vtep" => is_served(reader) && reader.find("vxlan_vtep").is_none(),
            key @ ("vxlan_route_target" | "vxlan_route_distinguisher") if unsayable.value == Some(OWN_ID) => {
                is_served(reader) && reader.find(key).is_some_and(|found| !is_auto(&found.entry.value))
            }
            // Where BGP tells of VNIs.
            key @ ("vxlan_route_target" | "vxlan_route_distinguisher") => {
                let is_told = reader.text("vxlan_flood").is_none_or(|flood| flood == FloodMode::Bgp.word())
                    || reader.find("vxlan_route_target").is_some();
                // `auto` is what the dialect has no way to.
                is_served(reader) && is_told && reader.find(key).is_none_or(|found| is_auto(&found.entry.value))
            }
            flag => reader.flag(flag) == Some(true),
        };
        if meant && is_asked(reader) && unsayable.value.is_none() && NEEDED.contains(&unsayable.option) {
            reader.blame_key(unsayable.option, Finding::error(Code::MissingKey, unsayable.reason.clone()));
        } else if meant && is_asked(reader) {
            let message = format!("dialect {} cannot express it: {}", unsayable.dialect, unsayable.reason);
            reader.blame_key(unsayable.option, Finding::error(Code::Conflict, message));
        }
    }
}

fn seconds(reader: &mut Reader<'_>, key: &str, default: u64, low: u64, high: u64) -> Duration {
    reader.duration(key, low..=high).unwrap_or(Duration::from_secs(default))
}

/// A list whose items a type reads; those it refuses become findings.
fn each<T>(reader: &mut Reader<'_>, key: &str) -> Option<Vec<T>>
where
    T: FromStr,
    T::Err: Display,
{
    let mut values = Vec::new();
    for (text, found) in reader.texts(key)? {
        match text.parse::<T>() {
            Ok(value) => values.push(value),
            Err(error) => reader.blame(&found, Finding::error(Code::BadValue, error.to_string())),
        }
    }
    Some(values)
}

/// A list that is given must say something.
fn refuse_empty(reader: &mut Reader<'_>, key: &str) {
    if reader.texts(key).is_some_and(|texts| texts.is_empty()) {
        reader.blame_key(key, Finding::error(Code::BadValue, "must not be empty"));
    }
}
