//! TELNET: a shell without anything that protects it.
//!
//! [`Negotiation`] is the protocol without a socket, [`TelnetStream`] a socket that it
//! is spoken on.

mod negotiation;
mod stream;

use std::{
    io,
    sync::{Arc, LazyLock},
    time::Duration,
};

use mercury_adapter::{CliSession, ConnectError, ConnectFault, Pattern, ShellLogin, chain, dial};
use secrecy::SecretString;
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

pub use negotiation::Negotiation;
pub(crate) use stream::TelnetStream;

/// Where to connect, and as whom. All of it travels readable.
#[derive(Clone, Debug)]
pub struct TelnetOptions {
    /// Name or address of the device.
    pub host: String,
    /// TCP port; 23 is IANA's.
    pub port: u16,
    /// The user to log in as.
    pub username: String,
    /// That user's password.
    pub password: Option<SecretString>,
    /// Time for name resolution, and for each address to answer.
    pub connect_timeout: Duration,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
enum TelnetError {
    #[error("cannot resolve {host}")]
    Resolve { host: String, source: io::Error },
    #[error("cannot connect to {host} port {port}")]
    Connect { host: String, port: u16, source: io::Error },
}

/// Connects, and offers a terminal that is `columns` characters wide.
///
/// # Errors
/// Nobody answers there.
pub(crate) async fn connect(options: &TelnetOptions, columns: u32) -> Result<TelnetStream<TcpStream>, ConnectError> {
    let socket = reach(options)
        .await
        .map_err(|error| ConnectError { fault: ConnectFault::unconnected(&error), message: chain(&error) })?;
    Ok(TelnetStream::new(socket, columns))
}

async fn reach(options: &TelnetOptions) -> Result<TcpStream, TelnetError> {
    let (host, port, within) = (options.host.as_str(), options.port, options.connect_timeout);
    let looked_up = timeout(within, lookup_host((host, port))).await;
    let addresses = looked_up
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .map_err(|source| TelnetError::Resolve { host: host.to_owned(), source })?;
    let socket = dial(addresses, within).await;
    let socket = socket.map_err(|source| TelnetError::Connect { host: host.to_owned(), port, source })?;
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    Ok(socket)
}

/// A session of a device that asks who one is, which SSH would have told.
pub(crate) fn asking(session: &Arc<CliSession>) -> Arc<CliSession> {
    if session.login.is_some() {
        return Arc::clone(session);
    }
    let mut asking = (**session).clone();
    asking.login = LOGIN.clone();
    Arc::new(asking)
}

/// As those ask that no dialect has otherwise.
static LOGIN: LazyLock<Option<ShellLogin>> = LazyLock::new(|| {
    let [name, password] = [r"(?i)(login|user ?name|login name|user):$", r"(?i)password:$"].map(Pattern::of_a_line);
    Some(ShellLogin { name: name.ok()?, password: password.ok()? })
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_ask_who_one_is_in_many_words() {
        let login = LOGIN.as_ref().unwrap();
        for ask in ["Username:", "leaf1 login:", "login:", "User Name:", "User:", "Please Enter Login Name:"] {
            assert!(login.name.is_match(ask) && !login.password.is_match(ask), "{ask}");
        }
        for ask in ["Password:", "password:", "Please Enter Password:"] {
            assert!(login.password.is_match(ask) && !login.name.is_match(ask), "{ask}");
        }
        for other in ["sw1>", "sw1#", "Last login: Sat Nov 28"] {
            assert!(!login.password.is_match(other) && !login.name.is_match(other), "{other}");
        }
    }
}
