//! `[cli.words.members]` and `[cli.words.lag-members]` of a dialect file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Reader;
use crate::dialect::cli::{
    CliLine, CliWords, Hole, LagBlock, LagMembers, Said, Since, SwitchedPort, Template, VlanMembers, numbers,
};

/// The nodes that are said of aggregates alone, and may be where one is made.
const OPTIONS: [&str; 4] = ["lag-type", "min-links", "mlag-id", "lacp-interval"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMembers {
    tagged: String,
    untagged: String,
    switched: Option<RawSwitched>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSwitched {
    line: String,
    both: String,
    default: Option<String>,
    #[serde(default)]
    bound: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLagMembers {
    listed: String,
    lacp: Option<RawLacp>,
    beside: Option<RawLagBlock>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLagBlock {
    shown: String,
    #[serde(default)]
    older: Vec<String>,
    description: String,
    enable: String,
    disable: String,
    since: RawSince,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSince {
    ask: String,
    line: String,
    release: String,
    before: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLacp {
    enter: String,
    line: String,
}

impl Reader<'_> {
    pub(super) fn vlan_members(&mut self, raw: RawMembers) -> Option<VlanMembers> {
        let (tagged, untagged) = (self.template("members", &raw.tagged), self.template("members", &raw.untagged));
        let switched = raw.switched.and_then(|raw| {
            let mut one = |text: &str| self.template("members.switched", text);
            let (line, both) = (one(&raw.line), one(&raw.both));
            let default = raw.default.and_then(|text| self.template("members.switched.default", &text));
            let bound = self.templates("members.switched.bound", &raw.bound);
            Some(SwitchedPort { line: line?, both: both?, default, bound })
        });
        Some(VlanMembers { tagged: tagged?, untagged: untagged?, switched })
    }

    pub(super) fn lag_members(&mut self, raw: RawLagMembers, port: &BTreeMap<String, CliLine>) -> Option<LagMembers> {
        let listed = self.template("lag-members.listed", &raw.listed)?;
        if !listed.has(Hole::Name) {
            self.problems.push("cli.words.lag-members.listed: the line names no port".to_owned());
        }
        for node in ["aggregate-id", "channel-group", "lacp-rate"].iter().filter(|node| port.contains_key(**node)) {
            self.problems.push(format!("cli.words.lag-members says what is said elsewhere about port.{node}"));
        }
        if raw.lacp.is_some() && raw.beside.is_some() {
            self.problems.push("cli.words.lag-members: has lacp or beside, not both".to_owned());
        }
        let beside = raw.beside.and_then(|raw| self.lag_block(raw, port));
        let Some(raw) = raw.lacp else { return Some(LagMembers { listed, lacp: None, beside }) };
        let (enter, line) =
            (self.template("lag-members.lacp.enter", &raw.enter), self.template("lag-members.lacp.line", &raw.line)?);
        for (hole, what) in [(Hole::Number, "{number}"), (Hole::Mode, "{mode}")] {
            if !line.has(hole) {
                self.problems.push(format!("cli.words.lag-members.lacp.line: the line has no {what}"));
            }
        }
        if port.contains_key("lag-type") {
            self.problems.push("cli.words.port.lag-type: the members of lag-members.lacp say what it is".to_owned());
        }
        Some(LagMembers { listed, lacp: Some((enter?, line)), beside })
    }

    /// What stands behind the line that makes an aggregate is said of nothing else, and by its
    /// number that is told.
    pub(super) fn options_are_said(&mut self, words: &CliWords) {
        for (kind, block) in [("interface", Some(&words.interface)), ("vlan", words.vlan.as_ref())] {
            if block.is_some_and(|own| !own.options.is_empty()) {
                self.problems.push(format!("cli.words.{kind}.options: an aggregate alone has some"));
            }
        }
        let Some(own) = words.aggregate.as_ref().filter(|own| !own.options.is_empty()) else { return };
        if !own.enter.has(Hole::Number) {
            self.problems.push("cli.words.aggregate.options: the line that enters it has no {number}".to_owned());
        }
        let said: Vec<&str> = words.port.keys().map(String::as_str).filter(|node| words.is_option(node)).collect();
        if said.is_empty() {
            self.problems.push("cli.words.aggregate.options: no line of port is one of them".to_owned());
        }
        for node in said.iter().filter(|node| !OPTIONS.contains(*node)) {
            self.problems.push(format!("cli.words.port.{node}: is said of ports too, and no option of an aggregate"));
        }
    }

    fn lag_block(&mut self, raw: RawLagBlock, port: &BTreeMap<String, CliLine>) -> Option<LagBlock> {
        let key = "lag-members.beside";
        let mut one = |name: &str, text: &str, holes: &[(Hole, &str)]| {
            let template = self.template(&format!("{key}.{name}"), text)?;
            for (_, what) in holes.iter().filter(|(hole, _)| !template.has(*hole)) {
                self.problems.push(format!("cli.words.{key}.{name}: the line has no {what}"));
            }
            Some(template)
        };
        let (name, number) = ((Hole::Name, "{name}"), (Hole::Number, "{number}"));
        let shown = one("shown", &raw.shown, &[name, (Hole::Mode, "{mode}"), number]);
        let description = one("description", &raw.description, &[(Hole::Value, "{value}"), name]);
        let (enable, disable) = (one("enable", &raw.enable, &[name]), one("disable", &raw.disable, &[name]));
        let line = one("since.line", &raw.since.line, &[(Hole::Value, "{value}")]);
        let RawSince { ask, release, before, .. } = raw.since;
        if numbers(&release).is_none() {
            self.problems.push(format!("cli.words.{key}.since.release: {release:?} is not three numbers"));
        }
        if !port.get("lag-type").zip(shown.as_ref()).is_some_and(|(line, shown)| enters_its_own(line, shown)) {
            let lacks =
                "port.lag-type has no line for LACP and STATIC with {number} in the name and as the number of shown";
            self.problems.push(format!("cli.words.{key}: {lacks}"));
        }
        let older = self.templates(&format!("{key}.older"), &raw.older);
        let since = Since { ask, line: line?, release, before };
        Some(LagBlock { shown: shown?, older, description: description?, enable: enable?, disable: disable?, since })
    }
}

/// Whether the lines that make an aggregate of each kind are shown with its number, and with a
/// name that no other has.
fn enters_its_own(lag_type: &CliLine, shown: &Template) -> bool {
    let Said::Lines { lines, .. } = &lag_type.said else { return false };
    let read = |line: &Template, number: &str| {
        let line = line.fill(|hole| (hole == Hole::Number).then(|| number.to_owned()));
        let filled = shown.read(&line)?;
        filled.get(Hole::Number).filter(|own| *own == number)?;
        filled.get(Hole::Name).map(str::to_owned)
    };
    ["LACP", "STATIC"].iter().all(|kind| {
        let line = lines.iter().find(|(word, _)| word == kind).map(|(_, line)| line);
        line.is_some_and(|line| read(line, "7").zip(read(line, "8")).is_some_and(|(one, other)| one != other))
    })
}
