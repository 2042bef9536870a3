//! Errors in RFC 6241's words (RFC 8040 section 7), and what an answer means: done, refused,
//! not now, or nobody knows.

use http::{Method, StatusCode};
use mercury_adapter::{Budget, ErrorTag, ErrorType, JsonProblem, Lost, NoRoom, Refusal, RpcError, json};
use serde_json::Value;

/// Octets of a refusal that are looked at, and that it may take as values: more than any target has to say.
const MAX_REFUSAL: usize = 1 << 20;
/// Errors of one answer that are kept.
const MAX_ERRORS: usize = 64;
/// Texts of one error that are kept: RFC 8040 section 8 has six leaves, and others stand in `error-info`.
const MAX_LEAVES: usize = 64;
/// What a precondition that failed says.
const OUTDATED: &str = "the configuration is no longer as it was read";

/// How an exchange failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The target answered and did not do it.
    Refused(Refusal),
    /// The target answered that it is not to be had now, and did nothing.
    NotNow(Refusal),
    /// Whether it was done is not known.
    Lost(Lost),
}

impl Failure {
    /// The same of a request that says how the resource has to be, as its answer of this
    /// status tells it: 412 means that it is not, whatever error stands in the body (RFC 9110
    /// section 15.5.13; RFC 8040 section 7 has `operation-failed` for that status).
    pub(crate) fn of_guarded(self, status: StatusCode) -> Self {
        match self {
            Self::Refused(refusal) if status == StatusCode::PRECONDITION_FAILED => {
                let said = refusal.errors().iter().filter_map(|error| error.message.as_deref());
                let said: Vec<&str> = said.filter(|said| *said != OUTDATED).collect();
                let message = match said.is_empty() {
                    true => OUTDATED.to_owned(),
                    false => format!("{OUTDATED} ({})", said.join("; ")),
                };
                let app_tag = Some(status.as_u16().to_string());
                let error = RpcError { app_tag, ..RpcError::new(ErrorTag::InUse, message) };
                Self::Refused(Refusal::Outdated(vec![error]))
            }
            other => other,
        }
    }

    /// A refusal in our own words.
    pub(crate) fn unreadable(text: impl Into<String>) -> Self {
        Self::Refused(Refusal::Unreadable(text.into()))
    }

    /// An error of this tag.
    pub(crate) fn refused(tag: ErrorTag, message: impl Into<String>) -> Self {
        Self::Refused(Refusal::Errors(vec![RpcError::new(tag, message)]))
    }
}

/// What a status and a body mean: `Ok` where what was asked is so.
///
/// # Errors
/// It is not. The errors' tags decide, and the status where there are none: proxies answer
/// with pages of their own, and statuses differ from server to server.
pub(crate) fn judge(method: &Method, status: StatusCode, body: &[u8]) -> Result<(), Failure> {
    // Of a YANG Patch the body tells, even where the status is 200.
    let tells = !status.is_success() || *method == Method::PATCH;
    let begins = body.get(..MAX_REFUSAL).unwrap_or(body);
    let errors = match if tells { errors(begins) } else { Ok(Vec::new()) } {
        // What was not read may say that it was not done.
        Err(full) if status.is_success() => return Err(Failure::Lost(Lost::NoRoom(full.to_string()))),
        Ok(_) if tells && status.is_success() && begins.len() < body.len() => {
            let full = NoRoom::Reply { limit: MAX_REFUSAL };
            return Err(Failure::Lost(Lost::NoRoom(full.to_string())));
        }
        errors => errors.unwrap_or_default(),
    };
    if status.is_success() && errors.is_empty() {
        return Ok(());
    }
    let only = |tags: &[ErrorTag]| !errors.is_empty() && errors.iter().all(|error| tags.contains(&error.tag));
    // Some say by the tag that the value of the URI leads nowhere (RFC 8040 section 7).
    let leads_nowhere = status == StatusCode::NOT_FOUND
        && (errors.is_empty() || only(&[ErrorTag::DataMissing, ErrorTag::InvalidValue]));
    let is_missing = leads_nowhere || only(&[ErrorTag::DataMissing]);
    if *method == Method::DELETE && is_missing {
        return Ok(());
    }
    if *method == Method::GET && is_missing {
        return Err(Failure::refused(ErrorTag::DataMissing, format!("the answer is {status}")));
    }
    if only(&[ErrorTag::LockDenied, ErrorTag::InUse])
        && !status.is_success()
        && status != StatusCode::PRECONDITION_FAILED
    {
        return Err(Failure::NotNow(Refusal::Errors(errors)));
    }
    if errors.is_empty() {
        return Err(by_status(status, begins));
    }
    Err(Failure::Refused(Refusal::Errors(errors)))
}

/// What an answer without errors of RESTCONF's means.
fn by_status(status: StatusCode, body: &[u8]) -> Failure {
    use ErrorTag::{AccessDenied, DataMissing, InUse, InvalidValue, OperationFailed, OperationNotSupported, TooBig};
    let tag = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => AccessDenied,
        StatusCode::NOT_FOUND | StatusCode::GONE => DataMissing,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => InvalidValue,
        StatusCode::PRECONDITION_FAILED => InUse,
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG => TooBig,
        StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::NOT_ACCEPTABLE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::NOT_IMPLEMENTED => OperationNotSupported,
        // A proxy asked somebody, and knows no more than we do (RFC 9110 sections 15.6.3 to 15.6.5).
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            return Failure::Lost(Lost::Closed(format!("the answer is {status}, and not the switch's")));
        }
        _ => OperationFailed,
    };
    let message = match status {
        StatusCode::PRECONDITION_FAILED => OUTDATED.to_owned(),
        // Not followed: to whom it leads nobody has vouched for.
        _ if status.is_redirection() => format!("the answer is {status}, which leads elsewhere"),
        _ => format!("the answer is {status}{}", said(body)),
    };
    let error_type = if tag == AccessDenied { ErrorType::Transport } else { ErrorType::Application };
    let app_tag = Some(status.as_u16().to_string());
    let refusal = Refusal::Errors(vec![RpcError { error_type, app_tag, ..RpcError::new(tag, message) }]);
    // Too many requests: it was not looked at (RFC 6585 section 4).
    if status == StatusCode::TOO_MANY_REQUESTS { Failure::NotNow(refusal) } else { Failure::Refused(refusal) }
}

/// The beginning of a body that is text and no page.
fn said(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.is_empty() || text.starts_with('<') {
        return String::new();
    }
    format!(": {}", text.chars().take(200).filter(|c| !c.is_control()).collect::<String>())
}

/// The errors in a body, wherever in it they are: `ietf-restconf:errors`, by that name or
/// without its module's, and those of a patch and of each of its edits. In JSON, or in XML
/// from a server that was asked for JSON.
///
/// # Errors
/// It is JSON that takes too much as values.
fn errors(body: &[u8]) -> Result<Vec<RpcError>, NoRoom> {
    let mut found = Vec::new();
    match json(body, &mut Budget::shared().share(MAX_REFUSAL)) {
        Ok(value) => collect(&value, &mut found),
        Err(JsonProblem::NoRoom(full)) => return Err(full),
        Err(JsonProblem::Malformed(_)) => from_xml(body, &mut found),
    }
    Ok(found)
}

fn collect(value: &Value, found: &mut Vec<RpcError>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(members) => {
            if members.contains_key("error-tag") && found.len() < MAX_ERRORS {
                found.push(error(|name| members.get(name).and_then(text)));
            }
            members.values().for_each(|value| collect(value, found));
        }
        _ => {}
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

fn error(leaf: impl Fn(&str) -> Option<String>) -> RpcError {
    RpcError {
        error_type: leaf("error-type").map_or(ErrorType::Application, |word| ErrorType::from_name(&word)),
        app_tag: leaf("error-app-tag"),
        path: leaf("error-path"),
        message: leaf("error-message"),
        ..RpcError::new(ErrorTag::from_name(&leaf("error-tag").unwrap_or_default()), "")
    }
}

fn from_xml(body: &[u8], found: &mut Vec<RpcError>) {
    use quick_xml::events::Event;
    let Ok(text) = std::str::from_utf8(body) else { return };
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut leaves, mut name): (Vec<(String, String)>, String) = (Vec::new(), String::new());
    while found.len() < MAX_ERRORS {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                start.local_name().as_ref().clone_into(&mut name);
                if name == "error" {
                    leaves.clear();
                }
            }
            Ok(Event::Text(text)) if leaves.len() < MAX_LEAVES => {
                leaves.push((std::mem::take(&mut name), text.as_ref().to_owned()));
            }
            Ok(Event::End(end)) if end.local_name().as_ref() == "error" => {
                let leaf = |wanted: &str| leaves.iter().find(|(name, _)| name == wanted).map(|(_, text)| text.clone());
                if leaf("error-tag").is_some() {
                    found.push(error(leaf));
                }
            }
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, body: &str) -> Failure {
        judge(&Method::PATCH, StatusCode::from_u16(status).unwrap(), body.as_bytes()).unwrap_err()
    }

    fn tag(failure: Failure) -> String {
        match failure {
            Failure::Refused(refusal) => format!("refused {}", refusal.errors()[0].tag.name()),
            Failure::NotNow(refusal) => format!("not now {}", refusal.errors()[0].tag.name()),
            Failure::Lost(lost) => format!("lost {lost}"),
        }
    }

    #[test]
    fn the_tag_decides_before_the_status_does() {
        let body = |tag: &str| format!(r#"{{"errors":{{"error":[{{"error-type":"protocol","error-tag":"{tag}"}}]}}}}"#);
        assert_eq!(tag(told(409, &body("lock-denied"))), "not now lock-denied");
        assert_eq!(tag(told(503, &body("in-use"))), "not now in-use");
        assert_eq!(tag(told(409, &body("data-exists"))), "refused data-exists");
        assert_eq!(tag(told(500, &body("invalid-value"))), "refused invalid-value");
        let xml = "<errors xmlns='urn:ietf:params:xml:ns:yang:ietf-restconf'><error><error-tag>lock-denied</error-tag>\
                   <error-message>session 7</error-message></error></errors>";
        assert_eq!(tag(told(409, xml)), "not now lock-denied");
    }

    #[test]
    fn of_a_long_refusal_the_beginning_is_looked_at_and_a_long_success_of_a_patch_is_not_believed() {
        let error = "<error><error-tag>lock-denied</error-tag><error-message>session 7</error-message></error>";
        let long = "<a>x</a>".repeat(1 << 18);
        assert_eq!(tag(told(409, &format!("<errors>{error}{long}</errors>"))), "not now lock-denied");
        assert_eq!(tag(told(409, &format!("<errors>{long}{error}</errors>"))), "refused operation-failed");
        let objects = vec!["{}"; 1 << 17].join(",");
        assert_eq!(tag(told(409, &format!("[{objects}]"))), "refused operation-failed");
        for body in [format!("[{objects}]"), format!("\"{}\"", "x".repeat(MAX_REFUSAL))] {
            assert!(tag(told(200, &body)).starts_with("lost"), "an edit that failed may be told in what was not read");
        }
        assert!(judge(&Method::GET, StatusCode::OK, objects.as_bytes()).is_ok(), "that is data, and counted elsewhere");
    }

    #[test]
    fn an_answer_that_is_not_the_switchs_tells_nothing() {
        assert!(tag(told(503, "<html>busy</html>")).starts_with("lost"));
        assert!(tag(told(502, "")).starts_with("lost"));
        assert_eq!(tag(told(412, "")), "refused in-use");
        assert_eq!(tag(told(429, "")), "not now operation-failed");
        assert_eq!(tag(told(409, "")), "refused operation-failed");
        assert_eq!(tag(told(302, "")), "refused operation-failed");
    }

    /// RFC 8040 section 7 has 412 for `operation-failed`, too.
    #[test]
    fn a_precondition_that_failed_is_one_whatever_stands_in_the_body() {
        let body = r#"{"ietf-restconf:errors":{"error":[{"error-type":"protocol","error-tag":"operation-failed",
            "error-message":"precondition failed"}]}}"#;
        for body in [body, "", "<html>no</html>"] {
            let status = StatusCode::PRECONDITION_FAILED;
            let Failure::Refused(refusal) = told(412, body).of_guarded(status) else { panic!("{body}") };
            let Refusal::Outdated(errors) = &refusal else { panic!("{body}: {refusal}") };
            assert_eq!(errors[0].tag, ErrorTag::InUse);
            assert_eq!(refusal.to_string().contains("precondition failed"), !body.starts_with('<') && !body.is_empty());
        }
        // Who was not asked to hold anything against it has failed in another way.
        assert_eq!(tag(told(412, body)), "refused operation-failed");
        assert!(matches!(
            told(500, body).of_guarded(StatusCode::INTERNAL_SERVER_ERROR),
            Failure::Refused(Refusal::Errors(_))
        ));
    }

    #[test]
    fn what_is_read_and_not_there_is_missing_by_any_of_its_names() {
        let read = |status: u16, body: &str| {
            judge(&Method::GET, StatusCode::from_u16(status).unwrap(), body.as_bytes()).unwrap_err()
        };
        let invalid = r#"{"errors":{"error":[{"error-tag":"invalid-value","error-message":"uri keypath not found"}]}}"#;
        assert_eq!(tag(read(404, invalid)), "refused data-missing");
        assert_eq!(tag(read(404, "")), "refused data-missing");
        assert_eq!(tag(read(400, invalid)), "refused invalid-value");
    }

    #[test]
    fn what_is_not_there_need_not_go() {
        let gone =
            |status: u16, body: &str| judge(&Method::DELETE, StatusCode::from_u16(status).unwrap(), body.as_bytes());
        assert!(gone(404, "").is_ok());
        assert!(gone(409, r#"{"ietf-restconf:errors":{"error":[{"error-tag":"data-missing"}]}}"#).is_ok());
        assert!(gone(404, r#"{"ietf-restconf:errors":{"error":[{"error-tag":"access-denied"}]}}"#).is_err());
        assert!(judge(&Method::PATCH, StatusCode::NOT_FOUND, b"").is_err());
    }

    #[test]
    fn a_patch_of_which_an_edit_failed_is_refused_whatever_its_status() {
        let body = r#"{"ietf-yang-patch:yang-patch-status":{"patch-id":"mercury","edit-status":{"edit":[
            {"edit-id":"1","ok":[null]},{"edit-id":"2","errors":{"error":[{"error-tag":"data-missing"}]}}]}}}"#;
        assert_eq!(tag(told(200, body)), "refused data-missing");
    }
}
