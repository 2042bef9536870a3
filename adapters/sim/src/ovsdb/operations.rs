//! The operations of a transaction (RFC 7047 section 5.2).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    database::{Database, Row, uuid_of},
    datum::{Atom, Datum, Failed, Named, Type, is_id},
    schema::{self, Column, Table},
};

/// What has been done so far, of which nobody else sees anything.
#[derive(Debug)]
pub(super) struct Transaction {
    database: Database,
    waited: Duration,
    symbols: Symbols,
}

/// Why an operation is not carried out, now or at all.
#[derive(Debug)]
pub(super) enum Refused {
    Failed(Failed),
    /// It waits so long in all, or for ever.
    Waits(Option<Duration>),
}

impl From<Failed> for Refused {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

/// The names of rows that this transaction makes: each name's row, and whether it was made.
#[derive(Debug)]
struct Symbols {
    rows: BTreeMap<String, (String, bool)>,
    /// Tells its rows from those of other transactions.
    of: u64,
}

impl Named for Symbols {
    fn row(&mut self, name: &str) -> String {
        if let Some((row, _)) = self.rows.get(name) {
            return row.clone();
        }
        let row = uuid_of(self.of, self.rows.len() + 1);
        self.rows.insert(name.to_owned(), (row.clone(), false));
        row
    }
}

impl Transaction {
    pub(super) fn new(mut database: Database, waited: Duration) -> Self {
        let symbols = Symbols { rows: BTreeMap::new(), of: database.number() };
        Self { database, waited, symbols }
    }

    /// The database that it makes.
    pub(super) fn finish(mut self) -> Result<Database, Failed> {
        self.database.settle()?;
        Ok(self.database)
    }

    pub(super) fn carry(&mut self, operation: &Value) -> Result<Value, Refused> {
        match operation["op"].as_str().ok_or_else(|| Failed::syntax("an operation without \"op\""))? {
            "insert" => Ok(self.insert(operation)?),
            "select" => Ok(self.select(operation)?),
            "update" => Ok(self.update(operation)?),
            "mutate" => Ok(self.mutate(operation)?),
            "delete" => Ok(self.delete(operation)?),
            "wait" => self.wait(operation),
            "commit" | "comment" => Ok(json!({})),
            "abort" => Err(Failed::new("aborted", "as it was asked to be").into()),
            // No client of this server has a lock.
            "assert" => Err(Failed::new("not owner", "nobody has the lock").into()),
            other => Err(Failed::syntax(format!("there is no operation {other}")).into()),
        }
    }

    fn insert(&mut self, operation: &Value) -> Result<Value, Failed> {
        let (name, table) = table(operation)?;
        let uuid = match &operation["uuid-name"] {
            Value::Null => uuid_of(self.database.number(), 0),
            Value::String(symbol) if is_id(symbol) => {
                let uuid = self.symbols.row(symbol);
                if self.symbols.rows.insert(symbol.clone(), (uuid.clone(), true)).is_some_and(|(_, is_made)| is_made) {
                    let details = format!("two rows are named {symbol}");
                    return Err(Failed::new("duplicate uuid-name", details));
                }
                uuid
            }
            other => return Err(Failed::syntax(format!("{other} is no <id>"))),
        };
        let initial = table.columns.iter().map(|(name, column)| (name.clone(), column.of.initial()));
        let mut row: Row = initial.collect();
        row.extend(self.row(table, &operation["row"])?);
        self.database.put(name, &uuid, row);
        Ok(json!({ "uuid": ["uuid", uuid] }))
    }

    fn select(&mut self, operation: &Value) -> Result<Value, Failed> {
        let (name, table) = table(operation)?;
        let found = self.found(name, table, operation)?;
        let columns = columns(table, operation)?;
        let shown = |uuid: &String| {
            let row = self.database.row(name, uuid).into_iter().flatten();
            let own = row.filter(|(name, _)| columns.contains(name));
            own.map(|(name, datum)| (name.clone(), datum.to_json())).collect::<Value>()
        };
        Ok(json!({ "rows": found.iter().map(shown).collect::<Vec<_>>() }))
    }

    fn update(&mut self, operation: &Value) -> Result<Value, Failed> {
        let (name, table) = table(operation)?;
        let row = self.row(table, &operation["row"])?;
        if let Some(fixed) = row.keys().find(|name| table.columns.get(*name).is_some_and(|own| !own.is_mutable)) {
            return Err(Failed::constraint(format!("{fixed} cannot be changed")));
        }
        let found = self.found(name, table, operation)?;
        for uuid in &found {
            let mut whole = self.database.row(name, uuid).cloned().unwrap_or_default();
            whole.extend(row.clone());
            self.database.put(name, uuid, whole);
        }
        Ok(json!({ "count": found.len() }))
    }

    fn delete(&mut self, operation: &Value) -> Result<Value, Failed> {
        let (name, table) = table(operation)?;
        let found = self.found(name, table, operation)?;
        found.iter().for_each(|uuid| self.database.take(name, uuid));
        Ok(json!({ "count": found.len() }))
    }

    fn mutate(&mut self, operation: &Value) -> Result<Value, Failed> {
        let (name, table) = table(operation)?;
        let list = operation["mutations"].as_array().ok_or_else(|| Failed::syntax("no mutations"))?;
        let mut mutations = Vec::new();
        for one in list {
            let (own, column) = column(table, &one[0])?;
            if !column.is_mutable {
                return Err(Failed::constraint(format!("{own} cannot be changed")));
            }
            mutations.push((own, &column.of, Mutation::of(&column.of, &one[1], &one[2], &mut self.symbols)?));
        }
        let found = self.found(name, table, operation)?;
        for uuid in &found {
            let mut row = self.database.row(name, uuid).cloned().unwrap_or_default();
            for (column, of, mutation) in &mutations {
                if let Some(datum) = row.get_mut(*column) {
                    mutation.change(datum)?;
                    of.holds(datum)?;
                }
            }
            self.database.put(name, uuid, row);
        }
        Ok(json!({ "count": found.len() }))
    }

    /// A column that a row leaves out is looked for as if nothing was said of it; what is in
    /// a row and is no column that is looked at, is of no account.
    fn wait(&mut self, operation: &Value) -> Result<Value, Refused> {
        let (name, table) = table(operation)?;
        let columns = columns(table, operation)?;
        let rows = operation["rows"].as_array().ok_or_else(|| Failed::syntax("no rows"))?;
        let mut wanted = BTreeSet::new();
        for row in rows {
            let said = self.row(table, row)?;
            let of = |column: &&String| {
                said.get(*column).cloned().or_else(|| Some(table.columns.get(*column)?.of.initial()))
            };
            wanted.insert(columns.iter().map(|column| of(&column)).collect::<Vec<_>>());
        }
        let found = self.found(name, table, operation)?;
        let rows = found.iter().filter_map(|uuid| self.database.row(name, uuid));
        let there: BTreeSet<_> =
            rows.map(|row| columns.iter().map(|column| row.get(column).cloned()).collect::<Vec<_>>()).collect();
        let is_so = match operation["until"].as_str() {
            Some("==") => there == wanted,
            Some("!=") => there != wanted,
            _ => return Err(Failed::syntax("\"until\" is == or !=").into()),
        };
        let within = match &operation["timeout"] {
            Value::Null => None,
            number => Some(Duration::from_millis(number.as_u64().ok_or_else(|| Failed::syntax("no timeout"))?)),
        };
        match within {
            _ if is_so => Ok(json!({})),
            Some(within) if self.waited >= within => {
                Err(Failed::new("timed out", format!("\"wait\" timed out after {} ms", within.as_millis())).into())
            }
            within => Err(Refused::Waits(within)),
        }
    }

    fn row(&mut self, table: &Table, json: &Value) -> Result<Row, Failed> {
        let members = json.as_object().ok_or_else(|| Failed::syntax("no row"))?;
        let mut row = Row::new();
        for (name, value) in members {
            let (name, column) = column(table, &Value::from(name.as_str()))?;
            row.insert(name.to_owned(), column.of.datum(value, &mut self.symbols)?);
        }
        Ok(row)
    }

    /// The rows that meet all conditions.
    fn found(&mut self, name: &str, table: &Table, operation: &Value) -> Result<Vec<String>, Failed> {
        let list = operation["where"].as_array().ok_or_else(|| Failed::syntax("no \"where\""))?;
        let mut clauses = Vec::new();
        for one in list {
            let (own, column) = column(table, &one[0])?;
            clauses.push((own, Clause::of(&column.of, &one[1], &one[2], &mut self.symbols)?));
        }
        let is_found = |row: &Row| {
            clauses.iter().all(|(column, clause)| row.get(*column).is_some_and(|datum| clause.holds(datum)))
        };
        Ok(self.database.rows(name).filter(|(_, row)| is_found(row)).map(|(uuid, _)| uuid.clone()).collect())
    }
}

fn table(operation: &Value) -> Result<(&'static str, &'static Table), Failed> {
    let name = operation["table"].as_str().unwrap_or_default();
    let found = schema::tables().get_key_value(name).map(|(name, table)| (name.as_str(), table));
    found.ok_or_else(|| Failed::syntax(format!("there is no table {name}")))
}

fn column<'t>(table: &'t Table, name: &Value) -> Result<(&'t str, &'t Column), Failed> {
    let name = name.as_str().unwrap_or_default();
    let found = table.columns.get_key_value(name).map(|(name, column)| (name.as_str(), column));
    found.ok_or_else(|| Failed::new("unknown column", format!("there is no column {name}")))
}

/// Those that are asked for, or all.
fn columns(table: &Table, operation: &Value) -> Result<Vec<String>, Failed> {
    match operation["columns"].as_array() {
        Some(names) => names.iter().map(|name| Ok(column(table, name)?.0.to_owned())).collect(),
        None => Ok(table.columns.keys().cloned().collect()),
    }
}

/// A condition of one column (RFC 7047 section 5.1).
struct Clause {
    test: &'static str,
    value: Datum,
}

impl Clause {
    fn of(of: &Type, test: &Value, value: &Value, symbols: &mut Symbols) -> Result<Self, Failed> {
        let tests = ["==", "!=", "includes", "excludes", "<", "<=", ">", ">="];
        let test = tests
            .into_iter()
            .find(|one| test == one)
            .ok_or_else(|| Failed::new("unknown function", format!("{test} is none")))?;
        let of = match test {
            "<" | "<=" | ">" | ">=" if !(of.is_number() && of.is_optional()) => {
                return Err(Failed::syntax(format!("{test} is of numbers")));
            }
            "includes" | "excludes" => &of.of_any_number(),
            _ => of,
        };
        Ok(Self { test, value: of.datum(value, symbols)? })
    }

    fn holds(&self, datum: &Datum) -> bool {
        let both = datum.number().zip(self.value.number());
        match self.test {
            "==" => *datum == self.value,
            "!=" => *datum != self.value,
            "includes" => datum.includes(&self.value),
            "excludes" => datum.excludes(&self.value),
            "<" => both.is_some_and(|(own, other)| own < other),
            "<=" => both.is_some_and(|(own, other)| own <= other),
            ">" => both.is_some_and(|(own, other)| own > other),
            _ => both.is_some_and(|(own, other)| own >= other),
        }
    }
}

/// A change of one column.
enum Mutation {
    Add(i64),
    Insert(Datum),
    Delete(Datum),
}

impl Mutation {
    fn of(of: &Type, mutator: &Value, value: &Value, symbols: &mut Symbols) -> Result<Self, Failed> {
        match mutator.as_str().unwrap_or_default() {
            sign @ ("+=" | "-=") if of.is_number() => {
                let number = value.as_i64().ok_or_else(|| Failed::syntax("no number"))?;
                Ok(Self::Add(if sign == "-=" { number.saturating_neg() } else { number }))
            }
            "insert" => Ok(Self::Insert(of.of_any_number().datum(value, symbols)?)),
            "delete" if of.is_map() && value[0] != "map" => Ok(Self::Delete(of.of_keys().datum(value, symbols)?)),
            "delete" => Ok(Self::Delete(of.of_any_number().datum(value, symbols)?)),
            other => Err(Failed::syntax(format!("no mutator {other} of such a column"))),
        }
    }

    /// What is there by a key is not replaced.
    fn change(&self, datum: &mut Datum) -> Result<(), Failed> {
        match (self, datum) {
            (Self::Add(number), Datum::Set(set)) => {
                let sum = |atom: &Atom| match atom {
                    Atom::Integer(own) => own.checked_add(*number).map(Atom::Integer),
                    other => Some(other.clone()),
                };
                let overflow = || Failed::new("range error", "the result is too large");
                *set = set.iter().map(sum).collect::<Option<_>>().ok_or_else(overflow)?;
            }
            (Self::Insert(Datum::Set(more)), Datum::Set(set)) => set.extend(more.iter().cloned()),
            (Self::Insert(Datum::Map(more)), Datum::Map(map)) => {
                for (key, value) in more {
                    map.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
            (Self::Delete(Datum::Set(less)), Datum::Set(set)) => set.retain(|own| !less.contains(own)),
            (Self::Delete(Datum::Set(keys)), Datum::Map(map)) => map.retain(|key, _| !keys.contains(key)),
            (Self::Delete(Datum::Map(less)), Datum::Map(map)) => map.retain(|key, value| less.get(key) != Some(value)),
            _ => return Err(Failed::syntax("a mutation of another type than its column")),
        }
        Ok(())
    }
}
