//! What is true after something broke: the connection, the switch, or Mercury
//! itself, at every step of a change.
//!
//! Whatever happened, a report equals the switch's truth, and nothing stays
//! behind: no lock, no staged change, no commit that waits to be confirmed, no
//! session beside the one that is kept. In memory the clock is tokio's, paused,
//! so that every timeout is the real one and takes no time.

#[cfg(test)]
mod absent;
#[cfg(test)]
mod bad_wire;
#[cfg(test)]
mod bounce;
#[cfg(test)]
mod cards;
#[cfg(test)]
mod chance;
#[cfg(test)]
mod coordinator;
#[cfg(test)]
mod gnmi_ids;
#[cfg(test)]
mod gnmi_late;
#[cfg(test)]
mod gnmi_shown;
#[cfg(test)]
mod gnmi_strangers;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod kind;
#[cfg(test)]
mod life;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod odd_locks;
#[cfg(test)]
mod options;
#[cfg(test)]
mod ovsdb;
#[cfg(test)]
mod own_lock;
#[cfg(test)]
mod patience;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod random;
#[cfg(test)]
mod schedule;
#[cfg(test)]
mod several;
#[cfg(test)]
mod startup;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod time;
#[cfg(test)]
mod together;
#[cfg(test)]
mod two_entries;
#[cfg(test)]
mod waited;
#[cfg(test)]
mod wire;
#[cfg(test)]
mod world;
