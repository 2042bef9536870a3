//! How commands end: 0, 1 and 2 mean the same of each.

use mercury_sim::Mode;
use serde_json::json;

use crate::harness::{Entry, Setup, Simulated};

/// What cannot be read is no finding, and is named.
#[test]
fn a_file_that_is_not_there_is_named_and_ends_with_two() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let page = setup.path().join("page.html").to_str().unwrap().to_owned();
    for words in [
        &["plan", "--request", "/nowhere"][..],
        &["verify", "--request", "/nowhere"],
        &["render", "--request", "/nowhere"],
        &["report", "/nowhere", "--to", &page],
        &["report", "--request", "/nowhere", "--to", &page],
        &["apply", "/nowhere"],
        &["audit", "--expected", "/nowhere"],
        &["audit-log", "verify", "/nowhere"],
        &["diff", "/nowhere", "/nowhere"],
        &["diff", "--raw", "/nowhere", "/nowhere"],
        &["validate", "/nowhere"],
        &["rules", "test", "/nowhere"],
        &["replay", "leaf1", "/nowhere"],
        &["config", "import", "/nowhere", "--into", "/nowhere"],
        &["plan", "leaf1", "Ethernet1", "--access", "110", "--offline", "--running", "leaf1=/nowhere"],
    ] {
        let finished = setup.run(words);
        assert_eq!(finished.code(), 2, "{words:?}: {} {}", finished.stdout, finished.stderr);
        assert!(finished.stderr.contains("/nowhere"), "{words:?}: {} {}", finished.stdout, finished.stderr);
    }
    assert_eq!(switch.handle().counters().edits, 0);
}

/// A folder where a file is wanted, and a place where nothing can be written: told by name before
/// any switch is asked and any person is.
#[test]
fn what_cannot_be_read_or_written_is_named_before_a_switch_is_asked() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let path = |name: &str| setup.path().join(name).to_str().unwrap().to_owned();
    let (folder, there, page) = (path("folder"), path("there"), path("page.html"));
    std::fs::create_dir(&folder).unwrap();
    setup.write("there", "somebody's\n");
    let params = json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access", "native_vlan": 110});
    let request = json!({"method": "update_port", "params": params}).to_string();
    let request = setup.write("request.json", &request).to_str().unwrap().to_owned();
    let (nowhere, below) = (path("nowhere/page.html"), path("there/page.html"));
    let shown = format!("leaf1={folder}");
    let (is_folder, is_there) = ("folder: Is a directory", "there is there already");
    for (words, said) in [
        (&["plan", "--request", &folder][..], is_folder),
        (&["plan", "leaf1", "Ethernet1", "--access", "110", "--offline", "--running", &shown], is_folder),
        (&["verify", "--request", &folder], is_folder),
        (&["render", "--request", &folder], is_folder),
        (&["report", &folder, "--to", &page], is_folder),
        (&["report", "--request", &folder, "--to", &page], is_folder),
        (&["apply", &folder], is_folder),
        (&["audit", "--expected", &folder], is_folder),
        (&["diff", &folder, &there, "--dialect", "openconfig"], is_folder),
        (&["diff", "--raw", &folder, &there], is_folder),
        (&["rules", "test", &folder], is_folder),
        (&["validate", &folder], "folder: there is no file that ends in"),
        (&["report", "--request", &request, "--to", &there], is_there),
        (&["report", "--request", &request, "--to", &folder], "folder is there already"),
        (&["report", "--request", &request, "--to", &nowhere], "nowhere/page.html: No such file or directory"),
        (&["report", "--request", &request, "--to", &below], "there is no folder"),
        (&["plan", "--request", &request, "--save", &there], is_there),
        (&["plan", "--request", &request, "--save", &nowhere], "nowhere/page.html: No such file or directory"),
        (&["init", "--into", &there], "there is no folder"),
        (&["man", &there], "there: File exists"),
    ] {
        let finished = setup.run(words);
        assert_eq!(finished.code(), 2, "{words:?}: {} {}", finished.stdout, finished.stderr);
        assert!(finished.stderr.contains(said), "{words:?}: {} {}", finished.stdout, finished.stderr);
    }
    assert_eq!(switch.handle().counters().sessions, 0);
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "somebody's\n");
}

/// It asks nobody, so it needs nobody's secret; and what is no recording is told.
#[test]
fn a_recording_is_read_without_the_secrets_of_its_switch() {
    let entry = Entry::new("leaf1").text("address", "192.0.2.1").text("protocol", "cli").text("dialect", "sonic");
    let entry = entry.text("username", "mercury").text("key_file", "/nowhere/at/all");
    let setup = Setup::new().switches(&[entry]);
    let answer = "{\n\"PORT\": {\"Ethernet0\": {\"mtu\": \"9100\"}}\n}";
    let exchange = json!({"line": "sudo -n show runningconfiguration all", "ended": {"status": 0},
                          "answer": answer.lines().collect::<Vec<_>>()});
    let recording = json!({"mercury_transcript": 1, "dialect": "sonic", "exchanges": [exchange]}).to_string();
    let replayed = |name: &str, text: &str| {
        let file = setup.write(name, text).to_str().unwrap().to_owned();
        setup.run(&["replay", "leaf1", &file])
    };
    let good = replayed("good.json", &recording);
    assert_eq!(good.code(), 0, "{} {}", good.stdout, good.stderr);
    assert!(good.stdout.contains("Ethernet0"), "{}", good.stdout);
    for (name, text) in [
        ("none.json", "{}".to_owned()),
        ("cut.json", recording[..40].to_owned()),
        ("empty.json", String::new()),
        ("other.json", recording.replace("\"sonic\"", "\"cisco_ios\"")),
    ] {
        let wrong = replayed(name, &text);
        assert!(wrong.code() == 2 && wrong.stderr.contains(name), "{name}: {} {}", wrong.stdout, wrong.stderr);
    }
    let folder = setup.run(&["replay", "leaf1", setup.path().to_str().unwrap()]);
    assert!(folder.code() == 2 && folder.stderr.contains("Is a directory"), "{}", folder.stderr);
}

/// What is there and is not as it should be, or is refused.
#[test]
fn what_is_found_or_refused_ends_with_one_and_what_is_in_order_with_zero() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let file = |name: &str, text: &str| setup.write(name, text).to_str().unwrap().to_owned();
    let [a, b] = [("a", "one\n"), ("b", "two\n")].map(|(name, text)| file(name, text));
    let request = |switch: &str| {
        let params = format!(
            "{{\"switch_id\": \"{switch}\", \"port_name\": \"Ethernet1\", \"mode\": \"access\", \"native_vlan\": 110}}"
        );
        file(&format!("{switch}.json"), &format!("{{\"method\": \"update_port\", \"params\": {params}}}\n"))
    };
    let (known, unknown) = (request("leaf1"), request("leaf9"));
    let log = file("log", "{}\n");
    let [saved, page, other] =
        ["saved", "page", "other"].map(|name| setup.path().join(name).to_str().unwrap().to_owned());
    for (words, code) in [
        (&["plan", "leaf1", "Ethernet1", "--access", "110"][..], 0),
        (&["plan", "--request", &known, "--save", &saved], 0),
        (&["plan", "--request", &unknown], 1),
        (&["plan", "--request", &unknown, "--save", &other], 1),
        (&["report", "--request", &known, "--to", &page], 0),
        (&["report", "--request", &unknown, "--to", &other], 1),
        (&["render", "--request", &unknown], 1),
        (&["verify", "leaf1", "Ethernet1", "--access", "110"], 1),
        (&["diff", "--raw", &a, &a], 0),
        (&["diff", "--raw", &a, &b], 1),
        (&["audit-log", "verify", &log], 1),
        (&["attach", "leaf1", "Ethernet9999", "--access", "110"], 1),
        (&["record", "leaf9"], 1),
        (&["apply", &saved], 0),
        (&["verify", "leaf1", "Ethernet1", "--access", "110"], 0),
        (&["config", "check"], 0),
    ] {
        let finished = setup.run(words);
        assert_eq!(finished.code(), code, "{words:?}: {} {}", finished.stdout, finished.stderr);
        // A request of a file that is refused is told with its place there.
        if words.contains(&unknown.as_str()) {
            assert!(finished.stderr.contains("leaf9.json:1: "), "{words:?}: {}", finished.stderr);
        }
    }
    let help = setup.run(&["--help"]).stdout;
    assert!(help.contains("Exit codes: 0 ") && help.contains("; 1 ") && help.contains("; 2 "), "{help}");
}

/// What a dialect speaks is said where another protocol was asked for.
#[test]
fn who_speaks_another_protocol_is_told_which_and_where_to_say_it() {
    let setup = Setup::new();
    let words = ["render", "--dialect", "cisco_ios", "leaf1", "Gi1/0/1", "--access", "110"];
    let finished = setup.run(&words);
    assert_eq!(finished.code(), 2, "{}", finished.stdout);
    for said in ["dialect cisco_ios does not speak netconf but cli", "--protocol"] {
        assert!(finished.stderr.contains(said), "{said}: {}", finished.stderr);
    }
    let finished = setup.run(&[&words[..], &["--protocol", "cli"]].concat());
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let transcript = setup.write("transcript", "nothing\n").to_str().unwrap().to_owned();
    for words in [&["record", "leaf1"][..], &["replay", "leaf1", &transcript]] {
        let finished = setup.run(words);
        assert!(
            finished.code() == 2 && finished.stderr.contains("`protocol = \"cli\"`"),
            "{words:?}: {}",
            finished.stderr
        );
    }
}
