//! `[ironic_networking]` and `[ironic_networking_json_rpc]` of Ironic 39.

use super::{
    Given, is_true, listed,
    write::{Written, comment, list, quoted},
};
use crate::finding::Findings;

/// Ironic's own default port of the section, where a file says none (RPC of Ironic 39).
const PORT: &str = "8089";

pub(super) fn said(section: &Given<'_>, written: &mut Written, findings: &mut Findings) {
    match section.name.as_str() {
        "ironic_networking" => networking(section, written, findings),
        "ironic_networking_json_rpc" => json_rpc(section, written, findings),
        "ngs_coordination" => {
            for (option, line, _) in &section.options {
                let why = "locks of several hosts are kept in etcd by [etcd] of mercury.toml, with other keys";
                findings.push(section.lost(option, *line, why));
                written.passed_over.push(comment(&format!("[ngs_coordination] {option}: {why}")));
            }
        }
        // It is another service's matter, or Ironic's alone.
        other => {
            let options: Vec<&str> = section.options.iter().map(|(option, ..)| option.as_str()).collect();
            let options = if options.is_empty() { "no option".to_owned() } else { options.join(", ") };
            written.passed_over.push(comment(&format!("[{other}]: not read by Mercury: {options}")));
        }
    }
}

fn networking(section: &Given<'_>, written: &mut Written, findings: &mut Findings) {
    for (option, line, value) in &section.options {
        match option.as_str() {
            "switch_config_file" if !value.is_empty() => written.switch_file = Some(value.clone()),
            "allowed_vlans" => written.settings.push(format!("allowed_vlans = {}", quoted(&listed(value).join(",")))),
            "rpc_transport" if value != "json-rpc" => {
                let why = "Mercury is asked over JSON-RPC alone: Ironic needs rpc_transport = json-rpc";
                findings.push(section.lost(option, *line, why));
            }
            "enabled_switch_drivers" if listed(value) != ["generic-switch"] => {
                findings.push(section.lost(option, *line, "Mercury takes the place of generic-switch and of no other"));
            }
            "switch_config_file" | "rpc_transport" | "enabled_switch_drivers" => {}
            "driver_config_dir" => {
                written.settings.push(comment("driver_config_dir: Mercury writes no files of drivers"));
            }
            other if other.ends_with("_network") => {
                written
                    .settings
                    .push(comment(&format!("{option}: the conductor reads it and sends it with each request")));
            }
            _ => written.settings.push(comment(&format!("{option}: not read by Mercury"))),
        }
    }
}

fn json_rpc(section: &Given<'_>, written: &mut Written, findings: &mut Findings) {
    let said = |name: &str| section.option(name).map(|(_, value)| value);
    let host = said("host_ip").unwrap_or("::");
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    written.settings.push(format!("listen = {}", quoted(&format!("{host}:{}", said("port").unwrap_or(PORT)))));
    if host.parse::<std::net::Ipv4Addr>().is_err() && !host.starts_with('[') {
        let (line, _) = section.option("host_ip").unwrap_or_default();
        findings.push(section.lost("host_ip", line, "is a name; Mercury listens on an address"));
    }
    match said("auth_strategy") {
        Some("noauth") => {
            // As Ironic has it, whoever reaches the port; Mercury wants that said twice.
            written.settings.push("auth = \"noauth\"".to_owned());
        }
        Some("http_basic") => {
            written.settings.push("auth = \"http_basic\"".to_owned());
            let users = said("http_basic_auth_user_file").unwrap_or("/etc/ironic/htpasswd-json-rpc");
            written.settings.push(format!("htpasswd = {}", quoted(users)));
        }
        Some("keystone") => {
            written.settings.push("auth = \"keystone\"".to_owned());
            keystone(section, written, findings);
        }
        _ => {
            let why = "is not said here; Ironic takes that of [DEFAULT]. Say `auth` in mercury.toml";
            findings.push(section.lost("auth_strategy", section.line, why));
        }
    }
    if said("use_ssl").is_some_and(is_true) {
        written.tables.push("\n[tls]".to_owned());
        for (theirs, ours) in
            [("cert_file", "cert"), ("key_file", "key"), ("server_tls_minimum_version", "min_version")]
        {
            written.tables.extend(said(theirs).map(|value| format!("{ours} = {}", quoted(value))));
        }
    }
    if let Some(path) = said("unix_socket") {
        written.tables.push(format!("\n[socket]\npath = {}", quoted(path)));
        written.tables.extend(said("unix_socket_mode").map(|mode| format!("mode = {}", quoted(mode))));
        let (line, _) = section.option("unix_socket").unwrap_or_default();
        let why = "Mercury lets in who is listed: add `uids` or `gids` to [socket]";
        findings.push(section.lost("unix_socket", line, why));
    }
    for (option, line, _) in section.options.iter().filter(|(option, ..)| !is_carried(section, option)) {
        let why = match option.as_str() {
            "server_tls_ciphers" => "which ciphers there are is not settable",
            client if OF_CLIENTS.contains(&client) => {
                written.passed_over.push(comment(&format!("{option}: is for those who call, not for the server")));
                continue;
            }
            _ => "nothing here takes its place as the section is",
        };
        findings.push(section.lost(option, *line, why));
        written.passed_over.push(comment(&format!("{option}: {why}")));
    }
}

/// Options of the section that the server does not read (`ironic.common.json_rpc.client`, and
/// those of keystoneauth).
const OF_CLIENTS: &[&str] = &[
    "auth_section",
    "auth_type",
    "auth_url",
    "cafile",
    "certfile",
    "client_use_ssl",
    "collect_timing",
    "connect_retries",
    "connect_retry_delay",
    "http_basic_password",
    "http_basic_username",
    "insecure",
    "keyfile",
    "password",
    "project_domain_name",
    "project_name",
    "region_name",
    "status_code_retries",
    "status_code_retry_delay",
    "timeout",
    "user_domain_name",
    "username",
];

/// Options of keystoneauth that `[keystone]` takes, or that are told of by themselves.
const OF_KEYSTONE: &[(&str, &str)] = &[
    ("auth_url", "url"),
    ("cafile", "ca"),
    ("username", "username"),
    ("user_domain_name", "user_domain"),
    ("project_name", "project"),
    ("project_domain_name", "project_domain"),
];

/// Whether something becomes of an option, or a finding tells of it already.
fn is_carried(section: &Given<'_>, option: &str) -> bool {
    let said = |name: &str| section.option(name).map(|(_, value)| value);
    match option {
        "host_ip" | "port" | "auth_strategy" | "use_ssl" | "unix_socket" => true,
        "unix_socket_mode" => said("unix_socket").is_some(),
        "http_basic_auth_user_file" => said("auth_strategy") == Some("http_basic"),
        "cert_file" | "key_file" | "server_tls_minimum_version" => said("use_ssl").is_some_and(is_true),
        "allowed_roles" | "password" => said("auth_strategy") == Some("keystone"),
        other => said("auth_strategy") == Some("keystone") && OF_KEYSTONE.iter().any(|(theirs, _)| *theirs == other),
    }
}

/// Whom Mercury is to Keystone, as keystoneauth's options say it.
fn keystone(section: &Given<'_>, written: &mut Written, findings: &mut Findings) {
    let said = |name: &str| section.option(name).map(|(_, value)| value);
    written.tables.push("\n[keystone]".to_owned());
    for (theirs, ours) in OF_KEYSTONE {
        written.tables.extend(said(theirs).map(|value| format!("{ours} = {}", quoted(value))));
    }
    // Ironic's own default is narrower than Mercury's.
    written.tables.push(format!("roles = {}", list(listed(said("allowed_roles").unwrap_or("admin")))));
    if let Some((line, _)) = section.option("password") {
        // It would be in a file of settings, which others may read.
        let why = "is not copied: put it in a file, and say [keystone] password = { file = \"...\" }";
        findings.push(section.lost("password", line, why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(options: &[(&str, &str)]) -> Vec<String> {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), 1, (*value).to_owned())).collect();
        let name = "ironic_networking_json_rpc".to_owned();
        let section = Given { file: std::path::Path::new("ironic.conf"), name, line: 1, options };
        let (mut written, mut findings) = (Written::default(), Findings::default());
        said(&section, &mut written, &mut findings);
        written.tables.into_iter().filter(|line| line.starts_with("roles")).collect()
    }

    #[test]
    fn keystone_lets_in_those_that_ironic_did() {
        let keystone = ("auth_strategy", "keystone");
        assert_eq!(roles(&[keystone]), ["roles = [\"admin\"]"], "Ironic's own default");
        let some = ("allowed_roles", "service, reader");
        assert_eq!(roles(&[keystone, some]), ["roles = [\"service\", \"reader\"]"]);
        assert!(roles(&[("auth_strategy", "noauth"), some]).is_empty());
    }
}
