//! What cannot be asked of a simulator: the connection cut, the switch killed
//! and Mercury killed at every step of an attach on a real netconfd, by a
//! relay that Mercury knows nothing of. Whatever is interrupted, the switch is
//! as before or as intended, what Mercury said agrees, nobody holds a lock,
//! and the next attach works.

mod cut;
mod killed;
mod power;
mod step;
