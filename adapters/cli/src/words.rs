//! A system's lines: a plan as lines, and lines as data.

mod flat;
mod lists;
mod overlay;
mod read;
mod render;
mod set;
mod state;

use mercury_model::InterfaceScope;

pub(crate) use lists::vlans;
pub use overlay::vni_states;
pub(crate) use read::unused;
pub use read::{Brought, Unreadable, another, asks, brought, recorded, running};
pub use render::CliRenderer;
pub use state::{PortStates, PortTable, Untold, port_states};

/// Whether a port is asked for, by the name that the data has it by.
fn is_asked(asked: &InterfaceScope, name: &str) -> bool {
    match asked {
        InterfaceScope::All => true,
        InterfaceScope::Named(names) => names.iter().any(|own| own.as_str() == name),
    }
}
