//! Answers, and errors with their statuses (RFC 8040 section 7).

use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::{Value as Json, json};
use tonic::Code;

use crate::{
    device::NotSet,
    refusal::{Layer, Reason, Refused, Tag},
    strikes::Denial,
};

/// A whole answer.
pub(super) type Answer = Response<Full<Bytes>>;

/// What is answered in place of what was asked for.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// Errors; a page of a proxy's where there are none.
    pub(super) errors: Vec<Json>,
}

impl Refusal {
    /// One error.
    pub(super) fn new(tag: Tag, message: impl Into<String>) -> Self {
        Self::of(&Reason {
            layer: Layer::Protocol,
            tag,
            app_tag: None,
            path: None,
            message: message.into(),
            info: Vec::new(),
        })
    }

    pub(super) fn of(reason: &Reason) -> Self {
        Self { status: status(reason.tag), errors: vec![error(reason)] }
    }

    /// A status without a word of RESTCONF's.
    pub(super) fn bare(status: StatusCode) -> Self {
        Self { status, errors: Vec::new() }
    }

    pub(super) fn answer(self, media: &'static str) -> Answer {
        if self.errors.is_empty() {
            let page = format!("<html><body><h1>{}</h1></body></html>", self.status);
            return answer(self.status, Some(("text/html", page)));
        }
        let body = json!({"ietf-restconf:errors": {"error": self.errors}}).to_string();
        answer(self.status, Some((media, body)))
    }
}

/// An error as an answer has it.
pub(super) fn error(reason: &Reason) -> Json {
    let layer = if reason.layer == Layer::Application { "application" } else { "protocol" };
    let mut error = json!({"error-type": layer, "error-tag": reason.tag.as_str(), "error-message": reason.message});
    if let (Some(path), Some(members)) = (&reason.path, error.as_object_mut()) {
        members.insert("error-path".to_owned(), path.to_string().into());
    }
    error
}

fn status(tag: Tag) -> StatusCode {
    match tag {
        Tag::InUse | Tag::LockDenied | Tag::ResourceDenied | Tag::DataExists | Tag::DataMissing => StatusCode::CONFLICT,
        Tag::TooBig => StatusCode::PAYLOAD_TOO_LARGE,
        Tag::AccessDenied => StatusCode::FORBIDDEN,
        Tag::OperationNotSupported => StatusCode::METHOD_NOT_ALLOWED,
        Tag::RollbackFailed | Tag::OperationFailed => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Tag(tag, message) => Self::new(tag, message),
            Denial::Status(code, _) => Self::bare(match code {
                Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
                Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
                Code::Unauthenticated => StatusCode::UNAUTHORIZED,
                Code::PermissionDenied => StatusCode::FORBIDDEN,
                Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
                Code::FailedPrecondition => StatusCode::PRECONDITION_FAILED,
                Code::NotFound => StatusCode::NOT_FOUND,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            }),
        }
    }
}

/// Why a change did not happen, and which of its parts is at fault.
pub(super) fn not_set(refused: NotSet) -> (Option<usize>, Refusal) {
    match refused {
        NotSet::NotNow(who) => (None, Refusal::new(Tag::LockDenied, who)),
        NotSet::Operation(at, reason) => (Some(at), Refusal::of(&reason)),
        NotSet::Invalid(Refused(reasons)) => {
            let errors = reasons.iter().map(error).collect();
            (None, Refusal { status: StatusCode::BAD_REQUEST, errors })
        }
        NotSet::NothingPending | NotSet::OtherId | NotSet::Duration => {
            (None, Refusal::new(Tag::OperationFailed, "there is no commit that waits"))
        }
    }
}

pub(super) fn answer(status: StatusCode, body: Option<(&'static str, String)>) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    if let Some((media, text)) = body {
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        *answer.body_mut() = Full::new(Bytes::from(text));
    }
    answer
}
