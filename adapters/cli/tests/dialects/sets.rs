//! A switch that takes lines which each set or delete one thing: a set of ways, of which
//! some have one value, and some stay when nothing is left below them.

use std::collections::{BTreeMap, BTreeSet};

use mercury_cli::Script;
use mercury_model::VlanSet;

/// A line's words.
type Way = Vec<String>;

#[derive(Clone)]
pub(crate) struct Sets {
    rules: &'static Rules,
    ways: BTreeSet<Way>,
}

/// What a system's lines do to each other; a star is any one word.
pub(crate) struct Rules {
    set: &'static str,
    delete: &'static str,
    /// The way to an interface.
    interface: &'static str,
    /// The way that makes VLAN 1.
    vlan_1: &'static str,
    /// Ways that have several values, which one line may say at once.
    lists: &'static [&'static str],
    /// Ways that have one value.
    single: &'static [&'static str],
    /// Ways that stay when what is below them goes.
    stays: &'static [&'static str],
    /// What others have configured, which every switch has here.
    others: &'static str,
}

const JUNOS: Rules = Rules {
    set: "set ",
    delete: "delete ",
    interface: "interfaces *",
    vlan_1: "vlans * vlan-id 1",
    lists: &[],
    single: &[
        "interfaces * description",
        "interfaces * mtu",
        "interfaces * native-vlan-id",
        "interfaces * ether-options 802.3ad",
        "interfaces * aggregated-ether-options minimum-links",
        "interfaces * aggregated-ether-options lacp periodic",
        "interfaces * unit * family ethernet-switching interface-mode",
        "vlans * vlan-id",
        "vlans * vxlan vni",
        "chassis aggregated-devices ethernet device-count",
    ],
    stays: &[
        "interfaces *",
        "interfaces * unit *",
        "interfaces * unit * family ethernet-switching",
        "interfaces * aggregated-ether-options lacp",
        "vlans *",
        "protocols rstp interface *",
    ],
    others: "version 21.4R3-S4.9\nsystem host-name leaf-7\nsystem login user ops class super-user\n\
             chassis alarm management-ethernet link-down ignore\ninterfaces loopback0 unit 0 family inet address 192.0.2.1/32\n\
             protocols lldp interface all\nrouting-options static route 0.0.0.0/0 next-hop 192.0.2.254",
};

const SRL: Rules = Rules {
    set: "set / ",
    delete: "delete / ",
    interface: "interface *",
    vlan_1: "network-instance vlan-1 type mac-vrf",
    lists: &[],
    single: &[
        "interface * description",
        "interface * admin-state",
        "interface * mtu",
        "interface * vlan-tagging",
        "interface * ethernet aggregate-id",
        "interface * lag lag-type",
        "interface * lag min-links",
        "interface * lag lacp interval",
        "interface * lag lacp lacp-mode",
        "interface * subinterface * type",
        "interface * subinterface * admin-state",
        "interface * subinterface * vlan encap single-tagged vlan-id",
        "network-instance * type",
        "network-instance * admin-state",
        "network-instance * description",
    ],
    stays: &[
        "interface *",
        "interface * lag",
        "interface * lag lacp",
        "interface * subinterface *",
        "network-instance *",
        "network-instance * interface *",
    ],
    others: "interface mgmt0 admin-state enable\ninterface mgmt0 subinterface 0 ipv4 admin-state enable\n\
             interface mgmt0 subinterface 0 ipv4 dhcp-client\nnetwork-instance mgmt type ip-vrf\n\
             network-instance mgmt interface mgmt0.0\nsystem name host-name leaf-7",
};

const NVUE: Rules = Rules {
    set: "nv set ",
    delete: "nv unset ",
    interface: "interface *",
    vlan_1: "bridge domain br_default vlan 1",
    lists: &["interface * bridge domain br_default vlan", "bridge domain br_default vlan"],
    single: &[
        "interface * description",
        "interface * link mtu",
        "interface * link state",
        "interface * bond mode",
        "interface * bond lacp-rate",
        "interface * bond mlag id",
        "interface * bridge domain br_default access",
        "interface * bridge domain br_default untagged",
        "interface * bridge domain br_default stp admin-edge",
        "interface * bridge domain br_default stp bpdu-guard",
        "bridge domain br_default vlan * vni",
    ],
    stays: &["interface *", "interface * bridge domain br_default"],
    others: "bridge domain br_default type vlan-aware\nnve vxlan source address 192.0.2.1\nevpn enable on\ninterface lo ip address 192.0.2.1/32\n\
             interface eth0 ip vrf mgmt\nsystem hostname leaf-7",
};

const NCLU: Rules = Rules {
    set: "net add ",
    delete: "net del ",
    interface: "interface *",
    vlan_1: "bridge bridge vids 1",
    lists: &["interface * bridge vids", "bond * bridge vids", "bridge bridge vids"],
    single: &[
        "interface * alias",
        "interface * mtu",
        "interface * bridge access",
        "interface * bridge pvid",
        "bond * alias",
        "bond * mtu",
        "bond * bridge access",
        "bond * bridge pvid",
        "bond * bond mode",
        "bond * bond lacp-rate",
        "bond * clag id",
    ],
    stays: &["interface *"],
    others: "bridge bridge vlan-aware\nloopback lo ip address 192.0.2.1/32\ninterface eth0 vrf mgmt\nhostname leaf-7\n\
             bgp autonomous-system 65001",
};

pub(crate) fn rules(dialect: &str) -> &'static Rules {
    match dialect {
        "cumulus" => &NCLU,
        "cumulus_nvue" => &NVUE,
        "nokia_srl" => &SRL,
        _ => &JUNOS,
    }
}

impl Sets {
    pub(crate) fn with(rules: &'static Rules, ports: &[String]) -> Self {
        let ports = ports.iter().map(|port| rules.interface.replace('*', port));
        let ways = ports.chain(rules.others.lines().map(str::to_owned)).map(|line| words(&line));
        Self { rules, ways: ways.collect() }
    }

    /// One that shows this.
    pub(crate) fn of(rules: &'static Rules, text: &str) -> Self {
        let mut own = Self { rules, ways: BTreeSet::new() };
        for way in text.lines().filter_map(|line| line.strip_prefix(rules.set)) {
            let ways = own.each(words(way));
            own.ways.extend(ways);
        }
        own
    }

    /// What is said, by what it is said of.
    pub(crate) fn lines(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut lines: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for way in self.shown() {
            let of = match way.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["interface" | "bond", port, ..] | ["bridge", _, "ports", port] => format!("interface{port}"),
                ["network-instance", _, "interface", member] => {
                    format!("interface{}", member.rsplit_once('.').map_or(member, |(port, _)| port))
                }
                _ => way.iter().take(2).cloned().collect(),
            };
            lines.entry(of).or_default().insert(way.join(" "));
        }
        lines
    }

    /// Types a script and commits it.
    pub(crate) fn apply(&mut self, script: &Script) {
        for line in &script.lines {
            assert_eq!((line.depth, line.is_block), (0, false), "{script}");
            if let Some(way) = line.text.strip_prefix(self.rules.delete) {
                self.each(words(way)).iter().for_each(|way| self.delete(way));
            } else {
                let way = line.text.strip_prefix(self.rules.set).unwrap_or_else(|| panic!("{script}"));
                self.each(words(way)).into_iter().for_each(|way| self.set(way));
            }
        }
    }

    /// A way for each name and each value.
    fn each(&self, way: Way) -> Vec<Way> {
        let at = match way.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["interface" | "bond", ..] if !self.rules.lists.is_empty() => 1,
            ["bridge", _, "ports", _] => 3,
            _ => return self.values(way),
        };
        let named = |name: String| {
            let mut own = way.clone();
            *own.get_mut(at).unwrap() = name;
            self.values(own)
        };
        several(way.get(at).unwrap()).into_iter().flat_map(named).collect()
    }

    fn values(&self, way: Way) -> Vec<Way> {
        let (list, above) = way.split_last().unwrap();
        let Some(vlans) = list.parse::<VlanSet>().ok().filter(|_| fits(self.rules.lists, above)) else {
            return vec![way];
        };
        vlans.iter().map(|id| above.iter().cloned().chain([id.to_string()]).collect()).collect()
    }

    /// The ports of which something may be said.
    pub(crate) fn ports(&self) -> String {
        let names = self.ways.iter().filter_map(|way| way.get(1)).filter(|name| name.starts_with("swp"));
        names.collect::<BTreeSet<_>>().iter().map(|name| format!("port {name}\n")).collect()
    }

    fn set(&mut self, way: Way) {
        if let Some((_, above)) = way.split_last()
            && fits(self.rules.single, above)
        {
            self.ways.retain(|own| !(own.starts_with(above) && own.len() == way.len()));
        }
        self.ways.insert(way);
    }

    fn delete(&mut self, way: &[String]) {
        let gone: Vec<Way> = self.ways.iter().filter(|own| own.starts_with(way)).cloned().collect();
        // A system may crash on a VLAN that goes from below what binds it.
        let is_bound =
            |own: &Way| own.iter().rev().nth(1).is_some_and(|word| word == "vni") && own.len() > way.len() + 1;
        assert!(
            way.iter().rev().nth(1).is_none_or(|word| word != "vlan") || !gone.iter().any(is_bound),
            "{way:?}: {gone:?}"
        );
        for own in gone {
            self.ways.remove(&own);
            let left =
                (1..way.len()).rev().filter_map(|length| own.get(..length)).find(|above| fits(self.rules.stays, above));
            self.ways.extend(left.map(<[String]>::to_vec));
        }
    }

    pub(crate) fn has_vlan_1(&self) -> bool {
        self.ways.iter().any(|way| fits(&[self.rules.vlan_1], way))
    }

    /// What is said by others below it is not said again.
    fn shown(&self) -> impl Iterator<Item = &Way> {
        let is_bare = |way: &Way| {
            fits(self.rules.stays, way) && self.ways.iter().any(|own| own.len() > way.len() && own.starts_with(way))
        };
        self.ways.iter().filter(move |way| !is_bare(way))
    }

    pub(crate) fn text(&self) -> String {
        self.shown()
            .map(|way| format!("{}{}\n", self.rules.set, way.iter().map(quoted).collect::<Vec<_>>().join(" ")))
            .collect()
    }
}

/// The names of `swp1-3,7`.
fn several(text: &str) -> Vec<String> {
    let (mut names, mut letters) = (Vec::new(), String::new());
    for part in text.split(',') {
        let numbers = part.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
        if numbers.len() < part.len() {
            letters = part[..part.len() - numbers.len()].to_owned();
        }
        match numbers.split_once('-').map(|(low, high)| (low.parse::<u32>(), high.parse::<u32>())) {
            Some((Ok(low), Ok(high))) => names.extend((low..=high).map(|number| format!("{letters}{number}"))),
            _ => names.push(format!("{letters}{numbers}")),
        }
    }
    names
}

fn fits(patterns: &[&str], way: &[String]) -> bool {
    patterns.iter().any(|pattern| {
        let pattern: Vec<&str> = pattern.split(' ').collect();
        pattern.len() == way.len() && pattern.iter().zip(way).all(|(own, word)| *own == "*" || own == word)
    })
}

fn quoted(word: &String) -> String {
    if word.contains([' ', ';', '<', '>', '&']) { format!("\"{word}\"") } else { word.clone() }
}

/// The words of a line; one in marks may hold blanks.
fn words(line: &str) -> Way {
    let (mut words, mut is_quoted, mut goes_on) = (Vec::new(), false, false);
    for letter in line.chars() {
        match letter {
            '"' | '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => goes_on = false,
            letter => {
                if !goes_on {
                    words.push(String::new());
                }
                goes_on = true;
                words.last_mut().unwrap().push(letter);
            }
        }
    }
    assert!(!is_quoted, "{line}");
    words
}
