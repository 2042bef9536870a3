//! Whether the words of a command line are whole: each line has the holes without which what it
//! says would be lost, and what one part of the file takes from another is there.

use serde::Deserialize as _;
use toml::Value;

use super::RawShow;
use crate::dialect::{
    cli::{Bonds, CliForm, CliLine, CliWords, GeneralMode, Hole, Said, Shown, Template},
    raw::Reader,
};

impl Reader<'_> {
    pub(super) fn raw_show(&mut self, raw: Value) -> Option<Shown> {
        match RawShow::deserialize(raw) {
            Ok(raw) => self.shown(raw),
            Err(_) => {
                let forms = "a command, or a table of it and row, before and split, or tables";
                self.problems.push(format!("cli.words.show: is {forms}"));
                None
            }
        }
    }

    pub(super) fn is_whole(&mut self, words: &CliWords) {
        self.blocks_are_whole(words);
        self.trunk_is_whole(words);
        if let Some(own) = &words.members {
            let default = own.switched.as_ref().and_then(|own| own.default.as_ref());
            for (key, line) in
                [("tagged", Some(&own.tagged)), ("untagged", Some(&own.untagged)), ("switched.default", default)]
            {
                line.into_iter().for_each(|line| self.has(&format!("members.{key}"), line, &[Hole::Name]));
            }
        }
        if let Some(own) = &words.general {
            self.general_is_whole(words, own);
        }
        if let Some(own) = &words.whole {
            self.has("whole.line", &own.line, &[Hole::Name, Hole::Mode, Hole::Number, Hole::Value]);
        }
        self.port_is_whole(words);
        let has_tables = words.form == CliForm::JsonTable;
        for (key, is_there, wants) in [
            ("command", words.command.is_some(), has_tables),
            ("whole", words.whole.is_some(), has_tables),
            ("applied", words.applied.is_some(), has_tables),
            ("device", words.device.is_some(), has_tables),
            ("bonds", words.bonds.is_some(), words.bonds.is_some() && has_tables),
        ] {
            if is_there != wants {
                let why =
                    if wants { "needed where the form is json-table" } else { "only where the form is json-table" };
                self.problems.push(format!("cli.words.{key}: {why}"));
            }
        }
        for shown in words.shows.iter().filter(|shown| has_tables == shown.tables.is_empty()) {
            let why = if has_tables { "names no tables" } else { "names tables, which only json-table has" };
            self.problems.push(format!("cli.words.show: {:?} {why}", shown.command));
        }
        if let Some(columns) = words.applied.as_ref().filter(|_| has_tables) {
            let missing = columns.iter().find(|column| !words.shows.iter().any(|shown| shows(shown, column)));
            self.problems.extend(missing.map(|column| format!("cli.words.applied: no command shows {column}")));
        }
        if let Some(own) = &words.bonds {
            self.bonds_are_whole(words, own);
        }
    }

    fn blocks_are_whole(&mut self, words: &CliWords) {
        self.has("interface.enter", &words.interface.enter, &[Hole::Name]);
        if let Some(own) = &words.aggregate {
            for (key, line) in [("enter", &own.enter), ("remove", &own.remove)] {
                let is_named = line.has(Hole::Name) || line.has(Hole::Number);
                let hole = if is_named { None } else { Some(Hole::Number) };
                self.has(&format!("aggregate.{key}"), line, hole.as_slice());
            }
        }
        if words.aggregate.is_none() && !words.lag_prefix.is_empty() {
            self.has("interface.remove", &words.interface.remove, &[Hole::Name]);
        }
        let Some(own) = &words.vlan else { return };
        let make = own.within.as_ref().map(|(_, make)| make);
        for (key, line) in [("enter", Some(&own.enter)), ("remove", Some(&own.remove)), ("within.make", make)] {
            line.into_iter().for_each(|line| self.has(&format!("vlan.{key}"), line, &[Hole::VlanId]));
        }
    }

    fn port_is_whole(&mut self, words: &CliWords) {
        if let Some(Said::Value { line, .. }) = words.port.get("channel-group").map(|own| &own.said) {
            self.has("port.channel-group", line, &[Hole::Number, Hole::Mode]);
        }
        if words.form != CliForm::JsonTable {
            return;
        }
        // No block says of which row a part is; a member's place is said by the parts of bonds.
        for (node, own) in words.port.iter().filter(|(node, _)| *node != "aggregate-id") {
            if let Said::Value { line, .. } = &own.said {
                self.has(&format!("port.{node}"), line, &[Hole::Name, Hole::Value]);
            }
            self.has(&format!("port.{node}.remove"), &own.remove, &[Hole::Name]);
        }
    }

    fn trunk_is_whole(&mut self, words: &CliWords) {
        let own = &words.trunk;
        for (key, line) in [
            ("list", &own.list),
            ("shown", &own.shown),
            ("add", &own.add),
            ("remove", &own.remove),
            ("except", &own.except),
        ] {
            let holes = if words.form == CliForm::JsonTable { &[][..] } else { &[Hole::Value][..] };
            line.iter().for_each(|line| self.has(&format!("trunk.{key}"), line, holes));
        }
    }

    fn general_is_whole(&mut self, words: &CliWords, own: &GeneralMode) {
        let untagged = own.untagged.iter().map(|line| ("untagged", line));
        for (key, line) in
            [("pvid", &own.pvid), ("tagged", &own.tagged), ("remove", &own.remove)].into_iter().chain(untagged)
        {
            self.has(&format!("general.{key}"), line, &[Hole::Value]);
        }
        let line = |node: &str| words.port.get(node).and_then(said);
        let is_pvid = line("native-vlan") == Some(&own.pvid);
        for (key, is_there) in [
            ("port.mode, a line with {value}", line("mode").is_some()),
            ("port.access-vlan, a line with {value}", line("access-vlan").is_some()),
            ("port.native-vlan, which is the line of the PVID", is_pvid),
            ("trunk.add", words.trunk.add.is_some()),
            ("trunk.remove", words.trunk.remove.is_some()),
        ] {
            if !is_there {
                self.problems.push(format!("cli.words.general: needs {key}"));
            }
        }
        if own.mode.trim().is_empty() || ["access", "trunk"].contains(&own.mode.as_str()) {
            self.problems.push("cli.words.general.mode: is no word of a mode of its own".to_owned());
        }
    }

    fn bonds_are_whole(&mut self, words: &CliWords, own: &Bonds) {
        let parts = &own.parts;
        if own.columns.same.is_empty() {
            self.problems.push("cli.words.bonds.columns.same: a port that goes is guarded by nothing".to_owned());
        }
        let (name, number, value, bridge) = (Hole::Name, Hole::Number, Hole::Value, Hole::Bridge);
        for (key, line, holes) in [
            ("row", &parts.row, &[number][..]),
            ("name", &parts.name, &[number, name]),
            ("bridge-of-interface", &parts.bridge_of_interface, &[name]),
            ("bridge-of-port", &parts.bridge_of_port, &[name]),
            ("together", &parts.together, &[name, bridge]),
            ("goes", &parts.goes, &[bridge, number]),
            ("joins", &parts.joins, &[name, value]),
            ("leaves", &parts.leaves, &[name, value]),
            ("mtu", &parts.mtu, &[name, value]),
            ("no-mtu", &parts.no_mtu, &[name]),
            ("text", &parts.text, &[name, value]),
            ("no-text", &parts.no_text, &[name]),
        ] {
            self.has(&format!("bonds.parts.{key}"), line, holes);
        }
        // Each of these is several parts: what every one of them has, and what they have between them.
        for (key, lines, each, holes) in [
            ("spare", &parts.spare, name, &[number, bridge][..]),
            ("alone", &parts.alone, name, &[number, value]),
            ("same", &parts.same, name, &[value]),
            ("port", &parts.port, number, &[name, value, bridge]),
            ("bond", &parts.bond, number, &[name, value, bridge]),
        ] {
            let key = format!("bonds.parts.{key}");
            lines.iter().for_each(|line| self.has(&key, line, &[each]));
            let missing = holes.iter().find(|hole| !lines.iter().any(|line| line.has(**hole)));
            self.problems.extend(missing.map(|hole| format!("cli.words.{key}: no part has {hole}")));
        }
        // Each column that has to be as it is, is waited for and shown.
        for (key, lines, row) in [("spare", &parts.spare, &own.port), ("alone", &parts.alone, &own.bond)] {
            let lines: Vec<String> = lines.iter().map(Template::bare_words).collect();
            for column in row.columns.keys() {
                let waits = lines.iter().any(|line| line.contains(&format!(" {column}=")));
                let shows = lines.iter().any(|line| line.split(' ').any(|word| word == column));
                if !waits || !shows {
                    let what = if waits { "shows" } else { "waits for" };
                    self.problems.push(format!("cli.words.bonds.parts.{key}: no part {what} {column}"));
                }
            }
        }
        for node in ["aggregate-id", "lag-type"] {
            if !words.port.contains_key(node) {
                self.problems.push(format!("cli.words.bonds: needs port.{node}"));
            }
        }
        self.bond_columns_are_shown(words, own);
    }

    /// What is not shown is not looked at, and lost.
    fn bond_columns_are_shown(&mut self, words: &CliWords, own: &Bonds) {
        let columns = &own.columns;
        let rows = [&own.port, &own.bond].map(|row| row.columns.keys().chain(row.keys.keys()));
        let of_ports = std::iter::once(&columns.interfaces).chain(&columns.same).chain(rows.into_iter().flatten());
        let of_ports = of_ports.map(|column| (&columns.ports, column));
        let of_interfaces = columns.common.iter().chain(columns.text.first());
        let of_interfaces = of_interfaces.map(|column| (&columns.interface, column));
        let references =
            columns.references.iter().flat_map(|(table, all)| all.iter().map(move |column| (table, column)));
        for (table, column) in of_ports.chain(of_interfaces).chain(references) {
            if !words.shows.iter().any(|shown| shown.tables.contains(table) && shows(shown, column)) {
                self.problems.push(format!("cli.words.bonds: no command shows {column} of {table}"));
            }
        }
    }

    fn has(&mut self, key: &str, line: &Template, holes: &[Hole]) {
        // One that could not be read was told already.
        let missing = holes.iter().filter(|hole| line.length() > 0 && !line.has(**hole));
        self.problems.extend(missing.map(|hole| format!("cli.words.{key}: the line has no {hole}")));
    }
}

/// The line that says a value.
fn said(line: &CliLine) -> Option<&Template> {
    match &line.said {
        Said::Value { line, .. } if line.has(Hole::Value) => Some(line),
        _ => None,
    }
}

fn shows(shown: &Shown, column: &str) -> bool {
    shown.command.split([',', ' ', '=']).any(|word| word == column)
}
