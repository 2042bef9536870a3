//! What Dell's OS9 refuses of ports, VLANs and port channels, as its guides have it.

use super::{Device, begins};

/// The block of a port channel begins so.
const LAG: &str = "interface Port-channel ";

/// The block below a port that speaks LACP.
const LACP: &str = "port-channel-protocol LACP";

/// What a member may say of itself.
const OF_MEMBERS: [&str; 5] = ["description", "shutdown", "mtu", "ip mtu", LACP];

impl Device {
    fn has(&self, block: &str, line: &str) -> bool {
        self.blocks.get(block).is_some_and(|lines| lines.iter().any(|own| own == line))
    }

    /// The VLANs that name a port, and how.
    pub(super) fn naming(&self, port: &str) -> Vec<(&str, &str)> {
        let blocks = self.blocks.iter().filter(|(block, _)| block.starts_with(self.rules.vlan));
        let named = blocks.flat_map(|(block, lines)| lines.iter().map(move |line| (block.as_str(), line)));
        named.filter_map(|(block, line)| Some((block, line.strip_suffix(port)?.strip_suffix(' ')?))).collect()
    }

    /// Whether a port channel lists a port.
    fn is_listed(&self, port: &str) -> bool {
        let line = format!("channel-member {port}");
        self.blocks.keys().filter(|block| block.starts_with(LAG)).any(|block| self.has(block, &line))
    }

    /// What the block of a port channel has as soon as it is made.
    pub(super) fn made_with(&self, block: &str) -> Vec<String> {
        let is_off = self.rules.switched.is_some() && block.starts_with(LAG);
        is_off.then(|| "shutdown".to_owned()).into_iter().collect()
    }

    /// Refuses a port channel that goes while something names it.
    pub(super) fn refuse_gone(&self, block: &str) {
        let (Some(_), Some(number)) = (self.rules.switched, block.strip_prefix(LAG)) else { return };
        let naming = self.naming(&format!("Port-channel {number}"));
        assert!(naming.is_empty(), "{block} is in VLANs: {naming:?}");
        let members = self.blocks.get(block).into_iter().flatten().find(|line| begins(line, "channel-member"));
        assert_eq!(members, None, "{block} has members");
    }

    /// Refuses a line below a block, or below a line in it; whether one is without effect,
    /// as a script finds it that is typed again.
    pub(super) fn refuse(&self, block: &str, head: Option<&str>, text: &str) -> bool {
        let Some([switchport, both]) = self.rules.switched else { return false };
        // What is there already is there.
        if head.is_none() && self.has(block, text) {
            return false;
        }
        let bare = text.strip_prefix(self.rules.undo).unwrap_or(text);
        let of_member = |port: &str| {
            let own = format!("interface {port}");
            for line in [switchport, both] {
                assert!(!self.has(&own, line), "{text}: {port} is in layer 2 mode");
            }
            assert_eq!(self.naming(port), [], "{text}");
        };
        if let (Some(LACP), Some(rest)) = (head, text.strip_prefix("port-channel ")) {
            let lag = format!("interface Port-channel {}", rest.split(' ').next().unwrap());
            let lines = self.blocks.get(&lag).unwrap_or_else(|| panic!("{text}: there is none"));
            assert!(!lines.iter().any(|line| begins(line, "channel-member")), "{text}: it has static members");
            return false;
        }
        if block.starts_with(self.rules.vlan) {
            let Some((how, port)) = text.split_once(' ').filter(|(how, _)| ["tagged", "untagged"].contains(how)) else {
                return false;
            };
            let own = format!("interface {port}");
            assert!(self.has(&own, switchport), "{text}: {port} is not in layer 2 mode");
            let naming = self.naming(port);
            let is_other = naming.iter().any(|(_, other)| *other != how);
            assert!(!is_other || self.has(&own, both), "{text}: {port} is one or the other: {naming:?}");
            return false;
        }
        let Some(port) = block.strip_prefix("interface ") else { return false };
        let is_member = self.is_listed(port) || self.has(block, LACP);
        // A member is not switched, and no port that a VLAN names stops to be.
        if text == format!("{}{bare}", self.rules.undo) && [switchport, both].contains(&bare) {
            return is_member || bare == switchport && !self.naming(port).is_empty();
        }
        let is_of_members = OF_MEMBERS.iter().any(|own| begins(bare, own));
        assert!(!is_member || is_of_members, "{text}: {port} is part of a LAG");
        if text == LACP {
            assert!(!self.is_listed(port), "{text}: {port} is a static member");
            of_member(port);
        } else if let Some(member) = text.strip_prefix("channel-member ") {
            of_member(member);
            assert!(!self.has(&format!("interface {member}"), LACP), "{text}: {member} speaks LACP");
            assert!(!self.is_listed(member), "{text}: {member} is in another");
            let number = block.strip_prefix(LAG).unwrap();
            let speaks = |line: &String| begins(line, &format!("port-channel {number}"));
            assert!(!self.deeper.values().flatten().any(speaks), "{text}: it is of LACP");
        } else if bare == both {
            assert!(!self.has(block, switchport), "{text}: {port} is in layer 2 mode");
        }
        false
    }
}
