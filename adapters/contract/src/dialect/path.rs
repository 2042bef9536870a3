//! Where a node lies in a target's data tree.

use std::{collections::BTreeMap, sync::Arc};

/// Placeholders a path may hold. `{type}` and `{id}` are an interface name's
/// part before its first digit and the rest, for systems that keep one list
/// per interface type.
const PLACEHOLDERS: [&str; 6] = ["{name}", "{type}", "{id}", "{instance}", "{vlan-id}", "{vlan-name}"];

/// One node of a path: a name in a namespace, and list keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathStep {
    /// The node's XML namespace.
    pub namespace: Arc<str>,
    /// The node's name, or a placeholder.
    pub name: String,
    /// Keys and their values; values may be placeholders.
    pub keys: Vec<(String, String)>,
}

/// A path relative to some node; empty is that node itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodePath {
    /// The nodes, outermost first.
    pub steps: Vec<PathStep>,
}

impl NodePath {
    /// Reads `a:x/y[key={name}]/b:z`: a node without a prefix is in the
    /// namespace of the node before it, the first one in `inherited`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub(crate) fn parse(
        text: &str,
        namespaces: &BTreeMap<String, String>,
        inherited: Option<&Arc<str>>,
    ) -> Result<Self, String> {
        let mut current = inherited.cloned();
        let mut steps = Vec::new();
        for part in split(text) {
            let (node, keys) = part.split_once('[').map_or((part, None), |(node, rest)| (node, Some(rest)));
            let name = match node.split_once(':') {
                Some((prefix, name)) => {
                    let found = namespaces.get(prefix).ok_or_else(|| format!("{text:?}: no namespace {prefix:?}"))?;
                    current = Some(Arc::from(found.as_str()));
                    name
                }
                None => node,
            };
            let namespace = current.clone().ok_or_else(|| format!("{text:?}: the first node has no namespace"))?;
            known(text, name)?;
            let keys = keys.map_or(Ok(Vec::new()), |keys| parse_keys(text, keys))?;
            steps.push(PathStep { namespace, name: name.to_owned(), keys });
        }
        Ok(Self { steps })
    }

    /// The namespace that nodes below this path inherit.
    pub(crate) fn namespace(&self) -> Option<&Arc<str>> {
        self.steps.last().map(|step| &step.namespace)
    }
}

/// Splits at slashes outside brackets.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0usize;
    text.split(move |c| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == '/' && depth == 0
    })
    .filter(|part| !part.is_empty())
}

fn parse_keys(text: &str, keys: &str) -> Result<Vec<(String, String)>, String> {
    keys.trim_end_matches(']')
        .split("][")
        .map(|key| {
            let (name, value) = key.split_once('=').ok_or_else(|| format!("{text:?}: {key:?} is not key=value"))?;
            known(text, value)?;
            Ok((name.to_owned(), value.to_owned()))
        })
        .collect()
}

fn known(text: &str, word: &str) -> Result<(), String> {
    let placeholder = word.contains(['{', '}']);
    if word.is_empty() || (placeholder && !PLACEHOLDERS.contains(&word)) {
        return Err(format!("{text:?}: {word:?} is neither a name nor a placeholder Mercury knows"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_carries_namespaces_and_keys_downwards() {
        let namespaces = BTreeMap::from([("a".to_owned(), "urn:a".to_owned()), ("b".to_owned(), "urn:b".to_owned())]);
        let path = NodePath::parse("a:list[name={name}]/config/b:leaf", &namespaces, None).unwrap();
        let shown: Vec<_> = path.steps.iter().map(|s| format!("{}|{}|{:?}", s.namespace, s.name, s.keys)).collect();
        assert_eq!(shown, ["urn:a|list|[(\"name\", \"{name}\")]", "urn:a|config|[]", "urn:b|leaf|[]"]);
        assert!(NodePath::parse("leaf", &namespaces, None).is_err());
        assert_eq!(NodePath::parse("", &namespaces, None).unwrap(), NodePath::default());
    }
}
