//! A transaction, and what its results say (RFC 7047 sections 4.1.3 and 5.2).
//!
//! The reply to one that failed is no error: it is looked for among the results, of which
//! there is one for each operation, and one more where it failed as a whole.

use mercury_adapter::{ErrorTag, JsonProblem, NoRoom, RpcError, Share, json as counted};
use serde_json::{Value, json};

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
        let senseless = |what: &str| Failed::Senseless(format!("the reply to a transaction {what}"));
        let results = match counted(result.as_bytes(), share) {
            Ok(Value::Array(results)) => results,
            Ok(_) | Err(JsonProblem::Malformed(_)) => return Err(senseless("is no list")),
            Err(JsonProblem::NoRoom(error)) => return Err(error.into()),
        };
        if let Some((index, error)) = results
            .iter()
            .enumerate()
            .find_map(|(index, one)| Some((index, one.get("error").filter(|of| !of.is_null())?)))
        {
            let tag = error.as_str().unwrap_or("error").to_owned();
            let whole = results.get(index).map(error_text).unwrap_or_default();
            return Err(match self.operations.get(index) {
                Some((_, Expected::Holds(otherwise))) if tag == "timed out" => Failed::Guard(otherwise.clone()),
                Some((_, Expected::Spares(lost))) if tag == "timed out" => Failed::Loss(lost.clone()),
                _ => Failed::Refused { tag, error: whole },
            });
        }
        if results.len() != self.operations.len() {
            return Err(senseless(&format!("has {} results of {} operations", results.len(), self.operations.len())));
        }
        let mut found = Vec::new();
        for (mut result, (_, expected)) in results.into_iter().zip(&self.operations) {
            found.push(match expected {
                Expected::Rows => match result.get_mut("rows").map(Value::take) {
                    Some(Value::Array(rows)) => rows,
                    _ => return Err(senseless("has no rows")),
                },
                Expected::Count(expected) => match result.get("count").and_then(Value::as_u64) {
                    Some(count) if count == *expected => Vec::new(),
                    Some(count) => return Err(senseless(&format!("tells of {count} rows that were changed"))),
                    None => return Err(senseless("has no count")),
                },
                Expected::Holds(_) | Expected::Spares(_) | Expected::Done if result.is_object() => Vec::new(),
                Expected::Holds(_) | Expected::Spares(_) | Expected::Done => {
                    return Err(senseless("has a result that is none"));
                }
            });
        }
        Ok(found)
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
        ] {
            assert!(matches!(read(&transaction(), result), Err(Failed::Senseless(_))), "{result}");
        }
    }
}
