//! What the service tells, and that nothing hangs on whether anybody can hear it.

use std::{
    fs::{File, OpenOptions},
    io::Read as _,
    process::{Command, Stdio},
};

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Client, Lines, Mercury, Setup, Simulated, Terminal, block_on};

fn update(port: &str, id: &str) -> Value {
    json!({"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": 100, "context": {"request_id": id}})
}

/// A change, a refusal, a question, and a stop: all as if somebody listened.
fn works(mercury: &mut Mercury, switch: &Simulated) {
    let mut client = Client::of(mercury);
    let answer = client.done("update_port", &update("Ethernet1", "req-1"));
    assert_eq!(answer["outcome"], "committed", "{answer}");
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 100");
    assert_eq!(client.fails("update_port", &json!({"switch_id": "leaf1"})).kind(), "invalid-params");
    assert_eq!(client.request("GET", "/healthz", b"").body, b"ok\n");
    mercury.terminate();
    assert!(mercury.wait().success());
}

fn setup(switch: &Simulated) -> Setup {
    Setup::new().switches(&[switch.entry("leaf1")])
}

#[test]
fn a_log_that_cannot_be_written_fails_nothing() {
    let full = || Stdio::from(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let gone = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    let read_only = || Stdio::from(File::open("/dev/null").unwrap());
    for stderr in [full(), gone(), read_only()] {
        let switch = Simulated::start(Mode::Candidate);
        works(&mut setup(&switch).serve_with_stderr(stderr), &switch);
    }
}

/// A pipe takes 64 KiB; then nothing does until it is read.
#[test]
fn a_log_that_nobody_reads_delays_nothing_and_what_was_lost_is_counted() {
    let switch = Simulated::start(Mode::Candidate);
    let (reader, writer) = std::io::pipe().unwrap();
    let mut mercury = setup(&switch).serve_with_stderr(writer);
    let mut client = Client::of(&mercury);
    let long = "x".repeat(120);
    let wrong = json!({"switch_id": "leaf1", "context": {"request_id": long, "user": long, "project_id": long}});
    let asked = 6000;
    for _ in 0..asked {
        client.fails("update_port", &wrong);
    }
    let lines = Lines::of(reader);
    let lost = lines.wait_json("what was lost", |line| line.get("lost").is_some());
    let told = lines.json().iter().filter(|line| line["request_id"] == json!(long)).count();
    let lost = usize::try_from(lost["lost"].as_u64().unwrap()).unwrap();
    assert!(lost > 0 && told > 0, "{told} told, {lost} lost");
    works(&mut mercury, &switch);
    // The end is told too, and every line was told or counted.
    let whole = lines.whole();
    assert!(whole.contains("told to stop"), "{whole}");
    let lines = lines.json();
    let told = lines.iter().filter(|line| line["request_id"] == json!(long)).count();
    let lost: u64 = lines.iter().filter_map(|line| line["lost"].as_u64()).sum();
    assert_eq!(told + usize::try_from(lost).unwrap(), asked);
}

#[test]
fn a_service_that_nobody_reads_stops_when_it_is_told() {
    let switch = Simulated::start(Mode::Candidate);
    let (_unread, writer) = std::io::pipe().unwrap();
    let mut mercury = setup(&switch).environment("RUST_LOG", "trace").serve_with_stderr(writer);
    works(&mut mercury, &switch);
}

/// Reads what a terminal shows until these words are there.
fn shows(command: &mut Terminal, words: &str) {
    let (stream, mut shown, mut octets) = (command.0.stdout.as_mut().unwrap(), String::new(), [0; 4096]);
    while !shown.contains(words) {
        let read = stream.read(&mut octets).unwrap();
        assert!(read > 0, "{words} is not shown: {shown}");
        shown.push_str(&String::from_utf8_lossy(&octets[..read]));
    }
}

#[test]
fn what_takes_more_than_a_second_says_how_far_it_is_at_a_terminal() {
    if Command::new("script").arg("--version").output().is_err() {
        assert!(std::env::var_os("MERCURY_PEERS").is_none(), "there is no script(1), which util-linux has");
        eprintln!("left out: there is no script(1)");
        return;
    }
    let switches = [(); 3].map(|()| Simulated::start(Mode::Candidate));
    let setups = [0, 1, 2].map(|index: usize| setup(&switches[index]));
    let path = |index: usize, name: &str| setups[index].path().join(name).to_str().unwrap().to_owned();
    let plan = path(1, "plan.json");
    let saved = setups[1].run(&["plan", "--save", &plan, "leaf1", "Ethernet1", "--access", "100"]);
    assert_eq!(saved.code(), 0, "{}", saved.stderr);
    let request = json!({"method": "update_port", "params": update("Ethernet1", "req-1")});
    let requests = setups[2].write("requests.json", &request.to_string()).to_str().unwrap().to_owned();
    let mut commands = Vec::new();
    for (index, words, said) in [
        (0, &["attach", "leaf1", "Ethernet1", "--access", "100"][..], "changing 1 switch"),
        (1, &["apply", &plan], "changing 1 switch"),
        (2, &["report", "--request", &requests, "--to", &path(2, "report.html")], "0 of 1 switches"),
    ] {
        let fault = switches[index].handle().inject("get-config:1:before:hold".parse().unwrap());
        commands.push((setups[index].at_terminal(words), said, Some((index, fault))));
    }
    // Examples ask no switch: one waits for a file.
    let running = path(0, "running.xml");
    assert!(Command::new("mkfifo").arg(&running).status().unwrap().success());
    let example = "[[example]]\nname = \"one\"\nswitch = \"leaf1\"\nrunning = \"running.xml\"\ncandidate = \"candidate.xml\"\nexpect = \"accepted\"\n";
    let examples = setups[0].write("examples.toml", example).to_str().unwrap().to_owned();
    let port = "<config><interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>Ethernet1</name><config>\
                <name>Ethernet1</name><description>another's</description></config></interface></interfaces></config>";
    setups[0].write("candidate.xml", port);
    let rules = "[[rule]]\nname = \"phones\"\nreason = \"they are for phones\"\nreserved_vlans = \"150\"\n";
    let rules = setups[0].write("rules.toml", rules).to_str().unwrap().to_owned();
    let words = ["--rules", &rules, "rules", "test", &examples];
    commands.push((setups[0].at_terminal(&words), "0 of 1 examples", None));
    for (mut command, said, held) in commands {
        shows(&mut command, said);
        match held {
            Some((index, fault)) => {
                block_on(switches[index].handle().held(fault));
                switches[index].handle().release(fault);
            }
            // Who waits for it may be gone.
            None => {
                let written = Command::new("timeout").args(["60", "cp", &path(0, "candidate.xml"), &running]).status();
                assert!(written.unwrap().success(), "{said}: nobody reads {running}");
            }
        }
        let mut rest = String::new();
        command.0.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
        assert!(command.0.wait().unwrap().success(), "{said}: {rest}");
    }
}
