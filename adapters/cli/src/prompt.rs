//! A terminal without socket and clock: bytes and time in, bytes out.
//!
//! [`Terminal`] makes lines of bytes; [`Machine`] finds in them the line that was
//! sent, and says where the answer to it ends.

mod echo;
mod machine;
mod terminal;

pub use machine::{Answered, Machine, PromptError, Secrets};
pub use terminal::{Terminal, TooLong};

#[cfg(test)]
mod tests;
