//! The switches: what they are, how to reach them, what may be done to them.
//!
//! Entries come from any number of files, in Mercury's TOML (`native`) or in
//! the INI file of Ironic's own networking service (`ironic`). Both are read
//! into the same table and built by the same code (`build`), so an option
//! means the same wherever it is written.

mod build;
mod card;
mod certificate_pin;
mod changes;
mod check;
mod command;
mod device_type;
mod face;
mod gnmi;
mod host_key;
mod identity;
mod ini;
mod ironic;
mod lag_numbers;
mod load;
mod mac;
mod native;
mod netconf;
mod nvue;
mod options;
mod overlay_rules;
mod ovsdb;
mod parts;
mod port_names;
mod private_key;
mod restconf;
mod rules;
mod secret;
mod ssh;
mod switch;
mod team;
mod template;
mod timing;
mod tls;
mod weak;

pub(crate) use build::read_secret;
pub use card::{Card, Function, Representor, Uplink};
pub use certificate_pin::{CertificatePin, CertificatePinError};
pub use changes::Changes;
pub use command::{CommandError, SecretCommand};
pub(crate) use device_type::parse as device_type;
pub use face::{ConfirmedCommit, Face, Protocol};
pub(crate) use face::{NETCONF_BY_TLS, TELNET};
pub use gnmi::{Encoding, GnmiSettings, LeafValues, PathPrefixes, ReadMethod, WriteLevel};
pub use host_key::{Fingerprint, FingerprintError, HostKey};
pub use identity::{Credentials, Identity, UNIX};
pub(crate) use ini::parse as sections;
pub use lag_numbers::{LagNumbers, LagNumbersError};
pub use load::{Context, Unsayable};
pub use mac::{MacAddr, MacError};
pub use netconf::{Framing, NetconfSettings, NetconfTransport};
pub use nvue::NvueSettings;
pub use options::Options;
pub use overlay_rules::{GroupBase, GroupOf, Groups, OverlayRules, RouteIdForm};
pub use ovsdb::OvsdbSettings;
pub use port_names::{PortNameError, PortNameRule, PortNames};
pub use restconf::RestconfSettings;
pub use rules::Rules;
pub use secret::{SecretError, SecretRef};
pub use ssh::{CliSettings, Reach, SshSettings};
pub use switch::Switch;
pub use team::{Pattern, Proposed, TeamRules};
pub use template::{Placeholder, Template, TemplateError};
pub use timing::Timing;
pub use tls::{ClientCertificate, Roots, Tls, TlsSettings};
pub use weak::weak;

use crate::config::{Dialects, reader::nearest};
use crate::finding::Findings;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// The switches Mercury manages, found by any name they go by.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    switches: Vec<Arc<Switch>>,
    names: BTreeMap<String, usize>,
    /// Names in lower case; `None` where two differ in case alone.
    folded: BTreeMap<String, Option<usize>>,
    macs: BTreeMap<MacAddr, usize>,
    /// `None` where two switches share the address.
    addresses: BTreeMap<String, Option<usize>>,
    /// Those that are cards, by what callers mean them by.
    cards: BTreeMap<String, usize>,
    /// Entries that cannot be used, by any name they go by, and why.
    broken: BTreeMap<String, Arc<Broken>>,
    /// What its switches may be.
    dialects: Dialects,
    /// The files that entries name, usable or not.
    files: BTreeSet<PathBuf>,
}

/// An entry that is not served, because something is wrong with it.
#[derive(Debug)]
pub struct Broken {
    /// Its name.
    pub name: String,
    /// What is wrong, with file and line.
    pub findings: Vec<String>,
}

impl Inventory {
    /// Reads all files; the inventory holds every switch without an error, and
    /// knows why the others are not used.
    pub fn load(files: &[PathBuf], context: &Context) -> (Self, Findings) {
        load::load(files, context)
    }

    /// The dialects its entries were read with.
    pub fn dialects(&self) -> &Dialects {
        &self.dialects
    }

    /// The same, of switches that may have these dialects.
    #[must_use]
    pub fn speaking(self, dialects: Dialects) -> Self {
        Self { dialects, ..self }
    }

    /// The switch that `id` names: its configured name, a MAC address of it in
    /// any spelling, its address, or its name in another case.
    ///
    /// Ironic passes on what LLDP told it, so all of them turn up as `switch_id` and
    /// `switch_info`. A name goes before a MAC address and that before an address;
    /// `load` refuses an inventory where the order would matter. An address that two
    /// switches share, or a name in another case, finds neither.
    pub fn find(&self, id: &str) -> Option<&Arc<Switch>> {
        let by_mac = || self.macs.get(&id.parse().ok()?);
        let by_address = || self.addresses.get(&address_key(id)).and_then(Option::as_ref);
        // An entry of that very name that cannot be used is not another one.
        let by_case = || {
            let folded = self.folded.get(&id.to_lowercase()).and_then(Option::as_ref);
            folded.filter(|_| !self.broken.contains_key(id))
        };
        let index = self.names.get(id).or_else(by_mac).or_else(by_address).or_else(by_case)?;
        self.switches.get(*index)
    }

    /// The name of a switch that is nearly this, for those who mistype one.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let letters = |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
        let own = letters(name);
        let names = self.switches.iter().map(|switch| switch.identity.name.as_str());
        // Of leaf1 to leaf99 none is nearer to leaf100 than the others.
        let names: Vec<&str> = names.filter(|known| letters(known) != own).collect();
        nearest(name, &names)
    }

    /// The names of the switches whose address `id` is, where there are several: none
    /// of them is found by it.
    pub fn sharing(&self, id: &str) -> Vec<&str> {
        let key = address_key(id);
        if self.addresses.get(&key) != Some(&None) {
            return Vec::new();
        }
        let shares = self.switches.iter().filter(|switch| address_key(&switch.identity.address) == key);
        shares.map(|switch| switch.identity.name.as_str()).collect()
    }

    /// The card in this host, or that is this child node.
    pub fn card_in(&self, host: &str) -> Result<&Arc<Switch>, Option<&Broken>> {
        self.card(&card::host_key(host))
    }

    /// The card of this serial number.
    pub fn card_of(&self, serial_number: &str) -> Result<&Arc<Switch>, Option<&Broken>> {
        self.card(&card::serial_key(serial_number))
    }

    fn card(&self, key: &str) -> Result<&Arc<Switch>, Option<&Broken>> {
        let found = self.cards.get(key).and_then(|index| self.switches.get(*index));
        found.ok_or_else(|| self.broken.get(key).map(|broken| &**broken))
    }

    /// The entry that `id` names, if it cannot be used.
    pub fn broken(&self, id: &str) -> Option<&Broken> {
        let by_mac = || self.broken.get(&id.parse::<MacAddr>().ok()?.to_string());
        let found = self.broken.get(id).or_else(by_mac).or_else(|| self.broken.get(&address_key(id)))?;
        Some(found)
    }

    /// Every entry that cannot be used, by name.
    pub fn all_broken(&self) -> impl Iterator<Item = &Broken> {
        self.broken.iter().filter(|(id, broken)| **id == broken.name).map(|(_, broken)| &**broken)
    }

    fn add_broken(&mut self, switch: &Switch, findings: Vec<String>) {
        let broken = Arc::new(Broken { name: switch.identity.name.clone(), findings });
        let ids = switch
            .identity
            .mac_addresses
            .iter()
            .map(ToString::to_string)
            .chain([address_key(&switch.identity.address)]);
        let ids = ids.chain(switch.rules.card.iter().flat_map(Card::keys));
        for id in ids.chain([switch.identity.name.clone()]).filter(|id| !id.is_empty()) {
            self.broken.entry(id).or_insert_with(|| Arc::clone(&broken));
        }
    }

    /// Every switch, by name.
    pub fn iter(&self) -> std::slice::Iter<'_, Arc<Switch>> {
        self.switches.iter()
    }

    /// The files that entries name: secrets, certificates, host keys.
    pub const fn files(&self) -> &BTreeSet<PathBuf> {
        &self.files
    }

    /// How many switches there are.
    pub fn len(&self) -> usize {
        self.switches.len()
    }

    /// Whether there is no switch.
    pub fn is_empty(&self) -> bool {
        self.switches.is_empty()
    }
}

impl FromIterator<Switch> for Inventory {
    /// Indexes switches that are known not to contradict one another; of two
    /// that do, the first is found.
    fn from_iter<I: IntoIterator<Item = Switch>>(switches: I) -> Self {
        let mut switches: Vec<Switch> = switches.into_iter().collect();
        switches.sort_by(|a, b| a.identity.name.cmp(&b.identity.name));
        card::plug_in(&mut switches);
        let switches: Vec<_> = switches.into_iter().map(Arc::new).collect();
        let mut inventory = Inventory::default();
        for (index, switch) in switches.iter().enumerate() {
            inventory.names.entry(switch.identity.name.clone()).or_insert(index);
            let folded = switch.identity.name.to_lowercase();
            inventory.folded.entry(folded).and_modify(|at| *at = None).or_insert(Some(index));
            for mac in &switch.identity.mac_addresses {
                inventory.macs.entry(*mac).or_insert(index);
            }
            for key in switch.rules.card.iter().flat_map(Card::keys) {
                inventory.cards.entry(key).or_insert(index);
            }
            let address = address_key(&switch.identity.address);
            inventory.addresses.entry(address).and_modify(|at| *at = None).or_insert(Some(index));
        }
        Inventory { switches, ..inventory }
    }
}

impl<'a> IntoIterator for &'a Inventory {
    type Item = &'a Arc<Switch>;
    type IntoIter = std::slice::Iter<'a, Arc<Switch>>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One spelling for an address: IP addresses in their canonical text, host
/// names in lower case without the root's dot (RFC 4343), and `localhost` as the
/// address that it stands for (RFC 6761 section 6.3).
pub(crate) fn address_key(address: &str) -> String {
    let name = || address.trim_end_matches('.').to_ascii_lowercase();
    match address.parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().to_string(),
        Err(_) => Some(name()).filter(|name| name != "localhost").unwrap_or_else(|| "127.0.0.1".to_owned()),
    }
}

/// Every key of a `[[switch]]` that `[defaults]` lacks, of both, of both and
/// Ironic's file for gNMI alone, and of Ironic's file.
#[cfg(test)]
pub(crate) fn keys() -> [&'static [&'static str]; 4] {
    [native::OWN, build::SHARED, build::GNMI, ironic::KEYS]
}

#[cfg(test)]
mod tests;
