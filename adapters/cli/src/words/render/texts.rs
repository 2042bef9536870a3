//! What may stand in a line: nothing that a command line takes for anything but text.

use mercury_adapter::{Dialect, Unrenderable};

/// What an entry's name is called in a refusal.
pub(in crate::words) const NAME: &str = "the name";

/// And what is said in the place of VLANs, as the switch shows it.
pub(in crate::words) const VLANS: &str = "the VLANs";

/// What a line can hold.
#[derive(Clone, Copy)]
pub(in crate::words) struct Takes {
    /// Nothing but ASCII.
    pub(in crate::words) ascii: bool,
    /// A shell looks at it first.
    pub(in crate::words) is_shell: bool,
    /// A text with blanks or brackets stands in quotation marks.
    pub(in crate::words) quotes: bool,
}

impl Takes {
    /// A text as it stands in a line: in the marks that the system, or a shell before
    /// it, takes it in.
    pub(in crate::words) fn quoted(self, text: &str) -> String {
        let is_plain = text.chars().all(is_plain);
        match (self.is_shell, self.quotes) {
            (true, _) if is_plain => text.to_owned(),
            (true, true) => format!("'\"{text}\"'"),
            (true, false) => format!("'{text}'"),
            (false, true) if text.contains(SPLITS) => format!("\"{text}\""),
            (false, _) => text.to_owned(),
        }
    }
}

/// What ends a word, or begins a list or a block, outside of quotation marks.
const SPLITS: [char; 6] = [' ', '[', ']', '{', '}', ';'];

/// Letters that no shell takes for anything else.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-:@".contains(c)
}

/// Refuses what would end the line, ask for help, filter its output, or be cut.
pub(in crate::words) fn checked(dialect: &Dialect, takes: Takes, what: &str, text: &str) -> Result<(), Unrenderable> {
    let odd = if text.chars().any(char::is_control) {
        "a line end or another control character"
    } else if text.contains(['?', '|', '"']) {
        "a question mark, a bar or a quotation mark"
    } else if text.starts_with(['!', '#', '\'']) {
        "a mark of a comment or a quotation at its beginning"
    } else if text.trim() != text || text.contains("  ") {
        "a blank at an end, or two in a row"
    } else if takes.ascii && !text.is_ascii() {
        "a letter that is not ASCII"
    } else if takes.is_shell && text.contains(['\'', '\\']) {
        "a quotation mark or a backslash"
    } else if takes.is_shell && what == NAME && !text.chars().all(is_plain) {
        "a name of anything but letters, digits and . _ - : @"
    } else if takes.is_shell && what == VLANS && !text.chars().all(|c| is_plain(c) || " ,".contains(c)) {
        "VLANs of anything but letters, digits, blanks and . , _ - : @"
    } else {
        return Ok(());
    };
    Err(dialect.cannot(&format!("{what} {text:?}"), &format!("no line can hold {odd}")))
}
