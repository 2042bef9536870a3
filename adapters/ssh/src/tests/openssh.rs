//! Against OpenSSH's sshd, one process per connection in inetd mode: no fixed
//! port, nothing left running. Skipped, and said so, where it is not installed.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

const SSHD: &str = "/usr/sbin/sshd";

struct Sshd {
    directory: TempDir,
    port: u16,
    accepting: tokio::task::JoinHandle<()>,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Sshd {
    /// A server with host keys of three types that lets in the three user keys,
    /// or `None` where there is no sshd.
    async fn start(more: &str) -> Option<Self> {
        if !Path::new(SSHD).exists() {
            println!("skipped: {SSHD} is not installed");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let mut authorized = String::new();
        for (kind, bits) in [("ed25519", "256"), ("ecdsa", "256"), ("rsa", "2048")] {
            for name in ["host", "user"] {
                let file = path(&format!("{name}_{kind}"));
                keygen(&["-t", kind, "-b", bits, "-N", "", "-f"], &file);
            }
            authorized += &fs::read_to_string(path(&format!("user_{kind}.pub"))).unwrap();
        }
        write_private(&path("authorized"), &authorized);
        let at = directory.path().display();
        let host_keys = if more.contains("HostKey ") {
            String::new()
        } else {
            ["ed25519", "ecdsa", "rsa"].map(|kind| format!("HostKey {at}/host_{kind}\n")).concat()
        };
        let config = format!(
            "{}\n{host_keys}AuthorizedKeysFile {at}/authorized\nStrictModes no\nUsePAM no\n\
             PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PidFile none\nSubsystem netconf /bin/cat\nLogLevel ERROR\n",
            more.replace("$DIR", &at.to_string())
        );
        write_private(&path("config"), &config);
        // Started by hand as root, sshd wants the directory its packages make.
        let _ = fs::create_dir_all("/run/sshd");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (config, log) = (path("config"), path("log"));
        let accepting = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let socket = socket.into_std().unwrap();
                socket.set_nonblocking(false).unwrap();
                let other = socket.try_clone().unwrap();
                let mut sshd = tokio::process::Command::new(SSHD)
                    .args(["-i", "-f"])
                    .arg(&config)
                    .arg("-E")
                    .arg(&log)
                    .stdin(Stdio::from(std::os::fd::OwnedFd::from(socket)))
                    .stdout(Stdio::from(std::os::fd::OwnedFd::from(other)))
                    .stderr(Stdio::null())
                    .kill_on_drop(true)
                    .spawn()
                    .unwrap();
                tokio::spawn(async move { sshd.wait().await });
            }
        });
        Some(Self { directory, port, accepting })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Logs in as whoever runs the test.
    fn options(&self) -> SshOptions {
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        SshOptions {
            username: String::from_utf8(user).unwrap().trim().to_owned(),
            key: key_file(&self.path("user_ed25519"), None),
            ..options(self.port)
        }
    }

    fn public(&self, name: &str) -> String {
        fs::read_to_string(self.path(&format!("{name}.pub"))).unwrap()
    }

    fn knowing(&self, text: &str) -> SshOptions {
        let file = self.path("known_hosts");
        fs::write(&file, text.replace("$HOST", &format!("[127.0.0.1]:{}", self.port))).unwrap();
        SshOptions { host_key: HostKeyPolicy::KnownHosts(vec![self.path("absent"), file]), ..self.options() }
    }

    async fn echoes(&self, options: &SshOptions) {
        let connected = connect(options).await;
        let log = || fs::read_to_string(self.path("log")).unwrap_or_default();
        let mut stream = connected.unwrap_or_else(|error| panic!("{}\n{}", chain(&error), log()));
        stream.write_all(b"hello").await.unwrap();
        let mut buffer = [0; 5];
        stream.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"hello");
    }
}

fn keygen(arguments: &[&str], file: &Path) {
    let done = Command::new("ssh-keygen").arg("-q").args(arguments).arg(file).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

#[tokio::test]
async fn keys_of_every_type_and_format_log_in() {
    let Some(sshd) = Sshd::start("").await else { return };
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let key = key_file(&sshd.path(&format!("user_{kind}")), None);
        sshd.echoes(&SshOptions { key, ..sshd.options() }).await;
    }
    let pem = sshd.path("user_rsa");
    keygen(&["-p", "-m", "PEM", "-P", "", "-N", "", "-f"], &pem);
    assert!(fs::read_to_string(&pem).unwrap().contains("BEGIN RSA"));
    sshd.echoes(&SshOptions { key: key_file(&pem, None), ..sshd.options() }).await;
}

#[tokio::test]
async fn an_encrypted_key_needs_its_passphrase() {
    let Some(sshd) = Sshd::start("").await else { return };
    let path = sshd.path("user_ed25519");
    keygen(&["-p", "-P", "", "-N", "pass phrase", "-f"], &path);
    sshd.echoes(&SshOptions { key: key_file(&path, Some("pass phrase")), ..sshd.options() }).await;
    for (passphrase, reason) in [(None, "no passphrase is configured"), (Some("wr0ng"), "cannot be decrypted")] {
        let options = SshOptions { key: key_file(&path, passphrase), ..sshd.options() };
        let error = connect(&options).await.unwrap_err().to_string();
        assert!(error.contains(reason) && !error.contains("wr0ng"), "{error}");
    }
}

#[tokio::test]
async fn known_hosts_decides_who_is_trusted() {
    let Some(sshd) = Sshd::start("").await else { return };
    let (host, user) = (sshd.public("host_ed25519"), sshd.public("user_ed25519"));
    sshd.echoes(&sshd.knowing(&format!("garbage\n$HOST {host}"))).await;
    let fingerprint = {
        let key = russh::keys::PublicKey::from_openssh(&host).unwrap();
        key.fingerprint(russh::keys::HashAlg::Sha256).to_string()
    };
    type Is = fn(&SshError) -> bool;
    let cases: [(String, Is); 4] = [
        (String::new(), |e| matches!(e, SshError::HostKeyUnknown(_))),
        (format!("elsewhere {host}"), |e| matches!(e, SshError::HostKeyUnknown(_))),
        (format!("$HOST {user}"), |e| matches!(e, SshError::HostKeyChanged(_))),
        (format!("$HOST {host}\n@revoked * {host}"), |e| matches!(e, SshError::HostKeyRevoked(_))),
    ];
    for (text, is_expected) in cases {
        let error = connect(&sshd.knowing(&text)).await.unwrap_err();
        assert!(is_expected(&error), "{text}: {error:?}");
        let said = error.to_string();
        assert!(said.contains(&fingerprint) && said.contains("ssh-ed25519"), "{said}");
    }
}

#[tokio::test]
async fn names_hashed_by_ssh_keygen_are_found() {
    let Some(sshd) = Sshd::start("").await else { return };
    let options = sshd.knowing(&format!("$HOST {}", sshd.public("host_ed25519")));
    keygen(&["-H", "-f"], &sshd.path("known_hosts"));
    assert!(fs::read_to_string(sshd.path("known_hosts")).unwrap().starts_with("|1|"));
    sshd.echoes(&options).await;
}

/// The server prefers ed25519; asked for it, it would look like a stranger.
#[tokio::test]
async fn the_known_key_is_asked_for_when_a_host_has_several() {
    let Some(sshd) = Sshd::start("").await else { return };
    for kind in ["rsa", "ecdsa"] {
        sshd.echoes(&sshd.knowing(&format!("$HOST {}", sshd.public(&format!("host_{kind}"))))).await;
    }
}

#[tokio::test]
async fn a_server_with_only_nist_curves_and_aes128_gcm_is_reached_by_default() {
    let more = "KexAlgorithms ecdh-sha2-nistp256\nCiphers aes128-gcm@openssh.com";
    let Some(sshd) = Sshd::start(more).await else { return };
    sshd.echoes(&sshd.options()).await;
}

#[tokio::test]
async fn a_server_with_old_algorithms_needs_legacy_algorithms() {
    let more = "KexAlgorithms diffie-hellman-group14-sha1\nCiphers aes128-cbc\nMACs hmac-sha1\n\
        HostKeyAlgorithms ssh-rsa\nHostKey $DIR/host_rsa";
    let Some(sshd) = Sshd::start(more).await else { return };
    let error = connect(&sshd.options()).await.unwrap_err();
    let SshError::NoCommonAlgorithm { kind, theirs, .. } = &error else { panic!("{error:?}") };
    assert_eq!(kind, "key exchange");
    assert!(theirs.iter().any(|name| name == "diffie-hellman-group14-sha1"));
    assert!(error.to_string().contains("legacy_algorithms"), "{error}");
    sshd.echoes(&SshOptions { legacy_algorithms: true, ..sshd.options() }).await;
}

/// They are offered before it is known who has called.
#[tokio::test]
async fn old_algorithms_are_agreed_on_with_those_callers_only_that_may() {
    let old = "KexAlgorithms diffie-hellman-group14-sha1\nCiphers aes128-cbc\nMACs hmac-sha1\n\
        HostKeyAlgorithms ssh-rsa\nHostKey $DIR/host_rsa";
    for (more, legacy_algorithms, told) in [
        (old, true, None),
        (old, false, Some("diffie-hellman-group14-sha1, ssh-rsa, aes128-cbc, hmac-sha1")),
        ("Ciphers aes256-cbc", false, Some("agreed on: aes256-cbc;")),
        ("HostKeyAlgorithms ssh-rsa\nHostKey $DIR/host_rsa", false, Some("agreed on: ssh-rsa;")),
        ("", false, None),
    ] {
        let Some(sshd) = Sshd::start(more).await else { return };
        let socket = TcpStream::connect(("127.0.0.1", sshd.port)).await.unwrap();
        let options = SshOptions { legacy_algorithms: true, ..sshd.options() };
        let known: KnownKeys = Arc::new(move |_: &str| Some(Known { legacy_algorithms }));
        match (answer(socket, &options, &[], known).await, told) {
            (Ok(_), None) => {}
            (Err(error @ SshError::OldAlgorithms(_)), Some(told)) => {
                assert!(error.to_string().contains(told), "{error}");
            }
            (Ok(_), Some(told)) => panic!("{more}: {told}"),
            (Err(error), _) => panic!("{more}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn group_exchange_works_within_the_bounds() {
    let Some(sshd) = Sshd::start("KexAlgorithms diffie-hellman-group-exchange-sha256").await else { return };
    sshd.echoes(&sshd.options()).await;
}

#[tokio::test]
async fn rsa_keys_fall_back_to_the_hash_the_server_takes() {
    let rsa = |sshd: &Sshd| SshOptions { key: key_file(&sshd.path("user_rsa"), None), ..sshd.options() };
    let Some(sshd) = Sshd::start("PubkeyAcceptedAlgorithms rsa-sha2-256").await else { return };
    sshd.echoes(&rsa(&sshd)).await;
    let Some(sshd) = Sshd::start("PubkeyAcceptedAlgorithms ssh-rsa").await else { return };
    let error = connect(&rsa(&sshd)).await.unwrap_err();
    assert!(matches!(error, SshError::AuthRejected { .. }), "{error:?}");
    sshd.echoes(&SshOptions { legacy_algorithms: true, ..rsa(&sshd) }).await;
}

#[tokio::test]
async fn a_stranger_is_rejected_and_too_many_tries_are_told() {
    let Some(sshd) = Sshd::start("MaxAuthTries 1").await else { return };
    keygen(&["-t", "ed25519", "-N", "", "-f"], &sshd.path("stranger"));
    let options = SshOptions {
        key: key_file(&sshd.path("stranger"), None),
        password: Some(SecretString::from("n0t-this")),
        ..sshd.options()
    };
    let error = connect(&options).await.unwrap_err();
    let SshError::AuthRejected { tried, farewell, .. } = &error else { panic!("{error:?}") };
    assert_eq!(tried.first().map(String::as_str), Some("publickey (ssh-ed25519)"));
    assert!(farewell.as_ref().is_some_and(|text| text.contains("Too many")), "{error}");
}

#[tokio::test]
async fn a_subsystem_the_server_does_not_have_is_refused() {
    let Some(sshd) = Sshd::start("").await else { return };
    let options = SshOptions { subsystem: "nosuch".into(), ..sshd.options() };
    let error = connect(&options).await.unwrap_err();
    assert!(matches!(error, SshError::ChannelRefused { .. }), "{error:?}");
}

#[tokio::test]
async fn megabytes_pass_in_both_directions_while_keys_are_renewed() {
    let Some(sshd) = Sshd::start("RekeyLimit 1M").await else { return };
    let stream = connect(&sshd.options()).await.unwrap();
    let (mut read, mut write) = tokio::io::split(stream);
    let sent: Vec<u8> = (0..4 << 20).map(|n: u32| n.to_le_bytes()[1]).collect();
    let mut received = vec![0; sent.len()];
    let writing = async {
        write.write_all(&sent).await.unwrap();
        write.flush().await.unwrap();
    };
    let (read, ()) = tokio::join!(read.read_exact(&mut received), writing);
    read.unwrap();
    assert!(received == sent);
}

#[tokio::test]
async fn a_command_ends_with_its_output_its_errors_and_its_status() {
    let Some(sshd) = Sshd::start("").await else { return };
    let commands = commands(&sshd.options()).await.unwrap();
    let share = || Budget::new(1 << 20).share(1 << 20);
    let finished = commands.run("cat; echo out; echo err >&2; exit 3", &mut share()).await.unwrap();
    let expected = Finished { output: b"out\n".to_vec(), errors: b"err\n".to_vec(), status: Some(3) };
    assert_eq!(finished, expected);
    assert_eq!(commands.run("kill -9 $$", &mut share()).await.unwrap().status, None);
    let flooded = commands.run("yes", &mut share()).await.unwrap_err();
    assert!(matches!(flooded, CommandError::NoRoom(_)), "{flooded:?}");
    assert!(!commands.is_closed());
}

#[tokio::test]
async fn a_command_whose_connection_ends_has_no_known_end() {
    let Some(sshd) = Sshd::start("").await else { return };
    let commands = commands(&sshd.options()).await.unwrap();
    let mut share = Budget::new(1 << 20).share(1 << 20);
    let lost = commands.run("kill -9 $PPID; sleep 60", &mut share).await.unwrap_err();
    assert!(matches!(lost, CommandError::Lost(_)), "{lost:?}");
}

#[tokio::test]
async fn a_shell_has_a_terminal_as_wide_as_it_was_asked_for() {
    let Some(sshd) = Sshd::start("").await else { return };
    let mut stream = shell(&sshd.options(), 511).await.unwrap();
    stream.write_all(b"stty size; exit\n").await.unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    let text = String::from_utf8_lossy(&all);
    assert!(text.contains("10000 511\r\n"), "{text}");
}
