//! Starting a switch, and the hand that holds it.

use std::{net::SocketAddr, sync::Arc};

use rand::RngExt as _;
use russh::keys::PublicKey;
use secrecy::{ExposeSecret, SecretString};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    Counters, Datastore, Fault, FaultId, Options, PendingCommit, SessionId, SimError, Status,
    datastore::Container,
    device::Device,
    fault::Moment,
    gnmi, netconf,
    ovsdb::{self, OvsdbHandle},
    restconf,
    ssh::{self, HostKey, Login},
    tls::{Certificate, Client},
};

/// A running simulated switch. It stops when this is dropped.
pub struct Simulator {
    handle: Handle,
    addr: Option<SocketAddr>,
    by_tls: Option<ByTls>,
    gnmi_addr: Option<SocketAddr>,
    restconf_addr: Option<SocketAddr>,
    certificate: Certificate,
    ssh: ssh::Server,
    username: String,
    password: SecretString,
    fingerprint: String,
    host_key: String,
}

/// NETCONF over TLS.
struct ByTls {
    addr: SocketAddr,
    client: Client,
    acceptor: TlsAcceptor,
}

impl Simulator {
    /// Starts a switch on the current tokio runtime, which all its sessions
    /// share with those of other switches.
    ///
    /// # Errors
    /// [`SimError`] if the options make no sense, or the socket cannot be
    /// opened, or there is no host key to be had.
    pub async fn start(mut options: Options) -> Result<Self, SimError> {
        options.check()?;
        let authorized_key = match &options.authorized_key {
            Some(line) => Some(PublicKey::from_openssh(line).map_err(SimError::AuthorizedKey)?),
            None => None,
        };
        let username = options.username.clone();
        let password = options.password.get_or_insert_with(random_password).clone();
        let host_key = HostKey::generate()?;
        let (fingerprint, openssh) = (host_key.fingerprint(), host_key.openssh()?);
        let certificate = Certificate::generate(&options.name)?;
        let gnmi_tls = match options.gnmi_plaintext {
            true => None,
            false => Some(certificate.acceptor(options.gnmi_client_ca.as_deref(), &[b"h2"])?),
        };
        let (listen, tls_listen, gnmi_listen) = (options.listen, options.tls_listen, options.gnmi_listen);
        let restconf_listen = options.restconf_listen;
        let device = Device::new(options);
        let mut gnmi_addr = None;
        if let Some(addr) = gnmi_listen {
            let (listener, local) = bind(addr).await?;
            gnmi_addr = Some(local);
            tokio::spawn(gnmi::listen(listener, gnmi_tls, Arc::clone(&device)));
        }
        let mut restconf_addr = None;
        if let Some(addr) = restconf_listen {
            let (listener, local) = bind(addr).await?;
            restconf_addr = Some(local);
            let tls = certificate.acceptor(None, &[b"http/1.1"])?;
            tokio::spawn(restconf::listen(listener, tls, Arc::clone(&device)));
        }
        let mut by_tls = None;
        if let Some(addr) = tls_listen {
            let client = Client::generate(&username)?;
            let authority = device.options.tls_client_ca.as_deref().unwrap_or(client.authority());
            let acceptor = certificate.acceptor(Some(authority), &[])?;
            let (listener, addr) = bind(addr).await?;
            tokio::spawn(netconf::tls::listen(listener, acceptor.clone(), Arc::clone(&device)));
            by_tls = Some(ByTls { addr, client, acceptor });
        }
        let login = Login { username: username.clone(), password: password.clone(), authorized_key };
        let ssh = ssh::Server::new(host_key, Arc::clone(&device), login);
        let mut local = None;
        if let Some(addr) = listen {
            let (listener, bound) = bind(addr).await?;
            local = Some(bound);
            tokio::spawn(ssh::listen(listener, ssh.clone()));
        }
        if let Some(database) = &device.ovsdb {
            tokio::spawn(ovsdb::follow(Arc::clone(&device), Arc::clone(database)));
        }
        let handle = Handle { device };
        Ok(Self {
            handle,
            addr: local,
            by_tls,
            gnmi_addr,
            restconf_addr,
            certificate,
            ssh,
            username,
            password,
            fingerprint,
            host_key: openssh,
        })
    }

    /// Where it listens; the unspecified address if it does not.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)))
    }

    /// Where it listens for NETCONF over TLS, if it does.
    #[must_use]
    pub fn tls_addr(&self) -> Option<SocketAddr> {
        self.by_tls.as_ref().map(|tls| tls.addr)
    }

    /// A certificate and its private key, PEM, that NETCONF over TLS lets in, if it is
    /// spoken and [`Options::tls_client_ca`] does not say otherwise.
    #[must_use]
    pub fn client_certificate(&self) -> Option<(&str, &str)> {
        self.by_tls.as_ref().map(|tls| (tls.client.certificate(), tls.client.key()))
    }

    /// Calls home over SSH (RFC 8071): connects, sends `first`, and serves what comes as
    /// who was connected to would be. Returns when the connection has ended.
    ///
    /// # Errors
    /// Nobody answers, or hangs up at once.
    pub async fn call_home_ssh(&self, addr: SocketAddr, first: &[u8]) -> std::io::Result<()> {
        self.ssh.serve(called(addr, first).await?).await;
        Ok(())
    }

    /// Calls home over TLS; as [`Simulator::call_home_ssh`].
    ///
    /// # Errors
    /// As [`Simulator::call_home_ssh`]; or it does not speak TLS.
    pub async fn call_home_tls(&self, addr: SocketAddr) -> std::io::Result<()> {
        let tls = self.by_tls.as_ref().ok_or(std::io::ErrorKind::Unsupported)?;
        let stream = called(addr, &[]).await?;
        netconf::tls::connection(stream, tls.acceptor.clone(), Arc::clone(&self.handle.device)).await;
        Ok(())
    }

    /// Where its gNMI face listens, if it does.
    #[must_use]
    pub fn gnmi_addr(&self) -> Option<SocketAddr> {
        self.gnmi_addr
    }

    /// Where its RESTCONF face listens, if it does.
    #[must_use]
    pub fn restconf_addr(&self) -> Option<SocketAddr> {
        self.restconf_addr
    }

    /// The certificate it shows over TLS, whatever is spoken there, self-signed, in PEM. It is for
    /// `localhost`, the loopback addresses and the switch's name.
    #[must_use]
    pub fn gnmi_certificate_pem(&self) -> &str {
        self.certificate.pem()
    }

    /// SHA-256 over that certificate's DER form.
    #[must_use]
    pub fn gnmi_certificate_sha256(&self) -> [u8; 32] {
        self.certificate.sha256()
    }

    /// The user to log in as.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The user's password.
    #[must_use]
    pub fn password(&self) -> &str {
        self.password.expose_secret()
    }

    /// The host key's fingerprint, `SHA256:...`.
    #[must_use]
    pub fn host_key_fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The host key as in a known_hosts line after the host names:
    /// `ssh-ed25519 AAAA...`.
    #[must_use]
    pub fn host_key_openssh(&self) -> &str {
        &self.host_key
    }

    /// Running, as the content of a NETCONF `<data>`.
    #[must_use]
    pub fn running_xml(&self) -> String {
        self.handle.xml(Datastore::Running)
    }

    /// Running, as RFC 7951 JSON.
    #[must_use]
    pub fn running_json(&self) -> serde_json::Value {
        self.handle.json(Datastore::Running)
    }

    /// Watches and disturbs the switch.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.handle.stop();
    }
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator")
            .field("name", &self.handle.device.options.name)
            .field("addr", &self.addr)
            .finish_non_exhaustive()
    }
}

/// Watches and disturbs a switch. Cheap to clone; does not keep it running.
#[derive(Debug, Clone)]
pub struct Handle {
    device: Arc<Device>,
}

impl Handle {
    /// Sets a fault. It counts requests from now on.
    pub fn inject(&self, fault: Fault) -> FaultId {
        self.device.set_fault(fault)
    }

    /// Takes all faults back; sessions held by one go on.
    pub fn clear_faults(&self) {
        self.device.change(|state| state.faults.clear());
    }

    /// Waits until a session stands still at this `Hold` fault.
    pub async fn held(&self, fault: FaultId) {
        self.until(|device| device.look().faults.holds(fault)).await;
    }

    /// Lets a session held by this fault go on.
    pub fn release(&self, fault: FaultId) {
        self.device.change(|state| state.faults.release(fault));
    }

    /// The switch as it is now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.device.status()
    }

    /// Waits until the switch is in such a state.
    pub async fn wait_until(&self, wanted: impl Fn(&Status) -> bool) -> Status {
        self.until(|device| wanted(&device.status())).await;
        self.status()
    }

    /// Open NETCONF sessions.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.status().sessions
    }

    /// The session that has the datastore locked.
    #[must_use]
    pub fn lock_holder(&self, datastore: Datastore) -> Option<SessionId> {
        self.status().locks.get(&datastore).copied()
    }

    /// How often things happened.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.device.look().counters
    }

    /// The last `<rpc>` with an `<edit-config>`, in the octets that came over NETCONF.
    #[must_use]
    pub fn last_edit(&self) -> Option<String> {
        self.device.look().edit.clone()
    }

    /// The commit that waits to be confirmed.
    #[must_use]
    pub fn pending_commit(&self) -> Option<PendingCommit> {
        self.status().pending
    }

    /// A datastore as the content of a NETCONF `<data>`; empty if the switch
    /// has no such datastore.
    #[must_use]
    pub fn xml(&self, datastore: Datastore) -> String {
        self.config(datastore).map(|config| netconf::to_xml(&config, self.device.root())).unwrap_or_default()
    }

    /// A datastore as RFC 7951 JSON.
    #[must_use]
    pub fn json(&self, datastore: Datastore) -> serde_json::Value {
        self.config(datastore).map(|config| config.to_json(self.device.root())).unwrap_or_default()
    }

    /// A short text that is the same for the same running configuration, on
    /// any switch and in any run.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        // FNV-1a: nothing here is secret or hostile.
        let hash = self
            .xml(Datastore::Running)
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        format!("{hash:016x}")
    }

    /// Changes running behind the clients' back, as somebody at the console
    /// would: no lock stops it. `xml` is the content of a `<config>`; `nc` is
    /// declared in it for `nc:operation`.
    ///
    /// # Errors
    /// [`SimError::Malformed`], or [`SimError::Refused`] if the switch cannot
    /// run it.
    pub fn change_running(&self, xml: &str) -> Result<(), SimError> {
        let edit = netconf::edit_from_xml(xml, &self.device.options.schema)?;
        self.device.edit_from_console(&edit).map_err(SimError::Refused)
    }

    /// Edits the candidate, as somebody at the console would who is not done. `xml`
    /// is as in [`Handle::change_running`]. Returns whether it did: not where
    /// somebody has it locked, or has staged something.
    ///
    /// # Errors
    /// [`SimError::Malformed`], or [`SimError::Refused`].
    pub fn stage(&self, xml: &str) -> Result<bool, SimError> {
        let edit = netconf::edit_from_xml(xml, &self.device.options.schema)?;
        self.device.stage_from_console(&edit).map_err(SimError::Refused)
    }

    /// Discards what is in the candidate, unless somebody has it locked.
    pub fn unstage(&self) {
        self.device.unstage_from_console();
    }

    /// Has access control hide a port from whoever reads, as [`Options::hidden`] does
    /// from the start; `false` shows it again.
    pub fn hide(&self, port: &str, hides: bool) {
        self.device.hide(port, hides);
    }

    /// Locks a datastore for somebody who is not a NETCONF session; clients
    /// are told session 0 has it. `false` lets go again. Returns whether the
    /// lock was free, or was the console's.
    pub fn console_lock(&self, datastore: Datastore, lock: bool) -> bool {
        self.device.console_lock(datastore, lock)
    }

    /// Ends a NETCONF session as another client's `kill-session` does (RFC 6241
    /// section 7.9). Returns whether there was one.
    pub fn kill_session(&self, session: SessionId) -> bool {
        self.device.kill_session(session)
    }

    /// Restarts the switch: sessions drop, running becomes what startup is.
    pub fn reboot(&self) {
        self.device.reboot();
    }

    /// Stops the switch: sessions drop and nobody can connect.
    pub fn stop(&self) {
        self.device.stop();
    }

    /// Serves a NETCONF session over a stream that needs no login, such as one
    /// end of `tokio::io::duplex`. Returns when the session has ended, and
    /// drops the stream.
    pub async fn serve<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        netconf::serve(Arc::clone(&self.device), stream).await;
    }

    /// Serves a gNMI connection, without TLS, over such a stream. Who comes in
    /// here needs no password, but one that is sent has to be right. Returns
    /// when the connection has ended.
    pub async fn serve_gnmi<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Some(mut opening) = gnmi::Opening::new(Arc::clone(&self.device)) else { return };
        if opening.survives(Moment::BeforeApply).await && opening.survives(Moment::AfterApply).await {
            opening.serve(stream, gnmi::Trust::Known).await;
        }
    }

    /// Serves a RESTCONF connection, without TLS, over such a stream; as
    /// [`Handle::serve_gnmi`].
    pub async fn serve_restconf<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        restconf::serve(Arc::clone(&self.device), stream, true).await;
    }

    /// Serves an OVSDB connection, without TLS, over such a stream; as [`Handle::serve_gnmi`].
    pub async fn serve_ovsdb<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        ovsdb::serve(Arc::clone(&self.device), stream).await;
    }

    /// The database of an Open vSwitch; `None` if the switch is none.
    #[must_use]
    pub fn ovsdb(&self) -> Option<OvsdbHandle> {
        OvsdbHandle::of(&self.device)
    }

    fn config(&self, datastore: Datastore) -> Option<Arc<Container>> {
        self.device.read(datastore).ok()
    }

    async fn until(&self, wanted: impl Fn(&Device) -> bool) {
        let mut pulse = self.device.pulse();
        while !wanted(&self.device) {
            if pulse.changed().await.is_err() {
                return;
            }
        }
    }
}

async fn called(addr: SocketAddr, first: &[u8]) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(addr).await?;
    stream.write_all(first).await?;
    Ok(stream)
}

async fn bind(addr: SocketAddr) -> Result<(TcpListener, SocketAddr), SimError> {
    let failed = |source| SimError::Listen { addr, source };
    let listener = TcpListener::bind(addr).await.map_err(failed)?;
    let local = listener.local_addr().map_err(failed)?;
    Ok((listener, local))
}

/// 24 letters and digits: more than 140 bits.
fn random_password() -> SecretString {
    let mut rng = rand::rng();
    (0..24).map(|_| char::from(rng.sample(rand::distr::Alphanumeric))).collect::<String>().into()
}
