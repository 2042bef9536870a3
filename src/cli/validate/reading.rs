//! What the dialect's own reader makes of a candidate, and what the network team's rules
//! have to say of that.

use std::{collections::BTreeSet, sync::Arc};

use mercury_adapter::{Clashes, Dialect, Left, Recorded, Unread};
use mercury_model::{DeviceConfig, ForeignVlans, Intended, Leaf, Plan, Running};

use super::{
    super::{findings::Checked, print},
    deletes::{self, Supposed, Touched},
    place::{self, Places},
    secret,
    value::{self, NoValue, NoVlans},
};
use crate::{
    finding::{Code, Finding, Findings, Severity},
    inventory::{Proposed, Switch},
    registry::{self, Brought, Form},
};

/// A candidate, and the file that it is in.
pub(in crate::cli) struct Candidate<'a> {
    pub(in crate::cli) switch: &'a Switch,
    pub(in crate::cli) form: Form,
    pub(in crate::cli) name: &'a str,
    pub(in crate::cli) text: &'a Arc<str>,
    /// It is all that a switch is to have, and not only what changes.
    pub(in crate::cli) whole: bool,
}

impl Candidate<'_> {
    /// Reads it and judges what it would bring to a switch that has `before`.
    pub(in crate::cli) fn judged(&self, dialects: &[Arc<Dialect>], before: &DeviceConfig) -> Vec<Checked> {
        let mut reading = self.checked("reading");
        let brought = match registry::candidate(self.switch, dialects, self.form, self.text) {
            Ok(brought) => brought,
            Err(message) => {
                reading.findings.push(self.unread(&message));
                return vec![reading];
            }
        };
        let Brought { recorded: Recorded { running, .. }, deleted, unread, clashes, strangers, operations, ports } =
            brought;
        let scope = Recorded::scope(self.switch.rules.serves_vnis());
        let after = Intended(laid(before, &running.config));
        let plan = Plan::between(&Running::new(before, scope.clone()), &after);
        reading.told = print::edits(&plan.edits);
        reading.told.extend(deleted.iter().map(|path| format!("delete {}", deletes::shown(path))));
        let is_nothing = deleted.is_empty() && ports.is_empty() && clashes == Clashes::default();
        let dialect = dialects.iter().find(|one| one.name == self.switch.identity.dialect);
        let heads = dialect.and_then(|own| own.cli.as_ref()).map(value::vlan_heads).unwrap_or_default();
        self.doubts((&running, &heads), deleted.len(), is_nothing, &mut reading.findings);
        self.left_out(&unread, &mut reading.findings);
        reading.passed_over = unread.count;
        let Clashes { twice, leaves, keys, values } = &clashes;
        let mut told = |code, lefts: &Unread, why: &str| {
            for left in &lefts.told {
                reading.findings.push(self.left(Finding::error(code, format!("{}{why}", left.what)), left));
            }
        };
        told(Code::ReadingDuplicate, twice, "; a list has one entry of a key");
        told(Code::ReadingDuplicate, leaves, "; a leaf has one");
        told(Code::ReadingKey, keys, ", and has to be its entry's key");
        told(Code::ReadingValue, values, "");
        told(Code::ReadingNamespace, &strangers, "");
        told(Code::ReadingOperation, &operations, "");
        let mut rules = self.checked("rules");
        if self.switch.rules.team.is_empty() {
            rules.skipped = Some("there are none for it".to_owned());
            return vec![reading, rules];
        }
        let decoded = self.decoded();
        let places = Places::of(decoded.as_deref().unwrap_or(self.text));
        // What is known to be there already, and is named once more, stays as it is.
        let named = running.config.interfaces.into_keys().filter(|name| !before.interfaces.contains_key(name));
        let touched = Touched::by(&deleted, [before, &after.0]).and(named.chain(ports));
        let Supposed { there, after, plan } = touched.change(before, &after.0, scope);
        let ports = Proposed::edited(&plan).len();
        let change = Proposed { before: &there, after: &after, plan: &plan, ports };
        for finding in &self.switch.rules.judge(&change) {
            let place = places.named(&finding.field);
            rules.findings.push(place::put(finding.clone(), self.name.as_ref(), place));
        }
        if let Some(first) = touched.of_all.first() {
            let message = format!("it deletes or replaces {first}, whatever is there{}", others(touched.of_all.len()));
            rules.findings.push(Finding::error(Code::RuleUnjudged, message).at(self.name.as_ref(), None));
        }
        for lefts in [leaves, keys, values, &strangers, &operations] {
            if let Some(first) = lefts.told.first() {
                let message = format!("no rule is asked about this: {}{}", first.what, others(lefts.count));
                rules.findings.push(self.left(Finding::error(Code::RuleUnjudged, message).help(MEND), first));
            }
        }
        rules.passed_over = unread.count;
        if let Some(first) = unread.told.first() {
            let message = format!("no rule is asked about {}{}", first.what, others(unread.count));
            // A whole configuration has much beside ports and VLANs, which changes nothing.
            let finding = match self.whole {
                true => Finding::warning(Code::RuleUnjudged, message),
                false => Finding::error(Code::RuleUnjudged, message),
            };
            rules.findings.push(self.left(finding, first));
        }
        // Clashes among them are told of already.
        let is_foreign = |finding: &&Finding| match finding.code {
            Code::ReadingForeign => true,
            Code::ReadingValue => !finding.field.is_empty(),
            _ => false,
        };
        let foreign = || reading.findings.iter().filter(is_foreign);
        if let Some(first) = foreign().next() {
            // What is wrong with it is told already.
            let leaf = first.field.strip_prefix("interfaces/").and_then(|path| path.rsplit_once('/'));
            let about = leaf.map_or_else(|| first.message.clone(), |(port, leaf)| format!("{leaf} of {port}"));
            let message = format!("no rule is asked about {about}{}", others(foreign().count()));
            let (severity, code, help) = (Severity::Error, Code::RuleUnjudged, Some(MEND.to_owned()));
            rules.findings.push(Finding { severity, code, message, help, ..first.clone() });
        }
        vec![reading, rules]
    }

    /// The text with what is base64 in it decoded where it stands; `None` where nothing is.
    fn decoded(&self) -> Option<String> {
        let is_set = self.form == Form::SetRequest;
        is_set.then(|| registry::decoded(self.text)).flatten().map(|decoded| decoded.text)
    }

    /// What the reader passes over.
    fn left_out(&self, unread: &Unread, findings: &mut Findings) {
        let dialect = &self.switch.identity.dialect;
        for left in &unread.told {
            let message = format!("{}: dialect {dialect} does not read it", left.what);
            findings.push(self.left(Finding::warning(Code::ReadingUnknown, message), left));
        }
        let more = unread.count - unread.told.len();
        if more > 0 {
            let message = format!("and {more} more that dialect {dialect} does not read");
            findings.push(Finding::warning(Code::ReadingUnknown, message).at(self.name.as_ref(), None));
        }
    }

    fn left(&self, finding: Finding, left: &Left) -> Finding {
        finding.at(self.name.as_ref(), left.line).column(left.column)
    }

    pub(in crate::cli) fn checked(&self, level: &'static str) -> Checked {
        let (name, source) = (self.name.to_owned(), Some(Arc::clone(self.text)));
        Checked { source, ..Checked::of(name, level, Findings::default()) }
    }

    fn unread(&self, message: &str) -> Finding {
        let (reason, line, column) = place::of_message(message);
        let code = if reason.starts_with("dialect ") { Code::ReadingUnread } else { Code::Syntax };
        let reason = secret::hidden(&reason, self.text, line);
        Finding::error(code, reason).at(self.name.as_ref(), line).column(column)
    }

    /// `is_nothing`: nothing but what is in `running` was seen in it.
    /// `heads`: what stands before VLANs in a line of the dialect's.
    fn doubts(
        &self,
        (running, heads): (&Running, &[String]),
        deletes: usize,
        is_nothing: bool,
        findings: &mut Findings,
    ) {
        let decoded = self.decoded();
        let places = Places::of(decoded.as_deref().unwrap_or(self.text));
        let dialect = &self.switch.identity.dialect;
        let config = &running.config;
        let names: BTreeSet<&str> =
            config.vlans.values().filter_map(|vlan| vlan.name.as_ref()).map(|name| name.as_str()).collect();
        let is_empty = config.interfaces.is_empty() && config.vlans.is_empty() && config.segments.is_empty();
        if is_empty && is_nothing {
            let message = format!("dialect {dialect} sees no port and no VLAN in it");
            // What nobody has looked at did not pass.
            findings.push(Finding::error(Code::ReadingNothing, message).at(self.name.as_ref(), None));
        }
        let doubt = |code, path: String, message: String, findings: &mut Findings| {
            let place = places.named(&path);
            findings.push(place::put(Finding::warning(code, message).field(path), self.name.as_ref(), place));
        };
        for (name, port) in &config.interfaces {
            let foreign = port.foreign.iter().map(|(leaf, held)| (leaf, held.to_string()));
            let vlans = port.switched_vlan.as_ref().and_then(|vlans| vlans.foreign());
            let wrong = |leaf: &Leaf| match leaf {
                Leaf::SwitchedVlan => vlans.map(|held| value::no_vlans(held, heads, &names)).unwrap_or_default(),
                leaf => {
                    let wrong = port.foreign.get(*leaf).and_then(|held| value::no_number(*leaf, held));
                    NoVlans { wrong: wrong.into_iter().collect(), ..NoVlans::default() }
                }
            };
            for (leaf, held) in foreign.chain(vlans.map(|held| (Leaf::SwitchedVlan, held.to_string()))) {
                let path = format!("interfaces/{name}/{leaf}");
                let NoVlans { wrong, rest } = wrong(&leaf);
                let named = if wrong.is_empty() { None } else { places.named(&path) };
                let lines_of =
                    |value: &str| named.map(|own| places.lines_of(own, name.as_str(), value)).unwrap_or_default();
                for (no_value @ NoValue { what, value, range }, place) in value::placed(&wrong, lines_of) {
                    let place = place.or_else(|| named.map(|own| places.behind(own, value)));
                    let place = place.map(|own| places.inside(own, value, no_value.at()));
                    let message = format!("{name}: {what} {value:?} is not valid: {range}");
                    let finding = Finding::error(Code::ReadingValue, message);
                    findings.push(place::put(finding.field(path.as_str()), self.name.as_ref(), place));
                }
                // That a number is none says nothing of words beside it, either.
                let held = if wrong.is_empty() { held } else { rest.to_string() };
                if wrong.is_empty() || rest != ForeignVlans::default() {
                    let message = format!("{name}: {leaf} holds {held}, which dialect {dialect} has no word for");
                    doubt(Code::ReadingForeign, path, message, findings);
                }
            }
        }
        if deletes > 0 {
            doubt(
                Code::ReadingDeletes,
                String::new(),
                format!("it deletes or replaces {deletes} paths, of which nothing is known"),
                findings,
            );
        }
    }
}

/// What is to be done about what no rule could be asked about.
const MEND: &str = "mend what is told of it: the rules judge what can be read";

/// How many there are beside the first.
fn others(count: usize) -> String {
    if count > 1 { format!(", nor about {} more", count - 1) } else { String::new() }
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
    for (id, wanted) in &candidate.segments {
        let there = before.segments.get(id).filter(|there| there.vni == wanted.vni);
        let whole = there.map_or_else(|| wanted.clone(), |there| wanted.completed_from(there));
        after.segments.insert(*id, whole);
    }
    after
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
