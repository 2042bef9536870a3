//! What goes wrong at one line after the other, in families whose lines are unlike each other:
//! what a session says of it, and what the switch has then.

use std::sync::{LazyLock, Mutex};

use mercury_adapter::{Dialect, Payload, builtin};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};

use super::*;
use crate::{prompt::Secrets, shell::Shell};

/// A family, by one of its systems.
struct Family {
    dialect: &'static str,
    /// The prompt of a host, so many modes in.
    prompt: fn(&str, usize) -> String,
    /// What attaches a port; an indented line stands in the block before it.
    script: &'static [&'static str],
    /// What is said of a line that is not taken.
    refusal: &'static str,
    /// The line before which nothing is so, and what is said of it.
    commit: Option<(&'static str, &'static str)>,
    /// The steps around the script.
    steps: fn(Step) -> Vec<Step>,
}

fn alone(stage: Step) -> Vec<Step> {
    vec![stage]
}

const FAMILIES: [Family; 4] = [
    // A VLAN says which ports it has.
    Family {
        dialect: "brocade_fastiron",
        prompt: |host, depth| format!("SSH@{host}{}#", ["", "(config)", "(config-vlan-100)"][depth.min(2)]),
        script: &["vlan 100", " exit", "vlan 100", " untagged ethernet 1/1/1", " exit"],
        refusal: "Error - the moon is full",
        commit: None,
        steps: alone,
    },
    // Lines wait for a commit.
    Family {
        dialect: "huawei_vrpv8",
        prompt: |host, depth| match depth {
            0 => format!("<{host}>"),
            1 => format!("[*{host}]"),
            _ => format!("[*{host}-10GE1/0/1]"),
        },
        script: &[
            "vlan 100",
            " quit",
            "interface 10GE1/0/1",
            " port link-type access",
            " port default vlan 100",
            " quit",
        ],
        refusal: "Error: The moon is full.",
        commit: Some(("commit", "")),
        steps: alone,
    },
    // They wait in a candidate of one's own.
    Family {
        dialect: "nokia_srl",
        prompt: |host, depth| {
            let mode = if depth == 0 { "running" } else { "* candidate exclusive default" };
            format!("--{{ {mode} }}--[  ]--\r\nA:{host}# ")
        },
        script: &[
            "set / network-instance vlan-100 type mac-vrf",
            "set / interface ethernet-1/1 subinterface 100 type bridged",
            "set / network-instance vlan-100 interface ethernet-1/1.100",
        ],
        refusal: "Parsing error: the moon is full",
        commit: Some(("commit stay", "All changes have been committed. Starting new transaction.")),
        steps: |stage| vec![Step::Lock(None), stage, Step::Commit(CommitMode::Plain), Step::Unlock],
    },
    // The prompt says more than a host and a mode.
    Family {
        dialect: "mellanox_mlnxos",
        prompt: |host, depth| match depth {
            0 => format!("{host} [standalone: master] # "),
            1 => format!("{host} [standalone: master] (config) # "),
            _ => format!("{host} [standalone: master] (config interface ethernet 1/1) # "),
        },
        script: &[
            "vlan 100",
            " exit",
            "interface ethernet 1/1",
            " switchport mode access",
            " switchport access vlan 100",
            " exit",
        ],
        refusal: "% The moon is full",
        commit: None,
        steps: alone,
    },
];

/// Lines by which one gets out, and what was not committed goes.
const LEAVES: [&str; 5] = ["exit", "quit", "return", "enter running", "discard now"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mishap {
    Refuse,
    DropBefore,
    DropAfter,
    Killed,
    Hang,
    Flood,
    Rename,
}

#[derive(Default)]
struct Switch {
    entered: Vec<String>,
    fault: Option<(usize, Mishap)>,
    depth: usize,
    host: String,
    staged: Vec<String>,
    running: Vec<String>,
}

impl Switch {
    /// Does a line; gives what is said of it.
    fn takes(&mut self, family: &Family, line: &str) -> &'static str {
        match (line, family.commit) {
            ("configure terminal" | "system-view" | "enter candidate exclusive", _) => self.depth = 1,
            (line, Some((commit, said))) if line == commit => {
                self.running.append(&mut self.staged);
                return said;
            }
            ("return" | "enter running" | "discard now", _) => {
                (self.depth, self.staged) = (0, Vec::new());
            }
            ("exit" | "quit", _) => self.depth = self.depth.saturating_sub(1),
            (line, commit) if self.depth > 0 => {
                self.depth = if line.starts_with("vlan") || line.starts_with("interface") { 2 } else { self.depth };
                let lines = if commit.is_some() { &mut self.staged } else { &mut self.running };
                lines.push(line.to_owned());
            }
            _ => {}
        }
        ""
    }
}

async fn serve(stream: DuplexStream, family: &'static Family, switch: Arc<Mutex<Switch>>) {
    let (read, mut write) = tokio::io::split(stream);
    let mut lines = BufReader::new(read).lines();
    loop {
        let prompt = {
            let switch = switch.lock().unwrap();
            (family.prompt)(&switch.host, switch.depth)
        };
        if write.write_all(prompt.as_bytes()).await.is_err() {
            return;
        }
        let Ok(Some(line)) = lines.next_line().await else { return };
        let fault = {
            let mut switch = switch.lock().unwrap();
            switch.entered.push(line.clone());
            switch.fault.filter(|(nth, _)| *nth + 1 == switch.entered.len()).map(|(_, fault)| fault)
        };
        let said = match fault {
            Some(Mishap::Refuse) => family.refusal,
            Some(Mishap::DropBefore) => return,
            Some(Mishap::Hang) => std::future::pending().await,
            Some(Mishap::Killed) => {
                let _gone = write.write_all(b"\r\n*** ended by an administrator ***\r\n").await;
                return;
            }
            Some(Mishap::Flood) => {
                while write.write_all(&[b'x'; 4096]).await.is_ok() {}
                return;
            }
            Some(Mishap::Rename | Mishap::DropAfter) | None => switch.lock().unwrap().takes(family, &line),
        };
        match fault {
            Some(Mishap::DropAfter) => return,
            Some(Mishap::Rename) => "other-7".clone_into(&mut switch.lock().unwrap().host),
            _ => {}
        }
        if write.write_all(format!("{line}\r\n{said}\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The script with a fault at one line: what was said, whether the session is of use, and the switch.
async fn struck(family: &'static Family, nth: usize, fault: Mishap) -> (Flight, bool, Arc<Mutex<Switch>>) {
    static DIALECTS: LazyLock<Vec<Arc<Dialect>>> = LazyLock::new(|| builtin().unwrap());
    let dialect = DIALECTS.iter().find(|one| one.name == family.dialect).unwrap();
    let dialect = Arc::new(dialect.cli.clone().unwrap());
    let switch = Arc::new(Mutex::new(Switch { host: "leaf-1".to_owned(), ..Switch::default() }));
    let (near, far) = tokio::io::duplex(1 << 12);
    tokio::spawn(serve(far, family, Arc::clone(&switch)));
    let budget = Budget::new(1 << 18);
    let secrets = Secrets::default();
    let shell = Shell::open(near, &dialect.session, secrets, &mut budget.share(MAX_REPLY)).await.unwrap();
    {
        let mut switch = switch.lock().unwrap();
        switch.entered.clear();
        switch.fault = Some((nth, fault));
    }
    let mut session = LineSession::new(Box::new(shell), dialect, budget);
    let mut script = Script::default();
    for (at, text) in family.script.iter().enumerate() {
        let is_block = family.script.get(at + 1).is_some_and(|next| next.starts_with(' ') && !text.starts_with(' '));
        script.push(text.trim_start().to_owned(), usize::from(text.starts_with(' ')), is_block);
    }
    let stage = Step::Stage(Payload::new(script));
    // One after the other, as what is refused ends them.
    let mut done = Flight { results: Vec::new(), lost: None };
    for step in (family.steps)(stage) {
        let is_over = done.lost.is_some() || done.results.iter().any(Result::is_err);
        if is_over && (!matches!(step, Step::Unlock) || done.lost.is_some()) {
            continue;
        }
        let flight = session.flight(&[step], Duration::from_secs(60)).await;
        done.results.extend(flight.results);
        done.lost = done.lost.or(flight.lost);
    }
    let is_usable = session.is_usable();
    (done, is_usable, switch)
}

async fn at_every_line(family: &'static Family, fault: Mishap) {
    let is_line = |line: &&str| !LEAVES.contains(&line.trim());
    let all: Vec<&str> = family.script.iter().copied().filter(is_line).map(str::trim_start).collect();
    for nth in 0.. {
        let (flight, is_usable, switch) = struck(family, nth, fault).await;
        let switch = switch.lock().unwrap();
        let place = format!(
            "{} {fault:?} at line {nth}: {flight:?}\n{:?}\n{:?}",
            family.dialect, switch.entered, switch.running
        );
        let is_done = flight.lost.is_none() && flight.results.iter().all(Result::is_ok);
        if switch.entered.len() <= nth {
            assert!(is_done && is_usable && switch.running == all && switch.depth == 0, "{place}");
            assert!(nth > family.script.len(), "{place}");
            return;
        }
        let (before, behind) = switch.entered.split_at(nth);
        match fault {
            Mishap::Rename => assert!(is_done && is_usable && switch.running == all, "{place}"),
            Mishap::Refuse => {
                assert!(!is_done && flight.lost.is_none(), "{place}");
                assert!(behind[1..].iter().all(|line| LEAVES.contains(&line.as_str())), "more was entered: {place}");
                assert!(!is_usable || switch.depth == 0 && switch.staged.is_empty(), "{place}");
            }
            _ => assert!(flight.lost.is_some() && !is_usable && behind.len() == 1, "{place}"),
        }
        // What is so: nothing before a commit, all of it behind one; else what was entered before.
        let entered = before.iter().chain(behind.first().filter(|_| fault == Mishap::DropAfter));
        if let (Some((commit, _)), false) = (family.commit, fault == Mishap::Rename) {
            let is_committed = entered.clone().any(|line| line == commit);
            assert_eq!(switch.running == all, is_committed, "{place}");
            assert!(is_committed || switch.running.is_empty(), "{place}");
        } else if fault != Mishap::Rename {
            let own: Vec<&String> = entered.filter(|line| all.contains(&line.as_str())).collect();
            assert!(switch.running.iter().eq(own), "{place}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_wrong_at_any_line_ends_in_a_state_that_is_known() {
    for family in &FAMILIES {
        for fault in [
            Mishap::Refuse,
            Mishap::DropBefore,
            Mishap::DropAfter,
            Mishap::Killed,
            Mishap::Hang,
            Mishap::Flood,
            Mishap::Rename,
        ] {
            at_every_line(family, fault).await;
        }
    }
}

/// NVUE's commands wait for this; of what is entered nothing is so before.
const APPLY: &str = "nv config apply --assume-yes";

#[tokio::test(start_paused = true)]
async fn what_goes_wrong_at_any_command_of_nvue_applies_nothing() {
    let dialect = builtin().unwrap().into_iter().find(|one| one.name == "cumulus_nvue").unwrap();
    let dialect = Arc::new(dialect.cli.clone().unwrap());
    let mut script = Script::default();
    for text in
        ["nv set bridge domain br_default vlan 100", "nv set interface swp1 bridge domain br_default access 100"]
    {
        script.push(text.to_owned(), 0, false);
    }
    for fault in [Mishap::Refuse, Mishap::DropBefore, Mishap::Hang] {
        for nth in 0.. {
            let told = Told::default();
            let run = Arc::clone(&told);
            let wire = Answering(move |line: &str| {
                let at = run.lock().unwrap().len();
                run.lock().unwrap().push(line.to_owned());
                let (said, status) = match fault {
                    Mishap::Refuse if at == nth => ("Error: the moon is full", 1),
                    Mishap::Hang if at == nth => return Err(Lost::Timeout(Duration::ZERO)),
                    Mishap::DropBefore if at == nth => return Err(Lost::Closed("gone".to_owned())),
                    _ => ("", 0),
                };
                Ok(Reply::of(said.to_owned(), End::Status(Some(status))))
            });
            let mut session = LineSession::new(Box::new(wire), Arc::clone(&dialect), Budget::new(1 << 18));
            let stage = Step::Stage(Payload::new(script.clone()));
            let flight = session.flight(&[stage], Duration::from_secs(60)).await;
            let told = told.lock().unwrap().clone();
            let place = format!("{fault:?} at {nth}: {flight:?} {told:?}");
            let is_done = matches!(flight.results.as_slice(), [Ok(_)]);
            if told.len() <= nth {
                assert!(is_done && nth > script.lines.len() + 2 && told.contains(&APPLY.to_owned()), "{place}");
                break;
            }
            // What ends the guard of a shell that is to be left means nothing, and the commands of
            // the script go out together.
            let is_over = told[..nth].iter().any(|line| line == APPLY);
            let is_said = |line: &&String| script.lines.iter().any(|own| own.text == **line);
            assert_eq!(flight.lost.is_some(), fault != Mishap::Refuse, "{place}");
            assert_eq!(is_done, fault == Mishap::Refuse && is_over, "{place}");
            let behind = told[nth + 1..].iter().filter(|line| **line != sh::unguarded());
            let behind = behind.filter(|line| fault != Mishap::Refuse || !is_said(line));
            assert!(behind.clone().all(|line| line == "nv config detach"), "{place}");
            let is_entered = told[..nth].iter().any(|line| line.starts_with("nv set"));
            assert!(!(fault == Mishap::Refuse && is_entered && !is_over) || behind.count() == 1, "{place}");
        }
    }
}
