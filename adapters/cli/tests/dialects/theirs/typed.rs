//! Lines that networking-generic-switch types, as the script that this kit's engines take.

use mercury_adapter::{CliForm, Dialect};
use mercury_cli::Script;

/// Lines that only ask, and those that have what was typed so far take effect or kept: here
/// every line takes effect at once.
const NO_CHANGE: [&str; 6] =
    ["show ", "commit", "net commit", "nv config apply --assume-yes", "nv config save", "config save -y"];

/// What is shown in other words than these, by dialect.
fn otherwise(dialect: &str) -> &'static [(&'static str, &'static str)] {
    match dialect {
        "brocade_fastiron" => &[(" by port", ""), ("tagged ether ", "tagged ethernet ")],
        "dell_os10" => &[("interface vlan ", "interface vlan")],
        "nokia_srl" => &[
            ("set interface", "set / interface"),
            ("set network", "set / network"),
            ("set tunnel", "set / tunnel"),
            ("delete ", "delete / "),
        ],
        "sonic" => &[("config ", "sudo -n config ")],
        "netmiko_ovs_linux" => &[("ovs-vsctl ", "ovs-vsctl --timeout=10 -- ")],
        "cumulus" => &[("add vlan ", "add bridge bridge vids "), ("del vlan ", "del bridge bridge vids ")],
        _ => &[],
    }
}

/// The script.
pub(super) fn script(dialect: &Dialect, lines: &[&str]) -> Script {
    let name = dialect.name.as_str();
    let changes = lines.iter().filter(|line| !NO_CHANGE.iter().any(|own| line.starts_with(own)));
    let table = dialect.cli.as_ref().unwrap().words.table();
    let has_blocks = table.is_some_and(|words| words.form != CliForm::JsonTable);
    let mut script = Script::default();
    let mut is_in_database = false;
    for line in changes {
        let text = otherwise(name).iter().fold((*line).to_owned(), |text, (theirs, shown)| text.replace(theirs, shown));
        let bare = ["no ", "undo "].into_iter().find_map(|undo| text.strip_prefix(undo)).unwrap_or(&text);
        let enters = has_blocks && !is_in_database && is_head(bare);
        is_in_database = text == "vlan database" || is_in_database && text != "exit";
        let is_block = enters && bare == text;
        script.push(text, usize::from(has_blocks && !enters), is_block);
    }
    script
}

/// Whether a line enters a block; `vlan access 10` is in one.
fn is_head(line: &str) -> bool {
    let vlan = line.strip_prefix("vlan ").is_some_and(|rest| rest == "database" || rest.parse::<u16>().is_ok());
    vlan || line.starts_with("interface ")
}
