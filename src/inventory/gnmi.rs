use super::TlsSettings;
use std::time::Duration;

/// What only a switch that speaks gNMI has.
///
/// Every key stands in a `[[switch]]` table, in `[defaults]`, or in Ironic's
/// file; a NETCONF switch that has one itself is refused, and those of
/// `[defaults]` do not concern it.
#[derive(Debug, Clone, PartialEq)]
pub struct GnmiSettings {
    /// How the connection is protected, and who is on either side.
    pub tls: TlsSettings,
    /// `encoding`: `"auto"`, `"json_ietf"`, `"json"` or `"proto"`; auto.
    pub encoding: Encoding,
    /// `origin`: the origin of every path (gNMI specification 2.7); the
    /// dialect's. Empty means that none is sent, whatever the dialect says.
    pub origin: Option<String>,
    /// `target`: the target in the prefix of every request (gNMI specification
    /// 2.2.2.1); the dialect's. Empty means that none is sent.
    pub target: Option<String>,
    /// `read`: `"auto"`, `"get"` or `"subscribe"`; auto.
    pub read: ReadMethod,
    /// `path_prefixes`: `"none"`, `"first"` or `"modules"`; the dialect's.
    pub path_prefixes: Option<PathPrefixes>,
    /// `leaf_values`: `"scalar"`, `"json"` or `"object"`; JSON or scalars as
    /// `encoding` says, else the dialect's.
    pub leaf_values: Option<LeafValues>,
    /// `write_level`: `"leaf"`, `"entry"` or `"list"`; the dialect's.
    pub write_level: Option<WriteLevel>,
    /// `max_operations`: how many deletes, replaces and updates one Set may
    /// hold, 1 to 10000; the dialect's.
    pub max_operations: Option<usize>,
    /// `confirmed_commit`: whether the switch has the commit-confirmed extension
    /// and takes unconfirmed changes back, `"auto"`, `"on"` or `"off"`; auto,
    /// which is `None`: as the dialect says.
    pub confirmed_commit: Option<bool>,
    /// `settle_time`: on a target without a lock of its own, how long what is
    /// read after a lost Set is watched before it is believed, 0 to 600 s; 10 s.
    pub settle_time: Duration,
}

impl Default for GnmiSettings {
    fn default() -> Self {
        GnmiSettings {
            tls: TlsSettings::default(),
            encoding: Encoding::Auto,
            origin: None,
            target: None,
            read: ReadMethod::Auto,
            path_prefixes: None,
            leaf_values: None,
            write_level: None,
            max_operations: None,
            confirmed_commit: None,
            settle_time: Duration::from_secs(10),
        }
    }
}

/// How values are written in a gNMI Set and asked for in a read (gNMI
/// specification 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Encoding {
    /// What the dialect says, or else the best that the switch announces.
    #[default]
    Auto,
    /// `JSON_IETF`: JSON as RFC 7951 has it.
    JsonIetf,
    /// `JSON`: JSON without the names of modules.
    Json,
    /// `PROTO`: each leaf as a typed value of its own.
    Proto,
}

/// Which RPC reads a switch's configuration over gNMI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ReadMethod {
    /// What the dialect says.
    #[default]
    Auto,
    /// Get (gNMI specification 3.3).
    Get,
    /// Subscribe in the mode ONCE (gNMI specification 3.5.1.5.1).
    Subscribe,
}

/// Which elements of a path name their module, as in RFC 7951 section 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PathPrefixes {
    /// None.
    None,
    /// The first one.
    First,
    /// The first one, and every one of another module than the one before.
    Modules,
}

/// What the value of a leaf is in a Set, where others are JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeafValues {
    /// A scalar of gNMI's own (gNMI specification 2.2.3).
    Scalar,
    /// A bare JSON value.
    Json,
    /// A JSON object that names the leaf.
    Object,
}

/// Where the paths of a Set end; of one about aggregates, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WriteLevel {
    /// At leaves.
    Leaf,
    /// At list entries.
    Entry,
    /// At the containers around lists.
    List,
}
