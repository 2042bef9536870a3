//! What the lines below an interface say.

use mercury_adapter::{
    CliLine, CliWords, DataNode, DataTree, GeneralMode, Hole, NoRoom, Said, SwitchedPort, Template, TrunkAbsent, Whole,
};
use mercury_model::{InterfaceType, VlanId, VlanSet};

use super::{bonds::BOND, general::General, members::Place};
use crate::words::lists;

/// What was said so far.
#[derive(Default)]
pub(super) struct Port<'t> {
    /// By node, what it holds.
    leaves: Vec<(&'t str, &'t str)>,
    /// The trunk's VLANs, once a line named some.
    trunk: Option<VlanSet>,
    /// Whether a list may go on in the next line.
    goes_on: bool,
    /// Whether the list is that of a trunk that carries nothing.
    is_closed: bool,
    /// VLANs that say it is in them, untagged and tagged.
    untagged: Vec<VlanId>,
    tagged: Vec<VlanId>,
    /// The VLAN that it is untagged in as long as it is untagged in no other.
    by_default: Option<VlanId>,
    /// Whether VLANs can name it, and what lets it be both untagged and tagged.
    is_switched: bool,
    /// Whether a line is there that goes with what lets VLANs name it.
    is_bound: bool,
    both: Option<&'t str>,
    /// The aggregates that it is a member of, each by its number, and how it speaks LACP.
    lags: Vec<(String, Option<&'t str>)>,
    /// Whether it is a port of several interfaces.
    is_bond: bool,
    /// Of general mode, once a line named VLANs.
    general: Option<General>,
    foreign: Vec<&'t str>,
    routed: Vec<&'t str>,
}

impl<'t> Port<'t> {
    /// Goes on by one line; says whether it is one that is understood.
    pub(super) fn line(&mut self, words: &'t CliWords, line: &'t str) -> bool {
        let fits = |form: &Template| form.fits(line);
        if line == BOND && words.bonds.is_some() {
            self.is_bond = true;
            return true;
        }
        if self.wrapped(line) || self.list(words, line) || self.is_layer(words, line) {
            return true;
        }
        if let Some(own) = &words.general {
            let start = General::of(own);
            if let Some(after) = self.general.as_ref().unwrap_or(&start).line(own, line) {
                self.general = Some(after);
                return true;
            }
            // Whatever else there is of it changes what its VLANs mean.
            if own.pvid.fits(line) && self.said(words, line) {
                return true;
            }
        }
        if words.foreign.iter().any(fits) {
            self.foreign.push(line);
        } else if !self.said(words, line) {
            let is_routed = words.routed.iter().any(fits);
            self.routed.extend(is_routed.then_some(line));
            return is_routed;
        }
        true
    }

    /// A node holds this, said elsewhere.
    pub(super) fn set(&mut self, node: &'t str, value: &'t str) {
        self.leaves.retain(|(own, _)| *own != node);
        self.leaves.push((node, value));
    }

    /// A VLAN says that the port is in it.
    pub(super) fn member(&mut self, vlan: VlanId, place: Place) {
        let vlans = match place {
            Place::Tagged => &mut self.tagged,
            Place::Untagged => &mut self.untagged,
            Place::Default => return self.by_default = Some(vlan),
        };
        // Shown twice, it is in it once.
        if vlans.last() != Some(&vlan) {
            vlans.push(vlan);
        }
    }

    /// It is a member of the aggregate of this number, and speaks LACP so, or none.
    pub(super) fn joins(&mut self, number: &str, mode: Option<&'t str>) {
        if !self.lags.iter().any(|(own, said)| own == number && *said == mode) {
            self.lags.push((number.to_owned(), mode));
        }
    }

    /// A line by which VLANs can name it, or the one that enters the block in which it says of
    /// which aggregate it is.
    fn is_layer(&mut self, words: &CliWords, line: &'t str) -> bool {
        if words.lag_members.as_ref().and_then(|own| own.lacp.as_ref()).is_some_and(|(enter, _)| enter.fits(line)) {
            return true;
        }
        let Some(own) = words.members.as_ref().and_then(|members| members.switched.as_ref()) else { return false };
        let bare = line.strip_prefix(words.undo.as_str()).unwrap_or(line);
        self.is_bound |= own.bound.iter().any(|form| form.fits(line) || form.fits(bare));
        if own.line.fits(bare) {
            self.is_switched = bare == line;
        } else if own.both.fits(bare) {
            self.both = (bare == line).then_some(line);
        } else {
            return false;
        }
        true
    }

    /// A list that was broken after a comma.
    fn wrapped(&mut self, line: &'t str) -> bool {
        let is_list = line.bytes().all(|byte| byte.is_ascii_digit() || b"-, ".contains(&byte));
        if !std::mem::take(&mut self.goes_on) || !is_list {
            return false;
        }
        self.goes_on = line.ends_with(',');
        match lists::vlans(line) {
            Some(more) => self.trunk = Some(self.trunk.take().unwrap_or_default().union(&more)),
            None => self.foreign.push(line),
        }
        true
    }

    /// A line of the program that a trunk's VLANs are.
    fn list(&mut self, words: &CliWords, line: &'t str) -> bool {
        let trunk = &words.trunk;
        if trunk.clear.as_ref().is_some_and(|form| form.fits(line)) {
            self.trunk = None;
            return true;
        }
        let value = |form: &Option<Template>| form.as_ref()?.read(line)?.get(Hole::Value);
        let before = || self.trunk.clone().unwrap_or_else(|| lists::absent(trunk));
        if words.whole.as_ref().is_some_and(|whole| value(&trunk.list) == Some(whole.closed.as_str())) {
            self.is_closed = true;
            self.trunk = Some(VlanSet::new());
            return true;
        }
        let list = |text: &str| {
            let is = |word: &Option<String>| word.as_ref().is_some_and(|word| word.eq_ignore_ascii_case(text));
            if is(&trunk.all) {
                return Some(VlanSet::full());
            }
            if is(&trunk.none) { Some(VlanSet::new()) } else { lists::vlans(text) }
        };
        let (after, text) = if let Some(text) = value(&trunk.add) {
            // More than what? Where all would be carried, nobody would add to it.
            let is_known = self.trunk.is_some() || trunk.absent != TrunkAbsent::All;
            (list(text).filter(|_| is_known).map(|more| before().union(&more)), text)
        } else if let Some(text) = value(&trunk.remove) {
            (list(text).map(|less| before().difference(&less)), text)
        } else if let Some(text) = value(&trunk.except) {
            (list(text).map(|less| VlanSet::full().difference(&less)), text)
        } else if let Some(text) = value(&trunk.list).or_else(|| value(&trunk.shown)) {
            (list(text), text)
        } else {
            return false;
        };
        self.goes_on = text.ends_with(',');
        match after {
            Some(after) => self.trunk = Some(after),
            None => self.foreign.push(line),
        }
        true
    }

    /// A line that says a node, or that it is gone.
    fn said(&mut self, words: &'t CliWords, line: &'t str) -> bool {
        for (node, form) in &words.port {
            if form.remove.fits(line) {
                self.leaves.retain(|(own, _)| own != node);
            } else if let Some(value) = value(form, line) {
                self.leaves.retain(|(own, _)| own != node);
                self.leaves.push((node, value));
                // A line may say two nodes.
                if let Some(mode) = mode(form, line) {
                    self.leaves.retain(|(own, _)| *own != CHANNEL_MODE);
                    self.leaves.push((CHANNEL_MODE, mode));
                }
            } else {
                continue;
            }
            return true;
        }
        false
    }

    /// What the mode says where it says more than a mode.
    fn modes(&mut self, whole: &'t Whole) {
        self.leaves.retain(|(_, value)| *value != whole.empty);
        let mode = self.leaves.iter().find(|(node, _)| *node == "mode").map(|(_, mode)| *mode);
        // What it says beside it means nothing then.
        let without = |said: &mut Self, nodes: &[&str]| said.leaves.retain(|(node, _)| !nodes.contains(node));
        match mode {
            Some(mode) if mode == whole.trunk && self.is_closed => {
                without(self, &["mode", "access-vlan"]);
                self.trunk = None;
            }
            Some(mode) if mode == whole.trunk => {
                without(self, &["mode", "access-vlan"]);
                self.leaves.push(("mode", "trunk"));
            }
            Some(mode) if mode == whole.native => {
                without(self, &["mode"]);
                self.leaves.push(("mode", "trunk"));
            }
            Some(mode) if mode == whole.access => {
                without(self, &["mode"]);
                self.leaves.push(("mode", "access"));
                self.trunk = None;
            }
            _ => {}
        }
    }

    /// The aggregate that it is a member of.
    fn member_of<'a>(
        &mut self,
        words: &CliWords,
        entry: &'a DataNode<'a>,
        tree: &mut DataTree<'a, '_>,
    ) -> Result<(), NoRoom> {
        if self.lags.len() > 1 {
            self.foreign.push("a line more that makes it a member of an aggregate");
        }
        let is_told_by_mode = words.lag_members.as_ref().is_some_and(|own| own.lacp.is_some());
        for (number, mode) in std::mem::take(&mut self.lags) {
            if is_told_by_mode {
                entry.push(tree.copied_leaf("channel-group", &number)?);
                entry.push(tree.copied_leaf(CHANNEL_MODE, mode.unwrap_or("on"))?);
            } else {
                entry.push(tree.copied_leaf("aggregate-id", &format!("{}{number}", words.lag_prefix))?);
            }
        }
        Ok(())
    }

    /// What general mode says, as a trunk's lines say it where one VLAN is untagged and it is the
    /// one that untagged frames are in; else as what a script left that ended too early.
    ///
    /// The VLANs that no line says in those words: of `access-vlan`, and the PVID.
    fn in_general(&mut self, own: &GeneralMode) -> (VlanSet, Option<VlanId>) {
        let is_in_it = self.leaves.contains(&("mode", own.mode.as_str()));
        let pvid = self.leaves.iter().find(|(node, _)| *node == "native-vlan").map(|(_, pvid)| *pvid);
        let said = self.general.take();
        if !is_in_it {
            if said.is_some() || pvid.is_some() {
                self.foreign.push("lines of general mode in another");
            }
            return (VlanSet::new(), None);
        }
        let General { untagged, tagged } = said.unwrap_or_else(|| General::of(own));
        let native = pvid.map_or(Some(own.starts), |pvid| pvid.parse().ok());
        let is_trunk = native.is_some_and(|id| untagged == std::iter::once(id).collect());
        self.leaves.retain(|(node, _)| !["mode", "access-vlan"].contains(node));
        self.leaves.push(("mode", if is_trunk { "trunk" } else { GeneralMode::MIXED }));
        let (listed, apart) = if is_trunk { (tagged.union(&untagged), VlanSet::new()) } else { (tagged, untagged) };
        self.trunk = Some(listed).filter(|listed| !listed.is_empty());
        (apart, native.filter(|_| pvid.is_none()))
    }

    /// The port's entry in the data.
    pub(super) fn node<'a>(
        mut self,
        words: &'t CliWords,
        name: &str,
        tree: &mut DataTree<'a, '_>,
    ) -> Result<&'a DataNode<'a>, NoRoom> {
        let entry = tree.node("interface")?;
        entry.push(tree.copied_leaf("name", name)?);
        // What is no more than called as a bond is none.
        if words.bonds.is_some() && (self.is_bond || name.starts_with(&words.lag_prefix)) {
            let kind = if self.is_bond { InterfaceType::Ieee8023adLag } else { InterfaceType::EthernetCsmacd };
            entry.push(tree.copied_leaf("type", kind.identity())?);
        }
        if let Some(whole) = &words.whole {
            self.modes(whole);
        }
        self.member_of(words, entry, tree)?;
        // Where a VLAN names it, it is told which one; else none is.
        let by_default = self.by_default.filter(|_| self.untagged.is_empty() && !self.tagged.is_empty());
        self.untagged.extend(by_default);
        let is_named = !self.tagged.is_empty() || !self.untagged.is_empty();
        if is_named || self.is_switched {
            let is_trunk = !self.tagged.is_empty();
            let mode = if is_trunk { "trunk" } else { "access" };
            let both = if self.both.is_some() { SwitchedPort::BOTH } else { "" };
            let default = if by_default.is_some() { SwitchedPort::DEFAULT } else { "" };
            let bound = if self.is_bound { SwitchedPort::BOUND } else { "" };
            entry.push(tree.copied_leaf("mode", &format!("{mode}{both}{default}{bound}"))?);
        } else if self.both.is_some() {
            // As a script leaves it that ends too early.
            entry.push(tree.copied_leaf("mode", SwitchedPort::UNNAMED)?);
        }
        if is_named {
            for vlan in std::mem::take(&mut self.untagged) {
                entry.push(tree.copied_leaf("access-vlan", &vlan.to_string())?);
            }
            self.trunk = Some(std::mem::take(&mut self.tagged).into_iter().collect());
        }
        if let Some(own) = &words.general {
            let (untagged, pvid) = self.in_general(own);
            for range in untagged.ranges() {
                entry.push(tree.copied_leaf("access-vlan", &range.with_separator("-"))?);
            }
            if let Some(pvid) = pvid {
                entry.push(tree.copied_leaf("native-vlan", &pvid.to_string())?);
            }
            let is_unlisted = self.trunk.as_ref().is_none_or(VlanSet::is_empty);
            if is_unlisted && words.trunk.absent == TrunkAbsent::Unknown {
                self.trunk = None;
                let of = |leaf: &mut (&'t str, &'t str)| {
                    if *leaf == ("mode", "trunk") {
                        leaf.1 = GeneralMode::UNLISTED;
                    }
                };
                self.leaves.iter_mut().for_each(of);
            }
        }
        self.leaves.retain(|(node, _)| *node != "switched");
        let has = |node: &str| self.leaves.iter().any(|(own, _)| *own == node);
        let is_trunk = self.leaves.contains(&("mode", "trunk")) || words.bare.is_some() && has("native-vlan");
        for (node, value) in &self.leaves {
            let value = if words.quotes { unquoted(value) } else { value };
            // A line gives an aggregate by its number.
            let has_number = *node == "aggregate-id" && words.bonds.is_none();
            let prefix = if has_number { words.lag_prefix.as_str() } else { "" };
            entry.push(tree.copied_leaf(node, &format!("{prefix}{value}"))?);
        }
        let trunk = match (self.trunk, &words.trunk.absent) {
            (None, TrunkAbsent::Only(set)) if is_trunk => Some(set.clone()),
            (trunk, _) => trunk,
        };
        let is_all = |set: &VlanSet| *set == VlanSet::full();
        match (trunk, &words.trunk.absent) {
            (None, TrunkAbsent::Unknown) if is_trunk => {
                self.foreign.push("a trunk of which no line says what it carries");
            }
            (None, _) => {}
            (Some(set), TrunkAbsent::All) if is_all(&set) => {}
            (Some(set), TrunkAbsent::None) if set.is_empty() => {}
            (Some(set), _) if is_all(&set) => entry.push(tree.copied_leaf("trunk-vlans", "all")?),
            (Some(set), _) if set.is_empty() => entry.push(tree.copied_leaf("trunk-vlans", "none")?),
            (Some(set), _) => {
                for range in set.ranges() {
                    entry.push(tree.copied_leaf("trunk-vlans", &range.with_separator("-"))?);
                }
            }
        }
        for (node, lines) in [("foreign", &self.foreign), ("routed", &self.routed)] {
            for line in lines {
                entry.push(tree.copied_leaf(node, line)?);
            }
        }
        Ok(entry)
    }
}

/// A text without the marks it stands in.
pub(super) fn unquoted(text: &str) -> &str {
    let within = |mark: char| text.strip_prefix(mark)?.strip_suffix(mark);
    within('"').or_else(|| within('\'')).unwrap_or(text)
}

const CHANNEL_MODE: &str = "channel-group-mode";

/// What a line says of a node, in the data tree's words.
pub(super) fn value<'t>(form: &'t CliLine, line: &'t str) -> Option<&'t str> {
    match &form.said {
        Said::Lines { lines, also } => {
            lines.iter().chain(also).find(|(_, form)| form.fits(line)).map(|(word, _)| word.as_str())
        }
        Said::Value { line: own, also, words } => {
            let said = std::iter::once(own).chain(also).find_map(|form| form.read(line))?;
            let holes = [Hole::Value, Hole::Number, Hole::VlanName, Hole::Status];
            let text = holes.into_iter().find_map(|hole| said.get(hole))?;
            Some(words.iter().find(|(_, own)| own == text).map_or(text, |(word, _)| word.as_str()))
        }
    }
}

/// How a line says that a member of an aggregate speaks LACP.
fn mode<'t>(form: &'t CliLine, line: &'t str) -> Option<&'t str> {
    let Said::Value { line: own, also, words } = &form.said else { return None };
    let mode = std::iter::once(own).chain(also).find_map(|form| form.read(line))?.get(Hole::Mode)?;
    Some(words.iter().find(|(_, own)| own == mode).map_or(mode, |(word, _)| word.as_str()))
}
