//! A command line, NETCONF and gNMI in one request: all or none; and a Mercury that
//! is killed in the middle of a script.

use mercury_sim::{LineFault, Mode};
use serde_json::{Value, json};

use super::{PORT, attach, entry, port, start};
use crate::harness::{Client, Entry, Face, Mercury, Simulated, wait};

const OTHER: &str = "Ethernet2";

fn three() -> Value {
    let links = [("leaf1", PORT), ("leaf2", OTHER), ("leaf3", OTHER)]
        .map(|(switch, port)| json!({"switch_id": switch, "port_id": port}));
    json!({"port": {"binding:profile": {"local_link_information": links}}, "network": 100})
}

#[test]
fn a_command_line_netconf_and_gnmi_are_changed_all_or_none() {
    for face in [Face::Confirmed, Face::Plain] {
        let (line, netconf, gnmi) = (start(), Simulated::start(Mode::Candidate), Simulated::gnmi(face));
        let switch = line.handle();
        let entries = [entry(&line), netconf.entry("leaf2"), gnmi.entry("leaf3")];
        let mercury = Mercury::serve(&entries);
        let mut client = Client::of(&mercury);
        let before = (switch.running(), netconf.look(), gnmi.look());
        let now = || (switch.running(), netconf.look(), gnmi.look());
        let refused = |name: &str, client: &mut Client| {
            let error = client.fails("attach_port", &three());
            assert!(error.message.contains(name) && error.message.contains("no room"), "{face:?}: {error:?}");
            assert_ne!(error.kind(), "unknown", "{face:?}: {error:?}");
            assert_eq!(now(), before, "{face:?}: {name} refused");
            assert_eq!(switch.startup(), before.0, "{face:?}: {name} refused, and it was saved");
        };
        for nth in 0..2 {
            switch.inject(nth, LineFault::Refuse("% Error: no room in the TCAM".to_owned()));
            refused("leaf1", &mut client);
        }
        for (other, name, operations) in
            [(&netconf, "leaf2", &["edit-config:1", "commit:1"][..]), (&gnmi, "leaf3", &["gnmi-set:1"])]
        {
            for operation in operations {
                other.handle().inject(format!("{operation}:before:refuse:operation-failed:no room").parse().unwrap());
                refused(name, &mut client);
            }
        }
        let answer = client.done("attach_port", &three());
        assert_eq!(answer["switches"].as_array().unwrap().len(), 3, "{answer}");
        assert!(port(&switch, PORT).contains(&"switchport access vlan 100".to_owned()), "{}", switch.running());
        assert_eq!(
            (netconf.look().port(OTHER).vlans, gnmi.look().port(OTHER).vlans),
            ("access 100".to_owned(), "access 100".to_owned())
        );
        assert_eq!(switch.startup(), switch.running());
    }
}

/// What was entered stays in running, unsaved; the next Mercury makes of the port what
/// it is asked to, whatever stands there.
#[test]
fn a_mercury_that_is_killed_at_any_line_leaves_nothing_saved_and_nothing_in_the_way() {
    let wait_long = |entry: Entry| entry.with("reply_timeout", 60).with("commit_timeout", 60);
    for nth in 0.. {
        let switch = start();
        let handle = switch.handle();
        let before = handle.running();
        let mut mercury = Mercury::serve(&[wait_long(entry(&switch))]);
        // A session is there already, so that the fault is the script's.
        Client::of(&mercury).done("attach_port", &attach("GigabitEthernet1/0/3", 10));
        let saved = handle.startup();
        assert_ne!(saved, before);
        handle.inject(nth, LineFault::Hang);
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "attach_port", "params": attach(PORT, 100)});
        let mut asked = Client::of(&mercury);
        asked.start("POST", "/", body.to_string().as_bytes());
        let attached = || port(&handle, PORT).contains(&"switchport access vlan 100".to_owned());
        wait("the line, or the end", || handle.is_struck() || (attached() && handle.startup() == handle.running()));
        if !handle.is_struck() {
            assert!(nth >= 3, "never struck: {:?}", handle.entered());
            return;
        }
        mercury.kill();
        assert_eq!(handle.startup(), saved, "at line {nth}: {:?}", handle.entered());
        let others = |running: String| {
            let lines = running.lines().map(str::to_owned).collect::<Vec<_>>();
            let at = lines.iter().position(|line| *line == format!("interface {PORT}")).unwrap();
            let end = lines.iter().skip(at).position(|line| line == "!").unwrap();
            (lines[..at].to_vec(), lines[at + end..].to_vec())
        };
        assert_eq!(others(handle.running()), others(saved), "at line {nth}: another line moved");
        let mercury = Mercury::serve(&[entry(&switch)]);
        let answer = Client::of(&mercury).done("attach_port", &attach(PORT, 100));
        let lines = port(&handle, PORT);
        assert!(lines.contains(&"switchport access vlan 100".to_owned()), "at line {nth}: {answer} {lines:?}");
        assert_eq!(handle.startup(), handle.running(), "at line {nth}: {answer}");
    }
}
