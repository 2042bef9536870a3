//! A trunk's VLANs in a dialect's leaves, and back. Nothing that is not
//! understood is a trunk of all.

use std::{collections::BTreeMap, ptr};

use mercury_model::{ForeignVlans, TrunkVlans, VlanSet};

use super::{Leaf, Named, Unsayable};
use crate::{Data, NodePath, SwitchedVlanTree, TrunkForm, TrunkPart, find, reading::Entry};

/// The leaves that say it.
///
/// # Errors
/// [`Unsayable`]: the form has no word for it.
pub(super) fn leaves(form: &TrunkForm, vlans: &TrunkVlans) -> Result<Vec<Leaf>, Unsayable> {
    let ranges = match vlans {
        TrunkVlans::All => match &form.all {
            Some(word) => vec![word.clone()],
            None if form.absent_is_none => {
                return Err(Unsayable { what: "a trunk of all VLANs", reason: "leaving the list out means none" });
            }
            None => Vec::new(),
        },
        TrunkVlans::None => match (&form.none, form.parts.get(&TrunkPart::None)) {
            (_, Some(path)) => return Ok(vec![(path.clone(), None)]),
            (Some(word), None) => vec![word.clone()],
            (None, None) if form.absent_is_none => Vec::new(),
            (None, None) => {
                return Err(Unsayable {
                    what: "a trunk of no VLANs",
                    reason: "leaving the list out means all of them",
                });
            }
        },
        TrunkVlans::Only(set) => set.ranges().iter().map(|range| range.with_separator(&form.range_separator)).collect(),
    };
    if !form.joined {
        return Ok(ranges.into_iter().map(|value| (form.path.clone(), Some(value))).collect());
    }
    let mut lists = joined(&ranges, form.longest).into_iter();
    let mut leaves: Vec<Leaf> = lists.next().map(|list| (form.path.clone(), Some(list))).into_iter().collect();
    for list in lists {
        let Some(add) = form.parts.get(&TrunkPart::Add) else {
            return Err(Unsayable { what: "a trunk of so many VLANs", reason: "the list is too long" });
        };
        leaves.push(match add.vlans_key() {
            Some(_) => (add.of_vlans(&list), None),
            None => (add.clone(), Some(list)),
        });
    }
    Ok(leaves)
}

/// Comma-separated lists, none longer than it may be.
fn joined(ranges: &[String], longest: Option<[usize; 2]>) -> Vec<String> {
    let mut lists: Vec<String> = Vec::new();
    for range in ranges {
        let most = longest.map(|[first, more]| if lists.len() < 2 { first } else { more });
        match lists.last_mut().filter(|list| most.is_none_or(|most| list.len() + 1 + range.len() <= most)) {
            Some(list) => {
                list.push(',');
                list.push_str(range);
            }
            None => lists.push(range.clone()),
        }
    }
    lists
}

/// The form that is written, and the others.
pub(super) fn forms(tree: &SwitchedVlanTree) -> impl Iterator<Item = &TrunkForm> {
    std::iter::once(&tree.trunk_vlans).chain(&tree.also_trunk_vlans)
}

/// All nodes but the list of the form that is written.
fn part_nodes(tree: &SwitchedVlanTree) -> impl Iterator<Item = &NodePath> {
    forms(tree).flat_map(TrunkForm::nodes).skip(1)
}

/// The values of all of them, by their paths.
pub(super) fn parts<D: Data>(tree: &SwitchedVlanTree, entry: &Entry<'_, D>) -> BTreeMap<String, Vec<String>> {
    let values = |path: &NodePath| -> Vec<String> {
        let value = |node: &D| match path.vlans_key() {
            Some(key) => node.below().find(|below| below.name() == key).map_or("", D::value).to_owned(),
            None => node.value().to_owned(),
        };
        find(entry.node, path, &entry.names).into_iter().map(|(node, _)| value(node)).collect()
    };
    let held = part_nodes(tree).map(|path| (path.shown(), values(path)));
    held.filter(|(_, values)| !values.is_empty()).collect()
}

/// The leaves that hold them.
pub(super) fn parts_as_read(tree: &SwitchedVlanTree, raw: &ForeignVlans) -> Vec<Leaf> {
    let leaves = |path: &NodePath| -> Vec<Leaf> {
        let values = raw.trunk_parts.get(&path.shown()).map(Vec::as_slice).unwrap_or_default();
        let leaf = |value: &String| match path.vlans_key() {
            Some(_) => (path.of_vlans(value), None),
            None => (path.clone(), Some(value.clone()).filter(|value| !value.is_empty())),
        };
        values.iter().map(leaf).collect()
    };
    part_nodes(tree).flat_map(leaves).collect()
}

/// What is in there and is none of the forms' nodes.
pub(super) fn strangers<D: Data>(tree: &SwitchedVlanTree, entry: &Entry<'_, D>) -> Vec<String> {
    let Some(within) = &tree.trunk_vlans_within else { return Vec::new() };
    let known: Vec<&D> = forms(tree)
        .flat_map(TrunkForm::nodes)
        .flat_map(|path| find(entry.node, path, &entry.names))
        .map(|(node, _)| node)
        .collect();
    let mut strangers = Vec::new();
    for (node, _) in find(entry.node, within, &entry.names) {
        look(node, &known, &mut strangers);
    }
    strangers
}

/// A container without anything in it says nothing.
fn look<D: Data>(node: &D, known: &[&D], strangers: &mut Vec<String>) {
    for below in node.below().filter(|below| !known.iter().any(|other| ptr::eq(*other, *below))) {
        if below.below().next().is_some() {
            look(below, known, strangers);
        } else if !below.value().is_empty() {
            strangers.push(format!("{} {:?}", below.name(), below.value()));
        }
    }
}

/// What all the forms say together.
///
/// # Errors
/// Something that the model has no word for, or this and that.
pub(super) fn understood(tree: &SwitchedVlanTree, raw: &ForeignVlans, named: &Named) -> Result<TrunkVlans, ()> {
    let part = |path: &NodePath| raw.trunk_parts.get(&path.shown()).map(Vec::as_slice).unwrap_or_default();
    let own = Said { form: &tree.trunk_vlans, list: &raw.trunk_vlans, part: &part }.vlans(named)?;
    let mut said = own;
    for form in &tree.also_trunk_vlans {
        let Some(other) = (Said { form, list: part(&form.path), part: &part }).vlans(named)? else { continue };
        match &said {
            None if tree.reads_also => said = Some(other),
            Some(said) if *said == other => {}
            _ => return Err(()),
        }
    }
    Ok(said.unwrap_or(if tree.trunk_vlans.absent_is_none { TrunkVlans::None } else { TrunkVlans::All }))
}

/// What one form's nodes hold.
struct Said<'a, P> {
    form: &'a TrunkForm,
    list: &'a [String],
    part: &'a P,
}

impl<'a, P: Fn(&NodePath) -> &'a [String]> Said<'a, P> {
    fn of(&self, part: TrunkPart) -> &'a [String] {
        self.form.parts.get(&part).map(self.part).unwrap_or_default()
    }

    /// `None`: nothing.
    fn vlans(&self, named: &Named) -> Result<Option<TrunkVlans>, ()> {
        let (all, none, except) = (self.of(TrunkPart::All), self.of(TrunkPart::None), self.of(TrunkPart::Except));
        let said = match (self.list, all, none, except) {
            ([], [], [], []) => None,
            (list, [], [], []) => Some(listed(self.form, list, named)?),
            ([], [word], [], []) if word == "true" => Some(TrunkVlans::All),
            ([], [], [_], []) => Some(TrunkVlans::None),
            ([], [], [], [but]) => Some(TrunkVlans::only(VlanSet::full().difference(&but.parse().map_err(|_| ())?))),
            _ => return Err(()),
        };
        if !self.of(TrunkPart::Remove).is_empty() {
            return Err(());
        }
        let more = self.of(TrunkPart::Add);
        let base = match said {
            _ if more.is_empty() => return Ok(said),
            Some(TrunkVlans::Only(set)) => set,
            Some(TrunkVlans::None) => VlanSet::new(),
            // More than what? IOS-XE has been seen to leave the first list out.
            Some(TrunkVlans::All) | None => return Err(()),
        };
        Ok(Some(TrunkVlans::only(base.union(&union(more, named)?))))
    }
}

fn listed(form: &TrunkForm, values: &[String], named: &Named) -> Result<TrunkVlans, ()> {
    let says = |word: &Option<String>| word.as_ref().is_some_and(|word| values.contains(word));
    if says(&form.all) {
        return Ok(TrunkVlans::All);
    }
    if says(&form.none) {
        return Ok(TrunkVlans::None);
    }
    Ok(TrunkVlans::only(union(values, named)?))
}

/// All at once: a union for each of half a million values would take minutes.
fn union(values: &[String], named: &Named) -> Result<VlanSet, ()> {
    let set = |value: &String| {
        let own = || named.get(value).map(|id| std::iter::once(*id).collect());
        value.parse::<VlanSet>().ok().or_else(own).ok_or(())
    };
    let sets = values.iter().map(set).collect::<Result<Vec<VlanSet>, ()>>()?;
    Ok(sets.iter().flat_map(VlanSet::ranges).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> TrunkForm {
        TrunkForm {
            path: NodePath::default(),
            joined: true,
            range_separator: "-".to_owned(),
            all: None,
            none: None,
            absent_is_none: false,
            tagged_only: false,
            longest: Some([224, 219]),
            parts: BTreeMap::new(),
        }
    }

    /// A union for each value would take minutes here.
    #[test]
    fn a_trunk_of_very_many_values_is_read_in_linear_time() {
        let values: Vec<String> = (0..400_000).map(|number| (1 + number * 2 % 4094).to_string()).collect();
        let Ok(TrunkVlans::Only(set)) = listed(&form(), &values, &Named::new()) else { panic!("not a list") };
        assert_eq!((set.len(), set.ranges().len()), (2047, 2047));
    }

    #[test]
    fn a_list_goes_on_where_it_is_too_long_for_one_value() {
        let odd: VlanSet = VlanSet::full().iter().filter(|vlan| vlan.get() % 2 == 1).collect();
        let ranges: Vec<String> = odd.ranges().iter().map(|range| range.with_separator("-")).collect();
        let lists = joined(&ranges, Some([224, 219]));
        assert!(lists[0].len() <= 224 && lists[0].len() > 219);
        assert!(lists[1..].iter().all(|list| list.len() <= 219) && lists.len() > 40);
        assert_eq!(lists.join(","), ranges.join(","));
        assert!(leaves(&form(), &TrunkVlans::only(odd)).is_err(), "nowhere to go on");
        assert_eq!(joined(&[], None), Vec::<String>::new());
    }
}
