//! The sockets: TLS, certificates, passwords.

use std::sync::Arc;

use mercury_sim::{Options, Simulator};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore, SupportedProtocolVersion,
        crypto::ring::default_provider,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, pem::PemObject},
        version::{TLS12, TLS13},
    },
};
use tonic::Code;

use super::client::{Gnmi, describe, description, start};

async fn listening(options: Options) -> Simulator {
    start(Options { gnmi_listen: Some("127.0.0.1:0".parse().unwrap()), name: "leaf-1".into(), ..options }).await
}

type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

struct Tls {
    name: &'static str,
    alpn: &'static [u8],
    version: &'static SupportedProtocolVersion,
    identity: Option<Identity>,
}

impl Default for Tls {
    fn default() -> Self {
        Self { name: "leaf-1", alpn: b"h2", version: &TLS13, identity: None }
    }
}

async fn connect(switch: &Simulator, tls: Tls) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(switch.gnmi_certificate_pem().as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[tls.version])
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match tls.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder.with_client_auth_cert(vec![certificate], key).unwrap(),
    };
    config.alpn_protocols = vec![tls.alpn.to_vec()];
    let stream = TcpStream::connect(switch.gnmi_addr().unwrap()).await?;
    let name = ServerName::try_from(tls.name).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn client(switch: &Simulator, tls: Tls) -> Gnmi {
    Gnmi::over(connect(switch, tls).await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_sets_over_tls() {
    let switch = listening(Options::default()).await;
    for (name, version) in [("leaf-1", &TLS13), ("localhost", &TLS12), ("127.0.0.1", &TLS13), ("::1", &TLS13)] {
        let tls = Tls { name, version, ..Tls::default() };
        let client = client(&switch, tls).await.login(switch.username(), switch.password());
        client.set(describe(name)).await.unwrap();
        assert_eq!(description(&switch), name);
    }
    assert!(connect(&switch, Tls { name: "leaf-2", ..Tls::default() }).await.is_err());
}

#[tokio::test]
async fn the_certificate_shown_is_the_one_told_about() {
    let switch = listening(Options::default()).await;
    let stream = connect(&switch, Tls::default()).await.unwrap();
    let shown = stream.get_ref().1.peer_certificates().unwrap()[0].clone();
    let digest = ring::digest::digest(&ring::digest::SHA256, &shown);
    assert_eq!(digest.as_ref(), switch.gnmi_certificate_sha256());
}

#[tokio::test]
async fn without_alpn_h2_there_is_no_connection() {
    use tokio::io::AsyncReadExt as _;
    let switch = listening(Options::default()).await;
    let ended = match connect(&switch, Tls { alpn: b"http/1.1", ..Tls::default() }).await {
        Err(_) => true,
        Ok(mut stream) => !matches!(stream.read(&mut [0; 64]).await, Ok(1..)),
    };
    assert!(ended);
}

#[tokio::test]
async fn only_the_right_username_and_password_come_in() {
    let switch = listening(Options::default()).await;
    let (username, password) = (switch.username().to_owned(), switch.password().to_owned());
    let client = client(&switch, Tls::default()).await;
    let code = async |client: &Gnmi| client.get("/interfaces").await.err().map(|status| status.code());
    assert_eq!(code(&client).await, Some(Code::Unauthenticated), "nothing is said");
    assert_eq!(code(&client.clone().login(&username, "x")).await, Some(Code::Unauthenticated));
    assert_eq!(code(&client.clone().login("x", &password)).await, Some(Code::Unauthenticated));
    assert_eq!(code(&client.clone().login(&username, &password)).await, None);
    assert_eq!(client.set(describe("x")).await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(description(&switch), "");
    assert_eq!(switch.handle().counters().rpcs, 1, "who is not known is not heard");
}

#[tokio::test]
async fn who_sits_in_the_process_needs_no_password_but_no_wrong_one_either() {
    let switch = start(Options::default()).await;
    let client = Gnmi::open(&switch.handle()).await;
    client.get("/interfaces").await.unwrap();
    let wrong = client.login(switch.username(), "x").get("/interfaces").await.unwrap_err();
    assert_eq!(wrong.code(), Code::Unauthenticated);
}

/// A certificate authority, and a client it has signed.
fn authority() -> (String, Identity) {
    let ca_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&ca_key).unwrap();
    let issuer = Issuer::from_params(&params, &ca_key);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["mercury".to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let signed = params.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    (ca.pem(), (signed.der().clone(), key))
}

#[tokio::test]
async fn with_a_client_ca_a_certificate_is_needed_and_stands_for_the_password() {
    let (ca, identity) = authority();
    let switch = listening(Options { gnmi_client_ca: Some(ca), ..Options::default() }).await;
    let known = client(&switch, Tls { identity: Some(identity), ..Tls::default() }).await;
    known.get("/interfaces").await.unwrap();
    let wrong = known.login(switch.username(), "x").get("/interfaces").await.unwrap_err();
    assert_eq!(wrong.code(), Code::Unauthenticated);

    let (_, stranger) = authority();
    for identity in [None, Some(stranger)] {
        // TLS 1.3 tells a client after its side of the handshake is done.
        let refused = match connect(&switch, Tls { identity, ..Tls::default() }).await {
            Err(_) => true,
            Ok(stream) => match Gnmi::over(stream).await {
                Err(_) => true,
                Ok(client) => {
                    let client = client.login(switch.username(), switch.password());
                    client.get("/interfaces").await.is_err()
                }
            },
        };
        assert!(refused);
    }
    assert_eq!(switch.handle().counters().rpcs, 1);
    let nonsense = Options { gnmi_client_ca: Some("nonsense".into()), listen: None, ..Options::default() };
    assert!(Simulator::start(nonsense).await.is_err());
}

#[tokio::test]
async fn plaintext_has_to_be_asked_for() {
    let switch = listening(Options { gnmi_plaintext: true, ..Options::default() }).await;
    let stream = TcpStream::connect(switch.gnmi_addr().unwrap()).await.unwrap();
    let client = Gnmi::over(stream).await.unwrap();
    assert_eq!(client.get("/interfaces").await.unwrap_err().code(), Code::Unauthenticated);
    client.login(switch.username(), switch.password()).get("/interfaces").await.unwrap();

    let switch = listening(Options::default()).await;
    let stream = TcpStream::connect(switch.gnmi_addr().unwrap()).await.unwrap();
    let status = match Gnmi::over(stream).await {
        Ok(client) => client.get("/interfaces").await.is_err(),
        Err(_) => true,
    };
    assert!(status);
}

#[tokio::test]
async fn a_dropped_switch_no_longer_listens_and_cuts_its_connections() {
    let switch = listening(Options::default()).await;
    let addr = switch.gnmi_addr().unwrap();
    let client = client(&switch, Tls::default()).await.login(switch.username(), switch.password());
    client.get("/interfaces").await.unwrap();
    let handle = switch.handle();
    drop(switch);
    handle.wait_until(|status| status.connections == 0).await;
    client.get("/interfaces").await.unwrap_err();
    // The listener is closed by its task, soon.
    while TcpStream::connect(addr).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_handshake_that_is_held_counts_as_a_connection() {
    let switch = listening(Options::default()).await;
    let handle = switch.handle();
    let hold = handle.inject("gnmi-connect:1:before:hold".parse().unwrap());
    let stream = TcpStream::connect(switch.gnmi_addr().unwrap()).await.unwrap();
    handle.held(hold).await;
    assert_eq!(handle.status().connections, 1);
    handle.release(hold);
    drop(stream);
    handle.wait_until(|status| status.connections == 0).await;
}

#[tokio::test]
async fn without_an_address_there_is_no_socket() {
    assert_eq!(start(Options::default()).await.gnmi_addr(), None);
}
