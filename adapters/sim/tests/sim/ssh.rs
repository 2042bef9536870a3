//! The switch behind SSH, with a client that is not ours.

use std::{path::Path, process::Stdio};

use mercury_sim::{Options, SimError, Simulator};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, Join},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::client::{COMMIT, Client, GET, LOCK, described, edit};

type Session = Client<Join<ChildStdout, ChildStdin>>;

fn has(program: &str) -> bool {
    std::process::Command::new(program).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// A key of the client's own, or words about why there is none.
fn openssh_key(folder: &Path) -> Option<String> {
    if !has("ssh") || !has("ssh-keygen") {
        println!("skipped: there is no OpenSSH client on this machine");
        return None;
    }
    let key = folder.join("key");
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key)
        .status()
        .unwrap();
    assert!(made.success());
    Some(std::fs::read_to_string(folder.join("key.pub")).unwrap())
}

fn ssh(switch: &Simulator, folder: &Path) -> Child {
    let (addr, known) = (switch.addr(), folder.join("known_hosts"));
    let line = format!("[{}]:{} {}\n", addr.ip(), addr.port(), switch.host_key_openssh());
    std::fs::write(&known, line).unwrap();
    Command::new("ssh")
        .args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"])
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", known.display()))
        .args(["-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-i"])
        .arg(folder.join("key"))
        .args(["-p", &addr.port().to_string(), "-l", switch.username()])
        .args([&addr.ip().to_string(), "-s", "netconf"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn session(child: &mut Child) -> Option<Session> {
    let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    over(tokio::io::join(stdout, stdin)).await
}

async fn over<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> Option<Client<S>> {
    Client::over(stream, true).await
}

#[tokio::test]
async fn openssh_logs_in_with_its_key_and_configures_the_switch() {
    let folder = tempfile::tempdir().unwrap();
    let Some(authorized_key) = openssh_key(folder.path()) else { return };
    let options = Options { authorized_key: Some(authorized_key), ..Options::default() };
    let switch = Simulator::start(options).await.unwrap();
    let mut child = ssh(&switch, folder.path());
    let mut client = session(&mut child).await.expect("a hello over SSH");
    client.pipeline(&[LOCK, &edit("candidate", &described("Ethernet1", "by ssh")), COMMIT]).await;
    for _ in 0..3 {
        assert!(client.receive().await.unwrap().contains("<ok/>"));
    }
    assert!(client.rpc(GET).await.contains("by ssh"));
    client.ok("<close-session/>").await;
    assert_eq!(client.receive().await, None);
    assert_eq!(switch.handle().session_count(), 0);
    assert!(child.wait().await.unwrap().success());
}

#[tokio::test]
async fn a_dropped_connection_is_seen_by_openssh_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let Some(authorized_key) = openssh_key(folder.path()) else { return };
    let options = Options { authorized_key: Some(authorized_key), ..Options::default() };
    let switch = Simulator::start(options).await.unwrap();
    switch.handle().inject("lock:1:after:drop".parse().unwrap());
    let mut child = ssh(&switch, folder.path());
    let mut client = session(&mut child).await.unwrap();
    assert_eq!(client.try_rpc(LOCK).await, None);
    assert_eq!(child.wait().await.unwrap().code(), Some(255));
    assert_eq!(switch.handle().session_count(), 0);

    let mut child = ssh(&switch, folder.path());
    let mut client = session(&mut child).await.unwrap();
    client.ok(LOCK).await;
    switch.handle().stop();
    assert_eq!(client.receive().await, None);
    assert_eq!(child.wait().await.unwrap().code(), Some(255));
}

#[tokio::test]
async fn a_key_that_is_not_authorized_stays_outside() {
    let folder = tempfile::tempdir().unwrap();
    if openssh_key(folder.path()).is_none() {
        return;
    }
    let switch = Simulator::start(Options::default()).await.unwrap();
    let mut child = ssh(&switch, folder.path());
    let mut output = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut output).await.unwrap();
    assert_eq!((child.wait().await.unwrap().code(), output.len()), (Some(255), 0));
    assert_eq!(switch.handle().counters().sessions, 0);
}

#[tokio::test]
async fn it_listens_on_loopback_only() {
    let listen = Some("0.0.0.0:0".parse().unwrap());
    let result = Simulator::start(Options { listen, ..Options::default() }).await;
    assert!(matches!(result, Err(SimError::NotLoopback(_))));
}

#[tokio::test]
async fn a_dropped_switch_no_longer_listens() {
    let switch = Simulator::start(Options::default()).await.unwrap();
    let addr = switch.addr();
    drop(tokio::net::TcpStream::connect(addr).await.unwrap());
    drop(switch);
    // The listener's task ends on its own; binding works once it has.
    while tokio::net::TcpListener::bind(addr).await.is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_password_is_random_and_does_not_show() {
    let (one, two) =
        (Simulator::start(Options::default()).await.unwrap(), Simulator::start(Options::default()).await.unwrap());
    assert_ne!(one.password(), two.password());
    assert_eq!(one.password().len(), 24);
    assert!(one.host_key_fingerprint().starts_with("SHA256:"));
    let given = Options { password: Some("given".into()), ..Options::default() };
    assert!(!format!("{given:?}").contains("given"));
    let given = Simulator::start(given).await.unwrap();
    assert_eq!(given.password(), "given");
    assert!(!format!("{given:?} {:?}", given.handle()).contains("\"given\""));
}
