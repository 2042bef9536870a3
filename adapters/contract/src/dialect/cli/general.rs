//! A port's mode of its own in which a trunk has an untagged VLAN.

use mercury_model::VlanId;

use super::Template;

/// The lines of that mode. They are known in it alone, and go when the mode is another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneralMode {
    /// The mode's word.
    pub mode: String,
    /// The VLAN that untagged frames are in.
    pub pvid: Template,
    /// VLANs come whose frames bear no tag; the first is written.
    pub untagged: Vec<Template>,
    /// VLANs come whose frames bear their tag.
    pub tagged: Template,
    /// VLANs go.
    pub remove: Template,
    /// The one that is there without a line, untagged.
    pub starts: VlanId,
}
