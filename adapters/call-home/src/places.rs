//! How many may be half-way in: in all, and from one place of the network. Some of the
//! places are kept for those who were let in before, so that strangers cannot take all.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Addresses of which is remembered that a switch has called from there.
const REMEMBERED: usize = 4096;

/// The places there are.
#[derive(Debug)]
pub(crate) struct Places {
    all: usize,
    each: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    taken: HashMap<IpAddr, usize>,
    /// From where somebody was let in, and as the how many-th of all.
    known: HashMap<IpAddr, u64>,
    let_in: u64,
}

/// One of them; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    from: IpAddr,
}

impl Places {
    /// So many in all, and so many for each address, or network of IPv6. A quarter is for
    /// addresses that somebody was let in from.
    pub(crate) fn new(all: usize, each: usize) -> Arc<Self> {
        Arc::new(Self { all, each, state: Mutex::default() })
    }

    /// A place for who comes from there, if there is one.
    pub(crate) fn take(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let mut state = self.locked();
        let is_known = state.known.contains_key(&peer);
        let from = if is_known { peer } else { network(peer) };
        let all = if is_known { self.all } else { self.all - self.all / 4 };
        let its = state.taken.get(&from).copied().unwrap_or_default();
        if state.taken.values().sum::<usize>() >= all || its >= self.each {
            return None;
        }
        state.taken.insert(from, its + 1);
        Some(Place { places: Arc::clone(self), from })
    }

    /// Somebody from there was let in; who was so longest ago may be forgotten for it.
    pub(crate) fn remember(&self, peer: IpAddr) {
        let mut state = self.locked();
        state.let_in += 1;
        let now = state.let_in;
        let oldest = state.known.iter().min_by_key(|(_, when)| **when).map(|(peer, _)| *peer);
        if let Some(oldest) = oldest.filter(|_| state.known.len() >= REMEMBERED && !state.known.contains_key(&peer)) {
            state.known.remove(&oldest);
        }
        state.known.insert(peer, now);
    }

    /// Nothing in between can panic.
    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.places.locked();
        match state.taken.get_mut(&self.from) {
            Some(its) if *its > 1 => *its -= 1,
            _ => drop(state.taken.remove(&self.from)),
        }
    }
}

/// Of IPv6 one has a whole /64 to choose addresses of (RFC 4291 section 2.5.4).
fn network(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(peer) => {
            let [a, b, c, d, ..] = peer.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_one_nor_all_together_take_more_than_there_is() {
        let places = Places::new(3, 2);
        let take = |host: u8| places.take(IpAddr::from([192, 0, 2, host]));
        let (one, two) = (take(1), take(1));
        assert!(one.is_some() && two.is_some() && take(1).is_none());
        let other = take(2);
        assert!(other.is_some() && take(3).is_none());
        drop(one);
        assert!(take(3).is_some());
        drop((two, other));
        assert!(places.locked().taken.is_empty());
    }

    #[test]
    fn strangers_leave_places_to_those_who_were_let_in_before() {
        let places = Places::new(64, 16);
        let switch = IpAddr::from([198, 51, 100, 1]);
        drop(places.take(switch).unwrap());
        places.remember(switch);
        let host = |n: u8| IpAddr::from([192, 0, 2, n]);
        let silent: Vec<Place> = (0..64).filter_map(|n| places.take(host(n / 16))).collect();
        assert_eq!(silent.len(), 48);
        assert!(places.take(host(9)).is_none(), "a stranger finds none");
        let its: Vec<Place> = (0..17).filter_map(|_| places.take(switch)).collect();
        assert_eq!(its.len(), 16, "and the switch as many as one may have");
    }

    #[test]
    fn who_has_a_network_of_ipv6_has_the_places_of_one_but_for_known_switches() {
        let places = Places::new(64, 2);
        let at = |host: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]);
        let (one, two) = (places.take(at(1)), places.take(at(2)));
        assert!(one.is_some() && two.is_some() && places.take(at(3)).is_none());
        assert!(places.take(IpAddr::from([0x2001, 0xdb8, 0, 2, 0, 0, 0, 1])).is_some());
        places.remember(at(4));
        assert!(places.take(at(4)).is_some());
    }

    #[test]
    fn no_more_addresses_are_remembered_than_are_to_be() {
        let places = Places::new(64, 2);
        let at = |host: usize| IpAddr::from(u128::try_from(host).unwrap().to_be_bytes());
        (0..REMEMBERED).for_each(|host| places.remember(at(host)));
        places.remember(at(0));
        places.remember(at(REMEMBERED));
        let known = &places.locked().known;
        assert_eq!(known.len(), REMEMBERED);
        assert!(known.contains_key(&at(0)) && !known.contains_key(&at(1)));
    }
}
