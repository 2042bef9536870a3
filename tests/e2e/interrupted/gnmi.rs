//! Over gNMI, where no lock says when a lost request is over, and where a
//! switch may answer anything.

mod errors;
mod killed;
mod power;
mod slow;
mod step;
