//! All that a port says of its VLANs, at once: what the operations set is all that is to
//! be there.

use mercury_adapter::{EntryOperations, Hole, LeafOperation, Unrenderable, Whole, operations::Value};

use super::{Typing, last};

const NODES: [&str; 4] = ["mode", "access-vlan", "native-vlan", "trunk-vlans"];

/// Whether an operation is about a port's VLANs.
pub(super) fn is_of_it(operation: &LeafOperation) -> bool {
    let (LeafOperation::Set(path, _) | LeafOperation::Remove(path) | LeafOperation::SetList { path, .. }) = operation;
    NODES.contains(&last(path))
}

/// The line, if any operation is about a port's VLANs.
pub(super) fn line(
    typing: &Typing<'_>,
    whole: &Whole,
    entry: &EntryOperations,
) -> Result<Option<String>, Unrenderable> {
    if !entry.leaves.iter().any(is_of_it) {
        return Ok(None);
    }
    let set = |node: &str| {
        entry.leaves.iter().find_map(|leaf| match leaf {
            LeafOperation::Set(path, value) if last(path) == node => Some(value.text()),
            _ => None,
        })
    };
    let list = entry.leaves.iter().find_map(|leaf| match leaf {
        LeafOperation::SetList { wanted, .. } => Some(wanted.as_slice()),
        _ => None,
    });
    let untagged = set("access-vlan");
    let name = entry.entry.names.resolve("{name}");
    let change = name.and_then(|name| typing.changes.get(&*name).map(|(_, change)| *change));
    let (mode, list) = match set("mode").as_deref() {
        // As it was: a port of which no mode is said carries what the rest says.
        None if change.is_some_and(|change| change.after.is_some()) => {
            let list = list.and_then(|list| listed(typing, whole, list));
            return Ok(Some(fill(typing, whole, entry, [None, untagged, list])));
        }
        None => (&whole.trunk, Some(whole.closed.clone())),
        Some("access") => (&whole.access, None),
        Some("trunk") => {
            let listed = listed(typing, whole, list.unwrap_or_default());
            let mode = if untagged.is_some() { &whole.native } else { &whole.trunk };
            if untagged.is_none() && listed.as_ref() == Some(&whole.closed) {
                return Err(typing
                    .writing
                    .cannot("a trunk of no VLANs", "it would be a port of which nothing is said"));
            }
            (mode, listed)
        }
        Some(other) => {
            let other = other.to_owned();
            return Ok(Some(fill(
                typing,
                whole,
                entry,
                [Some(other), untagged, listed(typing, whole, list.unwrap_or_default())],
            )));
        }
    };
    Ok(Some(fill(typing, whole, entry, [Some(mode.clone()), untagged, list])))
}

/// The list of a trunk; `None` for all VLANs.
fn listed(typing: &Typing<'_>, whole: &Whole, wanted: &[Value]) -> Option<String> {
    let words: Vec<String> = wanted.iter().map(Value::text).collect();
    match words.as_slice() {
        [] => Some(whole.closed.clone()),
        [word] if word == "all" => None,
        ranges => {
            let vlans = crate::words::lists::vlans(&ranges.join(","))?;
            let numbers: Vec<String> = vlans.iter().map(|id| id.to_string()).collect();
            Some(numbers.join(&typing.words.trunk.separator))
        }
    }
}

fn fill(typing: &Typing<'_>, whole: &Whole, entry: &EntryOperations, said: [Option<String>; 3]) -> String {
    let [mode, untagged, list] = said.map(|said| said.unwrap_or_else(|| whole.empty.clone()));
    whole.line.fill(|hole| match hole {
        Hole::Mode => Some(mode.clone()),
        Hole::Number => Some(untagged.clone()),
        Hole::Value => Some(list.clone()),
        _ => typing.named(&entry.entry.names, hole),
    })
}
