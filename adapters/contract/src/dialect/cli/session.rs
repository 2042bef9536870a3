//! How a session at a command line is held.

use serde::Deserialize;

/// `[cli.session]` of a dialect file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct CliSession {}
