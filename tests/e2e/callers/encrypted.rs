//! TLS, and who is let in by a certificate.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
};

use rcgen::SanType;
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::{Authority, Stage, authority, curl};
use crate::harness::{Client, Mercury, Setup};

/// A connection that is kept, in TLS.
struct Kept(BufReader<StreamOwned<ClientConnection, TcpStream>>);

impl Kept {
    fn open(stage: &Stage) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(stage.authority.root()).unwrap()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
        let tls = ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
        let mut kept = Self(BufReader::new(StreamOwned::new(tls, TcpStream::connect(stage.mercury.address).unwrap())));
        assert_eq!(kept.healthy(), 200);
        kept
    }

    fn healthy(&mut self) -> u16 {
        self.0.get_mut().write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut length = 0;
        while line != "\r\n" {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        self.0.read_exact(&mut vec![0; length]).unwrap();
        status
    }

    /// The certificate that it was shown.
    fn certificate(&self) -> Vec<u8> {
        self.0.get_ref().conn.peer_certificates().unwrap()[0].to_vec()
    }
}

#[test]
fn tls_1_3_is_spoken_and_1_2_only_where_the_settings_ask() {
    let stage = Stage::new("", "");
    assert_eq!(stage.curl(&[]).status, 200);
    let old = stage.curl(&["--tls-max", "1.2"]);
    assert!(old.status == 0 && old.error.contains("protocol version"), "{old:?}");
    stage.told("no version of TLS in common");
    let distrust = curl(&stage.url(), &[]);
    assert!(distrust.status == 0 && !distrust.error.is_empty(), "{distrust:?}");
    let older = Stage::new("", "min_version = \"1.2\"");
    for words in [&["--tls-max", "1.2"][..], &["--tlsv1.3"]] {
        assert_eq!(older.curl(words).status, 200, "{words:?}");
    }
}

#[test]
fn who_speaks_the_other_protocol_is_told_in_plain_words_and_so_is_the_log() {
    let stage = Stage::new("", "");
    let mut plain = Client::of(&stage.mercury);
    let answer = plain.post("/", b"{}");
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"]["message"], "this port speaks TLS; use https");
    stage.told("a caller does not speak TLS");
    let mercury = Mercury::serve(&[]);
    let lost = curl(&format!("https://{}/", mercury.address), &["-k"]);
    assert!(lost.status == 0 && lost.error.contains("wrong version number"), "{lost:?}");
    mercury.stderr.wait_json("its words", |line| line.to_string().contains("a caller speaks TLS, and this port"));
    assert_eq!(Client::of(&mercury).request("GET", "/healthz", b"").status, 200);
}

#[test]
fn a_handshake_that_does_not_go_on_is_cut_off_and_holds_its_place_until_then() {
    let stage = Stage::new("", "[limits]\nheader_timeout = 1\nmax_connections = 2\nmax_connections_per_peer = 2");
    let silent = || TcpStream::connect(stage.mercury.address).unwrap();
    let (mut mute, mut half) = (silent(), silent());
    half.write_all(&[0x16, 3, 1, 2, 0]).unwrap();
    // Nobody else is served meanwhile, nor in TLS told so.
    assert_eq!(stage.curl(&[]).status, 0);
    stage.told("too many connections");
    for stream in [&mut mute, &mut half] {
        assert!(matches!(stream.read(&mut [0; 64]), Ok(0) | Err(_)));
    }
    stage.told("a TLS handshake was not over in time");
    stage.mercury.stderr.wait_json("both", |_| stage.curl(&[]).status == 200);
}

#[test]
fn a_new_certificate_is_shown_to_new_connections_and_kept_ones_go_on() {
    let stage = Stage::new("", "");
    let mut first = Kept::open(&stage);
    let (_, key) = stage.authority.server("mercury", &["localhost"]);
    let mut second = Kept::open(&stage);
    assert_ne!(first.certificate(), second.certificate());
    authority::replace(&key, "no key");
    let mut third = Kept::open(&stage);
    assert_eq!(second.certificate(), third.certificate(), "what cannot be served is not");
    stage.told("the former ones are served on");
    stage.told("holds no private key");
    stage.authority.server("mercury", &["localhost"]);
    assert_ne!(Kept::open(&stage).certificate(), third.certificate());
    for kept in [&mut first, &mut second, &mut third] {
        assert_eq!(kept.healthy(), 200);
    }
}

/// Time alone makes no mistake in the files: a policy or a user may have to go just then.
#[test]
fn a_certificate_that_expires_keeps_nothing_from_being_read_again() {
    let stage = Stage::new("", "");
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    authority::replace(&stage.authority.path("mercury.key"), &key.serialize_pem());
    authority::replace(&stage.authority.path("mercury.pem"), &params.self_signed(&key).unwrap().pem());
    stage.mercury.signal("HUP");
    stage.told("a certificate has expired");
    stage.told("the files were read again");
}

/// Between the two renames of a rotation certificate and key do not belong together.
#[test]
fn nobody_fails_while_certificates_rotate() {
    let stage = Stage::new("", "");
    let mut kept = Kept::open(&stage);
    let before = Kept::open(&stage).certificate();
    std::thread::scope(|scope| {
        let rotating = scope.spawn(|| (0..50).for_each(|_| drop(stage.authority.server("mercury", &["localhost"]))));
        while !rotating.is_finished() {
            Kept::open(&stage).certificate();
            assert_eq!(kept.healthy(), 200);
        }
    });
    assert_eq!(kept.healthy(), 200);
    assert_ne!(Kept::open(&stage).certificate(), before, "the first certificate is still shown");
}

#[test]
fn a_pair_that_cannot_be_served_keeps_the_service_from_its_start() {
    let authority = Authority::new();
    let (cert, _) = authority.server("one", &["localhost"]);
    let (_, key) = authority.server("two", &["localhost"]);
    let text = format!("[tls]\ncert = \"{}\"\nkey = \"{}\"\n", cert.display(), key.display());
    let setup = Setup::new().settings(&text);
    let checked = setup.run(&["config", "check"]);
    assert!(checked.code() == 1 && checked.stdout.contains("is not the key of the certificate"), "{}", checked.stdout);
    let served = setup.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(served.code() == 2 && served.stderr.contains("is not the key of the certificate"), "{}", served.stderr);
}

#[test]
fn a_certificate_lets_in_by_its_names_and_by_nothing_else() {
    let clients = "clients = [\"DNS:conductor1.example.org\", \"URI:spiffe://example.org/ironic\", \
                   \"email:ironic@example.org\", \"subject:CN=by-subject\"]";
    let stage = Stage::new("auth = \"mtls\"", &format!("client_ca = \"CA\"\n{clients}"));
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    for (file, names, told) in [
        ("host", vec![dns("other.example.org"), dns("Conductor1.Example.org")], "DNS:conductor1.example.org"),
        (
            "uri",
            vec![SanType::URI("spiffe://example.org/ironic".try_into().unwrap())],
            "URI:spiffe://example.org/ironic",
        ),
        ("email", vec![SanType::Rfc822Name("ironic@example.org".try_into().unwrap())], "email:ironic@example.org"),
        ("by-subject", Vec::new(), "subject:CN=by-subject"),
    ] {
        assert_eq!(stage.curl_as(&stage.authority.client(file, names)).status, 200, "{file}");
        let line = stage.mercury.stderr.wait_json(told, |line| line["caller"] == told);
        assert_eq!(line["way"], "mtls", "{line}");
    }
    let strangers = [dns("conductor1.example.org.evil.example"), dns("*.example.org")];
    for (file, name) in ["stranger", "wild"].iter().zip(strangers) {
        assert_eq!(stage.curl_as(&stage.authority.client(file, vec![name])).status, 401, "{file}");
    }
    stage.told("the client certificate has no name that is let in");
    assert_eq!(stage.curl(&[]).status, 401, "no certificate at all");
    let other = Authority::new();
    let forged = other.client("forged", vec![dns("conductor1.example.org")]);
    assert_eq!(stage.curl_as(&forged).status, 0, "signed by nobody who is believed: {forged:?}");
    stage.told("nobody in client_ca has signed");
    let server = stage.authority.server("a-server", &["conductor1.example.org"]);
    assert_eq!(stage.curl_as(&server).status, 0, "a certificate for servers");
}
