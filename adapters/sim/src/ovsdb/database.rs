//! Rows, and what of a transaction is found out when all of it is done: references,
//! rows that nobody refers to, and indexes (RFC 7047 section 5.2; ovsdb-server(7)).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use super::{
    datum::{Atom, Datum, Failed},
    operations::{Refused, Transaction},
    schema::{self, Table},
};

pub(super) type Row = BTreeMap<String, Datum>;

/// The rows of each table, by their uuid.
#[derive(Debug, Clone, Default)]
pub(super) struct Database {
    tables: BTreeMap<String, BTreeMap<String, Arc<Row>>>,
    /// Counts what was given a uuid.
    given: u64,
}

/// What becomes of a transaction.
#[derive(Debug)]
pub(super) enum Transacted {
    /// One result for each operation, and one more where it failed as a whole.
    Done { results: Vec<Value>, changed: bool },
    /// It waits for something: so long in all, or for ever.
    Waits(Option<Duration>),
}

/// A uuid, the same in each run.
pub(super) fn uuid_of(given: u64, symbol: usize) -> String {
    format!("{given:08x}-7047-4000-8000-{symbol:012x}")
}

impl Database {
    /// Carries operations out together or not at all. `waited`: for how long it has been
    /// waiting already.
    pub(super) fn transact(&mut self, operations: &[Value], waited: Duration) -> Transacted {
        let mut transaction = Transaction::new(self.clone(), waited);
        let mut results = Vec::new();
        for operation in operations {
            match transaction.carry(operation) {
                Ok(result) => results.push(result),
                Err(Refused::Waits(within)) => return Transacted::Waits(within),
                Err(Refused::Failed(failed)) => {
                    results.push(failed.to_json());
                    results.resize(operations.len(), Value::Null);
                    return Transacted::Done { results, changed: false };
                }
            }
        }
        match transaction.finish() {
            Ok(database) => {
                let changed = self.tables != database.tables;
                *self = database;
                Transacted::Done { results, changed }
            }
            Err(failed) => {
                results.push(failed.to_json());
                Transacted::Done { results, changed: false }
            }
        }
    }

    /// A number that nobody was given.
    pub(super) fn number(&mut self) -> u64 {
        self.given += 1;
        self.given
    }

    pub(super) fn rows(&self, table: &str) -> impl Iterator<Item = (&String, &Row)> {
        self.tables.get(table).into_iter().flatten().map(|(uuid, row)| (uuid, &**row))
    }

    pub(super) fn row(&self, table: &str, uuid: &str) -> Option<&Row> {
        self.tables.get(table)?.get(uuid).map(|row| &**row)
    }

    /// Puts a row in its place; it is another version then.
    pub(super) fn put(&mut self, table: &str, uuid: &str, mut row: Row) {
        if self.row(table, uuid) == Some(&row) {
            return;
        }
        let version = uuid_of(self.number(), 0);
        row.insert("_uuid".to_owned(), Datum::uuid(uuid));
        row.insert("_version".to_owned(), Datum::uuid(&version));
        self.tables.entry(table.to_owned()).or_default().insert(uuid.to_owned(), Arc::new(row));
    }

    pub(super) fn take(&mut self, table: &str, uuid: &str) {
        self.tables.get_mut(table).and_then(|rows| rows.remove(uuid));
    }

    /// Each reference: who refers, to which table, and to which row there.
    fn references(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.tables.iter().flat_map(|(name, rows)| {
            let columns = schema::tables().get(name).into_iter().flat_map(|table| &table.columns);
            let referring: Vec<_> =
                columns.filter_map(|(name, column)| Some((name, column.of.key.refers.as_deref()?))).collect();
            rows.values().flat_map(move |row| {
                referring.clone().into_iter().flat_map(move |(column, to)| {
                    row.get(column).into_iter().flat_map(Datum::set).filter_map(move |atom| match atom {
                        Atom::Uuid(uuid) => Some((name.as_str(), to, uuid.as_str())),
                        _ => None,
                    })
                })
            })
        })
    }

    /// Looks at the whole, and takes rows away that nobody refers to.
    pub(super) fn settle(&mut self) -> Result<(), Failed> {
        if let Some((from, to, uuid)) = self.references().find(|(_, to, uuid)| self.row(to, uuid).is_none()) {
            let details = format!("a row of {from} refers to row {uuid} of {to}, which is not there");
            return Err(Failed::new("referential integrity violation", details));
        }
        self.collect();
        self.forget();
        for (name, table) in schema::tables() {
            self.counts(name, table)?;
        }
        Ok(())
    }

    fn collect(&mut self) {
        loop {
            let referred: BTreeSet<(String, String)> =
                self.references().map(|(_, to, uuid)| (to.to_owned(), uuid.to_owned())).collect();
            let is_left = |table: &str, uuid: &str| {
                let is_root = schema::tables().get(table).is_some_and(|table| table.is_root);
                is_root || referred.contains(&(table.to_owned(), uuid.to_owned()))
            };
            let mut gone = 0;
            for (name, rows) in &mut self.tables {
                let before = rows.len();
                rows.retain(|uuid, _| is_left(name, uuid));
                gone += before - rows.len();
            }
            if gone == 0 {
                return;
            }
        }
    }

    /// Takes weak references away that lead nowhere (RFC 7047 section 3.2).
    fn forget(&mut self) {
        for (name, table) in schema::tables() {
            let weak = table.columns.iter().filter_map(|(column, own)| Some((column, own.of.key.weakly.as_deref()?)));
            for (column, to) in weak {
                let is_there = |atom: &&Atom| matches!(atom, Atom::Uuid(uuid) if self.row(to, uuid).is_some());
                let fewer = |(uuid, row): (&String, &Row)| {
                    let had = row.get(column)?;
                    let left: BTreeSet<Atom> = had.set().filter(is_there).cloned().collect();
                    let mut row = row.clone();
                    (left.len() < had.len()).then(|| row.insert(column.clone(), Datum::Set(left)))?;
                    Some((uuid.clone(), row))
                };
                let changed: Vec<_> = self.rows(name).filter_map(fewer).collect();
                changed.into_iter().for_each(|(uuid, row)| self.put(name, &uuid, row));
            }
        }
    }

    fn counts(&self, name: &str, table: &Table) -> Result<(), Failed> {
        let count = self.rows(name).count();
        if count > table.max_rows {
            return Err(Failed::constraint(format!("table {name} has {count} rows, of {} at most", table.max_rows)));
        }
        for index in &table.indexes {
            let mut seen = BTreeSet::new();
            for (_, row) in self.rows(name) {
                let key: Vec<_> = index.iter().map(|column| row.get(column)).collect();
                if !seen.insert(key) {
                    let details = format!("two rows of {name} have the same {}", index.join(" and "));
                    return Err(Failed::constraint(details));
                }
            }
        }
        Ok(())
    }
}
