//! The words of a line.

use std::borrow::Cow;

/// The words, those in quotation marks as one, without the marks.
pub(super) fn words(line: &str) -> Vec<Cow<'_, str>> {
    read(line).0
}

/// Whether a mark of quotation opens a word and none closes it.
pub(super) fn is_unclosed(line: &str) -> bool {
    !read(line).1
}

/// The words, and whether each that is in marks is closed.
fn read(line: &str) -> (Vec<Cow<'_, str>>, bool) {
    let (mut words, mut rest, mut are_closed) = (Vec::new(), line.trim_start(), true);
    while !rest.is_empty() {
        let (word, behind, is_closed) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let (word, behind) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
                (Cow::Borrowed(word), behind, true)
            }
        };
        words.push(word);
        are_closed &= is_closed;
        rest = behind.trim_start();
    }
    (words, are_closed)
}

/// What stands up to the closing mark, what is behind it, and whether there is one. A
/// backslash takes its meaning from the letter behind it.
fn unquoted(text: &str) -> (Cow<'_, str>, &str, bool) {
    let (mut copy, mut begin, mut is_escaped) = (String::new(), 0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => {
                copy.push_str(text.get(begin..at).unwrap_or_default());
                (begin, is_escaped) = (at + 1, true);
            }
            '"' => {
                let (own, behind) = (text.get(begin..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
                if copy.is_empty() {
                    return (Cow::Borrowed(own), behind, true);
                }
                copy.push_str(own);
                return (Cow::Owned(copy), behind, true);
            }
            _ => {}
        }
    }
    copy.push_str(text.get(begin..).unwrap_or_default());
    (Cow::Owned(copy), "", false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_marks_is_one_word() {
        for (line, expected) in [
            ("set a  b ", vec!["set", "a", "b"]),
            (r#"set a description "to rack 7" "#, vec!["set", "a", "description", "to rack 7"]),
            (r#"a "b \"c\" \\" d"#, vec!["a", r#"b "c" \"#, "d"]),
            (r#"a "" b"#, vec!["a", "", "b"]),
            (r#"a "\"b""#, vec!["a", "\"b"]),
            (r#"a "never ends"#, vec!["a", "never ends"]),
            ("", vec![]),
        ] {
            assert_eq!(words(line), expected, "{line}");
            assert_eq!(is_unclosed(line), line.ends_with("ends"), "{line}");
        }
    }
}
