//! Several names in one.

/// Names that one word of a line may stand for.
const MAX_NAMES: usize = 4096;

/// The names of `swp1-3,swp7s0-1`. What stands behind a comma and begins with a digit goes
/// on with the letters of the name before it: `swp1,3-4`. One that would be too many is no
/// list, but a name.
pub(super) fn several(text: &str) -> Vec<String> {
    let (mut names, mut letters) = (Vec::new(), "");
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let digits = part.find(|letter: char| letter.is_ascii_digit()).unwrap_or(part.len());
        let begun = if digits == 0 { letters } else { "" };
        if digits > 0 {
            letters = part.get(..digits).unwrap_or_default();
        }
        if !ranges(begun.to_owned(), part, &mut names) {
            return vec![text.to_owned()];
        }
    }
    names
}

/// Puts the names of a text without commas behind what there is of them; whether those
/// are not too many.
fn ranges(before: String, text: &str, names: &mut Vec<String>) -> bool {
    let Some((low, high, rest)) = first(text) else {
        names.push(before + text);
        return names.len() <= MAX_NAMES;
    };
    let fixed = text.get(..text.len() - rest.len()).unwrap_or_default();
    let fixed = fixed.trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches('-');
    let fixed = fixed.trim_end_matches(|letter: char| letter.is_ascii_digit());
    (low..=high).all(|number| ranges(format!("{before}{fixed}{number}"), rest, names))
}

/// The first two numbers with a dash between them, and what stands behind.
fn first(text: &str) -> Option<(u32, u32, &str)> {
    let mut at = 0;
    loop {
        let dash = at + text.get(at..)?.find('-')?;
        let (before, behind) = (text.get(..dash)?, text.get(dash + 1..)?);
        let low = before.get(before.trim_end_matches(|letter: char| letter.is_ascii_digit()).len()..)?;
        let end = behind.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(behind.len());
        let (high, rest) = behind.split_at(end);
        if let (Ok(low), Ok(high)) = (low.parse::<u32>(), high.parse::<u32>())
            && low <= high
        {
            return Some((low, high, rest));
        }
        at = dash + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_may_stand_for_several_names() {
        for (text, expected) in [
            ("swp1", vec!["swp1"]),
            ("swp1-3", vec!["swp1", "swp2", "swp3"]),
            ("eth0,swp19-20", vec!["eth0", "swp19", "swp20"]),
            ("swp1,swp2-3,5,swp6,7-8", vec!["swp1", "swp2", "swp3", "swp5", "swp6", "swp7", "swp8"]),
            ("bond4,bond5", vec!["bond4", "bond5"]),
            ("swp1-2s0-1", vec!["swp1s0", "swp1s1", "swp2s0", "swp2s1"]),
            ("vlan10-v0", vec!["vlan10-v0"]),
            ("peerlink.4094", vec!["peerlink.4094"]),
            ("a-b-2-3", vec!["a-b-2", "a-b-3"]),
            ("x9-1", vec!["x9-1"]),
            (",", vec![]),
        ] {
            assert_eq!(several(text), expected, "{text}");
        }
        for many in ["swp1-4294967295", "swp1-999s1-999", &"swp1-4000,".repeat(9)] {
            assert_eq!(several(many), [many], "is no list");
        }
    }
}
