//! The same number for an aggregate on every switch that is to have it, and a VLAN for
//! a VNI; and what cards have no use for any more.

use std::collections::{BTreeMap, HashSet};

use mercury_model::VlanSet;

use crate::{
    fault::Fault,
    intent::{Agreed, CardPort, Claim, Offer, Offers},
};

/// What each switch is told; see [`agreed_numbers`].
pub(crate) fn agree(offers: &[(String, Offers)]) -> Result<BTreeMap<String, Agreed>, Fault> {
    let mut released: BTreeMap<CardPort, VlanSet> = BTreeMap::new();
    for (card_port, vlans) in offers.iter().flat_map(|(_, offers)| &offers.released) {
        let all = released.entry(card_port.clone()).or_default();
        *all = all.union(vlans);
    }
    let mut numbers = agreed_numbers(offers)?;
    let told = offers.iter().map(|(switch, _)| {
        let numbers = numbers.remove(switch).unwrap_or_default();
        (switch.clone(), Agreed { numbers, released: released.clone() })
    });
    Ok(told.collect())
}

/// Which numbers each switch is to give to what.
type Numbers = BTreeMap<String, BTreeMap<Claim, u16>>;

/// The numbers that do for every claim on every switch of a domain: the
/// one that it has somewhere, or else the lowest that is free everywhere.
///
/// # Errors
/// There is none for one of them.
fn agreed_numbers(offers: &[(String, Offers)]) -> Result<Numbers, Fault> {
    let mut wanted: BTreeMap<(&str, &Claim), Vec<(&str, &Offer)>> = BTreeMap::new();
    for (switch, offers) in offers {
        for (claim, offer) in &offers.numbers {
            wanted.entry((&offer.domain, claim)).or_default().push((switch, offer));
        }
    }
    let (mut numbers, mut given) = (Numbers::new(), HashSet::new());
    // What has its number somewhere can have no other, and comes before what may have any.
    let has_one = |offers: &[(&str, &Offer)]| offers.iter().any(|(_, offer)| offer.has.is_some());
    let (bound, open): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|(_, offers)| has_one(offers));
    for ((domain, claim), offers) in bound.into_iter().chain(open) {
        // An aggregate and a VLAN may have one number.
        let kind = std::mem::discriminant(claim);
        let number = one(claim, &offers, |number| given.contains(&(domain, kind, number)))?;
        given.insert((domain, kind, number));
        for (switch, _) in offers {
            numbers.entry(switch.to_owned()).or_default().insert(claim.clone(), number);
        }
    }
    Ok(numbers)
}

fn one(claim: &Claim, offers: &[(&str, &Offer)], given: impl Fn(u16) -> bool) -> Result<u16, Fault> {
    let parameter = if matches!(claim, Claim::Lag(_)) { "lag_name" } else { "network.vni" };
    let fault = |reason: String| Fault::value(parameter, format!("{claim}: {reason}"));
    let does = |number: u16| offers.iter().all(|(_, offer)| offer.has == Some(number) || offer.free.contains(&number));
    let has: BTreeMap<u16, &str> = offers.iter().filter_map(|(at, offer)| Some((offer.has?, *at))).collect();
    match has.into_iter().collect::<Vec<_>>()[..] {
        [] => {
            let mut free = offers.iter().flat_map(|(_, offer)| &offer.free).copied();
            let lowest = free.find(|number| does(*number) && !given(*number));
            lowest.ok_or_else(|| fault("no number is free on all of its switches".to_owned()))
        }
        // Where all have it there is nothing to agree on.
        [(number, at)] if given(number) && offers.iter().any(|(_, offer)| offer.has.is_none()) => {
            Err(fault(format!("its number on {at}, {number}, is that of something else of this request")))
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

    fn offer(name: &str, has: Option<u16>, free: &[u16]) -> (Claim, Offer) {
        (
            Claim::Lag(name.parse().unwrap()),
            Offer { domain: "pair".to_owned(), has, free: free.iter().copied().collect() },
        )
    }

    fn agreed(one: &[(Claim, Offer)], other: &[(Claim, Offer)]) -> Result<Vec<u16>, Fault> {
        let offers =
            |offers: &[(Claim, Offer)]| Offers { numbers: offers.iter().cloned().collect(), ..Offers::default() };
        let numbers = agree(&[("leaf1".to_owned(), offers(one)), ("leaf2".to_owned(), offers(other))])?;
        assert_eq!(numbers.get("leaf1"), numbers.get("leaf2"));
        Ok(numbers.into_values().next().unwrap_or_default().numbers.into_values().collect())
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

    /// Whichever is named first.
    #[test]
    fn what_has_its_number_somewhere_has_it_before_what_may_have_any() {
        let [one, other] = [offer("a", None, &[1, 2]), offer("b", None, &[1, 2])];
        assert_eq!(
            agreed(&[one, other.clone()], &[offer("a", None, &[1, 2]), offer("b", Some(1), &[2])]).unwrap(),
            [2, 1]
        );
        let refused = agreed(&[other, offer("a", Some(1), &[2])], &[offer("b", Some(1), &[2]), offer("a", None, &[1])]);
        assert!(refused.unwrap_err().message.contains("something else of this request"));
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
