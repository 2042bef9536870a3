//! What is said of what binds a VLAN to a VNI in a dialect's leaves, and back.

use mercury_model::{Flood, Segment};

use crate::{
    Data, EntryOperations, LeafOperation, Names, NodePath, OverlayTree, SegmentLeaf, find, operations::Value,
    reading::value,
};

/// The network instance that has the switch's VLANs, and its VTEP.
const INSTANCE: &str = "{instance}";

/// Has an entry hold what a segment says in one leaf, in whose place `before` stood.
pub(crate) fn set(
    own: &OverlayTree,
    (leaf, path): (SegmentLeaf, &NodePath),
    entry: &mut EntryOperations,
    segment: &Segment,
    before: Option<&Segment>,
) {
    let spelled = |segment: &Segment| leaf.get(segment).map(|text| own.word(&text));
    let Some(text) = spelled(segment) else { return };
    match (leaf, &segment.flood) {
        (SegmentLeaf::RouteTarget, _) if !own.forms.targets.is_empty() => {
            let present: Vec<Value> = before.and_then(spelled).map(Value::Text).into_iter().collect();
            for list in &own.forms.targets {
                let wanted = vec![Value::Text(text.clone())];
                entry.leaves.push(LeafOperation::SetList { path: list.clone(), present: present.clone(), wanted });
            }
        }
        (SegmentLeaf::Flood, Some(flood)) if !own.forms.floods.is_empty() => {
            let word = own.forms.floods.get(&flood.mode()).cloned();
            entry.set_instead(path, Value::Text(word.unwrap_or_default()));
            if let (Flood::Multicast(group), Some(path)) = (flood, &own.forms.group) {
                entry.set_instead(path, Value::Text(group.to_string()));
            }
        }
        (SegmentLeaf::Vtep, _) => {
            entry.set_instead(path, Value::Text(text));
            let instance = entry.entry.names.resolve(INSTANCE).unwrap_or_default().into_owned();
            own.forms.vtep_instance.iter().for_each(|path| entry.set_instead(path, Value::Text(instance.clone())));
        }
        _ => entry.set_instead(path, Value::Text(text)),
    }
}

/// Has a segment hold what an entry says in one leaf.
///
/// # Errors
/// What the entry has there and no segment can hold.
pub(crate) fn read<D: Data>(
    own: &OverlayTree,
    (leaf, path): (SegmentLeaf, &NodePath),
    (entry, names): (&D, &Names),
    segment: &mut Segment,
) -> Result<(), String> {
    let odd = |shown: &str| format!("{} {shown:?}", leaf.name());
    let auto = |shown: &str| match &own.forms.auto {
        Some(word) if word == shown => "auto".to_owned(),
        _ => shown.to_owned(),
    };
    let shown = match leaf {
        SegmentLeaf::RouteTarget if !own.forms.targets.is_empty() => {
            let lists = own.forms.targets.iter().map(|path| {
                let values = find(entry, path, names).into_iter();
                values.map(|(node, _)| node.value()).collect::<Vec<_>>()
            });
            let lists: Vec<Vec<&str>> = lists.collect();
            let first = lists.first().map_or(&[][..], Vec::as_slice);
            match first {
                [] if lists.iter().all(Vec::is_empty) => return Ok(()),
                [one] if lists.iter().all(|list| list == first) => auto(one),
                _ => return Err(odd(&lists.concat().join(" "))),
            }
        }
        SegmentLeaf::Flood if !own.forms.floods.is_empty() => {
            let group = own.forms.group.as_ref().and_then(|path| value(entry, path, names));
            let Some(word) = value(entry, path, names) else {
                return group.map_or(Ok(()), |group| Err(odd(group)));
            };
            let mode = own.forms.floods.iter().find(|(_, own)| *own == word).map(|(mode, _)| *mode);
            let flood = mode.and_then(|mode| Flood::of(mode, group.unwrap_or_default()).ok());
            flood.ok_or_else(|| odd(&format!("{word} {}", group.unwrap_or_default())))?.to_string()
        }
        SegmentLeaf::Vtep if own.forms.vtep_instance.is_some() => {
            let instance = own.forms.vtep_instance.as_ref().and_then(|path| value(entry, path, names));
            let is_own = instance.is_some_and(|shown| names.resolve(INSTANCE).is_some_and(|own| own == shown));
            match (value(entry, path, names), instance) {
                (Some(shown), _) if is_own => shown.to_owned(),
                (None, None) => return Ok(()),
                (vtep, other) => {
                    let [vtep, other] = [vtep, other].map(Option::unwrap_or_default);
                    return Err(odd(&format!("{vtep} of instance {other}")));
                }
            }
        }
        _ => match value(entry, path, names) {
            Some(shown) => auto(shown),
            None => return Ok(()),
        },
    };
    if leaf.set(segment, &shown) { Ok(()) } else { Err(odd(&shown)) }
}

impl OverlayTree {
    /// As the target writes it.
    fn word(&self, text: &str) -> String {
        self.forms.auto.clone().filter(|_| text == "auto").unwrap_or_else(|| text.to_owned())
    }
}
