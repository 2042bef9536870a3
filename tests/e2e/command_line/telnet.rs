//! A switch that has nothing but TELNET, as others imitate it.

use super::{
    attach,
    imitation::{Imitation, PASSWORD},
};
use crate::harness::{Client, Mercury, Setup};

#[test]
fn a_port_is_attached_and_detached_by_telnet() {
    for (model, dialect, port) in [
        ("cisco_generic", "cisco_ios", "FastEthernet0/1"),
        ("brocade_generic", "brocade_fastiron", "ethernet 1/1"),
        ("dell_generic", "dell_powerconnect", "ethernet 1/g1"),
    ] {
        let Some(imitation) = Imitation::start_by("telnet", model) else { return };
        // This one takes the answer to whether to save from a packet that has nothing else.
        let saves = model != "dell_generic";
        let entry = imitation.entry("leaf1", dialect).with("telnet", true).with("persist", saves);
        let mercury = Setup::new().switches(&[entry]).flags(&["--log-level", "trace"]).serve();
        let mut client = Client::of(&mercury);
        for (changed, method, vlan) in
            [(true, "attach_port", 1000), (false, "attach_port", 1000), (true, "detach_port", 1000)]
        {
            let answer = client.done(method, &attach(port, vlan));
            assert_eq!(answer["changed"], changed, "{model}: {method}: {answer}");
        }
        let log = mercury.stderr.text();
        assert!(log.contains("entered"), "{model}: the lines are in the log");
        assert!(!log.contains(PASSWORD), "{model}: the password is in the log");
    }
}

#[test]
fn a_wrong_password_is_told_once_and_is_a_matter_of_credentials() {
    let Some(imitation) = Imitation::start_by("telnet", "cisco_generic") else { return };
    let entry = imitation.entry("leaf1", "cisco_ios").with("telnet", true).text("password", "another");
    let mercury = Mercury::serve(&[entry]);
    let error = Client::of(&mercury).fails("attach_port", &attach("FastEthernet0/1", 1000));
    assert_eq!(error.kind(), "credentials", "{error:?}");
    assert!(error.message.contains("Login invalid") && !error.message.contains("another"), "{error:?}");
}
