//! A switch's data as JSON, and Set on it as gNMI section 3.4 says, written
//! apart from the renderer on purpose: what the two agree on is the
//! specification.

use mercury_gnmi_proto::gnmi::{Path, PathElem, SetRequest, TypedValue, Update, typed_value};
use serde_json::{Map, Value as Json};

/// The key of a list, by its name and its parent's; what of the published
/// schemas the interpreter has to know.
pub(crate) fn key(above: &str, name: &str) -> Option<&'static str> {
    match (above, name) {
        ("bgp-evpn" | "bgp-vpn", "bgp-instance") => Some("id"),
        ("tunnel-interface", "vxlan-interface") => Some("index"),
        ("bgp", "group") => Some("group-name"),
        ("group", "afi-safi") => Some("afi-safi-name"),
        ("interfaces" | "" | "network-instance", "interface")
        | ("", "tunnel-interface")
        | ("network-instances" | "", "network-instance")
        | ("network-instance", "vxlan-interface")
        | ("bridge-table", "split-horizon-group") => Some("name"),
        ("ipv4" | "ipv6", "address") => Some("ip-prefix"),
        ("addresses", "address") | ("neighbors", "neighbor") => Some("ip"),
        ("vrrp", "vrrp-group") => Some("virtual-router-id"),
        ("single-tagged-range", "low-vlan-id") => Some("range-low-vlan-id"),
        ("members", "member") => Some("interface"),
        ("vlans", "vlan") => Some("vlan-id"),
        ("connection-points", "connection-point") => Some("connection-point-id"),
        ("endpoints", "endpoint") => Some("endpoint-id"),
        ("local-endpoint-vnis", "local-endpoint-vni") => Some("vni"),
        ("evpn-instances", "evpn-instance") => Some("evi"),
        ("interface" | "subinterfaces", "subinterface") => Some("index"),
        _ => None,
    }
}

/// A switch.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) data: Json,
    /// Whether every value comes in an object that names its node.
    pub(crate) wrapped: bool,
    /// Whether it shows lists and objects the other way round.
    pub(crate) reversed: bool,
}

impl Device {
    /// A switch with this in its datastore.
    pub(crate) fn with(data: Json, wrapped: bool) -> Self {
        Self { data, wrapped, reversed: false }
    }

    /// Does what a Set says, wholly or not at all: deletes, replaces, updates.
    pub(crate) fn apply(&mut self, request: &SetRequest) -> Result<(), String> {
        let mut after = self.clone();
        for path in &request.delete {
            after.delete(&full(request, path)?)?;
        }
        for update in &request.replace {
            after.set(request, update, true)?;
        }
        for update in &request.update {
            after.set(request, update, false)?;
        }
        *self = after;
        Ok(())
    }

    fn delete(&mut self, elems: &[PathElem]) -> Result<(), String> {
        let (last, parents) = elems.split_last().ok_or("delete of the root")?;
        let (mut node, mut above) = (&mut self.data, "");
        for elem in parents {
            let Some(below) = descend(node, above, elem, false)? else { return Ok(()) };
            node = below;
            above = bare(&elem.name);
        }
        let Some(members) = node.as_object_mut() else { return Ok(()) };
        let name = bare(&last.name);
        match wanted_key(above, last)? {
            None => {
                members.remove(name);
            }
            Some((key, value)) => {
                if let Some(entries) = members.get_mut(name).and_then(Json::as_array_mut) {
                    entries.retain(|entry| text(&entry[key]) != value);
                }
            }
        }
        Ok(())
    }

    fn set(&mut self, request: &SetRequest, update: &Update, replace: bool) -> Result<(), String> {
        let elems = full(request, update.path.as_ref().ok_or("an update without a path")?)?;
        let (last, parents) = elems.split_last().ok_or("a value for the root")?;
        let mut value = value(update.val.as_ref().ok_or("an update without a value")?)?;
        if self.wrapped {
            value = unwrapped(&value, last)?;
        }
        let (mut node, mut above) = (&mut self.data, "");
        for elem in parents {
            node = descend(node, above, elem, true)?.ok_or("made just now")?;
            above = bare(&elem.name);
        }
        let (name, is_entry) = (bare(&last.name), wanted_key(above, last)?.is_some());
        match &value {
            Json::Object(members) => {
                if replace && members.is_empty() {
                    return Err(format!("INVALID_ARGUMENT: {name} replaced with nothing"));
                }
                if replace {
                    self.delete(&elems)?;
                    return self.set(request, update, false);
                }
                let node = descend(node, above, last, true)?.ok_or("made just now")?;
                merge(node, name, value)
            }
            _ if is_entry => Err(format!("INVALID_ARGUMENT: {name} is an entry, its value is not")),
            _ => {
                let members = node.as_object_mut().ok_or("a leaf below a leaf")?;
                if replace {
                    members.remove(name);
                }
                leaf(members, name, value)
            }
        }
    }
}

/// The path from the top. `target` belongs to the prefix alone and `origin` is
/// said once (section 2.2.2.1).
fn full(request: &SetRequest, path: &Path) -> Result<Vec<PathElem>, String> {
    let prefix = request.prefix.clone().unwrap_or_default();
    if !path.target.is_empty() || !(path.origin.is_empty() || prefix.origin.is_empty()) {
        return Err("target or origin where it does not belong".to_owned());
    }
    Ok(prefix.elem.iter().chain(&path.elem).cloned().collect())
}

/// The node a path element names, below its parent.
fn descend<'a>(node: &'a mut Json, above: &str, elem: &PathElem, make: bool) -> Result<Option<&'a mut Json>, String> {
    let name = bare(&elem.name);
    let members = node.as_object_mut().ok_or_else(|| format!("{name} below a leaf"))?;
    let wanted = wanted_key(above, elem)?;
    if make && !members.contains_key(name) {
        members.insert(name.to_owned(), if wanted.is_some() { Json::Array(Vec::new()) } else { object() });
    }
    let Some(found) = members.get_mut(name) else { return Ok(None) };
    let Some((key, value)) = wanted else { return Ok(Some(found)) };
    Ok(entry(found, key, value, make))
}

/// A list's entry with this key, made where it is missing.
fn entry<'a>(list: &'a mut Json, key: &str, value: &str, make: bool) -> Option<&'a mut Json> {
    let entries = list.as_array_mut().unwrap();
    let index = match entries.iter().position(|entry| text(&entry[key]) == value) {
        Some(index) => index,
        None if make => {
            entries.push(Map::from_iter([(key.to_owned(), Json::from(value))]).into());
            entries.len() - 1
        }
        None => return None,
    };
    Some(&mut entries[index])
}

/// The key an element must name. A value needs it (section 3.4.5), and so does
/// a deletion here: Mercury takes no list away.
fn wanted_key<'a>(above: &str, elem: &'a PathElem) -> Result<Option<(&'static str, &'a str)>, String> {
    let keys: Vec<_> = elem.key.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    match (key(above, bare(&elem.name)), keys.as_slice()) {
        (None, []) => Ok(None),
        (Some(key), [(own, value)]) if *own == key => Ok(Some((key, value))),
        (wanted, got) => Err(format!("INVALID_ARGUMENT: {} has keys {got:?}, not {wanted:?}", elem.name)),
    }
}

/// Lays an object over a node.
fn merge(node: &mut Json, above: &str, value: Json) -> Result<(), String> {
    let (Json::Object(members), Json::Object(new)) = (node, value) else { return Err("not an object".to_owned()) };
    for (name, value) in new {
        let own = bare(&name);
        match (key(above, own), value) {
            (Some(key), Json::Array(entries)) => {
                let list = members.entry(own).or_insert_with(|| Json::Array(Vec::new()));
                for value in entries {
                    let id = member(&value, key).map(text).ok_or_else(|| format!("{own} without its key {key}"))?;
                    merge(entry(list, key, &id, true).ok_or("made just now")?, own, value)?;
                }
            }
            (_, value @ Json::Object(_)) => merge(members.entry(own).or_insert_with(object), own, value)?,
            // The key is what the path says (section 3.4.5).
            (_, value) if is_key(members, own, above) && text(&members[own]) != text(&value) => {
                return Err(format!("INVALID_ARGUMENT: the key {} is not {value}", members[own]));
            }
            (_, value) if is_key(members, own, above) => {
                members.insert(own.to_owned(), value);
            }
            (_, value) => leaf(members, own, value)?,
        }
    }
    Ok(())
}

fn is_key(members: &Map<String, Json>, name: &str, list: &str) -> bool {
    let keys = ["interfaces", "network-instances", "vlans", "interface", "network-instance", ""];
    members.contains_key(name) && keys.iter().any(|above| key(above, list) == Some(name))
}

/// Sets a leaf. An update adds to a leaf-list: no specification says that it
/// takes anything away.
fn leaf(members: &mut Map<String, Json>, name: &str, value: Json) -> Result<(), String> {
    let value = match (members.get(name), value) {
        (Some(Json::Array(present)), Json::Array(new)) => {
            let added: Vec<Json> = new.into_iter().filter(|value| !present.contains(value)).collect();
            present.iter().cloned().chain(added).collect()
        }
        (_, value) => value,
    };
    if let Json::Array(values) = &value
        && values.iter().enumerate().any(|(index, value)| values[..index].contains(value))
    {
        return Err(format!("{name} has a value twice"));
    }
    members.insert(name.to_owned(), value);
    Ok(())
}

fn value(typed: &TypedValue) -> Result<Json, String> {
    use typed_value::Value;
    Ok(match typed.value.as_ref().ok_or("no value")? {
        Value::JsonIetfVal(json) | Value::JsonVal(json) => {
            serde_json::from_slice(json).map_err(|error| error.to_string())?
        }
        Value::StringVal(text) => text.as_str().into(),
        Value::UintVal(number) => (*number).into(),
        Value::BoolVal(value) => (*value).into(),
        Value::LeaflistVal(list) => list.element.iter().map(value).collect::<Result<_, _>>()?,
        other => return Err(format!("{other:?} for no leaf")),
    })
}

/// A value out of the object that names its node.
fn unwrapped(value: &Json, elem: &PathElem) -> Result<Json, String> {
    let wrong = || format!("{value} does not name {}", elem.name);
    let members = value.as_object().filter(|members| members.len() == 1).ok_or_else(wrong)?;
    let (name, inner) = members.iter().next().ok_or_else(wrong)?;
    if bare(name) != bare(&elem.name) {
        return Err(wrong());
    }
    match inner {
        Json::Array(entries) if !elem.key.is_empty() => match entries.as_slice() {
            [one] => Ok(one.clone()),
            _ => Err(wrong()),
        },
        _ if !elem.key.is_empty() => Err(wrong()),
        inner => Ok(inner.clone()),
    }
}

fn member<'a>(value: &'a Json, name: &str) -> Option<&'a Json> {
    value.as_object()?.iter().find(|(own, _)| bare(own) == name).map(|(_, value)| value)
}

fn object() -> Json {
    Json::Object(Map::new())
}

/// A key's text; keys are texts in paths and may be numbers in values.
pub(crate) fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A name without its module's.
pub(crate) fn bare(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}
