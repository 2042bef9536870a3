//! The words of a line.

use std::borrow::Cow;

/// The words, those in quotation marks as one, without the marks.
pub(super) fn words(line: &str) -> Vec<Cow<'_, str>> {
    let (mut words, mut rest) = (Vec::new(), line.trim_start());
    while !rest.is_empty() {
        let (word, behind) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let (word, behind) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
                (Cow::Borrowed(word), behind)
            }
        };
        words.push(word);
        rest = behind.trim_start();
    }
    words
}

/// What stands up to the closing mark, and what is behind it. A backslash takes its
/// meaning from the letter behind it.
fn unquoted(text: &str) -> (Cow<'_, str>, &str) {
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
                    return (Cow::Borrowed(own), behind);
                }
                copy.push_str(own);
                return (Cow::Owned(copy), behind);
            }
            _ => {}
        }
    }
    // It is never closed.
    copy.push_str(text.get(begin..).unwrap_or_default());
    (Cow::Owned(copy), "")
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
        }
    }
}
