//! Secrets in what readers say of a text that they cannot read.

use mercury_adapter::{MASK, masked, secret_at};

/// So many octets before a place are looked through.
const BEFORE: usize = 1 << 20;

/// A message about a line of a text, or about all of it: where a secret may stand before that
/// line ends, without what it quotes.
pub(super) fn hidden(message: &str, text: &str, line: Option<usize>) -> String {
    let end = line.map_or(text.len(), |line| text.split_inclusive('\n').take(line).map(str::len).sum());
    let from = (end.saturating_sub(BEFORE)..end).find(|at| text.is_char_boundary(*at)).unwrap_or(end);
    match text.get(from..end).and_then(secret_at) {
        Some(_) => unquoted(message),
        None => masked(message).into_owned(),
    }
}

/// A message with one word for all from the first to the last of what it quotes: what is quoted
/// may have such marks in it.
pub(super) fn unquoted(message: &str) -> String {
    let Some((before, rest)) = message.find(['"', '`', '<', '&']).map(|at| message.split_at(at)) else {
        return message.to_owned();
    };
    let end = rest.char_indices().skip(1).filter(|(_, c)| matches!(c, '"' | '`' | '>' | ';')).last();
    let after = end.and_then(|(at, _)| rest.get(at + 1..)).unwrap_or_default();
    format!("{before}\"{MASK}\"{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_near_a_secret_is_not_told() {
        let text = "<a>\n<mtu>9</mtu>\n<password>hun<TER2</password>\n</a>\n";
        let message = "ill-formed document: expected `</TER2</password>`, but `</a>` was found";
        assert_eq!(hidden(message, text, Some(3)), "ill-formed document: expected \"masked\" was found");
        assert_eq!(hidden(message, text, None), hidden(message, text, Some(4)));
        let before = "ill-formed document: expected `</mtu>`, but `</a>` was found";
        assert_eq!(hidden(before, text, Some(2)), before, "no secret stands before it");
        for (message, expected) in [
            ("Entity reference \"&TER2;xx</\" is unknown", "Entity reference \"masked\" is unknown"),
            ("value \"HUN\"TER2\".", "value \"masked\"."),
            ("no end of \"hunter2", "no end of \"masked\""),
            ("nothing", "nothing"),
        ] {
            assert_eq!(unquoted(message), expected);
        }
    }
}
