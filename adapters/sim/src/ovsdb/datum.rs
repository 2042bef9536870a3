//! Values of columns, their types, and how both are written (RFC 7047 sections 3.2 and 5.1).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Why an operation, or a whole transaction, is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    /// A tag of RFC 7047 section 3.1, or the server's own.
    pub(super) tag: &'static str,
    pub(super) details: String,
}

impl Failed {
    pub(super) fn new(tag: &'static str, details: impl Into<String>) -> Self {
        Self { tag, details: details.into() }
    }

    pub(super) fn syntax(details: impl Into<String>) -> Self {
        Self::new("syntax error", details)
    }

    pub(super) fn constraint(details: impl Into<String>) -> Self {
        Self::new("constraint violation", details)
    }

    pub(super) fn to_json(&self) -> Value {
        json!({ "error": self.tag, "details": self.details })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Atom {
    Integer(i64),
    Boolean(bool),
    Text(String),
    Uuid(String),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Datum {
    /// A scalar is a set of one.
    Set(BTreeSet<Atom>),
    Map(BTreeMap<Atom, Atom>),
}

/// The rows that a transaction names before they are there.
pub(super) trait Named {
    /// The row of a `named-uuid`.
    fn row(&mut self, name: &str) -> String;
}

/// The type of an atom, and what it may be.
#[derive(Debug, Clone)]
pub(super) struct Base {
    kind: Kind,
    least: i64,
    most: i64,
    words: Vec<String>,
    /// The table whose rows it refers to, which are there as long as it does.
    pub(super) refers: Option<String>,
    /// The same, where it refers to them only as long as they are there.
    pub(super) weakly: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Boolean,
    Text,
    Uuid,
}

#[derive(Debug, Clone)]
pub(super) struct Type {
    pub(super) key: Base,
    value: Option<Base>,
    pub(super) min: usize,
    max: usize,
}

impl Atom {
    fn to_json(&self) -> Value {
        match self {
            Self::Integer(number) => json!(number),
            Self::Boolean(yes) => json!(yes),
            Self::Text(text) => json!(text),
            Self::Uuid(uuid) => json!(["uuid", uuid]),
        }
    }
}

impl Datum {
    pub(super) fn one(atom: Atom) -> Self {
        Self::Set([atom].into())
    }

    pub(super) fn uuid(uuid: &str) -> Self {
        Self::one(Atom::Uuid(uuid.to_owned()))
    }

    pub(super) fn text(text: &str) -> Self {
        Self::one(Atom::Text(text.to_owned()))
    }

    pub(super) fn integer(number: i64) -> Self {
        Self::one(Atom::Integer(number))
    }

    pub(super) fn nothing() -> Self {
        Self::Set(BTreeSet::new())
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Set(set) => set.len(),
            Self::Map(map) => map.len(),
        }
    }

    pub(super) fn set(&self) -> impl Iterator<Item = &Atom> {
        let set = if let Self::Set(set) = self { Some(set) } else { None };
        set.into_iter().flatten()
    }

    /// The number, where it is one.
    pub(super) fn number(&self) -> Option<i64> {
        match (self.set().next(), self.len()) {
            (Some(Atom::Integer(number)), 1) => Some(*number),
            _ => None,
        }
    }

    /// The text, where it is one.
    pub(super) fn word(&self) -> Option<&str> {
        match (self.set().next(), self.len()) {
            (Some(Atom::Text(text)), 1) => Some(text),
            _ => None,
        }
    }

    /// What a map of texts has by a key.
    pub(super) fn entry(&self, key: &str) -> Option<&Atom> {
        match self {
            Self::Map(map) => map.get(&Atom::Text(key.to_owned())),
            Self::Set(_) => None,
        }
    }

    /// Whether all of `other` is in it.
    pub(super) fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Set(own), Self::Set(other)) => other.is_subset(own),
            (Self::Map(own), Self::Map(other)) => other.iter().all(|(key, value)| own.get(key) == Some(value)),
            _ => false,
        }
    }

    /// Whether none of `other` is in it.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Set(own), Self::Set(other)) => other.is_disjoint(own),
            (Self::Map(own), Self::Map(other)) => other.iter().all(|(key, value)| own.get(key) != Some(value)),
            _ => false,
        }
    }

    /// A set of one is written as its only member.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Set(set) => match set.first() {
                Some(one) if set.len() == 1 => one.to_json(),
                _ => json!(["set", set.iter().map(Atom::to_json).collect::<Vec<_>>()]),
            },
            Self::Map(map) => {
                let pairs = map.iter().map(|(key, value)| json!([key.to_json(), value.to_json()]));
                json!(["map", pairs.collect::<Vec<_>>()])
            }
        }
    }
}

impl Base {
    /// As a schema says it; `None` where that makes no sense.
    fn of_schema(json: &Value) -> Option<Self> {
        let kind = match json.as_str().or_else(|| json["type"].as_str())? {
            "integer" => Kind::Integer,
            "boolean" => Kind::Boolean,
            "string" => Kind::Text,
            "uuid" => Kind::Uuid,
            _ => return None,
        };
        let words = json.pointer("/enum/1").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let (table, is_weak) = (json["refTable"].as_str().map(str::to_owned), json["refType"] == "weak");
        Some(Self {
            kind,
            least: json["minInteger"].as_i64().unwrap_or(i64::MIN),
            most: json["maxInteger"].as_i64().unwrap_or(i64::MAX),
            words: words.map(str::to_owned).collect(),
            refers: table.clone().filter(|_| !is_weak),
            weakly: table.filter(|_| is_weak),
        })
    }

    fn initial(&self) -> Atom {
        match self.kind {
            Kind::Integer => Atom::Integer(0),
            Kind::Boolean => Atom::Boolean(false),
            Kind::Text => Atom::Text(String::new()),
            Kind::Uuid => Atom::Uuid("00000000-0000-0000-0000-000000000000".to_owned()),
        }
    }

    fn atom(&self, json: &Value, named: &mut dyn Named) -> Result<Atom, Failed> {
        let wrong = || Failed::syntax(format!("{json} is no {:?}", self.kind));
        let atom = match self.kind {
            Kind::Integer => Atom::Integer(json.as_i64().ok_or_else(wrong)?),
            Kind::Boolean => Atom::Boolean(json.as_bool().ok_or_else(wrong)?),
            Kind::Text => Atom::Text(json.as_str().ok_or_else(wrong)?.to_owned()),
            Kind::Uuid => match (json[0].as_str(), json[1].as_str()) {
                (Some("uuid"), Some(uuid)) if is_uuid(uuid) => Atom::Uuid(uuid.to_owned()),
                (Some("named-uuid"), Some(name)) if is_id(name) => Atom::Uuid(named.row(name)),
                _ => return Err(wrong()),
            },
        };
        self.allows(&atom)?;
        Ok(atom)
    }

    fn allows(&self, atom: &Atom) -> Result<(), Failed> {
        match atom {
            Atom::Integer(number) if !(self.least..=self.most).contains(number) => {
                Err(Failed::constraint(format!("{number} is not in the valid range {} to {}", self.least, self.most)))
            }
            Atom::Text(text) if !self.words.is_empty() && !self.words.contains(text) => {
                Err(Failed::constraint(format!("{text} is not one of the allowed values")))
            }
            _ => Ok(()),
        }
    }
}

impl Type {
    /// As a schema says it; `None` where that makes no sense.
    pub(super) fn of_schema(json: &Value) -> Option<Self> {
        let number = |member: &str| match json[member].as_u64() {
            Some(number) => usize::try_from(number).ok(),
            None if json[member] == "unlimited" => Some(usize::MAX),
            None => Some(1),
        };
        let key = Base::of_schema(if json["key"].is_null() { json } else { &json["key"] })?;
        let value = if json["value"].is_null() { None } else { Some(Base::of_schema(&json["value"])?) };
        Some(Self { key, value, min: number("min")?, max: number("max")? })
    }

    /// The type of `_uuid` and `_version`.
    pub(super) fn of_row() -> Self {
        let key = Base { kind: Kind::Uuid, least: 0, most: 0, words: Vec::new(), refers: None, weakly: None };
        Self { key, value: None, min: 1, max: 1 }
    }

    /// What a column holds of which nothing is said.
    pub(super) fn initial(&self) -> Datum {
        match (&self.value, self.min) {
            (Some(_), _) => Datum::Map(BTreeMap::new()),
            (None, 0) => Datum::nothing(),
            (None, _) => Datum::one(self.key.initial()),
        }
    }

    pub(super) fn is_number(&self) -> bool {
        self.key.kind == Kind::Integer && self.value.is_none()
    }

    pub(super) fn is_map(&self) -> bool {
        self.value.is_some()
    }

    /// It may have one member at most.
    pub(super) fn is_optional(&self) -> bool {
        self.max == 1
    }

    /// The same, of any number of members.
    pub(super) fn of_any_number(&self) -> Self {
        Self { min: 0, max: usize::MAX, ..self.clone() }
    }

    /// The set of its keys, where it is a map.
    pub(super) fn of_keys(&self) -> Self {
        Self { value: None, ..self.of_any_number() }
    }

    pub(super) fn datum(&self, json: &Value, named: &mut dyn Named) -> Result<Datum, Failed> {
        let members = |kind: &str| json[1].as_array().filter(|_| json[0] == kind);
        let (datum, count) = match &self.value {
            Some(value) => {
                let pairs = members("map").ok_or_else(|| Failed::syntax(format!("{json} is no map")))?;
                let mut map = BTreeMap::new();
                for pair in pairs {
                    map.insert(self.key.atom(&pair[0], named)?, value.atom(&pair[1], named)?);
                }
                (Datum::Map(map), pairs.len())
            }
            None => match members("set") {
                Some(all) => {
                    let set = all.iter().map(|one| self.key.atom(one, named)).collect::<Result<_, _>>()?;
                    (Datum::Set(set), all.len())
                }
                None => (Datum::one(self.key.atom(json, named)?), 1),
            },
        };
        if datum.len() != count {
            return Err(Failed::new("ovsdb error", "a value that is there twice"));
        }
        if count < self.min || count > self.max {
            return Err(Failed::syntax(format!("{count} members, of {} to {}", self.min, self.max)));
        }
        Ok(datum)
    }

    /// Whether a value that was made of others may be there.
    pub(super) fn holds(&self, datum: &Datum) -> Result<(), Failed> {
        if datum.len() < self.min || datum.len() > self.max {
            return Err(Failed::constraint(format!("{} members, of {} to {}", datum.len(), self.min, self.max)));
        }
        datum.set().try_for_each(|atom| self.key.allows(atom))
    }
}

/// RFC 7047 section 3.1, `<id>`.
pub(super) fn is_id(text: &str) -> bool {
    let is_letter = |one: char| one.is_ascii_alphabetic() || one == '_';
    text.starts_with(is_letter) && text.chars().all(|one| is_letter(one) || one.is_ascii_digit())
}

fn is_uuid(text: &str) -> bool {
    let is_dash = |at: usize| [8, 13, 18, 23].contains(&at);
    let is_right = |(at, octet): (usize, u8)| if is_dash(at) { octet == b'-' } else { octet.is_ascii_hexdigit() };
    text.len() == 36 && text.bytes().enumerate().all(is_right)
}
