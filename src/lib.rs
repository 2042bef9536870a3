//! Mercury configures switch ports for bare-metal provisioning.
//!
//! One request, one straight line:
//!
//! ```text
//! rpc ─► intent ─► desired ─► plan ─► render ─► session ─► commit ─► outcome
//!                     ▲                            │
//!                     └──────── running ◄──────────┘
//! ```
//!
//! | stage | where | what it is |
//! |---|---|---|
//! | rpc | [`rpc`] | bytes to a method and its parameters |
//! | intent | [`intent`] | parameters to what is wanted; all that needs no device is checked here |
//! | desired | [`desired`] | what is wanted laid over what is running |
//! | plan | `mercury_model::Plan` | the smallest ordered change between the two |
//! | render | `mercury_adapter::Render` | the plan in a dialect's words |
//! | session | [`link`], `mercury_adapter::Session` | steps to the switch, in counted flights |
//! | commit | [`commit`] | the one state machine that changes a switch |
//! | outcome | [`outcome`] | what happened, and what is |
//!
//! [`pipeline`] calls them in order, [`target`] owns one switch each,
//! [`transaction`] has several of them go on at one [`pace`], [`service`] owns
//! the targets, and [`rpc`] and [`cli`] both end in it.
//!
//! What holds, whatever happens:
//!
//! - The switch's running configuration is the truth. Mercury keeps no state
//!   and repairs nothing at its start: a change it did not finish is undone by
//!   the switch, when the session ends or when the confirm timer does.
//! - Success is a read-back that equals what was intended.
//! - After a lost session nothing is sent again blindly; what is true is read
//!   under the lock, when the lost session can no longer be at work.
//! - What may be touched is decided by the network team's files.
//! - No configuration outside the modelled paths is read for change, written
//!   or removed; no database, no background reconciliation.

pub mod audit;
pub mod auth;
pub mod cli;
pub mod commit;
pub mod config;
pub mod desired;
pub mod fault;
pub mod finding;
pub mod fleet;
pub mod group;
pub mod intent;
pub mod inventory;
pub mod link;
pub mod lock;
pub mod metrics;
mod often;
pub mod outcome;
pub mod pace;
pub mod pipeline;
pub mod registry;
pub mod rpc;
pub mod seats;
pub mod service;
pub mod status;
pub mod target;
pub mod tls;
pub mod trace;
pub mod transaction;
pub mod waits;
