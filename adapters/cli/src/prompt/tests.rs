//! Conversations with devices as they really talk.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use mercury_adapter::{CliSession, Level, When};
use proptest::prelude::*;
use secrecy::SecretString;

use super::*;

static SESSION: LazyLock<Arc<CliSession>> = LazyLock::new(|| Arc::new(TEXT.parse().unwrap()));

const TEXT: &str = r#"
    prepare = ["terminal length 0"]
    pager = '--More--|^lines \d+-\d+$'
    press = 'Press any key'
    noise = ['^\[edit[^\]]*\]$']
    configure = ["configure terminal"]
    end = ["end"]
    save = ["write memory"]
    refused = ["^% "]
    [prompts]
    user = '(?<host>[\w.-]+)>'
    enable = '(?<host>[\w.-]+)#'
    configure = '(?<host>[\w.-]+)\(config[^()]*\)#'
    [enable]
    line = "enable"
    ask = '^Password:$'
    [login]
    name = '^User Name:$'
    password = '^Password:$'
    [[question]]
    when = "save"
    ask = '\[confirm\]$'
    answer = ""
    [[question]]
    when = "save"
    ask = 'Overwrite\? \(y/n\)'
    answer = "y"
    [[question]]
    when = "login"
    ask = 'change the password now\? \[Y/N\]:'
    answer = "n"
"#;

/// The machine, what it sent, and the time there.
struct Talk {
    machine: Machine,
    now: Duration,
}

impl Talk {
    fn begin() -> Self {
        let secrets = Secrets {
            username: "mercury".to_owned(),
            password: Some(SecretString::from("pass")),
            enable: Some(SecretString::from("s3cret")),
        };
        Self { machine: Machine::new(Arc::clone(&SESSION), secrets, Duration::ZERO), now: Duration::ZERO }
    }

    /// At the prompt `sw1#`.
    fn at_prompt() -> Self {
        let mut talk = Self::begin();
        talk.says("sw1#");
        talk.waits();
        assert_eq!(talk.answer().unwrap().level, Level::Enable);
        talk
    }

    fn says(&mut self, text: &str) {
        self.machine.receive(text.as_bytes(), self.now).unwrap();
    }

    /// Nothing comes until the machine has waited long enough.
    fn waits(&mut self) {
        self.now = self.machine.wakes_at().unwrap();
        self.machine.wake(self.now).unwrap();
    }

    fn sends(&mut self, line: &str) {
        self.machine.send(line, Some(When::Configure));
        assert_eq!(self.sent(), format!("{line}\n"));
    }

    fn sent(&mut self) -> String {
        String::from_utf8(self.machine.take_output()).unwrap()
    }

    fn answer(&mut self) -> Option<Answered> {
        self.machine.next_answer()
    }

    fn text(&mut self) -> Vec<String> {
        self.answer().unwrap().text.lines().map(str::to_owned).collect()
    }
}

#[test]
fn the_first_prompt_is_one_when_nothing_follows_it() {
    let mut talk = Talk::begin();
    talk.says("Welcome to\r\nlab#");
    talk.says("1, the best\r\n\r\nsw1>");
    assert_eq!(talk.answer(), None);
    talk.waits();
    let text = "Welcome to\nlab#1, the best\n".to_owned();
    assert_eq!(talk.answer(), Some(Answered { line: String::new(), text, level: Level::User }));
}

#[test]
fn a_silent_device_is_nudged_and_one_that_waits_for_a_key_gets_one() {
    // One that asks who one is would take it for a name.
    assert_eq!(Talk::begin().machine.wakes_at(), None);
    let mut session = (**SESSION).clone();
    session.login = None;
    let machine = Machine::new(Arc::new(session), Secrets::default(), Duration::ZERO);
    let mut talk = Talk { machine, now: Duration::ZERO };
    talk.waits();
    assert_eq!(talk.sent(), "\n");
    talk.says("\r\nPress any key to continue");
    assert_eq!(talk.sent(), "\n");
    talk.says("\x1b[2J\r\nYou should change the password now? [Y/N]:");
    assert_eq!(talk.sent(), "n\n");
    talk.says("n\r\nsw1#");
    talk.waits();
    assert_eq!(talk.answer().unwrap().level, Level::Enable);
    assert_eq!(talk.machine.wakes_at(), None);
}

#[test]
fn a_device_may_ask_once_more_who_one_is() {
    let mut talk = Talk::begin();
    talk.says("\r\nUser Name:");
    assert_eq!(talk.sent(), "mercury\n");
    talk.says("mercury\r\nPassword:");
    assert_eq!(talk.sent(), "pass\n");
    assert!(talk.machine.is_judged());
    talk.says("****\r\n\r\nsw1>");
    talk.waits();
    assert_eq!(talk.answer().unwrap().level, Level::User);
    assert!(!talk.machine.is_judged());
}

#[test]
fn the_password_is_told_once() {
    for again in ["\r\nUser Name:", "\r\nPassword:"] {
        let mut talk = Talk::begin();
        talk.says("\r\nUser Name:");
        // As some clear the line for whatever was typed before.
        talk.says("\r\nUser Name:");
        assert_eq!(talk.sent(), "mercury\nmercury\n");
        talk.says("mercury\r\nPassword:");
        assert_eq!(talk.sent(), "pass\n");
        talk.says("\r\n% Login invalid\r\n");
        let error = talk.machine.receive(again.as_bytes(), talk.now).unwrap_err();
        assert_eq!((error, talk.sent().as_str()), (PromptError::Login, ""));
        assert!(!format!("{:?}", talk.machine).contains("pass\""));
    }
}

#[test]
fn the_secret_is_given_once_and_is_in_no_answer() {
    let mut talk = Talk::at_prompt();
    for (asked, level) in [(1, Level::Enable), (2, Level::User)] {
        talk.machine.send("enable", None);
        assert_eq!(talk.sent(), "enable\n");
        talk.says("enable\r\nPassword: ");
        assert_eq!(talk.sent(), "s3cret\n");
        if asked == 2 {
            talk.says("\r\nPassword: ");
            assert_eq!(talk.sent(), "\n");
        }
        // Some echo it.
        talk.says("s3cret");
        talk.says(if level == Level::User { "\r\n% Bad secrets\r\nsw1>" } else { "\r\nsw1#" });
        let answer = talk.answer().unwrap();
        assert_eq!(answer.level, level);
        assert!(!format!("{answer:?} {:?}", talk.machine).contains("s3cret"));
    }
}

#[test]
fn an_answer_is_what_stands_between_the_echo_and_the_prompt() {
    let mut talk = Talk::at_prompt();
    talk.sends("show run");
    talk.says("show run\r\n\r\nvlan 2\r\n name sw1#\r\nsw1#");
    assert_eq!(talk.text(), ["vlan 2", " name sw1#"]);
    // A prompt that comes twice is not the answer to the next line.
    talk.says("\r\nsw1#");
    talk.sends("vlan 5000");
    assert_eq!(talk.answer(), None);
    talk.says("vlan 5000\r\n          ^\r\n% Invalid\r\n\r\nsw1(config)#");
    let answer = talk.answer().unwrap();
    assert_eq!((answer.text.as_str(), answer.level), ("          ^\n% Invalid\n", Level::Configure));
}

#[test]
fn what_comes_unasked_is_seen_with_the_next_answer() {
    let mut talk = Talk::at_prompt();
    talk.says("\r\n%LINK-3-UPDOWN: Interface Gi1, changed state to up\r\nsw1#");
    talk.sends("vlan 2");
    talk.says("vlan 2\r\nsw1(config-vlan)#");
    assert_eq!(talk.text(), ["%LINK-3-UPDOWN: Interface Gi1, changed state to up"]);
}

#[test]
fn wrapped_echoes_pagers_and_noise_leave_no_trace() {
    let mut talk = Talk::at_prompt();
    talk.sends("switchport trunk allowed vlan 10,20");
    talk.says("\x1b[?2004lswitchport trunk allo\r\nwed vlan 10,20\r\n\r\n[edit interfaces]\r\nsw1(config-if)#");
    assert_eq!(talk.text(), Vec::<String>::new());
    talk.sends("show run");
    talk.says("show run\r\nvlan 2\r\n --More-- ");
    assert_eq!(talk.sent(), " ");
    talk.says("\x08\x08\x08\x08\x08\x08\x08\x08\x08         \x08\x08\x08\x08\x08\x08\x08\x08\x08vlan 3\r\n");
    talk.says("\x1b[7mlines 1-23\x1b[27m");
    assert_eq!(talk.sent(), " ");
    talk.says("\r\x1b[Kvlan 4\r\nsw1#");
    assert_eq!(talk.text(), ["vlan 2", "vlan 3", "vlan 4"]);
}

#[test]
fn only_questions_that_belong_to_a_line_are_answered() {
    let mut talk = Talk::at_prompt();
    talk.machine.send("write memory", Some(When::Save));
    talk.sent();
    talk.says("write memory\r\nOverwrite? (y/n) ");
    assert_eq!(talk.sent(), "y\n");
    talk.says("y\r\nProceed? [confirm]");
    assert_eq!(talk.sent(), "\n");
    talk.says("\r\n[OK]\r\nsw1#");
    assert_eq!(talk.text(), ["Overwrite? (y/n)", "Proceed? [confirm]", "[OK]"]);
    talk.sends("no vlan 2");
    talk.says("no vlan 2\r\nProceed? [confirm]");
    assert_eq!((talk.sent().as_str(), talk.answer()), ("", None));
    assert_eq!(talk.machine.pending().map(|(line, _)| line), Some("no vlan 2"));
}

#[test]
fn a_device_that_never_stops_asking_is_left() {
    let mut talk = Talk::at_prompt();
    talk.machine.send("write memory", Some(When::Save));
    talk.says("write memory\r\n");
    let asked = |talk: &mut Talk| talk.machine.receive(b"\r\nOverwrite? (y/n)", Duration::ZERO);
    assert!((0..100).any(|_| asked(&mut talk).is_err()));
}

#[test]
fn a_host_that_is_renamed_or_cut_is_still_the_host() {
    let mut talk = Talk::at_prompt();
    talk.sends("hostname leaf-rack-17-lower");
    talk.says("hostname leaf-rack-17-lower\r\nleaf-rack-17-lower(config)#");
    assert_eq!(talk.answer(), None);
    talk.waits();
    assert_eq!(talk.answer().unwrap().level, Level::Configure);
    talk.sends("interface Gi1");
    talk.says("interface Gi1\r\nleaf-rack-17(config-if)#");
    assert_eq!(talk.answer().unwrap().level, Level::Configure);
}

#[test]
fn pipelined_lines_have_each_its_own_answer() {
    let mut talk = Talk::at_prompt();
    for line in ["mtu 1", "no mtu 1", "end"] {
        talk.machine.send(line, None);
    }
    assert_eq!(talk.sent(), "mtu 1\nno mtu 1\nend\n");
    talk.says("mtu 1\r\n% Bad\r\nsw1(config-if)#no mtu 1\r\nsw1(config-if)#end\r\nsw1#");
    let answers: Vec<_> = std::iter::from_fn(|| talk.answer()).collect();
    let seen: Vec<_> = answers.iter().map(|one| (one.line.as_str(), one.text.lines().count(), one.level)).collect();
    let expected = [("mtu 1", 1, Level::Configure), ("no mtu 1", 0, Level::Configure), ("end", 0, Level::Enable)];
    assert_eq!(seen, expected);
}

/// A line of output, with what a device may do to it.
fn output() -> impl Strategy<Value = (String, String)> {
    let noise = prop::sample::select(vec!["", "\x1b[?2004h", "\x1b[0m", "\r", "\0", "y\x08"]);
    (noise, "[a-z0-9% ,!-]{0,30}", prop::sample::select(vec!["\n", "\r\n", " \r\n", "\r\r\n"])).prop_map(
        |(noise, text, end)| {
            let text = format!("z{text}");
            (format!("{noise}{text}{end}"), text.trim_end().to_owned())
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn however_the_bytes_are_split_the_answer_is_the_same(
        lines in prop::collection::vec(output(), 0..20),
        splits in prop::collection::vec(1..40_usize, 1..60),
        echo_is_wrapped in any::<bool>(),
    ) {
        let mut talk = Talk::at_prompt();
        talk.sends("show running-config");
        let echo = if echo_is_wrapped { "show running\r\n-config\r\n" } else { "show running-config\r\n" };
        let raw: String = lines.iter().map(|(raw, _)| raw.as_str()).collect();
        let bytes = format!("{echo}{raw}sw1#").into_bytes();
        let (mut rest, mut splits) = (bytes.as_slice(), splits.iter().cycle());
        while !rest.is_empty() {
            prop_assert_eq!(talk.answer(), None);
            let (now, later) = rest.split_at((*splits.next().unwrap()).min(rest.len()));
            talk.machine.receive(now, Duration::ZERO).unwrap();
            rest = later;
        }
        let expected: Vec<String> = lines.into_iter().map(|(_, text)| text).collect();
        prop_assert_eq!(talk.text(), expected);
    }

    #[test]
    fn no_bytes_make_it_panic_or_keep_more_than_came(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20),
    ) {
        let mut talk = Talk::begin();
        let mut came = 0;
        for chunk in chunks {
            came += chunk.len();
            if talk.machine.receive(&chunk, talk.now).is_err() {
                break;
            }
            if talk.machine.wakes_at().is_some() {
                talk.waits();
            }
            let kept: usize = talk.machine.pending().map_or(0, |(_, text)| text.len());
            // What is no UTF-8 becomes a character of three octets.
            prop_assert!(kept <= 4 * came);
        }
    }
}

/// SR Linux's, whose upper line tells the mode.
const TWO_LINES: &str = r#"
    configure = ["enter candidate exclusive"]
    end = ["enter running"]
    refused = ["^Error"]
    [prompts]
    above = '^--\{.*\}--\[.*\]--$'
    enable = '--\{[^{}]*\brunning\b[^{}]*\}--\[.*\]-- [A-D]:(?<host>[\w.@-]+)#'
    configure = '--\{[^{}]*\bcandidate\b[^{}]*\}--\[.*\]-- [A-D]:(?<host>[\w.@-]+)#'
"#;

#[test]
fn a_prompt_on_two_lines_is_both_of_them() {
    let session = Arc::new(TWO_LINES.parse().unwrap());
    let mut talk = Talk { machine: Machine::new(session, Secrets::default(), Duration::ZERO), now: Duration::ZERO };
    talk.says("Welcome to the srlinux CLI.\r\n\r\n--{ + running }--[  ]--\r\nA:admin@leaf1# ");
    talk.waits();
    assert_eq!(talk.answer().unwrap().level, Level::Enable);
    talk.sends("enter candidate exclusive");
    talk.says("enter candidate exclusive\r\n\r\n--{ + candidate exclusive default }--[  ]--\r\n");
    assert_eq!(talk.answer(), None, "half a prompt is none");
    talk.says("A:admin@leaf1# ");
    assert_eq!(
        talk.answer().unwrap(),
        Answered { line: "enter candidate exclusive".to_owned(), text: String::new(), level: Level::Configure }
    );
    // What is shown may look like either line, and like both.
    talk.sends("info flat / interface *");
    talk.says("info flat / interface *\r\n--{ running }--[  ]--\r\nset / interface ethernet-1/1\r\nA:admin@leaf1#");
    assert_eq!(talk.answer(), None, "the lower line alone is none");
    talk.says(" x\r\n--{ +* candidate exclusive default }--[ interface ethernet-1/1 ]--\r\nA:admin@leaf1# ");
    let answer = talk.answer().unwrap();
    assert_eq!(
        (answer.text.as_str(), answer.level),
        ("set / interface ethernet-1/1\nA:admin@leaf1# x\n", Level::Configure)
    );
    talk.sends("discard now");
    talk.says("discard now\r\n--{ + running }--[  ]--\r\nA:admin@leaf1# ");
    assert_eq!(talk.answer().unwrap().level, Level::Enable);
}
