//! What a configuration takes from the switch's first octet to the data that is read of it,
//! as the allocator of this process sees it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot be made is a failure of the test"
)]

#[path = "dialects/forms.rs"]
mod forms;

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use forms::{FORMS, answers, text};
use mercury_adapter::{Budget, CliSession, CliTransport, Dialect, MAX_REPLY, builtin};
use mercury_cli::prompt::{Machine, Secrets};
use mercury_model::{InterfaceScope, Running, Scope, SwitchedVlan, VlanScope};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Octets of a configuration: a little more than a power of two, after which what grows by
/// doubling has most to spare.
const OCTETS: usize = (512 << 10) + 1000;

/// Octets of a large one, likewise.
const MANY_OCTETS: usize = (4 << 20) + 1000;

/// Octets that a session keeps at most.
const KEPT: usize = 256 << 10;

/// Octets that one switch prints at once.
const AT_ONCE: usize = 32 << 10;

/// What a configuration takes at most, for each octet that it has.
const TIMES: f32 = 3.0;

/// Octets that all built-in dialects take at most, before anything is held against a pattern of
/// theirs.
const DIALECTS: usize = 2 << 20;

/// Octets that they take. Nothing else is measured while this is.
static READ: LazyLock<usize> = LazyLock::new(|| {
    let before = ALLOCATOR.current_usage();
    let read = builtin().unwrap();
    assert!(read.len() > 20);
    ALLOCATOR.current_usage() - before
});

/// What else is configured in each form: rules of a firewall.
const RULES: [(&str, &str); 3] = [
    (
        "cisco_ios",
        "ip access-list extended servers-{n}\n permit tcp any host 192.0.2.1 eq {n}\n deny ip any any log\n!\n",
    ),
    (
        "juniper_junos",
        "set firewall family inet filter servers term {n} from source-address 192.0.2.0/24\nset firewall family inet \
         filter servers term {n} then accept\n",
    ),
    (
        "cumulus",
        "net add acl ipv4 servers priority {n} accept tcp source-ip 192.0.2.0/24 source-port any dest-ip any\n",
    ),
];

/// How often the octets of a text were taken at once at most while this was done.
fn times<T>(octets: usize, done: impl FnOnce() -> T) -> (T, f32) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let made = done();
    #[expect(clippy::cast_precision_loss, reason = "a proportion")]
    let times = (ALLOCATOR.peak_usage() - before) as f32 / octets as f32;
    (made, times)
}

fn dialect(name: &str) -> Arc<Dialect> {
    builtin().unwrap().into_iter().find(|dialect| dialect.name == name).unwrap()
}

/// A conversation at its first prompt.
fn begun(session: &Arc<CliSession>) -> Machine {
    let mut machine = Machine::new(Arc::clone(session), Secrets::default(), Duration::ZERO);
    machine.receive(b"sw1#", Duration::ZERO).unwrap();
    let now = machine.wakes_at().unwrap();
    machine.wake(now).unwrap();
    machine.next_answer().unwrap();
    machine
}

/// What a switch answers to a line that it prints this for.
fn printed(machine: &mut Machine, text: &str) -> String {
    let now = Duration::from_secs(10);
    machine.send("show", None);
    machine.receive(b"show\r\n", now).unwrap();
    text.as_bytes().chunks(AT_ONCE).for_each(|piece| machine.receive(piece, now).unwrap());
    machine.receive(b"\r\nsw1#", now).unwrap();
    machine.next_answer().unwrap().text
}

/// The first port, and all VLANs.
fn first() -> Scope {
    let names = ["GigabitEthernet1/0/1", "xe-0/0/1", "swp1", "p1", "Ethernet1"].map(|name| name.parse().unwrap());
    Scope { interfaces: InterfaceScope::Named(names.into()), vlans: VlanScope::All, ..Scope::default() }
}

/// That port was read.
fn is_read(running: &Running) -> bool {
    let mut vlans = running.interfaces.values().map(|port| port.switched_vlan.clone());
    vlans.next() == Some(Some(SwitchedVlan::access("10".parse().unwrap()))) && vlans.next().is_none()
}

/// What one port, or all, take that are read of what is printed so.
fn read(name: &str, text: &str, scope: &Scope) -> (Running, f32) {
    let dialect = dialect(name);
    let cli = dialect.cli.as_ref().unwrap();
    let read = |text: &str| {
        // A command's output has no prompt, and grows as an answer at one does.
        let has_prompt = cli.session.transport == CliTransport::Shell;
        let answers = answers(cli, if has_prompt { printed(&mut begun(&cli.session), text) } else { text.to_owned() });
        let mut share = Budget::new(4 * MAX_REPLY).share(MAX_REPLY);
        mercury_cli::running(cli, scope, &answers, &mut share).unwrap()
    };
    // Its patterns are made when they are first used, and are no configuration's.
    if let Some((_, around, port)) = FORMS.iter().find(|(own, ..)| *own == name) {
        read(&self::text(*around, port, OCTETS / 16));
    }
    times(text.len(), || read(text))
}

/// What is shown of a port in tables in JSON, as the commands of these dialects have it printed:
/// what stands before each table, and a row of it.
const TABLES: [(&str, &[[&str; 2]], &str); 2] = [
    (
        "netmiko_ovs_linux",
        &[
            [
                "{\"headings\":[\"_uuid\",\"name\",\"interfaces\",\"vlan_mode\",\"tag\",\"trunks\",\"cvlans\",\"external_ids\",\
                 \"other_config\",\"fake_bridge\",\"lacp\",\"bond_mode\",\"bond_updelay\",\"bond_downdelay\",\
                 \"bond_fake_iface\",\"qos\",\"mac\",\"protected\"],\"data\":[\
                 [[\"uuid\",\"00000000-0000-4000-8000-000000000001\"],\"br0\",\
                 [\"uuid\",\"00000000-0000-4000-8000-000000000002\"],[\"set\",[]],[\"set\",[]],[\"set\",[]],[\"set\",[]],\
                 [\"map\",[]],[\"map\",[]],false,[\"set\",[]],[\"set\",[]],0,0,false,[\"set\",[]],[\"set\",[]],false]",
                ",[[\"uuid\",\"1f0c5e0a-0000-4000-8000-{n}\"],\"p{n}\",[\"uuid\",\"2f0c5e0a-0000-4000-8000-{n}\"],\"access\",10,[\"set\",[]],[\"set\",[]],\
                 [\"map\",[[\"description\",\"rack {n}, second from above\"],[\"mercury\",\"configured\"]]],[\"map\",[]],false,\
                 [\"set\",[]],[\"set\",[]],0,0,false,[\"set\",[]],[\"set\",[]],false]",
            ],
            [
                "]}\n{\"headings\":[\"_uuid\",\"name\",\"mtu_request\",\"type\",\"external_ids\",\"error\",\"ofport\"],\"data\":[\
                 [[\"uuid\",\"00000000-0000-4000-8000-000000000002\"],\"br0\",[\"set\",[]],\"internal\",[\"map\",[]],\
                 [\"set\",[]],65534]",
                ",[[\"uuid\",\"2f0c5e0a-0000-4000-8000-{n}\"],\"p{n}\",[\"set\",[]],\"\",[\"map\",[]],[\"set\",[]],{n}]",
            ],
        ],
        "]}\n{\"headings\":[\"name\"],\"data\":[[\"br0\"]]}\n{\"headings\":[\"output_port\"],\"data\":[]}\n{\"headings\":[\"cur_cfg\",\"next_cfg\"],\"data\":[[7,7]]}",
    ),
    (
        "sonic",
        &[
            [
                "{\"VLAN\": {\"Vlan10\": {\"vlanid\": \"10\"}}, \"PORT\": {\"Ethernet0\": {}",
                ", \"Ethernet{n}\": {\"admin_status\": \"up\", \"alias\": \"etp{n}\", \"description\": \"rack {n}\", \"fec\": \
                 \"rs\", \"index\": \"{n}\", \"lanes\": \"1,2,3,4\", \"mtu\": \"9100\", \"speed\": \"100000\"}",
            ],
            [
                "}, \"VLAN_MEMBER\": {\"Vlan10|Ethernet0\": {\"tagging_mode\": \"untagged\"}",
                ", \"Vlan10|Ethernet{n}\": {\"tagging_mode\": \"untagged\"}",
            ],
        ],
        "}}",
    ),
];

/// A text of so many ports, each in every table.
fn tables(tables: &[[&str; 2]], end: &str, ports: usize) -> String {
    let mut text = String::new();
    for [before, row] in tables {
        text.push_str(before);
        (1..=ports).for_each(|number| text.push_str(&row.replace("{n}", &number.to_string())));
    }
    text + end
}

/// Where each port is told of in hundred octets or two, as switches do, what is made of all takes
/// no more than that again.
fn all_ports() {
    let lines = FORMS.iter().filter(|(name, ..)| TABLES.iter().all(|(own, ..)| own != name));
    let lines = lines.map(|(name, around, port)| (*name, text(*around, port, OCTETS)));
    let rows = TABLES.iter().map(|(name, own, end)| (*name, tables(own, end, 2_700)));
    for (name, text) in lines.chain(rows) {
        let (running, times) = read(name, &text, &Scope::all());
        let ports = running.interfaces.len();
        assert!(ports > 2_000, "{name}: {ports} ports");
        assert!(times <= TIMES, "{name} takes {times:.2} times its size, of nothing but ports");
    }
}

#[test]
fn dialects_that_nobody_speaks_take_little() {
    println!("the built-in dialects take {} KiB", *READ / 1024);
    assert!(*READ <= DIALECTS, "{} octets", *READ);
}

/// One after the other, since the allocator is one.
#[test]
fn a_configuration_takes_three_times_its_size_at_most() {
    LazyLock::force(&READ);
    all_ports();
    for (name, around, port) in FORMS {
        let (running, times) = read(name, &text(around, port, OCTETS), &first());
        assert!(is_read(&running), "{name}: {running:?}");
        assert!(times <= TIMES, "{name} takes {times:.1} times its size");
    }
    // All ports, of which there are some hundred: what is most of so much is no port's.
    for (name, around, port) in FORMS {
        let Some((_, rule)) = RULES.iter().find(|(own, _)| *own == name) else { continue };
        let [before, behind] = around;
        let ports = text([before, ""], port, OCTETS / 10);
        let (running, times) = read(name, &text([&ports, behind], rule, OCTETS), &Scope::all());
        assert!(running.interfaces.len() > 100, "{name}: {} ports", running.interfaces.len());
        assert!(times <= TIMES, "{name} takes {times:.1} times its size for all ports");
    }
    a_large_one();
    kept();
}

/// Ports as others wrote them.
fn a_large_one() {
    let (name, around, port) = FORMS[0];
    let text = text(around, port, MANY_OCTETS);
    let (running, times) = read(name, &text, &Scope::all());
    println!("{name} takes {times:.2} times {} octets", text.len());
    assert!(running.interfaces.len() > 16_000, "{} ports", running.interfaces.len());
    assert!(times <= TIMES, "{name} takes {times:.2} times its size of {} octets", text.len());
}

/// What a conversation keeps when the answer was taken.
fn kept() {
    let (name, around, port) = FORMS[0];
    let session = dialect(name).cli.as_ref().unwrap().session.clone();
    let mut machine = begun(&session);
    let short = text(around, port, 1 << 10);
    assert!(printed(&mut machine, &short).contains("spanning-tree"));
    let text = text(around, port, 8 * OCTETS);
    let before = ALLOCATOR.current_usage();
    assert!(printed(&mut machine, &text).len() > 7 * OCTETS);
    let kept = ALLOCATOR.current_usage().saturating_sub(before);
    println!("{} KiB of an answer of {} KiB are kept", kept >> 10, text.len() >> 10);
    assert!(kept <= KEPT, "{kept} octets");
}
