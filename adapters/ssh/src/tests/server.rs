//! Against a small russh server.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use mercury_adapter::ConnectFault;
use russh::{
    Channel, ChannelId, ChannelOpenFailure, MethodKind, MethodSet,
    keys::{Algorithm, EcdsaCurve, HashAlg, PrivateKey, ssh_key::LineEnding},
    server::{self, Auth, ChannelOpenHandle, Msg, Session},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

use super::*;

/// How the server lets users in.
#[derive(Clone, Copy, PartialEq)]
enum Door {
    Password,
    /// Asks for the password, then shows an empty prompt, as PAM does.
    Questions,
    /// The password has expired.
    NewPassword,
    /// Never has enough answers.
    EndlessQuestions,
    /// The key, and then the password as well.
    KeyAndPassword,
    /// Password, but every channel is refused.
    NoChannels,
    /// Password, and one channel.
    OneChannel,
}

struct Server {
    door: Door,
    rounds: usize,
    channels: HashMap<ChannelId, Channel<Msg>>,
}

fn reject(methods: &[MethodKind], partial_success: bool) -> Auth {
    Auth::Reject { proceed_with_methods: Some(MethodSet::from(methods)), partial_success }
}

impl server::Handler for Server {
    type Error = russh::Error;

    async fn auth_password(&mut self, _: &str, password: &str) -> Result<Auth, russh::Error> {
        Ok(match self.door {
            Door::Questions | Door::NewPassword | Door::EndlessQuestions => {
                reject(&[MethodKind::KeyboardInteractive], false)
            }
            Door::KeyAndPassword if self.rounds == 0 => reject(&[MethodKind::PublicKey], false),
            _ if password == "right" => Auth::Accept,
            _ => reject(&[MethodKind::Password], false),
        })
    }

    async fn auth_publickey(&mut self, _: &str, _: server::VerifiedPublicKey<'_>) -> Result<Auth, russh::Error> {
        self.rounds = 1;
        Ok(reject(&[MethodKind::Password], self.door == Door::KeyAndPassword))
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _: &str,
        _: &str,
        response: Option<server::Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let answers: Vec<_> = response.into_iter().flatten().collect();
        let ask = |prompts: &'static [(&'static str, bool)]| Auth::Partial {
            name: "".into(),
            instructions: "".into(),
            prompts: prompts.iter().map(|(text, echo)| ((*text).into(), *echo)).collect::<Vec<_>>().into(),
        };
        self.rounds += 1;
        Ok(match (self.door, self.rounds) {
            (Door::EndlessQuestions, _) => ask(&[("More: ", false)]),
            (Door::NewPassword, 1) => ask(&[("Password: ", false)]),
            (Door::NewPassword, 2) if answers == [b"right".as_slice()] => ask(&[("New password: ", false)]),
            // What was answered is the password from now on.
            (Door::NewPassword, _) => Auth::Accept,
            (_, 1) => ask(&[("login: ", true), ("Password: ", false)]),
            (_, 2) if answers == ["mercury".as_bytes(), b"right"] => ask(&[]),
            (_, 3) if answers.is_empty() => Auth::Accept,
            _ => Auth::reject(),
        })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), russh::Error> {
        if self.door == Door::OneChannel && self.rounds > 0 {
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
            return Ok(());
        }
        self.rounds += usize::from(self.door == Door::OneChannel);
        if self.door != Door::NoChannels {
            self.channels.insert(channel.id(), channel);
            reply.accept().await;
        }
        Ok(())
    }

    /// Echoes.
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
        tokio::spawn(async move {
            let (mut read, mut write) = tokio::io::split(channel.into_stream());
            tokio::io::copy(&mut read, &mut write).await
        });
        Ok(())
    }
}

/// Serves one connection; ends with it.
async fn serve(door: Door) -> (SocketAddr, PrivateKey, JoinHandle<()>) {
    let key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).unwrap();
    let (address, serving) = serve_with(door, vec![key.clone()], 1).await;
    (address, key, serving)
}

/// Serves so many connections, one after the other, with these host keys.
async fn serve_with(door: Door, keys: Vec<PrivateKey>, connections: usize) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = Arc::new(server::Config {
        keys,
        auth_rejection_time: Duration::ZERO,
        auth_rejection_time_initial: Some(Duration::ZERO),
        max_auth_attempts: 100,
        ..server::Config::default()
    });
    let serving = tokio::spawn(async move {
        for _ in 0..connections {
            let (socket, _) = listener.accept().await.unwrap();
            let handler = Server { door, rounds: 0, channels: HashMap::new() };
            // How it ends is the client's business.
            if let Ok(session) = server::run_stream(Arc::clone(&config), socket, handler).await {
                let _ = session.await;
            }
        }
    });
    (address, serving)
}

fn with_password(port: u16, password: &str) -> SshOptions {
    SshOptions { password: Some(SecretString::from(password)), ..options(port) }
}

#[tokio::test]
async fn a_subsystem_is_a_stream_and_dropping_it_closes_the_connection() {
    let (address, _, serving) = serve(Door::Password).await;
    let mut stream = connect(&with_password(address.port(), "right")).await.unwrap();
    stream.write_all(b"hello").await.unwrap();
    let mut buffer = [0; 5];
    stream.read_exact(&mut buffer).await.unwrap();
    assert_eq!(&buffer, b"hello");
    assert!(!stream.is_closed());
    drop(stream);
    serving.await.unwrap();
}

#[tokio::test]
async fn questions_are_answered_with_the_password_and_empty_prompts_with_nothing() {
    let (address, ..) = serve(Door::Questions).await;
    connect(&with_password(address.port(), "right")).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_rejected_with_what_was_tried_and_never_shown() {
    let (address, ..) = serve(Door::Password).await;
    let options = with_password(address.port(), "s3cret-wrong");
    let error = connect(&options).await.unwrap_err();
    let SshError::AuthRejected { tried, .. } = &error else { panic!("{error:?}") };
    assert_eq!(tried, &["password"]);
    assert_eq!(error.to_string(), "mercury was not let in; tried password");
    assert!(!format!("{error:?} {options:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_server_that_never_stops_asking_is_left() {
    let (address, ..) = serve(Door::EndlessQuestions).await;
    let error = connect(&with_password(address.port(), "right")).await.unwrap_err();
    let SshError::AuthRejected { tried, .. } = &error else { panic!("{error:?}") };
    assert_eq!(tried, &["password", "keyboard-interactive"]);
}

#[tokio::test]
async fn without_credentials_nothing_is_tried() {
    let (address, ..) = serve(Door::Password).await;
    let error = connect(&options(address.port())).await.unwrap_err();
    assert_eq!(error.to_string(), "mercury was not let in; tried nothing");
}

#[tokio::test]
async fn a_device_may_want_the_key_and_the_password() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    let key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).unwrap();
    write_private(&path, &key.to_openssh(LineEnding::LF).unwrap());
    let (address, ..) = serve(Door::KeyAndPassword).await;
    let options = SshOptions { key: key_file(&path, None), ..with_password(address.port(), "right") };
    connect(&options).await.unwrap();
}

#[tokio::test]
async fn refused_channels_and_subsystems_say_so() {
    let (address, ..) = serve(Door::NoChannels).await;
    let error = connect(&with_password(address.port(), "right")).await.unwrap_err();
    assert!(matches!(error, SshError::ChannelRefused { .. }), "{error:?}");
    let (address, ..) = serve(Door::Password).await;
    let options = SshOptions { subsystem: "nosuch".into(), ..with_password(address.port(), "right") };
    let error = connect(&options).await.unwrap_err();
    assert_eq!(error.to_string(), "the subsystem \"nosuch\" was refused: the device does not have it");
}

/// As OpenSSH at its `MaxSessions`, which is the switch that is full and not one without the
/// subsystem.
#[tokio::test]
async fn a_connection_carries_several_streams_where_the_device_takes_them() {
    let echo = async |stream: &mut SshStream| {
        stream.write_all(b"hello").await.unwrap();
        let mut back = [0; 5];
        stream.read_exact(&mut back).await.unwrap();
    };
    let (address, ..) = serve(Door::Password).await;
    let options = with_password(address.port(), "right");
    let mut first = connect(&options).await.unwrap();
    let opener = first.opener(&options);
    let mut second = opener.open().await.unwrap();
    echo(&mut second).await;
    drop(second);
    echo(&mut first).await;
    let mut third = opener.open().await.unwrap();
    echo(&mut third).await;
    drop(first);
    assert_eq!(third.read(&mut [0]).await.unwrap_or_default(), 0, "it ends with the first");
    assert!(opener.is_closed());
    assert!(matches!(opener.open().await, Err(SshError::HungUp(_))));

    let (address, ..) = serve(Door::OneChannel).await;
    let options = with_password(address.port(), "right");
    let mut only = connect(&options).await.unwrap();
    let error = only.opener(&options).open().await.unwrap_err();
    assert!(matches!(error, SshError::TooManySessions { .. }), "{error:?}");
    assert_eq!(error.to_connect_error().fault, ConnectFault::Busy);
    echo(&mut only).await;
}

#[tokio::test]
async fn a_pinned_fingerprint_admits_only_its_key() {
    let (address, key, serving) = serve(Door::Password).await;
    let fingerprint = key.public_key().fingerprint(HashAlg::Sha256).to_string();
    let pinned = |address: SocketAddr| SshOptions {
        host_key: HostKeyPolicy::Fingerprints(vec!["SHA256:AAAA".into(), format!("{fingerprint}= ")]),
        ..with_password(address.port(), "right")
    };
    drop(connect(&pinned(address)).await.unwrap());
    serving.await.unwrap();
    let (address, other, serving) = serve(Door::Password).await;
    let error = connect(&pinned(address)).await.unwrap_err();
    let presented = other.public_key().fingerprint(HashAlg::Sha256).to_string();
    assert!(matches!(error, SshError::HostKeyChanged(_)), "{error:?}");
    assert!(error.to_string().contains(&presented), "{error}");
    serving.await.unwrap();
}

/// The device shows the key that both sides like best, which may be another one
/// than the pinned.
#[tokio::test]
async fn a_pinned_key_is_found_among_all_that_a_device_has() {
    let random = |algorithm| PrivateKey::random(&mut rand::rng(), algorithm).unwrap();
    let keys = [Algorithm::Ed25519, Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 }, Algorithm::Rsa { hash: None }];
    let keys: Vec<_> = keys.map(random).into();
    for (connections, pinned) in [(1, 0), (2, 1), (3, 2)] {
        let (address, serving) = serve_with(Door::Password, keys.clone(), connections).await;
        let pin = keys[pinned].public_key().fingerprint(HashAlg::Sha256).to_string();
        let host_key = HostKeyPolicy::Fingerprints(vec![pin]);
        drop(connect(&SshOptions { host_key, ..with_password(address.port(), "right") }).await.unwrap());
        serving.await.unwrap();
    }
    let (address, _serving) = serve_with(Door::Password, keys.clone(), 4).await;
    let host_key = HostKeyPolicy::Fingerprints(vec!["SHA256:AAAA".into()]);
    let error = connect(&SshOptions { host_key, ..with_password(address.port(), "right") }).await.unwrap_err();
    let SshError::HostKeyChanged(shown) = &error else { panic!("{error:?}") };
    assert_eq!(shown.algorithm, "ssh-ed25519");
}

#[tokio::test]
async fn a_new_password_is_never_answered() {
    let (address, ..) = serve(Door::NewPassword).await;
    let error = connect(&with_password(address.port(), "right")).await.unwrap_err();
    assert!(matches!(error, SshError::AuthRejected { .. }), "{error:?}");
    assert!(error.to_string().contains("keyboard-interactive (it asks for a new password)"), "{error}");
}

/// Without the stream that can be cut off, russh's task would keep the
/// connection open, and this test would hang.
#[tokio::test]
async fn a_timeout_at_any_stage_of_the_handshake_closes_the_connection() {
    for greeting in [&b""[..], b"SSH-2.0-x\r\n", b"SSH-2.0-x\r\n\0\0\x10\0"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let peer = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            socket.write_all(greeting).await.unwrap();
            let mut seen = Vec::new();
            let _ = socket.read_to_end(&mut seen).await;
            seen
        });
        let options = SshOptions { connect_timeout: Duration::from_millis(100), ..options(port) };
        let error = connect(&options).await.unwrap_err();
        assert!(matches!(error, SshError::Timeout(_)), "{error:?}");
        assert!(peer.await.unwrap().starts_with(b"SSH-2.0-"));
    }
}

/// It may have too many at once, or be restarting: nothing about it is wrong.
#[tokio::test]
async fn a_device_that_hangs_up_during_the_handshake_cannot_be_reached() {
    let greetings = [&b""[..], b"SSH-2.0-x\r\n", b"SSH-2.0-x\r\n\0\0\x10\0"];
    for (greeting, reset) in greetings.into_iter().flat_map(|greeting| [(greeting, false), (greeting, true)]) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let peer = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            socket.write_all(greeting).await.unwrap();
            socket.readable().await.unwrap();
            // What was sent and is not read makes of the end a reset.
            if !reset {
                while socket.try_read(&mut [0; 4096]).is_ok_and(|read| read == 4096) {}
            }
        });
        let error = connect(&options(port)).await.unwrap_err().to_connect_error();
        assert_eq!(error.fault, ConnectFault::Unreachable, "{greeting:?}, reset: {reset}: {error}");
        peer.await.unwrap();
    }
}

#[tokio::test]
async fn abandoning_a_connect_closes_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connecting = tokio::spawn(async move { connect(&options(port)).await.map(drop) });
    let (mut socket, _) = listener.accept().await.unwrap();
    socket.write_all(b"SSH-2.0-x\r\n").await.unwrap();
    let mut hello = [0; 8];
    socket.read_exact(&mut hello).await.unwrap();
    connecting.abort();
    let _ = socket.read_to_end(&mut Vec::new()).await;
}

#[tokio::test]
async fn killing_a_stream_closes_the_connection_and_fails_its_reader() {
    let (address, _, serving) = serve(Door::Password).await;
    let options = SshOptions { ..with_password(address.port(), "right") };
    let mut stream = connect(&options).await.unwrap();
    stream.write_all(b"ping").await.unwrap();
    let mut buffer = [0; 4];
    stream.read_exact(&mut buffer).await.unwrap();
    assert_eq!(&buffer, b"ping");
    stream.kill();
    serving.await.unwrap();
    assert_eq!(stream.read(&mut buffer).await.unwrap_or(0), 0);
    stream.handle_ended().await;
    assert!(stream.is_closed());
}

#[test]
fn a_stream_may_be_dropped_outside_the_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (stream, serving) = runtime.block_on(async {
        let (address, _, serving) = serve(Door::Password).await;
        (connect(&with_password(address.port(), "right")).await.unwrap(), serving)
    });
    drop(stream);
    runtime.block_on(serving).unwrap();
}

#[tokio::test]
async fn nobody_listening_and_no_such_name_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = connect(&options(port)).await.unwrap_err();
    assert!(matches!(error, SshError::Connect { .. }), "{error:?}");
    let nowhere = SshOptions { host: "no-such-host.invalid".into(), ..options(port) };
    let error = connect(&nowhere).await.unwrap_err();
    assert!(matches!(error, SshError::Resolve { .. }), "{error:?}");
}

#[tokio::test]
async fn a_key_file_others_can_read_is_refused_before_connecting() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    let key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).unwrap();
    write_private(&path, &key.to_openssh(LineEnding::LF).unwrap());
    for mode in [0o640, 0o604, 0o644, 0o660] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        // Port 1 has no server: the file is judged first.
        let options = SshOptions { key: key_file(&path, None), ..options(1) };
        let error = connect(&options).await.unwrap_err().to_string();
        assert!(error.contains(&format!("mode {mode:04o}")) && error.contains("0600"), "{error}");
    }
}

#[tokio::test]
async fn useless_key_files_say_why() {
    let directory = tempfile::tempdir().unwrap();
    let garbage = directory.path().join("garbage");
    write_private(&garbage, "not a key");
    let large = directory.path().join("large");
    write_private(&large, &"x".repeat(70_000));
    for (path, reason) in [
        (garbage.as_path(), "cannot be read"),
        (large.as_path(), "larger than"),
        (directory.path(), "not a file"),
        (&directory.path().join("missing"), "No such file"),
    ] {
        let options = SshOptions { key: key_file(path, None), ..options(1) };
        let error = connect(&options).await.unwrap_err();
        assert!(matches!(error, SshError::KeyFile { .. }), "{error:?}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}
