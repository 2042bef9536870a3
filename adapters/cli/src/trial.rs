//! Whether what is configured is of any use: a database takes VLANs of a port whose device is
//! gone, and what was accepted is not yet applied.

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::{CliDialect, Share};
use mercury_model::{Interface, InterfaceName, Running, Scope, SwitchedVlan};

use crate::{Unreadable, running, unused};

/// What a switch shows.
pub(crate) struct Found {
    pub(crate) running: Running,
    /// The ports that are of no use in part alone: bonds one of whose interfaces is of use.
    pub(crate) in_part: BTreeSet<InterfaceName>,
}

impl Found {
    pub(crate) fn of(
        dialect: &CliDialect,
        scope: &Scope,
        texts: &[String],
        share: &mut Share,
    ) -> Result<Self, Unreadable> {
        let mut in_part = BTreeSet::new();
        let mut running = running(dialect, scope, texts, share)?;
        if let Some(words) = dialect.words.table() {
            let found = unused(words, scope, texts, share)?;
            let named = |(name, why): (String, String)| Some((name.parse().ok()?, why));
            running.unused = found.why.into_iter().filter_map(named).collect();
            in_part.extend(found.in_part.iter().filter_map(|name| name.parse().ok()));
        }
        Ok(Self { running, in_part })
    }
}

/// Whether what is shown next is held against what there is.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    state: State,
    /// The VLANs of ports without a use of them, as they were last shown.
    had: BTreeMap<InterfaceName, Option<SwitchedVlan>>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    None,
    /// Something was changed, by these lines.
    Begun(String),
    /// It was of no use, and the next change takes it back: to what may have been so before.
    Failed,
}

impl Trial {
    pub(crate) fn begins(&mut self, lines: &str, is_changed: bool) {
        let is_judged = is_changed && !matches!(self.state, State::Failed);
        self.state = if is_judged { State::Begun(lines.to_owned()) } else { State::None };
    }

    /// Of which VLANs there is no use, and why. A port that has less than it had needs no
    /// device for that, nor does one that carries none.
    pub(crate) fn ends(&mut self, found: &Found) -> Option<String> {
        let of_no_use = || found.running.of_no_use();
        let vlans = of_no_use().map(|(port, _)| (port.name.clone(), port.switched_vlan.clone()));
        let had = std::mem::replace(&mut self.had, vlans.collect());
        let State::Begun(lines) = std::mem::take(&mut self.state) else { return None };
        // What others have is looked at where it is read along, and is theirs.
        let is_changed = |port: &Interface| lines.split_whitespace().any(|word| word == port.name.as_str());
        let is_less = |port: &Interface| {
            let had = had.get(&port.name).and_then(Option::as_ref);
            had.zip(port.switched_vlan.as_ref()).is_some_and(|(had, now)| now.is_less_than(had))
        };
        let is_judged = |port: &Interface| is_changed(port) && !is_less(port) && !found.in_part.contains(&port.name);
        let first = of_no_use().find(|(port, _)| is_judged(port));
        let words = first.map(|(port, why)| format!("it has VLANs of {} and no use of them: {why}", port.name));
        let words = words.or_else(|| {
            let known = |(name, why)| Some((found.running.interfaces.get(name)?, why));
            let mut members = found.running.unused.iter().filter_map(known);
            let (port, why) = members.find(|(port, _)| port.aggregate_id.is_some() && is_changed(port))?;
            Some(format!("it has {} in an aggregate and no use of it: {why}", port.name))
        });
        self.state = if words.is_some() { State::Failed } else { State::None };
        words
    }
}

#[cfg(test)]
mod tests {
    use mercury_model::TrunkVlans;

    use super::*;

    fn found(vlans: &str, dead: &str) -> Found {
        let mut running = Running::default();
        for name in ["p1", "tap7"] {
            let mut port = Interface::new(name.parse().unwrap());
            let vlans = if name == "tap7" { TrunkVlans::All } else { TrunkVlans::only(vlans.parse().unwrap()) };
            port.switched_vlan = Some(SwitchedVlan::Trunk { native: None, vlans });
            running.config.interfaces.insert(port.name.clone(), port);
        }
        running.unused.insert(dead.parse().unwrap(), "there is no such device".to_owned());
        Found { running, in_part: BTreeSet::new() }
    }

    #[test]
    fn a_port_that_was_not_changed_is_not_judged() {
        let mut trial = Trial::default();
        assert_eq!(trial.ends(&found("7", "p1")), None, "nothing was changed");
        trial.begins("ovs-vsctl -- set port p1 tag=7", true);
        assert_eq!(trial.ends(&found("7", "tap7")), None);
        trial.begins("ovs-vsctl -- set port p1 tag=7", true);
        assert!(trial.ends(&found("7", "p1")).unwrap().contains("p1"));
        trial.begins("ovs-vsctl -- set port p1 tag=5", true);
        assert_eq!(trial.ends(&found("5", "p1")), None, "it may have been so before");
        // A bond of which one interface carries frames.
        let mut in_part = found("7", "p1");
        in_part.in_part.insert("p1".parse().unwrap());
        trial.begins("ovs-vsctl -- set port p1 tag=7", true);
        assert_eq!(trial.ends(&in_part), None);
    }

    /// An aggregate may have no VLANs yet.
    #[test]
    fn a_port_that_joins_an_aggregate_needs_a_device() {
        let mut trial = Trial::default();
        let mut joined = found("7", "p1");
        let port = joined.running.config.interfaces.get_mut(&"p1".parse().unwrap()).unwrap();
        (port.switched_vlan, port.aggregate_id) = (None, Some("bond1".parse().unwrap()));
        trial.begins("ovs-vsctl -- get interface p2 -- add port bond1 interfaces @i1", true);
        assert_eq!(trial.ends(&joined), None, "another joins");
        trial.begins("ovs-vsctl -- get interface p1 -- add port bond1 interfaces @i1", true);
        let told = trial.ends(&joined).unwrap();
        assert!(told.contains("p1 in an aggregate and no use of it: there is no such device"), "{told}");
    }

    #[test]
    fn a_trunk_without_a_device_may_lose_vlans_and_get_none() {
        let mut trial = Trial::default();
        assert_eq!(trial.ends(&found("7-9", "p1")), None);
        trial.begins("ovs-vsctl -- set port p1 trunks=7", true);
        assert_eq!(trial.ends(&found("7", "p1")), None);
        trial.begins("ovs-vsctl -- set port p1 trunks=7,8", true);
        assert!(trial.ends(&found("7-8", "p1")).unwrap().contains("no use of them: there is no such device"));
    }
}
