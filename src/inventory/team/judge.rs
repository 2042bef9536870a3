//! A change against the rules. What a rule is about is what the change brings; what
//! was so before is nobody's fault who asks now.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::SystemTime,
};

use mercury_model::{
    Change, DeviceConfig, Edit, InterfaceName, Leaf, Plan, SwitchedVlan, TrunkVlans, Value, Vlan, VlanSet,
};

use super::{TeamRule, TeamRules, rego};
use crate::finding::{Code, Finding, Findings};

/// A change of one switch that nobody has made yet.
#[derive(Debug, Clone, Copy)]
pub struct Proposed<'a> {
    /// What the switch has, as far as it was read.
    pub before: &'a DeviceConfig,
    /// What it would have.
    pub after: &'a DeviceConfig,
    /// The edits between the two.
    pub plan: &'a Plan,
    /// How many ports and aggregates one request edits, at most.
    pub ports: usize,
}

impl Proposed<'_> {
    /// The ports and aggregates that a plan edits.
    #[must_use]
    pub fn edited(plan: &Plan) -> BTreeSet<&InterfaceName> {
        plan.edits.iter().filter_map(Edit::interface).collect()
    }
}

/// What a port carries, by itself or by its aggregate.
#[derive(Clone, Copy)]
struct Carried<'a> {
    before: Option<&'a SwitchedVlan>,
    after: Option<&'a SwitchedVlan>,
}

impl TeamRules {
    /// Everything that a change breaks, in the order of the rules. Nothing to change
    /// breaks nothing.
    #[must_use]
    pub fn judge(&self, change: &Proposed<'_>) -> Findings {
        let mut findings = Findings::default();
        if self.is_empty() || change.plan.is_empty() {
            return findings;
        }
        let carried = carried(change);
        let mut touched: BTreeSet<&InterfaceName> = Proposed::edited(change.plan);
        touched.extend(carried.keys());
        let now = self.now.unwrap_or_else(SystemTime::now);
        for rule in &self.rules {
            let mut judged = Judged { rule, findings: &mut findings };
            let ports: Vec<_> = touched.iter().copied().filter(|port| rule.is_about_port(port.as_str())).collect();
            judged.whole(change, &ports, now);
            for port in ports {
                judged.port(port, carried.get(port).copied());
            }
            change.plan.edits.iter().for_each(|edit| judged.edit(edit));
        }
        if let Some(rego) = &self.rego {
            let change = rego::Input { place: self.place.as_ref(), now, proposed: change, ports: &touched };
            findings.merge(rego.judge(&change));
        }
        findings
    }
}

/// The ports whose VLANs change.
fn carried<'a>(change: &Proposed<'a>) -> BTreeMap<&'a InterfaceName, Carried<'a>> {
    let names: BTreeSet<_> = change.before.interfaces.keys().chain(change.after.interfaces.keys()).collect();
    let both = names.into_iter().map(|name| {
        let carried = Carried { before: vlans(change.before, name), after: vlans(change.after, name) };
        (name, carried)
    });
    both.filter(|(_, carried)| carried.before != carried.after).collect()
}

/// Those of its aggregate, where it is a member of one.
pub(super) fn vlans<'a>(config: &'a DeviceConfig, name: &InterfaceName) -> Option<&'a SwitchedVlan> {
    let port = config.interfaces.get(name)?;
    let aggregate = port.aggregate_id.as_ref().and_then(|name| config.interfaces.get(name));
    aggregate.unwrap_or(port).switched_vlan.as_ref()
}

/// All of 1 to 4094 for a trunk of all VLANs.
pub(super) fn all(vlans: &SwitchedVlan) -> VlanSet {
    match vlans {
        SwitchedVlan::Trunk { vlans: TrunkVlans::All, .. } => VlanSet::full(),
        other => other.named_vlans(),
    }
}

fn native(vlans: &SwitchedVlan) -> VlanSet {
    match vlans {
        SwitchedVlan::Trunk { native, .. } => native.iter().copied().collect(),
        _ => VlanSet::new(),
    }
}

impl Carried<'_> {
    /// The VLANs that it did not carry so before.
    fn brought(&self) -> VlanSet {
        let Some(after) = self.after else { return VlanSet::new() };
        match self.before {
            Some(before) if std::mem::discriminant(before) == std::mem::discriminant(after) => {
                all(after).difference(&all(before)).union(&native(after).difference(&native(before)))
            }
            _ => all(after),
        }
    }

    /// How many VLANs a trunk carries, before and after.
    fn widths(&self) -> (usize, usize) {
        let width = |vlans: Option<&SwitchedVlan>| match vlans {
            Some(trunk @ SwitchedVlan::Trunk { .. }) => all(trunk).len(),
            _ => 0,
        };
        (width(self.before), width(self.after))
    }
}

/// One rule, and what breaks it.
struct Judged<'a> {
    rule: &'a TeamRule,
    findings: &'a mut Findings,
}

impl Judged<'_> {
    fn found(&mut self, code: Code, path: String, what: &str) {
        let TeamRule { name, reason, help, severity, .. } = self.rule;
        let message = format!("{what}; rule {name:?}: {reason}");
        let finding = Finding { severity: *severity, ..Finding::error(code, message) }.field(path);
        let help = help.clone().unwrap_or_else(|| format!("mercury explain {code}"));
        self.findings.push(finding.help(help));
    }

    /// What is about the change as a whole.
    fn whole(&mut self, change: &Proposed<'_>, ports: &[&InterfaceName], now: SystemTime) {
        if let Some(max) = self.rule.max_ports.filter(|max| change.ports > *max && ports.len() > *max) {
            let what =
                format!("{} ports and aggregates in one change, and {max} may be", ports.len().min(change.ports));
            self.found(Code::RuleTooManyPorts, "interfaces".to_owned(), &what);
        }
        // A rule about ports is silent where none of them is touched.
        let is_about = self.rule.ports.is_none() || !ports.is_empty();
        if let Some(windows) = self.rule.windows.as_ref().filter(|_| is_about)
            && !windows.iter().any(|window| window.is_open(now))
        {
            let times: Vec<String> = windows.iter().map(ToString::to_string).collect();
            let what = format!("now is not in a change window; they are {} UTC", times.join(", "));
            self.found(Code::RuleOutsideWindow, String::new(), &what);
        }
    }

    /// What is about one port that changes.
    fn port(&mut self, port: &InterfaceName, carried: Option<Carried<'_>>) {
        if self.rule.protected {
            self.found(Code::RulePortProtected, format!("interfaces/{port}"), &format!("{port} is protected"));
        }
        let Some(carried) = carried else { return };
        let path = format!("interfaces/{port}/switched-vlan");
        self.vlans(&carried.brought(), &path, &format!("{port} would carry"));
        let (before, after) = carried.widths();
        if let Some(max) = self.rule.max_trunk_vlans.filter(|max| after > *max && after > before) {
            let what = format!("{port} would be a trunk of {after} VLANs, and {max} may be");
            self.found(Code::RuleTrunkTooWide, path, &what);
        }
    }

    fn vlans(&mut self, vlans: &VlanSet, path: &str, would: &str) {
        let named = |vlans: &VlanSet| format!("{} {vlans}", if vlans.len() > 1 { "VLANs" } else { "VLAN" });
        if let Some(allowed) = &self.rule.allowed_vlans {
            let refused = vlans.difference(allowed);
            if !refused.is_empty() {
                let what = format!("{would} {}, and {allowed} may be", named(&refused));
                self.found(Code::RuleVlanNotAllowed, path.to_owned(), &what);
            }
        }
        if let Some(reserved) = &self.rule.reserved_vlans {
            let refused: VlanSet = vlans.iter().filter(|vlan| reserved.contains(*vlan)).collect();
            if !refused.is_empty() {
                let what = format!("{would} {}, which the rule reserves", named(&refused));
                self.found(Code::RuleVlanReserved, path.to_owned(), &what);
            }
        }
    }

    /// What is about one edit.
    fn edit(&mut self, edit: &Edit) {
        match edit {
            Edit::Interface { interface, change, .. } if self.rule.is_about_port(interface.as_str()) => {
                self.leaf(interface, change);
            }
            // A VLAN is on no port.
            Edit::Vlan { before, after } if self.rule.ports.is_none() => self.vlan(before.as_ref(), after),
            Edit::RemoveVlan { before } if self.rule.ports.is_none() => {
                let one = std::iter::once(before.id).collect();
                self.vlans(&one, &format!("vlans/{}", before.id), "the change would remove");
            }
            Edit::Bind { vlan, after, .. } if self.rule.ports.is_none() => {
                self.vlans(&std::iter::once(*vlan).collect(), &format!("vlans/{vlan}"), &format!("{after} would get"));
            }
            Edit::Unbind { vlan, before, .. } if self.rule.ports.is_none() => {
                self.vlans(
                    &std::iter::once(*vlan).collect(),
                    &format!("vlans/{vlan}"),
                    &format!("{before} would lose"),
                );
            }
            _ => {}
        }
    }

    fn vlan(&mut self, before: Option<&Vlan>, after: &Vlan) {
        let would = if before.is_some() { "the change would change" } else { "the change would make" };
        self.vlans(&std::iter::once(after.id).collect(), &format!("vlans/{}", after.id), would);
        let name = after.name.as_ref().filter(|name| before.and_then(|vlan| vlan.name.as_ref()) != Some(*name));
        if let (Some(pattern), Some(name)) = (&self.rule.vlan_name, name)
            && !pattern.matches(name.as_str())
        {
            let what =
                format!("VLAN {} would be called {:?}, and {:?} is wanted", after.id, name.as_str(), pattern.written);
            self.found(Code::RuleVlanNamePattern, format!("vlans/{}/name", after.id), &what);
        }
    }

    fn leaf(&mut self, port: &InterfaceName, change: &Change) {
        match (change.leaf, &change.after) {
            (Leaf::Mtu, Some(Value::Number(mtu))) => {
                let range = self.rule.mtu.as_ref().filter(|range| !range.contains(mtu));
                if let Some((low, high)) = range.map(|range| (*range.start(), *range.end())) {
                    let what = format!("{port} would have an MTU of {mtu}, and {low} to {high} may be");
                    self.found(Code::RuleMtuOutOfRange, format!("interfaces/{port}/mtu"), &what);
                }
            }
            (Leaf::Description, Some(Value::Text(text))) => {
                let pattern = self.rule.description.as_ref().filter(|pattern| !pattern.matches(text));
                if let Some(written) = pattern.map(|pattern| pattern.written.clone()) {
                    let what = format!("{port} would be described as {text:?}, and {written:?} is wanted");
                    self.found(Code::RuleDescriptionPattern, format!("interfaces/{port}/description"), &what);
                }
            }
            _ => {}
        }
    }
}
