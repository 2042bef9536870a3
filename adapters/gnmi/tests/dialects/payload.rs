//! What every Set keeps to, whatever the dialect.

use std::{collections::BTreeSet, sync::Arc};

use mercury_adapter::{Dialect, LeafValues, PathPrefixes};
use mercury_gnmi_proto::gnmi::{Path, SetRequest, Update};
use mercury_model::{Edit, Leaf, Plan, VlanId};

use crate::{
    case,
    device::bare,
    dialects, gnmi, render, request,
    round_trip::{device, visible},
    text,
};

/// Each Set with the plan it came from.
fn sets(mut act: impl FnMut(&str, &Arc<Dialect>, &Plan, &SetRequest)) {
    for case in case::all() {
        for dialect in dialects() {
            let Some(case) = case.of(&dialect.name) else { continue };
            let plan = case::plan(&case.running, &case.intended);
            if let Ok(operations) = render(&dialect, &plan) {
                act(&format!("{} {}", dialect.name, case.name), &dialect, &plan, &request(&dialect, &operations));
            }
        }
    }
}

fn paths(set: &SetRequest) -> Vec<&Path> {
    set.delete.iter().chain(set.replace.iter().chain(&set.update).filter_map(|update| update.path.as_ref())).collect()
}

/// What a path means, without spelling.
fn meaning(path: &Path) -> Vec<(String, Vec<String>)> {
    path.elem.iter().map(|elem| (bare(&elem.name).to_owned(), elem.key.values().cloned().collect())).collect()
}

#[test]
fn origin_target_and_prefixes_are_the_dialects() {
    sets(|what, dialect, _, set| {
        let gnmi = gnmi(dialect);
        let prefix = set.prefix.clone().unwrap_or_default();
        assert_eq!(prefix.target, gnmi.target.clone().unwrap_or_default(), "{what}");
        assert!(prefix.elem.is_empty() && prefix.origin.is_empty(), "{what}");
        for path in paths(set) {
            assert_eq!(path.origin, gnmi.origin.clone().unwrap_or_default(), "{what}");
            let prefixed = |index: usize| path.elem[index].name.contains(':');
            match gnmi.path_prefixes {
                PathPrefixes::None => assert!((0..path.elem.len()).all(|index| !prefixed(index)), "{what}"),
                PathPrefixes::First | PathPrefixes::Modules => {
                    assert!(prefixed(0) && !path.elem[1].name.contains(':'), "{what}");
                }
            }
        }
        assert!(set.extension.is_empty() && set.union_replace.is_empty(), "{what}");
    });
}

#[test]
fn an_interface_is_never_replaced_and_removed_only_where_the_plan_says_so() {
    sets(|what, _, plan, set| {
        let is_entry = |path: &Path| {
            let last = path.elem.last().unwrap();
            let above = path.elem.len().checked_sub(2).map_or("", |index| bare(&path.elem[index].name));
            bare(&last.name) == "interface" && !last.key.is_empty() && ["", "interfaces"].contains(&above)
        };
        for update in &set.replace {
            assert!(!is_entry(update.path.as_ref().unwrap()), "{what}");
        }
        let removed: BTreeSet<&str> = set
            .delete
            .iter()
            .filter(|path| is_entry(path) && !["lacp", "stp"].contains(&bare(&path.elem[0].name)))
            .filter_map(|path| path.elem.last().unwrap().key.get("name").map(String::as_str))
            .filter(|name| !name.starts_with("Vlan"))
            .collect();
        let allowed = |edit: &Edit| match edit {
            Edit::RemoveInterface { before, .. } => Some(before.name.to_string()),
            _ => None,
        };
        let allowed: BTreeSet<String> = plan.edits.iter().filter_map(allowed).collect();
        assert!(removed.iter().copied().eq(allowed.iter().map(String::as_str)), "{what}: {removed:?}");
    });
}

#[test]
fn nothing_is_said_twice_and_no_value_is_empty() {
    sets(|what, _, _, set| {
        for (index, path) in set.delete.iter().enumerate() {
            assert!(!set.delete[..index].contains(path), "{what}: {path:?} is deleted twice");
        }
        let valued: Vec<&Update> = set.replace.iter().chain(&set.update).collect();
        for (index, update) in valued.iter().enumerate() {
            let same =
                |other: &&Update| meaning(other.path.as_ref().unwrap()) == meaning(update.path.as_ref().unwrap());
            assert!(!valued[..index].iter().any(same), "{what}: {} has two values", text::shown(set));
        }
        assert!(!text::shown(set).contains("val {}\n"), "{what}:\n{}", text::shown(set));
    });
}

#[test]
fn nothing_outside_the_plan_is_mentioned() {
    sets(|what, _, plan, set| {
        let named: BTreeSet<String> = plan.edits.iter().filter_map(Edit::interface).map(ToString::to_string).collect();
        for path in paths(set) {
            for elem in path.elem.iter().filter(|elem| bare(&elem.name) == "interface") {
                let Some(name) = elem.key.get("name") else { continue };
                let port = name.rsplit_once('.').map_or(name.as_str(), |(port, _)| port);
                let is_vlan = name.strip_prefix("Vlan").is_some_and(|id| id.parse::<VlanId>().is_ok());
                assert!(is_vlan || named.contains(name) || named.contains(port), "{what}: {name}");
            }
        }
    });
}

/// SONiC carries operations out one after the other, and takes no member of a
/// VLAN that is not there, and no VLAN away that has members.
#[test]
fn one_by_one_a_vlan_is_there_before_its_members_and_goes_after_them() {
    let mut seen = 0;
    for case in case::all() {
        for dialect in dialects().into_iter().filter(|one| gnmi(one).leaf_values == LeafValues::Object) {
            let Some(case) = case.of(&dialect.name) else { continue };
            let plan = case::plan(&case.running, &case.intended);
            let Ok(operations) = render(&dialect, &plan) else { continue };
            let mut switch = device(&dialect, &visible(&dialect, &case.running));
            let made: Vec<VlanId> = plan.edits.iter().filter_map(made).collect();
            for step in steps(&request(&dialect, &operations)) {
                let entry = |vlan: &VlanId| format!("\"Vlan{vlan}\"");
                for vlan in &made {
                    let is_there = switch.data.to_string().contains(&entry(vlan));
                    let members = text::shown(&step);
                    assert!(is_there || !mentions(&members, *vlan), "{} {}: {members}", dialect.name, case.name);
                    seen += usize::from(mentions(&members, *vlan));
                }
                switch.apply(&step).unwrap();
                for vlan in plan.edits.iter().filter_map(removed) {
                    let data = switch.data.to_string();
                    let is_there = data.contains(&entry(&vlan));
                    assert!(is_there || !mentions(&data, vlan), "{} {}: {data}", dialect.name, case.name);
                    seen += usize::from(!is_there);
                }
            }
        }
    }
    assert!(seen > 4, "the test saw nothing");
}

fn made(edit: &Edit) -> Option<VlanId> {
    match edit {
        Edit::Vlan { before: None, after } => Some(after.id),
        _ => None,
    }
}

fn removed(edit: &Edit) -> Option<VlanId> {
    match edit {
        Edit::RemoveVlan { before } => Some(before.id),
        _ => None,
    }
}

/// Whether a text names a VLAN as a port's.
fn mentions(text: &str, vlan: VlanId) -> bool {
    text.contains(&format!("access-vlan\":{vlan}")) || text.contains(&format!("[{vlan}]"))
}

/// The operations of a Set, each in a Set of its own, in the order they are
/// carried out in.
fn steps(set: &SetRequest) -> Vec<SetRequest> {
    let one = || SetRequest { prefix: set.prefix.clone(), ..SetRequest::default() };
    let deletes = set.delete.iter().map(|path| SetRequest { delete: vec![path.clone()], ..one() });
    let replaces = set.replace.iter().map(|update| SetRequest { replace: vec![update.clone()], ..one() });
    let updates = set.update.iter().map(|update| SetRequest { update: vec![update.clone()], ..one() });
    deletes.chain(replaces).chain(updates).collect()
}

#[test]
fn a_change_of_a_ports_vlans_says_all_of_them() {
    sets(|what, _, plan, set| {
        let changes = plan
            .edits
            .iter()
            .any(|edit| matches!(edit, Edit::Interface { change, .. } if change.leaf == Leaf::SwitchedVlan));
        assert!(!changes || !paths(set).is_empty(), "{what}");
    });
}
