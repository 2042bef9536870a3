//! What was measured on real processes, and what the simulation takes as given.
//!
//! | what | is |
//! |---|---|
//! | memory, calls per second of processor | measured: `mercury bench`, release build, README "What it costs" |
//! | a hand-over | measured: a call on a kept connection (`tests/peers/bench_callers`), on either side |
//! | a login | measured: OpenSSH and russh on loopback, TLS 1.3 by `tests/peers/bench_callers` |
//! | writes of etcd | assumed, from its documentation: see [`ETCD_WRITES`] |
//! | times of the network and of reading | assumed; they are told in the report |

use std::time::Duration;

/// Mercury with a few switches, in KiB: 17 MiB.
pub(crate) const STARTED_KIB: u64 = 17 << 10;

/// Each switch of the inventory, in KiB, before anything is asked of it: (106 MiB - 17 MiB) for
/// 10,000.
pub(crate) const ENTRY_KIB: u64 = 9;

/// A request that is under way, in KiB: (157 - 114) MiB for 10,000 over NETCONF, and (138 - 76)
/// for gNMI.
pub(crate) const CALL_KIB: u64 = 6;

/// What one process of Mercury has of processors.
pub(crate) const CORES: u32 = 2;

/// One call that is served: 3,800 a second of processor over NETCONF, 3,200 over gNMI.
pub(crate) const NETCONF_CALL: Duration = Duration::from_micros(263);
pub(crate) const GNMI_CALL: Duration = Duration::from_micros(312);

/// One call that another member serves, for the one that was asked.
pub(crate) const HANDED_OVER: Duration = Duration::from_micros(200);

/// Keys are exchanged and a login is done.
pub(crate) const SSH_LOGIN: Duration = Duration::from_micros(1150);
pub(crate) const TLS_LOGIN: Duration = Duration::from_micros(710);

/// The writes that an etcd takes in a second: a third of what its documentation says of three members.
pub(crate) const ETCD_WRITES: u32 = 10_000;

/// One way between two machines of the provider; the clock of the simulation has milliseconds.
pub(crate) const HOP: Duration = Duration::from_millis(1);

/// A switch answers anything but a commit.
pub(crate) const ANSWER: Duration = Duration::from_millis(20);

/// A switch takes a login.
pub(crate) const LOGIN: Duration = Duration::from_millis(150);

/// A switch takes a line of its command line.
pub(crate) const LINE: Duration = Duration::from_millis(50);
