//! How many connections there may be, and how many of them may come from one
//! peer: whoever takes all it can get leaves something for others.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::auth::Origin;

/// The places there are.
pub(super) struct Places {
    all: usize,
    each: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_peer: HashMap<Origin, usize>,
}

/// One place; it is free again when this is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    peer: Origin,
}

impl Places {
    /// So many in all, and so many for each peer.
    pub(super) fn new(all: usize, each: usize) -> Arc<Self> {
        Arc::new(Self { all, each, taken: Mutex::default() })
    }

    /// A place for a connection from there, if there is one.
    pub(super) fn take(self: &Arc<Self>, peer: Origin) -> Option<Place> {
        let mut taken = self.taken();
        let its = taken.by_peer.get(&peer).copied().unwrap_or_default();
        if taken.all >= self.all || its >= self.each {
            return None;
        }
        taken.all += 1;
        taken.by_peer.insert(peer, its + 1);
        Some(Place { places: Arc::clone(self), peer })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Nothing in between can panic.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all = taken.all.saturating_sub(1);
        match taken.by_peer.get_mut(&self.peer) {
            Some(its) if *its > 1 => *its -= 1,
            _ => drop(taken.by_peer.remove(&self.peer)),
        }
    }
}

/// The host that an address belongs to, which with IPv6 has a whole /64 (RFC 4291
/// section 2.5.4).
pub(super) fn host(address: IpAddr) -> Origin {
    Origin::Host(match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_peer_takes_all_and_what_is_given_back_can_be_had_again() {
        let places = Places::new(3, 2);
        let take = |from: &str| places.take(host(from.parse().unwrap()));
        let (one, two) = (take("192.0.2.1"), take("::ffff:192.0.2.1"));
        assert!(one.is_some() && two.is_some() && take("192.0.2.1").is_none());
        let other = take("2001:db8::1");
        assert!(other.is_some() && take("192.0.2.3").is_none(), "all are taken");
        drop(one);
        let again = take("2001:db8::2");
        assert!(again.is_some() && take("2001:db8::3").is_none(), "one host, whichever address");
        drop((two, other, again));
        assert!(places.taken().by_peer.is_empty() && places.taken().all == 0);
    }
}
