//! What README.md shows to operators, so that it is what is tested.

use std::fmt::Write;

use serde_json::Value;

use crate::harness::Entry;

const README: &str = include_str!("../../../README.md");
/// The manual of Mercury's own network interface.
const OPENSTACK: &str = include_str!("../../../adapters/openstack/README.md");

/// `ironic.conf`.
pub(super) fn ironic_conf() -> &'static str {
    block("[ironic_networking_json_rpc]")
}

/// `ironic.conf` with Mercury's own network interface, but for what reaches Mercury.
pub(super) fn own_ironic_conf() -> String {
    let theirs = ["url", "cafile", "auth_type", "username", "password"];
    let lines = block_of(OPENSTACK, "provisioning_network").lines();
    let kept = lines.filter(|line| !theirs.iter().any(|key| line.split(' ').next() == Some(key)));
    kept.map(|line| format!("{line}\n")).collect()
}

/// A port's `local_link_connection` and `extra`.
pub(super) fn port() -> Value {
    serde_json::from_str(block("local_link_connection")).unwrap()
}

/// The chassis MAC of its switch.
pub(super) fn mac() -> String {
    port()["local_link_connection"]["switch_id"].as_str().unwrap().to_owned()
}

/// The switch file in Ironic's form, with what reaches this switch.
pub(super) fn switches_conf(entry: &Entry) -> String {
    let own = entry.ini();
    let key = |line: &str| line.split_once(" = ").map(|(key, _)| key.to_owned());
    let login = ["username", "key_file", "password"];
    let replaced = |line: &&str| {
        key(line).is_some_and(|name| {
            login.contains(&name.as_str()) || own.lines().any(|line| key(line).as_ref() == Some(&name))
        })
    };
    let mut text = String::new();
    for line in block("[switch:leaf1]").lines().filter(|line| !replaced(line)) {
        writeln!(text, "{line}").unwrap();
    }
    for line in own.lines().filter(|line| !line.starts_with('[')) {
        writeln!(text, "{line}").unwrap();
    }
    text
}

/// What an order costs a node of two ports: calls, changes, and commits where each
/// is confirmed.
pub(super) fn cost(order: &str) -> [usize; 3] {
    let table = README.split_once("<!-- moves -->").unwrap().1.split_once("<!-- /moves -->").unwrap().0;
    let row = table.lines().find(|line| line.strip_prefix("| ").is_some_and(|line| line.starts_with(order)));
    let row = row.unwrap_or_else(|| panic!("README.md does not say what {order} costs"));
    let mut cells = row.split('|').skip(2).map(|cell| cell.trim().parse().unwrap());
    std::array::from_fn(|_| cells.next().unwrap())
}

/// The fenced block with this in it.
fn block(what: &str) -> &'static str {
    block_of(README, what)
}

fn block_of(manual: &'static str, what: &str) -> &'static str {
    let blocks = manual.split("```").skip(1).step_by(2);
    let found = blocks.filter_map(|block| block.split_once('\n')).find(|(_, text)| text.contains(what));
    found.unwrap_or_else(|| panic!("no block of the manual has {what}")).1
}
