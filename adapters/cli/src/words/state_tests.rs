//! Tables of ports, whole and broken.

use mercury_adapter::builtin;

use super::*;

/// What the first command of a dialect's that begins so tells, in short.
fn told(name: &str, command: &str, answer: &str) -> Result<String, Untold> {
    let dialect = builtin().unwrap().into_iter().find(|one| one.name == name).unwrap();
    let cli = dialect.cli.as_ref().unwrap();
    let table = cli.states.iter().find(|table| table.command == command).unwrap();
    let PortTable { ports, unread } = port_states(cli, table, answer)?;
    let unread = unread.map_or_else(String::new, |why| format!("; {why}"));
    Ok(ports.iter().map(|(name, state)| format!("{name} {state:?}")).collect::<Vec<_>>().join(", ") + &unread)
}

fn ios(answer: &str) -> Result<String, Untold> {
    told("cisco_ios", "show interfaces status", answer)
}

const HEADING: &str = "Port      Name               Status       Vlan       Duplex  Speed Type\n";

#[test]
fn a_description_says_nothing_of_the_link() {
    let rows = "Gi1/0/1   is not connected   notconnect   10         auto    auto 10/100\n\
                Gi1/0/2   connected          monitoring   1          full   1000 10/100\n\
                Gi1/0/3                      connected    trunk      full   1000 10/100\n\
                Vlan10    notconnect         connected    routed     full   1000\n\
                Gi1/0/4   disabled\n";
    let expected = "GigabitEthernet1/0/1 Down, GigabitEthernet1/0/2 Unknown, GigabitEthernet1/0/3 Up, \
                    GigabitEthernet1/0/4 Unknown";
    assert_eq!(ios(&format!("\n{HEADING}{rows}sw1#")).unwrap(), expected);
}

#[test]
fn columns_that_run_together_or_a_name_that_is_cut_are_not_guessed_at() {
    for row in ["Gi1/0/100connected to", "Gi1/0/"] {
        let error = ios(&format!("{HEADING}Gi1/0/1   x\n{row}\n")).unwrap_err();
        assert_eq!(error, Untold::Row { command: "show interfaces status".to_owned(), row: row.to_owned() });
    }
    // Its name is whole, and its state is not.
    let rows = "Gi1/0/1   a description of otconnected    1\nGi1/0/2                      connected1\n";
    let unknown = "GigabitEthernet1/0/1 Unknown, GigabitEthernet1/0/2 Unknown";
    assert_eq!(ios(&format!("{HEADING}{rows}")).unwrap(), unknown);
}

#[test]
fn what_has_no_heading_or_no_port_tells_nothing() {
    let rows = "Gi1/0/1   x                  connected    1\n";
    for text in ["", "% Invalid input detected at '^' marker.\n", rows, HEADING, &format!("{HEADING}Vlan1 a up\n")] {
        assert!(matches!(ios(text), Err(Untold::NoTable { .. })), "{text:?}");
    }
    let odd = "Port      Name               Condition    Vlan\n";
    assert!(matches!(ios(&format!("{odd}{rows}")), Err(Untold::NoTable { .. })));
}

#[test]
fn what_is_told_twice_and_differs_is_unknown_and_what_begins_in_another_column_is_no_row() {
    let rows = "Gi1/0/1                      connected    1\nGi1/0/1                      notconnect   1\n\
                \x20         Gi1/0/2            connected    1\n  Gi1/0/3(10G)               connected    1\n";
    assert_eq!(ios(&format!("{HEADING}{rows}")).unwrap(), "GigabitEthernet1/0/1 Unknown, GigabitEthernet1/0/3 Up");
}

#[test]
fn a_port_that_was_shut_down_is_told_by_a_column_of_its_own() {
    let answer = "Interface               Admin Link Proto    Local                 Remote\n\
                  ge-0/0/0                up    down\nge-0/0/0.0              up    up   inet     192.0.2.1/24\n\
                  ge-0/0/1                down  down\nae0                     up    up\n";
    let expected = "ae0 Up, ge-0/0/0 Down, ge-0/0/1 AdminDown; a port without a transceiver may \
                    have no row in the answer to \"show interfaces terse\"";
    assert_eq!(told("juniper_junos", "show interfaces terse", answer).unwrap(), expected);
}

#[test]
fn a_line_for_each_port_is_read_and_what_stands_between_is_not() {
    let answer = "Interface 1/1/1 is up \n Admin state is up\n\nInterface 1/1/2 is down (Administratively down) \n\
                  Interface vlan1 is up\nInterface lag1 is resting\n";
    let expected = "1/1/1 Up, 1/1/2 AdminDown, lag1 Unknown";
    assert_eq!(told("aruba_aoscx", "show interface", answer).unwrap(), expected);
}

#[test]
fn a_port_that_the_dialect_has_no_name_for_leaves_open_which_others_there_are() {
    let heading = "Port     Type         Duplex  Speed  Neg      Flow  Link State\n\
                   gi1/0/1  1G-Copper    Full    1000   Enabled  Off   Up\n";
    let dell = |rest: &str| told("dell_powerconnect", "show interfaces status", &format!("{heading}{rest}"));
    let own = "gigabitethernet 1/0/1 Up";
    let ch = "Po1      --           --      --     --       --    Not Present\n";
    assert_eq!(dell(ch).unwrap(), format!("{own}, port-channel 1 Down"));
    let vlan = "vlan 1   --           --      --     --       --    Up\n48 ports\n";
    assert_eq!(dell(vlan).unwrap(), own);
    let strange = "p1/0/2   1G-Copper    Full    1000   Enabled  Off   Up\n";
    assert!(dell(strange).unwrap().starts_with(&format!("{own}; the answer to \"show interfaces status\" has a")));
    let lines = |text| told("hpe_comware", "display interface", text).unwrap();
    let answer = "GigabitEthernet1/0/1\nCurrent state: UP\n\nNULL0\nCurrent state: UP\n";
    assert_eq!(lines(answer), "GigabitEthernet1/0/1 Up");
    let answer = "GigabitEthernet1/0/1\n\nFiftyGigE1/0/2\nCurrent state: UP\n";
    assert!(lines(answer).starts_with("GigabitEthernet1/0/1 Unknown; ") && lines(answer).contains("FiftyGigE1/0/2"));
}

#[test]
fn the_state_of_a_link_may_stand_in_a_line_below_its_port() {
    let answer = "GigabitEthernet1/0/1\nCurrent state: UP\nDescription: Current state: DOWN\n\n\
                  Vlan-interface1\nCurrent state: DOWN\n\nGigabitEthernet1/0/2\nBandwidth: 1000000 kbps\n\n\
                  GigabitEthernet1/0/3\nCurrent state: Administratively DOWN\n  GigabitEthernet1/0/4\n";
    let expected = "GigabitEthernet1/0/1 Up, GigabitEthernet1/0/2 Unknown, GigabitEthernet1/0/3 AdminDown";
    assert_eq!(told("hpe_comware", "display interface", answer).unwrap(), expected);
}
