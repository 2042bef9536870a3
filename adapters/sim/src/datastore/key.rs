//! List keys.

use std::{cmp::Ordering, fmt, sync::Arc};

/// A list key, ordered as people count: `Ethernet2` before `Ethernet10`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(Arc<str>);

impl Key {
    /// A key with this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        natural(&self.0, &other.0).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn natural(mut left: &str, mut right: &str) -> Ordering {
    loop {
        let (Some(a), Some(b)) = (left.chars().next(), right.chars().next()) else {
            return left.len().cmp(&right.len());
        };
        if a.is_ascii_digit() && b.is_ascii_digit() {
            let (one, left_rest) = digits(left);
            let (two, right_rest) = digits(right);
            let order = one.len().cmp(&two.len()).then_with(|| one.cmp(two));
            if order.is_ne() {
                return order;
            }
            (left, right) = (left_rest, right_rest);
        } else if a == b {
            left = left.strip_prefix(a).unwrap_or("");
            right = right.strip_prefix(b).unwrap_or("");
        } else {
            return a.cmp(&b);
        }
    }
}

/// The leading number without leading zeros, and what follows it.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    (number.trim_start_matches('0'), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_sort_as_people_count() {
        let mut keys: Vec<_> = ["Ethernet10", "Ethernet2", "1/1/10", "1/1/9", "Ethernet2"].map(Key::new).into();
        keys.sort();
        let sorted: Vec<_> = keys.iter().map(Key::as_str).collect();
        assert_eq!(sorted, ["1/1/9", "1/1/10", "Ethernet2", "Ethernet2", "Ethernet10"]);
        assert_ne!(Key::new("p01").cmp(&Key::new("p1")), Ordering::Equal);
    }
}
