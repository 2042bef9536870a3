//! Users, passwords and certificates.

use std::{fs, path::Path};

use etcd_client::{Client, ConnectOptions, Permission, RoleRevokePermissionOptions};
use mercury::{
    config::{Etcd, FileAccess},
    inventory::SecretRef,
    lock::EtcdLocks,
};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

use crate::{
    kit::{LIMIT, assert_coordinator, refused, settings, taken},
    server::EtcdServer,
};

const PASSWORD: &str = "a-password-nobody-guesses";

/// An etcd with a user who may use the locks, and nothing else.
async fn guarded() -> Option<EtcdServer> {
    let server = EtcdServer::start()?;
    let mut client = Client::connect([server.endpoint()], None).await.unwrap();
    let below = Permission::read_write("/mercury/locks/").with_prefix();
    client.role_add("locks").await.unwrap();
    client.role_grant_permission("locks", below).await.unwrap();
    client.user_add("mercury", PASSWORD, None).await.unwrap();
    client.user_grant_role("mercury", "locks").await.unwrap();
    client.user_add("root", "root", None).await.unwrap();
    client.user_grant_role("root", "root").await.unwrap();
    client.auth_enable().await.unwrap();
    Some(server)
}

fn as_user(server: &EtcdServer, user: &str, password: &str) -> Etcd {
    Etcd {
        username: Some(user.to_owned()),
        password: Some(SecretRef::Inline(password.into())),
        ..settings(&[server.endpoint()])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_needs_the_right_password_and_nothing_beside_the_locks() {
    let Some(server) = guarded().await else { return };
    let locks = EtcdLocks::new(as_user(&server, "mercury", PASSWORD));
    drop(taken(&locks).await);
    // etcd forgets whom it knows, and is told again.
    server.restart();
    assert!(taken(&locks).await.is_held());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_and_not_shown() {
    let Some(server) = guarded().await else { return };
    for (settings, words) in [
        (as_user(&server, "mercury", "a-wrong-word"), "authentication failed"),
        (settings(&[server.endpoint()]), "user name is empty"),
    ] {
        assert!(!format!("{settings:?}").contains("a-wrong-word"));
        let fault = refused(&EtcdLocks::new(settings), LIMIT).await;
        assert_coordinator(&fault, words);
        assert!(!format!("{fault:?}").contains("a-wrong-word"), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_where_etcd_has_none_is_told() {
    let Some(server) = EtcdServer::start() else { return };
    let fault = refused(&EtcdLocks::new(as_user(&server, "mercury", PASSWORD)), LIMIT).await;
    assert_coordinator(&fault, "authentication is not enabled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_the_permission_is_told() {
    let Some(server) = guarded().await else { return };
    let options = ConnectOptions::new().with_user("root", "root");
    let mut root = Client::connect([server.endpoint()], Some(options)).await.unwrap();
    let below = RoleRevokePermissionOptions::new().with_prefix();
    root.role_revoke_permission("locks", "/mercury/locks/", Some(below)).await.unwrap();
    let fault = refused(&EtcdLocks::new(as_user(&server, "mercury", PASSWORD)), LIMIT).await;
    assert_coordinator(&fault, "permission denied");
}

/// A CA, a certificate for etcd and one for Mercury, as PEM files.
fn certificates(folder: &Path) {
    let authority = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    fs::write(folder.join("ca.pem"), params.self_signed(&authority).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, authority);
    for (name, usage) in
        [("etcd", ExtendedKeyUsagePurpose::ServerAuth), ("mercury", ExtendedKeyUsagePurpose::ClientAuth)]
    {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        // etcd's HTTP gateway is a client of etcd, with the same certificate.
        params.extended_key_usages = vec![usage, ExtendedKeyUsagePurpose::ClientAuth];
        fs::write(folder.join(format!("{name}.pem")), params.signed_by(&key, &issuer).unwrap().pem()).unwrap();
        let file = folder.join(format!("{name}.key"));
        fs::write(&file, key.serialize_pem()).unwrap();
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn etcd_and_mercury_prove_themselves_by_certificate() {
    let started = EtcdServer::with(|folder| {
        certificates(folder);
        let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        vec![
            format!("--cert-file={}", file("etcd.pem")),
            format!("--key-file={}", file("etcd.key")),
            format!("--trusted-ca-file={}", file("ca.pem")),
            "--client-cert-auth".to_owned(),
        ]
    });
    let Some(server) = started else { return };
    let known = Etcd {
        ca: Some(server.path("ca.pem").into()),
        cert: Some(server.path("mercury.pem").into()),
        key: Some(SecretRef::File { path: server.path("mercury.key").into(), access: FileAccess::Owner }),
        ..settings(&[server.endpoint()])
    };
    assert!(taken(&EtcdLocks::new(known.clone())).await.is_held());
    for stranger in [Etcd { ca: None, ..known.clone() }, Etcd { cert: None, ..known }] {
        assert_coordinator(&refused(&EtcdLocks::new(stranger), LIMIT).await, "");
    }
}
