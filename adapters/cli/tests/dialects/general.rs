//! General mode of PowerConnect, on a port that knows what its lines do: whatever line a script
//! ends at, the port carries nothing that is not its, what was can be put back, and what was asked
//! for can be asked for again; whether a change of mode takes the lines of others away or keeps them.

use std::collections::BTreeSet;

use mercury_adapter::{Budget, MAX_REPLY};
use mercury_cli::Script;
use mercury_model::{Intended, InterfaceName, Plan, Running, Scope, SwitchedVlan, TrunkVlans, VlanId, VlanSet};

use crate::{dialect, render};

const NAME: &str = "ethernet 1/g1";

#[derive(Clone, Debug)]
struct Port {
    /// Whether the lines of a mode are there again when it is entered again.
    keeps: bool,
    is_up: bool,
    mode: String,
    access: VlanId,
    /// `None` where no line says what it carries.
    trunk: Option<VlanSet>,
    pvid: VlanId,
    untagged: VlanSet,
    tagged: VlanSet,
}

fn set(list: &str) -> VlanSet {
    if list.is_empty() { VlanSet::new() } else { list.parse().unwrap() }
}

fn id(number: u16) -> VlanId {
    number.try_into().unwrap()
}

impl Port {
    fn new() -> Self {
        Self {
            keeps: false,
            is_up: true,
            mode: "access".to_owned(),
            access: VlanId::MIN,
            trunk: None,
            pvid: VlanId::MIN,
            untagged: set("1"),
            tagged: VlanSet::new(),
        }
    }

    fn access(vlan: u16) -> Self {
        Self { access: id(vlan), ..Self::new() }
    }

    fn trunk(list: Option<&str>) -> Self {
        Self { mode: "trunk".to_owned(), trunk: list.map(set), ..Self::new() }
    }

    fn general(pvid: u16, untagged: &str, tagged: &str) -> Self {
        let (untagged, tagged) = (set(untagged), set(tagged));
        Self { mode: "general".to_owned(), pvid: id(pvid), untagged, tagged, ..Self::new() }
    }

    /// Does a line below it, as a switch that refuses what is of another mode.
    fn line(&mut self, line: &str) -> Result<(), String> {
        let words: Vec<&str> = line.split(' ').collect();
        let of = |own: &Self, mode: &str| {
            if own.mode == mode { Ok(()) } else { Err(format!("Interface not in {mode} mode: {line}")) }
        };
        match words.as_slice() {
            ["shutdown"] => self.is_up = false,
            ["no", "shutdown"] => self.is_up = true,
            ["no", "switchport", "mode"] => return self.line("switchport mode access"),
            ["switchport", "mode", mode] if *mode != self.mode => {
                let kept = if self.keeps { self.clone() } else { Self::new() };
                *self = Self { mode: (*mode).to_owned(), keeps: self.keeps, is_up: self.is_up, ..kept };
            }
            ["switchport", "mode", _] => {}
            ["switchport", "access", "vlan", vlan] => {
                of(self, "access")?;
                self.access = vlan.parse().unwrap();
            }
            ["no", "switchport", "access", "vlan"] => self.access = VlanId::MIN,
            ["switchport", "trunk", "allowed", "vlan", what, list] => {
                of(self, "trunk")?;
                let had = self.trunk.clone().unwrap_or_default();
                let has = if *what == "add" { had.union(&set(list)) } else { had.difference(&set(list)) };
                self.trunk = Some(has).filter(|has| !has.is_empty());
            }
            ["switchport", "general", "pvid", vlan] => {
                of(self, "general")?;
                self.pvid = vlan.parse().unwrap();
            }
            ["no", "switchport", "general", "pvid"] => {
                of(self, "general")?;
                self.pvid = VlanId::MIN;
            }
            ["switchport", "general", "allowed", "vlan", what, list, rest @ ..] => {
                of(self, "general")?;
                let list = set(list);
                (self.untagged, self.tagged) = (self.untagged.difference(&list), self.tagged.difference(&list));
                match (*what, rest) {
                    ("add", ["tagged"]) => self.tagged = self.tagged.union(&list),
                    ("add", [] | ["untagged"]) => self.untagged = self.untagged.union(&list),
                    ("remove", []) => {}
                    _ => return Err(format!("Invalid input: {line}")),
                }
            }
            _ => return Err(format!("Invalid input: {line}")),
        }
        Ok(())
    }

    fn carries(&self) -> VlanSet {
        match self.mode.as_str() {
            "access" => std::iter::once(self.access).collect(),
            "trunk" => self.trunk.clone().unwrap_or_default(),
            _ => self.untagged.union(&self.tagged),
        }
    }

    /// What is shown of it.
    fn text(&self) -> String {
        let mut lines = Vec::new();
        lines.extend((!self.is_up).then(|| "shutdown".to_owned()));
        lines.extend((self.mode != "access").then(|| format!("switchport mode {}", self.mode)));
        let one = VlanId::MIN;
        let but_1 = |set: &VlanSet| set.difference(&std::iter::once(one).collect());
        match self.mode.as_str() {
            "access" => lines.extend((self.access != one).then(|| format!("switchport access vlan {}", self.access))),
            "trunk" => {
                lines.extend(self.trunk.iter().map(|set| format!("switchport trunk allowed vlan add {set}")));
            }
            _ => {
                lines.extend((self.pvid != one).then(|| format!("switchport general pvid {}", self.pvid)));
                for (set, tagged) in [(but_1(&self.untagged), ""), (self.tagged.clone(), " tagged")] {
                    lines.extend(
                        (!set.is_empty()).then(|| format!("switchport general allowed vlan add {set}{tagged}")),
                    );
                }
                let gone = !self.carries().contains(one);
                lines.extend(gone.then(|| "switchport general allowed vlan remove 1".to_owned()));
            }
        }
        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
        format!("configure\nvlan database\nvlan 10,20,30\nexit\ninterface {NAME}\n{lines}exit\n!\nexit\n")
    }

    fn read(&self) -> Running {
        let dialect = dialect("dell_powerconnect");
        let mut share = Budget::shared().share(MAX_REPLY);
        mercury_cli::running(dialect.cli.as_ref().unwrap(), &Scope::all(), &[self.text()], &mut share).unwrap()
    }
}

fn name() -> InterfaceName {
    NAME.parse().unwrap()
}

/// What a plan types below the port.
fn lines(plan: &Plan, place: &str) -> Vec<String> {
    let script: Script = render(&dialect("dell_powerconnect"), plan).unwrap_or_else(|error| panic!("{place}: {error}"));
    let lines = script.lines.iter().filter(|line| line.depth == 1 && line.text != "exit");
    lines.map(|line| line.text.clone()).collect()
}

/// Types lines; at none of them does it carry more than these and VLAN 1, which is there without a
/// line.
fn typed(port: &mut Port, lines: &[String], its: &VlanSet, place: &str) {
    for line in lines {
        port.line(line).unwrap_or_else(|error| panic!("{place}: {error}"));
        let default = std::iter::once(VlanId::MIN).collect();
        let more = port.carries().difference(its).difference(&default);
        assert!(more.is_empty(), "{place}: it carries {more} after {line:?} of {lines:?}");
    }
}

#[test]
fn a_script_of_general_mode_may_end_at_any_line() {
    let wanted = [
        Port::access(10),
        Port::access(20),
        Port::access(1),
        Port::trunk(Some("20,30")),
        Port::trunk(Some("30")),
        Port::general(10, "10", "20"),
        Port::general(20, "20", "10"),
        Port::general(10, "10", ""),
        Port::general(10, "10", "20,30"),
        Port::general(1, "1", "20"),
    ];
    // What scripts leave, and others.
    let left = [
        Port::trunk(None),
        Port::general(10, "1", ""),
        Port::general(10, "1,10", "20"),
        Port::general(10, "", "20"),
        Port::general(1, "", ""),
        Port::general(20, "10,30", "1"),
    ];
    let (mut looked, mut seen) = (0, BTreeSet::new());
    for from in wanted.iter().chain(&left) {
        for to in &wanted {
            for (keeps, is_up) in [(false, true), (true, true), (false, false), (true, false)] {
                let from = Port { keeps, is_up, ..from.clone() };
                let place = format!("{from:?} to {to:?}");
                let before = from.read();
                let mut want = before.config.clone();
                let vlans = to.read().config.interfaces[&name()].switched_vlan.clone();
                want.interfaces.get_mut(&name()).unwrap().switched_vlan = vlans;
                let its = from.carries().union(&to.carries());
                let script = lines(&Plan::between(&before, &Intended(want.clone())), &place);
                for length in 0..=script.len() {
                    let place = format!("{place}, after {:?}", &script[..length]);
                    let mut left = from.clone();
                    typed(&mut left, &script[..length], &its, &place);
                    let now = left.read();
                    let is_foreign = matches!(now.interfaces[&name()].switched_vlan, Some(SwitchedVlan::Foreign(_)));
                    seen.insert(is_foreign);
                    let back = Plan::between(&now, &Intended(before.config.clone())).written_as(&before);
                    let mut undone = left.clone();
                    typed(&mut undone, &lines(&back, &place), &its, &place);
                    assert_eq!(undone.text(), from.text(), "{place}");
                    let again = Plan::between(&now, &Intended(want.clone()));
                    typed(&mut left, &lines(&again, &place), &its, &place);
                    assert_eq!(left.read().config, want, "{place}");
                    looked += 1;
                }
            }
        }
    }
    assert!(looked > 2000 && seen.len() == 2, "{looked} {seen:?}");
}

impl Port {
    /// Becomes what is wanted, at no line more than both, and reads as that. What it had as an
    /// access port, and has still behind another mode, it carries for a line where it is one again.
    fn becomes(&mut self, vlans: Option<SwitchedVlan>, place: &str) {
        let before = self.read();
        let mut want = before.config.clone();
        let its = |vlans: &Option<SwitchedVlan>| match vlans {
            Some(SwitchedVlan::Access { vlan }) => vlan.iter().copied().collect(),
            Some(SwitchedVlan::Trunk { vlans: TrunkVlans::Only(set), .. }) => set.clone(),
            _ => VlanSet::new(),
        };
        let hidden = std::iter::once(self.access).collect();
        let its = self.carries().union(&its(&vlans)).union(&hidden);
        want.interfaces.get_mut(&name()).unwrap().switched_vlan = vlans;
        typed(self, &lines(&Plan::between(&before, &Intended(want.clone())), place), &its, place);
        assert_eq!(self.read().config, want, "{place}");
    }
}

/// Whether a switch keeps what was said of another mode, and shows it no longer, was not seen.
#[test]
fn what_a_port_had_in_another_mode_does_not_come_back() {
    for keeps in [false, true] {
        for mode in [Port::general(20, "20", "30"), Port::trunk(Some("20,30"))] {
            let place = format!("{keeps} {}", mode.mode);
            let was = mode.read().interfaces[&name()].switched_vlan.clone();
            // It was an access port of VLAN 10 once.
            let mut port = Port { keeps, access: id(10), ..mode };
            port.becomes(None, &place);
            port.becomes(was, &place);
            port.becomes(Some(SwitchedVlan::access(id(40))), &place);
            // The trunk that it becomes is a smaller one than it was.
            port.becomes(Some(SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::only(set("30")) }), &place);
            port.becomes(None, &place);
        }
    }
}

/// There is a port that others made of it; what it has is told, and is no secret of Mercury's.
#[test]
fn what_is_no_trunk_is_told_as_it_is() {
    let told = |port: &Port| port.read().interfaces[&name()].switched_vlan.clone();
    let Some(SwitchedVlan::Foreign(own)) = told(&Port::general(10, "1,10", "20")) else { panic!() };
    assert_eq!(
        own.to_string(),
        "foreign (interface-mode \"general-mixed\", access-vlan \"1\", \"10\", native-vlan \"10\", trunk-vlans \"20\")"
    );
    assert!(own.others.is_empty());
    let trunk = SwitchedVlan::Trunk { native: Some(id(10)), vlans: TrunkVlans::only(set("10,20")) };
    assert_eq!(told(&Port::general(10, "10", "20")), Some(trunk));
}
