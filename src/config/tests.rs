use super::*;
use mercury_model::VlanSet;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;

mod coordination;

const SAMPLES: [&str; 3] = ["mercury.toml", "inventory.toml", "ironic-switches.conf"];

fn write(dir: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

/// A finding's code, line and field.
type Place = (Code, Option<usize>, String);

/// Settings of `text`, with what is wrong as code, line and field.
fn read(text: &str) -> (Option<Settings>, Vec<Place>) {
    let dir = TempDir::new().unwrap();
    let path = write(&dir, "mercury.toml", text);
    let (settings, findings) = settings::read(Some(&path), &Overrides::default());
    assert!(findings.iter().all(|f| f.file.as_deref() == Some(path.as_path())));
    let settings = (!findings.has_errors()).then_some(settings);
    (settings, findings.iter().map(|f| (f.code, f.line, f.field.clone())).collect())
}

fn sample(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name)).unwrap()
}

/// The samples in a directory of their own, changed by `edit`, with the secret they name.
fn samples(edit: impl Fn(&str) -> String) -> TempDir {
    let dir = TempDir::new().unwrap();
    for name in SAMPLES {
        write(&dir, name, &edit(&sample(name)));
    }
    write(&dir, "secrets/switches", "word\n");
    dir
}

fn check_samples(dir: &TempDir) -> (Settings, Inventory) {
    let switches = SAMPLES[1..].iter().map(|name| dir.path().join(name)).collect();
    let overrides = Overrides { switches, ..Overrides::default() };
    let (settings, inventory, findings) = check(Some(&dir.path().join("mercury.toml")), &overrides);
    assert!(findings.is_empty(), "{findings}");
    (settings.unwrap(), inventory.unwrap())
}

#[test]
fn every_sample_is_right() {
    let (settings, inventory) = check_samples(&samples(str::to_owned));
    assert_eq!(settings.listen.to_string(), "127.0.0.1:6190");
    let names: Vec<_> = inventory.iter().map(|switch| switch.identity.name.as_str()).collect();
    assert_eq!(names, ["card7", "leaf1", "leaf2", "leaf3", "leaf4", "leaf5"]);
    let protocols: Vec<_> = inventory.iter().map(|switch| switch.protocol().as_str()).collect();
    assert_eq!(protocols, ["ovsdb", "netconf", "netconf", "netconf", "gnmi", "gnmi"]);
    assert_eq!(inventory.find("52:54:00:00:00:12").unwrap().identity.name, "leaf2");
}

#[test]
fn every_default_that_a_sample_shows_is_the_default() {
    let shown = |text: &str| {
        let option = |line: &str| line.starts_with('#') && line[1..].starts_with(|c: char| c.is_ascii_lowercase());
        let lines = text.lines().map(|line| if option(line) { &line[1..] } else { line });
        lines.collect::<Vec<_>>().join("\n")
    };
    let (plain, spelled) = (samples(str::to_owned), samples(shown));
    assert_ne!(fs::read(plain.path().join(SAMPLES[1])).unwrap(), fs::read(spelled.path().join(SAMPLES[1])).unwrap());
    let without_directory =
        |dir: &TempDir| format!("{:#?}", check_samples(dir)).replace(dir.path().to_str().unwrap(), "");
    assert_eq!(without_directory(&plain), without_directory(&spelled));
}

#[test]
fn every_option_is_in_a_sample() {
    let keys = |text: &str| -> BTreeSet<String> {
        let option = |line: &str| {
            Some(line.trim_start_matches("# example: ").trim_start_matches('#').split_once(" = ")?.0.to_owned())
        };
        let is_key = |text: &String| text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        text.lines().filter_map(option).filter(is_key).collect()
    };
    let expected = |lists: &[&[&str]]| lists.concat().iter().map(|key| (*key).to_owned()).collect::<BTreeSet<_>>();
    let top: Vec<_> = settings::KEYS
        .iter()
        .copied()
        .filter(|key| {
            !["audit", "call_home", "digest", "etcd", "fleet", "keystone", "limits", "log", "socket", "tls", "traces"]
                .contains(key)
        })
        .collect();
    assert_eq!(
        keys(&sample(SAMPLES[0])),
        expected(&[
            &top,
            audit::KEYS,
            call_home::KEYS,
            digest::KEYS,
            etcd::KEYS,
            fleet::KEYS,
            keystone::KEYS,
            socket::KEYS,
            tls::KEYS,
            traces::KEYS,
            limits::LIMITS,
            log::KEYS
        ])
    );
    let [own, shared, gnmi, ironic] = crate::inventory::keys();
    assert_eq!(keys(&sample(SAMPLES[1])), expected(&[own, shared, gnmi]));
    assert_eq!(keys(&sample(SAMPLES[2])), expected(&[gnmi, ironic]));
}

#[test]
fn each_mistake_is_found_on_its_line_and_under_its_name() {
    for (text, code, line, field) in [
        ("listen = \"localhost\"", Code::BadValue, 1, "listen"),
        ("\nlisten = 6190", Code::WrongType, 2, "listen"),
        ("listen = \"0.0.0.0:6190\"", Code::RemoteNoauth, 1, "listen"),
        ("listen = \"[::]:6190\"\nauth = \"noauth\"", Code::RemoteNoauth, 1, "listen"),
        ("listen = \"[::ffff:192.0.2.1]:1\"\nauth = \"noauth\"", Code::RemoteNoauth, 1, "listen"),
        ("listen = \"192.0.2.1:1\"\nallow_remote_noauth = true", Code::RemoteNoauth, 1, "listen"),
        ("auth = \"kerberos\"", Code::BadValue, 1, "auth"),
        ("auth = true", Code::WrongType, 1, "auth"),
        ("\nauth = \"http_basic\"", Code::MissingKey, 0, "htpasswd"),
        ("htpasswd = \"users\"", Code::Conflict, 1, "htpasswd"),
        ("auth = []", Code::BadValue, 1, "auth"),
        ("auth = [\"noauth\",\n\"http_basic\"]\nhtpasswd = \"u\"", Code::Conflict, 1, "auth"),
        ("\nauth = \"mtls\"", Code::MissingKey, 0, "tls"),
        ("\nauth = \"keystone\"", Code::MissingKey, 0, "keystone"),
        ("[keystone]\nurl = \"http://localhost\"\nusername = \"m\"", Code::MissingKey, 1, "keystone.password"),
        (
            "auth = \"keystone\"\n[keystone]\nurl = \"k:5000\"\nusername = \"m\"\npassword = \"p\"",
            Code::BadValue,
            3,
            "keystone.url",
        ),
        ("[socket]\npath = \"s\"", Code::MissingKey, 1, "socket.uids"),
        ("[socket]\npath = \"s\"\nuids = [\"root\"]", Code::BadValue, 3, "socket.uids"),
        ("[socket]\npath = \"s\"\ngids = -1", Code::BadValue, 3, "socket.gids"),
        ("[socket]\npath = \"s\"\nuids = 0\nmode = \"0444\"", Code::BadValue, 4, "socket.mode"),
        ("\nauth = \"http_digest\"", Code::MissingKey, 0, "digest"),
        ("[digest]\nusers = \"u\"", Code::Conflict, 1, "digest"),
        ("[digest]\n", Code::MissingKey, 1, "digest.users"),
        ("[digest]\nusers = \"u\"\nrealm = \"a\\\"b\"", Code::BadValue, 3, "digest.realm"),
        ("[digest]\nusers = \"u\"\nalgorithms = [\"SHA-1\"]", Code::BadValue, 3, "digest.algorithms"),
        ("[digest]\nusers = \"u\"\nqop = \"auth-int, auth\"", Code::BadValue, 3, "digest.qop"),
        ("[digest]\nusers = \"u\"\nreordering = 64", Code::OutOfRange, 3, "digest.reordering"),
        ("tls = \"1.3\"", Code::WrongType, 1, "tls"),
        ("[tls]\ncert = \"c\"", Code::MissingKey, 1, "tls.key"),
        ("[tls]\ncert = \"c\"\nkey = \"k\"\nmin_version = \"1.1\"", Code::BadValue, 4, "tls.min_version"),
        ("[tls]\ncert = \"c\"\nkey = \"k\"\nclient_ca = \"a\"", Code::MissingKey, 1, "tls.clients"),
        ("[tls]\ncert = \"c\"\nkey = \"k\"\nclients = [\"DNS:x\"]", Code::MissingKey, 1, "tls.client_ca"),
        ("[audit]\nrequired = true", Code::MissingKey, 1, "audit.file"),
        ("[audit]\nfile = \"-\"\nsyslog = \"/dev/log\"", Code::Conflict, 3, "audit.syslog"),
        ("[audit]\nsyslog = \"udp://localhost\"", Code::BadValue, 2, "audit.syslog"),
        ("[audit]\nsyslog = \"udp://127.0.0.1:514\"\nrequired = true", Code::Conflict, 3, "audit.required"),
        (
            "[tls]\ncert = \"c\"\nkey = \"k\"\nclient_ca = \"a\"\nclients = [\"DNS:x\", \"x\"]",
            Code::BadValue,
            5,
            "tls.clients",
        ),
        ("htpasswd = \"\"", Code::BadValue, 1, "htpasswd"),
        ("allow_remote_noauth = \"yes\"", Code::WrongType, 1, "allow_remote_noauth"),
        ("allow_remote_noath = true", Code::UnknownKey, 1, "allow_remote_noath"),
        ("allowed_vlans = \"1-4095\"", Code::BadValue, 1, "allowed_vlans"),
        ("allowed_vlans = \"9-8\"", Code::BadValue, 1, "allowed_vlans"),
        ("allowed_vlans = 1.0", Code::WrongType, 1, "allowed_vlans"),
        ("allowed_vlans = [100,\n  200,\n  0]", Code::BadValue, 3, "allowed_vlans"),
        ("known_hosts = [\"absent\"]", Code::Unreadable, 1, "known_hosts"),
        ("secret_files = \"world\"", Code::BadValue, 1, "secret_files"),
        ("limits = 1", Code::WrongType, 1, "limits"),
        ("[limits]\nmax_body_bytes = 1023", Code::OutOfRange, 2, "limits.max_body_bytes"),
        ("[limits]\nmax_body_bytes = -1", Code::OutOfRange, 2, "limits.max_body_bytes"),
        ("[limits]\nmax_json_depth = 101", Code::OutOfRange, 2, "limits.max_json_depth"),
        ("[limits]\nmax_in_flight = 0", Code::OutOfRange, 2, "limits.max_in_flight"),
        ("[limits]\nmax_replies_bytes = 1048575", Code::OutOfRange, 2, "limits.max_replies_bytes"),
        ("[limits]\nmax_connections = \"1\"", Code::WrongType, 2, "limits.max_connections"),
        ("[limits]\nheader_timeout = \"10\"", Code::BadValue, 2, "limits.header_timeout"),
        ("[limits]\nheader_timeout = \"10ms\"", Code::BadValue, 2, "limits.header_timeout"),
        ("[limits]\nheader_timeout = 0", Code::OutOfRange, 2, "limits.header_timeout"),
        ("[limits]\nheader_timeout = \"2m\"", Code::OutOfRange, 2, "limits.header_timeout"),
        ("[limits]\nrequest_timeout = 1.5", Code::WrongType, 2, "limits.request_timeout"),
        ("[limits]\nrequest_timeout = 99999999999999999999", Code::WrongType, 2, "limits.request_timeout"),
        ("[limits]\nmax = 1", Code::UnknownKey, 2, "limits.max"),
        ("[log]\nlevel = \"verbose\"", Code::BadValue, 2, "log.level"),
        ("[log]\nformat = \"xml\"", Code::BadValue, 2, "log.format"),
        ("etcd = true", Code::WrongType, 1, "etcd"),
        ("[proxy]\n", Code::UnknownKey, 1, "proxy"),
    ] {
        let text = format!("{text}\n");
        let (settings, mut findings) = read(&text);
        findings.retain(|(code, ..)| *code != Code::NoSwitches);
        let line = (line > 0).then_some(line);
        assert_eq!(findings, [(code, line, field.to_owned())], "{text}");
        assert!(settings.is_none(), "{text}");
    }
}

/// Whoever comes from networking-generic-switch finds the names that it has.
#[test]
fn the_sample_of_ironic_lists_the_device_types_of_netmiko_that_there_are() {
    let context = crate::inventory::Context::default();
    let (sample, known) = (sample(SAMPLES[2]), &context.dialects);
    let words = sample.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let mut listed = BTreeSet::new();
    for word in words.filter(|word| word.starts_with("netmiko_")) {
        listed.insert(crate::inventory::device_type(word, known).1.unwrap_or_else(|_| panic!("{word} is not known")));
    }
    let dialects = known.iter().filter(|(protocol, _)| *protocol == crate::inventory::Protocol::Cli);
    assert_eq!(listed, dialects.map(|(_, name)| name.to_owned()).collect());
}

#[test]
fn what_a_way_lacks_is_named_and_a_wildcard_that_is_none_is_told_of() {
    let dir = TempDir::new().unwrap();
    let tls = "auth = \"mtls\"\n[tls]\ncert = \"c\"\nkey = \"k\"\n";
    let path = write(&dir, "mercury.toml", tls);
    let (_, findings) = settings::read(Some(&path), &Overrides::default());
    assert!(findings.to_string().contains("tls.client_ca must be given with auth = \"mtls\""), "{findings}");
    let path = write(&dir, "mercury.toml", &format!("{tls}client_ca = \"a\"\nclients = [\"DNS:*.example.org\"]\n"));
    let (settings, findings) = settings::read(Some(&path), &Overrides::default());
    let told: Vec<_> = findings.iter().filter(|finding| finding.field == "tls.clients").collect();
    assert!(
        told.len() == 1 && told[0].severity == crate::finding::Severity::Warning && told[0].line == Some(6),
        "{findings}"
    );
    assert_eq!(settings.tls.unwrap().clients.len(), 1);
}

#[test]
fn broken_toml_is_found_on_its_line_without_its_text() {
    let dir = TempDir::new().unwrap();
    let path = write(&dir, "mercury.toml", "auth = \"noauth\"\nlisten = hunter2\n");
    let (_, findings) = settings::read(Some(&path), &Overrides::default());
    let syntax: Vec<_> = findings.iter().filter(|f| f.code == Code::Syntax).collect();
    assert_eq!(syntax.iter().map(|f| f.line).collect::<Vec<_>>(), [Some(2)], "{findings}");
    assert!(!findings.to_string().contains("hunter2"), "{findings}");
    // Of another kind of file each line would be one.
    let (_, flood) = read(&"<name>Ethernet1</name>\n".repeat(20));
    let flood = flood.iter().filter(|(code, ..)| *code == Code::Syntax).count();
    assert_eq!(flood, 6);
    let (_, twice) = read("auth = \"noauth\"\nauth = \"noauth\"\n");
    assert!(twice.contains(&(Code::Syntax, Some(2), String::new())), "{twice:?}");
}

#[test]
fn everything_wrong_is_told_at_once() {
    let (_, findings) =
        read("auth = 1\nlisten = 2\nfoo = 3\nswitches = 4\n[log]\nlevel = 5\n[limits]\nmax_in_flight = 6.0\n");
    let mut lines: Vec<_> = findings.iter().filter_map(|(_, line, _)| *line).collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines, [1, 2, 3, 4, 6, 8]);
}

#[test]
fn noauth_beyond_loopback_needs_two_words() {
    let both = "listen = \"0.0.0.0:6190\"\nauth = \"noauth\"\nallow_remote_noauth = true\n";
    assert!(read(both).0.is_some());
    for listen in ["127.0.0.1:0", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        assert!(read(&format!("listen = \"{listen}\"\n")).0.is_some(), "{listen}");
    }
}

#[test]
fn passwords_beyond_loopback_need_tls_or_two_words() {
    let basic = "listen = \"0.0.0.0:1\"\nauth = \"http_basic\"\nhtpasswd = \"users\"\n";
    assert!(read(basic).1.contains(&(Code::PlaintextPasswords, Some(1), "listen".to_owned())));
    assert!(read(&format!("{basic}allow_plaintext_passwords = true\n")).0.is_some());
    assert!(read(&format!("{basic}[tls]\ncert = \"c\"\nkey = \"k\"\n")).0.is_some());
    assert!(read(&basic.replace("0.0.0.0", "127.0.0.1")).0.is_some());
}

#[test]
fn the_command_line_goes_before_the_file() {
    let dir = TempDir::new().unwrap();
    let path =
        write(&dir, "mercury.toml", "listen = \"127.0.0.1:1\"\nswitches = [\"a.toml\"]\n[log]\nlevel = \"warn\"\n");
    let overrides = Overrides {
        listen: Some("0.0.0.0:2".parse().unwrap()),
        auth: vec![AuthKind::HttpBasic],
        allow_plaintext_passwords: Some(true),
        htpasswd: Some("users".into()),
        switches: vec!["b.toml".into()],
        allowed_vlans: Some("5".parse().unwrap()),
        log_format: Some(LogFormat::Json),
        ..Overrides::default()
    };
    let settings = Settings::load(Some(&path), &overrides).unwrap();
    assert_eq!(settings.listen.to_string(), "0.0.0.0:2");
    assert_eq!(settings.htpasswd, Some("users".into()), "as the shell gave it");
    assert_eq!(settings.switches, [PathBuf::from("b.toml")]);
    assert_eq!(settings.allowed_vlans.unwrap().to_string(), "5");
    assert_eq!(settings.log, Log { format: LogFormat::Json, level: LogLevel::Warn });
    let settings = Settings::load(Some(&path), &Overrides::default()).unwrap();
    assert_eq!(settings.switches, [dir.path().join("a.toml")], "relative to the file");
}

#[test]
fn settings_need_no_file_but_a_named_file_must_be_there() {
    let settings = Settings::load(None, &Overrides::default()).unwrap();
    assert_eq!((settings.auth, settings.limits), (vec![AuthKind::Noauth], Limits::default()));
    let findings = Settings::load(Some(Path::new("/nonexistent/mercury.toml")), &Overrides::default()).unwrap_err();
    assert_eq!(findings.iter().next().unwrap().code, Code::Unreadable);
    let overrides = Overrides { listen: Some("0.0.0.0:1".parse().unwrap()), ..Overrides::default() };
    let findings = Settings::load(None, &overrides).unwrap_err();
    let remote = findings.iter().find(|f| f.code == Code::RemoteNoauth).unwrap();
    assert_eq!((remote.file.as_deref(), remote.line), (None, None), "the command line is no file");
}

#[test]
fn an_empty_vlan_list_is_none_and_no_list_is_all() {
    assert_eq!(read("").0.unwrap().allowed_vlans, None);
    for none in ["\"\"", "[]", "\" , \""] {
        assert_eq!(read(&format!("allowed_vlans = {none}\n")).0.unwrap().allowed_vlans, Some(VlanSet::new()));
    }
    for some in ["\"100,102-104\"", "[100, \"102-103\", 104]", "\"100,,102, 103,104,\""] {
        let vlans = read(&format!("allowed_vlans = {some}\n")).0.unwrap().allowed_vlans.unwrap();
        assert_eq!(vlans.to_string(), "100,102-104", "{some}");
    }
}

#[test]
fn durations_are_seconds_or_text_with_a_unit() {
    for (text, seconds) in [("45", 45), ("\"45s\"", 45), ("\"45 s\"", 45), ("\"1m\"", 60)] {
        let settings = read(&format!("[limits]\nheader_timeout = {text}\n")).0.unwrap();
        assert_eq!(settings.limits.header_timeout, Duration::from_secs(seconds), "{text}");
    }
}

#[test]
fn a_check_reports_settings_switches_and_users_together_whatever_else_is_wrong() {
    let dir = TempDir::new().unwrap();
    write(&dir, "users", "a:$apr1$x$y\n");
    write(&dir, "s.conf", "[switch:x]\n");
    let text = "listen = 1\nauth = \"http_basic\"\nhtpasswd = \"users\"\nswitches = [\"s.conf\", \"absent.toml\"]\n";
    let (settings, inventory, findings) = check(Some(&write(&dir, "mercury.toml", text)), &Overrides::default());
    assert!(settings.is_none() && inventory.unwrap().is_empty());
    for (code, file) in
        [(Code::UnsupportedHash, "users"), (Code::MissingKey, "s.conf"), (Code::Unreadable, "absent.toml")]
    {
        assert!(findings.iter().any(|f| f.code == code && f.file == Some(dir.path().join(file))), "{file}: {findings}");
    }
}

#[test]
fn a_finding_reads_well_and_serialises_flat() {
    let finding = Finding::error(Code::OutOfRange, "must be 1 to 600 seconds, not 601")
        .field("switch.leaf1.confirm_timeout")
        .at(Path::new("inventory.toml"), Some(7))
        .help("try less");
    let text = "inventory.toml:7: error[out-of-range]: switch.leaf1.confirm_timeout: must be 1 to 600 seconds, not 601\n    help: try less";
    assert_eq!(finding.to_string(), text);
    let json = serde_json::to_value(Findings::from(finding)).unwrap();
    assert_eq!(
        json,
        serde_json::json!([{"file": "inventory.toml", "line": 7, "field": "switch.leaf1.confirm_timeout",
            "severity": "error", "code": "out-of-range", "message": "must be 1 to 600 seconds, not 601", "help": "try less"}])
    );
}

/// What is wrong with an `[etcd]` table, beside that this build may be without.
#[test]
fn where_switches_call_is_said_whole() {
    for (text, code, line, field) in [
        ("[call_home]", Code::MissingKey, 1, "call_home.ssh"),
        ("[call_home]\nssh = \"4334\"", Code::BadValue, 2, "call_home.ssh"),
        ("[call_home]\ntls = [\"[::]:1\", \"[::]:1\"]", Code::DuplicateKey, 2, "call_home.tls"),
        ("[call_home]\nssh = \"[::]:1\"\nhalf_open = 0", Code::OutOfRange, 3, "call_home.half_open"),
        ("[call_home]\nssh = \"[::]:1\"\nwait = 601", Code::OutOfRange, 3, "call_home.wait"),
        ("[call_home]\nssh = \"[::]:1\"\nport = 1", Code::UnknownKey, 3, "call_home.port"),
        ("call_home = true", Code::WrongType, 1, "call_home"),
    ] {
        let (_, findings) = read(&format!("{text}\n"));
        assert!(findings.contains(&(code, Some(line), field.to_owned())), "{text}: {findings:?}");
    }
    let dir = TempDir::new().unwrap();
    let entry = "[[switch]]\nname = \"leaf1\"\ndialect = \"openconfig\"\nusername = \"u\"\ncall_home = true\n\
                 password = { env = \"PATH\" }\nhost_key_fingerprints = [\"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\"]";
    let file = write(&dir, "switches.toml", entry);
    for (home, told) in [("", true), ("[call_home]\ntls = \"[::]:1\"", true), ("[call_home]\nssh = \"[::]:1\"", false)]
    {
        let text = format!("switches = [{:?}]\n{home}\n", file.to_str().unwrap());
        let (_, _, findings) = check(Some(&write(&dir, "mercury.toml", &text)), &Overrides::default());
        let about = findings.iter().filter(|finding| finding.field == "call_home.ssh").count();
        assert_eq!(about == 1, told, "{home}: {findings}");
    }
}

#[test]
fn who_calls_over_tls_is_shown_one_certificate() {
    let dir = TempDir::new().unwrap();
    for name in ["a.pem", "b.pem"] {
        write(&dir, name, "-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n");
    }
    write(&dir, "key.pem", "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n");
    let entry = |name: &str, own: &str| {
        format!(
            "[[switch]]\nname = \"{name}\"\ndialect = \"openconfig\"\ntransport = \"tls\"\ncall_home = true\n\
             tls_cert = \"{own}\"\ntls_key = \"key.pem\"\ntls_pins = [\"{}\"]\n",
            if name == "leaf1" { "ab" } else { "cd" }.repeat(32)
        )
    };
    for (own, told) in [("a.pem", 0), ("b.pem", 1)] {
        let file = write(&dir, "switches.toml", &(entry("leaf1", "a.pem") + &entry("leaf2", own)));
        let text = format!("switches = [{:?}]\n[call_home]\ntls = \"[::]:1\"\n", file.to_str().unwrap());
        let (_, _, findings) = check(Some(&write(&dir, "mercury.toml", &text)), &Overrides::default());
        assert!(!findings.has_errors(), "{findings}");
        let about = findings.iter().filter(|finding| finding.field == "switch.leaf2.tls_cert").count();
        assert_eq!(about, told, "{findings}");
    }
}

#[test]
fn a_change_that_may_take_longer_than_its_caller_waits_is_told_of() {
    let dir = TempDir::new().unwrap();
    let switches = |lines: &str| {
        let text = format!(
            "[[switch]]\nname = \"leaf1\"\naddress = \"192.0.2.1\"\ndialect = \"openconfig\"\nusername = \"u\"\n\
             password = {{ env = \"PATH\" }}\ninsecure = true\n{lines}"
        );
        write(&dir, "switches.toml", &text)
    };
    for (limit, lines, told) in [
        (110, "", None),
        (110, "commit_timeout = 60\nconfirm_timeout = 60", Some(120)),
        (120, "commit_timeout = 60\nconfirm_timeout = 60", None),
        // Without a confirmation it is one commit.
        (110, "commit_timeout = 60\nconfirmed_commit = \"off\"", None),
        (50, "commit_timeout = 60\nconfirmed_commit = \"off\"", Some(60)),
    ] {
        let file = switches(lines);
        let text = format!("switches = [{:?}]\n[limits]\nrequest_timeout = {limit}\n", file.to_str().unwrap());
        let (_, _, findings) = check(Some(&write(&dir, "mercury.toml", &text)), &Overrides::default());
        let mut about = findings.iter().filter(|finding| finding.field == "limits.request_timeout");
        let found = about.next().map(|finding| finding.message.clone());
        match told {
            None => assert_eq!(found, None, "{limit}, {lines}"),
            Some(takes) => {
                let found = found.unwrap_or_else(|| panic!("{limit}, {lines}: {findings}"));
                assert!(found.contains("leaf1") && found.contains(&format!("{takes} s")), "{found}");
            }
        }
    }
}
