//! A real Ironic takes nodes through their lives, as README.md tells an operator to
//! set it up. Where each port is after each state is looked up on the switch itself.

mod faults;
mod life;
mod node;
mod own;
mod plant;
mod readme;
mod warned;

use node::{Link, Node};
use plant::{Inventory, Plant};

/// What both ports of [`Link::both`] carry in a state of the node.
const IDLE: [&str; 2] = ["access 199", "access 199"];
const PROVISIONING: [&str; 2] = ["access 110", "access 110"];
const CLEANING: [&str; 2] = ["access 120", "access 120"];
const INSPECTION: [&str; 2] = ["access 130", "access 130"];
const RESCUING: [&str; 2] = ["access 140", "access 140"];
const TENANT: [&str; 2] = ["access 150", "trunk 152,153 native 151"];
