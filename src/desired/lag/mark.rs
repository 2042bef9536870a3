//! What the end of a description remembers, so that Mercury has not to.

use mercury_model::{Description, Interface};

use crate::{fault::Fault, intent::Setting};

/// In brackets at the end of a description: of an aggregate of Mercury's
/// making, what callers call it; of a port that joined an aggregate of the
/// network team's by name, that aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark<'a> {
    /// `[name]`: `update_lag` made it, and ports join it by this name.
    Named(&'a str),
    /// `[[name]]`: a bond's, whose links alone are its members.
    Bond(&'a str),
}

impl<'a> Mark<'a> {
    pub(super) const fn name(self) -> &'a str {
        match self {
            Self::Named(name) | Self::Bond(name) => name,
        }
    }
}

/// A description without its mark, and the mark.
pub(super) fn split(text: &Description) -> (Option<&str>, Option<Mark<'_>>) {
    let text = text.as_str();
    let bond = text.strip_suffix("]]").and_then(|rest| rest.rsplit_once("[["));
    let bond = bond.map(|(before, name)| (before, Mark::Bond(name)));
    let named = || text.strip_suffix(']')?.rsplit_once('[').map(|(before, name)| (before, Mark::Named(name)));
    let found = bond.or_else(named).filter(|(before, _)| before.is_empty() || before.ends_with(' '));
    match found {
        None => (Some(text), None),
        Some((before, mark)) => (Some(before.trim_end()).filter(|text| !text.is_empty()), Some(mark)),
    }
}

pub(super) fn mark_of(interface: &Interface) -> Option<Mark<'_>> {
    split(interface.description.as_ref()?).1
}

pub(super) fn with_mark(text: Option<&str>, mark: Option<Mark<'_>>) -> Result<Option<Description>, Fault> {
    let mark = mark.map(|mark| match mark {
        Mark::Named(name) => format!("[{name}]"),
        Mark::Bond(name) => format!("[[{name}]]"),
    });
    let text = match (text, mark) {
        (Some(text), Some(mark)) => format!("{text} {mark}"),
        (None, Some(mark)) => mark,
        (Some(text), None) => text.to_owned(),
        (None, None) => return Ok(None),
    };
    text.parse().map(Some).map_err(|error| Fault::value("description", error))
}

/// The text that is wanted of an aggregate, without a mark.
pub(super) fn plain<'a>(
    wanted: &'a Setting<Option<Description>>,
    has: Option<&'a Description>,
) -> Result<Option<&'a str>, Fault> {
    match wanted {
        Setting::Set(Some(text)) if text.as_str().ends_with(']') => {
            Err(Fault::value("description", "ends in a bracket, as the names of aggregates do"))
        }
        Setting::Set(text) => Ok(text.as_ref().map(Description::as_str)),
        Setting::Keep => Ok(has.and_then(|text| split(text).0)),
    }
}

/// What a caller may be told of a description: not the mark of this name.
#[must_use]
pub fn unmarked<'a>(text: &'a Description, name: &str) -> Option<&'a str> {
    match split(text) {
        (plain, Some(mark)) if mark.name() == name => plain,
        _ => Some(text.as_str()),
    }
}
