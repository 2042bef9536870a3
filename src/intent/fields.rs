//! Strict reading of a JSON object: every member is asked for by name, and a
//! wrong type is an error that names the member. What nobody asked for is an
//! error too where the object is a method's own ([`Fields::finish`]), and passed
//! over where it is a dictionary of the caller's, which may hold anything.

use std::{fmt, str::FromStr};

use mercury_model::{VlanId, Vni};
use serde_json::{Map, Value};

use crate::fault::Fault;

/// The members of one JSON object, and where it stands in the parameters.
pub struct Fields<'a> {
    path: String,
    members: &'a Map<String, Value>,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The members of `value`, which stands at `path`.
    ///
    /// # Errors
    /// [`crate::fault::FaultKind::InvalidParams`] when it is not an object.
    pub fn of(path: &str, value: &'a Value) -> Result<Self, Fault> {
        match value {
            Value::Object(members) => Ok(Self { path: path.to_owned(), members, asked: Vec::new() }),
            other => Err(Fault::params(path, format!("must be an object, not {}", kind(other)))),
        }
    }

    /// The path of a member, for errors about it.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// A member that may be absent; null counts as absent.
    pub fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        self.asked.push(name);
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Whether the object has this member, null or not.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Whether this member is a text.
    #[must_use]
    pub fn is_text(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(Value::is_string)
    }

    /// What may have been meant by a name: `port` begins as `port_name` does.
    fn meant(&self, name: &'static str) -> String {
        let begins = |said: &&String| name.strip_prefix(said.as_str()).is_some_and(|rest| rest.starts_with('_'));
        let said = self.members.keys().find(begins);
        said.map(|said| format!("; there is {said:?}: did you mean {name}?")).unwrap_or_default()
    }

    /// A member that must be there.
    ///
    /// # Errors
    /// When it is absent or null.
    pub fn required(&mut self, name: &'static str) -> Result<&'a Value, Fault> {
        self.get(name).ok_or_else(|| match self.has(name) {
            true => Fault::value(self.path(name), "must not be null"),
            false => Fault::params(self.path(name), format!("is missing{}", self.meant(name))),
        })
    }

    /// A text that may be absent.
    ///
    /// # Errors
    /// When it is something else.
    pub fn text(&mut self, name: &'static str) -> Result<Option<&'a str>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, "a text", other)),
        }
    }

    /// A text that must be there, read as `T`.
    ///
    /// # Errors
    /// When it is absent, no text, or not a `T`.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str) -> Result<T, Fault> {
        let value = self.required(name)?;
        let Value::String(text) = value else { return Err(self.wrong(name, "a text", value)) };
        text.parse().map_err(|error| Fault::value(self.path(name), error))
    }

    /// A text that may be absent or empty, read as `T`.
    ///
    /// # Errors
    /// When it is no text, or not a `T`.
    pub fn parsed_or_none<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str) -> Result<Option<T>, Fault> {
        match self.text(name)? {
            None | Some("") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|error| Fault::value(self.path(name), error)),
        }
    }

    /// A boolean that may be absent.
    ///
    /// # Errors
    /// When it is something else.
    pub fn boolean(&mut self, name: &'static str) -> Result<Option<bool>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(self.wrong(name, "true or false", other)),
        }
    }

    /// A whole number from `min` to `max` that may be absent.
    ///
    /// # Errors
    /// When it is something else or out of range.
    pub fn number(&mut self, name: &'static str, min: u64, max: u64) -> Result<Option<u64>, Fault> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_u64().ok_or_else(|| self.wrong(name, "a whole number", value))?;
        if (min..=max).contains(&number) {
            return Ok(Some(number));
        }
        Err(Fault::value(self.path(name), format!("{number} is outside {min} to {max}")))
    }

    /// A VLAN that may be absent: a whole JSON number, 1 to 4094.
    ///
    /// # Errors
    /// When it is something else or out of range.
    pub fn vlan(&mut self, name: &'static str) -> Result<Option<VlanId>, Fault> {
        self.get(name).map(|value| vlan(&self.path(name), value)).transpose()
    }

    /// A VNI that may be absent: a whole JSON number, 1 to 16777215.
    ///
    /// # Errors
    /// When it is something else or out of range.
    pub fn vni(&mut self, name: &'static str) -> Result<Option<Vni>, Fault> {
        self.get(name).map(|value| vni(&self.path(name), value)).transpose()
    }

    /// A list that may be absent, of at most `limit` members.
    ///
    /// # Errors
    /// When it is something else or longer.
    pub fn list(&mut self, name: &'static str, limit: usize) -> Result<Option<&'a [Value]>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(items)) if items.len() > limit => {
                Err(Fault::value(self.path(name), format!("has {} members, more than {limit}", items.len())))
            }
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(other) => Err(self.wrong(name, "a list", other)),
        }
    }

    /// An object that may be absent.
    ///
    /// # Errors
    /// When it is something else.
    pub fn object(&mut self, name: &'static str) -> Result<Option<Fields<'a>>, Fault> {
        self.get(name).map(|value| Fields::of(&self.path(name), value)).transpose()
    }

    /// Refuses every member nobody asked for.
    ///
    /// # Errors
    /// [`crate::fault::FaultKind::InvalidParams`], naming the first one.
    pub fn finish(&self) -> Result<(), Fault> {
        match self.members.keys().find(|name| !self.asked.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => {
                let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
                Err(Fault::params(self.path(&shown), "is not a parameter of this method"))
            }
        }
    }

    fn wrong(&self, name: &str, wanted: &str, found: &Value) -> Fault {
        Fault::value(self.path(name), format!("must be {wanted}, not {}", kind(found)))
    }
}

/// Reads one VLAN: a whole JSON number from 1 to 4094; no text, no boolean,
/// no fraction, not even 100.0.
///
/// # Errors
/// [`crate::fault::FaultKind::InvalidValue`], naming the parameter.
pub(super) fn vlan(path: &str, value: &Value) -> Result<VlanId, Fault> {
    let number = value.as_u64().ok_or_else(|| {
        Fault::value(path, format!("must be a VLAN, a whole number from 1 to 4094, not {}", kind(value)))
    })?;
    number.try_into().map_err(|error| Fault::value(path, error))
}

/// Reads one VNI: a whole JSON number from 1 to 16777215.
///
/// # Errors
/// [`crate::fault::FaultKind::InvalidValue`], naming the parameter.
pub(super) fn vni(path: &str, value: &Value) -> Result<Vni, Fault> {
    let number = value.as_u64().ok_or_else(|| {
        Fault::value(path, format!("must be a VNI, a whole number from 1 to 16777215, not {}", kind(value)))
    })?;
    number.try_into().map_err(|error| Fault::value(path, error))
}

/// A value for an error message, bounded.
pub(crate) fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("the text {:?}", text.chars().take(32).collect::<String>()),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
