//! Files of requests: JSON, JSON lines, YAML or CSV, or Ironic's ports, or what its
//! inspection found, or a plan that was saved; and where in the file each of them is.
#![expect(clippy::indexing_slicing, reason = "a JSON value indexed by a name it lacks is null")]

mod lldp;

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json, value::RawValue};
use serde_saphyr::Spanned;

use super::{Failure, network::Networks, print, review};
use crate::fault::Fault;
use lldp::{Cable, Cabling};

/// A file of requests may be this long, in bytes.
const MAX_FILE: u64 = 16 << 20;
/// Of so many mistakes in one file is told.
const MAX_WRONG: usize = 20;
/// More requests in one file are a mistake.
const MAX_REQUESTS: usize = 100_000;

/// A method and its parameters.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: Value,
    pub(super) params: Value,
    /// Where it is from; nowhere where it was typed.
    pub(super) file: Option<String>,
    /// The line on which it begins, from 1.
    pub(super) line: usize,
    /// The lines on which its members begin, by their paths.
    lines: BTreeMap<String, usize>,
    /// It is a row of a table, whose columns have names of their own.
    pub(super) is_row: bool,
}

/// One value of a file.
pub(super) struct Item {
    /// The line on which it begins, from 1.
    pub(super) line: usize,
    pub(super) value: Value,
    /// The lines on which its members begin, by their paths.
    pub(super) lines: BTreeMap<String, usize>,
    /// It is a row of a table.
    pub(super) is_row: bool,
}

impl Request {
    /// One that was typed.
    pub(super) fn typed(method: &str, params: Value) -> Self {
        Self::typed_as(method.into(), params)
    }

    fn typed_as(method: Value, params: Value) -> Self {
        Self { method, params, file: None, line: 0, lines: BTreeMap::new(), is_row: false }
    }

    /// As `mercury.plan` and `mercury.verify` take it.
    pub(super) fn question(&self) -> Value {
        json!({"method": self.method, "params": self.params})
    }

    /// A fault by the names that whoever wrote the request knows.
    pub(super) fn in_its_words(&self, fault: &Fault) -> Fault {
        let parameter = fault.parameter.as_deref().filter(|_| self.is_row);
        let Some((parameter, column)) = parameter.and_then(|own| Some((own, super::table::column(own)?))) else {
            return fault.clone();
        };
        let message = fault.message.replacen(parameter, column, 1);
        Fault { parameter: Some(column.to_owned()), message, ..fault.clone() }
    }

    /// The file and the line of a parameter, or of what holds it.
    pub(super) fn place(&self, parameter: Option<&str>) -> Option<String> {
        Some(format!("{}:{}", self.file.as_ref()?, self.line_of(parameter)))
    }

    /// The line of a parameter, or of what holds it.
    pub(super) fn line_of(&self, parameter: Option<&str>) -> usize {
        let parameter = parameter.unwrap_or_default();
        let below = format!("params.{parameter}");
        // A value that a switch's entry does not allow is named without what is around it.
        let mut path = if parameter == "method" || parameter.starts_with("params") { parameter } else { &below };
        loop {
            if let Some(line) = self.lines.get(path) {
                return *line;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = path.get(..end).unwrap_or_default(),
                None => return self.line,
            }
        }
    }
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) requests: Vec<Request>,
    pub(super) misread: Vec<Misread>,
    /// How many more are ports that Ironic has never seen on a switch.
    pub(super) not_wired: usize,
}

/// What is no request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misread {
    /// The line on which it begins, from 1.
    pub(super) line: usize,
    pub(super) reason: String,
    /// The switch that it names all the same.
    pub(super) switch: Option<String>,
}

/// The requests of a file.
///
/// # Errors
/// A sentence with the file, the line and the field that is wrong.
pub(super) fn read(file: &Path, networks: &Networks) -> Result<Vec<Request>, Failure> {
    let Contents { requests, misread, not_wired } = read_each(file, networks)?;
    if not_wired > 0 {
        print::talk(&format!("{}: {}", file.display(), unwired(not_wired)));
    }
    let told = |Misread { line, reason, .. }: &Misread| format!("{}:{line}: {reason}", file.display());
    match misread.is_empty() {
        true => Ok(requests),
        false => Err(Failure::Other(misread.iter().take(MAX_WRONG).map(told).collect::<Vec<_>>().join("\n"))),
    }
}

/// How many ports are on no switch.
pub(super) fn unwired(count: usize) -> String {
    format!("{} not wired", print::counted(count, "port is", "ports are"))
}

/// The requests of a file, and what of it is none.
///
/// # Errors
/// A sentence with the file, the line and the field that is wrong: nothing of it can be read, or
/// there is no request in it.
pub(super) fn read_each(file: &Path, networks: &Networks) -> Result<Contents, Failure> {
    let text = super::read_bounded(file, MAX_FILE)?;
    let name = file.display().to_string();
    let items = items(&text).map_err(|(line, reason)| Failure::Other(format!("{name}:{line}: {reason}")))?;
    if items.len() > MAX_REQUESTS {
        return Err(Failure::Other(format!("{name}: more than {MAX_REQUESTS} requests")));
    }
    let mut contents = Contents::default();
    for item in items {
        let own = item.and_then(|item| {
            let (line, link) = (item.line, link(&item.value).cloned());
            if link.as_ref().is_some_and(is_empty) {
                contents.not_wired += 1;
                return Ok(Vec::new());
            }
            let switch = || link.as_ref()?["switch_id"].as_str().map(str::to_owned);
            of(item, networks).map_err(|reason| Misread { line, reason, switch: switch() })
        });
        match own {
            Ok(own) => {
                let own = own.into_iter().map(|request| Request { file: Some(name.clone()), ..request });
                contents.requests.extend(own);
            }
            Err(misread) => contents.misread.push(misread),
        }
    }
    if contents.requests.is_empty() && contents.misread.is_empty() {
        let unwired = match contents.not_wired {
            0 => String::new(),
            count => format!("; {}", unwired(count)),
        };
        return Err(Failure::Other(format!("{name}: there is no request in it{unwired}")));
    }
    Ok(contents)
}

/// Where a port of Ironic's hangs; its members are headed as the command line heads its columns.
fn link(value: &Value) -> Option<&Value> {
    let members = value.as_object()?.iter();
    members.into_iter().find_map(|(name, value)| (headed(name) == "local_link_connection").then_some(value))
}

fn headed(name: &str) -> String {
    name.to_lowercase().replace(' ', "_")
}

/// As Ironic has it of a port that nobody has wired, and LLDP was not heard on.
fn is_empty(link: &Value) -> bool {
    let is_unsaid = |value: &Value| value.is_null() || value == "";
    is_unsaid(link) || link.as_object().is_some_and(|members| members.values().all(is_unsaid))
}

/// A line, and what is wrong there.
pub(super) type Misplaced = (usize, String);

fn items(text: &str) -> Result<Vec<Result<Item, Misread>>, Misplaced> {
    let items = match text.trim_start().chars().next() {
        Some('{' | '[') => json(text),
        _ if text.lines().next().is_some_and(super::table::is_head) => return super::table::items(text),
        _ => yaml(text),
    };
    Ok(items?.into_iter().map(Ok).collect())
}

/// One value, a list of them, an object with a list of Ironic's `ports`, or values one
/// after the other.
fn json(text: &str) -> Result<Vec<Item>, Misplaced> {
    let misplaced = |error: serde_json::Error| {
        let told = error.to_string();
        let reason = told.rsplit_once(" at line ").map_or(told.as_str(), |(reason, _)| reason);
        (error.line(), format!("column {}: {reason}", error.column()))
    };
    let values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let values: Vec<&RawValue> = values.collect::<Result<_, _>>().map_err(misplaced)?;
    let mut raws = Vec::new();
    for raw in values {
        let ports = || serde_json::from_str::<BTreeMap<String, &RawValue>>(raw.get()).ok()?.remove("ports");
        let list = ports().unwrap_or(raw);
        match serde_json::from_str::<Vec<&RawValue>>(list.get()) {
            Ok(list) => raws.extend(list),
            Err(_) => raws.push(raw),
        }
    }
    let (mut items, mut counted) = (Vec::new(), Counted { text, at: 0, line: 1 });
    for raw in raws {
        let value = serde_json::from_str(raw.get()).map_err(misplaced)?;
        let line = counted.line_at(raw);
        let mut lines = BTreeMap::new();
        members(Counted { ..counted }, "", raw, &mut lines);
        items.push(Item { line, value, lines, is_row: false });
    }
    Ok(items)
}

/// Counts lines as it goes on through a text.
#[derive(Clone, Copy)]
struct Counted<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl Counted<'_> {
    /// The line of a piece of the text that is not before the last one.
    fn line_at(&mut self, piece: &RawValue) -> usize {
        let at = piece.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        let between = self.text.as_bytes().get(self.at..at).unwrap_or_default();
        self.line += between.iter().filter(|octet| **octet == b'\n').count();
        self.at = at.max(self.at);
        self.line
    }
}

/// The lines of all members, as faults name them.
fn members(counted: Counted<'_>, path: &str, raw: &RawValue, lines: &mut BTreeMap<String, usize>) {
    let mut below = |path: String, raw: &RawValue| {
        lines.insert(path.clone(), Counted { ..counted }.line_at(raw));
        members(counted, &path, raw, lines);
    };
    if let Ok(object) = serde_json::from_str::<BTreeMap<String, &RawValue>>(raw.get()) {
        let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        object.iter().for_each(|(name, value)| below(join(name), value));
    } else if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
        list.iter().enumerate().for_each(|(index, value)| below(format!("{path}[{index}]"), value));
    }
}

/// A list, or documents one after the other.
fn yaml(text: &str) -> Result<Vec<Item>, Misplaced> {
    let misplaced = |error: serde_saphyr::Error| {
        let line = error.location().map_or(1, |place| usize::try_from(place.line()).unwrap_or_default());
        (line, error.without_snippet().to_string())
    };
    let item = |spanned: Spanned<Value>| {
        let line = usize::try_from(spanned.referenced.line()).unwrap_or_default();
        Item { line, value: spanned.value, lines: BTreeMap::new(), is_row: false }
    };
    if let Ok(list) = serde_saphyr::from_str::<Vec<Spanned<Value>>>(text) {
        return Ok(list.into_iter().map(item).collect());
    }
    let documents: Vec<Spanned<Value>> = serde_saphyr::from_multiple(text).map_err(misplaced)?;
    Ok(documents.into_iter().map(item).collect())
}

/// The requests of one value: those of a plan, those that put a node's cables on their
/// network, or one.
fn of(item: Item, networks: &Networks) -> Result<Vec<Request>, String> {
    let Item { line, value, .. } = &item;
    let made = |method: Value, params: Value| Request { line: *line, ..Request::typed_as(method, params) };
    if review::is_plan(value) {
        let requests = review::checked(value.clone())?.requests;
        return Ok(requests.iter().map(|one| made(one["method"].clone(), one["params"].clone())).collect());
    }
    let Some(cabling) = Cabling::of(value) else { return request(item, networks).map(Vec::from_iter) };
    let Cabling { links, unheard } = cabling?;
    let switchport = networks.of(None).ok_or("--network must say what the ports of an inspection are to be")?;
    for nic in &unheard {
        print::talk(&format!("{nic}: no switch was heard on it, so it is left out"));
    }
    let params = |Cable { nic, switch, port }: &Cable| {
        print::talk(&format!("{nic}: port {port} of {switch}"));
        json!({
            "switch_id": switch, "port_name": port, "mode": switchport["mode"],
            "native_vlan": switchport["native_vlan"], "allowed_vlans": switchport["allowed_vlans"],
        })
    };
    Ok(links.iter().map(|link| made("update_port".into(), params(link))).collect())
}

/// What else than an object is.
const NO_OBJECT: &str = "it is no request, which is an object of method and params, nor a port of Ironic's";

/// A request, or one of Ironic's ports; `None` for a port that is not to be touched.
fn request(item: Item, networks: &Networks) -> Result<Option<Request>, String> {
    let Item { line, value, lines, is_row } = item;
    let made = |method: Value, params: Value| Request { method, params, file: None, line, lines, is_row };
    let Some(members) = value.as_object() else { return Err(NO_OBJECT.to_owned()) };
    if members.contains_key("method") {
        return Ok(Some(made(value["method"].clone(), plain(&value["params"]))));
    }
    let named: BTreeMap<String, &Value> = members.iter().map(|(name, value)| (headed(name), value)).collect();
    let member = |name: &str| named.get(name).copied().unwrap_or(&Value::Null);
    let Some(link) = link(&value) else {
        return Err("it has neither a method, nor a local_link_connection, nor an inventory".to_owned());
    };
    if link["network_type"] == "unmanaged" {
        return Ok(None);
    }
    let text = |name: &str| {
        let text = link[name].as_str().filter(|text| !text.is_empty());
        text.ok_or_else(|| format!("local_link_connection.{name}: is missing"))
    };
    let own = &member("extra")["switchport"];
    let switchport = networks.of(member("physical_network").as_str()).unwrap_or(own);
    if !switchport.is_object() {
        return Err("extra.switchport: is missing, and no --network is for this port".to_owned());
    }
    let description = member("uuid").as_str().map(|uuid| format!("Ironic Port {uuid}"));
    let params = json!({
        "switch_id": text("switch_id")?, "port_name": text("port_id")?, "description": description,
        "mode": switchport["mode"], "native_vlan": switchport["native_vlan"],
        "allowed_vlans": switchport["allowed_vlans"], "lag_name": switchport["lag_name"],
    });
    Ok(Some(made("update_port".into(), params)))
}

/// Without what belongs to the call itself.
fn plain(params: &Value) -> Value {
    let mut params = params.clone();
    if let Some(members) = params.as_object_mut() {
        members.retain(|name, _| name != "context" && name != "rpc.version");
    }
    params
}
