//! What a rule says of names and texts.

use regex::{Regex, RegexBuilder};

/// A compiled pattern may take this much memory, in bytes.
const MAX_COMPILED: usize = 1 << 20;
/// A range of numbers may have so many.
const MAX_RANGE: u32 = 4096;

/// A name with `*` for any text, `?` for one character and `[1-48]` for a number of
/// that range; all else stands for itself.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

impl Pattern {
    /// Whether a whole name is as the pattern says.
    pub fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }
}

impl std::str::FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut regex = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            match first {
                '*' => regex.push_str(".*"),
                '?' => regex.push('.'),
                '[' => {
                    let (range, behind) = rest.split_once(']').ok_or("has a bracket that is not closed")?;
                    regex.push_str(&numbers(range)?);
                    rest = behind;
                }
                other => regex.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
            }
        }
        Ok(Self(whole(&regex)?))
    }
}

fn numbers(range: &str) -> Result<String, String> {
    let wrong = || format!("[{range}] is no range of numbers, as [1-48] is");
    let (first, last) = range.split_once('-').ok_or_else(wrong)?;
    let number = |text: &str| text.parse::<u32>().map_err(|_| wrong());
    let (first, last) = (number(first)?, number(last)?);
    if last < first || last - first >= MAX_RANGE {
        return Err(format!("[{range}] is empty, or has more than {MAX_RANGE} numbers"));
    }
    let all: Vec<String> = (first..=last).map(|number| number.to_string()).collect();
    Ok(format!("(?:{})", all.join("|")))
}

/// A regular expression that a whole text must match.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// As it was written.
    pub(super) written: String,
    regex: Regex,
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Text {
    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl std::str::FromStr for Text {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self { written: text.to_owned(), regex: whole(text)? })
    }
}

fn whole(regex: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(&format!(r"\A(?:{regex})\z")).size_limit(MAX_COMPILED).build();
    built.map_err(|error| format!("is no regular expression: {}", error.to_string().replace('\n', " ")))
}
