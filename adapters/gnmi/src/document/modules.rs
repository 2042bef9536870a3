//! Whether the members of JSON have the modules before them that a dialect has them in (RFC
//! 7951 section 4): what reads data goes by their names alone, and a server does not.

use std::ops::Range;

use mercury_adapter::{Nodes, Unread};
use serde_json::value::RawValue;

use super::{
    response,
    set::{Pairs, decoded, offset, plain, said},
};

/// The members of a text, RFC 7951 JSON of a datastore's top, that `nodes` has in another
/// module; what is in such a one is not looked at, nor is what a switch answered. Where all are
/// `is_named` one is in the module of what it is in unless it names another, and the first ones
/// must; elsewhere what names none may be in any.
///
/// # Errors
/// A sentence: it is no JSON.
pub fn strangers(text: &str, nodes: &Nodes, is_named: bool) -> Result<Unread, String> {
    let own = text.trim_start_matches('\u{feff}');
    if response(own)?.is_some() {
        return Ok(Unread::default());
    }
    let shift = text.len() - own.len();
    let mut looking = Looking { unread: Unread::default(), is_named, place: |octet, _: &str| (text, octet + shift) };
    let top: Vec<(String, &RawValue)> = members(own)?;
    match top.as_slice() {
        // RESTCONF's name for it (RFC 8040 section 3.3.1).
        [(name, inner)] if bare(name) == "data" => looking.value(own, &[nodes], None, inner.get())?,
        _ => looking.members(own, &[nodes], None, own)?,
    }
    Ok(looking.unread)
}

/// The same of what a SetRequest brings and deletes, where modules are named at all.
///
/// # Errors
/// As of [`super::set_request`].
pub fn strangers_of_set(text: &str, nodes: &Nodes) -> Result<Unread, String> {
    let said = said(text)?;
    let (mut unread, decoded) = (Unread::default(), decoded(text));
    let shown = decoded.as_ref().map_or(text, |decoded| &decoded.text);
    for part in said.parts {
        let Range { start, end } = part.at;
        // The value may stand there in other words, such as in a text.
        let place = |_, name: &str| {
            let inside = shown.get(start..end).and_then(|own| own.find(name)).unwrap_or_default();
            (text, start + inside)
        };
        let mut looking = Looking { unread: std::mem::take(&mut unread), is_named: false, place };
        let (mut below, mut module) = (vec![nodes], None);
        for elem in said.prefix.elem.iter().chain(&part.path.elem) {
            let (own, inside) = looking.member(|| 0, &below, module.as_deref(), &elem.name);
            (below, module) = (inside, own);
        }
        if let Some(value) = part.val.and_then(|value| plain(value).ok()).filter(|_| !below.is_empty()) {
            let value = value.to_string();
            looking.value(&value, &below, module.as_deref(), &value)?;
        }
        unread = looking.unread;
    }
    Ok(unread)
}

struct Looking<P> {
    unread: Unread,
    /// Whether what names no module is in that of what it is in.
    is_named: bool,
    /// In which text, and at which octet of it, what is at an octet of JSON and has this name is.
    place: P,
}

impl<'t, P: Fn(usize, &str) -> (&'t str, usize)> Looking<P> {
    /// `module` is the one of what it is the value of.
    fn value(&mut self, text: &str, nodes: &[&Nodes], module: Option<&str>, own: &str) -> Result<(), String> {
        match own.trim_start().chars().next() {
            Some('{') => self.members(text, nodes, module, own),
            Some('[') => {
                let all: Vec<&RawValue> = serde_json::from_str(own).map_err(|error| error.to_string())?;
                all.iter().try_for_each(|one| self.value(text, nodes, module, one.get()))
            }
            _ => Ok(()),
        }
    }

    fn members(&mut self, text: &str, nodes: &[&Nodes], module: Option<&str>, own: &str) -> Result<(), String> {
        for (name, value) in members(own)? {
            // What is in `@` says something of a node, and is none.
            if name.starts_with('@') {
                continue;
            }
            let at = || {
                let before = text.get(..offset(text, value)).unwrap_or_default();
                name_before(before).unwrap_or(before.len())
            };
            let (own, below) = self.member(at, nodes, module, &name);
            if !below.is_empty() {
                self.value(text, &below, own.as_deref(), value.get())?;
            }
        }
        Ok(())
    }

    /// Looks at one member; tells its module, and what is looked at below.
    fn member<'n>(
        &mut self,
        at: impl FnOnce() -> usize,
        nodes: &[&'n Nodes],
        module: Option<&str>,
        name: &str,
    ) -> (Option<String>, Vec<&'n Nodes>) {
        let own = name.rsplit_once(':').map(|(own, _)| own).or(module.filter(|_| self.is_named));
        let named = || nodes.iter().flat_map(|node| node.below(bare(name)));
        let fits = |known: &Option<std::sync::Arc<str>>| match (known.as_deref(), own) {
            (Some(known), Some(own)) => known == own,
            (Some(_), None) => !self.is_named,
            (None, _) => true,
        };
        let below: Vec<&Nodes> = named().filter(|(step, _)| fits(&step.module.name)).map(|(_, below)| below).collect();
        let meant = own.map(str::to_owned);
        if let (true, Some((step, _))) = (below.is_empty(), named().next()) {
            let known = step.module.name.as_deref().unwrap_or_default();
            let what = match own {
                Some(own) => format!("{name:?} is in module {own:?}, and not in {known:?}"),
                None => format!("{name:?} names no module, and is in {known:?}"),
            };
            let (text, octet) = (self.place)(at(), name);
            self.unread.add_at(text, octet, || what);
        }
        (meant, below)
    }
}

fn members(text: &str) -> Result<Vec<(String, &RawValue)>, String> {
    serde_json::from_str::<Pairs<'_>>(text).map(|Pairs(all)| all).map_err(|error| error.to_string())
}

/// Where the name of a member begins whose value is behind this, however it is written.
fn name_before(text: &str) -> Option<usize> {
    let name = text.trim_end().strip_suffix(':')?.trim_end().strip_suffix('"')?;
    let is_escaped = |at: usize| {
        let before = name.as_bytes().get(..at).unwrap_or_default();
        before.iter().rev().take_while(|octet| **octet == b'\\').count() % 2 == 1
    };
    name.rmatch_indices('"').map(|(at, _)| at).find(|at| !is_escaped(*at))
}

fn bare(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use mercury_adapter::builtin;

    use super::*;

    fn nodes(dialect: &str) -> Nodes {
        let all = builtin().unwrap();
        let dialect = all.iter().find(|one| one.name == dialect).unwrap();
        dialect.gnmi.as_ref().unwrap().mapping.looked_at("default").0
    }

    fn shown(unread: &Unread) -> Vec<String> {
        let place = |number: Option<usize>| number.unwrap_or_default();
        unread.told.iter().map(|left| format!("{}:{} {}", place(left.line), place(left.column), left.what)).collect()
    }

    #[test]
    fn a_member_of_another_module_is_told_with_its_place() {
        let port = |top: &str, vlan: &str| {
            format!(
                "{{\"{top}\": {{\"interface\": [\n {{\"name\": \"e1\", \"config\": {{\"name\": \"e1\"}},\n  \
                 \"openconfig-if-ethernet:ethernet\": {{\"{vlan}\": {{\"config\": {{}}}}}}}}]}}}}"
            )
        };
        let (top, vlan) = ("openconfig-interfaces:interfaces", "openconfig-vlan:switched-vlan");
        let told = |text: &str| shown(&strangers(text, &nodes("openconfig"), true).unwrap());
        assert_eq!(told(&port(top, vlan)), Vec::<String>::new());
        assert_eq!(
            told(&port("openconfig-vlan:interfaces", vlan)),
            [
                "1:2 \"openconfig-vlan:interfaces\" is in module \"openconfig-vlan\", and not in \"openconfig-interfaces\""
            ]
        );
        assert_eq!(
            told(&port("interfaces", vlan)),
            ["1:2 \"interfaces\" names no module, and is in \"openconfig-interfaces\""]
        );
        // An escape is searched for nowhere else.
        for (name, column) in [("openconfig-vlan:interf\\u0061ces", 3), ("openconfig-vlan\\u003ainterfaces", 3)] {
            let text = format!("{{ \"{name}\" : {{}}}}");
            let told = told(&text);
            assert!(told.len() == 1 && told[0].starts_with(&format!("1:{column} ")), "{text}: {told:?}");
        }
        assert_eq!(name_before("{\"a\": 1, \"b\\\"c\" : "), Some(9));
        // What names none is in that of what it is in.
        assert_eq!(
            told(&port(top, "switched-vlan")),
            ["3:39 \"switched-vlan\" is in module \"openconfig-if-ethernet\", and not in \"openconfig-vlan\""]
        );
        assert_eq!(told("{\"openconfig-system:system\": {\"interfaces\": 1}}"), Vec::<String>::new(), "others'");
        let around = format!("{{\"ietf-restconf:data\": {}}}", port(top, vlan));
        assert_eq!(told(&around), Vec::<String>::new());
        assert_eq!(told("[{\"updates\": []}]"), Vec::<String>::new(), "an answer");
    }

    #[test]
    fn of_a_set_request_a_module_may_be_left_out_and_a_wrong_one_is_told() {
        let request = |path: &str, member: &str| {
            format!("{{\"updates\": [\n {{\"path\": \"{path}\", \"value\": {{\"{member}\": {{\"config\": {{}}}}}}}}]}}")
        };
        let told = |text: &str| shown(&strangers_of_set(text, &nodes("openconfig")).unwrap());
        let (path, right) = ("/interfaces/interface[name=e1]/ethernet", "openconfig-vlan:switched-vlan");
        for path in [path, "/openconfig-interfaces:interfaces/interface[name=e1]/openconfig-if-ethernet:ethernet"] {
            assert_eq!(told(&request(path, right)), Vec::<String>::new(), "{path}");
        }
        assert_eq!(
            told(&request(path, "openconfig-valn:switched-vlan")),
            ["2:65 \"openconfig-valn:switched-vlan\" is in module \"openconfig-valn\", and not in \"openconfig-vlan\""]
        );
        let wrong = told(&request("/openconfig-vlan:interfaces/interface[name=e1]/ethernet", right));
        assert_eq!(wrong.len(), 1, "{wrong:?}");
    }
}
