use std::time::Duration;

use mercury_adapter::{Budget, ConnectError, MAX_REPLY, Presented};
use mercury_tls::{TlsOptions, Trust};
use secrecy::SecretString;

/// How to reach one target. Secrets are resolved and files are read by whoever makes it,
/// before each connection.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// A host name or an IP address.
    pub address: String,
    /// TCP port.
    pub port: u16,
    /// The user of HTTP's basic authentication; `None` where a certificate says who Mercury
    /// is.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<SecretString>,
    /// Encryption; without it everything travels readable.
    pub tls: Option<TlsOptions>,
    /// How long connecting, TLS and each of the first questions may take.
    pub connect_timeout: Duration,
    /// After how long a silent connection is probed (TCP keepalive); 4 s or more.
    pub keepalive: Duration,
    /// Octets one answer may have.
    pub max_reply: usize,
    /// What answers may take of the memory.
    pub budget: Budget,
}

impl HttpOptions {
    /// Options with every default, for an encrypted connection that trusts the system's
    /// roots.
    #[must_use]
    pub fn new(address: impl Into<String>, port: u16) -> Self {
        Self {
            address: address.into(),
            port,
            username: None,
            password: None,
            tls: Some(TlsOptions { trust: Trust::System, server_name: None, identity: None }),
            connect_timeout: Duration::from_secs(10),
            keepalive: Duration::from_secs(15),
            max_reply: MAX_REPLY,
            budget: Budget::shared(),
        }
    }

    /// What the target shows of itself before anybody is believed; `None` without TLS.
    ///
    /// # Errors
    /// Nobody answers, or not in TLS.
    pub async fn presented(self) -> Result<Option<Presented>, ConnectError> {
        let Some(tls) = self.tls else { return Ok(None) };
        // Nothing is said behind the handshake.
        let tls = TlsOptions { trust: Trust::Insecure, identity: None, ..tls };
        let within = self.connect_timeout;
        let socket = mercury_tls::reach(&self.address, self.port, self.keepalive, within).await?;
        let stream = mercury_tls::secure(socket, &self.address, &tls, &[b"http/1.1"], within).await?;
        mercury_tls::presented(&stream).map(Some)
    }
}
