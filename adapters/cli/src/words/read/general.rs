//! What a port in general mode carries: VLANs that come and go line by line, of which one is
//! there untagged without any.

use mercury_adapter::{GeneralMode, Hole};
use mercury_model::VlanSet;

use crate::words::lists;

/// The VLANs of its lines so far.
pub(super) struct General {
    pub(super) untagged: VlanSet,
    pub(super) tagged: VlanSet,
}

impl General {
    /// Before any line.
    pub(super) fn of(own: &GeneralMode) -> Self {
        Self { untagged: std::iter::once(own.starts).collect(), tagged: VlanSet::new() }
    }

    /// Goes on by one line; `None` where it is none of these.
    pub(super) fn line(&self, own: &GeneralMode, line: &str) -> Option<Self> {
        let list = |form: &mercury_adapter::Template| lists::vlans(form.read(line)?.get(Hole::Value)?);
        if let Some(more) = list(&own.tagged) {
            return Some(Self { untagged: self.untagged.difference(&more), tagged: self.tagged.union(&more) });
        }
        if let Some(more) = own.untagged.iter().find_map(list) {
            return Some(Self { untagged: self.untagged.union(&more), tagged: self.tagged.difference(&more) });
        }
        let less = list(&own.remove)?;
        Some(Self { untagged: self.untagged.difference(&less), tagged: self.tagged.difference(&less) })
    }
}
