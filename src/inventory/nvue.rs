use super::{ConfirmedCommit, TlsSettings};
use std::time::Duration;

/// What only a switch that is configured over NVUE's REST server has.
#[derive(Debug, Clone, PartialEq)]
pub struct NvueSettings {
    /// How the connection is protected, and who is on either side.
    pub tls: TlsSettings,
    /// `confirmed_commit`: whether what is applied is taken back by the switch unless it is
    /// confirmed; auto, as the dialect has it.
    pub confirmed_commit: ConfirmedCommit,
    /// `settle_time`: how long what is read after a lost change is watched before it is
    /// believed, 0 to 600 s; 10 s.
    pub settle_time: Duration,
}

impl Default for NvueSettings {
    fn default() -> Self {
        NvueSettings {
            tls: TlsSettings::default(),
            confirmed_commit: ConfirmedCommit::default(),
            settle_time: Duration::from_secs(10),
        }
    }
}
