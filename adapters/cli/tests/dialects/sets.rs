//! A switch that takes lines which each set or delete one thing: a set of ways, of which
//! some have one value, and some stay when nothing is left below them.

use std::collections::BTreeSet;

use mercury_cli::Script;

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
    single: &[
        "interfaces * description",
        "interfaces * mtu",
        "interfaces * native-vlan-id",
        "interfaces * ether-options 802.3ad",
        "interfaces * aggregated-ether-options minimum-links",
        "interfaces * aggregated-ether-options lacp periodic",
        "interfaces * unit * family ethernet-switching interface-mode",
        "vlans * vlan-id",
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

pub(crate) fn rules(_dialect: &str) -> &'static Rules {
    &JUNOS
}

impl Sets {
    pub(crate) fn with(rules: &'static Rules, ports: &[String]) -> Self {
        let ports = ports.iter().map(|port| rules.interface.replace('*', port));
        let ways = ports.chain(rules.others.lines().map(str::to_owned)).map(|line| words(&line));
        Self { rules, ways: ways.collect() }
    }

    /// Types a script and commits it.
    pub(crate) fn apply(&mut self, script: &Script) {
        for line in &script.lines {
            assert_eq!((line.depth, line.is_block), (0, false), "{script}");
            if let Some(way) = line.text.strip_prefix(self.rules.delete) {
                self.delete(&words(way));
            } else {
                let way = line.text.strip_prefix(self.rules.set).unwrap_or_else(|| panic!("{script}"));
                self.set(words(way));
            }
        }
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

    pub(crate) fn text(&self) -> String {
        let is_bare = |way: &Way| {
            fits(self.rules.stays, way) && self.ways.iter().any(|own| own.len() > way.len() && own.starts_with(way))
        };
        let shown = self.ways.iter().filter(|way| !is_bare(way));
        shown
            .map(|way| format!("{}{}\n", self.rules.set, way.iter().map(quoted).collect::<Vec<_>>().join(" ")))
            .collect()
    }
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
