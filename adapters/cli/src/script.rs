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
    /// What it has to do with a number that the switch gives.
    pub numbered: Numbered,
}

/// What a line has to do with a number that the switch gives to what a line before it makes, and
/// that nobody knows before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Numbered {
    /// Nothing.
    #[default]
    No,
    /// Its answer is the number.
    Asks,
    /// It has [`NUMBER`] where the number is typed that was asked for last.
    Bears,
}

/// What stands for a number in a line that is not typed yet.
pub const NUMBER: &str = "{number}";

impl Script {
    /// A line at the end.
    pub fn push(&mut self, text: String, depth: usize, is_block: bool) {
        self.lines.push(Line { text, depth, is_block, numbered: Numbered::No });
    }

    /// A line in no block that has to do with a number.
    pub(crate) fn numbered(&mut self, text: String, numbered: Numbered) {
        self.lines.push(Line { text, depth: 0, is_block: false, numbered });
    }
}

/// As people write it, indented.
impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{:1$}{2}", "", line.depth, line.text))
    }
}
