//! The media types, by the names of RFC 8040 and those of its drafts.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Data in JSON.
    Data,
    /// A YANG Patch in JSON (RFC 8072 section 4.1), which no draft-era server has.
    Patch,
}

/// The names of data in JSON: RFC 8040's, those of drafts 10 and 3, and what all that is
/// known of Dell's OS10 was said in.
const DATA: [&str; 4] =
    ["application/yang-data+json", "application/yang.data+json", "application/vnd.yang.data+json", JSON];
/// Whatever answers in JSON may say so, a proxy too: of it nothing is learnt.
const JSON: &str = "application/json";

/// The name that a target uses, once one was taken.
#[derive(Debug, Default)]
pub(crate) struct Media(AtomicUsize);

impl Media {
    /// What a body of this kind is called.
    pub(crate) fn content(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Data => DATA.get(self.0.load(Relaxed)).copied().unwrap_or(DATA[0]),
            Kind::Patch => "application/yang-patch+json",
        }
    }

    /// What may come back.
    pub(crate) fn accept(&self) -> &'static str {
        self.content(Kind::Data)
    }

    /// Learns the name that an answer has.
    pub(crate) fn learn(&self, content_type: &str) {
        if let Some(at) = DATA.iter().position(|name| *name != JSON && is_named(content_type, name)) {
            self.0.store(at, Relaxed);
        }
    }

    /// Uses another name, after this one was not taken; `false` where there is no other.
    pub(crate) fn another(&self) -> bool {
        let next = self.0.load(Relaxed) + 1;
        let is_there = next < DATA.len();
        self.0.store(if is_there { next } else { 0 }, Relaxed);
        is_there
    }
}

/// Whether a content type is of this name, whatever its parameters.
pub(crate) fn is_named(content_type: &str, name: &str) -> bool {
    content_type.split(';').next().is_some_and(|own| own.trim().eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_and_each_is_tried_once() {
        let media = Media::default();
        media.learn("text/html");
        assert_eq!(media.accept(), DATA[0]);
        media.learn("Application/vnd.yang.data+JSON; charset=utf-8");
        assert_eq!(media.content(Kind::Data), DATA[2]);
        media.learn("application/json");
        assert_eq!(media.content(Kind::Data), DATA[2]);
        assert!(media.another() && !media.another());
        assert_eq!(media.accept(), DATA[0]);
        assert!(media.another() && media.another() && media.another() && !media.another());
    }
}
