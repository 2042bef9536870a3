//! The error vocabulary every adapter maps to: RFC 6241 section 4.3 and appendix A.

use std::fmt;

use serde::{Serialize, Serializer};

/// One complaint of a device, whatever protocol carried it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RpcError {
    /// The layer that found the fault.
    pub error_type: ErrorType,
    /// What went wrong, in the standard's words.
    pub tag: ErrorTag,
    /// Whether the operation failed or was only remarked upon.
    pub severity: Severity,
    /// The device's or the data model's own error code.
    pub app_tag: Option<String>,
    /// The node that caused it, as the device wrote it.
    pub path: Option<String>,
    /// Text meant for people.
    pub message: Option<String>,
    /// The leaves of `error-info` in document order: leaf name and text. The
    /// refused command of an IOS-XE `bad-cli` is here as `bad-command`.
    pub info: Vec<(String, String)>,
}

impl RpcError {
    /// An application error with a tag and a text, and nothing else.
    #[must_use]
    pub fn new(tag: ErrorTag, message: impl Into<String>) -> Self {
        Self {
            error_type: ErrorType::Application,
            tag,
            severity: Severity::Error,
            app_tag: None,
            path: None,
            message: Some(message.into()),
            info: Vec::new(),
        }
    }

    /// True unless the device only warns.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The session that holds the lock, from `error-info` or, on devices that
    /// say it in prose only, from the message (a process id on Junos).
    ///
    /// Zero means that no NETCONF session holds it: somebody on the command
    /// line, or a candidate with changes in it (RFC 6241 section 7.5).
    #[must_use]
    pub fn lock_holder(&self) -> Option<u64> {
        let said = self.info.iter().find(|(leaf, _)| leaf == "session-id");
        if let Some(id) = said.and_then(|(_, text)| text.trim().parse().ok()) {
            return Some(id);
        }
        let message = self.message.as_deref()?.to_ascii_lowercase();
        let about_locks = self.tag == ErrorTag::LockDenied || self.tag == ErrorTag::InUse || message.contains("lock");
        if !about_locks {
            return None;
        }
        ["session", "pid"].iter().find_map(|word| number_after(&message, word))
    }
}

/// The number that follows `word`, with only "id" and punctuation between.
fn number_after(text: &str, word: &str) -> Option<u64> {
    text.match_indices(word).find_map(|(at, _)| {
        let rest = skip_punctuation(text.get(at + word.len()..)?);
        let rest = skip_punctuation(rest.strip_prefix("id").unwrap_or(rest));
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest.get(..end)?.parse().ok()
    })
}

fn skip_punctuation(text: &str) -> &str {
    text.trim_start_matches([' ', '-', '_', ':', '=', '#', '"', '\'', '(', '['])
}

impl std::error::Error for RpcError {}

/// One line of bounded length, without control characters.
impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_error() {
            f.write_str("warning ")?;
        }
        write!(f, "{}", one_line(self.tag.name(), 60))?;
        if let Some(message) = present(self.message.as_ref()) {
            write!(f, ": {}", one_line(message, 400))?;
        }
        if let Some(path) = present(self.path.as_ref()) {
            write!(f, " at {}", one_line(path, 300))?;
        }
        if let Some(app_tag) = present(self.app_tag.as_ref()) {
            write!(f, " [{}]", one_line(app_tag, 80))?;
        }
        for (position, (leaf, text)) in self.info.iter().take(6).enumerate() {
            let opening = if position == 0 { " (" } else { ", " };
            write!(f, "{opening}{}: {}", one_line(leaf, 60), one_line(text, 160))?;
        }
        match self.info.len() {
            0 => Ok(()),
            1..=6 => f.write_str(")"),
            more => write!(f, ", {} more)", more - 6),
        }
    }
}

fn present(text: Option<&String>) -> Option<&str> {
    text.map(|t| t.trim()).filter(|t| !t.is_empty())
}

/// Collapses blanks and drops what could move a terminal's cursor or turn its
/// direction; cuts after `limit` characters.
fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
            length += 1;
        }
        for c in word.chars().filter(|c| !turns_direction(*c)) {
            if length >= limit {
                line.push('…');
                return line;
            }
            line.push(c);
            length += 1;
        }
    }
    line
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `error-severity`. What a device leaves out counts as an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The operation failed.
    Error,
    /// The operation went on; the device has a remark.
    Warning,
}

/// Declares an enum whose variants are the names a standard gives, plus
/// `Other` for what devices invent.
macro_rules! names {
    ($(#[$doc:meta])* $enum:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $enum {
            $($(#[$variant_doc])* $variant,)*
            /// A name the standard does not have, kept as it came.
            Other(String),
        }

        impl $enum {
            /// The value with this name; blanks around it do not matter.
            #[must_use]
            pub fn from_name(name: &str) -> Self {
                match name.trim() {
                    $($name => Self::$variant,)*
                    other => Self::Other(other.to_owned()),
                }
            }

            /// The name as the standard writes it.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => name,
                }
            }
        }

        impl fmt::Display for $enum {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl Serialize for $enum {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }
    };
}

names! {
    /// `error-type`: the layer where the fault was found (RFC 6241 section 4.3).
    ErrorType {
        /// The secure transport.
        Transport = "transport",
        /// The message layer.
        Rpc = "rpc",
        /// The operation.
        Protocol = "protocol",
        /// The content.
        Application = "application",
    }
}

names! {
    /// `error-tag`: RFC 6241 appendix A.
    ErrorTag {
        /// The resource is taken.
        InUse = "in-use",
        /// A value is out of range or of the wrong kind.
        InvalidValue = "invalid-value",
        /// Request or response is larger than the device can handle.
        TooBig = "too-big",
        /// An attribute is missing.
        MissingAttribute = "missing-attribute",
        /// An attribute has a wrong value.
        BadAttribute = "bad-attribute",
        /// An attribute nobody expects.
        UnknownAttribute = "unknown-attribute",
        /// An element is missing.
        MissingElement = "missing-element",
        /// An element has a wrong value.
        BadElement = "bad-element",
        /// An element nobody expects.
        UnknownElement = "unknown-element",
        /// A namespace nobody expects.
        UnknownNamespace = "unknown-namespace",
        /// The user may not do this.
        AccessDenied = "access-denied",
        /// Somebody else holds the lock; see [`RpcError::lock_holder`].
        LockDenied = "lock-denied",
        /// The device lacks resources.
        ResourceDenied = "resource-denied",
        /// Undoing a failed change failed too.
        RollbackFailed = "rollback-failed",
        /// `create` of something that is there.
        DataExists = "data-exists",
        /// `delete` of something that is not there.
        DataMissing = "data-missing",
        /// The device does not do this operation.
        OperationNotSupported = "operation-not-supported",
        /// Anything else.
        OperationFailed = "operation-failed",
        /// Obsolete in the standard, still sent.
        PartialOperation = "partial-operation",
        /// The message was not well-formed (base 1.1 only).
        MalformedMessage = "malformed-message",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(message: &str, info: &[(&str, &str)]) -> RpcError {
        RpcError {
            info: info.iter().map(|(l, t)| ((*l).to_owned(), (*t).to_owned())).collect(),
            ..RpcError::new(ErrorTag::LockDenied, message)
        }
    }

    #[test]
    fn the_lock_holder_is_taken_from_the_info_first() {
        let error = denied("Lock failed, held by session 9", &[("session-id", " 454 ")]);
        assert_eq!(error.lock_holder(), Some(454));
        assert_eq!(denied("", &[("session-id", "0")]).lock_holder(), Some(0));
    }

    #[test]
    fn the_lock_holder_is_found_in_prose() {
        for (text, id) in [
            ("Lock failed, lock is already held by session 42.", 42),
            ("locked by session-id: 7", 7),
            ("the datastore is in use (Session ID=12)", 12),
            ("configuration database locked by:\n root terminal p0 (pid 2213) on since 2020", 2213),
        ] {
            assert_eq!(denied(text, &[]).lock_holder(), Some(id), "{text}");
        }
        assert_eq!(denied("lock held by a session of admin", &[]).lock_holder(), None);
        let unrelated = RpcError::new(ErrorTag::InvalidValue, "bgp session 5 is bad");
        assert_eq!(unrelated.lock_holder(), None);
    }

    #[test]
    fn display_is_one_bounded_line_without_control_characters() {
        let mut error = denied("a\r\nb\u{1b}[31m\u{202e}c", &[("bad-command", "switchport\tx")]);
        error.path = Some("/if:interfaces".to_owned());
        error.app_tag = Some("tag".to_owned());
        assert_eq!(error.to_string(), "lock-denied: a b [31mc at /if:interfaces [tag] (bad-command: switchport x)");
        error.message = Some("é".repeat(100_000));
        error.path = error.message.clone();
        error.tag = ErrorTag::Other("\u{7}x".repeat(10_000));
        error.info = vec![("y".repeat(5_000), "z\n".repeat(5_000)); 500];
        let text = error.to_string();
        assert!(text.chars().count() < 2_500, "{}", text.chars().count());
        assert!(text.ends_with(", 494 more)"));
        assert!(!text.chars().any(char::is_control));
    }

    #[test]
    fn every_tag_comes_back_from_its_name() {
        for name in ["in-use", "lock-denied", "partial-operation", "malformed-message", "vendor-x"] {
            assert_eq!(ErrorTag::from_name(name).name(), name);
        }
        assert_eq!(ErrorTag::from_name(" in-use\n"), ErrorTag::InUse);
        assert_eq!(ErrorTag::from_name("odd"), ErrorTag::Other("odd".to_owned()));
    }
}
