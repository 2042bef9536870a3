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
    } else if takes.quotes && text.ends_with('\\') {
        // The mark that ends the text would be part of it.
        "a backslash at its end"
    } else if takes.is_shell && what == NAME && !text.chars().all(is_plain) {
        "a name of anything but letters, digits and . _ - : @"
    } else if takes.is_shell && what == VLANS && !text.chars().all(|c| is_plain(c) || " ,".contains(c)) {
        "VLANs of anything but letters, digits, blanks and . , _ - : @"
    } else {
        return Ok(());
    };
    Err(dialect.cannot(&format!("{what} {text:?}"), &format!("no line can hold {odd}")))
}

#[cfg(test)]
mod tests {
    use mercury_adapter::builtin;

    use super::*;

    const PROMPT: Takes = Takes { ascii: false, is_shell: false, quotes: false };
    const QUOTES: Takes = Takes { quotes: true, ..PROMPT };
    const SHELL: Takes = Takes { is_shell: true, ..PROMPT };
    const ASCII: Takes = Takes { ascii: true, ..PROMPT };

    fn refused(takes: Takes, what: &str, text: &str) -> Option<String> {
        let dialect = builtin().unwrap().into_iter().find(|one| one.name == "cisco_ios").unwrap();
        checked(&dialect, takes, what, text).err().map(|refusal| refusal.to_string())
    }

    #[test]
    fn what_a_line_cannot_hold_is_refused_and_what_is_nearly_that_is_not() {
        let text = "description";
        for (takes, what, bad, odd, good) in [
            (PROMPT, text, "rack 4\nshutdown", "a line end or another control character", "rack 4 shutdown"),
            (PROMPT, text, "rack\t4", "a line end or another control character", "rack 4"),
            (PROMPT, text, "why?", "a question mark, a bar or a quotation mark", "why!"),
            (PROMPT, text, "a|b", "a question mark, a bar or a quotation mark", "a/b"),
            (PROMPT, text, "a \"b\"", "a question mark, a bar or a quotation mark", "a 'b'"),
            (PROMPT, text, "!rack", "a mark of a comment or a quotation at its beginning", "rack!"),
            (PROMPT, text, "#4", "a mark of a comment or a quotation at its beginning", "rack #4"),
            (PROMPT, text, "'rack'", "a mark of a comment or a quotation at its beginning", "the 'rack'"),
            (PROMPT, text, " rack", "a blank at an end, or two in a row", "rack"),
            (PROMPT, text, "rack ", "a blank at an end, or two in a row", "rack"),
            (PROMPT, text, "rack  4", "a blank at an end, or two in a row", "rack 4"),
            (ASCII, text, "Gerät", "a letter that is not ASCII", "Geraet"),
            (SHELL, text, "it's", "a quotation mark or a backslash", "it is"),
            (SHELL, text, "a\\b", "a quotation mark or a backslash", "a/b"),
            (QUOTES, text, "rack 4\\", "a backslash at its end", "CORP\\rack 4"),
            (SHELL, NAME, "swp1 up", "a name of anything but letters, digits and . _ - : @", "swp1"),
            (SHELL, NAME, "swp1;reboot", "a name of anything but letters, digits and . _ - : @", "swp1.10"),
            (SHELL, NAME, "$(reboot)", "a name of anything but letters, digits and . _ - : @", "eth-1_2:3@4"),
            (SHELL, VLANS, "10;reboot", "VLANs of anything but letters, digits, blanks and . , _ - : @", "10,20 30-40"),
        ] {
            let expected = format!("dialect cisco_ios cannot express {what} {bad:?}: no line can hold {odd}");
            assert_eq!(refused(takes, what, bad), Some(expected));
            assert_eq!(refused(takes, what, good), None, "{good}");
        }
    }

    /// Where nothing else takes it for more than a letter.
    #[test]
    fn a_backslash_is_a_letter_where_nothing_stands_in_marks() {
        assert_eq!(refused(PROMPT, "description", "a\\b"), None);
        assert_eq!(refused(PROMPT, "description", "Gerät"), None);
        assert_eq!(refused(PROMPT, NAME, "Gi 1/0/1"), None);
    }

    #[test]
    fn a_text_stands_in_the_marks_of_who_looks_at_it_first() {
        let both = Takes { quotes: true, ..SHELL };
        for (takes, text, expected) in [
            (PROMPT, "rack 4", "rack 4"),
            (QUOTES, "rack", "rack"),
            (QUOTES, "rack 4", "\"rack 4\""),
            (QUOTES, "a;b", "\"a;b\""),
            (SHELL, "rack", "rack"),
            (SHELL, "$(reboot)", "'$(reboot)'"),
            (both, "rack 4", "'\"rack 4\"'"),
        ] {
            assert_eq!(takes.quoted(text), expected);
        }
    }
}
