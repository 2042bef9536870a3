//! What reading a large configuration over NETCONF costs: time, and the most
//! memory it took, as a multiple of the reply.
//!
//! ```console
//! $ cargo run --release -p mercury-netconf --example netconf_replies -- 1000 10000 100000
//! ```
//!
//! Linux alone tells the peak (`/proc/self/clear_refs`, proc(5)). The server is a
//! reply made beforehand, so what grows is the client's.

#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing, reason = "a measurement for people")]

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use mercury_adapter::{Answer, Session as _, Step};
use mercury_model::Scope;
use mercury_netconf::{
    NetconfSession,
    client::{Client, ClientOptions},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Each row is measured in a process of its own, and its server is another one:
/// memory that was freed is not always given back.
#[tokio::main]
async fn main() {
    let asked: Vec<usize> = std::env::args().skip(1).filter_map(|count| count.parse().ok()).collect();
    let role = std::env::var("ROLE");
    if let (Ok(role), [ports, vlans, subinterfaces]) = (role, asked.as_slice()) {
        return match role.as_str() {
            "server" => serve(&reply(*ports, *vlans, *subinterfaces)).await,
            _ => measure(*ports, *vlans, *subinterfaces).await,
        };
    }
    let row = |ports, vlans, subinterfaces| {
        assert!(process("row", [ports, vlans, subinterfaces]).status().unwrap().success());
    };
    for entries in if asked.is_empty() { vec![1_000, 10_000, 100_000] } else { asked } {
        row(entries, 0, 0);
    }
    row(4_000, 4_000, 2);
}

/// This program in another role.
fn process(role: &str, numbers: [usize; 3]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env("ROLE", role).args(numbers.map(|number| number.to_string()));
    command
}

async fn measure(ports: usize, vlans: usize, subinterfaces: usize) {
    let row = format!("{ports} ports, {vlans} VLANs");
    let mut server = process("server", [ports, vlans, subinterfaces]).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut said).unwrap();
    let (port, size) = said.trim().split_once(' ').unwrap();
    let (port, size): (u16, usize) = (port.parse().unwrap(), size.parse().unwrap());
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let client = Client::connect(stream, ClientOptions::default()).await.unwrap();
    let dialects = mercury_adapter::builtin().unwrap();
    let dialect = dialects.into_iter().find(|dialect| dialect.name == "openconfig").unwrap().netconf.clone().unwrap();
    let mut session = NetconfSession::new(client, &dialect, "default".to_owned(), true).unwrap();
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let (before, begun) = (kib("VmRSS:"), Instant::now());
    let mut flight = session.flight(&[Step::Read(Scope::all())], Duration::from_secs(3600)).await;
    let (took, peak) = (begun.elapsed(), kib("VmHWM:").saturating_sub(before) << 10);
    server.kill().and_then(|()| server.wait()).unwrap();
    let found = match flight.results.pop() {
        Some(Ok(Answer::Running(running))) => (running.interfaces.len(), running.vlans.len()),
        other => return println!("{row:<24} {:>6.1} MB  {other:?} {:?}", size as f64 / 1e6, flight.lost),
    };
    assert_eq!(found, (ports, vlans));
    println!(
        "{row:<24} {:>6.1} MB  {:>7} ms  peak {:>6.1} MB, {:.1} times the reply",
        size as f64 / 1e6,
        took.as_millis(),
        peak as f64 / 1e6,
        peak as f64 / size as f64,
    );
}

fn kib(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Says where it is and how large the reply is, and answers one client.
async fn serve(reply: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{} {}", listener.local_addr().unwrap().port(), reply.len());
    let (mut stream, _) = listener.accept().await.unwrap();
    let hello = "<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities>\
                 <capability>urn:ietf:params:netconf:base:1.1</capability>\
                 <capability>urn:ietf:params:netconf:capability:candidate:1.0</capability>\
                 </capabilities><session-id>1</session-id></hello>]]>]]>";
    stream.write_all(hello.as_bytes()).await.unwrap();
    let (mut buffer, mut heard) = (vec![0; 4096], Vec::new());
    loop {
        let Ok(read @ 1..) = stream.read(&mut buffer).await else { return };
        heard.extend_from_slice(&buffer[..read]);
        if heard.ends_with(b"\n##\n") {
            heard.clear();
            for chunk in reply.as_bytes().chunks(64 << 10) {
                stream.write_all(format!("\n#{}\n", chunk.len()).as_bytes()).await.unwrap();
                stream.write_all(chunk).await.unwrap();
            }
            stream.write_all(b"\n##\n").await.unwrap();
        }
    }
}

/// What a port has beside, which Mercury has no use for.
const SUBINTERFACE: &str = r#"    <subinterfaces>
     <subinterface>
      <index>UNIT</index>
      <config>
       <index>UNIT</index>
       <enabled>true</enabled>
       <description>unit UNIT of this port</description>
      </config>
      <ipv4 xmlns="http://openconfig.net/yang/interfaces/ip">
       <config>
        <enabled>false</enabled>
        <mtu>1500</mtu>
        <dhcp-client>false</dhcp-client>
       </config>
      </ipv4>
      <ipv6 xmlns="http://openconfig.net/yang/interfaces/ip">
       <config>
        <enabled>false</enabled>
        <mtu>1500</mtu>
        <dup-addr-detect-transmits>1</dup-addr-detect-transmits>
       </config>
      </ipv6>
     </subinterface>
    </subinterfaces>
"#;

/// As a server writes it that indents.
fn reply(ports: usize, vlans: usize, subinterfaces: usize) -> String {
    let mut xml = String::from(
        "<rpc-reply xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" message-id=\"1\">\n <data>\n  \
         <interfaces xmlns=\"http://openconfig.net/yang/interfaces\">\n",
    );
    for port in 0..ports {
        let (card, slot, vlan) = (port / 48, port % 48, port % 4094 + 1);
        write!(
            xml,
            "   <interface>\n    <name>Ethernet{card}/{slot}</name>\n    <config>\n     \
             <name>Ethernet{card}/{slot}</name>\n     \
             <type xmlns:ianaift=\"urn:ietf:params:xml:ns:yang:iana-if-type\">ianaift:ethernetCsmacd</type>\n     \
             <mtu>9214</mtu>\n     <description>rack {card}, server {slot}</description>\n     \
             <enabled>true</enabled>\n    </config>\n"
        )
        .unwrap();
        for unit in 0..subinterfaces {
            write!(xml, "{}", SUBINTERFACE.replace("UNIT", &unit.to_string())).unwrap();
        }
        write!(
            xml,
            "    <ethernet xmlns=\"http://openconfig.net/yang/interfaces/ethernet\">\n     \
             <switched-vlan xmlns=\"http://openconfig.net/yang/vlan\">\n      <config>\n       \
             <interface-mode>ACCESS</interface-mode>\n       <access-vlan>{vlan}</access-vlan>\n      </config>\n     \
             </switched-vlan>\n    </ethernet>\n   </interface>\n"
        )
        .unwrap();
    }
    xml.push_str("  </interfaces>\n");
    if vlans > 0 {
        xml.push_str(
            "  <network-instances xmlns=\"http://openconfig.net/yang/network-instance\">\n   <network-instance>\n    \
             <name>default</name>\n    <vlans>\n",
        );
        for vlan in 1..=vlans {
            write!(
                xml,
                "     <vlan>\n      <vlan-id>{vlan}</vlan-id>\n      <config>\n       <vlan-id>{vlan}</vlan-id>\n       \
                 <name>tenant-{vlan}</name>\n       <status>ACTIVE</status>\n      </config>\n     </vlan>\n"
            )
            .unwrap();
        }
        xml.push_str("    </vlans>\n   </network-instance>\n  </network-instances>\n");
    }
    xml.push_str(" </data>\n</rpc-reply>\n");
    xml
}
