//! What may stand in a line: nothing that a command line takes for anything but text.

use mercury_adapter::Unrenderable;

use super::Typing;

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
    } else {
        return Ok(());
    };
    Err(typing.writing.cannot(&format!("{what} {text:?}"), &format!("no line can hold {odd}")))
}
