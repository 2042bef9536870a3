use super::{ConfirmedCommit, TlsSettings};
use std::time::Duration;

/// What only a switch that is configured over RESTCONF has.
#[derive(Debug, Clone, PartialEq)]
pub struct RestconfSettings {
    /// How the connection is protected, and who is on either side.
    pub tls: TlsSettings,
    /// `restconf_root`: where the switch's resources begin, such as `"/restconf"`; what
    /// its `/.well-known/host-meta` says, or else `/restconf`.
    pub root: Option<String>,
    /// `confirmed_commit`: where it must be on, the switch is not changed, because
    /// RESTCONF has none; auto.
    pub confirmed_commit: ConfirmedCommit,
    /// `settle_time`: how long what is read after a lost change is watched before it is
    /// believed, 0 to 600 s; 10 s.
    pub settle_time: Duration,
}

impl Default for RestconfSettings {
    fn default() -> Self {
        RestconfSettings {
            tls: TlsSettings::default(),
            root: None,
            confirmed_commit: ConfirmedCommit::default(),
            settle_time: Duration::from_secs(10),
        }
    }
}
