//! A dialect's paths as gNMI paths (gNMI section 2.2.2).

use mercury_adapter::{Module, Names, NodePath, PathPrefixes};
use mercury_gnmi_proto::gnmi::{Path, PathElem};

/// The path of a node, from the top; keys without a value are left out, which
/// selects every entry.
pub(crate) fn encode(path: &NodePath, names: &Names, prefixes: PathPrefixes, origin: Option<&str>) -> Path {
    let mut above: Option<&Module> = None;
    let mut elem = Vec::new();
    for step in &path.steps {
        let bare = names.resolve(&step.name).unwrap_or_default();
        let qualified = match prefixes {
            PathPrefixes::None => None,
            PathPrefixes::First => step.module.name.as_ref().filter(|_| above.is_none()),
            PathPrefixes::Modules => step.module.name.as_ref().filter(|_| above != Some(&step.module)),
        };
        let name = qualified.map_or_else(|| bare.to_string(), |module| format!("{module}:{bare}"));
        let keys = step.keys.iter().filter_map(|(key, word)| Some((key.clone(), names.resolve(word)?.into_owned())));
        elem.push(PathElem { name, key: keys.collect() });
        above = Some(&step.module);
    }
    Path { origin: origin.unwrap_or_default().to_owned(), elem, ..Path::default() }
}
