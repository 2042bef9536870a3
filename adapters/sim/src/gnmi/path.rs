//! gNMI paths (gNMI section 2.2.2), read against the schema.

use mercury_gnmi_proto::gnmi::{Path, PathElem};
use tonic::{Code, Status};

use super::status::{invalid, status, unimplemented};
use crate::{
    Options, Quirks,
    datastore::Key,
    pattern::{Pattern, Step},
    schema::{self, Kind, Module, Node},
};

/// Checks what a prefix says about the target and the origin.
pub(super) fn check_prefix(prefix: Option<&Path>, quirks: &Quirks) -> Result<(), Status> {
    if quirks.gnmi_requires_target && prefix.is_none_or(|prefix| prefix.target.is_empty()) {
        return Err(invalid("this switch needs a target in the prefix"));
    }
    prefix.map_or(Ok(()), check_form)
}

/// Reads a path below a prefix. `unknown` is the code for what the schema does
/// not know: gNMI wants another one of Get than of Set.
pub(super) fn resolve(prefix: Option<&Path>, path: &Path, options: &Options, unknown: Code) -> Result<Pattern, Status> {
    check_form(path)?;
    if !path.target.is_empty() {
        return Err(invalid("a target belongs into the prefix only"));
    }
    if !path.origin.is_empty() && prefix.is_some_and(|prefix| !prefix.origin.is_empty()) {
        return Err(invalid("an origin is in the prefix or in the path, not in both"));
    }
    let mut steps: Vec<Step> = Vec::new();
    for elem in prefix.into_iter().flat_map(|prefix| &prefix.elem).chain(&path.elem) {
        let above = steps.last().map(|step| step.node);
        let step = step(elem, (above, options.schema.root), &options.quirks, unknown)?;
        steps.push(step);
    }
    Ok(Pattern(steps, options.schema.root))
}

/// As people write paths, for messages.
pub(super) fn display(prefix: Option<&Path>, path: &Path) -> String {
    let mut text = String::new();
    for elem in prefix.into_iter().flat_map(|prefix| &prefix.elem).chain(&path.elem) {
        text.push('/');
        text.push_str(&elem.name);
        for (name, value) in &elem.key {
            text.push_str(&format!("[{name}={value}]"));
        }
    }
    if text.is_empty() { "/".to_owned() } else { text }
}

fn check_form(path: &Path) -> Result<(), Status> {
    #[expect(deprecated, reason = "to be refused it has to be looked at")]
    if !path.element.is_empty() {
        return Err(invalid("paths made of 'element' are no longer understood"));
    }
    match path.origin.as_str() {
        "" | "openconfig" => Ok(()),
        other => Err(unimplemented(format!("origin '{other}' is not supported"))),
    }
}

fn step(
    elem: &PathElem,
    (above, root): (Option<&'static Node>, &'static [Node]),
    quirks: &Quirks,
    unknown: Code,
) -> Result<Step, Status> {
    if elem.name.is_empty() {
        return Err(invalid("a path element without a name"));
    }
    if elem.name == "*" || elem.name == "..." {
        return Err(unimplemented("wildcards are supported for keys only"));
    }
    let (module, name) = match elem.name.split_once(':') {
        Some((module, name)) => (Some(module), name),
        None => (None, elem.name.as_str()),
    };
    let not_known = || status(unknown, format!("there is no {} here in the schema", elem.name));
    let nodes = above.map_or(root, Node::children);
    let (index, node) = schema::child(nodes, name).ok_or_else(not_known)?;
    let changes = above.is_none_or(|above| above.module != node.module);
    let right = match module {
        Some(module) => module == node.module.name && !quirks.gnmi_bare_paths_only,
        None => !(quirks.gnmi_prefixed_paths_only && changes),
    };
    if !right {
        return Err(not_known());
    }
    Ok(Step { index, node, key: key(elem, node)? })
}

fn key(elem: &PathElem, node: &'static Node) -> Result<Option<Key>, Status> {
    let Kind::List { key: name, children } = node.kind else {
        return match elem.key.is_empty() {
            true => Ok(None),
            false => Err(invalid(format!("{} is not a list and has no keys", elem.name))),
        };
    };
    if let Some(other) = elem.key.keys().find(|other| *other != name) {
        return Err(invalid(format!("'{other}' is not the key of {}, {name} is", elem.name)));
    }
    match elem.key.get(name).map(String::as_str) {
        None | Some("*") => Ok(None),
        Some(text) => {
            let value = match schema::child(children, name).map(|(_, leaf)| &leaf.kind) {
                Some(Kind::Leaf(kind)) if !text.is_empty() => kind.parse(text, None),
                _ => None,
            };
            let value = value.ok_or_else(|| invalid(format!("'{text}' is not a {name} of {}", elem.name)))?;
            Ok(Some(Key::new(&value.to_string())))
        }
    }
}

/// An element as the switch writes it.
pub(super) fn elem(node: &'static Node, above: Option<&Module>, quirks: &Quirks) -> PathElem {
    let name = match quirks.gnmi_prefixed_paths_only && above != Some(node.module) {
        true => format!("{}:{}", node.module.name, node.name),
        false => node.name.to_owned(),
    };
    PathElem { name, ..PathElem::default() }
}
