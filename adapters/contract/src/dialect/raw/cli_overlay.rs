//! `overlay` of a dialect's lines.

use std::collections::BTreeMap;

use mercury_model::FloodMode;
use serde::Deserialize;
use toml::{Table, Value};

use super::Reader;
use crate::{
    SegmentLeaf, Template,
    dialect::cli::{CliOverlay, Hole, OverlayPart, SegmentLine, VniStates, Way},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawCliOverlay {
    #[serde(rename = "part")]
    parts: Vec<RawPart>,
    #[serde(default)]
    foreign: Vec<Vec<String>>,
    vtep: Option<Vec<String>>,
    bgp: Option<Vec<String>>,
    #[serde(default)]
    needs: BTreeMap<String, RawWays>,
    #[serde(default)]
    evpn_needs: BTreeMap<String, RawWays>,
    /// The ways to flood of which nothing is said.
    #[serde(default)]
    unsaid_floods: Vec<String>,
    state: Option<RawStates>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStates {
    command: String,
    lines: Vec<String>,
    up: Vec<String>,
    down: Vec<String>,
}

/// A way, or several of which one will do.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawWays {
    One(Vec<String>),
    Any(Vec<Vec<String>>),
}

impl RawWays {
    fn all(&self) -> &[Vec<String>] {
        match self {
            Self::One(way) => std::slice::from_ref(way),
            Self::Any(ways) => ways,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPart {
    #[serde(default)]
    within: Vec<String>,
    head: String,
    #[serde(default)]
    shown: Vec<String>,
    /// The way to flood that it says.
    flood: Option<String>,
    /// The lines of a leaf, or of one of its values: `flood.bgp`, `route-target.auto`.
    #[serde(default)]
    below: BTreeMap<String, Vec<String>>,
    remove: String,
}

impl Reader<'_> {
    /// The lines, and where in the one tree what they say lies.
    pub(super) fn cli_overlay(&mut self, raw: RawCliOverlay) -> (CliOverlay, Table) {
        let mut said: Vec<SegmentLeaf> = Vec::new();
        let parts: Vec<OverlayPart> = raw.parts.into_iter().filter_map(|raw| self.part(raw, &mut said)).collect();
        let is_said = |hole| parts.first().is_some_and(|part| part.has(hole));
        if !(is_said(Hole::Vni) && is_said(Hole::VlanId)) {
            self.problems.push("cli.overlay: its first part does not say VLAN and VNI".to_owned());
        }
        let needs = raw.needs.iter().chain(&raw.evpn_needs);
        let needs = needs.flat_map(|(name, ways)| ways.all().iter().map(move |way| (name, way)));
        let needs = needs.map(|(name, way)| (name.clone(), self.way(way))).collect();
        let overlay = CliOverlay {
            foreign: raw.foreign.iter().map(|way| self.way(way)).collect(),
            vtep: raw.vtep.map(|way| self.way(&way)),
            bgp: raw.bgp.map(|way| self.way(&way)),
            needs,
            parts,
            state: raw.state.map(|raw| self.vni_states(raw)),
        };
        let lines = overlay.parts.iter().flat_map(|part| &part.below);
        let of_lines = lines.clone().filter(|line| line.leaf == SegmentLeaf::Flood).filter_map(|line| line.of.clone());
        let of_heads = overlay.parts.iter().filter_map(|part| part.flood).map(|mode| mode.word().to_owned());
        let floods: Vec<Value> = of_lines.chain(of_heads).map(Value::from).collect();
        let unsaid: Vec<Value> = raw.unsaid_floods.into_iter().map(Value::from).collect();
        let autos = lines.filter(|line| line.of.as_deref() == Some("auto") || line.takes_auto());
        let auto: Vec<Value> = autos.map(|line| Value::from(line.leaf.name())).collect();
        let leaf = |leaf: &SegmentLeaf| (leaf.name().to_owned(), Value::from(leaf.name()));
        let named = |raw: &BTreeMap<String, RawWays>| -> Table {
            raw.keys().map(|name| (name.clone(), Value::from(format!("cli:need[name={name}]")))).collect()
        };
        let mut tree = Table::from_iter([
            ("entry".to_owned(), Value::from("cli:segment[vni={vni}]")),
            ("vni".to_owned(), Value::from("vni")),
            ("vlan".to_owned(), Value::from("vlan")),
            ("by-lines".to_owned(), Value::Boolean(true)),
            ("leaves".to_owned(), Value::Table(said.iter().map(leaf).collect())),
            ("floods".to_owned(), Value::Array(floods)),
            ("unsaid-floods".to_owned(), Value::Array(unsaid)),
            ("auto".to_owned(), Value::Array(auto)),
            ("needs".to_owned(), Value::Table(named(&raw.needs))),
            ("evpn-needs".to_owned(), Value::Table(named(&raw.evpn_needs))),
        ]);
        tree.insert("foreign".to_owned(), Table::from_iter([("vrf".to_owned(), Value::from("true"))]).into());
        if overlay.vtep.is_some() {
            tree.insert("vtep".to_owned(), Value::from("cli:vtep[name={vtep}]"));
        }
        if overlay.bgp.is_some() {
            tree.insert("bgp".to_owned(), Value::from("cli:bgp[as={bgp-as}]"));
        }
        (overlay, tree)
    }

    fn vni_states(&mut self, raw: RawStates) -> VniStates {
        let lines = self.templates("overlay.state", &raw.lines);
        let mut problems = Vec::new();
        if raw.command.trim().is_empty() || raw.command.contains(char::is_control) {
            problems.push("no command");
        }
        let tells = |line: &Template| line.has(Hole::Status) && (line.has(Hole::Vni) || line.has(Hole::Vtep));
        if lines.is_empty() || !lines.iter().all(tells) {
            problems.push("a line without {status}, or of neither {vni} nor {vtep}");
        }
        let is_word = |word: &&String| !word.is_empty() && word.trim() == word.as_str();
        let (up, down) = (raw.up.iter().filter(is_word), raw.down.iter().filter(is_word));
        let words: Vec<(String, bool)> =
            up.map(|word| (word.to_lowercase(), true)).chain(down.map(|word| (word.to_lowercase(), false))).collect();
        let is_twice =
            |(index, (word, _)): (usize, &(String, bool))| words.iter().take(index).any(|(other, _)| other == word);
        if words.len() < raw.up.len() + raw.down.len() || raw.up.is_empty() || raw.down.is_empty() {
            problems.push("no words for up or for down, or an empty one");
        }
        if words.iter().enumerate().any(is_twice) {
            problems.push("a word twice");
        }
        self.problems.extend(problems.into_iter().map(|what| format!("cli.overlay.state: {what}")));
        VniStates { command: raw.command, lines, words }
    }

    fn part(&mut self, raw: RawPart, said: &mut Vec<SegmentLeaf>) -> Option<OverlayPart> {
        let flood = raw.flood.and_then(|word| {
            let known = FloodMode::WORDS.into_iter().find(|(own, _)| *own == word).map(|(_, mode)| mode);
            if known.is_none() {
                self.problems.push(format!("cli.overlay: {word:?} is not bgp, static or multicast"));
            }
            known
        });
        let mut below = Vec::new();
        for (key, lines) in &raw.below {
            let (name, of) = key.split_once('.').map_or((key.as_str(), None), |(name, of)| (name, Some(of)));
            let Some((leaf, _)) = SegmentLeaf::ALL.into_iter().find(|(_, own)| *own == name) else {
                self.problems.push(format!("cli.overlay: Mercury knows no {name:?} of what binds a VLAN"));
                continue;
            };
            let lines = self.templates("overlay", lines).into_iter();
            below.extend(lines.map(|line| SegmentLine { leaf, of: of.map(str::to_owned), line }));
        }
        let mut part = OverlayPart {
            within: self.templates("overlay", &raw.within),
            head: self.template("overlay", &raw.head)?,
            shown: self.templates("overlay", &raw.shown),
            says: Vec::new(),
            flood,
            below,
            remove: self.template("overlay", &raw.remove)?,
        };
        let holes = [(Hole::Vtep, SegmentLeaf::Vtep), (Hole::BgpAs, SegmentLeaf::BgpAs)];
        let held = holes.into_iter().filter(|(hole, _)| part.has(*hole)).map(|(_, leaf)| leaf);
        let first = held.filter(|leaf| !said.contains(leaf));
        part.says = first.chain(flood.map(|_| SegmentLeaf::Flood)).collect();
        said.extend(part.says.iter().copied());
        for line in &part.below {
            if !said.contains(&line.leaf) {
                said.push(line.leaf);
            }
        }
        Some(part)
    }

    fn way(&mut self, texts: &[String]) -> Way {
        self.templates("overlay", texts)
    }
}

impl OverlayPart {
    /// Whether the blocks that it stands in, or what it begins with, have this hole.
    fn has(&self, hole: Hole) -> bool {
        self.within.iter().chain([&self.head]).any(|form| form.has(hole))
    }
}

impl SegmentLine {
    /// Whether `auto` is as good a value as any other.
    fn takes_auto(&self) -> bool {
        self.of.is_none() && matches!(self.leaf, SegmentLeaf::RouteDistinguisher | SegmentLeaf::RouteTarget)
    }
}

#[cfg(test)]
mod tests {
    use crate::{above_builtin, builtin_text};

    #[test]
    fn what_tells_of_vnis_is_complete_or_refused() {
        let problems = |state: &str| {
            let own = builtin_text("cisco_nxos").unwrap();
            let at = own.find("[cli.words.overlay.state]").unwrap();
            let rest = own[at..].find("\n\n").map_or("", |end| &own[at + end..]);
            let text = format!("{}[cli.words.overlay.state]\n{state}{rest}", &own[..at]);
            match above_builtin(&[("own".to_owned(), text)]) {
                Ok(_) => Vec::new(),
                Err(errors) => errors.into_iter().flat_map(|error| error.problems).collect::<Vec<_>>(),
            }
        };
        let (command, words) = ("command = \"show x\"\n", "up = [\"Up\"]\ndown = [\"Down\"]\n");
        let lines = "lines = [\"{vni} {status}\"]\n";
        assert_eq!(problems(&format!("{command}{lines}{words}")), Vec::<String>::new());
        for (state, wrong) in [
            (format!("command = \" \"\n{lines}{words}"), "no command"),
            (format!("{command}lines = []\n{words}"), "a line without"),
            (format!("{command}lines = [\"{{vni}} ...\"]\n{words}"), "a line without"),
            (format!("{command}lines = [\"{{name}} {{status}}\"]\n{words}"), "of neither"),
            (format!("{command}{lines}up = [\"Up\"]\ndown = []\n"), "no words"),
            (format!("{command}{lines}up = [\" Up\"]\ndown = [\"Down\"]\n"), "no words"),
            (format!("{command}{lines}up = [\"Up\"]\ndown = [\"up\"]\n"), "twice"),
        ] {
            let found = problems(&state);
            assert!(found.iter().any(|problem| problem.contains(wrong)), "{state}: {found:?}");
        }
    }
}
