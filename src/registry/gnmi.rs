//! A switch's entry as the gNMI adapter's options.

use std::sync::Arc;

use mercury_adapter::{
    ConnectError, Connector, Dialect, GnmiEncoding, LeafValues, PathPrefixes, Reading, Render, WriteLevel,
};
use mercury_gnmi::{Asked, GnmiConnector, GnmiOptions, Overrides, Renderer};

use super::tls;
use crate::inventory::{self, Encoding, GnmiSettings, Identity, ReadMethod, SecretRef, Timing};

/// The adapter for a switch; `None` when its dialect does not speak gNMI.
pub(super) fn adapter(
    identity: &Identity,
    settings: &GnmiSettings,
    timing: &Timing,
    dialect: &Arc<Dialect>,
) -> Option<(Box<dyn Connector>, Box<dyn Render>)> {
    let gnmi = Arc::new(dialect.gnmi.clone()?);
    let overrides = Overrides {
        instance: identity.network_instance.as_deref(),
        max_operations: settings.max_operations,
        write_level: settings.write_level.map(write_level),
        asked: Asked {
            encoding: encoding(settings.encoding),
            origin: settings.origin.as_deref(),
            target: settings.target.as_deref(),
            path_prefixes: settings.path_prefixes.map(path_prefixes),
            leaf_values: settings.leaf_values.map(leaf_values),
        },
    };
    let renderer = Renderer::new(dialect, overrides)?;
    let instance = identity.network_instance.clone();
    let extension = settings.confirmed_commit.unwrap_or(gnmi.commit_confirmed);
    let settings = GnmiSettings { confirmed_commit: Some(extension), ..settings.clone() };
    let (identity, timing, default_port) = (identity.clone(), timing.clone(), gnmi.port);
    // Secrets are read anew for each connection, so that they can be changed without a restart.
    let dial = move || options(&identity, &settings, &timing, default_port);
    Some((Box::new(GnmiConnector::new(dial, gnmi, instance)), Box::new(renderer)))
}

fn options(
    identity: &Identity,
    settings: &GnmiSettings,
    timing: &Timing,
    default_port: u16,
) -> Result<GnmiOptions, ConnectError> {
    let password = identity.credentials.password.as_ref().map(SecretRef::resolve).transpose();
    let port = identity.port.unwrap_or(default_port);
    Ok(GnmiOptions {
        username: Some(identity.username.clone()).filter(|username| !username.is_empty()),
        password: password.map_err(|error| tls::unreadable("password", &error))?,
        tls: tls::options(&settings.tls)?,
        connect_timeout: timing.connect_timeout,
        keepalive: timing.keepalive,
        encoding: encoding(settings.encoding),
        origin: settings.origin.clone(),
        target: settings.target.clone(),
        path_prefixes: settings.path_prefixes.map(path_prefixes),
        leaf_values: settings.leaf_values.map(leaf_values),
        reading: match settings.read {
            ReadMethod::Auto => None,
            ReadMethod::Get => Some(Reading::Get),
            ReadMethod::Subscribe => Some(Reading::Subscribe),
        },
        commit_confirmed: settings.confirmed_commit == Some(true),
        ..GnmiOptions::new(identity.address.clone(), port)
    })
}

const fn encoding(asked: Encoding) -> Option<GnmiEncoding> {
    match asked {
        Encoding::Auto => None,
        Encoding::JsonIetf => Some(GnmiEncoding::JsonIetf),
        Encoding::Json => Some(GnmiEncoding::Json),
        Encoding::Proto => Some(GnmiEncoding::Proto),
    }
}

const fn path_prefixes(asked: inventory::PathPrefixes) -> PathPrefixes {
    match asked {
        inventory::PathPrefixes::None => PathPrefixes::None,
        inventory::PathPrefixes::First => PathPrefixes::First,
        inventory::PathPrefixes::Modules => PathPrefixes::Modules,
    }
}

const fn leaf_values(asked: inventory::LeafValues) -> LeafValues {
    match asked {
        inventory::LeafValues::Scalar => LeafValues::Scalar,
        inventory::LeafValues::Json => LeafValues::Json,
        inventory::LeafValues::Object => LeafValues::Object,
    }
}

const fn write_level(asked: inventory::WriteLevel) -> WriteLevel {
    match asked {
        inventory::WriteLevel::Leaf => WriteLevel::Leaf,
        inventory::WriteLevel::Entry => WriteLevel::Entry,
        inventory::WriteLevel::List => WriteLevel::List,
    }
}
