//! A switch's data as JSON, and requests on it as RFC 8040 and RFC 8072 say, written apart
//! from the adapter on purpose.

use mercury_restconf::{Changes, conformance};
use serde_json::{Map, Value as Json};

/// The key of a list, by its name and its parent's.
pub(crate) fn key(above: &str, name: &str) -> Option<&'static str> {
    match (above, name) {
        ("vlan", "vlan-list") => Some("id"),
        ("add-vlans", "add") => Some("vlans"),
        ("interface", "Port-channel" | "AppGigabitEthernet" | "Vlan" | "Loopback" | "Tunnel") => Some("name"),
        ("interface", kind) if kind.ends_with("GigE") || kind.ends_with("Ethernet") => Some("name"),
        ("interfaces", "interface") | ("network-instances", "network-instance") => Some("name"),
        ("vlans", "vlan") => Some("vlan-id"),
        ("connection-points", "connection-point") => Some("connection-point-id"),
        ("endpoints", "endpoint") => Some("endpoint-id"),
        ("local-endpoint-vnis", "local-endpoint-vni") => Some("vni"),
        ("evpn-instances", "evpn-instance") => Some("evi"),
        ("subinterfaces", "subinterface") => Some("index"),
        _ => None,
    }
}

/// A step of a URI.
#[derive(Clone, Debug)]
struct Step {
    name: String,
    value: Option<String>,
}

/// A switch.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) data: Json,
    /// Whether it takes a YANG Patch.
    pub(crate) patches: bool,
    /// What becomes of its data with a request, where that is more than the request says; or
    /// why it is refused.
    pub(crate) becomes: Option<Becomes>,
}

/// From what was there and what a request makes of it.
pub(crate) type Becomes = fn(&Json, Json) -> Result<Json, String>;

impl Device {
    /// Does what a change asks for; gives the requests.
    pub(crate) fn apply(&mut self, changes: &Changes) -> Result<usize, String> {
        self.apply_first(usize::MAX, changes)
    }

    /// Does the first of the requests of a change; gives how many.
    pub(crate) fn apply_first(&mut self, most: usize, changes: &Changes) -> Result<usize, String> {
        let mut requests = conformance::requests(changes, self.patches, false);
        requests.truncate(most);
        for (method, uri, body) in &requests {
            self.change(method, uri, body.as_deref())?;
        }
        Ok(requests.len())
    }

    /// Does one request; what is refused has done nothing where it is known what becomes of
    /// the data.
    pub(crate) fn change(&mut self, method: &str, uri: &str, body: Option<&str>) -> Result<(), String> {
        let before = self.data.clone();
        let target = steps(uri.strip_prefix("/data").ok_or("no data resource")?);
        let body: Option<Json> = body.map(|text| serde_json::from_str(text).unwrap());
        match (method, body) {
            ("DELETE", None) => self.remove(&target)?,
            ("PUT", Some(body)) => {
                self.remove(&target)?;
                self.merge(&target, &body)?;
            }
            ("PATCH", Some(body)) => match body.get("ietf-yang-patch:yang-patch") {
                Some(patch) => self.patch(&target, patch)?,
                None => self.merge(&target, &body)?,
            },
            (method, _) => return Err(format!("{method} of {uri}")),
        }
        if let Some(becomes) = self.becomes {
            match becomes(&before, self.data.take()) {
                Ok(data) => self.data = data,
                Err(refusal) => {
                    self.data = before;
                    return Err(format!("{method} of {uri}: {refusal}"));
                }
            }
        }
        Ok(())
    }

    fn patch(&mut self, target: &[Step], patch: &Json) -> Result<(), String> {
        for edit in patch["edit"].as_array().ok_or("no edits")? {
            let at = [target, &steps(edit["target"].as_str().ok_or("no target")?)].concat();
            match edit["operation"].as_str() {
                Some("merge" | "create") => self.merge(&at, &edit["value"])?,
                Some("remove") => self.remove(&at)?,
                // RFC 8072 section 2.5: it has to be there.
                Some("replace") => {
                    self.remove(&at)?;
                    self.merge(&at, &edit["value"])?;
                }
                other => return Err(format!("operation {other:?}")),
            }
        }
        Ok(())
    }

    /// The body names the target.
    fn merge(&mut self, target: &[Step], body: &Json) -> Result<(), String> {
        let members = body.as_object().filter(|members| members.len() == 1).ok_or("the body names one node")?;
        let (name, value) = members.iter().next().unwrap();
        let Some((last, above)) = target.split_last() else {
            return if name == "ietf-restconf:data" { merge(&mut self.data, value, "") } else { Err(name.clone()) };
        };
        if bare(name) != last.name || !name.contains(':') {
            return Err(format!("{name} in a request for {}", last.name));
        }
        let (mut node, mut parent) = (&mut self.data, "");
        for step in above {
            node = descend(node, parent, step)?;
            parent = &step.name;
        }
        let mut wrapped = Map::new();
        wrapped.insert(last.name.clone(), value.clone());
        merge(node, &Json::Object(wrapped), parent)
    }

    fn remove(&mut self, target: &[Step]) -> Result<(), String> {
        let (last, above) = target.split_last().ok_or("the datastore stays")?;
        let (mut node, mut parent) = (&mut self.data, "");
        for step in above {
            let Some(below) = node.get_mut(&step.name) else { return Ok(()) };
            node = match (below, key(parent, &step.name)) {
                (Json::Array(entries), Some(key)) => {
                    let own = entries.iter_mut().find(|entry| Some(text(&entry[key])) == step.value);
                    let Some(own) = own else { return Ok(()) };
                    own
                }
                (below, _) => below,
            };
            parent = &step.name;
        }
        let Some(members) = node.as_object_mut() else { return Ok(()) };
        match (members.get_mut(&last.name), &last.value) {
            (Some(Json::Array(values)), Some(value)) => {
                let key = key(parent, &last.name);
                values.retain(|own| text(key.map_or(own, |key| &own[key])) != *value);
                if values.is_empty() {
                    members.remove(&last.name);
                }
            }
            (Some(Json::Array(values)), None) if values.iter().all(|value| !value.is_null()) => {
                return Err(format!("{} without a key", last.name));
            }
            _ => drop(members.remove(&last.name)),
        }
        Ok(())
    }
}

fn descend<'a>(node: &'a mut Json, above: &str, step: &Step) -> Result<&'a mut Json, String> {
    let members = node.as_object_mut().ok_or("below a leaf")?;
    match (key(above, &step.name), &step.value) {
        (Some(key), Some(value)) => {
            let entries = members.entry(&step.name).or_insert_with(|| Json::Array(Vec::new()));
            let entries = entries.as_array_mut().ok_or("no list")?;
            let at = entries.iter().position(|entry| text(&entry[key]) == *value).ok_or("no such entry")?;
            Ok(&mut entries[at])
        }
        (None, None) => Ok(members.entry(&step.name).or_insert_with(|| Json::Object(Map::new()))),
        _ => Err(format!("{step:?} below {above}")),
    }
}

/// Lays an object over another; `above` is what both are.
fn merge(node: &mut Json, value: &Json, above: &str) -> Result<(), String> {
    let (Some(members), Some(new)) = (node.as_object_mut(), value.as_object()) else {
        *node = without_modules(value);
        return Ok(());
    };
    for (name, value) in new {
        let name = bare(name);
        match (value, key(above, name)) {
            (Json::Array(entries), Some(key)) => {
                let there = members.entry(name).or_insert_with(|| Json::Array(Vec::new())).as_array_mut();
                let there = there.ok_or("no list")?;
                for entry in entries {
                    let own = text(&entry[key]);
                    let at = there.iter().position(|one| text(&one[key]) == own).unwrap_or_else(|| {
                        there.push(Json::Object(Map::new()));
                        there.len() - 1
                    });
                    merge(&mut there[at], entry, name)?;
                }
            }
            (Json::Array(values), None) if values.iter().all(|value| !value.is_null()) => {
                let there = members.entry(name).or_insert_with(|| Json::Array(Vec::new())).as_array_mut();
                let there = there.ok_or("no leaf-list")?;
                let has = |value: &Json| there.iter().any(|own| text(own) == text(value));
                let new: Vec<_> = values.iter().filter(|value| !has(value)).cloned().collect();
                there.extend(new);
            }
            (Json::Object(_), _) => {
                let there = members.entry(name).or_insert_with(|| Json::Object(Map::new()));
                merge(there, value, name)?;
            }
            (value, _) => drop(members.insert(name.to_owned(), value.clone())),
        }
    }
    Ok(())
}

fn without_modules(value: &Json) -> Json {
    match value {
        Json::Object(members) => {
            members.iter().map(|(name, value)| (bare(name).to_owned(), without_modules(value))).collect()
        }
        Json::Array(values) => values.iter().map(without_modules).collect(),
        other => other.clone(),
    }
}

fn steps(uri: &str) -> Vec<Step> {
    let step = |segment: &str| {
        let (name, value) = segment.split_once('=').map_or((segment, None), |(name, value)| (name, Some(value)));
        Step { name: bare(name).to_owned(), value: value.map(decoded) }
    };
    uri.split('/').filter(|segment| !segment.is_empty()).map(step).collect()
}

fn decoded(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        if *first == b'%' {
            octets.push(u8::from_str_radix(std::str::from_utf8(&more[..2]).unwrap(), 16).unwrap());
            rest = &more[2..];
        } else {
            octets.push(*first);
        }
    }
    String::from_utf8(octets).unwrap()
}

pub(crate) fn bare(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}

pub(crate) fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One line for each leaf, entries by their keys, sorted; nothing of what is left empty.
pub(crate) fn leaves(node: &Json) -> Vec<String> {
    let mut found = Vec::new();
    collect(node, "", "", &mut found);
    found.sort();
    found
}

fn collect(node: &Json, above: &str, path: &str, found: &mut Vec<String>) {
    for (name, value) in node.as_object().unwrap() {
        let path = format!("{path}/{name}");
        match (value, key(above, name)) {
            (Json::Object(members), _) if !members.is_empty() => collect(value, name, &path, found),
            (Json::Array(entries), Some(key)) => {
                for entry in entries {
                    collect(entry, name, &format!("{path}[{}]", text(&entry[key])), found);
                }
            }
            // Presence containers and empty leaves are there, whatever they hold.
            (Json::Object(_) | Json::Null, _) => found.push(path),
            (Json::Array(values), None) if values.iter().all(Json::is_null) => found.push(path),
            (Json::Array(values), None) => found.extend(values.iter().map(|value| format!("{path} {}", text(value)))),
            (value, _) => found.push(format!("{path} {}", text(value))),
        }
    }
}
