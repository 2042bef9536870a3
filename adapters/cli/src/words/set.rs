//! Lines that each say the whole way to what they set or delete.

mod braces;
mod deleted;
mod line;
mod read;
mod render;

pub(super) use braces::{Lines, lines};
pub(super) use deleted::deleted;
pub(super) use read::{AskedAt, tree, unread};
pub(super) use render::script;
