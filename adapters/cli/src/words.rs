//! A system's lines: a plan as lines, and lines as data.

mod flat;
mod lists;
mod overlay;
mod read;
mod render;
mod set;
mod state;

use mercury_adapter::NoRoom;
use mercury_model::InterfaceScope;

pub(crate) use lists::vlans;
pub use overlay::vni_states;
pub use read::{Brought, Unreadable, another, asks, brought, recorded, running};
pub(crate) use read::{running_of_lines, unused};
pub use render::CliRenderer;
pub use state::{PortStates, PortTable, Untold, port_states};

/// Shows lines, one after the other and as often as it is asked, so that they are never held
/// together.
pub(crate) type EachLine<'l> = dyn Fn(&mut dyn FnMut(&str) -> Result<(), NoRoom>) -> Result<(), NoRoom> + 'l;

/// Ports that are asked for: all that a scope has, or one part of them, by their names.
#[derive(Clone, Copy)]
struct Asked<'s> {
    names: &'s InterfaceScope,
    /// Which part, and of how many.
    part: (usize, usize),
}

impl<'s> Asked<'s> {
    /// All of a scope.
    const fn of(names: &'s InterfaceScope) -> Self {
        Self { names, part: (0, 1) }
    }

    /// Whether a port is asked for, by the name that the data has it by.
    fn has(&self, name: &str) -> bool {
        let (part, parts) = self.part;
        // FNV-1a.
        let hash = |sum: usize, octet: u8| (sum ^ usize::from(octet)).wrapping_mul(0x0100_0000_01b3);
        let is_of_part = parts == 1 || name.bytes().fold(0xcbf2_9ce4_8422_2325, hash) % parts == part;
        is_of_part
            && match self.names {
                InterfaceScope::All => true,
                InterfaceScope::Named(names) => names.iter().any(|own| own.as_str() == name),
            }
    }
}
