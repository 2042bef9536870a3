//! A switch that is changed by commands and shows its database: SONiC's, as its commands
//! check what they are asked for. What it refuses changes nothing.

use std::collections::BTreeMap;

use mercury_cli::Script;
use serde_json::{Map, Value, json};

type Fields = BTreeMap<String, String>;

#[derive(Clone)]
pub(crate) struct Database {
    /// By table and key.
    rows: BTreeMap<(String, String), Fields>,
}

impl Database {
    pub(crate) fn with(ports: &[String]) -> Self {
        let mut own = Self { rows: BTreeMap::new() };
        for port in ports.iter().filter(|port| !port.starts_with("PortChannel")) {
            own.row("PORT", port, &[("admin_status", "up"), ("mtu", "9100"), ("alias", "etp1"), ("lanes", "0,1,2,3")]);
        }
        for channel in ports.iter().filter(|port| port.starts_with("PortChannel")) {
            own.row("PORTCHANNEL", channel, &[("admin_status", "up"), ("mtu", "9100")]);
        }
        // What others have.
        own.row("PORT", "Ethernet200", &[("admin_status", "up"), ("mtu", "9100")]);
        own.row("INTERFACE", "Ethernet200", &[]);
        own.row("INTERFACE", "Ethernet200|192.0.2.1/31", &[]);
        own.row("VXLAN_TUNNEL", "vtep1", &[("src_ip", "192.0.2.1")]);
        own.row("VXLAN_EVPN_NVO", "nvo1", &[("source_vtep", "vtep1")]);
        own.row("DEVICE_METADATA", "localhost", &[("hostname", "leaf-7")]);
        own
    }

    fn row(&mut self, table: &str, key: &str, fields: &[(&str, &str)]) {
        let fields = fields.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect();
        self.rows.insert((table.to_owned(), key.to_owned()), fields);
    }

    fn has(&self, table: &str, key: &str) -> bool {
        self.rows.contains_key(&(table.to_owned(), key.to_owned()))
    }

    pub(crate) fn apply(&mut self, script: &Script) {
        for line in &script.lines {
            assert_eq!((line.depth, line.is_block), (0, false), "{script}");
            let words: Vec<&str> = line.text.strip_prefix("sudo -n config ").unwrap().split(' ').collect();
            self.command(&words);
        }
    }

    fn command(&mut self, words: &[&str]) {
        let is_in = |table: &str, word: &str| {
            self.rows.keys().any(|(own, key)| own == table && key.split('|').any(|part| part == word))
        };
        match words {
            ["vlan", "add", id] => self.row("VLAN", &format!("Vlan{id}"), &[("vlanid", id)]),
            // "VLAN ID 10 can not be removed. First remove all members", "First remove vxlan mapping".
            ["vlan", "del", id]
                if !is_in("VLAN_MEMBER", &format!("Vlan{id}")) && !self.is_mapped("vlan", &format!("Vlan{id}")) =>
            {
                self.gone("VLAN", &format!("Vlan{id}"));
            }
            ["vlan", "member", "add", "-u", id, port]
                if !self.is_untagged(port) && !is_in("PORTCHANNEL_MEMBER", port) =>
            {
                self.row("VLAN_MEMBER", &format!("Vlan{id}|{port}"), &[("tagging_mode", "untagged")]);
            }
            ["vlan", "member", "add", id, port] if !is_in("PORTCHANNEL_MEMBER", port) => {
                self.row("VLAN_MEMBER", &format!("Vlan{id}|{port}"), &[("tagging_mode", "tagged")]);
            }
            ["vlan", "member", "del", id, port] => self.gone("VLAN_MEMBER", &format!("Vlan{id}|{port}")),
            ["vxlan", "map", "add", vtep, id, vni]
                if self.has("VLAN", &format!("Vlan{id}"))
                    && !self.is_mapped("vlan", &format!("Vlan{id}"))
                    && !self.is_mapped("vni", vni) =>
            {
                let (key, vlan) = (format!("{vtep}|map_{vni}_Vlan{id}"), format!("Vlan{id}"));
                self.row("VXLAN_TUNNEL_MAP", &key, &[("vlan", &vlan), ("vni", vni)]);
            }
            ["vxlan", "map", "del", vtep, id, vni] => {
                self.gone("VXLAN_TUNNEL_MAP", &format!("{vtep}|map_{vni}_Vlan{id}"));
            }
            ["portchannel", "add", name, options @ ..] if !self.has("PORTCHANNEL", name) => {
                let (mut links, mut fast) = ("1", "false");
                for option in options.chunks(2) {
                    match option {
                        ["--min-links", number] if number.parse().is_ok_and(|own: u16| (1..=1024).contains(&own)) => {
                            links = number;
                        }
                        ["--fast-rate", word @ ("true" | "false")] => fast = word,
                        other => panic!("no such option: {other:?}"),
                    }
                }
                let fields = [("admin_status", "up"), ("mtu", "9100"), ("min_links", links), ("fast_rate", fast)];
                self.row("PORTCHANNEL", name, &fields);
            }
            ["portchannel", "del", name] if !is_in("PORTCHANNEL_MEMBER", name) => self.gone("PORTCHANNEL", name),
            ["portchannel", "member", "add", name, port] if !is_in("VLAN_MEMBER", port) => {
                self.row("PORTCHANNEL_MEMBER", &format!("{name}|{port}"), &[]);
            }
            ["portchannel", "member", "del", name, port] => {
                self.gone("PORTCHANNEL_MEMBER", &format!("{name}|{port}"));
            }
            ["interface", "startup", port] => self.field(port, "admin_status", "up"),
            ["interface", "shutdown", port] => self.field(port, "admin_status", "down"),
            ["interface", "mtu", port, mtu] => self.field(port, "mtu", mtu),
            _ => {}
        }
    }

    fn is_mapped(&self, field: &str, value: &str) -> bool {
        self.rows.iter().any(|((table, _), fields)| table == "VXLAN_TUNNEL_MAP" && fields[field] == value)
    }

    fn is_untagged(&self, port: &str) -> bool {
        self.rows.iter().any(|((table, key), fields)| {
            table == "VLAN_MEMBER" && key.ends_with(&format!("|{port}")) && fields["tagging_mode"] == "untagged"
        })
    }

    fn gone(&mut self, table: &str, key: &str) {
        self.rows.remove(&(table.to_owned(), key.to_owned()));
    }

    fn field(&mut self, port: &str, field: &str, value: &str) {
        let table = if port.starts_with("PortChannel") { "PORTCHANNEL" } else { "PORT" };
        let row = self.rows.get_mut(&(table.to_owned(), port.to_owned())).unwrap_or_else(|| panic!("no {port}"));
        row.insert(field.to_owned(), value.to_owned());
    }

    pub(crate) fn text(&self) -> String {
        let mut tables: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        for ((table, key), fields) in &self.rows {
            tables.entry(table).or_default().insert(key.clone(), json!(fields));
        }
        serde_json::to_string_pretty(&tables).unwrap()
    }
}
