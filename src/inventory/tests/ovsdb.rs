use super::gnmi::{files, load_in, sound};
use super::*;

const OWN: &str = "tls_cert = \"cert.pem\"\ntls_key = \"key.pem\"";

/// A switch of OVSDB; nobody logs in.
fn ovsdb(address: &str, lines: &str) -> String {
    format!(
        "[[switch]]\nname = \"leaf1\"\naddress = {address:?}\nprotocol = \"ovsdb\"\ndialect = \"netmiko_ovs_linux\"\n{lines}\n"
    )
}

fn settings(switch: &Switch) -> &OvsdbSettings {
    match &switch.face {
        Face::Ovsdb(ovsdb) => ovsdb,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_database_is_reached_by_its_socket_or_by_tls_or_as_the_entry_says_in_the_open() {
    let dir = files();
    let local = sound(&dir, "i.toml", &ovsdb("unix:/run/openvswitch/db.sock", "foreign_bridges = [\"br-int\"]"));
    assert_eq!((local.protocol(), local.device_type()), (Protocol::Ovsdb, "ovsdb_netmiko_ovs_linux".into()));
    assert_eq!(settings(&local).foreign_bridges, ["br-int"]);
    let tls = sound(&dir, "i.toml", &ovsdb("192.0.2.1", OWN));
    assert_eq!((&settings(&tls).tls.trust, tls.port()), (&Tls::Verified(Roots::System), 6640));
    assert!(settings(&tls).tls.client.is_some());
    assert!(tls.files().iter().any(|file| file.ends_with("key.pem")), "{:?}", tls.files());
    let (inventory, findings) = load_in(&dir, "i.toml", &ovsdb("192.0.2.1", "plaintext = true\nport = 6650"));
    assert!(findings.to_string().contains("readable"), "{findings}");
    let plain = inventory.iter().next().unwrap();
    assert_eq!((&settings(plain).tls.trust, plain.port()), (&Tls::Plaintext, 6650));
    // What the defaults say is for the others.
    let shared = format!("[defaults]\n{OWN}\nusername = \"u\"\nencoding = \"proto\"\n");
    let text = shared + &ovsdb("unix:/run/db.sock", "");
    assert_eq!(settings(&sound(&dir, "i.toml", &text)).tls, TlsSettings::default());
}

#[test]
fn what_has_no_meaning_for_a_database_is_refused() {
    let dir = files();
    let found = |text: &str| {
        let (inventory, findings) = load_in(&dir, "i.toml", text);
        assert!(inventory.is_empty(), "{text}");
        findings.iter().map(|finding| (finding.code, finding.field.clone())).collect::<Vec<_>>()
    };
    let own = |code, key: &str| vec![(code, format!("switch.leaf1.{key}"))];
    for line in ["username = \"u\"", "key_file = \"key.pem\"", "framing = \"chunked\"", "encoding = \"proto\""] {
        let key = line.split(' ').next().unwrap();
        assert_eq!(found(&ovsdb("192.0.2.1", line)), own(Code::Conflict, key), "{line}");
    }
    for line in ["port = 6640", "plaintext = true", "tls_ca = [\"cert.pem\"]"] {
        let key = line.split(' ').next().unwrap();
        assert_eq!(found(&ovsdb("unix:/run/db.sock", line)), own(Code::Conflict, key), "{line}");
    }
    assert_eq!(found(&ovsdb("unix:db.sock", "")), own(Code::BadValue, "address"));
    let elsewhere = ovsdb("unix:/run/db.sock", "username = \"u\"\npassword = \"p\"").replace("\"ovsdb\"", "\"cli\"");
    assert_eq!(found(&elsewhere), own(Code::BadValue, "address"));
    let bridges = toml("dialect = \"openconfig\"\nforeign_bridges = [\"br-int\"]");
    assert_eq!(found(&bridges), own(Code::Conflict, "foreign_bridges"));
}
