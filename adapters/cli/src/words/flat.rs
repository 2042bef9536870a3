//! Commands, and the database that shows what they have done.

mod json;
mod read;
mod render;

pub(super) use read::{Unshown, tree};
pub(super) use render::script;
