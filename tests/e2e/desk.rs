//! What a network team pastes into a repository of its own: a hook, and CI.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

const RULES: &str = "[[rule]]\nname = \"phones\"\nreason = \"150 is theirs\"\nreserved_vlans = \"150\"\n";
const EXAMPLES: &str = "[[example]]\nname = \"phones keep theirs\"\nswitch = \"leaf1\"\nexpect = [\"rule-vlan-reserved\"]\n\
                        candidate = \"examples/phones.xml\"\n";
/// Of the service's machine, as there is none of it where candidates are written and judged.
const SETTINGS: &str = "switches = [\"inventory.toml\"]\nrules = [\"rules.toml\"]\nauth = \"http_basic\"\n\
                        htpasswd = \"/nowhere/htpasswd\"\nlock_dir = \"/nowhere/locks\"\nknown_hosts = [\"/nowhere/hosts\"]\n\
                        [tls]\ncert = \"/nowhere/mercury.pem\"\nkey = \"/nowhere/mercury.key\"\n";
const INVENTORY: &str = "[[switch]]\nname = \"leaf1\"\naddress = \"192.0.2.1\"\ndialect = \"openconfig\"\n\
                         username = \"mercury\"\npassword = { file = \"/nowhere/leaf1\" }\nknown_hosts = [\"/nowhere/leaf1\"]\n\
                         [[switch]]\nname = \"leaf2\"\naddress = \"192.0.2.2\"\nprotocol = \"gnmi\"\ndialect = \"openconfig\"\n\
                         username = \"mercury\"\npassword = \"in words\"\ntls_ca = [\"/nowhere/ca.pem\"]\n\
                         tls_cert = \"/nowhere/c.pem\"\ntls_key = \"/nowhere/c.key\"\n";

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name)
}

fn candidate(vlan: u16) -> String {
    format!(
        "<config xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\">\n<interfaces xmlns=\"http://openconfig.net/yang/interfaces\">\
         <interface>\n<name>Ethernet1</name>\n<config><name>Ethernet1</name></config>\n\
         <ethernet xmlns=\"http://openconfig.net/yang/interfaces/ethernet\"><switched-vlan xmlns=\"http://openconfig.net/yang/vlan\">\
         <config><interface-mode>ACCESS</interface-mode><access-vlan>{vlan}</access-vlan></config></switched-vlan></ethernet>\
         \n</interface></interfaces></config>\n"
    )
}

/// A repository as a network team keeps it.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Self {
        let made = Self(tempfile::Builder::new().prefix("mercury-e2e-").tempdir().unwrap());
        for (name, text) in [
            ("mercury.toml", SETTINGS),
            ("inventory.toml", INVENTORY),
            ("rules.toml", RULES),
            ("rules-examples.toml", EXAMPLES),
            ("examples/phones.xml", &candidate(150)),
            ("candidates/leaf1.xml", &candidate(110)),
        ] {
            made.write(name, text);
        }
        made.git(&["init", "--quiet"]);
        made
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// In the repository, with this mercury and nobody's git settings.
    fn run(&self, program: &str, words: &[&str]) -> Output {
        let mercury = Path::new(env!("CARGO_BIN_EXE_mercury")).parent().unwrap();
        let path = format!("{}:{}", mercury.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(program);
        command.args(words).current_dir(self.0.path()).env("PATH", path);
        command.env("HOME", self.0.path()).env("GIT_CONFIG_NOSYSTEM", "1").env_remove("GIT_DIR");
        command.output().unwrap()
    }

    fn git(&self, words: &[&str]) -> Output {
        let who = ["-c", "user.name=desk", "-c", "user.email=desk@example.org"];
        self.run("git", &[&who[..], words].concat())
    }

    /// Whether git takes it, and what is said.
    fn commits(&self) -> (bool, String) {
        self.git(&["add", "--all"]);
        let done = self.git(&["commit", "--quiet", "--message", "change"]);
        (done.status.success(), String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap())
    }
}

#[test]
fn the_hook_refuses_a_commit_whose_candidates_break_a_rule() {
    let repository = Repository::new();
    let hook = repository.0.path().join(".git/hooks/pre-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::copy(sample("pre-commit"), hook).unwrap();
    let (is_done, said) = repository.commits();
    assert!(is_done, "{said}");
    repository.write("candidates/leaf1.xml", &candidate(150));
    let (is_done, said) = repository.commits();
    assert!(!is_done && said.contains("rule-vlan-reserved"), "{said}");
    assert_eq!(said.matches("would carry VLAN 150").count(), 1, "{said}");
    // What is staged counts, whatever lies there.
    repository.write("candidates/leaf1.xml", &candidate(110));
    let done = repository.git(&["commit", "--quiet", "--message", "change"]);
    assert!(!done.status.success());
    // So does a file that is called in capitals, and one that was a link.
    let (is_done, _) = repository.commits();
    assert!(!is_done, "there is nothing to commit");
    repository.write("candidates/LEAF1.XML", &candidate(150));
    let (is_done, said) = repository.commits();
    assert!(!is_done && said.contains("LEAF1.XML") && said.contains("rule-vlan-reserved"), "{said}");
    fs::remove_file(repository.0.path().join("candidates/LEAF1.XML")).unwrap();
    repository.write("shared/leaf1.xml", &candidate(110));
    let link = repository.0.path().join("candidates/leaf2.xml");
    std::os::unix::fs::symlink("../shared/leaf1.xml", &link).unwrap();
    repository.git(&["add", "--all"]);
    assert!(repository.git(&["commit", "--quiet", "--no-verify", "--message", "a link"]).status.success());
    fs::remove_file(link).unwrap();
    repository.write("candidates/leaf2.xml", &candidate(150));
    let (is_done, said) = repository.commits();
    assert!(!is_done && said.contains("leaf2.xml") && said.contains("rule-vlan-reserved"), "{said}");
    fs::remove_file(repository.0.path().join("candidates/leaf2.xml")).unwrap();
    // A link is none, and is not passed over either; nor is YAML of another kind.
    std::os::unix::fs::symlink("../shared/leaf1.xml", repository.0.path().join("candidates/leaf3.xml")).unwrap();
    let (is_done, said) = repository.commits();
    assert!(!is_done && said.contains("candidates/leaf3.xml") && said.contains("links are not judged"), "{said}");
    fs::remove_file(repository.0.path().join("candidates/leaf3.xml")).unwrap();
    repository.write("candidates/foo.yaml", "leaf1: {}\n");
    let (is_done, said) = repository.commits();
    assert!(!is_done && said.contains("candidates/foo.yaml"), "{said}");
    fs::remove_file(repository.0.path().join("candidates/foo.yaml")).unwrap();
    // Other files are nobody's candidates.
    repository.write("README.md", "# ours\n");
    let (is_done, said) = repository.commits();
    assert!(is_done && !said.contains("candidates"), "{said}");
}

#[test]
fn the_hook_refuses_a_commit_whose_rules_are_wrong_or_not_as_their_examples_say() {
    let repository = Repository::new();
    let hook = repository.0.path().join(".git/hooks/pre-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::copy(sample("pre-commit"), hook).unwrap();
    let (is_done, said) = repository.commits();
    assert!(is_done, "{said}");
    repository.write("rules.toml", "[[rule]]\nname = \"phones\"\nreserved_vlan = \"150\"\n");
    let (is_done, said) = repository.commits();
    assert!(!is_done && said.contains("rules.toml:3") && said.contains("reserved_vlan"), "{said}");
    repository.write("rules.toml", &RULES.replace("\"150\"", "\"151\""));
    let (is_done, said) = repository.commits();
    assert!(!is_done && said.contains("phones keep theirs"), "{said}");
    // What is staged is judged, whatever lies there.
    repository.write("rules.toml", RULES);
    let done = repository.git(&["commit", "--quiet", "--message", "change"]);
    assert!(!done.status.success());
    repository.write("rules.toml", &format!("# ours\n{RULES}"));
    let (is_done, said) = repository.commits();
    assert!(is_done, "{said}");
    // So is the candidate that an example names.
    repository.write("examples/phones.xml", &candidate(110));
    let (is_done, said) = repository.commits();
    assert!(!is_done && said.contains("phones keep theirs"), "{said}");
    repository.write("examples/phones.xml", &candidate(150));
    // What is in no commit lies beside.
    repository.git(&["rm", "--cached", "--quiet", "inventory.toml"]);
    repository.write(".gitignore", "inventory.toml\n");
    repository.write("candidates/leaf1.xml", &candidate(111));
    let (is_done, said) = repository.commits();
    assert!(is_done, "{said}");
    repository.write("candidates/leaf1.xml", &candidate(150));
    let (is_done, said) = repository.commits();
    assert!(!is_done && said.contains("rule-vlan-reserved"), "{said}");
    repository.write("inventory.toml", "[[switch]]\nnam = \"leaf1\"\n");
    repository.write("candidates/leaf1.xml", &candidate(112));
    repository.write("rules.toml", RULES);
    let (is_done, said) = repository.commits();
    assert!(!is_done && said.contains("inventory.toml:2"), "{said}");
}

#[test]
fn the_lines_of_ci_pass_and_fail_as_the_candidates_do() {
    let repository = Repository::new();
    let file: Value = serde_saphyr::from_str(&fs::read_to_string(sample("gitlab-ci.yml")).unwrap()).unwrap();
    let lines: Vec<&str> =
        file["mercury"]["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let script = lines.join("\n");
    let run = || repository.run("sh", &["-e", "-c", &script]);
    let good = run();
    assert!(
        good.status.success(),
        "{} {}",
        String::from_utf8_lossy(&good.stdout),
        String::from_utf8_lossy(&good.stderr)
    );
    repository.write("candidates/leaf1.xml", &candidate(150));
    assert_eq!(run().status.code(), Some(1));
    let report = fs::read_to_string(
        repository.0.path().join(file["mercury"]["artifacts"]["reports"]["junit"].as_str().unwrap()),
    );
    assert!(report.unwrap().contains("<failure type=\"rule-vlan-reserved\""));
    repository.write("candidates/leaf1.xml", &candidate(110));
    repository.write("examples/phones.xml", &candidate(151));
    assert_eq!(run().status.code(), Some(1), "an example that is not what it says");
}
