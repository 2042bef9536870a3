//! Finding the line that was sent in what comes back.

/// A line that is waited for, without its blanks: where a device wraps it, it puts
/// more of them. Knuth, Morris and Pratt's search, so that nothing is read twice.
#[derive(Debug)]
pub(super) struct Echo {
    wanted: Vec<u8>,
    /// For each octet, how many of the first ones also end there.
    borders: Vec<usize>,
    found: usize,
}

impl Echo {
    /// The echo of a line; that of an empty one is found at once.
    pub(super) fn of(line: &str) -> Self {
        let wanted: Vec<u8> = solid(line).collect();
        let mut borders = Vec::with_capacity(wanted.len());
        let mut length = 0;
        for (position, byte) in wanted.iter().enumerate() {
            length = if position == 0 { 0 } else { further(&wanted, &borders, length, *byte) };
            borders.push(length);
        }
        Self { wanted, borders, found: 0 }
    }

    /// Reads one line more; whether the line that is waited for ends with it.
    pub(super) fn ends_with(&mut self, line: &str) -> bool {
        for byte in solid(line) {
            if self.found == self.wanted.len() {
                self.found = self.borders.last().copied().unwrap_or_default();
            }
            self.found = further(&self.wanted, &self.borders, self.found, byte);
        }
        self.found == self.wanted.len()
    }

    /// Whether the lines read so far end with a part of it.
    pub(super) fn is_begun(&self) -> bool {
        self.found > 0
    }
}

/// How many octets of `wanted` are found with `byte`, where `found` were before it.
fn further(wanted: &[u8], borders: &[usize], mut found: usize, byte: u8) -> usize {
    while found > 0 && wanted.get(found) != Some(&byte) {
        found = borders.get(found - 1).copied().unwrap_or_default();
    }
    found + usize::from(wanted.get(found) == Some(&byte))
}

fn solid(line: &str) -> impl Iterator<Item = u8> {
    line.bytes().filter(|byte| !byte.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_is_found_behind_a_prompt_and_over_wrapped_lines() {
        assert!(Echo::of("vlan 5").ends_with("sw(config)#vlan 5"));
        assert!(!Echo::of("vlan 5").ends_with("sw(config)#vlan 50"));
        assert!(Echo::of("aab").ends_with("aaab"));
        assert!(Echo::of("").ends_with(""));
        let mut wrapped = Echo::of("switchport trunk allowed vlan 1-5");
        assert!(!wrapped.ends_with("sw(config-if)#switchport tru"));
        assert!(wrapped.is_begun());
        assert!(wrapped.ends_with("nk allowed vlan 1-5"));
        let mut again = Echo::of("vlan 5");
        assert!(!again.ends_with("sw(config)#vla%LINK-3-UPDOWN: up"));
        assert!(!again.is_begun());
        assert!(again.ends_with("sw(config)#vlan 5"));
    }
}
