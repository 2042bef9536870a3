//! A trunk's VLANs as lines.

use mercury_adapter::{Hole, ModeChange, Template, TrunkAbsent, Unrenderable, operations::Value};
use mercury_model::VlanSet;

use super::{Turn, Typing};
use crate::words::lists;

/// The lines that make the VLANs `wanted` of those that are `present`; none: what is so
/// without a line.
pub(super) fn lines(
    typing: &Typing<'_>,
    present: &[Value],
    wanted: &[Value],
) -> Result<Vec<(Turn, String)>, Unrenderable> {
    let (less, more) = if typing.words.trunk.tagged_only {
        (Turn::NoLongerTagged, Turn::Tagged)
    } else {
        (Turn::Others, Turn::Others)
    };
    let words = &typing.words.trunk;
    let before = set(present).unwrap_or_else(|| lists::absent(words));
    let after = set(wanted).unwrap_or_else(|| lists::absent(words));
    if wanted.is_empty()
        && let Some(clear) = &words.clear
    {
        let turn = if words.tagged_only { Turn::NoLongerTagged } else { Turn::Gone };
        if clear.has(Hole::Value) {
            let lists = lists::lists(words, &before);
            return Ok(lists.iter().map(|list| (turn, clear.fill(|_| Some(list.clone())))).collect());
        }
        return Ok(vec![(turn, clear.bare())]);
    }
    if after.is_empty() && !wanted.is_empty() && words.absent == TrunkAbsent::Unknown {
        return Err(typing
            .writing
            .cannot("a trunk of no VLANs", "what it carries of which no line says it is not known"));
    }
    let filled = |form: &Template, text: &str| form.fill(|_| Some(text.to_owned()));
    let gone = |text: String| (less, text);
    let come = |text: String| (more, text);
    if let Some(list) = &words.list {
        if let (true, Some(all)) = (after == VlanSet::full(), &words.all) {
            return Ok(vec![come(filled(list, all))]);
        }
        if after.is_empty() {
            let none =
                words.none.as_ref().ok_or_else(|| typing.writing.cannot("a trunk of no VLANs", "no line says it"))?;
            return Ok(vec![come(filled(list, none))]);
        }
        let all = lists::lists(words, &after);
        if let (true, Some(remove)) = (words.list_adds, &words.remove) {
            let too_many = lists::lists(words, &before.difference(&after));
            let too_many = too_many.iter().map(|list| gone(filled(remove, list)));
            return Ok(too_many.chain(all.iter().map(|text| come(filled(list, text)))).collect());
        }
        // What goes on in further lines would be away in between.
        let by_parts = all.len() > 1 && !present.is_empty() && words.add.is_some() && words.remove.is_some();
        if !by_parts {
            let Some((first, rest)) = all.split_first() else { return Ok(Vec::new()) };
            let mut lines = vec![come(filled(list, first))];
            for further in rest {
                let add = words.add.as_ref();
                let add =
                    add.ok_or_else(|| typing.writing.cannot("a trunk of so many VLANs", "the list is too long"))?;
                lines.push(come(filled(add, further)));
            }
            return Ok(lines);
        }
    }
    // Where what is so without a line is put back, that is more than the port carries.
    let refused = typing.words.mode_change == ModeChange::Refused;
    let (more, less) = match wanted.is_empty() {
        true if refused => (Turn::Leaves, Turn::Leaves),
        true => (Turn::Gone, less),
        false => (more, less),
    };
    let parts = [(&words.add, after.difference(&before), more), (&words.remove, before.difference(&after), less)];
    let mut lines = Vec::new();
    for (form, vlans, turn) in parts {
        let Some(form) = form else { continue };
        lines.extend(lists::lists(words, &vlans).iter().map(|list| (turn, filled(form, list))));
    }
    Ok(lines)
}

/// The VLANs that these values are; `None` where there are none.
fn set(values: &[Value]) -> Option<VlanSet> {
    let words: Vec<String> = values.iter().map(Value::text).collect();
    match words.as_slice() {
        [] => None,
        [word] if word == "all" => Some(VlanSet::full()),
        [word] if word == "none" => Some(VlanSet::new()),
        ranges => lists::vlans(&ranges.join(",")),
    }
}
