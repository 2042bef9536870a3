//! What every configuration format is read into: keys, values and lines.

use std::collections::BTreeMap;

/// A table of keys, each with its value and its line.
///
/// There is no `Debug`: a value may be a password.
#[derive(Clone, Default)]
pub(crate) struct Table {
    /// The line where the table begins, counted from 1; 0 for a whole file.
    pub(crate) line: usize,
    pub(crate) entries: BTreeMap<String, Entry>,
}

/// A value and the line it is on.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) line: usize,
    pub(crate) value: Value,
}

/// A value as its format gives it.
#[derive(Clone)]
pub(crate) enum Value {
    /// Text of a typed format, which is text and nothing else.
    Text(String),
    /// Text of an untyped format (INI), which the reader of a key interprets.
    Word(String),
    Integer(i64),
    Boolean(bool),
    List(Vec<Entry>),
    Table(Table),
    /// A type no key takes, by its name.
    Other(&'static str),
}

impl Value {
    /// The type, as messages call it.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Value::Text(_) | Value::Word(_) => "text",
            Value::Integer(_) => "an integer",
            Value::Boolean(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Other(name) => name,
        }
    }
}
