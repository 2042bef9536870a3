//! Where a node lies in a target's data tree.

use std::{collections::BTreeMap, sync::Arc};

/// Placeholders a path may hold. `{type}` and `{id}` are an interface name's
/// part before its first digit and the rest, for systems that keep one list
/// per interface type. `{vlans}` is the key of an entry that holds VLANs by it, `{evi}`
/// that of an EVPN instance: any is read, and a VNI's number is written.
const PLACEHOLDERS: [&str; 11] = [
    "{name}",
    "{type}",
    "{id}",
    "{instance}",
    "{vlan-id}",
    "{vlan-name}",
    "{vlans}",
    "{vtep}",
    "{vni}",
    "{evi}",
    "{bgp-as}",
];

const VLANS: &str = "{vlans}";

/// The module a node belongs to: by its XML namespace, and by its name where
/// the dialect gives one (RFC 7951 section 4 names modules, not namespaces).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The XML namespace.
    pub namespace: Arc<str>,
    /// The module's name.
    pub name: Option<Arc<str>>,
}

impl Module {
    /// The module of interface types (RFC 7224).
    #[must_use]
    pub fn iana_if_type() -> Self {
        let namespace = Arc::from("urn:ietf:params:xml:ns:yang:iana-if-type");
        Self { namespace, name: Some(Arc::from("iana-if-type")) }
    }
}

/// One node of a path: a name in a namespace, and list keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathStep {
    /// The module the node belongs to.
    pub module: Module,
    /// The node's name, or a placeholder.
    pub name: String,
    /// Keys and their values; values may be placeholders.
    pub keys: Vec<(String, String)>,
}

impl PathStep {
    /// Whether it is a node of one name: no placeholder stands in it, and it has no keys.
    pub(crate) fn is_plain(&self) -> bool {
        self.keys.is_empty() && !self.name.starts_with('{')
    }
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
        modules: &BTreeMap<String, Module>,
        inherited: Option<&Module>,
    ) -> Result<Self, String> {
        let mut current = inherited.cloned();
        let mut steps = Vec::new();
        for part in split(text) {
            let (node, keys) = part.split_once('[').map_or((part, None), |(node, rest)| (node, Some(rest)));
            let name = match node.split_once(':') {
                Some((prefix, name)) => {
                    let found = modules.get(prefix).ok_or_else(|| format!("{text:?}: no namespace {prefix:?}"))?;
                    current = Some(found.clone());
                    name
                }
                None => node,
            };
            let module = current.clone().ok_or_else(|| format!("{text:?}: the first node has no namespace"))?;
            known(text, name)?;
            let keys = keys.map_or(Ok(Vec::new()), |keys| parse_keys(text, keys))?;
            steps.push(PathStep { module, name: name.to_owned(), keys });
        }
        Ok(Self { steps })
    }

    /// The module that nodes below this path inherit.
    pub(crate) fn module(&self) -> Option<&Module> {
        self.steps.last().map(|step| &step.module)
    }

    /// This path and one below it.
    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        Self { steps: self.steps.iter().chain(&below.steps).cloned().collect() }
    }

    /// This path and one step more, in the same module.
    pub(crate) fn with_step(&self, name: &str) -> Self {
        let module = self.module().cloned();
        let step = module.map(|module| PathStep { module, name: name.to_owned(), keys: Vec::new() });
        Self { steps: self.steps.iter().cloned().chain(step).collect() }
    }

    /// The key of the list entry the path ends at, by these names; the first,
    /// where there are several.
    #[must_use]
    pub fn key(&self, names: &crate::Names) -> Option<String> {
        let (_, word) = self.steps.last()?.keys.first()?;
        names.resolve(word).map(std::borrow::Cow::into_owned)
    }

    /// The key of the entries it ends at, where that is what they hold.
    #[must_use]
    pub(crate) fn vlans_key(&self) -> Option<&str> {
        self.steps.last()?.keys.iter().find(|(_, word)| word == VLANS).map(|(key, _)| key.as_str())
    }

    /// The entry that holds `vlans` in its key.
    #[must_use]
    pub(crate) fn of_vlans(&self, vlans: &str) -> Self {
        let mut path = self.clone();
        let words = path.steps.last_mut().into_iter().flat_map(|step| &mut step.keys).map(|(_, word)| word);
        words.filter(|word| *word == VLANS).for_each(|word| vlans.clone_into(word));
        path
    }

    /// The names of its nodes, for people.
    #[must_use]
    pub(crate) fn shown(&self) -> String {
        let names: Vec<_> = self.steps.iter().map(|step| step.name.as_str()).collect();
        names.join("/")
    }

    /// The node beside this one of another name.
    #[must_use]
    pub(crate) fn sibling(&self, name: &str) -> Self {
        let mut path = self.clone();
        if let Some(last) = path.steps.last_mut() {
            name.clone_into(&mut last.name);
        }
        path
    }

    /// Whether a key on the way is what this placeholder stands for.
    #[must_use]
    pub(crate) fn has_placeholder(&self, placeholder: &str) -> bool {
        self.steps.iter().flat_map(|step| &step.keys).any(|(_, word)| word == placeholder)
    }

    /// Whether the other lies below it.
    #[must_use]
    pub(crate) fn is_above(&self, other: &Self) -> bool {
        self.steps.len() < other.steps.len() && other.steps.starts_with(&self.steps)
    }

    /// The path without its last node.
    #[must_use]
    pub fn parent(&self) -> Self {
        let above = self.steps.split_last().map_or(&[][..], |(_, above)| above);
        Self { steps: above.to_vec() }
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

/// A word is a name, a placeholder, or a placeholder behind a fixed text, as
/// in `Vlan{vlan-id}`.
fn known(text: &str, word: &str) -> Result<(), String> {
    let placeholder = word.find('{').and_then(|at| word.get(at..));
    if word.is_empty()
        || (placeholder.is_none() && word.contains('}'))
        || placeholder.is_some_and(|word| !PLACEHOLDERS.contains(&word))
    {
        return Err(format!("{text:?}: {word:?} is neither a name nor a placeholder Mercury knows"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_carries_namespaces_and_keys_downwards() {
        let module = |name: &str| Module { namespace: Arc::from(format!("urn:{name}")), name: None };
        let modules = BTreeMap::from([("a".to_owned(), module("a")), ("b".to_owned(), module("b"))]);
        let path = NodePath::parse("a:list[name={name}]/config/b:leaf", &modules, None).unwrap();
        let shown: Vec<_> =
            path.steps.iter().map(|s| format!("{}|{}|{:?}", s.module.namespace, s.name, s.keys)).collect();
        assert_eq!(shown, ["urn:a|list|[(\"name\", \"{name}\")]", "urn:a|config|[]", "urn:b|leaf|[]"]);
        assert!(NodePath::parse("leaf", &modules, None).is_err());
        assert_eq!(NodePath::parse("", &modules, None).unwrap(), NodePath::default());
    }
}
