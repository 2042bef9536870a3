//! `mercury simulate`.

use std::{
    fs,
    io::Write as _,
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, ValueEnum};
use mercury_sim::{Fault, Mode, Options, Simulator};
use serde_json::{Value, json};

use super::{Common, DONE, Ended, Failure, Output, log, machine, print};
use crate::{
    config::{LogFormat, LogLevel},
    inventory::CertificatePin,
};

/// How the simulated switch behaves.
#[derive(Clone, Debug, Args)]
pub(super) struct SimulateArguments {
    /// Its name in the printed inventory.
    #[arg(long, default_value = "simulated")]
    name: String,
    /// The loopback address to listen on; port 0 lets the system choose.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Also speak gNMI over TLS, on a port that the system chooses.
    #[arg(long)]
    gnmi: bool,
    /// Also speak NETCONF over TLS, on a port that the system chooses; Mercury's certificate
    /// and its key go into this folder.
    #[arg(long, value_name = "FOLDER")]
    tls: Option<PathBuf>,
    /// Also speak RESTCONF over TLS, on a port that the system chooses.
    #[arg(long)]
    restconf: bool,
    /// How many switches; the name gets a number behind it when there are several.
    #[arg(long, default_value_t = 1)]
    count: usize,
    /// How many ports it has.
    #[arg(long, default_value_t = 48)]
    ports: u16,
    /// How it takes changes.
    #[arg(long, value_enum, default_value_t = ModeName::Candidate)]
    mode: ModeName,
    /// Milliseconds each round trip takes.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    round_trip_ms: u64,
    /// Milliseconds each commit takes.
    #[arg(long, default_value_t = 0, value_name = "MS")]
    commit_ms: u64,
    /// Stop when standard input ends, and say what each switch has counted.
    #[arg(long)]
    count_until_eof: bool,
    /// A named fault, such as commit:1:after:drop or lock:1:before:refuse:lock-denied.
    #[arg(long)]
    fault: Vec<Fault>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ModeName {
    /// Candidate with confirmed commit.
    Candidate,
    /// Candidate without confirmed commit.
    Plain,
    /// Candidate with the confirmed commit of Junos.
    Junos,
    /// Writable running.
    Running,
    /// Writable running and a startup datastore.
    Startup,
}

pub(super) async fn run(common: &Common, arguments: &SimulateArguments) -> Ended {
    log::begin(LogFormat::Human, LogLevel::Warn)?;
    machine::provide_simulated(arguments.count);
    let mut running = Vec::new();
    for number in 1..=arguments.count {
        let name = if arguments.count == 1 { arguments.name.clone() } else { format!("{}{number}", arguments.name) };
        let simulator = Simulator::start(options(&name, arguments)).await.map_err(Failure::because)?;
        let by_tls = arguments.tls.as_ref().and_then(|folder| ByTls::write(folder, &name, &simulator).transpose());
        announce(common.output, &name, &simulator, by_tls.transpose()?.as_ref());
        running.push(simulator);
    }
    if !arguments.count_until_eof {
        tokio::signal::ctrl_c().await.map_err(Failure::because)?;
        return Ok(DONE);
    }
    let until_eof = || std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    tokio::task::spawn_blocking(until_eof).await.map_err(Failure::because)?.map_err(Failure::because)?;
    for simulator in &running {
        let counted = simulator.handle().counters();
        let (edits, commits, rpcs) = (counted.edits, counted.commits, counted.rpcs);
        match common.output {
            Output::Json => print::json(&json!({"edits": edits, "commits": commits, "rpcs": rpcs})),
            Output::Human => print::line(&format!("# {edits} edits, {commits} commits, {rpcs} requests")),
        }
    }
    Ok(DONE)
}

fn options(name: &str, arguments: &SimulateArguments) -> Options {
    Options {
        name: name.to_owned(),
        listen: Some(arguments.listen),
        gnmi_listen: arguments.gnmi.then(|| SocketAddr::new(arguments.listen.ip(), 0)),
        restconf_listen: arguments.restconf.then(|| SocketAddr::new(arguments.listen.ip(), 0)),
        tls_listen: arguments.tls.as_ref().map(|_| SocketAddr::new(arguments.listen.ip(), 0)),
        ports: arguments.ports,
        mode: match arguments.mode {
            ModeName::Candidate => Mode::Candidate,
            ModeName::Plain => Mode::CandidatePlain,
            ModeName::Junos => Mode::CandidateJunos,
            ModeName::Running => Mode::Running,
            ModeName::Startup => Mode::RunningStartup,
        },
        round_trip: Duration::from_millis(arguments.round_trip_ms),
        commit_time: Duration::from_millis(arguments.commit_ms),
        faults: arguments.fault.clone(),
        ..Options::default()
    }
}

/// For people the entries alone, so that what is printed is a file of switches.
fn announce(output: Output, name: &str, simulator: &Simulator, by_tls: Option<&ByTls>) {
    match output {
        Output::Json => print::json(&described(name, simulator, by_tls)),
        Output::Human => {
            print::line(&netconf_entry(name, simulator));
            if let Some(by_tls) = by_tls {
                print::line(&by_tls.entry(&format!("{name}-tls"), simulator));
            }
            let more = [
                gnmi_entry(&format!("{name}-gnmi"), simulator),
                restconf_entry(&format!("{name}-restconf"), simulator),
            ];
            more.iter().flatten().for_each(|entry| print::line(entry));
        }
    }
}

/// What one needs to know to connect, and an inventory entry to paste.
fn described(name: &str, simulator: &Simulator, by_tls: Option<&ByTls>) -> Value {
    let address = simulator.addr();
    let mut described = json!({
        "name": name,
        "address": address.ip(),
        "port": address.port(),
        "username": simulator.username(),
        "password": simulator.password(),
        "host_key": simulator.host_key_openssh(),
        "host_key_fingerprint": simulator.host_key_fingerprint(),
        "inventory": netconf_entry(name, simulator),
    });
    if let (Some(members), Some(address)) = (described.as_object_mut(), simulator.gnmi_addr()) {
        members.insert("gnmi_port".to_owned(), address.port().into());
        members.insert("gnmi_certificate_pin".to_owned(), pin(simulator).into());
        members.insert("gnmi_inventory".to_owned(), gnmi_entry(name, simulator).into());
    }
    if let (Some(members), Some(address)) = (described.as_object_mut(), simulator.restconf_addr()) {
        members.insert("restconf_port".to_owned(), address.port().into());
        members.insert("restconf_certificate_pin".to_owned(), pin(simulator).into());
        members.insert("restconf_inventory".to_owned(), restconf_entry(name, simulator).into());
    }
    if let (Some(members), Some(by_tls)) = (described.as_object_mut(), by_tls) {
        members.insert("tls_port".to_owned(), by_tls.address.port().into());
        members.insert("tls_certificate_pin".to_owned(), pin(simulator).into());
        members.insert("tls_cert".to_owned(), by_tls.certificate.display().to_string().into());
        members.insert("tls_key".to_owned(), by_tls.key.display().to_string().into());
        members.insert("tls_inventory".to_owned(), by_tls.entry(name, simulator).into());
    }
    described
}

/// NETCONF over TLS, and the files by which Mercury is let in.
struct ByTls {
    address: SocketAddr,
    certificate: PathBuf,
    key: PathBuf,
}

impl ByTls {
    /// Writes the files; `None` where it is not spoken.
    fn write(folder: &Path, name: &str, simulator: &Simulator) -> Result<Option<Self>, Failure> {
        let Some((address, (certificate, key))) = simulator.tls_addr().zip(simulator.client_certificate()) else {
            return Ok(None);
        };
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| Failure::Other(format!("{}: {error}", folder.display())))?;
        let file = |ending: &str, text: &str| {
            let path = folder.join(format!("{name}.{ending}"));
            let written = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
            let written = written.and_then(|mut file| file.write_all(text.as_bytes()));
            written.map_err(|error| Failure::Other(format!("{}: {error}", path.display())))?;
            Ok(std::path::absolute(&path).unwrap_or(path))
        };
        Ok(Some(Self { address, certificate: file("pem", certificate)?, key: file("key", key)? }))
    }

    fn entry(&self, name: &str, simulator: &Simulator) -> String {
        format!(
            "[[switch]]\nname = {name:?}\naddress = \"{}\"\nport = {}\ndialect = \"openconfig\"\ntransport = \"tls\"\n\
             tls_pins = [{:?}]\ntls_cert = {:?}\ntls_key = {:?}\n",
            self.address.ip(),
            self.address.port(),
            pin(simulator),
            self.certificate,
            self.key
        )
    }
}

fn netconf_entry(name: &str, simulator: &Simulator) -> String {
    let address = simulator.addr();
    format!(
        "[[switch]]\nname = {name:?}\naddress = \"{}\"\nport = {}\ndialect = \"openconfig\"\nusername = {:?}\n\
         password = {:?}\nhost_key_fingerprints = [{:?}]\n",
        address.ip(),
        address.port(),
        simulator.username(),
        simulator.password(),
        simulator.host_key_fingerprint()
    )
}

fn gnmi_entry(name: &str, simulator: &Simulator) -> Option<String> {
    let entry = entry_over_tls(name, "gnmi", simulator.gnmi_addr()?, simulator);
    Some(format!("{entry}confirmed_commit = \"on\"\n"))
}

fn restconf_entry(name: &str, simulator: &Simulator) -> Option<String> {
    Some(entry_over_tls(name, "restconf", simulator.restconf_addr()?, simulator))
}

fn entry_over_tls(name: &str, protocol: &str, address: SocketAddr, simulator: &Simulator) -> String {
    format!(
        "[[switch]]\nname = {name:?}\naddress = \"{}\"\nport = {}\nprotocol = \"{protocol}\"\n\
         dialect = \"openconfig\"\nusername = {:?}\npassword = {:?}\ntls_pins = [{:?}]\n",
        address.ip(),
        address.port(),
        simulator.username(),
        simulator.password(),
        pin(simulator)
    )
}

fn pin(simulator: &Simulator) -> String {
    CertificatePin::from(simulator.gnmi_certificate_sha256()).to_string()
}
