//! A picture of a switch's ports and the VLANs they carry, as SVG in the page. What is
//! drawn is in words in the table too; here it has a title for those who do not see it.

use std::collections::BTreeSet;

use maud::{Markup, html};
use mercury_model::VlanSet;
use serde_json::Value;

use super::{super::print, page::visible};

/// More ports or VLANs make no picture.
const MAX_NODES: usize = 40;
/// In pixels, as all lengths here.
const WIDTH: usize = 320;
const ROW: usize = 30;
const TOP: usize = 34;
/// Where the boxes of the ports end, and those of the VLANs begin.
const PORTS_END: usize = 140;
const VLANS_BEGIN: usize = 196;
/// What a letter takes, and what a box leaves free beside all of them.
const LETTER: usize = 8;
const BESIDE: usize = 12;

/// A port that carries a VLAN, or several in one range.
type Carries = (String, String, bool);

/// What a picture shows on either side.
pub(super) struct Pictures {
    ports: Vec<String>,
    vlans: Vec<String>,
    before: Side,
    after: Side,
}

struct Side {
    ports: BTreeSet<String>,
    /// Port, VLANs, and whether untagged.
    carries: BTreeSet<Carries>,
}

impl Pictures {
    /// `None` where there is too much for a picture, or nothing.
    pub(super) fn of(before: &Value, after: &Value) -> Option<Self> {
        let (before, after) = (Side::of(before), Side::of(after));
        let mut ports: Vec<String> = before.ports.union(&after.ports).cloned().collect();
        ports.sort_by(|one, other| print::port_order(Some(one), Some(other)));
        let vlans: BTreeSet<&String> = before.carries.iter().chain(&after.carries).map(|(_, vlan, _)| vlan).collect();
        let mut vlans: Vec<String> = vlans.into_iter().cloned().collect();
        // By number: some are called VLANs.
        let number = |name: &str| name.split_once(' ').map(|(_, number)| number.to_owned());
        vlans.sort_by(|one, other| print::port_order(number(one).as_deref(), number(other).as_deref()));
        let fits = !ports.is_empty() && ports.len() <= MAX_NODES && vlans.len() <= MAX_NODES;
        fits.then_some(Self { ports, vlans, before, after })
    }

    pub(super) fn before(&self, id: &str) -> Markup {
        self.drawn(id, "Before", &self.before, &self.after, "gone")
    }

    pub(super) fn after(&self, id: &str) -> Markup {
        self.drawn(id, "After", &self.after, &self.before, "new")
    }

    fn drawn(&self, id: &str, title: &str, own: &Side, other: &Side, differs: &str) -> Markup {
        let height = TOP + ROW * self.ports.len().max(self.vlans.len()).max(1) + 6;
        let middle = |index: usize| TOP + ROW * index + 12;
        let place = |all: &[String], name: &str| all.iter().position(|one| one == name).map_or(0, middle);
        let lines = own.carries.iter().map(|line @ (port, vlan, untagged)| {
            let is_other = !other.carries.contains(line);
            (place(&self.ports, port), place(&self.vlans, vlan), *untagged, is_other)
        });
        let lines: Vec<_> = lines.collect();
        let used: BTreeSet<&String> = own.carries.iter().map(|(_, vlan, _)| vlan).collect();
        html! {
            svg role="img" aria-labelledby={ (id) "-title " (id) "-words" } viewBox={ "0 0 " (WIDTH) " " (height) } {
                title id={ (id) "-title" } { (title) ": ports and the VLANs they carry" }
                desc id={ (id) "-words" } { (own.words()) }
                text.caption x="4" y="18" { (title) }
                @for (from, to, untagged, is_other) in lines {
                    line.(if is_other { differs } else { "kept" }).tagged[!untagged]
                        x1=(PORTS_END) y1=(from) x2=(VLANS_BEGIN) y2=(to) {}
                }
                @for (index, port) in self.ports.iter().enumerate() {
                    (node(4, PORTS_END - 4, middle(index), port, (!own.ports.contains(port)).then_some("absent")))
                }
                @for (index, vlan) in self.vlans.iter().enumerate() {
                    (node(VLANS_BEGIN, WIDTH - VLANS_BEGIN - 4, middle(index), vlan, (!used.contains(vlan)).then_some("unused")))
                }
            }
        }
    }
}

/// A box with a name. On this side a port may be `absent`, and a VLAN, which may be there
/// all the same, `unused`.
fn node(x: usize, width: usize, middle: usize, name: &str, lack: Option<&str>) -> Markup {
    let room = (width - BESIDE) / LETTER;
    let name = visible(name);
    let shown: String = match name.chars().count() > room {
        true => name.chars().take(room - 1).chain(['…']).collect(),
        false => name,
    };
    html! {
        rect class={ "node " (lack.unwrap_or_default()) } x=(x) y=(middle - 12) width=(width) height="24" rx="4" {}
        text class=[lack] x=(x + 6) y=(middle + 4) { (shown) }
    }
}

impl Side {
    fn of(shown: &Value) -> Self {
        let (mut ports, mut carries) = (BTreeSet::new(), BTreeSet::new());
        for (name, port) in shown.get("interfaces").and_then(Value::as_object).into_iter().flatten() {
            ports.insert(name.clone());
            let vlans = port.get("switched-vlan");
            let number = |leaf: &str| vlans?.get(leaf)?.as_u64().map(|vlan| format!("VLAN {vlan}"));
            for vlan in [number("access-vlan"), number("native-vlan")].into_iter().flatten() {
                carries.insert((name.clone(), vlan, true));
            }
            let tagged = vlans.and_then(|vlans| vlans.get("trunk-vlans")?.as_str()).unwrap_or_default();
            let native = vlans.and_then(|vlans| vlans.get("native-vlan")?.as_u64());
            // Frames of a native VLAN bear no tag, whether or not the trunk's list has it too.
            let tagged = match tagged.parse::<VlanSet>() {
                Ok(all) => {
                    let others = all.iter().filter(|vlan| Some(u64::from(vlan.get())) != native);
                    others.collect::<VlanSet>().to_string()
                }
                Err(_) => tagged.to_owned(),
            };
            for range in tagged.split(',').map(str::trim).filter(|range| !matches!(*range, "" | "none")) {
                let title = if range.chars().all(|c| c.is_ascii_digit()) { "VLAN" } else { "VLANs" };
                carries.insert((name.clone(), format!("{title} {range}"), false));
            }
        }
        Self { ports, carries }
    }

    fn words(&self) -> String {
        let line = |(port, vlan, untagged): &Carries| {
            let how = if *untagged { "untagged" } else { "tagged" };
            format!("{} carries {vlan} {how}", visible(port))
        };
        let lines: Vec<String> = self.carries.iter().map(line).collect();
        if lines.is_empty() { "no VLAN is carried".to_owned() } else { lines.join("; ") }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_native_vlan_is_untagged_and_nothing_else() {
        for (vlans, expected) in [
            (
                json!({"native-vlan": 110, "trunk-vlans": "110-112"}),
                "e1 carries VLAN 110 untagged; e1 carries VLANs 111-112 tagged",
            ),
            (json!({"native-vlan": 110, "trunk-vlans": "110"}), "e1 carries VLAN 110 untagged"),
            (
                json!({"native-vlan": 110, "trunk-vlans": "all"}),
                "e1 carries VLAN 110 untagged; e1 carries VLANs all tagged",
            ),
            (json!({"access-vlan": 110}), "e1 carries VLAN 110 untagged"),
        ] {
            let side = Side::of(&json!({"interfaces": {"e1": {"switched-vlan": vlans}}}));
            assert_eq!(side.words(), expected);
        }
    }
}
