//! The switch as a client meets it.

// The attribute tells clippy that helpers here are tests too.
#[cfg(test)]
mod client;
#[cfg(test)]
mod commit;
#[cfg(test)]
mod edits;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod gnmi;
#[cfg(test)]
mod junos;
mod lies;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod modes;
#[cfg(test)]
mod ovsdb;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod ssh;
