//! A transaction, and what its results say (RFC 7047 sections 4.1.3 and 5.2).
//!
//! The reply to one that failed is no error: it is looked for among the results, of which
//! there is one for each operation, and one more where it failed as a whole.

use std::fmt;

use mercury_adapter::{ErrorTag, JsonProblem, NoRoom, RpcError, Share, json as counted};
use serde::{
    Deserialize, Deserializer as _,
    de::{Error as _, SeqAccess, Visitor},
};
use serde_json::{Value, json, value::RawValue};

use crate::message::error_text;

/// The database of Open vSwitch.
pub const DATABASE: &str = "Open_vSwitch";

/// Operations that are carried out together or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transaction {
    operations: Vec<(Value, Expected)>,
}

/// What the result of an operation is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Expected {
    /// Rows.
    Rows,
    /// That this many rows were changed.
    Count(u64),
    /// Nothing: what it looks for is so. The text is what is wrong where it is not.
    Holds(String),
    /// Nothing: no row is there that would lose something. The text says what, where one is.
    Spares(String),
    /// Anything.
    Done,
}

/// Why a transaction was not carried out, or not as it should have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// What it was made from is not so any more; nothing was changed.
    #[error("{0}")]
    Guard(String),
    /// What somebody else has there would be lost; nothing was changed.
    #[error("{0}")]
    Loss(String),
    /// The server refused it; nothing was changed.
    #[error("{error}")]
    Refused {
        /// The tag of RFC 7047 section 3.1, or the server's own.
        tag: String,
        /// The tag and its details.
        error: String,
    },
    /// The reply makes no sense, so what was changed is not known.
    #[error("{0}")]
    Senseless(String),
    /// There is no room for the reply, so what was changed is not known.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
}

impl Failed {
    /// As an error of RFC 6241.
    #[must_use]
    pub fn rpc_error(&self) -> RpcError {
        let tag = match self {
            Self::Guard(_) => ErrorTag::InUse,
            Self::Loss(_) => ErrorTag::DataExists,
            Self::Refused { tag, .. } => match tag.as_str() {
                "constraint violation" | "domain error" | "range error" => ErrorTag::InvalidValue,
                "not owner" => ErrorTag::LockDenied,
                "permission error" | "not allowed" => ErrorTag::AccessDenied,
                "resources exhausted" => ErrorTag::ResourceDenied,
                _ => ErrorTag::OperationFailed,
            },
            Self::Senseless(_) => ErrorTag::OperationFailed,
            Self::NoRoom(_) => ErrorTag::TooBig,
        };
        RpcError { app_tag: self.own_tag(), ..RpcError::new(tag, self.to_string()) }
    }

    fn own_tag(&self) -> Option<String> {
        match self {
            Self::Refused { tag, .. } => Some(tag.clone()),
            _ => None,
        }
    }
}

impl Transaction {
    /// Asks for columns of the rows that meet all conditions.
    pub fn select(&mut self, table: &str, conditions: &[Value], columns: &[&str]) {
        let operation = json!({ "op": "select", "table": table, "where": conditions, "columns": columns });
        self.operations.push((operation, Expected::Rows));
    }

    /// Goes on only where the rows that meet all conditions are these, in these columns;
    /// waits so many milliseconds for it. `otherwise` is what to say where they are not.
    pub fn wait(
        &mut self,
        milliseconds: u64,
        (table, conditions): (&str, &[Value]),
        columns: &[&str],
        rows: &[Value],
        otherwise: String,
    ) {
        let operation = json!({
            "op": "wait", "timeout": milliseconds, "table": table, "where": conditions, "columns": columns,
            "until": "==", "rows": rows,
        });
        self.operations.push((operation, Expected::Holds(otherwise)));
    }

    /// Goes on only where no row meets all conditions. `lost` is what to say where one does:
    /// something of somebody else's that would be lost.
    pub fn spare(&mut self, (table, conditions): (&str, &[Value]), lost: String) {
        let operation = json!({
            "op": "wait", "timeout": 0, "table": table, "where": conditions, "columns": ["_uuid"],
            "until": "==", "rows": [],
        });
        self.operations.push((operation, Expected::Spares(lost)));
    }

    /// Adds operations that each change one row: `update` and `mutate`.
    pub fn change(&mut self, operations: impl IntoIterator<Item = Value>) {
        self.operations.extend(operations.into_iter().map(|operation| (operation, Expected::Count(1))));
    }

    /// Adds operations that each make one row: `insert`.
    pub fn make(&mut self, operations: impl IntoIterator<Item = Value>) {
        self.operations.extend(operations.into_iter().map(|operation| (operation, Expected::Done)));
    }

    /// Puts a text in the log of the database.
    pub fn comment(&mut self, text: &str) {
        self.operations.push((json!({ "op": "comment", "comment": text }), Expected::Done));
    }

    /// The parameters of the request.
    #[must_use]
    pub fn params(&self) -> Value {
        let operations = self.operations.iter().map(|(operation, _)| operation.clone());
        std::iter::once(Value::from(DATABASE)).chain(operations).collect()
    }

    /// The rows of each operation, in order; none of one that asks for none. They take of
    /// `share` what they take of the memory.
    ///
    /// # Errors
    /// [`Failed`]: one of them was not carried out, and so none was.
    pub fn rows(&self, result: &str, share: &mut Share) -> Result<Vec<Vec<Value>>, Failed> {
        self.rows_as(result, share, |row, share| counted(row.as_bytes(), share))
    }

    /// The same, each made of its own text: values of the whole would take several times as much.
    pub(crate) fn rows_as<R>(
        &self,
        result: &str,
        share: &mut Share,
        mut make: impl FnMut(&str, &mut Share) -> Result<R, JsonProblem>,
    ) -> Result<Vec<Vec<R>>, Failed> {
        let senseless = |what: &str| Failed::Senseless(format!("the reply to a transaction {what}"));
        // One more than there are operations tells that the whole failed.
        let most = self.operations.len() + 1;
        let (mut results, mut count) = (Vec::new(), 0);
        let listed = each(result, |one| {
            count += 1;
            if count <= most {
                results.push(one);
            }
            Ok(())
        });
        unfailed(listed, || senseless("is no list"))?;
        let told: Vec<Told<'_>> = results.iter().map(|one| told(one)).collect();
        if let Some((index, error)) =
            told.iter().enumerate().find_map(|(index, one)| Some((index, one.as_ref()?.error?)))
        {
            let text = |raw: &RawValue, share: &mut Share| match counted(raw.get().as_bytes(), share) {
                Err(JsonProblem::NoRoom(refused)) => Err(Failed::NoRoom(refused)),
                told => Ok(told.unwrap_or_default()),
            };
            let tag = text(error, share)?.as_str().unwrap_or("error").to_owned();
            return Err(match self.operations.get(index) {
                Some((_, Expected::Holds(otherwise))) if tag == "timed out" => Failed::Guard(otherwise.clone()),
                Some((_, Expected::Spares(lost))) if tag == "timed out" => Failed::Loss(lost.clone()),
                _ => {
                    let whole = results.get(index).map(|whole| text(whole, share)).transpose()?;
                    Failed::Refused { tag, error: error_text(&whole.unwrap_or_default()) }
                }
            });
        }
        if count != self.operations.len() {
            return Err(senseless(&format!("has {count} results of {} operations", self.operations.len())));
        }
        let mut found = Vec::new();
        for (result, (_, expected)) in told.iter().zip(&self.operations) {
            let mut rows = Vec::new();
            match (expected, result) {
                (Expected::Rows, told) => {
                    let text = told.as_ref().and_then(|own| own.rows).ok_or_else(|| senseless("has no rows"))?;
                    let listed = each(text.get(), |row| {
                        share.grow(size_of::<R>())?;
                        rows.push(make(row.get(), share)?);
                        Ok(())
                    });
                    unfailed(listed, || senseless("has no rows"))?;
                }
                (Expected::Count(expected), told) => {
                    let count = told.as_ref().and_then(|own| own.count?.get().parse::<u64>().ok());
                    match count {
                        Some(count) if count == *expected => {}
                        Some(count) => return Err(senseless(&format!("tells of {count} rows that were changed"))),
                        None => return Err(senseless("has no count")),
                    }
                }
                (Expected::Holds(_) | Expected::Spares(_) | Expected::Done, Some(_)) => {}
                (Expected::Holds(_) | Expected::Spares(_) | Expected::Done, None) => {
                    return Err(senseless("has a result that is none"));
                }
            }
            found.push(rows);
        }
        Ok(found)
    }
}

/// What a result may say, each as it came; `None` where it is no object.
type Told<'a> = Option<Said<'a>>;

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    rows: Option<&'a RawValue>,
    #[serde(borrow)]
    count: Option<&'a RawValue>,
}

fn told(result: &RawValue) -> Told<'_> {
    if result.get().starts_with('{') { serde_json::from_str(result.get()).ok() } else { None }
}

/// Only that there is no room is told as it is.
fn unfailed(listed: Result<(), JsonProblem>, otherwise: impl FnOnce() -> Failed) -> Result<(), Failed> {
    listed.map_err(|problem| match problem {
        JsonProblem::NoRoom(refused) => Failed::NoRoom(refused),
        JsonProblem::Malformed(_) => otherwise(),
    })
}

/// Does something with each value of a list.
fn each<'t>(list: &'t str, done: impl FnMut(&'t RawValue) -> Result<(), JsonProblem>) -> Result<(), JsonProblem> {
    let mut each = Each { done, problem: None };
    let mut reader = serde_json::Deserializer::from_str(list);
    let read = reader.deserialize_seq(&mut each).and_then(|()| reader.end());
    match each.problem {
        Some(problem) => Err(problem),
        None => Ok(read?),
    }
}

struct Each<F> {
    done: F,
    /// What cannot be said through serde is said beside it.
    problem: Option<JsonProblem>,
}

impl<'t, F: FnMut(&'t RawValue) -> Result<(), JsonProblem>> Visitor<'t> for &mut Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(value) = list.next_element()? {
            if let Err(problem) = (self.done)(value) {
                let error = A::Error::custom(&problem);
                self.problem = Some(problem);
                return Err(error);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mercury_adapter::Budget;

    use super::*;

    fn read(transaction: &Transaction, result: &str) -> Result<Vec<Vec<Value>>, Failed> {
        transaction.rows(result, &mut Budget::new(1 << 20).share(1 << 20))
    }

    fn transaction() -> Transaction {
        let mut transaction = Transaction::default();
        transaction.wait(0, ("Port", &[json!(["name", "==", "p1"])]), &["tag"], &[json!({ "tag": 1 })], "moved".into());
        transaction.change([json!({ "op": "update", "table": "Port" })]);
        transaction.select("Port", &[], &["tag"]);
        transaction.comment("why");
        transaction
    }

    #[test]
    fn each_operation_has_one_result() {
        let rows = read(&transaction(), r#"[{},{"count":1},{"rows":[{"tag":2}]},{}]"#).unwrap();
        assert_eq!(rows, [vec![], vec![], vec![json!({ "tag": 2 })], vec![]]);
        assert_eq!(transaction().params()[0], DATABASE);
        assert_eq!(transaction().params().as_array().unwrap().len(), 5);
    }

    #[test]
    fn an_error_is_found_wherever_it_stands() {
        let failed = |result: &str| read(&transaction(), result).unwrap_err();
        let guard = failed(r#"[{"error":"timed out","details":"\"wait\" timed out"},null,null,null]"#);
        assert_eq!(guard, Failed::Guard("moved".to_owned()));
        assert_eq!(guard.rpc_error().tag, ErrorTag::InUse);
        let mut sparing = Transaction::default();
        sparing.spare(("Port", &[json!(["protected", "!=", false])]), "p1 has protected".to_owned());
        let loss = read(&sparing, r#"[{"error":"timed out"}]"#).unwrap_err();
        assert_eq!((loss.rpc_error().tag, loss.to_string().as_str()), (ErrorTag::DataExists, "p1 has protected"));
        let refused = failed(r#"[{},{"error":"constraint violation","details":"5000 is not in the range"},null,null]"#);
        assert_eq!(refused.rpc_error().tag, ErrorTag::InvalidValue);
        assert_eq!(refused.to_string(), "constraint violation: 5000 is not in the range");
        // Of no operation, since it was found when all were done.
        let whole = failed(r#"[{},{"count":1},{"rows":[]},{},{"error":"referential integrity violation"}]"#);
        assert_eq!(whole.rpc_error().tag, ErrorTag::OperationFailed);
        assert!(matches!(whole, Failed::Refused { .. }));
    }

    #[test]
    fn rows_that_are_small_as_text_and_large_as_values_take_no_more_than_there_is() {
        let mut asking = Transaction::default();
        asking.select("Port", &[], &["name"]);
        let rows = |count: usize| format!("[{{\"rows\":[{}]}}]", vec![r#"{"a":{}}"#; count].join(","));
        assert_eq!(read(&asking, &rows(500)).unwrap()[0].len(), 500);
        let failed = read(&asking, &rows(50_000)).unwrap_err();
        assert!(matches!(failed, Failed::NoRoom(_)), "{failed}");
    }

    #[test]
    fn what_is_no_result_of_its_operation_is_not_believed() {
        for result in [
            "{}",
            "[]",
            r#"[{},{"count":1},{"rows":[]}]"#,
            r#"[{},{"count":0},{"rows":[]},{}]"#,
            r#"[{},{"count":2},{"rows":[]},{}]"#,
            r#"[{},{},{"rows":[]},{}]"#,
            r#"[{},{"count":1},{},{}]"#,
            r#"[null,{"count":1},{"rows":[]},{}]"#,
            r#"[{},{"count":1},{"rows":[]},{},{}]"#,
            r#"[{},{"count":1},{"rows":[]},{},{},{},{"error":"late"}]"#,
            r#"[{},{"count":1},{"rows":{}},{}]"#,
            r#"[{},{"count":1},{"rows":[]},[]]"#,
        ] {
            assert!(matches!(read(&transaction(), result), Err(Failed::Senseless(_))), "{result}");
        }
    }
}
