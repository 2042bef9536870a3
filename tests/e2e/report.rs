//! A change as a page for its reviewers.

use std::{fs, path::Path, process::Command};

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Setup, Simulated};

const RULES: &str = "[[rule]]\nname = \"storage\"\nreason = \"they are for storage\"\nreserved_vlans = \"150-159\"\n";

fn requests(setup: &Setup, vlans: [u16; 2]) -> String {
    let request = |port: &str, vlan: u16| {
        let params = json!({"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": vlan,
                            "description": "<b>node</b>"});
        json!({"method": "update_port", "params": params})
    };
    let all = Value::from(vec![request("Ethernet1", vlans[0]), request("Ethernet2", vlans[1])]);
    setup.write("requests.json", &all.to_string()).to_str().unwrap().to_owned()
}

#[test]
fn a_saved_plan_and_the_same_requests_make_a_page_and_change_nothing() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let requests = requests(&setup, [110, 120]);
    let file = |name: &str| setup.path().join(name).to_str().unwrap().to_owned();
    let plan = file("plan.json");
    assert_eq!(setup.run(&["plan", "--request", &requests, "--save", &plan]).code(), 0);
    let (of_plan, of_requests) = (file("plan.html"), file("requests.html"));
    for words in
        [["report", &plan, "--to", &of_plan].as_slice(), &["report", "--request", &requests, "--to", &of_requests]]
    {
        let finished = setup.run(words);
        assert_eq!(finished.code(), 0, "{} {}", finished.stdout, finished.stderr);
    }
    let page = fs::read_to_string(&of_plan).unwrap();
    let body = |page: &str| page.split_once("<nav").unwrap().1.split_once("<footer").unwrap().0.to_owned();
    let saved: serde_json::Value = serde_json::from_str(&fs::read_to_string(&plan).unwrap()).unwrap();
    assert!(page.contains(saved["digest"].as_str().unwrap()), "what is reviewed can be told by its digest");
    assert_eq!(body(&page), body(&fs::read_to_string(&of_requests).unwrap()), "two ways, one page");
    for part in
        ["Ethernet1 carries VLAN 110 untagged", "+ 120", "&lt;access-vlan&gt;110&lt;", "&lt;b&gt;node&lt;/b&gt;"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<b>") && !page.contains(switch.password()));
    assert_eq!(switch.handle().counters().edits, 0);
    // What somebody may have read is not written over.
    let again = setup.run(&["report", &plan, "--to", &of_plan]);
    assert!(again.code() == 2 && again.stderr.contains("there already"), "{}", again.stderr);
    assert_eq!(fs::read_to_string(&of_plan).unwrap(), page);
}

#[test]
fn what_the_rules_refuse_is_on_the_page_with_the_reason() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let rules = setup.write("rules.toml", RULES).to_str().unwrap().to_owned();
    let requests = requests(&setup, [110, 150]);
    let page = setup.path().join("page.html").to_str().unwrap().to_owned();
    let finished = setup.run(&["report", "--request", &requests, "--to", &page, "--rules", &rules, "--output", "json"]);
    assert_eq!((finished.code(), &finished.json()["refused"]), (1, &json!(1)), "{}", finished.stderr);
    let page = fs::read_to_string(page).unwrap();
    for part in ["rule-vlan-reserved", "they are for storage", "<td>refused</td>", "mercury explain rule-vlan-reserved"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
}

/// What a page was made of is on it: that no rule was asked, and which file stands for the switch.
#[test]
fn a_page_says_that_no_rules_were_asked_and_which_file_stands_for_the_switch() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let running = "<data><interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>Ethernet1</name>\
                   <config><name>Ethernet1</name></config></interface><interface><name>Ethernet2</name><config>\
                   <name>Ethernet2</name></config></interface></interfaces></data>";
    let running = setup.write("old.xml", running).to_str().unwrap().to_owned();
    let (requests, file) =
        (requests(&setup, [110, 120]), |name: &str| setup.path().join(name).to_str().unwrap().to_owned());
    let offline = ["--offline", "--running", &running, "--whole"];
    let (plan, of_plan, of_requests) = (file("plan.json"), file("plan.html"), file("requests.html"));
    let saved = setup.run(&[&["plan", "--request", &requests, "--save", &plan], &offline[..]].concat());
    assert!(saved.code() == 0 && saved.stdout.contains(&format!(", offline, from {running}")), "{}", saved.stdout);
    let made = setup.run(&["report", &plan, "--to", &of_plan]);
    assert!(made.code() == 0 && made.stdout.contains(&format!("; offline, from {running}")), "{}", made.stdout);
    assert!(made.stderr.contains("no rules were asked"), "{}", made.stderr);
    assert_eq!(
        setup.run(&[&["report", "--request", &requests, "--to", &of_requests], &offline[..]].concat()).code(),
        0
    );
    for page in [of_plan, of_requests] {
        let page = fs::read_to_string(page).unwrap();
        let says = [format!("from {running}: no switch was asked"), format!("What {running} shows")];
        for part in says.iter().map(String::as_str).chain(["no rules were asked: there is no --rules"]) {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("What the switch has"), "{page}");
    }
    // Where the switch was asked, and rules were.
    let rules = setup.write("rules.toml", RULES).to_str().unwrap().to_owned();
    let page = file("asked.html");
    let made = setup.run(&["report", "--request", &requests, "--to", &page, "--rules", &rules]);
    assert!(made.code() == 0 && !made.stderr.contains("no rules"), "{}", made.stderr);
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("What the switch has") && !page.contains("Offline") && !page.contains("no rules"), "{page}");
}

/// The lines of README's first steps after the build, as a script that waits until the switch is there.
fn first_steps() -> String {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let steps = readme.split_once("<!-- first -->").unwrap().1.split_once("<!-- /first -->").unwrap().0;
    let lines = steps.lines().filter_map(|line| line.strip_prefix("$ "));
    let typed: Vec<_> = lines.skip_while(|line| !line.starts_with("mkdir ")).collect();
    assert!(typed.len() > 5, "{steps}");
    let waits = "\nuntil grep -q host_key inventory.toml || ! kill -0 %1; do sleep 0.02; done";
    let line = |line: &&str| format!("{line}{}", if line.contains("mercury simulate") { waits } else { "" });
    format!(
        "set -em\ntrap 'kill %1 2>/dev/null || :' EXIT\n{}\n",
        typed.iter().map(line).collect::<Vec<_>>().join("\n")
    )
}

#[test]
fn the_first_steps_of_the_readme_end_with_a_page_and_a_change_that_is_there() {
    let folder = tempfile::Builder::new().prefix("mercury-e2e-").tempdir().unwrap();
    let clone = folder.path().join("clone");
    fs::create_dir(&clone).unwrap();
    let mercury = Path::new(env!("CARGO_BIN_EXE_mercury")).parent().unwrap();
    let path = format!("{}:{}", mercury.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    let finished = command.args(["-c", &first_steps()]).current_dir(&clone).env("PATH", path).output().unwrap();
    let (said, told) = (String::from_utf8_lossy(&finished.stdout), String::from_utf8_lossy(&finished.stderr));
    assert!(finished.status.success(), "{said}\n{told}");
    for part in ["simulated: planned", "simulated: committed", "simulated: matches"] {
        assert!(said.contains(part), "{part}: {said}\n{told}");
    }
    let page = fs::read_to_string(folder.path().join("desk/first.html")).unwrap();
    assert!(page.contains("Ethernet3 carries VLAN 110 untagged"), "{page}");
}
