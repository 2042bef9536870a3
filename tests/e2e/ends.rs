//! How commands end: 0, 1 and 2 mean the same of each.

use mercury_sim::Mode;

use crate::harness::{Setup, Simulated};

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
