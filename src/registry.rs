//! From an inventory entry to an adapter; the only file that names them all.

use std::sync::Arc;

use mercury_adapter::{Connector, Dialect, Render};
use mercury_cli::{Recording, Transcript};
use mercury_model::{Running, Scope};

use crate::{
    inventory::{Face, Protocol, Switch, Timing},
    lock::Coordinator,
    seats::{Seated, Seating},
    target::{Entry, Target, lock_name},
};

mod bare;
mod call_home;
mod cli;
mod gnmi;
mod netconf;
mod nvue;
mod offline;
mod ovsdb;
mod restconf;
mod ssh;
mod tls;
mod ways;

pub use bare::bare;
#[cfg(feature = "yang")]
pub use offline::is_junos;
pub use offline::{
    Brought, Form, Shown, candidate, contradicted, decoded, edit, is_gnmic_yaml, offline, recorded, set_request, told,
};
pub use ways::{Way, ways};

/// An inventory entry that no adapter can serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// There is no such dialect.
    #[error("switch {switch}: there is no dialect {dialect:?}; there are {}", .known.join(", "))]
    UnknownDialect {
        /// The switch.
        switch: String,
        /// What its entry says.
        dialect: String,
        /// The dialects there are.
        known: Vec<String>,
    },
    /// The dialect does not speak the entry's protocol.
    #[error(
        "switch {switch}: dialect {dialect} does not speak {protocol} but {}; `protocol` of the switch's entry, or \
         --protocol where no entry is asked for, says which is meant", .spoken.join(", ")
    )]
    NotSpoken {
        /// The switch.
        switch: String,
        /// Its dialect.
        dialect: String,
        /// Its protocol.
        protocol: &'static str,
        /// What the dialect speaks.
        spoken: Vec<&'static str>,
    },
    /// A command line is wanted, and the entry is of another protocol.
    #[error(
        "switch {switch}: its entry says protocol {protocol}, and only what a command line says is recorded; an entry \
         of this switch with `protocol = \"cli\"` is read so, of a dialect that speaks cli"
    )]
    NoCommandLine {
        /// The switch.
        switch: String,
        /// Its protocol.
        protocol: &'static str,
    },
}

/// Starts a task for every switch.
///
/// # Errors
/// No adapter can serve one of them.
pub fn targets<'a>(
    switches: impl IntoIterator<Item = &'a Arc<Switch>>,
    dialects: &[Arc<Dialect>],
    locks: &Arc<dyn Coordinator>,
) -> Result<Vec<Target>, RegistryError> {
    Ok(Target::start_all(entries(switches, dialects)?, locks))
}

/// What is needed to start a task for every switch.
///
/// # Errors
/// No adapter can serve one of them.
pub fn entries<'a>(
    switches: impl IntoIterator<Item = &'a Arc<Switch>>,
    dialects: &[Arc<Dialect>],
) -> Result<Vec<Entry>, RegistryError> {
    let entry = |switch: &'a Arc<Switch>| {
        let dialect = dialect(switch, dialects)?;
        let (connector, render) = adapter(switch, &dialect)?;
        Ok(Entry { switch: Arc::clone(switch), port: port(switch, &dialect), dialect, connector, render })
    };
    switches.into_iter().map(entry).collect()
}

/// What opens sessions with a switch.
///
/// # Errors
/// No adapter can serve it.
pub fn connector(switch: &Arc<Switch>, dialects: &[Arc<Dialect>]) -> Result<Box<dyn Connector>, RegistryError> {
    Ok(Box::new(seated(switch, &dialect(switch, dialects)?)?))
}

/// The same, with as many sessions as the entry allows.
fn seated(switch: &Arc<Switch>, dialect: &Arc<Dialect>) -> Result<Seated, RegistryError> {
    let (connector, _) = adapter(switch, dialect)?;
    let seats = Seating::default().of(&lock_name(switch, port(switch, dialect)));
    let Timing { max_sessions, connect_timeout, .. } = switch.timing;
    Ok(Seated::new(connector, seats, max_sessions, connect_timeout))
}

/// Records what a switch says at its command line.
///
/// # Errors
/// A sentence: it has none, or no session could be opened.
pub async fn record(switch: &Arc<Switch>, dialects: &[Arc<Dialect>]) -> Result<Recording, String> {
    let dialect = dialect(switch, dialects).map_err(|error| error.to_string())?;
    let connector = seated(switch, &dialect).map_err(|error| error.to_string())?;
    let _seat = connector.seat().await.map_err(|error| error.to_string())?;
    let recorded = cli::record(switch, &dialect).await.ok_or_else(|| no_command_line(switch, &dialect).to_string())?;
    recorded.map_err(|error| error.to_string())
}

/// What a switch had when it was recorded, by the dialect of its entry.
///
/// # Errors
/// A sentence: it is no transcript, or not of this dialect; what it holds cannot be read.
pub async fn replayed(switch: &Switch, dialects: &[Arc<Dialect>], text: &str, scope: Scope) -> Result<Running, String> {
    let dialect = dialect(switch, dialects).map_err(|error| error.to_string())?;
    let cli = dialect.cli.clone().ok_or_else(|| no_command_line(switch, &dialect).to_string())?;
    text.parse::<Transcript>()?.read(&dialect.name, &Arc::new(cli), scope).await
}

/// What puts plans for a switch.
///
/// # Errors
/// No adapter can serve it.
pub fn renderer(switch: &Arc<Switch>, dialects: &[Arc<Dialect>]) -> Result<Box<dyn Render>, RegistryError> {
    Ok(adapter(switch, &dialect(switch, dialects)?)?.1)
}

/// The TCP port of a switch: its entry's, or its dialect's.
#[must_use]
pub fn port(switch: &Switch, dialect: &Dialect) -> u16 {
    let usual = match switch.protocol() {
        Protocol::Netconf => dialect.netconf.as_ref().map(|netconf| netconf.port),
        Protocol::Gnmi => dialect.gnmi.as_ref().map(|gnmi| gnmi.port),
        Protocol::Cli => dialect.cli.as_ref().map(|cli| cli.port),
        Protocol::Ovsdb => dialect.ovsdb.as_ref().map(|ovsdb| ovsdb.port),
        Protocol::Restconf => dialect.restconf.as_ref().map(|restconf| restconf.port),
        Protocol::Nvue => dialect.nvue.as_ref().map(|nvue| nvue.port),
    };
    switch.identity.port.or(switch.face.port()).or(usual).unwrap_or_else(|| switch.port())
}

type Adapter = (Box<dyn Connector>, Box<dyn Render>);

fn adapter(switch: &Arc<Switch>, dialect: &Arc<Dialect>) -> Result<Adapter, RegistryError> {
    let found = match &switch.face {
        Face::Netconf(settings) => netconf::adapter(&switch.identity, settings, &switch.timing, dialect),
        Face::Gnmi(settings) => gnmi::adapter(&switch.identity, settings, &switch.timing, dialect),
        Face::Cli(settings) => cli::adapter(&switch.identity, settings, &switch.timing, dialect),
        Face::Ovsdb(settings) => ovsdb::adapter(&switch.identity, settings, &switch.timing, dialect),
        Face::Restconf(settings) => restconf::adapter(&switch.identity, settings, &switch.timing, dialect),
        Face::Nvue(settings) => nvue::adapter(&switch.identity, settings, &switch.timing, dialect),
    };
    found.ok_or_else(|| not_spoken(switch, dialect))
}

/// The dialect a switch's entry names.
///
/// # Errors
/// There is none of that name.
pub fn dialect(switch: &Switch, dialects: &[Arc<Dialect>]) -> Result<Arc<Dialect>, RegistryError> {
    dialects.iter().find(|dialect| dialect.name == switch.identity.dialect).cloned().ok_or_else(|| {
        RegistryError::UnknownDialect {
            switch: switch.identity.name.clone(),
            dialect: switch.identity.dialect.clone(),
            known: dialects.iter().map(|dialect| dialect.name.clone()).collect(),
        }
    })
}

fn not_spoken(switch: &Switch, dialect: &Dialect) -> RegistryError {
    RegistryError::NotSpoken {
        switch: switch.identity.name.clone(),
        dialect: switch.identity.dialect.clone(),
        protocol: switch.protocol().as_str(),
        spoken: dialect.protocols(),
    }
}

fn no_command_line(switch: &Switch, dialect: &Dialect) -> RegistryError {
    match switch.protocol() {
        Protocol::Cli => not_spoken(switch, dialect),
        other => RegistryError::NoCommandLine { switch: switch.identity.name.clone(), protocol: other.as_str() },
    }
}
