//! What goes wrong at one command after the other.

use super::*;
use crate::command_line::bridge::Bridge;

/// A system, and how one looks at it.
trait Kind: Sized {
    /// Commands of an attach at which something can go wrong, at least.
    const COMMANDS: usize;
    const PORT: &'static str;

    fn start() -> Option<Self>;
    /// As it was at the start.
    fn again(&self);
    fn entry(&self) -> Entry;
    fn folder(&self) -> &Path;
    fn running(&self) -> Value;
    /// What a reboot would bring; `None` where that is what runs.
    fn startup(&self) -> Option<Value>;
    fn is_attached(running: &Value) -> bool;
    /// Whether somebody's commands wait there for a commit.
    fn waits(&self) -> bool;
}

/// Every command is so at once.
struct Sonic(Host);

/// Commands that wait for a commit.
struct Nclu(Host);

/// One command, of a real database.
struct Ovs(Bridge);

impl Kind for Sonic {
    const COMMANDS: usize = 4;
    const PORT: &'static str = PORT;

    fn start() -> Option<Self> {
        Host::sonic().map(Self)
    }

    fn again(&self) {
        self.0.has_again(&[("running.json", before()), ("startup.json", before())]);
    }

    fn entry(&self) -> Entry {
        self.0.entry("sonic")
    }

    fn folder(&self) -> &Path {
        self.0.directory.path()
    }

    fn running(&self) -> Value {
        self.0.has("running.json")
    }

    fn startup(&self) -> Option<Value> {
        Some(self.0.has("startup.json"))
    }

    fn is_attached(running: &Value) -> bool {
        running["VLAN_MEMBER"]["Vlan100|Ethernet4"]["tagging_mode"] == "untagged"
    }

    fn waits(&self) -> bool {
        false
    }
}

const LINES: [&str; 6] = [
    "net add bridge bridge vlan-aware",
    "net add bridge bridge ports swp1",
    "net add bridge bridge ports swp2",
    "net add bridge bridge vids 10,100",
    "net add interface swp1 bridge access 10",
    "net add interface swp2 alias another's",
];

impl Kind for Nclu {
    const COMMANDS: usize = 3;
    const PORT: &'static str = "swp1";

    fn start() -> Option<Self> {
        Host::start("net", &[("running.json", json!(LINES)), ("pending.json", json!([]))]).map(Self)
    }

    fn again(&self) {
        self.0.has_again(&[("running.json", json!(LINES)), ("pending.json", json!([]))]);
    }

    fn entry(&self) -> Entry {
        self.0.entry("cumulus").with("persist", false)
    }

    fn folder(&self) -> &Path {
        self.0.directory.path()
    }

    fn running(&self) -> Value {
        self.0.has("running.json")
    }

    fn startup(&self) -> Option<Value> {
        None
    }

    fn is_attached(running: &Value) -> bool {
        let lines = running.as_array().unwrap();
        lines.contains(&json!("net add interface swp1 bridge access 100")) && lines.contains(&json!(LINES[5]))
    }

    fn waits(&self) -> bool {
        self.0.has("pending.json") != json!([])
    }
}

impl Kind for Ovs {
    /// What is there, the change, and what is there then.
    const COMMANDS: usize = 3;
    const PORT: &'static str = "p1";

    fn start() -> Option<Self> {
        let bridge = Bridge::start(&["p1", "p2"])?;
        stand_in(bridge.folder(), "ovs-vsctl");
        let own = Self(bridge);
        own.again();
        Some(own)
    }

    fn again(&self) {
        for (port, tag) in [("p1", "tag=10"), ("p2", "tag=7")] {
            self.0.vsctl(&["set", "port", port, "vlan_mode=access", tag, "trunks=[]"]);
        }
    }

    fn entry(&self) -> Entry {
        self.0.entry("leaf1")
    }

    fn folder(&self) -> &Path {
        self.0.folder()
    }

    fn running(&self) -> Value {
        json!(["p1", "p2"].map(|port| self.0.vlans(port)))
    }

    fn startup(&self) -> Option<Value> {
        None
    }

    fn is_attached(running: &Value) -> bool {
        running == &json!([["access", "100", "[]"], ["access", "7", "[]"]])
    }

    fn waits(&self) -> bool {
        false
    }
}

/// Attaches with a fault at one command after the other, to the last: what was asked for is
/// done and saved, or undone and not saved, and nothing is in the way of the next change.
fn at_every_command<K: Kind>(fault: &str, may_be_done: bool) {
    let Some(system) = K::start() else { return };
    let before = system.running();
    for nth in 0.. {
        system.again();
        let patience = if matches!(fault, "hang" | "flood") { 5 } else { 30 };
        let entry = || system.entry().with("reply_timeout", patience).with("commit_timeout", patience);
        let mercury = Mercury::serve(&[entry()]);
        let path = system.folder().join("fault");
        fs::write(&path, format!("{nth} {fault}")).unwrap();
        let answer = Client::of(&mercury).call("attach_port", &attach(K::PORT, 100));
        let is_struck = !path.exists();
        let running = system.running();
        let place = format!("{fault} at command {nth}: {answer:?}\n{running}");
        match &answer {
            Ok(_) => {
                assert!(!is_struck || may_be_done, "{place}");
                assert!(K::is_attached(&running), "{place}");
                assert!(system.startup().is_none_or(|startup| startup == running), "{place}");
            }
            Err(error) if error.kind() == "unknown" => {
                assert!(system.startup().is_none_or(|startup| startup == before), "{place}");
            }
            Err(error) => {
                let says_why = ["the moon is full", "would not show it"].iter().any(|why| error.message.contains(why));
                assert!(fault != "refuse" || says_why, "{place}");
                assert_eq!(running, before, "{place}");
                assert!(system.startup().is_none_or(|startup| startup == before), "{place}");
            }
        }
        // Who hears of the end of the connection last takes back what waits.
        wait("what waits to be taken back", || !system.waits());
        if !is_struck {
            assert!(nth >= K::COMMANDS, "{place}");
            return;
        }
        fs::write(&path, "1000 none").unwrap();
        let again = Client::of(&mercury).call("attach_port", &attach(K::PORT, 100));
        assert!(again.is_ok() && K::is_attached(&system.running()), "{place}\nand then {again:?}");
        fs::remove_file(&path).unwrap();
    }
}

/// Mercury is killed at one command after the other: nothing is saved, and the next Mercury
/// makes of the port what it is asked to.
fn killed_at_every_command<K: Kind>() {
    let Some(system) = K::start() else { return };
    let before = system.running();
    for nth in 0.. {
        system.again();
        let mut mercury = Mercury::serve(&[system.entry().with("reply_timeout", 60).with("commit_timeout", 60)]);
        let path = system.folder().join("fault");
        fs::write(&path, format!("{nth} hang")).unwrap();
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "attach_port", "params": attach(K::PORT, 100)});
        let mut asked = Client::of(&mercury);
        asked.start("POST", "/", body.to_string().as_bytes());
        let is_done = || {
            let running = system.running();
            K::is_attached(&running) && system.startup().is_none_or(|startup| startup == running)
        };
        wait("the command, or the end", || !path.exists() || is_done());
        if path.exists() {
            assert!(nth >= K::COMMANDS - 1, "at command {nth}");
            return;
        }
        mercury.kill();
        let startup = system.startup();
        assert!(startup.is_none_or(|startup| startup == before), "at command {nth}");
        wait("what waits to be taken back", || !system.waits());
        let mercury = Mercury::serve(&[system.entry()]);
        let answer = Client::of(&mercury).call("attach_port", &attach(K::PORT, 100));
        assert!(answer.is_ok() && is_done(), "at command {nth}: {answer:?} {}", system.running());
    }
}

#[test]
fn a_command_that_is_refused_takes_those_before_it_along() {
    at_every_command::<Sonic>("refuse", false);
    at_every_command::<Nclu>("refuse", false);
    at_every_command::<Ovs>("refuse", true);
}

#[test]
fn a_connection_that_ends_at_any_command_leaves_a_known_state() {
    at_every_command::<Sonic>("drop-after", true);
    at_every_command::<Nclu>("drop-after", true);
    at_every_command::<Ovs>("drop-after", true);
}

#[test]
fn a_host_that_hangs_at_any_command_is_left_in_a_known_state() {
    at_every_command::<Sonic>("hang", true);
    at_every_command::<Nclu>("hang", true);
    at_every_command::<Ovs>("hang", true);
}

#[test]
fn a_host_that_floods_at_any_command_is_left_in_a_known_state() {
    at_every_command::<Sonic>("flood", true);
    at_every_command::<Nclu>("flood", true);
    at_every_command::<Ovs>("flood", true);
}

#[test]
fn a_mercury_that_is_killed_at_any_command_leaves_nothing_in_the_way() {
    killed_at_every_command::<Sonic>();
    killed_at_every_command::<Nclu>();
    killed_at_every_command::<Ovs>();
}
