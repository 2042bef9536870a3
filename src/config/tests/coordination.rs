use super::*;

fn etcd_findings(lines: &str) -> Vec<Place> {
    let mut findings = read(&format!("[etcd]\n{lines}\n")).1;
    findings.retain(|(code, ..)| !matches!(code, Code::NoSwitches | Code::NotBuilt));
    findings
}

#[test]
fn each_mistake_about_etcd_is_found() {
    let here = "endpoints = [\"http://127.0.0.1:2379\"]\n";
    assert_eq!(etcd_findings(here), []);
    assert_eq!(etcd_findings(""), [(Code::MissingKey, Some(1), "etcd.endpoints".to_owned())]);
    assert_eq!(etcd_findings("endpoints = []"), [(Code::OutOfRange, Some(2), "etcd.endpoints".to_owned())]);
    for endpoint in [
        "127.0.0.1:2379",
        "http://127.0.0.1",
        "http://:2379",
        "ftp://127.0.0.1:2379",
        "http://127.0.0.1:2379/v3",
        "http://127.0.0.1:2379?x",
        "http://mercury:hunter2@127.0.0.1:2379",
        "http://127.0.0.1:0",
    ] {
        let found = etcd_findings(&format!("endpoints = [{endpoint:?}]"));
        assert_eq!(found, [(Code::BadValue, Some(2), "etcd.endpoints".to_owned())], "{endpoint}");
    }
    for (line, code, line_number, field) in [
        ("prefix = \"/\"", Code::BadValue, 3, "prefix"),
        ("lease_ttl = 1", Code::OutOfRange, 3, "lease_ttl"),
        ("lease_ttl = \"6m\"", Code::OutOfRange, 3, "lease_ttl"),
        ("timeout = 0", Code::OutOfRange, 3, "timeout"),
        ("username = \"mercury\"", Code::MissingKey, 1, "password"),
        ("password = \"hunter2\"", Code::MissingKey, 1, "username"),
        ("ttl = 5", Code::UnknownKey, 3, "ttl"),
    ] {
        let found = etcd_findings(&format!("{here}{line}"));
        assert_eq!(found, [(code, Some(line_number), format!("etcd.{field}"))], "{line}");
    }
    let absent = etcd_findings("endpoints = [\"https://[::1]:2379\"]\nca = \"absent\"\ncert = \"absent\"");
    let codes: Vec<_> = absent.iter().map(|(code, line, _)| (*code, *line)).collect();
    assert_eq!(codes, [(Code::Unreadable, Some(3)), (Code::Unreadable, Some(4)), (Code::MissingKey, Some(1))]);
}

#[test]
fn a_password_for_etcd_is_kept_and_told_of_where_it_is_not_safe() {
    let dir = TempDir::new().unwrap();
    let text = "[etcd]\nendpoints = [\"http://192.0.2.1:2379\"]\nusername = \"mercury\"\npassword = \"hunter2\"\n";
    let path = write(&dir, "mercury.toml", text);
    let (settings, findings) = settings::read(Some(&path), &Overrides::default());
    let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&Code::Plaintext) && !codes.contains(&Code::FilePermissions), "{findings}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let (_, exposed) = settings::read(Some(&path), &Overrides::default());
    assert!(exposed.iter().any(|finding| finding.code == Code::FilePermissions), "{exposed}");
    assert!(!format!("{settings:?}{findings}{exposed}").contains("hunter2"));
}

#[test]
fn a_build_without_etcd_says_how_to_get_one() {
    let (_, findings) = read("[etcd]\nendpoints = [\"http://127.0.0.1:2379\"]\n");
    let told = findings.contains(&(Code::NotBuilt, Some(1), "etcd".to_owned()));
    assert_eq!(told, !cfg!(feature = "etcd"), "{findings:?}");
}

#[test]
fn the_sample_of_etcd_is_right() {
    let sample = sample(SAMPLES[0]);
    let mut lines =
        sample.lines().filter_map(|line| line.strip_prefix("# example: ")).skip_while(|line| *line != "[etcd]");
    let table: Vec<&str> = lines.by_ref().take(1).collect();
    let keys = lines.take_while(|line| !line.starts_with('['));
    let shown: String = table.into_iter().chain(keys).map(|line| format!("{line}\n")).collect();
    let dir = TempDir::new().unwrap();
    for name in ["etcd-ca.pem", "mercury.pem", "mercury.key"] {
        write(&dir, name, "PEM");
    }
    // The one variable every test has.
    let path = write(&dir, "mercury.toml", &shown.replace("MERCURY_ETCD_PASSWORD", "PATH"));
    let (settings, findings) = settings::read(Some(&path), &Overrides::default());
    let wrong: Vec<_> =
        findings.iter().filter(|finding| !matches!(finding.code, Code::NoSwitches | Code::NotBuilt)).collect();
    assert!(wrong.is_empty(), "{findings}");
    let etcd = settings.etcd.unwrap();
    let default = Etcd::at(etcd.endpoints.clone());
    assert_eq!(etcd.endpoints.len(), 2);
    let shown = (etcd.prefix, etcd.lease_ttl, etcd.timeout);
    assert_eq!(shown, (default.prefix, default.lease_ttl, default.timeout), "the defaults as they are");
}
