//! Scripts at the prompt of a device that answers as it is told.

#[path = "every_line_tests.rs"]
mod every_line;

use std::sync::Mutex;

use mercury_adapter::{Dialect, Payload, builtin};
use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream};

use super::*;
use crate::{NUMBER, Numbered, prompt::Secrets, shell::Shell, wire::Answering};

/// What the device was told.
type Told = Arc<Mutex<Vec<String>>>;

/// A device whose prompt shows in how many modes one is, and which answers some lines
/// with something.
async fn serve(stream: DuplexStream, told: Told, answers: &'static [(&'static str, &'static str)]) {
    let (read, mut write) = tokio::io::split(stream);
    let (mut lines, mut depth) = (BufReader::new(read).lines(), 0_usize);
    loop {
        let prompt = ["sw1#", "sw1(config)#", "sw1(config-if)#"][depth.min(2)];
        write.write_all(prompt.as_bytes()).await.unwrap();
        let Ok(Some(line)) = lines.next_line().await else { return };
        let answer = answers.iter().find(|(own, _)| *own == line).map_or("", |(_, answer)| *answer);
        match line.as_str() {
            _ if answer == "stays" => {}
            "configure terminal" => depth = 1,
            "exit" => depth = depth.saturating_sub(1),
            "end" => depth = 0,
            other if other.starts_with("interface") => depth = 2,
            _ => {}
        }
        write.write_all(format!("{line}\r\n{answer}\r\n").as_bytes()).await.unwrap();
        told.lock().unwrap().push(line);
    }
}

/// A session with it, and what it was told since then.
async fn session(end: &str, answers: &'static [(&'static str, &'static str)]) -> (LineSession, Told) {
    let (near, far) = tokio::io::duplex(1 << 16);
    let told = Told::default();
    tokio::spawn(serve(far, Arc::clone(&told), answers));
    let ios: Arc<Dialect> = builtin().unwrap().into_iter().find(|one| one.name == "cisco_ios").unwrap();
    let mut dialect = ios.cli.clone().unwrap();
    let mut own = (*dialect.session).clone();
    own.end = vec![end.to_owned()];
    dialect.session = Arc::new(own);
    let secrets = Secrets { enable: Some(SecretString::from("s")), ..Secrets::default() };
    let budget = Budget::new(64 << 20);
    let shell = Shell::open(near, &dialect.session, secrets, &mut budget.share(MAX_REPLY)).await.unwrap();
    told.lock().unwrap().clear();
    (LineSession::new(Box::new(shell), Arc::new(dialect), budget), told)
}

fn script() -> Step {
    let mut script = Script::default();
    for (text, depth, is_block) in [("interface Gi1", 0, true), ("mtu 1", 1, false), ("mtu 2", 1, false)] {
        script.push(text.to_owned(), depth, is_block);
    }
    Step::Stage(Payload::new(script))
}

async fn staged(session: &mut LineSession) -> StepResult {
    let mut flight = session.flight(&[script()], Duration::from_secs(60)).await;
    assert_eq!(flight.lost, None);
    flight.results.pop().unwrap()
}

#[tokio::test(start_paused = true)]
async fn as_many_modes_are_left_as_there_are() {
    for (end, entered) in [("end", vec!["end"]), ("exit", vec!["exit", "exit"])] {
        let (mut session, told) = session(end, &[]).await;
        staged(&mut session).await.unwrap();
        let lines = ["configure terminal", "interface Gi1", "mtu 1", "mtu 2"].into_iter().chain(entered);
        assert_eq!(*told.lock().unwrap(), lines.collect::<Vec<_>>());
        assert!(session.is_usable());
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_entered_behind_a_refused_line() {
    let (mut session, told) = session("end", &[("mtu 1", "% Invalid input")]).await;
    let refusal = staged(&mut session).await.unwrap_err();
    assert!(refusal.to_string().contains("% Invalid input (bad-command: mtu 1, line: 2 of 3)"), "{refusal}");
    assert_eq!(*told.lock().unwrap(), ["configure terminal", "interface Gi1", "mtu 1", "end"]);
    assert!(session.is_usable());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_stays_in_configuration_mode_says_so_and_is_not_used_again() {
    let (mut session, _) = session("end", &[("end", "stays")]).await;
    let refusal = staged(&mut session).await.unwrap_err();
    assert!(refusal.to_string().contains("configuration mode was not left"), "{refusal}");
    assert!(!session.is_usable());
}

#[tokio::test(start_paused = true)]
async fn configuration_mode_that_is_not_entered_is_a_refusal() {
    let (mut session, told) = session("end", &[("configure terminal", "stays")]).await;
    let refusal = staged(&mut session).await.unwrap_err();
    assert!(refusal.to_string().contains("not in configuration mode"), "{refusal}");
    assert_eq!(*told.lock().unwrap(), ["configure terminal", "end"]);
}

/// What some commands answer, and the status with which they end; others say nothing.
type Answers = &'static [(&'static str, &'static str, u32)];

/// A shell whose commands do so, for a dialect, and what was run.
fn commands(dialect: &str, answers: Answers) -> (LineSession, Told) {
    let dialect = builtin().unwrap().into_iter().find(|one| one.name == dialect).unwrap();
    let told = Told::default();
    let run = Arc::clone(&told);
    let wire = Answering(move |line: &str| {
        run.lock().unwrap().push(line.to_owned());
        let answer = answers.iter().find(|(own, ..)| *own == line);
        let (text, status) = answer.map_or(("", 0), |(_, text, status)| (*text, *status));
        Ok(Reply::of(text.to_owned(), End::Status(Some(status))))
    });
    (LineSession::new(Box::new(wire), Arc::new(dialect.cli.clone().unwrap()), Budget::new(64 << 20)), told)
}

/// What becomes of a script of commands that wait for `net commit`, and what was run.
async fn committed(answers: Answers) -> (StepResult, Vec<String>) {
    let (mut session, told) = commands("cumulus", answers);
    let result = staged(&mut session).await;
    let told = told.lock().unwrap().clone();
    (result, told)
}

#[tokio::test]
async fn commands_that_wait_for_a_commit_are_committed_or_thrown_away() {
    let (guard, unguard) = (sh::guarded(&["net abort".to_owned()]), sh::unguarded());
    let lines = ["net pending", &*guard, "interface Gi1", "mtu 1", "mtu 2"];
    let (result, told) = committed(&[]).await;
    result.unwrap();
    assert_eq!(told, [&lines[..], &["net commit", &*unguard]].concat());
    let (result, told) = committed(&[("mtu 1", "ERROR: Command not found.", 0)]).await;
    assert!(result.unwrap_err().to_string().contains("line: 2 of 3"));
    // What stands behind it went out with it.
    assert_eq!(told, [&lines[..], &["net abort", &*unguard]].concat());
    let (result, told) = committed(&[("net commit", "no space left", 1)]).await;
    assert!(result.unwrap_err().to_string().contains("exit status 1: no space left"));
    assert_eq!(told, [&lines[..], &["net commit", "net abort", &*unguard]].concat());
}

#[tokio::test]
async fn what_others_entered_and_did_not_commit_is_theirs() {
    let others = "User Timestamp Command\ncumulus 2026-11-28 22:00:00 net add interface swp7 mtu 9000\n";
    let (result, told) = committed(Box::leak(Box::new([("net pending", others, 0)]))).await;
    let Err(Refusal::Errors(errors)) = result else { panic!("{result:?}") };
    assert_eq!(errors[0].tag, mercury_adapter::ErrorTag::LockDenied);
    assert!(errors[0].to_string().contains("net add interface swp7 mtu 9000"), "{:?}", errors[0]);
    assert_eq!(told, ["net pending"]);
}

/// What says on standard error that it cannot tell what waits.
#[tokio::test]
async fn where_it_is_not_told_what_others_entered_nothing_is_entered() {
    let dialect = builtin().unwrap().into_iter().find(|one| one.name == "cumulus").unwrap();
    let told = Told::default();
    let run = Arc::clone(&told);
    let wire = Answering(move |line: &str| {
        run.lock().unwrap().push(line.to_owned());
        Ok(Reply { beside: "ERROR: no one can tell".to_owned(), ..Reply::of(String::new(), End::Status(Some(0))) })
    });
    let dialect = Arc::new(dialect.cli.clone().unwrap());
    let mut session = LineSession::new(Box::new(wire), dialect, Budget::new(64 << 20));
    assert!(staged(&mut session).await.unwrap_err().to_string().contains("no one can tell"));
    assert_eq!(*told.lock().unwrap(), ["net pending"]);
}

/// What a look shows that is about a port which the configuration does not have, or about a VLAN.
async fn looked(answers: Answers, absent: Absent) -> (Sighting, Vec<String>) {
    let (mut session, told) = commands("cisco_s300", answers);
    let mut flight = session.flight(&[Step::Look(absent)], Duration::from_secs(60)).await;
    let Some(Ok(Answer::Seen(seen))) = flight.results.pop() else { panic!("{flight:?}") };
    let told = told.lock().unwrap().clone();
    (*seen, told)
}

fn of_a_port() -> Absent {
    Absent { interfaces: ["gigabitethernet2".parse().unwrap()].into(), ..Absent::default() }
}

const CONFIGURATION: (&str, &str, u32) = (
    "show running-config",
    "vlan database\nvlan 7\nexit\ninterface gigabitethernet1\n switchport access vlan 7\n!\n",
    0,
);
const PORTS: &str = "Port     Type         State\n-------- ------------ -----------\ngi1      1G-Copper    Up\n\
                     gi2      1G-Copper    Down\n";

#[tokio::test]
async fn which_ports_there_are_is_asked_where_the_configuration_lacks_one() {
    let (seen, told) = looked(&[CONFIGURATION, ("show interfaces status", PORTS, 0)], of_a_port()).await;
    assert_eq!(told, ["show running-config", "show interfaces status"]);
    let named = |names: &[&str]| Some(names.iter().map(|name| name.parse().unwrap()).collect());
    assert_eq!(seen.interfaces, named(&["gigabitethernet1"]));
    assert_eq!((seen.state, seen.untold), (named(&["gigabitethernet1", "gigabitethernet2"]), None));
    let vlan = Absent { vlans: [9u16.try_into().unwrap()].into(), ..Absent::default() };
    let (seen, told) = looked(&[CONFIGURATION], vlan).await;
    assert_eq!((seen.state, told), (None, vec!["show running-config".to_owned()]));
}

#[tokio::test]
async fn where_one_command_tells_of_no_ports_the_next_is_asked_and_else_it_is_said_why() {
    const NAMES: &str = "Port      Description\n-------   -----------\ngi2       % 5\n";
    const REFUSED: (&str, &str, u32) = ("show interfaces status", "% Unrecognized command", 0);
    let (seen, told) = looked(&[CONFIGURATION, REFUSED, ("show interfaces description", NAMES, 0)], of_a_port()).await;
    assert_eq!(told[1..], ["show interfaces status", "show interfaces description"]);
    // A short answer that holds what a refusal has is one.
    assert_eq!(seen.state, None);
    let untold = seen.untold.unwrap();
    assert!(untold.contains("\"show interfaces status\" was refused: % Unrecognized command"), "{untold}");
    let (seen, _) = looked(&[CONFIGURATION, ("show interfaces description", PORTS, 0)], of_a_port()).await;
    assert!(seen.untold.unwrap().contains("cannot be read"));
    let names = "Port      Description\n-------   -----------\ngi2       node 5\n";
    let answers = [CONFIGURATION, REFUSED, ("show interfaces description", names, 0)];
    let (seen, _) = looked(Box::leak(Box::new(answers)), of_a_port()).await;
    assert_eq!((seen.state.map(|state| state.len()), seen.untold), (Some(1), None));
}

#[tokio::test]
async fn what_was_seen_of_the_configuration_is_not_lost_with_the_question_for_ports() {
    let seen = |step: Step| async move {
        let dialect = builtin().unwrap().into_iter().find(|one| one.name == "cisco_s300").unwrap();
        let told = Told::default();
        let run = Arc::clone(&told);
        let wire = Answering(move |line: &str| {
            run.lock().unwrap().push(line.to_owned());
            let text =
                if line == CONFIGURATION.0 { CONFIGURATION.1 } else { return Err(Lost::Closed("gone".to_owned())) };
            Ok(Reply::of(text.to_owned(), End::Status(Some(0))))
        });
        let dialect = Arc::new(dialect.cli.clone().unwrap());
        let mut session = LineSession::new(Box::new(wire), dialect, Budget::new(64 << 20));
        let mut flight = session.flight(&[step], Duration::from_secs(60)).await;
        let Some(Ok(Answer::Seen(seen))) = flight.results.pop() else { panic!("{flight:?}") };
        let told = told.lock().unwrap().clone();
        (*seen, told)
    };
    let (lost, told) = seen(Step::Look(of_a_port())).await;
    assert_eq!(told, ["show running-config", "show interfaces status"]);
    assert_eq!((lost.interfaces.map(|names| names.len()), lost.state), (Some(1), None));
    assert!(lost.untold.unwrap().contains("was lost"));
    // An aggregate is no port.
    let absent = Absent { interfaces: ["port-channel7".parse().unwrap()].into(), ..Absent::default() };
    let (seen, told) = seen(Step::Look(absent)).await;
    assert_eq!((seen.state, seen.untold, told), (None, None, vec!["show running-config".to_owned()]));
}

/// Shows its configuration, and answers nothing else.
struct Hanging;

impl Wire for Hanging {
    fn ask<'a>(&'a mut self, lines: &'a [Entry<'a>], _: &'a mut Share) -> BoxFuture<'a, Result<Vec<Reply>, Lost>> {
        Box::pin(async move {
            if lines[0].line != CONFIGURATION.0 {
                std::future::pending::<()>().await;
            }
            Ok(vec![Reply::of(CONFIGURATION.1.to_owned(), End::Status(Some(0)))])
        })
    }

    fn is_open(&self) -> bool {
        true
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}

#[tokio::test(start_paused = true)]
async fn a_switch_that_hangs_at_the_question_for_ports_has_shown_its_configuration() {
    let dialect = builtin().unwrap().into_iter().find(|one| one.name == "cisco_s300").unwrap();
    let dialect = Arc::new(dialect.cli.clone().unwrap());
    let mut session = LineSession::new(Box::new(Hanging), dialect, Budget::new(64 << 20));
    let mut flight = session.flight(&[Step::Look(of_a_port())], Duration::from_secs(60)).await;
    let Some(Ok(Answer::Seen(seen))) = flight.results.pop() else { panic!("{flight:?}") };
    assert_eq!((seen.interfaces.map(|names| names.len()), seen.state), (Some(1), None));
    assert!(seen.untold.unwrap().contains("not answered in time"));
}

const ASKED: &str = "ovs-vsctl --timeout=10 --format=json -- --columns=_uuid,name,interfaces,vlan_mode,tag,trunks,cvlans,external_ids,other_config,fake_bridge,lacp,bond_mode,bond_updelay,bond_downdelay,bond_fake_iface,qos,mac,protected list Port -- --columns=_uuid,name,mtu_request,type,external_ids,error,ofport list Interface -- --columns=name list Bridge -- --columns=select_src_port,select_dst_port,output_port list Mirror -- --columns=cur_cfg,next_cfg list Open_vSwitch";
const SHOWN: &str = r#"{"headings":["name","vlan_mode","tag","trunks"],"data":[["p1","access",7,["set",[]]]]}
{"headings":["name"],"data":[]}{"headings":["name"],"data":[]}{"headings":["output_port"],"data":[]}{"headings":["cur_cfg","next_cfg"],"data":[[7,7]]}"#;

fn one_line(text: &str) -> Step {
    let mut script = Script::default();
    script.push(text.to_owned(), 0, false);
    Step::Stage(Payload::new(script))
}

#[tokio::test]
async fn one_command_and_what_is_there_then_are_asked_for_at_once() {
    const REFUSED: &str = "ovs-vsctl: no row \"p9\" in table Port";
    for (asked, is_refused) in [("mtu 1", false), ("mtu 9", true)] {
        let (mut session, told) = commands("netmiko_ovs_linux", &[(ASKED, SHOWN, 0), ("mtu 9", REFUSED, 1)]);
        assert!(session.capabilities().pipelining && session.capabilities().atomic_edit);
        let steps = [one_line(asked), Step::Read(Scope::all()), Step::Unlock];
        let flight = session.flight(&steps, Duration::from_secs(60)).await;
        let [staged, Ok(Answer::Running(found)), Ok(_)] = flight.results.as_slice() else { panic!("{flight:?}") };
        assert_eq!(found.interfaces.len(), 1);
        let words = staged.as_ref().err().map(ToString::to_string);
        assert_eq!(words.is_some(), is_refused, "{words:?}");
        assert!(words.is_none_or(|words| words.contains(REFUSED) && words.contains("line: 1 of 1")));
        assert_eq!(*told.lock().unwrap(), [asked, ASKED]);
        session.ask_one_by_one();
        assert!(!session.capabilities().pipelining);
    }
}

#[tokio::test]
async fn what_is_not_shown_behind_a_command_says_nothing_of_the_command() {
    let (mut session, _) = commands("netmiko_ovs_linux", &[(ASKED, "ovs-vsctl: database connection failed", 1)]);
    let flight = session.flight(&[one_line("mtu 1"), Step::Read(Scope::all())], Duration::from_secs(60)).await;
    assert!(matches!(flight.results.as_slice(), [Ok(_), Err(Refusal::Errors(_))]), "{flight:?}");
}

const ASK: &str = "trunk-show name lag7 format trunk-id";

/// What becomes of lines one of which bears a number that the one before it asks for.
async fn numbered(answers: Answers) -> (StepResult, Vec<String>) {
    let (mut session, told) = commands("pluribus", answers);
    let mut script = Script::default();
    script.push("trunk-create name lag7".to_owned(), 0, false);
    script.numbered(ASK.to_owned(), Numbered::Asks);
    script.numbered(format!("port-vlan-add port {NUMBER}"), Numbered::Bears);
    script.push(format!("description {NUMBER}"), 0, false);
    let mut flight = session.flight(&[Step::Stage(Payload::new(script))], Duration::from_secs(60)).await;
    let told = told.lock().unwrap().clone();
    (flight.results.pop().unwrap(), told)
}

#[tokio::test]
async fn a_number_that_the_switch_gives_is_asked_for_and_typed() {
    let (done, told) = numbered(&[(ASK, "\n128 \n", 0)]).await;
    done.unwrap();
    assert_eq!(told, ["trunk-create name lag7", ASK, "port-vlan-add port 128", "description {number}"]);
}

#[tokio::test]
async fn what_is_no_number_is_typed_nowhere() {
    const NONE: [Answers; 6] = [
        &[(ASK, "", 0)],
        &[(ASK, "128\n129\n", 0)],
        &[(ASK, "none\n", 0)],
        &[(ASK, "128 ports all\n", 0)],
        &[(ASK, "1234567890\n", 0)],
        &[(ASK, "Error: 128\n", 0)],
    ];
    for answers in NONE {
        let (refusal, told) = numbered(answers).await;
        let refusal = refusal.unwrap_err().to_string();
        assert!(refusal.contains("line: 2 of 4"), "{refusal}");
        assert_eq!(told, ["trunk-create name lag7", ASK], "{refusal}");
    }
}
