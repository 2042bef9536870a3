//! A first inventory, for a switch that was seen.

use std::{fs, io::Write as _, path::Path};

use mercury_sim::Mode;
use serde_json::json;

use crate::harness::{Face, Finished, Setup, Simulated};

const FILES: [&str; 2] = ["mercury.toml", "inventory.toml"];

/// A folder for the files, and a password beside it.
struct Desk {
    setup: Setup,
    into: String,
    password: String,
}

impl Desk {
    fn new(switch: &Simulated) -> Self {
        let setup = Setup::new();
        let password = setup.write("password", switch.password()).to_str().unwrap().to_owned();
        let into = setup.path().join("new").to_str().unwrap().to_owned();
        Self { setup, into, password }
    }

    fn words<'a>(&'a self, port: &'a str) -> Vec<&'a str> {
        let words = ["init", "--into", &self.into, "--name", "leaf1", "--address", "127.0.0.1", "--port", port];
        [&words[..], &["--username", "mercury", "--password-file", &self.password, "--output", "json"]].concat()
    }

    fn nothing_is_written(&self) {
        let all = fs::read_dir(&self.into).map(|all| all.map(|one| one.unwrap().file_name()).collect::<Vec<_>>());
        assert!(all.unwrap_or_default().is_empty());
    }

    fn checked(&self) -> Finished {
        let settings = Path::new(&self.into).join("mercury.toml");
        self.setup.run(&["--config", settings.to_str().unwrap(), "config", "check", "--output", "json"])
    }

    /// With a person who says this.
    fn answered(&self, words: &[&str], answers: &str) -> Finished {
        let mut child = self.setup.conversation(words);
        child.stdin.take().unwrap().write_all(answers.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        Finished {
            status: output.status,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

#[test]
fn what_is_written_is_in_order_and_is_the_switch_that_was_named() {
    let switch = Simulated::start(Mode::Candidate);
    let desk = Desk::new(&switch);
    let (port, fingerprint) = (switch.netconf_port().to_string(), switch.fingerprint());
    let usual = ["--protocol", "netconf", "--dialect", "openconfig", "--yes", "--fingerprint", &fingerprint];
    let words = [&desk.words(&port)[..], &usual].concat();
    let finished = desk.setup.run(&words);
    assert_eq!(finished.code(), 0, "{} {}", finished.stdout, finished.stderr);
    let told = finished.json();
    assert!(told["interfaces"] == json!(97) && told["fingerprint"] == json!(fingerprint), "{told}");
    let checked = desk.checked();
    assert_eq!((checked.code(), checked.json()["findings"].clone()), (0, json!([])), "{}", checked.stdout);
    let text = FILES.map(|name| fs::read_to_string(Path::new(&desk.into).join(name)).unwrap()).concat();
    assert!(text.contains("allowed_vlans = []") && !text.contains(switch.password()), "{text}");
    assert_eq!(fs::read_dir(&desk.into).unwrap().count(), 2);
    // What is there is not written over, and nobody is asked for that.
    let logins = switch.handle().counters().sessions;
    let again = desk.setup.run(&words);
    assert!(again.code() == 2 && again.stdout.contains("is there already"), "{}", again.stdout);
    assert_eq!(switch.handle().counters().sessions, logins);
}

#[test]
fn nobody_logs_in_to_a_switch_that_is_not_confirmed() {
    let switch = Simulated::start(Mode::Candidate);
    let desk = Desk::new(&switch);
    let port = switch.netconf_port().to_string();
    let words = [&desk.words(&port)[..], &["--protocol", "netconf", "--dialect", "openconfig"]].concat();
    let other = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    let finished = desk.setup.run(&[&words[..], &["--yes", "--fingerprint", other]].concat());
    assert!(finished.code() == 1 && finished.stderr.contains("shows another host key"), "{}", finished.stderr);
    // Neither silence nor a no is a yes.
    for answers in ["", "\n\n", "\nn\n", "\nperhaps\n"] {
        let finished = desk.answered(&words, answers);
        assert!(finished.code() == 1 && finished.stderr.contains(&switch.fingerprint()), "{}", finished.stderr);
    }
    assert_eq!(desk.setup.run(&[&words[..], &["--yes"]].concat()).code(), 2, "--yes takes a fingerprint");
    assert_eq!(switch.handle().counters().sessions, 0);
    desk.nothing_is_written();
    let finished = desk.answered(&words, "100-199\ny\n");
    assert_eq!(finished.code(), 0, "{} {}", finished.stdout, finished.stderr);
    let inventory = fs::read_to_string(Path::new(&desk.into).join("inventory.toml")).unwrap();
    assert!(inventory.contains("allowed_vlans = \"100-199\""), "{inventory}");
    assert_eq!(desk.checked().code(), 0);
}

#[test]
fn a_certificate_is_pinned_and_what_the_target_wants_is_in_its_entry() {
    let switch = Simulated::gnmi(Face::NoGet);
    let desk = Desk::new(&switch);
    let port = switch.gnmi_port().to_string();
    let words = [&desk.words(&port)[..], &["--protocol", "gnmi", "--dialect", "openconfig"]].concat();
    let finished = desk.answered(&words, "\nyes\n");
    assert_eq!(finished.code(), 0, "{} {}", finished.stdout, finished.stderr);
    assert!(finished.stderr.contains("shows its certificate: SHA256:"), "{}", finished.stderr);
    let inventory = fs::read_to_string(Path::new(&desk.into).join("inventory.toml")).unwrap();
    assert!(inventory.contains("read = \"subscribe\"") && inventory.contains("tls_pins = [\"SHA256:"), "{inventory}");
    assert_eq!(desk.checked().code(), 0);
}

#[test]
fn a_switch_that_cannot_be_read_has_nothing_written() {
    let switch = Simulated::start(Mode::Candidate);
    let desk = Desk::new(&switch);
    let wrong = desk.setup.write("password", "wrong").to_str().unwrap().to_owned();
    assert_eq!(wrong, desk.password);
    let (port, fingerprint) = (switch.netconf_port().to_string(), switch.fingerprint());
    let words = [&desk.words(&port)[..], &["--yes", "--fingerprint", &fingerprint]].concat();
    let finished = desk.setup.run(&words);
    assert!(finished.code() == 2 && finished.stdout.contains("was not let in"), "{}", finished.stdout);
    desk.nothing_is_written();
}

/// Enter takes what is shown, and where nothing is it is asked again, as after a mistake.
#[test]
fn each_answer_is_looked_at_when_it_is_given() {
    let switch = Simulated::start(Mode::Candidate);
    let desk = Desk::new(&switch);
    let port = switch.netconf_port().to_string();
    let words = ["init", "--into", &desk.into, "--output", "json"];
    let password = format!("/nowhere\n{}\n", desk.password);
    let answers = [
        "\n\nleaf1\n",
        &format!("\nleaf 1\n127.0.0.1:ssh\n127.0.0.1:{port}\n"),
        "snmp\n\n",
        "nobody_knows\n\n",
        "\nmercury\n",
        &password,
        "99999\n100-199\n",
        "y\n",
    ]
    .concat();
    let finished = desk.answered(&words, &answers);
    assert_eq!(finished.code(), 0, "{} {}", finished.stdout, finished.stderr);
    for said in [
        "is none of netconf, gnmi, restconf, nvue and cli",
        "there is no dialect \"nobody_knows\"; there are ",
        "/nowhere: ",
        "has blanks in it",
        "\"ssh\" behind the address is no TCP port",
        "99999",
    ] {
        assert!(finished.stderr.contains(said), "{said}: {}", finished.stderr);
    }
    assert_eq!(desk.checked().code(), 0);
    // At the end of what is said nothing is guessed.
    let other = Desk::new(&switch);
    let words = ["init", "--into", &other.into, "--port", &port, "--output", "json"];
    let finished = other.answered(&words, "\n\nleaf1\n");
    assert!(finished.code() == 2 && finished.stdout.contains("--address must be given"), "{}", finished.stdout);
    other.nothing_is_written();
}
