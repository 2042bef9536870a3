//! What only gNMI needs: how a switch and Mercury prove themselves to one
//! another over TLS, and how they talk.

use super::secrets::secret;
use super::{Means, seconds, tls};
use crate::config::FileAccess;
use crate::config::reader::Reader;
use crate::finding::{Code, Finding};
use crate::inventory::{
    Context, Credentials, Encoding, Face, GnmiSettings, LeafValues, PathPrefixes, ReadMethod, Tls, WriteLevel,
};

/// The keys that only gNMI knows, and NETCONF by TLS. Those of `[defaults]`, too; Ironic's own
/// service speaks no gNMI, so its file has no others for them.
pub(crate) const GNMI: &[&str] = &[
    "tls_ca",
    "tls_pins",
    "tls_server_name",
    "tls_cert",
    "tls_key",
    "plaintext",
    "encoding",
    "origin",
    "target",
    "read",
    "path_prefixes",
    "leaf_values",
    "write_level",
    "max_operations",
    "settle_time",
];

/// Those of them that have nothing to do with certificates.
pub(super) const GNMI_ALONE: &[&str] = &[
    "plaintext",
    "encoding",
    "origin",
    "target",
    "read",
    "path_prefixes",
    "leaf_values",
    "write_level",
    "max_operations",
    "settle_time",
];

/// Those of them that have nothing to do with how a connection is protected.
pub(super) const NOT_OVSDB: &[&str] = match GNMI_ALONE {
    [_plaintext, rest @ ..] => rest,
    [] => &[],
};

/// Those of them that RESTCONF has no use for either.
pub(super) const NOT_RESTCONF: &[&str] = match NOT_OVSDB {
    [rest @ .., _settle_time] => rest,
    [] => &[],
};

pub(super) fn means(reader: &mut Reader<'_>, context: &Context) -> Means {
    let gnmi = settings(reader, context.access);
    let certified = gnmi.tls.trust != Tls::Plaintext && tls::IDENTITY.iter().any(|key| reader.find(key).is_some());
    let (username, credentials) = credentials(reader, certified, context.access);
    Means { username, credentials, face: Face::Gnmi(gnmi) }
}

fn settings(reader: &mut Reader<'_>, access: FileAccess) -> GnmiSettings {
    GnmiSettings {
        tls: tls::settings(reader, access),
        encoding: encoding(reader),
        origin: reader.text_or_empty("origin"),
        target: reader.text_or_empty("target"),
        read: read(reader),
        path_prefixes: reader.choice(
            "path_prefixes",
            &[("none", PathPrefixes::None), ("first", PathPrefixes::First), ("modules", PathPrefixes::Modules)],
        ),
        leaf_values: reader.choice(
            "leaf_values",
            &[("scalar", LeafValues::Scalar), ("json", LeafValues::Json), ("object", LeafValues::Object)],
        ),
        write_level: reader.choice(
            "write_level",
            &[("leaf", WriteLevel::Leaf), ("entry", WriteLevel::Entry), ("list", WriteLevel::List)],
        ),
        max_operations: reader.number("max_operations", 1..=10_000).and_then(|number| usize::try_from(number).ok()),
        confirmed_commit: confirmed_commit(reader),
        settle_time: seconds(reader, "settle_time", 10, 0, 600),
    }
}

fn confirmed_commit(reader: &mut Reader<'_>) -> Option<bool> {
    /// What an entry may say of a switch that speaks another protocol.
    const SESSION: &str = "session";
    let choices = [("auto", None), ("on", Some(true)), ("off", Some(false)), (SESSION, None)];
    let chosen = reader.choice("confirmed_commit", &choices)?;
    if reader.text("confirmed_commit").as_deref() == Some(SESSION) {
        let finding = Finding::error(Code::Conflict, "gNMI has no session that a change could end with");
        reader.blame_key("confirmed_commit", finding.help("auto, on or off; each switch can have its own"));
    }
    chosen
}

fn encoding(reader: &mut Reader<'_>) -> Encoding {
    let choices = [
        ("auto", Encoding::Auto),
        ("json_ietf", Encoding::JsonIetf),
        ("json", Encoding::Json),
        ("proto", Encoding::Proto),
    ];
    reader.choice("encoding", &choices).unwrap_or_default()
}

fn read(reader: &mut Reader<'_>) -> ReadMethod {
    let choices = [("auto", ReadMethod::Auto), ("get", ReadMethod::Get), ("subscribe", ReadMethod::Subscribe)];
    reader.choice("read", &choices).unwrap_or_default()
}

/// Who Mercury is: a user with a password (gNMI authentication, in the metadata
/// of each RPC), a client certificate, or both.
pub(super) fn credentials(reader: &mut Reader<'_>, certified: bool, access: FileAccess) -> (String, Credentials) {
    let password = secret(reader, "password", access);
    let enable_secret = secret(reader, "enable_secret", access);
    if reader.find("password").is_none() && !certified {
        let finding = Finding::error(Code::MissingKey, "a password must be given, or tls_cert and tls_key");
        reader.blame_key("password", finding);
    }
    if reader.find("password").is_some() || !certified {
        reader.require("username");
    }
    let username = reader.text("username").unwrap_or_default();
    (username, Credentials { password, enable_secret })
}
