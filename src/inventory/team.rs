//! The network team's own rules: which changes may be made, beyond what a switch's
//! entry allows. They are written in files of their own (`config/rules.md`), judged by
//! [`Rules::judge`](super::Rules::judge), and hold for whoever asks.

mod judge;
mod pattern;
mod read;
mod rego;
mod window;

use std::{ops::RangeInclusive, path::PathBuf, sync::Arc, time::SystemTime};

use mercury_model::VlanSet;

use crate::finding::{Findings, Severity};

use super::Changes;
pub use judge::Proposed;
pub use pattern::Pattern;
use pattern::Text;
use rego::Rego;
use window::Window;

/// One rule: where it holds, and what it wants.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TeamRule {
    name: String,
    reason: String,
    help: Option<String>,
    severity: Severity,
    /// Where it holds; an absent list holds everywhere.
    switches: Option<Vec<Pattern>>,
    roles: Option<Vec<Pattern>>,
    ports: Option<Vec<Pattern>>,
    allowed_vlans: Option<VlanSet>,
    reserved_vlans: Option<VlanSet>,
    protected: bool,
    max_trunk_vlans: Option<usize>,
    mtu: Option<RangeInclusive<u16>>,
    description: Option<Text>,
    vlan_name: Option<Text>,
    max_ports: Option<usize>,
    windows: Option<Vec<Window>>,
}

impl TeamRule {
    fn is_for(&self, switch: &str, role: Option<&str>) -> bool {
        let any = |patterns: &Option<Vec<Pattern>>, text: Option<&str>| {
            let matches = |all: &Vec<Pattern>| text.is_some_and(|text| all.iter().any(|one| one.matches(text)));
            patterns.as_ref().is_none_or(matches)
        };
        any(&self.switches, Some(switch)) && any(&self.roles, role)
    }

    fn is_about_port(&self, port: &str) -> bool {
        self.ports.as_ref().is_none_or(|all| all.iter().any(|one| one.matches(port)))
    }
}

/// The switch that rules are asked about.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    switch: String,
    role: Option<String>,
}

/// A rule as it was read, to be compared.
#[derive(PartialEq)]
enum Written<'a> {
    Table(&'a TeamRule),
    Rego(&'a str),
}

/// The rules of a network, or those of them that hold for one switch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TeamRules {
    rules: Vec<Arc<TeamRule>>,
    /// Those in Rego, which say themselves where they hold.
    rego: Option<Arc<Rego>>,
    place: Option<Place>,
    /// What is taken to be now by examples; the clock's time.
    now: Option<SystemTime>,
}

impl TeamRules {
    /// Reads rule files: Rego where the name ends in `.rego`, else TOML. One mistake in
    /// a file refuses all of it, and is told with file, line and field: a rule that is not understood would let pass what it
    /// was written to stop.
    pub fn load(files: &[PathBuf], findings: &mut Findings) -> Self {
        read::load(files, findings)
    }

    /// Those that hold for a switch of this name and role.
    #[must_use]
    pub fn of(&self, switch: &str, role: Option<&str>) -> Self {
        let rules = self.rules.iter().filter(|rule| rule.is_for(switch, role)).cloned().collect();
        let place = Some(Place { switch: switch.to_owned(), role: role.map(str::to_owned) });
        Self { rules, rego: self.rego.clone(), place, now: self.now }
    }

    /// The same, as they are at another time.
    #[must_use]
    pub fn at(self, now: SystemTime) -> Self {
        Self { now: Some(now), ..self }
    }

    /// The rules that are not as they were `before`.
    #[must_use]
    pub fn changes(&self, before: &Self) -> Changes {
        Changes::between(before.named(), self.named())
    }

    fn named(&self) -> impl Iterator<Item = (&str, Written<'_>)> {
        let tables = self.rules.iter().map(|rule| (rule.name.as_str(), Written::Table(rule)));
        let rego = self.rego.iter().flat_map(|rego| rego.sources());
        tables.chain(rego.map(|(file, text)| (file, Written::Rego(text))))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len() + self.rego.as_ref().map_or(0, |rego| rego.len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.rego.is_none()
    }
}

#[cfg(test)]
mod tests;
