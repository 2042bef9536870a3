//! `[genericswitch:NAME]` of networking-generic-switch 10.2, with every option that it
//! knows, and those of netmiko and ncclient that it hands on.

use regex::Regex;
use serde::Deserialize;

use super::{
    Given, is_true, listed,
    write::{Entry, comment, list, quoted},
};
use crate::{
    finding::Findings,
    inventory::{Context, PortNameRule, device_type},
};

/// What becomes of an option.
enum Becomes {
    /// A text under another name.
    Text(&'static str),
    /// A whole number.
    Number(&'static str),
    /// True or false.
    Flag(&'static str),
    /// A list of texts.
    List(&'static str),
    /// A list of ports, which are called as the switch's configuration calls them.
    Ports(&'static str),
    /// A file of its own.
    Secret(&'static str),
    /// Something that takes more than its name.
    Other,
    /// Nothing, as Mercury does so anyway, or has no use for it.
    Needless(&'static str),
    /// Nothing, and that changes what happens.
    Lost(&'static str),
}

use Becomes::{Flag, List, Lost, Needless, Number, Other, Ports, Secret, Text};

const OVERLAY: Becomes = Lost("VNIs take `local_vlans`, and a dialect that has words for them");
const FAKE: Becomes = Needless("`mercury simulate` has faults of its own");
const BY_MERCURY: Becomes = Needless("is Mercury's own matter");

const OPTIONS: &[(&str, Becomes)] = &[
    ("ip", Text("address")),
    ("host", Text("address")),
    ("port", Number("port")),
    ("username", Text("username")),
    ("password", Secret("password")),
    ("secret", Secret("enable_secret")),
    ("passphrase", Secret("passphrase")),
    ("key_file", Text("key_file")),
    ("key_filename", Text("key_file")),
    ("device_type", Other),
    ("hostkey_verify", Other),
    ("ngs_mac_address", List("mac_addresses")),
    ("ngs_trunk_ports", Ports("trunk_ports")),
    ("ngs_port_default_vlan", Number("default_vlan")),
    ("ngs_physical_networks", List("physical_networks")),
    ("ngs_allowed_vlans", Other),
    ("ngs_allowed_ports", Ports("allowed_ports")),
    ("ngs_disable_inactive_ports", Flag("disable_inactive_ports")),
    ("ngs_manage_vlans", Other),
    ("ngs_network_name_format", Other),
    ("ngs_save_configuration", Flag("persist")),
    ("ngs_ssh_connect_timeout", Number("connect_timeout")),
    ("ngs_manage_mtu", Flag("manage_mtu")),
    ("ngs_bounce_ports_on_plug", Flag("bounce_on_attach")),
    ("ngs_port_stp_edge", Flag("stp_edge")),
    ("ngs_port_bpdu_guard", Flag("stp_bpdu_guard")),
    ("ngs_netconf_confirmed_commit", Other),
    ("ngs_openconfig_network_instance", Text("network_instance")),
    ("ngs_port_id_re_sub", Other),
    ("ngs_openconfig_disabled_properties", Other),
    ("ngs_switchport_mode", Other),
    ("ngs_security_groups_enabled", Other),
    ("ngs_netconf_target", Needless("what the switch announces decides")),
    ("ngs_netconf_confirmed_commit_timeout", Needless("confirm_timeout is long enough for a slow commit by default")),
    ("ngs_ssh_connect_interval", Needless("a switch that does not answer is asked again with the next request")),
    ("ngs_ssh_reuse_connection", Needless("connections are always kept")),
    ("ngs_max_connections", Needless("changes of one switch are made one after the other")),
    ("ngs_batch_requests", Needless("requests that wait together are always made together")),
    (
        "ngs_ssh_disabled_algorithms",
        Lost("old algorithms are off unless `legacy_algorithms` is true; others cannot be chosen"),
    ),
    (
        "ngs_netconf_save_config",
        Lost("running is copied to startup where the switch has one; a payload of its own is not sent"),
    ),
    ("ngs_port_default_mtu", Lost("a port's MTU is what the request says; a detach leaves it")),
    ("ngs_trunk_port_mtu", Lost("the MTU of trunk_ports is left to the network team")),
    ("ngs_ovs_bridge", Lost("a port is configured on the bridge that it is on")),
    ("ngs_fake_sleep_min_s", FAKE),
    ("ngs_fake_sleep_max_s", FAKE),
    ("ngs_fake_failure_prob", FAKE),
    ("ngs_verify_tls", Lost("certificates are checked; tls_ca and tls_pins say which are believed")),
    ("ngs_restconf_scheme", Lost("it is HTTPS, or HTTP with `plaintext`")),
    ("ngs_restconf_content_type", Needless("the name of the media type is found out")),
    ("ngs_restconf_base_path", Lost("the switch tells, or restconf_root does")),
    ("ngs_evpn_vni_config", OVERLAY),
    ("ngs_bgp_asn", OVERLAY),
    ("ngs_bum_replication_mode", OVERLAY),
    ("ngs_mcast_group_base", OVERLAY),
    ("ngs_mcast_group_increment", OVERLAY),
    ("ngs_mcast_group_map", OVERLAY),
    ("ngs_vxlan_interface", OVERLAY),
    ("ngs_evpn_route_target", OVERLAY),
    ("ngs_her_flood_list", OVERLAY),
    ("ngs_physnet_her_flood", OVERLAY),
    ("ngs_vtep_name", OVERLAY),
    ("ngs_nve_interface", OVERLAY),
    ("use_keys", Needless("a key is used where key_file names one")),
    ("allow_agent", Lost("agents are not asked; name a key_file")),
    ("device_params", Needless("the dialect knows the system")),
    ("ssh_strict", Needless("host keys are always checked")),
    ("system_host_keys", Needless("the system's known_hosts are asked anyway")),
    ("alt_host_keys", Needless("known_hosts names files")),
    ("alt_key_file", Text("known_hosts")),
    ("global_delay_factor", BY_MERCURY),
    ("global_cmd_verify", BY_MERCURY),
    ("disable_sha2_fix", BY_MERCURY),
    ("conn_timeout", Needless("connect_timeout is it")),
    ("auth_timeout", BY_MERCURY),
    ("banner_timeout", BY_MERCURY),
    ("blocking_timeout", BY_MERCURY),
    ("timeout", BY_MERCURY),
    ("session_timeout", BY_MERCURY),
    ("read_timeout_override", Needless("reply_timeout is it")),
    ("keepalive", BY_MERCURY),
    ("fast_cli", BY_MERCURY),
    ("_legacy_mode", BY_MERCURY),
    ("session_log_record_writes", BY_MERCURY),
    ("allow_auto_change", BY_MERCURY),
    ("auto_connect", BY_MERCURY),
    ("delay_factor_compat", BY_MERCURY),
    ("disable_lf_normalization", BY_MERCURY),
    ("session_log", Needless("`log.level` \"debug\" shows the lines")),
    ("verbose", BY_MERCURY),
];

/// What networking-generic-switch does without being told, where Mercury does otherwise.
const DEFAULTS: [(&str, &str); 2] = [("ngs_manage_vlans", "True"), ("ngs_network_name_format", "{network_id}")];

/// The entry of one section.
pub(super) fn entry(section: &Given<'_>, name: &str, context: &Context, findings: &mut Findings) -> Entry {
    let mut entry = Entry { lines: vec![format!("name = {}", quoted(name))], secrets: Vec::new() };
    for (option, line, value) in &section.options {
        let known = OPTIONS.iter().find(|(theirs, _)| theirs == option);
        let Some((_, becomes)) = known else {
            let why = "is no option of networking-generic-switch 10.2; it went to netmiko as it is";
            findings.push(section.lost(option, *line, why));
            entry.lines.push(comment(&format!("{option}: {why}")));
            continue;
        };
        match becomes {
            Text("known_hosts") => entry.lines.push(format!("known_hosts = {}", list([value.as_str()]))),
            Text(ours) => entry.lines.push(format!("{ours} = {}", quoted(value))),
            Number(ours) => match value.trim().parse::<u32>() {
                Ok(number) => entry.lines.push(format!("{ours} = {number}")),
                Err(_) => findings.push(section.lost(option, *line, "is no whole number")),
            },
            Flag(ours) => entry.lines.push(format!("{ours} = {}", is_true(value))),
            List(ours) => entry.lines.push(format!("{ours} = {}", list(listed(value)))),
            Ports(ours) => {
                let names: Vec<String> =
                    listed(value).into_iter().map(|port| spelled(section, port, context)).collect();
                entry.lines.push(format!("{ours} = {}", list(names.iter().map(String::as_str))));
            }
            Secret(ours) => entry.secrets.push((ours, value.clone())),
            Needless(why) => entry.lines.push(comment(&format!("{option}: {why}"))),
            Lost(why) => {
                findings.push(section.lost(option, *line, why));
                entry.lines.push(comment(&format!("{option}: {why}")));
            }
            Other => other(section, (option, *line, value), &mut entry, context, findings),
        }
    }
    for (option, value) in DEFAULTS.into_iter().filter(|(option, _)| section.option(option).is_none()) {
        other(section, (option, section.line, value), &mut entry, context, findings);
    }
    entry
}

fn other(
    section: &Given<'_>,
    (option, line, value): (&str, usize, &str),
    entry: &mut Entry,
    context: &Context,
    findings: &mut Findings,
) {
    let mut reasons = Vec::new();
    let mut lost = |why: &str| reasons.push(why.to_owned());
    match option {
        "device_type" => match device_type(value, &context.dialects) {
            (Some(protocol), Ok(dialect)) => {
                entry.lines.push(format!("protocol = {}", quoted(protocol.as_str())));
                entry.lines.push(format!("dialect = {}", quoted(&dialect)));
            }
            (_, Err(finding)) => lost(&finding.message),
            (None, Ok(dialect)) => lost(&format!("{dialect} is spoken over several protocols")),
        },
        "hostkey_verify" if !is_true(value) => {
            entry.lines.push("insecure = true".to_owned());
        }
        // None at all is another thing than no list.
        "ngs_allowed_vlans" => entry.lines.push(format!("allowed_vlans = {}", quoted(&listed(value).join(",")))),
        "ngs_manage_vlans" => entry.lines.push(format!("manage_vlans = {}", is_true(value))),
        "ngs_network_name_format" => match vlan_name(value) {
            Ok(name) if manages_vlans(section) => entry.lines.push(format!("vlan_name = {}", quoted(&name))),
            Ok(_) => entry.lines.push(comment("ngs_network_name_format: no VLANs are made")),
            Err(why) => lost(&why),
        },
        "ngs_netconf_confirmed_commit" if !is_true(value) => {
            entry.lines.push("confirmed_commit = \"off\"".to_owned());
        }
        "ngs_port_id_re_sub" => match port_names(value) {
            Ok((rule, is_all)) => {
                entry.lines.push(format!("port_names = [{rule}]"));
                if !is_all {
                    lost("is taken over for the first place in a name that matches, not for every one");
                }
            }
            Err(why) => lost(&why),
        },
        "ngs_openconfig_disabled_properties" if listed(value) == ["port_mtu"] => {
            entry.lines.push(comment("port_mtu is left alone unless manage_mtu is true"));
        }
        "ngs_openconfig_disabled_properties" => lost("only port_mtu can be left out, by manage_mtu"),
        "ngs_switchport_mode" if value != "access" => lost("the request says what a port becomes"),
        "ngs_security_groups_enabled" if is_true(value) => lost("security groups are not Mercury's"),
        _ => entry.lines.push(comment(&format!("{option}: is so anyway"))),
    }
    for why in reasons {
        findings.push(section.lost(option, line, &why));
        entry.lines.push(comment(&format!("{option}: {why}")));
    }
}

/// A port as the configuration of the section's switch calls it, where its dialect knows.
fn spelled(section: &Given<'_>, port: &str, context: &Context) -> String {
    let kind = section.option("device_type").and_then(|(_, kind)| device_type(kind, &context.dialects).1.ok());
    let names = kind.and_then(|dialect| context.interface_names.get(&dialect));
    names.and_then(|names| names.spelled(port).ok()).map_or_else(|| port.to_owned(), |name| name.to_string())
}

fn manages_vlans(section: &Given<'_>) -> bool {
    section.option("ngs_manage_vlans").is_none_or(|(_, value)| is_true(value))
}

/// The template of a VLAN's name, from Python's.
fn vlan_name(format: &str) -> Result<String, String> {
    let name = format.replace("{segmentation_id}", "{vlan}");
    let rest = name.replace("{vlan}", "").replace("{network_id}", "");
    if rest.contains(['{', '}']) {
        return Err(format!("{format:?} has more than {{network_id}} and {{segmentation_id}}"));
    }
    Ok(name)
}

#[derive(Deserialize)]
struct Substitution {
    pattern: String,
    repl: String,
}

/// A rule of whole names, from Python's substitution somewhere in a name; and whether it
/// is the same for names where the pattern matches more than once.
fn port_names(text: &str) -> Result<(String, bool), String> {
    let given: Substitution =
        serde_json::from_str(text).map_err(|error| format!("is no object of pattern and repl: {error}"))?;
    let (pattern, is_first) = match given.pattern.strip_prefix('^') {
        Some(rest) => (rest, true),
        None => (given.pattern.as_str(), false),
    };
    let (pattern, is_last) = match pattern.strip_suffix('$') {
        Some(rest) => (rest, true),
        None => (pattern, false),
    };
    // What is before the match is a group too, so the pattern's own count on from it.
    let own = usize::from(!is_first);
    let count = Regex::new(pattern).map_err(|error| last_line(&error.to_string()))?.captures_len();
    let mut whole = String::new();
    if !is_first {
        whole.push_str("(.*?)");
    }
    whole.push_str(&format!("(?:{pattern})"));
    if !is_last {
        whole.push_str("(.*)");
    }
    let mut replacement = if is_first { String::new() } else { "${1}".to_owned() };
    replacement.push_str(&expanded(&given.repl, own)?);
    if !is_last {
        replacement.push_str(&format!("${{{}}}", own + count));
    }
    PortNameRule::new(&whole, &replacement).map_err(|error| error.to_string())?;
    let rule = format!("{{ match = {}, replace = {} }}", quoted(&whole), quoted(&replacement));
    Ok((rule, is_first || is_last))
}

/// Python's replacement (`\1`, `\g<1>`, `\g<name>`), its numbers counted on by `more`.
fn expanded(text: &str, more: usize) -> Result<String, String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(&before.replace('$', "$$"));
        let (name, behind) = match after.strip_prefix("g<").and_then(|named| named.split_once('>')) {
            Some(found) => found,
            None => after.split_at(after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len())),
        };
        match name.parse::<usize>() {
            Ok(0) => return Err(format!("{text:?} repeats the whole match, which has no number here")),
            Ok(number) => out.push_str(&format!("${{{}}}", number + more)),
            Err(_) if name.is_empty() => return Err(format!("{text:?} has an escape that is no group")),
            Err(_) => out.push_str(&format!("${{{name}}}")),
        }
        rest = behind;
    }
    out.push_str(&rest.replace('$', "$$"));
    Ok(out)
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(substitution: &str, name: &str) -> String {
        let (rule, _) = port_names(substitution).unwrap();
        let rule: toml::Table = format!("rule = {rule}").parse().unwrap();
        let text = |key: &str| rule["rule"][key].as_str().unwrap().to_owned();
        let rule = PortNameRule::new(&text("match"), &text("replace")).unwrap();
        let names = crate::inventory::PortNames::new(vec![rule]);
        names.rewritten(&name.parse().unwrap()).unwrap().to_string()
    }

    /// What Python's `re.sub` makes of the same.
    #[test]
    fn names_become_what_python_makes_of_them() {
        for (substitution, name, expected) in [
            (r#"{"pattern": "Ethernet", "repl": "eth"}"#, "Ethernet1/1", "eth1/1"),
            (r#"{"pattern": "Ethernet", "repl": "eth"}"#, "swp1", "swp1"),
            (r#"{"pattern": "^Eth(\\d+)/(\\d+)$", "repl": "Ethernet\\1/\\g<2>"}"#, "Eth1/20", "Ethernet1/20"),
            (r#"{"pattern": "^Eth(\\d+)/(\\d+)$", "repl": "Ethernet\\1/\\g<2>"}"#, "Eth1/20/1", "Eth1/20/1"),
            (r#"{"pattern": "-re(\\d)", "repl": "/\\1-"}"#, "xe-re0x", "xe/0-x"),
            (r#"{"pattern": "(?P<slot>\\d)$", "repl": "$\\g<slot>"}"#, "port7", "port$7"),
        ] {
            assert_eq!(renamed(substitution, name), expected, "{substitution} of {name}");
        }
        assert!(!port_names(r#"{"pattern": "a", "repl": "b"}"#).unwrap().1, "aa would become bb");
        for wrong in
            [r#"{"pattern": "("}"#, r#"{"pattern": "(", "repl": ""}"#, r#"{"pattern": "a", "repl": "\\q"}"#, "x"]
        {
            assert!(port_names(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_vlan_is_called_as_before() {
        assert_eq!(vlan_name("{network_id}").unwrap(), "{network_id}");
        assert_eq!(vlan_name("net-{segmentation_id}").unwrap(), "net-{vlan}");
        assert!(vlan_name("{network_id:.8}").is_err());
    }

    #[test]
    fn no_option_is_there_twice() {
        let mut names: Vec<&str> = OPTIONS.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|two| two[0] != two[1]));
    }
}
