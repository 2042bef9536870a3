//! What can be said of a part of a configuration: what it leaves out may be on the switch.

use std::ops::Range;

use yang5::{
    data::{Data as _, DataNodeRef, DataTree},
    schema::SchemaNodeKind,
};

use super::{super::place, set_request::Elem, told::Told};
use crate::finding::Code;

/// Whether what is wrong may be so for what a part leaves out.
pub(super) fn may_be_elsewhere(told: &Told) -> bool {
    matches!(told.code(), Code::SchemaWhen | Code::SchemaMust | Code::SchemaReference | Code::SchemaMandatory)
}

/// The whole data path of a node below a path: libyang leaves out lists whose keys it has not
/// come to. `module` has the first element.
pub(super) fn whole_path(path: &str, below: &[Elem], module: &str) -> String {
    let bare = |name: &str| name.rsplit(':').next().unwrap_or(name).to_owned();
    let (_, names) = place::words(path);
    let Some(first) = names.first().filter(|first| below.first().is_some_and(|(name, _)| bare(name) != **first)) else {
        return path.to_owned();
    };
    let Some(index) = below.iter().rposition(|(name, _)| bare(name) == **first) else { return path.to_owned() };
    let element = |(name, keys): &Elem| {
        let keys: String = keys.iter().map(|(key, value)| format!("[{key}='{value}']")).collect();
        format!("{}{keys}", bare(name))
    };
    let above: Vec<String> = below.iter().take(index + 1).map(element).collect();
    // The module before it may have its name in its own.
    let begin = path.split('/').nth(1).and_then(|own| own.split('[').next()?.find(':')).map_or(1, |at| at + 2);
    let rest = path.get(begin + first.len()..).unwrap_or_default();
    let rest = if rest.starts_with('[') { rest.find(']').and_then(|end| rest.get(end + 1..)) } else { Some(rest) };
    format!("/{module}:{}{}", above.join("/"), rest.unwrap_or_default())
}

/// Of the parts of a SetRequest, each with its path, the last one that brings a node.
pub(super) fn place_of(path: &str, parts: &[(Vec<Elem>, Range<usize>)]) -> Option<Range<usize>> {
    let (node, _) = place::words(path);
    let brings = |own: &[Elem]| {
        let words = own.iter().flat_map(|(name, keys)| {
            std::iter::once(name.rsplit(':').next().unwrap_or(name)).chain(keys.values().map(String::as_str))
        });
        words.enumerate().all(|(index, word)| node.get(index) == Some(&word))
    };
    parts.iter().rev().find(|(own, _)| brings(own)).map(|(_, at)| at.clone())
}

/// Whether what does not hold is about something that is in the document: a `when` or a `must` about
/// nodes of its own entry, a leafref about one of another value. About what is left out it
/// says nothing.
pub(super) fn is_about(told: &Told, tree: &DataTree<'_>) -> bool {
    let any = |path: &str| tree.find_xpath(path).is_ok_and(|mut found| found.next().is_some());
    match told.code() {
        Code::SchemaMandatory => return false,
        Code::SchemaReference => {
            let target = told.message.rsplit('"').nth(1).unwrap_or_default();
            return has_another(&told.path, target, tree);
        }
        _ => {}
    }
    let entry = told.path.rfind(']').and_then(|end| told.path.get(..=end)).unwrap_or_default();
    // A module may have words of its own for a `must`: then its condition is not at hand.
    let is_shown = told.message.contains(" condition \"");
    let condition = told.message.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')).map(|(own, _)| own);
    let names = leaves(condition.filter(|_| is_shown).unwrap_or_default());
    let is_there = |name: &&str| any(&format!("{entry}//*[local-name()='{name}']"));
    names.iter().all(is_there)
}

/// Whether another value is where the target of a leafref at a path is, or the target is none
/// that is understood. Of a list the switch may have other entries: what is in one is no other value.
fn has_another(path: &str, target: &str, tree: &DataTree<'_>) -> bool {
    let Some((target, names)) = by_local_names(target) else { return true };
    let xpath = if target.starts_with('/') { target } else { format!("{path}/{target}") };
    // No XPath can say a key that has both marks of quotation in it: what is beside is not found.
    let Ok(mut found) = tree.find_xpath(&xpath) else { return false };
    // The entry that both are in is the same one.
    let is_entry = |node: DataNodeRef<'_>| node.schema().kind() == SchemaNodeKind::List;
    found.next().is_some_and(|node| !node.ancestors().take(names.saturating_sub(1)).any(is_entry))
}

/// A leafref's path without what picks entries and with the local name of each node, as the
/// prefixes are those of the module that has it; and how many names are in it. `None` where it
/// has something else.
fn by_local_names(target: &str) -> Option<(String, usize)> {
    let mut bare = String::new();
    for piece in target.split('[') {
        bare.push_str(if bare.is_empty() { piece } else { piece.split_once(']')?.1 });
    }
    let (mut steps, mut names) = (Vec::new(), 0);
    let is_absolute = bare.starts_with('/');
    for step in bare.trim_start_matches('/').split('/').map(str::trim) {
        let name = step.rsplit(':').next().unwrap_or(step);
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        match name {
            "." | ".." => steps.push(name.to_owned()),
            _ if name.is_empty() || !name.chars().all(is_name) => return None,
            _ => {
                names += 1;
                steps.push(format!("*[local-name()='{name}']"));
            }
        }
    }
    let root = if is_absolute { "/" } else { "" };
    Some((format!("{root}{}", steps.join("/")), names))
}

/// The names at the ends of the paths of a condition, without what is quoted, functions and
/// operators.
fn leaves(condition: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let unquoted = condition.split(['\'', '"']).step_by(2);
    for piece in unquoted {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        for (at, word) in piece.split(|c: char| !is_name(c)).map(|word| (offset(piece, word), word)) {
            let behind = piece.get(at + word.len()..).unwrap_or_default().trim_start();
            let is_last = !behind.starts_with(['(', '/', ':']);
            let is_path =
                word.starts_with(|c: char| c.is_alphabetic()) && !matches!(word, "and" | "or" | "div" | "mod");
            names.extend((is_last && is_path).then_some(word));
        }
    }
    names
}

fn offset(text: &str, piece: &str) -> usize {
    piece.as_ptr().addr() - text.as_ptr().addr()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_names_that_a_condition_is_about_are_the_last_of_its_paths() {
        for (condition, expected) in [
            ("oc-vlan:interface-mode = 'ACCESS'", vec!["interface-mode"]),
            ("../config/type = 'a' or not(../../b:c and derived-from-or-self(d, \"x:y\"))", vec!["type", "c", "d"]),
            ("1 = 1", vec![]),
        ] {
            assert_eq!(leaves(condition), expected, "{condition}");
        }
    }

    #[test]
    fn what_a_path_leaves_out_is_that_of_the_part() {
        let element = |name: &str, key: &str| (name.to_owned(), BTreeMap::from([("name".to_owned(), key.to_owned())]));
        let part = [("interfaces".to_owned(), BTreeMap::new()), element("interface", "et-0/0/1")];
        let whole = "/m-interfaces:interfaces/interface[name='et-0/0/1']/config/mtu";
        for path in ["/m-interfaces:interface/config/mtu", "/m-interfaces:interface[name='x']/config/mtu", whole] {
            assert_eq!(whole_path(path, &part, "m-interfaces"), whole, "{path}");
        }
        assert_eq!(whole_path("/m:config/mtu", &part, "m"), "/m:config/mtu");
        assert_eq!(whole_path("", &part, "m"), "");
    }

    #[test]
    fn a_node_is_of_the_last_part_that_brings_it() {
        let element = |name: &str, key: &str| (name.to_owned(), BTreeMap::from([("name".to_owned(), key.to_owned())]));
        let plain = |name: &str| (name.to_owned(), BTreeMap::new());
        let parts = [
            (vec![plain("a"), element("m:b", "x")], 0..1),
            (vec![plain("a"), element("b", "x"), plain("c")], 1..2),
            (vec![plain("a"), element("b", "y")], 2..3),
        ];
        for (path, expected) in [
            ("/m:a/b[name='x']/c", Some(1..2)),
            ("/m:a/b[name='x']/d", Some(0..1)),
            ("/m:a/b[name='y']/c/d", Some(2..3)),
            ("/m:a", None),
        ] {
            assert_eq!(place_of(path, &parts), expected, "{path}");
        }
    }
}
