//! The connection cut, the switch killed and Mercury killed at every step of
//! an attach, on a real netconfd by a relay that Mercury knows nothing of, and
//! over gNMI on lemming, gnxi and the simulator. Whatever is interrupted, the
//! switch is as before or as intended, what Mercury said agrees, nobody holds
//! a lock, and the next attach works.

mod between;
mod cut;
mod gnmi;
mod killed;
mod power;
mod step;
mod terminated;
