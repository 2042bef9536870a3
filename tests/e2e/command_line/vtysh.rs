//! FRR's own shell, vtysh, as a prompt that nobody here wrote: modes, a pager, refusals.
//!
//! FRR has no VLANs of ports, so a number that it does keep for each interface, OSPF's
//! priority, stands for the VLAN, in a dialect of the test's own. It goes up to 255.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::json;

use super::bridge;
use crate::harness::{Client, Entry, Setup, installed, wait};

const DIALECT: &str = r#"
vendor = "FRRouting"
os = "FRR"
sources = ["FRR 8.4.4 as run"]
lag-prefix = "bond"
text = { description-max = 80, ascii = true }

[cli.session]
prepare = ["terminal paginate"]
pager = '^:$'
configure = ["configure terminal"]
end = ["end"]
refused = ['^% ']

[cli.session.prompts]
enable = '(?<host>[\w.-]+)#'
configure = '(?<host>[\w.-]+)\(config[^()]*\)#'

[cli.words]
form = "indented"
show = ["show running-config"]
leave = "exit"
mode-absent = "by-vlans"
interface = { enter = "interface {name}" }

[cli.words.port]
description = "description {value}"
access-vlan = "ip ospf priority {value}"

[cli.words.trunk]
list = "ip ospf area {value}"
all = "all"
absent = "none"
"#;

/// What there is no word for.
const LEFT_OUT: [&str; 10] = [
    "enabled",
    "mtu",
    "native-vlan",
    "trunk-vlans",
    "aggregate-id",
    "aggregation",
    "lacp",
    "stp.edge-port",
    "stp.bpdu-guard",
    "vlan",
];

/// A daemon of FRR; it stops when this is dropped.
struct Frr {
    directory: tempfile::TempDir,
    port: u16,
    daemon: Child,
}

impl Frr {
    /// With forty interfaces of others; `None` where the peers are left out.
    fn start() -> Option<Self> {
        if !installed() {
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path();
        let others =
            (2..=41).map(|n| format!("interface eth{n}\n description another's {n}\n ip ospf priority {n}\n!\n"));
        fs::write(at.join("frr.conf"), format!("hostname leaf1\n{}", others.collect::<String>())).unwrap();
        fs::write(at.join("vtysh.conf"), "").unwrap();
        fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
        // FRR's daemons run as an account of their own.
        let owned = Command::new("chown").args(["-R", "frr:frrvty"]).arg(at).status().unwrap();
        assert!(owned.success());
        let path = |name: &str| at.join(name).display().to_string();
        let daemon = Command::new("/usr/lib/frr/ospfd")
            .args(["-f", &path("frr.conf"), "-i", &path("pid"), "-z", &path("zserv.api")])
            .args(["--vty_socket", &at.display().to_string(), "-P", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("ospfd: {error}; tests/peers/install installs it"));
        // Its pager is the system's, which is told to end with the text and to leave the screen.
        let shell = format!("ForceCommand {}", vtysh(at).join(" "));
        let port = bridge::listen(at, "LESS=-EX", &shell);
        let frr = Self { directory, port, daemon };
        wait("FRR's socket", || frr.directory.path().join("ospfd.vty").exists());
        Some(frr)
    }

    fn entry(&self) -> Entry {
        bridge::entry(self.directory.path(), self.port, "leaf1", "frr")
    }

    /// What FRR says of an interface to somebody else.
    fn lines(&self, interface: &str) -> Vec<String> {
        let words = vtysh(self.directory.path());
        let shown = Command::new(&words[0]).args(&words[1..]).args(["-c", "show running-config"]).output().unwrap();
        let shown = String::from_utf8(shown.stdout).unwrap();
        let lines = shown.lines().skip_while(|line| *line != format!("interface {interface}")).skip(1);
        lines.take_while(|line| line.starts_with(' ')).map(|line| line.trim().to_owned()).collect()
    }
}

impl Drop for Frr {
    fn drop(&mut self) {
        let _already_gone = self.daemon.kill();
        let _gone = self.daemon.wait();
    }
}

fn vtysh(folder: &Path) -> Vec<String> {
    let at = folder.display().to_string();
    ["/usr/bin/vtysh", "--vty_socket", &at, "--config_dir", &at].map(str::to_owned).to_vec()
}

#[test]
fn what_is_typed_at_a_real_prompt_is_what_is_there_and_what_is_refused_is_told() {
    let Some(frr) = Frr::start() else { return };
    let setup = Setup::new();
    let folder = setup.path().join("own");
    fs::create_dir(&folder).unwrap();
    let left_out = LEFT_OUT.map(|leaf| {
        format!("[[deviation]]\nleaf = \"{leaf}\"\nreason = \"FRR is no switch\"\nevidence = \"FRR 8.4.4 as run\"\n")
    });
    fs::write(folder.join("frr.toml"), format!("{DIALECT}\n{}", left_out.concat())).unwrap();
    let folder = folder.to_str().unwrap().to_owned();
    let mercury = setup.flags(&["--dialects", &folder]).switches(&[frr.entry()]).serve();
    let mut client = Client::of(&mercury);
    let update = |vlan: u16, text: &str| json!({"switch_id": "leaf1", "port_name": "eth7", "mode": "access", "native_vlan": vlan, "description": text});
    // The configuration is longer than a page.
    let answer = client.done("update_port", &update(100, "server 1"));
    assert_eq!(answer["changed"], true, "{answer}");
    assert_eq!(frr.lines("eth7"), ["description server 1", "ip ospf priority 100"]);
    let again = client.done("update_port", &update(100, "server 1"));
    assert_eq!(again["changed"], false, "{again}");
    // The line before the refused one is undone.
    let refused = client.fails("update_port", &update(300, "server 3"));
    assert!(refused.message.contains("Unknown command: ip ospf priority 300"), "{refused:?}");
    assert_eq!(frr.lines("eth7"), ["description server 1", "ip ospf priority 100"]);
    assert_eq!(frr.lines("eth8"), ["description another's 8", "ip ospf priority 8"]);
    // There a bar and what is behind it is no part of a text, without a word about it.
    let refused = client.fails("update_port", &update(200, "a | b"));
    assert!(refused.message.contains("a bar"), "{refused:?}");
    client.done("update_port", &update(200, "server 2"));
    assert_eq!(frr.lines("eth7"), ["description server 2", "ip ospf priority 200"]);
}
