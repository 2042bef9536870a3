//! Mercury.
fn main() {}
