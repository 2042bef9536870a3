//! Whether what is configured is of any use: a database takes VLANs of a port whose device is
//! gone, and what was accepted is not yet applied.

use std::collections::BTreeMap;

use mercury_adapter::{CliDialect, Share};
use mercury_model::{Interface, Running, Scope, SwitchedVlan, TrunkVlans};

use crate::{Unreadable, running, unused};

/// What a switch shows, and on which ports it has no use of that.
pub(crate) struct Found {
    pub(crate) running: Running,
    unused: BTreeMap<String, String>,
}

impl Found {
    pub(crate) fn of(
        dialect: &CliDialect,
        scope: &Scope,
        texts: &[String],
        share: &mut Share,
    ) -> Result<Self, Unreadable> {
        let running = running(dialect, scope, texts, share)?;
        let unused = dialect.words.table().map(|words| unused(words, scope, texts, share)).transpose()?;
        Ok(Self { running, unused: unused.unwrap_or_default() })
    }
}

/// Whether what is shown next is held against what there is.
#[derive(Debug, Default)]
pub(crate) enum Trial {
    #[default]
    None,
    /// Something was changed, by these lines.
    Begun(String),
    /// It was of no use, and the next change takes it back: to what may have been so before.
    Failed,
}

impl Trial {
    pub(crate) fn begins(&mut self, lines: &str, is_changed: bool) {
        let is_judged = is_changed && !matches!(self, Self::Failed);
        *self = if is_judged { Self::Begun(lines.to_owned()) } else { Self::None };
    }

    /// Of which VLANs there is no use, and why. A port that carries none needs no device.
    pub(crate) fn ends(&mut self, found: &Found) -> Option<String> {
        let Self::Begun(lines) = std::mem::take(self) else { return None };
        // What others have is looked at where it is read along, and is theirs.
        let is_changed = |port: &&Interface| lines.split_whitespace().any(|word| word == port.name.as_str());
        let ports = found.running.config.interfaces.values();
        let carries = |port: &Interface| match &port.switched_vlan {
            Some(SwitchedVlan::Trunk { native, vlans }) => native.is_some() || *vlans != TrunkVlans::None,
            vlans => vlans.is_some(),
        };
        let mut of_no_use = ports.filter(is_changed).filter(|port| carries(port)).filter_map(|port| {
            let why = found.unused.get(port.name.as_str())?;
            Some(format!("it has VLANs of {} and no use of them: {why}", port.name))
        });
        let first = of_no_use.next();
        *self = if first.is_some() { Self::Failed } else { Self::None };
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_was_not_changed_is_not_judged() {
        let mut running = Running::default();
        for name in ["p1", "tap7"] {
            let mut port = Interface::new(name.parse().unwrap());
            port.switched_vlan = Some(SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::All });
            running.config.interfaces.insert(port.name.clone(), port);
        }
        let dead = |name: &str| Found {
            running: running.clone(),
            unused: BTreeMap::from([(name.to_owned(), "there is no such device".to_owned())]),
        };
        let mut trial = Trial::default();
        assert_eq!(trial.ends(&dead("p1")), None, "nothing was changed");
        trial.begins("ovs-vsctl -- set port p1 tag=7", true);
        assert_eq!(trial.ends(&dead("tap7")), None);
        trial.begins("ovs-vsctl -- set port p1 tag=7", true);
        assert!(trial.ends(&dead("p1")).unwrap().contains("p1"));
        trial.begins("ovs-vsctl -- set port p1 tag=5", true);
        assert_eq!(trial.ends(&dead("p1")), None, "it may have been so before");
    }
}
