//! Commands, and the lines that show what they have done.

mod beside;
mod bridged;
mod json;
mod lags;
mod names;
mod numbers;
mod port;
mod read;
mod render;

pub(super) use read::{Unshown, tree, tree_of_lines};
pub(super) use render::script;
