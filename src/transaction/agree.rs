//! The same number for an aggregate on every switch that is to have it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    fault::Fault,
    intent::{LagName, Offer, Offers},
};

/// Which numbers each switch is to give to which aggregates.
pub(crate) type Numbers = BTreeMap<String, BTreeMap<LagName, u16>>;

/// The numbers that do for every aggregate on every switch of a domain: the
/// one that it has somewhere, or else the lowest that is free everywhere.
///
/// # Errors
/// There is none for one of them.
pub(crate) fn agree(offers: &[(String, Offers)]) -> Result<Numbers, Fault> {
    let mut wanted: BTreeMap<(&str, &LagName), Vec<(&str, &Offer)>> = BTreeMap::new();
    for (switch, offers) in offers {
        for (name, offer) in offers {
            wanted.entry((&offer.domain, name)).or_default().push((switch, offer));
        }
    }
    let (mut numbers, mut given) = (Numbers::new(), BTreeSet::new());
    for ((domain, name), offers) in wanted {
        let number = one(name, &offers, |number| given.contains(&(domain, number)))?;
        given.insert((domain, number));
        for (switch, _) in offers {
            numbers.entry(switch.to_owned()).or_default().insert(name.clone(), number);
        }
    }
    Ok(numbers)
}

fn one(name: &LagName, offers: &[(&str, &Offer)], given: impl Fn(u16) -> bool) -> Result<u16, Fault> {
    let fault = |reason: String| Fault::value("lag_name", format!("{name}: {reason}"));
    let does = |number: u16| offers.iter().all(|(_, offer)| offer.has == Some(number) || offer.free.contains(&number));
    let has: BTreeMap<u16, &str> = offers.iter().filter_map(|(at, offer)| Some((offer.has?, *at))).collect();
    match has.into_iter().collect::<Vec<_>>()[..] {
        [] => {
            let mut free = offers.iter().flat_map(|(_, offer)| &offer.free).copied();
            let lowest = free.find(|number| does(*number) && !given(*number));
            lowest.ok_or_else(|| fault("no number is free on all of its switches".to_owned()))
        }
        [(number, _)] if does(number) => Ok(number),
        [(number, at)] => Err(fault(format!("its number on {at}, {number}, is not free on all of its switches"))),
        [(number, at), (other, there), ..] => {
            Err(fault(format!("is number {number} on {at} and {other} on {there}, which are to have the same")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(name: &str, has: Option<u16>, free: &[u16]) -> (LagName, Offer) {
        (name.parse().unwrap(), Offer { domain: "pair".to_owned(), has, free: free.iter().copied().collect() })
    }

    fn agreed(one: &[(LagName, Offer)], other: &[(LagName, Offer)]) -> Result<Vec<u16>, Fault> {
        let offers = |offers: &[(LagName, Offer)]| offers.iter().cloned().collect();
        let numbers = agree(&[("leaf1".to_owned(), offers(one)), ("leaf2".to_owned(), offers(other))])?;
        assert_eq!(numbers.get("leaf1"), numbers.get("leaf2"));
        Ok(numbers.into_values().next().unwrap_or_default().into_values().collect())
    }

    #[test]
    fn the_lowest_number_that_is_free_everywhere_is_agreed() {
        assert_eq!(agreed(&[offer("a", None, &[1, 3, 4])], &[offer("a", None, &[2, 3, 4])]).unwrap(), [3]);
    }

    #[test]
    fn two_new_aggregates_never_agree_on_one_number() {
        let offers = [offer("a", None, &[1, 2]), offer("b", None, &[1, 2])];
        assert_eq!(agreed(&offers, &offers).unwrap(), [1, 2]);
    }

    #[test]
    fn a_number_that_one_switch_has_already_is_kept_or_refused() {
        assert_eq!(agreed(&[offer("a", Some(7), &[1, 2])], &[offer("a", None, &[1, 7])]).unwrap(), [7]);
        let refused = |one, other| agreed(&[one], &[other]).unwrap_err().message;
        assert!(refused(offer("a", Some(7), &[1]), offer("a", None, &[1])).contains("not free"));
        assert!(refused(offer("a", Some(7), &[1]), offer("a", Some(8), &[1])).contains("leaf2"));
        assert!(refused(offer("a", None, &[1]), offer("a", None, &[2])).contains("free"));
    }
}
