//! What lines say of VNIs, read and written.

mod read;
mod render;
mod states;

pub(super) use read::{SegmentsSaid, ways};
pub(super) use render::{is_segment, lines};
pub use states::vni_states;
