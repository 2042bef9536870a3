//! A SetRequest from a file: in the JSON or the text format of protocol buffers, or as gnmic
//! takes it (`gnmic set --request-file`), as JSON or YAML; and where in the file each of its
//! parts is.

mod decoded;

use std::{collections::BTreeMap, ops::Range};

use mercury_adapter::{Bump, DataNode, Share, place};
use mercury_gnmi_proto::gnmi::{GetResponse, Notification, Path, PathElem, TypedValue, Update, typed_value::Value};
use prost::Message as _;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use serde_saphyr::Spanned;

use super::{SaidPath, SaidUpdate, parsed};
use crate::{textproto, tree::Tree};
pub use decoded::{Decoded, decoded};

/// A path: each element with its keys.
pub type Elements = Vec<(String, BTreeMap<String, String>)>;

/// One thing that a SetRequest brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Brought {
    /// Where it goes.
    pub path: Elements,
    /// What goes there, as RFC 7951 JSON.
    pub value: serde_json::Value,
    /// The octets of the text that say so.
    pub at: Range<usize>,
}

/// One path that a SetRequest deletes or replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The path; an empty one is all there is.
    pub path: Elements,
    /// The octets of the text that say so.
    pub at: Range<usize>,
}

/// What a SetRequest brings and takes away, one by one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetRequest {
    /// What it updates, and what it replaces.
    pub brought: Vec<Brought>,
    /// What it deletes, and what it replaces: what is not said again of that is gone.
    pub deleted: Vec<Taken>,
}

/// A SetRequest, one by one.
///
/// # Errors
/// A sentence with line and column: it is none, or has a value of a type that is not read.
pub fn set_request(text: &str) -> Result<SetRequest, String> {
    let Said { prefix, parts } = said(text)?;
    let mut set = SetRequest::default();
    for Part { kind, path, val, at } in parts {
        let path = elements(&prefix.elem, path.elem);
        if kind != Kind::Update {
            set.deleted.push(Taken { path: path.clone(), at: at.clone() });
        }
        if let Some(value) = val {
            let value = plain(value).map_err(|reason| misplaced(text, at.start, &reason))?;
            set.brought.push(Brought { path, value, at });
        }
    }
    Ok(set)
}

/// Lays what a SetRequest brings below `root`; what it deletes is not there.
///
/// # Errors
/// As of [`set_request`]; there is no room for it.
pub fn lay_set<'a>(text: &str, arena: &'a Bump, share: &mut Share, root: &DataNode<'a>) -> Result<(), String> {
    let Said { prefix, parts } = said(text)?;
    let update = parts.into_iter().filter_map(|Part { path, val, .. }| {
        let val = Some(TypedValue { value: Some(val?) });
        Some(Update { path: Some(path), val, ..Update::default() })
    });
    let notification = Notification { prefix: Some(prefix), update: update.collect(), ..Notification::default() };
    let response = GetResponse { notification: vec![notification], ..GetResponse::default() };
    let mut tree = Tree::new(arena, share).map_err(|problem| problem.to_string())?;
    tree.add(&response.encode_to_vec()).map_err(|problem| problem.to_string())?;
    tree.root().members().for_each(|member| root.push(member));
    Ok(())
}

fn elements(prefix: &[PathElem], own: Vec<PathElem>) -> Elements {
    prefix.iter().cloned().chain(own).map(|elem| (elem.name, elem.key.into_iter().collect())).collect()
}

/// A value as RFC 7951 JSON, where the type of its leaf is not known.
pub(super) fn plain(value: Value) -> Result<serde_json::Value, String> {
    Ok(match value {
        Value::JsonIetfVal(octets) | Value::JsonVal(octets) => {
            serde_json::from_slice(&octets).map_err(|error| format!("its value is no JSON: {error}"))?
        }
        Value::StringVal(text) => text.into(),
        Value::BoolVal(word) => word.into(),
        Value::UintVal(number) => number.into(),
        Value::IntVal(number) => number.into(),
        Value::LeaflistVal(list) => {
            let all = list.element.into_iter().filter_map(|one| one.value).map(plain);
            all.collect::<Result<Vec<_>, _>>()?.into()
        }
        _ => return Err("a value of a type that is not read".to_owned()),
    })
}

/// A sentence about what begins at an octet of a text.
fn misplaced(text: &str, octet: usize, reason: &str) -> String {
    let (line, column) = place(text, octet);
    format!("line {line} column {column}: {reason}")
}

/// A SetRequest as it is written: its parts in the order in which they are made.
pub(super) struct Said {
    pub(super) prefix: Path,
    pub(super) parts: Vec<Part>,
}

/// What is done at one path.
pub(super) struct Part {
    kind: Kind,
    pub(super) path: Path,
    /// None where it is a deletion.
    pub(super) val: Option<Value>,
    pub(super) at: Range<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Delete,
    Replace,
    Update,
}

impl Kind {
    /// By the names of protocol buffers.
    fn of(field: &str) -> Option<Self> {
        Some(match field {
            "delete" => Self::Delete,
            // What it does not unite is replaced.
            "replace" | "union_replace" | "unionReplace" => Self::Replace,
            "update" => Self::Update,
            _ => return None,
        })
    }

    /// By gnmic's.
    fn of_gnmic(member: &str) -> Option<Self> {
        Some(match member {
            "deletes" => Self::Delete,
            "replaces" | "union-replaces" => Self::Replace,
            "updates" => Self::Update,
            _ => return None,
        })
    }
}

/// What gnmic takes beside them: how the change is to be committed.
const OF_COMMITS: [&str; 3] = ["commit-id", "commit-action", "rollback-duration"];

/// Whether a text is a request file of gnmic's in YAML: one of its members is at the top.
#[must_use]
pub fn is_gnmic_yaml(text: &str) -> bool {
    let is_said = |line: &&str| !line.trim().is_empty() && !line.starts_with('#') && line.trim_end() != "---";
    let first = text.trim_start_matches('\u{feff}').lines().find(is_said);
    let name = first.and_then(|line| line.split_once(':')).map(|(name, _)| name.trim_matches(['"', '\'']));
    name.is_some_and(|name| Kind::of_gnmic(name).is_some() || OF_COMMITS.contains(&name))
}

pub(super) fn said(text: &str) -> Result<Said, String> {
    let own = text.trim_start_matches('\u{feff}');
    let mut said = if own.trim_start().starts_with('{') {
        of_json(own)?
    } else if is_gnmic_yaml(own) {
        of_yaml(own)?
    } else if let Some((at, name)) = strange_yaml(own) {
        let reason = format!("{GNMIC_MEMBERS}, and not {name:?}");
        return Err(misplaced(own, at, &reason));
    } else {
        of_textproto(own)?
    };
    // As a target makes them (gNMI section 3.4.3), whatever the order of the text.
    said.parts.sort_by_key(|part| part.kind);
    let shift = text.len() - own.len();
    for part in &mut said.parts {
        part.at = part.at.start + shift..part.at.end + shift;
        if part.path.origin == "cli" {
            let reason = "lines of a command line are no data: validate them by themselves";
            return Err(misplaced(text, part.at.start, reason));
        }
        if let Some(Value::JsonIetfVal(octets) | Value::JsonVal(octets)) = &part.val
            && let Err(error) = serde_json::from_slice::<Once>(octets)
        {
            return Err(misplaced(text, part.at.start, &format!("its value: {error}")));
        }
    }
    Ok(said)
}

/// What a request file of gnmic's may hold.
const GNMIC_MEMBERS: &str = "gnmic's request file has updates, replaces, union-replaces, deletes, commit-id, commit-action and rollback-duration";

/// The first member of what is YAML and no request of gnmic's, a list, and where it is.
fn strange_yaml(text: &str) -> Option<(usize, &str)> {
    let is_said = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#') && line.trim() != "---";
    let mut lines = text.lines().filter(is_said);
    let name = lines.next()?.trim_end().strip_suffix(':')?;
    let is_list = lines.next()?.trim_start().starts_with("- ");
    is_list.then(|| (name.as_ptr().addr() - text.as_ptr().addr(), name))
}

/// JSON in which no object has a member twice: readers differ in which of them they take.
pub(super) struct Once;

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> serde::de::Visitor<'de> for Once {
    type Value = Self;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut all: A) -> Result<Self, A::Error> {
        while all.next_element::<Self>()?.is_some() {}
        Ok(self)
    }
    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut known = std::collections::BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !known.insert(name.clone()) {
                return Err(serde::de::Error::custom(format!("{name} is there twice")));
            }
            map.next_value::<Self>()?;
        }
        Ok(self)
    }
}

/// The members of an object as they are written, one given twice included.
pub(super) struct Pairs<'t>(pub(super) Vec<(String, &'t RawValue)>);

impl<'de: 't, 't> Deserialize<'de> for Pairs<'t> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> serde::de::Visitor<'de> for Each {
            type Value = Vec<(String, &'de RawValue)>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    all.push(pair);
                }
                Ok(all)
            }
        }
        deserializer.deserialize_map(Each).map(Pairs)
    }
}

fn of_json(text: &str) -> Result<Said, String> {
    let Pairs(members) = typed_at(text, 0, text)?;
    let mut said = Said { prefix: Path::default(), parts: Vec::new() };
    let mut known: Vec<&str> = Vec::new();
    for (name, raw) in &members {
        let begin = offset(text, raw);
        if known.contains(&name.as_str()) {
            return Err(misplaced(text, begin, &format!("{name} is there twice")));
        }
        known.push(name);
        if name == "prefix" {
            said.prefix = typed_at::<SaidPath>(text, begin, raw.get())?.path();
        } else if let Some(kind) = Kind::of(name) {
            for one in typed_at::<Vec<&RawValue>>(text, begin, raw.get())? {
                let begin = offset(text, one);
                let read = |own| typed_at(text, begin, own);
                let (path, val) = match kind {
                    Kind::Delete => (read(one.get()).map(SaidPath::path)?, None),
                    _ => typed_at::<SaidUpdate>(text, begin, one.get())?
                        .pair()
                        .map_err(|reason| misplaced(text, begin, &reason))?,
                };
                said.parts.push(Part { kind, path, val, at: begin..begin + one.get().len() });
            }
        } else if let Some(kind) = Kind::of_gnmic(name) {
            for one in typed_at::<Option<Vec<&RawValue>>>(text, begin, raw.get())?.unwrap_or_default() {
                let begin = offset(text, one);
                let at = begin..begin + one.get().len();
                typed_at::<Once>(text, begin, one.get())?;
                let part = match kind {
                    Kind::Delete => typed_at::<String>(text, begin, one.get()).map(|path| (path, None))?,
                    _ => typed_at::<GnmicUpdate>(text, begin, one.get())?
                        .pair()
                        .map_err(|reason| misplaced(text, begin, &reason))?,
                };
                said.parts.push(of_gnmic(text, kind, part, at)?);
            }
        } else if name != "extension" && !OF_COMMITS.contains(&name.as_str()) {
            return Err(misplaced(text, begin, &no_field(name)));
        }
    }
    Ok(said)
}

fn no_field(name: &str) -> String {
    let fields = "prefix, delete, replace, union_replace, update and extension";
    format!("a SetRequest has no field {name:?}; it has {fields}, and {GNMIC_MEMBERS}")
}

pub(super) fn offset(text: &str, piece: &RawValue) -> usize {
    piece.get().as_ptr().addr().saturating_sub(text.as_ptr().addr())
}

/// What a piece of JSON says that begins at an octet of a text.
fn typed_at<'t, T: Deserialize<'t>>(text: &str, begin: usize, piece: &'t str) -> Result<T, String> {
    serde_json::from_str(piece).map_err(|error| {
        let told = error.to_string();
        let reason = told.rsplit_once(" at line ").map_or(told.as_str(), |(reason, _)| reason);
        let before: usize = piece.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        misplaced(text, begin + before + error.column().saturating_sub(1), reason)
    })
}

fn of_textproto(text: &str) -> Result<Said, String> {
    let mut said = Said { prefix: Path::default(), parts: Vec::new() };
    for textproto::Field { name, value, at } in textproto::fields(text)? {
        let wrong = |reason: String| {
            // The field that it names, where it does.
            let named = reason.split('`').nth(1).and_then(|name| text.get(at.clone())?.find(name));
            misplaced(text, at.start + named.unwrap_or_default(), &reason)
        };
        if name == "prefix" {
            said.prefix = valued::<SaidPath>(value).map_err(wrong)?.path();
        } else if let Some(kind) = Kind::of(&name) {
            let (path, val) = match kind {
                Kind::Delete => (valued::<SaidPath>(value).map_err(wrong)?.path(), None),
                _ => valued::<SaidUpdate>(value).and_then(SaidUpdate::pair).map_err(wrong)?,
            };
            said.parts.push(Part { kind, path, val, at });
        } else if name != "extension" {
            return Err(wrong(no_field(&name)));
        }
    }
    Ok(said)
}

fn valued<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

impl SaidUpdate {
    fn pair(self) -> Result<(Path, Option<Value>), String> {
        let Update { path, val, .. } = self.update()?;
        Ok((path.unwrap_or_default(), val.and_then(|val| val.value)))
    }
}

/// How gnmic may be told to send a value.
const ENCODINGS: [&str; 11] =
    ["json", "json_ietf", "string", "int", "uint", "bool", "decimal", "float", "bytes", "ascii", "proto"];

/// What gnmic is to update or replace.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GnmicUpdate {
    /// All there is where none is said.
    #[serde(default)]
    path: String,
    #[serde(default)]
    value: serde_json::Value,
    #[serde(default)]
    encoding: Option<String>,
}

impl GnmicUpdate {
    fn pair(self) -> Result<(String, Option<serde_json::Value>), String> {
        let own = self.encoding.as_deref().unwrap_or("json").to_lowercase().replace('-', "_");
        if !ENCODINGS.contains(&own.as_str()) {
            return Err(format!("encoding: {own:?} is none of {}", ENCODINGS.join(", ")));
        }
        Ok((self.path, Some(self.value)))
    }
}

/// gnmic's request file in YAML.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Gnmic {
    #[serde(default)]
    deletes: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    replaces: Option<Vec<Spanned<GnmicUpdate>>>,
    #[serde(default)]
    union_replaces: Option<Vec<Spanned<GnmicUpdate>>>,
    #[serde(default)]
    updates: Option<Vec<Spanned<GnmicUpdate>>>,
    #[serde(default, rename = "commit-id")]
    _commit_id: serde::de::IgnoredAny,
    #[serde(default, rename = "commit-action")]
    _commit_action: serde::de::IgnoredAny,
    #[serde(default, rename = "rollback-duration")]
    _rollback_duration: serde::de::IgnoredAny,
}

fn of_yaml(text: &str) -> Result<Said, String> {
    let wrong = |error: serde_saphyr::Error| {
        let reason = match text.contains("{{") {
            true => "it is a template: validate what it becomes".to_owned(),
            false => error.without_snippet().to_string(),
        };
        match error.location() {
            Some(place) => {
                let reason = reason.rsplit_once(" at line ").map_or(reason.as_str(), |(reason, _)| reason);
                format!("line {} column {}: {reason}", place.line(), place.column())
            }
            None => reason,
        }
    };
    let Gnmic { deletes, replaces, union_replaces, updates, .. } = serde_saphyr::from_str(text).map_err(wrong)?;
    let begin = |at: serde_saphyr::Location| {
        at.span().byte_offset().and_then(|octet| usize::try_from(octet).ok()).unwrap_or_default().min(text.len())
    };
    let mut all = Vec::new();
    for Spanned { value, referenced, .. } in deletes.into_iter().flatten() {
        all.push((Kind::Delete, begin(referenced), (value, None)));
    }
    let replaces = replaces.into_iter().chain(union_replaces).flatten().map(|one| (Kind::Replace, one));
    for (kind, one) in replaces.chain(updates.into_iter().flatten().map(|one| (Kind::Update, one))) {
        let at = begin(one.referenced);
        all.push((kind, at, one.value.pair().map_err(|reason| misplaced(text, at, &reason))?));
    }
    // Each goes on to where the next begins.
    let mut begins: Vec<usize> = all.iter().map(|(_, begin, _)| *begin).collect();
    begins.sort_unstable();
    let end = |begin: usize| begins.get(begins.partition_point(|other| *other <= begin)).copied().unwrap_or(text.len());
    let parts = all.into_iter().map(|(kind, begin, pair)| of_gnmic(text, kind, pair, begin..end(begin)));
    Ok(Said { prefix: Path::default(), parts: parts.collect::<Result<_, _>>()? })
}

fn of_gnmic(
    text: &str,
    kind: Kind,
    (path, value): (String, Option<serde_json::Value>),
    at: Range<usize>,
) -> Result<Part, String> {
    let path = parsed(path.trim()).map_err(|reason| misplaced(text, at.start, &reason))?;
    let val = value.map(|value| Value::JsonIetfVal(value.to_string().into_bytes()));
    Ok(Part { kind, path, val, at })
}

#[cfg(test)]
mod tests;
