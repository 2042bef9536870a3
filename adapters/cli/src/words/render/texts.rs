//! What may stand in a line: nothing that a command line takes for anything but text.

use mercury_adapter::{CliWords, Unrenderable};

use super::Typing;

/// What an entry's name is called in a refusal.
pub(super) const NAME: &str = "the name";

/// A text as it stands in a line: in the marks that the system, or a shell before it,
/// takes it in.
pub(super) fn quoted(words: &CliWords, text: String) -> String {
    if words.command.is_some() {
        return if text.chars().all(is_plain) { text } else { format!("'\"{text}\"'") };
    }
    if words.quotes && text.contains(' ') { format!("\"{text}\"") } else { text }
}

/// Letters that no shell takes for anything else.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-:@".contains(c)
}

/// Refuses what would end the line, ask for help, filter its output, or be cut.
pub(super) fn checked(typing: &Typing<'_>, what: &str, text: &str) -> Result<(), Unrenderable> {
    let odd = if text.chars().any(char::is_control) {
        "a line end or another control character"
    } else if text.contains(['?', '|', '"']) {
        "a question mark, a bar or a quotation mark"
    } else if text.starts_with(['!', '#', '\'']) {
        "a mark of a comment or a quotation at its beginning"
    } else if text.trim() != text || text.contains("  ") {
        "a blank at an end, or two in a row"
    } else if typing.words.text.ascii && !text.is_ascii() {
        "a letter that is not ASCII"
    } else if typing.words.command.is_some() && text.contains(['\'', '\\']) {
        "a quotation mark or a backslash"
    } else if typing.words.command.is_some() && what == NAME && !text.chars().all(is_plain) {
        "a name of anything but letters, digits and . _ - : @"
    } else {
        return Ok(());
    };
    Err(typing.writing.cannot(&format!("{what} {text:?}"), &format!("no line can hold {odd}")))
}
