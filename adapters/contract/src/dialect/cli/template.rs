//! One line of a command line, with holes: the same is written and recognised.

use std::fmt;

/// What a hole stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hole {
    /// The value of the leaf.
    Value,
    /// An interface's name.
    Name,
    /// A VLAN's number, or several.
    VlanId,
    /// An aggregate's number.
    Number,
    /// How a member of an aggregate speaks LACP.
    Mode,
    /// A VLAN's name.
    VlanName,
    /// A VLAN's status.
    Status,
    /// Whether a name is a port's or an aggregate's.
    Kind,
    /// A VXLAN network identifier, or a range of them.
    Vni,
    /// A VTEP's name.
    Vtep,
    /// The AS of a BGP process.
    BgpAs,
    /// A bridge, or what tells it.
    Bridge,
    /// All members of an aggregate.
    Members,
}

const HOLES: [(&str, Hole); 13] = [
    ("{value}", Hole::Value),
    ("{name}", Hole::Name),
    ("{vlan-id}", Hole::VlanId),
    ("{number}", Hole::Number),
    ("{mode}", Hole::Mode),
    ("{vlan-name}", Hole::VlanName),
    ("{status}", Hole::Status),
    ("{kind}", Hole::Kind),
    ("{vni}", Hole::Vni),
    ("{vtep}", Hole::Vtep),
    ("{bgp-as}", Hole::BgpAs),
    ("{bridge}", Hole::Bridge),
    ("{members}", Hole::Members),
];

impl fmt::Display for Hole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HOLES.iter().find(|(_, own)| own == self).map_or("", |(name, _)| name))
    }
}

/// Words, the last part of each of which may be a hole. What a hole stands for is one
/// word, or at the end of the template all that is left of the line; a number is one word
/// there too. Three dots at the
/// end stand for whatever follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    words: Vec<Word>,
    is_open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    fixed: String,
    hole: Option<Hole>,
}

/// What the holes of a template stand for in a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled<'t>(Vec<(Hole, &'t str)>);

impl<'t> Filled<'t> {
    /// What this hole stands for.
    #[must_use]
    pub fn get(&self, hole: Hole) -> Option<&'t str> {
        self.0.iter().find(|(own, _)| *own == hole).map(|(_, text)| *text)
    }
}

impl Template {
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let word = |word: &str| {
            let Some(at) = word.find('{') else { return Ok(Word { fixed: word.to_owned(), hole: None }) };
            let (fixed, hole) = word.split_at(at);
            let known = HOLES.iter().find(|(name, _)| *name == hole);
            let known = known.ok_or_else(|| format!("{text:?}: {hole:?} is nothing that a line holds"))?;
            Ok(Word { fixed: fixed.to_owned(), hole: Some(known.1) })
        };
        let closed = text.trim_end().strip_suffix("...");
        let words = closed.unwrap_or(text).split_whitespace().map(word).collect::<Result<Vec<Word>, String>>()?;
        if words.is_empty() { Err("an empty line".to_owned()) } else { Ok(Self { words, is_open: closed.is_some() }) }
    }

    /// One that nothing fits, in place of one that could not be read.
    pub(crate) const fn nothing() -> Self {
        Self { words: Vec::new(), is_open: false }
    }

    /// Whether it has this hole.
    #[must_use]
    pub fn has(&self, hole: Hole) -> bool {
        self.words.iter().any(|word| word.hole == Some(hole))
    }

    /// Whether this hole stands for the same in whatever line fits both: what is before it is the
    /// same.
    #[must_use]
    pub fn begins_as(&self, other: &Self, hole: Hole) -> bool {
        let up_to = |of: &Self| of.words.iter().position(|word| word.hole == Some(hole)).map(|at| at + 1);
        let takes_all = |of: &Self, length| length == of.words.len() && !of.is_open;
        match (up_to(self), up_to(other)) {
            (Some(own), Some(its)) => {
                self.words.get(..own) == other.words.get(..its) && takes_all(self, own) == takes_all(other, its)
            }
            _ => false,
        }
    }

    /// What the holes stand for in a line, if it fits; letters may be of either case.
    #[must_use]
    pub fn read<'t>(&self, line: &'t str) -> Option<Filled<'t>> {
        let (mut rest, mut filled) = (line.trim(), Vec::new());
        for (index, word) in self.words.iter().enumerate() {
            let fixed = rest.get(..word.fixed.len())?;
            if !fixed.eq_ignore_ascii_case(&word.fixed) {
                return None;
            }
            let after = rest.get(word.fixed.len()..)?;
            let is_last = index + 1 == self.words.len() && !self.is_open;
            let end = match word.hole {
                Some(hole) if is_last && hole != Hole::Number => after.len(),
                _ => after.find(char::is_whitespace).unwrap_or(after.len()),
            };
            let (text, behind) = after.split_at(end);
            match word.hole {
                // `vlan {vlan-id}` also where `vlan10` is written, and the reverse.
                Some(hole) if !text.trim().is_empty() => filled.push((hole, text.trim())),
                None if text.is_empty() => {}
                _ => return None,
            }
            rest = behind.trim_start();
        }
        ((rest.is_empty() || self.is_open) && !self.words.is_empty()).then_some(Filled(filled))
    }

    /// Whether a line fits.
    #[must_use]
    pub fn fits(&self, line: &str) -> bool {
        self.read(line).is_some()
    }

    /// The line; a hole without a text is left out, and all that would follow it.
    #[must_use]
    pub fn fill(&self, text: impl Fn(Hole) -> Option<String>) -> String {
        let mut line = String::new();
        for word in &self.words {
            let own = word.hole.map(&text);
            if own == Some(None) && word.fixed.is_empty() {
                break;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word.fixed);
            line.push_str(&own.flatten().unwrap_or_default());
        }
        line
    }

    /// How many words it has, but for what follows whatever it is.
    #[must_use]
    pub fn length(&self) -> usize {
        self.words.len()
    }

    /// What is fixed of all its words.
    pub(crate) fn bare_words(&self) -> String {
        self.words.iter().map(|word| word.fixed.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// What is fixed before the first hole.
    #[must_use]
    pub fn bare(&self) -> String {
        self.fill(|_| None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_recognised_by_what_writes_it() {
        let group = Template::parse("channel-group {number} mode {mode}").unwrap();
        let filled = group.read(" Channel-Group 7 mode  active ").unwrap();
        assert_eq!((filled.get(Hole::Number), filled.get(Hole::Mode)), (Some("7"), Some("active")));
        for other in ["channel-group 7", "channel-group 7 mode", "channel-groups 7 mode on", "channel-group"] {
            assert!(!group.fits(other), "{other}");
        }
        // What is left of the line is the last hole's.
        assert_eq!(group.read("channel-group 7 mode on force").unwrap().get(Hole::Mode), Some("on force"));
        let begins = |one, other| {
            let form = |text| Template::parse(text).unwrap();
            form(one).begins_as(&form(other), Hole::Name)
        };
        assert!(begins("port {name} vlan {value}", "port {name} ..."));
        for (one, other) in [
            ("port {name}", "port {name} vlan {value}"),
            ("ports {name} ...", "port {name} ..."),
            ("port {value} member {name} ...", "port {name} ..."),
            ("port {value} ...", "port {name} ..."),
        ] {
            assert!(!begins(one, other) && !begins(other, one), "{one}, {other}");
        }
        let bare = Template::parse("port-group {number}").unwrap();
        assert!(bare.fits("port-group 7") && !bare.fits("port-group 7 mode active"));
        let text = Template::parse("description {value}").unwrap();
        assert_eq!(text.read("description  to  rack 7").unwrap().get(Hole::Value), Some("to  rack 7"));
        assert_eq!(text.read("description"), None);
        assert_eq!(text.bare(), "description");
        let row = Template::parse("{vlan-id} {status} ...").unwrap();
        assert_eq!(row.read("10 active Gi1/0/1, Gi1/0/2").unwrap().get(Hole::Status), Some("active"));
        assert!(row.fits("10 active") && !row.fits("10"));
    }

    #[test]
    fn a_hole_behind_a_fixed_text_is_part_of_its_word() {
        let vlan = Template::parse("interface vlan{vlan-id}").unwrap();
        assert_eq!(vlan.read("interface vlan99").unwrap().get(Hole::VlanId), Some("99"));
        assert_eq!(vlan.read("interface vlan 99").unwrap().get(Hole::VlanId), Some("99"));
        assert_eq!(vlan.fill(|_| Some("7".to_owned())), "interface vlan7");
        assert_eq!(vlan.read("interface vl"), None);
        assert!(Template::parse("vlan {colour}").is_err() && Template::parse(" ").is_err());
    }

    #[test]
    fn letters_of_other_scripts_are_no_reason_to_fall_over() {
        let text = Template::parse("name {vlan-name}").unwrap();
        assert_eq!(text.read("nåme x"), None);
        assert_eq!(text.read("name ünter").unwrap().get(Hole::VlanName), Some("ünter"));
    }
}
