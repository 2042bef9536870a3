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

impl GeneralMode {
    /// The data tree's word for the mode of a port in general mode that is no trunk: several of
    /// its VLANs are untagged, or none, or one that is not its PVID. A script that ends too early
    /// leaves such ports. Its untagged VLANs are there as `access-vlan`, and its tagged ones alone
    /// as `trunk-vlans`.
    pub const MIXED: &str = "general-mixed";
    /// And that of a trunk of which no line says what it carries, which is not known.
    pub const UNLISTED: &str = "trunk-unlisted";
}
