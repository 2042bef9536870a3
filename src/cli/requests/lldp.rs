//! Where a node's cables lead, as Ironic's inspection saw it by LLDP (IEEE 802.1AB): what
//! `openstack baremetal node inventory save` writes, with the values that the hook
//! `parse-lldp` made of it, or with the TLVs alone.
#![expect(clippy::indexing_slicing, reason = "a JSON value indexed by a name it lacks is null")]

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use serde_json::Value;

/// A NIC, and the port of a switch that it hangs on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// What the node calls the NIC.
    pub(super) nic: String,
    /// The chassis ID, a MAC address in most cases.
    pub(super) switch: String,
    /// The port ID.
    pub(super) port: String,
}

/// What a node tells of its cables.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cabling {
    pub(super) links: Vec<Link>,
    /// The NICs that no switch was heard on.
    pub(super) unheard: Vec<String>,
}

impl Cabling {
    /// What an inspection wrote down; `None` of anything else.
    ///
    /// # Errors
    /// A sentence that names the NIC of which what was heard cannot be understood.
    pub(super) fn of(value: &Value) -> Option<Result<Self, String>> {
        let nics = value["inventory"]["interfaces"].as_array()?;
        Some(Self::read(nics, &value["plugin_data"]))
    }

    fn read(nics: &[Value], plugins: &Value) -> Result<Self, String> {
        let mut cabling = Self::default();
        for (index, nic) in nics.iter().enumerate() {
            let name = nic["name"].as_str();
            let name = name.ok_or_else(|| format!("inventory.interfaces[{index}].name: is missing"))?;
            let wrong = |what: String| format!("inventory.interfaces[{index}] ({name}): {what}");
            let parsed = &plugins["parsed_lldp"][name];
            let raw = [&plugins["lldp_raw"][name], &nic["lldp"]].into_iter().find_map(Value::as_array);
            let heard = |word: &str| parsed[word].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
            let said = |kind: u64| raw.map(|tlvs| tlv(tlvs, kind)).transpose().map(Option::flatten).map_err(wrong);
            let (switch, port) = (heard("switch_chassis_id"), heard("switch_port_id"));
            let switch = if switch.is_some() { switch } else { said(CHASSIS_ID)? };
            let port = if port.is_some() { port } else { said(PORT_ID)? };
            match (switch, port) {
                (Some(switch), Some(port)) => cabling.links.push(Link { nic: name.to_owned(), switch, port }),
                (None, None) => cabling.unheard.push(name.to_owned()),
                (Some(_), None) => return Err(wrong("its switch names no port".to_owned())),
                (None, Some(_)) => return Err(wrong("its switch has no chassis ID".to_owned())),
            }
        }
        Ok(cabling)
    }
}

/// Types of TLVs (IEEE 802.1AB-2016 table 8-1).
const CHASSIS_ID: u64 = 1;
const PORT_ID: u64 = 2;

/// The value of the TLV of a type among `[type, "hexadecimal"]`; `None` where there is none.
fn tlv(tlvs: &[Value], kind: u64) -> Result<Option<String>, String> {
    let Some(tlv) = tlvs.iter().find(|tlv| tlv[0].as_u64() == Some(kind)) else { return Ok(None) };
    let wrong = || format!("the LLDP TLV {kind} is {}, which names nothing", tlv[1]);
    let octets = tlv[1].as_str().and_then(octets).ok_or_else(wrong)?;
    let [subtype, value @ ..] = octets.as_slice() else { return Err(wrong()) };
    // Tables 8-2 and 8-3 number the kinds of addresses in different ways.
    let (mac, address) = if kind == CHASSIS_ID { (4, 5) } else { (3, 4) };
    let text = match (*subtype, value) {
        (kind, [_, _, _, _, _, _]) if kind == mac => colons(value),
        (kind, [1, v4 @ ..]) if kind == address => {
            IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(v4).map_err(|_| wrong())?)).to_string()
        }
        (kind, [2, v6 @ ..]) if kind == address => {
            IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(v6).map_err(|_| wrong())?)).to_string()
        }
        (kind, _) if kind == mac || kind == address => return Err(wrong()),
        // Component, name, alias, or what the switch itself calls it.
        (1..=7, text) => String::from_utf8(text.to_vec()).map_err(|_| wrong())?,
        _ => return Err(wrong()),
    };
    if text.is_empty() { Err(wrong()) } else { Ok(Some(text)) }
}

fn octets(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2).map(|pair| match pair {
        [_, _] => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
        _ => None,
    });
    digits.collect()
}

fn colons(octets: &[u8]) -> String {
    octets.iter().enumerate().fold(String::new(), |mut text, (index, octet)| {
        let _never_fails = write!(text, "{}{octet:02x}", if index > 0 { ":" } else { "" });
        text
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What Ironic 39's own hook (`parse-lldp`) made of each.
    #[test]
    fn tlvs_say_what_ironic_s_own_hook_reads_in_them() {
        for (chassis, port, expected) in [
            ("04001c730a0b0c", "0545746865726e657431", ("00:1c:73:0a:0b:0c", "Ethernet1")),
            ("0501c0000201", "0774656e", ("192.0.2.1", "ten")),
            ("0774657374", "03001c730a0b0c", ("test", "00:1c:73:0a:0b:0c")),
            ("06657468", "0145", ("eth", "E")),
            ("0502fe800000000000000000000000000001", "0131", ("fe80::1", "1")),
        ] {
            let nic = json!({"name": "eth0", "lldp": [[1, chassis], [2, port], [3, "0078"], [0, ""]]});
            let cabling = Cabling::of(&json!({"inventory": {"interfaces": [nic]}})).unwrap().unwrap();
            let (switch, port) = (expected.0.to_owned(), expected.1.to_owned());
            assert_eq!(cabling.links, [Link { nic: "eth0".to_owned(), switch, port }]);
        }
    }

    #[test]
    fn what_the_hook_made_of_them_goes_first_and_who_heard_nothing_is_named() {
        let value = json!({
            "inventory": {"interfaces": [
                {"name": "eth0", "lldp": [[1, "04001c730a0b0c"], [2, "0545746865726e657431"]]},
                {"name": "eth1", "lldp": null}, {"name": "eth2", "lldp": []}, {"name": "eth3"},
            ]},
            "plugin_data": {
                "parsed_lldp": {"eth0": {"switch_chassis_id": "00:1c:73:00:00:01", "switch_port_id": "Ethernet2"}},
                "lldp_raw": {"eth3": [[1, "0774657374"], [2, "0531"]]},
            },
        });
        let cabling = Cabling::of(&value).unwrap().unwrap();
        let links: Vec<_> = cabling.links.iter().map(|one| [&*one.nic, &*one.switch, &*one.port]).collect();
        assert_eq!(links, [["eth0", "00:1c:73:00:00:01", "Ethernet2"], ["eth3", "test", "1"]]);
        assert_eq!(cabling.unheard, ["eth1", "eth2"]);
        assert_eq!(Cabling::of(&json!({"local_link_connection": {}})), None);
    }

    #[test]
    fn what_names_nothing_is_told_with_its_nic() {
        for (tlvs, expected) in [
            (json!([[1, "0400"], [2, "0531"]]), "TLV 1"),
            (json!([[1, "0774657374"], [2, "05"]]), "TLV 2"),
            (json!([[1, "077"], [2, "0531"]]), "TLV 1"),
            (json!([[1, "07ff"], [2, "0531"]]), "TLV 1"),
            (json!([[1, "0501c00002"], [2, "0531"]]), "TLV 1"),
            (json!([[1, "0f31"], [2, "0531"]]), "TLV 1"),
            (json!([[1, 7], [2, "0531"]]), "TLV 1"),
            (json!([[1, "0774657374"]]), "names no port"),
            (json!([[2, "0531"]]), "no chassis ID"),
        ] {
            let value = json!({"inventory": {"interfaces": [{"name": "eth0", "lldp": tlvs}]}});
            let told = Cabling::of(&value).unwrap().unwrap_err();
            assert!(told.contains("(eth0)") && told.contains(expected), "{tlvs}: {told}");
        }
    }
}
