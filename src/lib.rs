//! Mercury.

pub mod auth;
pub mod config;
pub mod inventory;
