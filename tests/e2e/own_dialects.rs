//! An operator's own dialects, above those built in.

use mercury_sim::Mode;
use serde_json::json;

use crate::harness::{Client, Setup, Simulated};

/// Plain OpenConfig as a vendor took it: with shorter texts.
const ACME: &str = "inherits = \"openconfig\"\nvendor = \"Acme\"\nos = \"ROS 7\"\n[text]\ndescription-max = 20\n";

fn setup(files: &[(&str, &str)]) -> Setup {
    let setup = Setup::new();
    let folder = setup.path().join("own");
    std::fs::create_dir(&folder).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let folder = folder.to_str().unwrap().to_owned();
    setup.flags(&["--dialects", &folder])
}

#[test]
fn a_dialect_of_the_operators_is_spoken() {
    let switch = Simulated::start(Mode::Candidate);
    // What editors leave beside a file is none.
    let setup = setup(&[("acme.toml", ACME), (".acme.toml", "not TOML"), ("README", "ours")]);
    let setup = setup.switches(&[switch.entry("leaf1").without("dialect").text("dialect", "acme")]);
    let listed = setup.run(&["dialect", "list"]);
    assert!(listed.stdout.contains("acme             Acme ROS 7"), "{}", listed.stdout);
    let standing = |name: &str| {
        let of_it = listed.stdout.lines().skip_while(|line| !line.starts_with(name)).nth(1);
        of_it.unwrap_or_default().to_owned()
    };
    assert!(standing("acme ").contains("the operator's own, unproven"), "{}", listed.stdout);
    assert!(!standing("openconfig ").contains("the operator's own"), "{}", listed.stdout);
    let mercury = setup.serve();
    let mut client = Client::of(&mercury);
    let update = |text: &str| json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access", "native_vlan": 110, "description": text});
    let refused = client.fails("update_port", &update("longer than twenty characters"));
    assert_eq!(refused.kind(), "invalid-value");
    client.done("update_port", &update("server 1"));
    let port = &switch.look().ports["Ethernet1"];
    assert_eq!((port.description.as_deref(), port.vlans.as_str()), (Some("server 1"), "access 110"));
}

#[test]
fn a_built_in_dialect_gives_its_place_also_to_what_inherits_from_it() {
    let text = Setup::new().run(&["dialect", "show", "openconfig"]).stdout;
    assert!(text.contains("[netconf"), "{text}");
    let setup = setup(&[
        ("openconfig.toml", &format!("{text}\n[text]\ndescription-max = 7\n")),
        ("acme.toml", "inherits = \"openconfig\"\n"),
    ]);
    for dialect in ["openconfig", "acme"] {
        let words =
            ["render", "leaf1", "Ethernet1", "--access", "110", "--description", "12345678", "--dialect", dialect];
        let finished = setup.run(&words);
        assert_ne!(finished.code(), 0, "{dialect}: {}", finished.stdout);
        assert!(
            format!("{}{}", finished.stdout, finished.stderr).contains("takes 7"),
            "{}{}",
            finished.stdout,
            finished.stderr
        );
    }
}

#[test]
fn a_dialect_that_is_not_complete_is_refused_whole_with_every_reason() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = setup(&[
        ("bad.toml", "inherits = \"openconfig\"\n[text]\nwrong = 1\n"),
        ("bare.toml", "vendor = \"x\"\nos = \"y\"\nsources = [\"z\"]\n[netconf]\n"),
        ("Upper.toml", ACME),
        ("cut.toml", "inherits = "),
        ("loop.toml", "inherits = \"loop\"\n"),
        ("heir.toml", "inherits = \"nobody\"\n"),
    ]);
    let setup = setup.switches(&[switch.entry("leaf1")]);
    let file = |name: &str| setup.path().join("own").join(name).to_str().unwrap().to_owned();
    for (name, said) in [
        ("bad.toml", "wrong"),
        ("bare.toml", "tree"),
        ("Upper.toml", "lower-case"),
        ("cut.toml", "TOML"),
        ("loop.toml", "loop"),
        ("heir.toml", "nobody"),
    ] {
        let finished = setup.run(&["dialect", "check", &file(name)]);
        assert_eq!(finished.code(), 1, "{name}: {}", finished.stdout);
        assert!(finished.stdout.contains(said), "{name}: {}", finished.stdout);
    }
    let checked = setup.run(&["config", "check", "--output", "json"]);
    assert_eq!(checked.code(), 1);
    let codes =
        checked.json()["findings"].as_array().unwrap().iter().filter(|one| one["code"] == "dialect-refused").count();
    assert!(codes >= 5, "{}", checked.stdout);
    // Nobody serves what is half understood.
    assert_ne!(setup.run(&["serve", "--listen", "127.0.0.1:0"]).code(), 0);
}

#[test]
fn a_sound_file_is_told_as_such() {
    let setup = setup(&[("acme.toml", ACME)]);
    let file = setup.path().join("own/acme.toml");
    let finished = setup.run(&["dialect", "check", file.to_str().unwrap()]);
    assert_eq!(finished.code(), 0, "{}", finished.stdout);
    assert!(finished.stdout.contains("netconf: the operator's own, unproven"), "{}", finished.stdout);
    assert_eq!(setup.run(&["dialect", "show", "opencnfig"]).code(), 2);
}
