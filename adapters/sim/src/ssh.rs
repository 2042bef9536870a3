//! The SSH server in front of the NETCONF face (RFC 6242).

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use russh::{
    Channel, ChannelId, ChannelOpenFailure, MethodKind, MethodSet,
    keys::{Algorithm, HashAlg, PrivateKey, PublicKey},
    server::{self, Auth, ChannelOpenHandle, Msg, Session, VerifiedPublicKey},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::net::{TcpListener, TcpStream};

use crate::{
    SimError,
    device::Device,
    netconf::{self, End},
    severable::{Knife, Severable},
};

/// Small, so that a thousand sessions in one process stay cheap; a request is
/// a few kilobytes.
const WINDOW: u32 = 256 * 1024;
/// Unfinished handshakes end after this time.
const LOGIN_TIME: Duration = Duration::from_secs(30);

/// Who may come in.
pub(crate) struct Login {
    pub(crate) username: String,
    pub(crate) password: SecretString,
    pub(crate) authorized_key: Option<PublicKey>,
}

/// The switch's own key.
pub(crate) struct HostKey(PrivateKey);

impl HostKey {
    pub(crate) fn generate() -> Result<Self, SimError> {
        let key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519);
        key.map(Self).map_err(SimError::HostKey)
    }

    pub(crate) fn into_key(self) -> PrivateKey {
        self.0
    }

    /// As `ssh-keygen -l` prints it.
    pub(crate) fn fingerprint(&self) -> String {
        self.0.public_key().fingerprint(HashAlg::Sha256).to_string()
    }

    /// Key type and base64, as in a known_hosts line after the host.
    pub(crate) fn openssh(&self) -> Result<String, SimError> {
        self.0.public_key().to_openssh().map_err(SimError::HostKey)
    }
}

/// Serves SSH connections, whoever made them; cheap to clone.
#[derive(Clone)]
pub(crate) struct Server {
    config: Arc<server::Config>,
    device: Arc<Device>,
    login: Arc<Login>,
}

impl Server {
    pub(crate) fn new(host_key: HostKey, device: Arc<Device>, login: Login) -> Self {
        Self { config: config(host_key), device, login: Arc::new(login) }
    }

    /// Serves one connection until it ends.
    pub(crate) async fn serve(&self, stream: TcpStream) {
        connection(stream, Arc::clone(&self.config), Arc::clone(&self.device), Arc::clone(&self.login)).await;
    }
}

fn config(host_key: HostKey) -> Arc<server::Config> {
    Arc::new(server::Config {
        methods: MethodSet::from(&[MethodKind::PublicKey, MethodKind::Password][..]),
        keys: vec![host_key.0],
        auth_rejection_time: Duration::from_millis(100),
        auth_rejection_time_initial: Some(Duration::ZERO),
        window_size: WINDOW,
        channel_buffer_size: 16,
        event_buffer_size: 8,
        nodelay: true,
        inactivity_timeout: None,
        ..server::Config::default()
    })
}

/// Accepts connections until the switch stops.
pub(crate) async fn listen(listener: TcpListener, server: Server) {
    let mut cut = server.device.cut();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let server = server.clone();
                    tokio::spawn(async move { server.serve(stream).await });
                }
                Err(error) => {
                    // Out of descriptors, most likely: give some time to close.
                    tracing::warn!(switch = server.device.options.name, %error, "accept");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            _ = cut.changed() => {
                if cut.borrow_and_update().stopped {
                    return;
                }
            }
        }
    }
}

async fn connection(stream: TcpStream, config: Arc<server::Config>, device: Arc<Device>, login: Arc<Login>) {
    let mut cut = device.cut();
    if stream.set_nodelay(true).is_err() {
        return;
    }
    device.count_ssh_connection();
    let knife = Knife::default();
    let stream = Severable { stream, knife: knife.clone() };
    let (known, mut authenticated) = tokio::sync::watch::channel(false);
    let handler =
        Connection { device, login, known, knife: knife.clone(), channels: HashMap::new(), open: HashSet::new() };
    let serve = async {
        match server::run_stream(config, stream, handler).await {
            Ok(running) => running.await,
            Err(error) => Err(error),
        }
    };
    let too_late = async {
        let login = async { authenticated.wait_for(|known| *known).await.is_ok() };
        if tokio::time::timeout(LOGIN_TIME, login).await == Ok(true) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        ended = serve => if let Err(error) = ended {
            tracing::debug!(%error, "connection ended");
        },
        () = too_late => {}
        _ = cut.changed() => {}
    }
    knife.cut();
}

struct Connection {
    device: Arc<Device>,
    login: Arc<Login>,
    known: tokio::sync::watch::Sender<bool>,
    knife: Knife,
    /// Those that wait to be told what they are for.
    channels: HashMap<ChannelId, Channel<Msg>>,
    open: HashSet<ChannelId>,
}

impl Connection {
    fn decide(&self, accept: bool) -> Auth {
        if accept {
            self.known.send_replace(true);
            Auth::Accept
        } else {
            Auth::reject()
        }
    }
}

impl server::Handler for Connection {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        let right = user == self.login.username && password == self.login.password.expose_secret();
        Ok(self.decide(right))
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        let authorized = self.login.authorized_key.as_ref();
        let right = user == self.login.username
            && authorized.is_some_and(|known| known.key_data() == key.public_key.key_data());
        Ok(self.decide(right))
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        if self.open.len() >= self.device.options.max_channels {
            // As OpenSSH says it.
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
            return Ok(());
        }
        self.open.insert(channel.id());
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn channel_close(&mut self, id: ChannelId, _session: &mut Session) -> Result<(), russh::Error> {
        self.open.remove(&id);
        self.channels.remove(&id);
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let (true, Some(channel)) = (name == "netconf", self.channels.remove(&id)) else {
            return session.channel_failure(id);
        };
        session.channel_success(id)?;
        let handle = session.handle();
        let (device, knife) = (Arc::clone(&self.device), self.knife.clone());
        tokio::spawn(async move {
            match netconf::serve(device, channel.into_stream()).await {
                End::Dropped => knife.cut(),
                // Whoever else is on the connection goes on.
                End::Closed | End::Refused => {
                    // The client may have closed its side already.
                    let _ = handle.exit_status_request(id, 0).await;
                    let _ = handle.eof(id).await;
                    let _ = handle.close(id).await;
                }
            }
        });
        Ok(())
    }
}
