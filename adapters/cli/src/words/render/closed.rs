//! A port is closed where it would carry its system's default VLAN on its way from some VLANs to
//! others: the line in between may be the last.

use mercury_adapter::{Names, Said, Template};
use mercury_model::Change;

use super::Typing;

/// What closes a port before its VLANs are changed, and what opens it again behind that.
#[derive(Default)]
pub(super) struct Closed {
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
}

impl Closed {
    /// Nothing of a port that is not enabled; one that is to be disabled anyway stays closed, and
    /// what enables one is typed when its VLANs are there.
    pub(super) fn of(typing: &Typing<'_>, names: &Names, change: &Change) -> Self {
        let Some(own) = typing.words.port.get("enabled") else { return Self::default() };
        let Said::Lines { lines, .. } = &own.said else { return Self::default() };
        let line = |word: &str| lines.iter().find(|(own, _)| own == word).map(|(_, line)| line);
        let filled = |line: &Template| line.fill(|hole| typing.named(names, hole));
        let [was_up, is_up] = change.is_up;
        Self {
            first: line("false").filter(|_| was_up).map(filled),
            last: Some(line("true").unwrap_or(&own.remove)).filter(|_| was_up && is_up).map(filled),
        }
    }
}
