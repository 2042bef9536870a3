//! Faults and answers in JSON, of bounded length whatever a switch says.

use mercury_adapter::RpcError;
use serde_json::{Value, json};

use crate::fault::{Fault, FaultKind, SwitchOutcome};

/// The largest answer, in bytes; of a longer one only that it is longer is told.
pub(super) const MAX_ANSWER: usize = 8 << 20;
/// The longest text of an error, in characters, and the most errors of one switch.
const MAX_TEXT: usize = 2000;
const MAX_ERRORS: usize = 16;
/// The most switches whose outcomes are told.
const MAX_SWITCHES: usize = 256;

/// A fault's message.
pub(super) fn message(fault: &Fault) -> String {
    cut(&fault.to_string())
}

/// What is told beside code and message.
pub(super) fn data(fault: &Fault) -> Value {
    let row = fault.kind.row();
    let mut data = json!({
        "class": format!("ironic.common.exception.{}", row.class),
        "kind": fault.kind,
        "parameter": fault.parameter.as_deref().map(cut),
        "switch": fault.switch,
        "device_errors": fault.device_errors.iter().take(MAX_ERRORS).map(said).collect::<Vec<_>>(),
        "who_acts": row.actor,
        "retry": row.retry,
    });
    if let (false, Some(members)) = (fault.switches.is_empty(), data.as_object_mut()) {
        let told = fault.switches.iter().take(MAX_SWITCHES).map(|one| {
            let message = one.message.as_deref().map(cut);
            SwitchOutcome { message, ..one.clone() }
        });
        members.insert("switches".to_owned(), json!(told.collect::<Vec<_>>()));
    }
    if let (Some(findings), Some(members)) = (&fault.findings, data.as_object_mut()) {
        members.insert("findings".to_owned(), json!(findings.iter().take(MAX_ERRORS).collect::<Vec<_>>()));
    }
    data
}

fn said(error: &RpcError) -> RpcError {
    let cut_some = |text: &Option<String>| text.as_deref().map(cut);
    RpcError {
        app_tag: cut_some(&error.app_tag),
        path: cut_some(&error.path),
        message: cut_some(&error.message),
        info: error.info.iter().take(MAX_ERRORS).map(|(leaf, text)| (cut(leaf), cut(text))).collect(),
        ..error.clone()
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes)", text.get(..end).unwrap_or_default(), text.len()),
    }
}

/// An answer, unless it is too long to be told.
pub(super) fn bounded(answer: Value) -> Result<Value, Fault> {
    if answer.to_string().len() <= MAX_ANSWER {
        return Ok(answer);
    }
    let message = format!("what was asked for was done, and the answer is longer than {MAX_ANSWER} bytes");
    Err(Fault::new(FaultKind::Unsupported, message))
}

#[cfg(test)]
mod tests {
    use mercury_adapter::ErrorTag;

    use super::*;

    #[test]
    fn whatever_a_switch_says_is_told_in_bounded_length() {
        let long = "\u{e9}".repeat(100_000);
        let mut error = RpcError::new(ErrorTag::OperationFailed, long.clone());
        error.path = Some(long.clone());
        error.info = vec![(long.clone(), long.clone()); 2];
        let fault = Fault { parameter: Some(long.clone()), ..Fault::new(FaultKind::Refused, long) };
        let fault = fault.with_errors(&vec![error; 20]);
        let (message, data) = (message(&fault), data(&fault));
        assert!(message.len() < 5000 && message.ends_with("… (200000 bytes)"), "{message}");
        assert!(data.is_object() && data.to_string().len() < 1_000_000);
        assert_eq!(data["device_errors"].as_array().unwrap().len(), MAX_ERRORS);
    }

    #[test]
    fn an_answer_that_is_too_long_is_a_fault_like_any_other() {
        assert_eq!(bounded(json!({"a": 1})), Ok(json!({"a": 1})));
        let fault = bounded(json!("x".repeat(MAX_ANSWER))).unwrap_err();
        assert!(fault.message.contains("longer than 8388608 bytes"), "{fault}");
    }
}
