//! The numbers that Mercury may give to aggregates.

use std::{collections::BTreeSet, fmt, str::FromStr};

/// Numbers of aggregates, such as `100-199,300`, each 1 to 65535; what comes
/// first is not taken first, the lowest is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LagNumbers(BTreeSet<u16>);

impl LagNumbers {
    /// Whether this number is among them.
    #[must_use]
    pub fn contains(&self, number: u16) -> bool {
        self.0.contains(&number)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        self.0.iter().copied()
    }
}

impl FromStr for LagNumbers {
    type Err = LagNumbersError;

    fn from_str(text: &str) -> Result<Self, LagNumbersError> {
        let mut numbers = BTreeSet::new();
        for item in text.split(',').map(str::trim) {
            let (first, last) = item.split_once('-').unwrap_or((item, item));
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return Err(LagNumbersError::Reversed(first, last));
            }
            numbers.extend(first..=last);
        }
        Ok(Self(numbers))
    }
}

fn number(text: &str) -> Result<u16, LagNumbersError> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse::<u16>().ok()).flatten().filter(|number| *number > 0);
    number.ok_or_else(|| LagNumbersError::NotANumber(text.chars().take(32).collect()))
}

impl fmt::Display for LagNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        for number in self.iter() {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == number => *last = number,
                _ => ranges.push((number, number)),
            }
        }
        let shown = ranges.iter().map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        });
        f.write_str(&shown.collect::<Vec<_>>().join(","))
    }
}

/// Why a text is no list of aggregates' numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LagNumbersError {
    /// Something else than 1 to 65535.
    #[error("{0:?} is not a number from 1 to 65535")]
    NotANumber(String),
    /// A range that ends before it begins.
    #[error("the range {0}-{1} ends before it begins")]
    Reversed(u16, u16),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_shown_as_ranges() {
        let numbers: LagNumbers = "300, 10-12,13".parse().unwrap();
        assert_eq!(numbers.to_string(), "10-13,300");
        assert!(numbers.contains(12) && !numbers.contains(14) && !numbers.is_empty());
        assert_eq!(numbers.iter().next(), Some(10));
        for bad in ["", "0", "1,", "70000", "9-3", "1-", "a", "+1"] {
            assert!(bad.parse::<LagNumbers>().is_err(), "{bad:?}");
        }
    }
}
