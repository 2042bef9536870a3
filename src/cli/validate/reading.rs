//! What the dialect's own reader makes of a candidate, and what the network team's rules
//! have to say of that.

use std::sync::Arc;

use mercury_adapter::{Dialect, Recorded};
use mercury_model::{DeviceConfig, Intended, Leaf, Plan, Running, Scope};

use super::{super::findings::Checked, deletes, place};
use crate::{
    finding::{Code, Finding, Findings},
    inventory::{Proposed, Switch},
    registry::{self, Form},
};

/// A candidate, and the file that it is in.
pub(in crate::cli) struct Candidate<'a> {
    pub(in crate::cli) switch: &'a Switch,
    pub(in crate::cli) form: Form,
    pub(in crate::cli) name: &'a str,
    pub(in crate::cli) text: &'a Arc<str>,
}

impl Candidate<'_> {
    /// Reads it and judges what it would bring to a switch that has `before`.
    pub(in crate::cli) fn judged(&self, dialects: &[Arc<Dialect>], before: &DeviceConfig) -> Vec<Checked> {
        let mut reading = self.checked("reading");
        let (recorded, deletes) = match registry::candidate(self.switch, dialects, self.form, self.text) {
            Ok(read) => read,
            Err(message) => {
                reading.findings.push(self.unread(&message));
                return vec![reading];
            }
        };
        let Recorded { running, .. } = recorded;
        let scope = || Scope::all().with_stp(true);
        let after = Intended(laid(before, &running.config));
        let plan = Plan::between(&Running::new(before, scope()), &after);
        reading.told = plan.edits.iter().map(ToString::to_string).collect();
        reading.told.extend(deletes.iter().map(|path| format!("delete {}", deletes::shown(path))));
        self.doubts(&running, deletes.len(), &mut reading.findings);
        let mut rules = self.checked("rules");
        // What is deleted is taken to be there.
        let there = (!deletes.is_empty()).then(|| deletes::there(before, &deletes));
        let plan = there.as_ref().map_or(plan, |there| Plan::between(&Running::new(there, scope()), &after));
        let ports = Proposed::edited(&plan).len();
        let change = Proposed { before: there.as_ref().unwrap_or(before), after: &after.0, plan: &plan, ports };
        for finding in &self.switch.rules.judge(&change) {
            let line = place::of_path(&finding.field, self.text);
            rules.findings.push(finding.clone().at(self.name.as_ref(), line));
        }
        if let Some(path) = deletes.iter().find(|path| deletes::is_of_all(path) && !self.switch.rules.team.is_empty()) {
            let message = format!("it deletes or replaces {}, whatever is there", deletes::shown(path));
            rules.findings.push(Finding::error(Code::RuleUnjudged, message).at(self.name.as_ref(), None));
        }
        vec![reading, rules]
    }

    pub(in crate::cli) fn checked(&self, level: &'static str) -> Checked {
        let (name, source) = (self.name.to_owned(), Some(Arc::clone(self.text)));
        Checked { name, level, source, told: Vec::new(), findings: Findings::default() }
    }

    fn unread(&self, message: &str) -> Finding {
        let (reason, line, column) = place::of_message(message);
        let code = if reason.starts_with("dialect ") { Code::ReadingUnread } else { Code::Syntax };
        Finding::error(code, reason).at(self.name.as_ref(), line).column(column)
    }

    fn doubts(&self, running: &Running, deletes: usize, findings: &mut Findings) {
        let mut doubt = |code, path: String, message: String| {
            let line = place::of_path(&path, self.text);
            findings.push(Finding::warning(code, message).field(path).at(self.name.as_ref(), line));
        };
        let dialect = &self.switch.identity.dialect;
        let config = &running.config;
        if config.interfaces.is_empty() && config.vlans.is_empty() && deletes == 0 {
            let message = format!("dialect {dialect} sees no port and no VLAN in it");
            doubt(Code::ReadingNothing, String::new(), message);
        }
        for (name, port) in &config.interfaces {
            let foreign = port.foreign.iter().map(|(leaf, held)| (*leaf, held.to_string()));
            let vlans = port.switched_vlan.as_ref().and_then(|vlans| vlans.foreign());
            for (leaf, held) in foreign.chain(vlans.map(|held| (Leaf::SwitchedVlan, held.to_string()))) {
                let message = format!("{name}: {leaf} holds {held}, which dialect {dialect} has no word for");
                doubt(Code::ReadingForeign, format!("interfaces/{name}/{leaf}"), message);
            }
        }
        if deletes > 0 {
            doubt(
                Code::ReadingDeletes,
                String::new(),
                format!("it deletes or replaces {deletes} paths, of which nothing is known"),
            );
        }
    }
}

/// A candidate over what is there: what it leaves out stays.
fn laid(before: &DeviceConfig, candidate: &DeviceConfig) -> DeviceConfig {
    let mut after = before.clone();
    for (name, wanted) in &candidate.interfaces {
        let port = after.interfaces.entry(name.clone()).or_insert_with(|| before.interface(name));
        port.kind = wanted.kind.clone().or(port.kind.take());
        for leaf in Leaf::ALL {
            // That it is enabled may be said or be left out.
            let is_left_out = leaf == Leaf::Enabled && wanted.enabled;
            if let Some(value) = leaf.get(wanted).filter(|_| !is_left_out) {
                leaf.set(port, Some(value));
            }
        }
    }
    after.vlans.extend(candidate.vlans.iter().map(|(id, vlan)| (*id, vlan.clone())));
    after
}
