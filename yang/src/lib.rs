//! Mercury's typed mirror of the OpenConfig subset it writes: interfaces,
//! switched VLANs, link aggregation, LACP, spanning tree edges and VLANs.
//!
//! Everything here is a value or a pure function on values: no async, no I/O,
//! no clock. A value that exists is valid; what can be wrong is refused where
//! text or numbers become these types. The YANG modules it mirrors are beside
//! it in `modules/`, and `tests/schema.rs` compares the two.

mod device;
mod evpn;
mod interface;
mod leaf;
mod modules;
mod plan;
mod stp;
mod switched_vlan;
mod text;
mod vlan;
mod vni;

pub use device::{Bridged, DeviceConfig, Intended, InterfaceScope, Overlay, Running, Scope, VlanScope};
pub use evpn::{Evpn, Flood, FloodError, FloodMode, RouteId, RouteIdError};
pub use interface::{Aggregation, Interface, InterfaceType, Lacp, LacpInterval, LacpMode, LagType};
pub use leaf::{Foreign, ForeignLeaves, Leaf, List, Value};
pub use modules::MODULES;
pub use plan::{Bundle, Bundles, Change, Edit, Places, Plan};
pub use stp::{EdgePort, Stp};
pub use switched_vlan::{ForeignVlans, SwitchedVlan, TrunkVlans};
pub use text::{Description, InterfaceName, TextError, VlanName};
pub use vlan::{Vlan, VlanError, VlanId, VlanRange, VlanSet, VlanStatus};
pub use vni::{Segment, Unsaid, Vni, VniError, VniState};
