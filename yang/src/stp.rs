//! `/stp/interfaces/interface` of openconfig-spanning-tree: the two leaves that
//! make a port a server's.

use std::fmt;

use serde::Serialize;

/// `edge-port` of openconfig-spanning-tree, an identity of
/// openconfig-spanning-tree-types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EdgePort {
    /// No other bridge is behind the port: it forwards at once.
    EdgeEnable,
    /// Another bridge may be: it listens first.
    EdgeDisable,
    /// The switch finds out.
    EdgeAuto,
}

impl EdgePort {
    /// Every value.
    const ALL: [Self; 3] = [Self::EdgeEnable, Self::EdgeDisable, Self::EdgeAuto];

    /// The identity's local name.
    #[must_use]
    pub const fn identity(self) -> &'static str {
        match self {
            Self::EdgeEnable => "EDGE_ENABLE",
            Self::EdgeDisable => "EDGE_DISABLE",
            Self::EdgeAuto => "EDGE_AUTO",
        }
    }

    /// The value with this local name.
    #[must_use]
    pub fn from_identity(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|edge| edge.identity() == name)
    }
}

/// `/stp/interfaces/interface/config` of openconfig-spanning-tree. An interface
/// without either leaf has no `Stp`, whatever else its entry holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Stp {
    /// `edge-port`.
    pub edge_port: Option<EdgePort>,
    /// `bpdu-guard`: a BPDU, which only another bridge sends, closes the port.
    pub bpdu_guard: Option<bool>,
}

impl Stp {
    /// These leaves; `None` without any.
    #[must_use]
    pub fn of(edge_port: Option<EdgePort>, bpdu_guard: Option<bool>) -> Option<Self> {
        let stp = Self { edge_port, bpdu_guard };
        (stp != Self::default()).then_some(stp)
    }
}

impl fmt::Display for Stp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let edge = self.edge_port.map(EdgePort::identity);
        let guard = self.bpdu_guard.map(|on| if on { "bpdu-guard" } else { "no bpdu-guard" });
        let words: Vec<&str> = edge.into_iter().chain(guard).collect();
        f.write_str(&words.join(" "))
    }
}
