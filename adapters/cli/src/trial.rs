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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trial {
    #[default]
    None,
    /// Something was changed.
    Begun,
    /// It was of no use, and the next change takes it back: to what may have been so before.
    Failed,
}

impl Trial {
    pub(crate) fn begins(&mut self, is_changed: bool) {
        *self = if is_changed && *self != Self::Failed { Self::Begun } else { Self::None };
    }

    /// Of which VLANs there is no use, and why. A port that carries none needs no device.
    pub(crate) fn ends(&mut self, found: &Found) -> Option<String> {
        if std::mem::take(self) != Self::Begun {
            return None;
        }
        let ports = found.running.config.interfaces.values();
        let carries = |port: &Interface| match &port.switched_vlan {
            Some(SwitchedVlan::Trunk { native, vlans }) => native.is_some() || *vlans != TrunkVlans::None,
            vlans => vlans.is_some(),
        };
        let mut of_no_use = ports.filter(|port| carries(port)).filter_map(|port| {
            let why = found.unused.get(port.name.as_str())?;
            Some(format!("it has VLANs of {} and no use of them: {why}", port.name))
        });
        let first = of_no_use.next();
        *self = if first.is_some() { Self::Failed } else { Self::None };
        first
    }
}
