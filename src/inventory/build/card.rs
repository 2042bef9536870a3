//! What makes an entry that of a DPU.

use std::collections::BTreeSet;

use mercury_model::InterfaceName;

use crate::{
    config::reader::Reader,
    finding::{Code, Finding},
    inventory::{Card, Function, Representor, Uplink},
};

const KEYS: [&str; 4] = ["hosts", "serial_number", "uplinks", "representors"];
const UPLINK: [&str; 3] = ["port", "switch", "switch_port"];
const REPRESENTOR: [&str; 4] = ["port", "uplinks", "pf_mac", "vf"];

/// More of either on one card are a mistake.
const MAX_PORTS: usize = 1024;

/// The key `card`; what is wrong about it is found here, but for what other entries say.
pub(super) fn card(reader: &mut Reader<'_>) -> Option<Card> {
    if reader.find("card").is_some() && reader.find("local_vlans").is_some() {
        let message = "a card's VLANs go through its uplinks, and so cannot be its own";
        reader.blame_key("local_vlans", Finding::error(Code::Conflict, message));
    }
    reader.table("card", &KEYS, |reader| {
        let card = Card {
            hosts: reader.texts("hosts").unwrap_or_default().into_iter().map(|(host, _)| host).collect(),
            serial_number: reader.text("serial_number"),
            uplinks: listed(reader, "uplinks", &UPLINK, uplink),
            representors: listed(reader, "representors", &REPRESENTOR, representor),
        };
        if !reader.failed() {
            judge(reader, &card);
        }
        card
    })
}

/// A list of tables that holds one or more.
fn listed<T>(
    reader: &mut Reader<'_>,
    key: &str,
    known: &[&str],
    read: impl Fn(&mut Reader<'_>) -> Option<T>,
) -> Vec<T> {
    reader.require(key);
    let Some(read) = reader.tables(key, known, MAX_PORTS, read) else { return Vec::new() };
    if read.is_empty() {
        reader.blame_key(key, Finding::error(Code::BadValue, "must not be empty"));
    }
    read.into_iter().flatten().collect()
}

fn uplink(reader: &mut Reader<'_>) -> Option<Uplink> {
    UPLINK.iter().for_each(|key| reader.require(key));
    let (port, switch, switch_port) = (reader.parsed("port"), reader.text("switch"), reader.parsed("switch_port"));
    Some(Uplink { port: port?, switch: switch?, switch_port: switch_port? })
}

fn representor(reader: &mut Reader<'_>) -> Option<Representor> {
    reader.require("port");
    let port = reader.parsed("port");
    let uplinks = super::each(reader, "uplinks").unwrap_or_default();
    let (pf_mac, vf) = (reader.parsed("pf_mac"), reader.number("vf", 0..=65_535));
    if reader.find("vf").is_some() && reader.find("pf_mac").is_none() {
        reader.blame_key("vf", Finding::error(Code::Conflict, "is given without pf_mac"));
    }
    let vf = vf.and_then(|number| u16::try_from(number).ok());
    Some(Representor { port: port?, uplinks, function: pf_mac.map(|pf_mac| Function { pf_mac, vf }) })
}

/// What the card's own keys say against one another.
fn judge(reader: &mut Reader<'_>, card: &Card) {
    let mut blame = |key: &str, code: Code, message: String| reader.blame_key(key, Finding::error(code, message));
    if card.hosts.is_empty() && card.serial_number.is_none() {
        blame("hosts", Code::MissingKey, "must be given, or serial_number: nobody could mean the card".to_owned());
    }
    let mut ports: BTreeSet<&InterfaceName> = BTreeSet::new();
    for Representor { port, uplinks, .. } in &card.representors {
        if card.is_uplink(port) {
            blame("representors", Code::Conflict, format!("{port} is among the uplinks, too"));
        }
        if !ports.insert(port) {
            blame("representors", Code::DuplicateKey, format!("{port} is named twice"));
        }
        if let Some(other) = uplinks.iter().find(|uplink| !card.is_uplink(uplink)) {
            blame("representors", Code::BadValue, format!("{port}: {other} is not among the uplinks"));
        }
    }
    let mut functions = BTreeSet::new();
    for Representor { port, function, .. } in &card.representors {
        let Some(function) = function else { continue };
        if card.serial_number.is_none() {
            blame("representors", Code::Conflict, format!("{port}: pf_mac is given without the card's serial_number"));
        }
        if !functions.insert(*function) {
            blame("representors", Code::DuplicateKey, format!("{port}: another has this pf_mac and vf"));
        }
    }
    let mut cables = BTreeSet::new();
    for Uplink { switch, switch_port, .. } in &card.uplinks {
        if !cables.insert((switch, switch_port)) {
            blame("uplinks", Code::DuplicateKey, format!("port {switch_port} of {switch} is named twice"));
        }
    }
}
