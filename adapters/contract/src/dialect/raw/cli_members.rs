//! `[cli.words.members]` and `[cli.words.lag-members]` of a dialect file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Reader;
use crate::dialect::cli::{CliLine, Hole, LagMembers, SwitchedPort, VlanMembers};

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
        let Some(raw) = raw.lacp else { return Some(LagMembers { listed, lacp: None }) };
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
        Some(LagMembers { listed, lacp: Some((enter?, line)) })
    }
}
