//! `mercury simulate`.

use std::{net::SocketAddr, time::Duration};

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
        announce(common.output, &name, &simulator);
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
fn announce(output: Output, name: &str, simulator: &Simulator) {
    match output {
        Output::Json => print::json(&described(name, simulator)),
        Output::Human => {
            print::line(&netconf_entry(name, simulator));
            if let Some(entry) = gnmi_entry(&format!("{name}-gnmi"), simulator) {
                print::line(&entry);
            }
        }
    }
}

/// What one needs to know to connect, and an inventory entry to paste.
fn described(name: &str, simulator: &Simulator) -> Value {
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
    described
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
    let address = simulator.gnmi_addr()?;
    Some(format!(
        "[[switch]]\nname = {name:?}\naddress = \"{}\"\nport = {}\nprotocol = \"gnmi\"\ndialect = \"openconfig\"\n\
         username = {:?}\npassword = {:?}\ntls_pins = [{:?}]\nconfirmed_commit = \"on\"\n",
        address.ip(),
        address.port(),
        simulator.username(),
        simulator.password(),
        pin(simulator)
    ))
}

fn pin(simulator: &Simulator) -> String {
    CertificatePin::from(simulator.gnmi_certificate_sha256()).to_string()
}
