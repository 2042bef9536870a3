//! Lines of ports that nobody asks for: most of them say nothing of any other, and need not be held
//! against everything that is known.

use mercury_adapter::{FlatWords, Hole, Template};

/// For each form of a line that tells of a port, the others that such a line may fit and that name
/// another port, or none.
pub(super) struct Beside<'s>(Vec<Vec<&'s Template>>);

impl<'s> Beside<'s> {
    pub(super) fn of(words: &'s FlatWords) -> Self {
        let FlatWords { port, bridge, untagged, tagged, member, vlans, routed, foreign, .. } = words;
        let mut all: Vec<&Template> = routed.iter().chain(foreign).collect();
        // What is said of a VLAN, or of all ports, is said to whoever asks for any.
        let mut always: Vec<&Template> = vlans.iter().collect();
        for leaf in port.values() {
            all.extend(leaf.marks.iter().map(|(_, form)| form).chain(&leaf.shown));
        }
        all.extend([untagged, tagged].into_iter().chain(member).flat_map(|own| &own.shown));
        if let Some(own) = bridge {
            all.extend([&own.member, &own.access, &own.tagged_only].into_iter().flat_map(|own| &own.shown));
            always.extend(own.untagged.iter().chain(&own.aware));
        }
        let of = |form: &Template| {
            let others = all.iter().copied().filter(|other| !other.begins_as(form, Hole::Name));
            others.chain(always.iter().copied()).collect::<Vec<&Template>>()
        };
        Self(words.interfaces.iter().map(of).collect())
    }

    /// Whether a line that fits the form of this number may say something of anything but its port.
    pub(super) fn may_say(&self, form: usize, line: &str) -> bool {
        self.0.get(form).is_none_or(|others| others.iter().any(|other| other.fits(line)))
    }
}
