//! Mercury.
