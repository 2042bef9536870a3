//! How many may be half-way in: in all, and from one address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// The places there are.
#[derive(Debug)]
pub(crate) struct Places {
    all: usize,
    each: usize,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// One of them; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    peer: IpAddr,
}

impl Places {
    /// So many in all, and so many for each address.
    pub(crate) fn new(all: usize, each: usize) -> Arc<Self> {
        Arc::new(Self { all, each, taken: Mutex::default() })
    }

    /// A place for who comes from there, if there is one.
    pub(crate) fn take(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let its = taken.get(&peer).copied().unwrap_or_default();
        if taken.values().sum::<usize>() >= self.all || its >= self.each {
            return None;
        }
        taken.insert(peer, its + 1);
        Some(Place { places: Arc::clone(self), peer })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.peer) {
            Some(its) if *its > 1 => *its -= 1,
            _ => drop(taken.remove(&self.peer)),
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
        assert!(places.taken.lock().unwrap().is_empty());
    }
}
