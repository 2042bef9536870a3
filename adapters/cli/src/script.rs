//! What is typed: lines, in their order.

use std::fmt;

/// Lines for configuration mode, in their order. No secret is ever in one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The lines.
    pub lines: Vec<Line>,
    /// The ways to what they make and must not be there yet, where to say it again would
    /// change it.
    pub fresh: Vec<String>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What is typed, without a line end.
    pub text: String,
    /// How many blocks it is in.
    pub depth: usize,
    /// Whether it enters a block.
    pub is_block: bool,
}

/// As people write it, indented.
impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{:1$}{2}", "", line.depth, line.text))
    }
}
