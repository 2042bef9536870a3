//! Runs one simulated switch until interrupted, to try a client on it:
//! `cargo run -p mercury-sim --example switch -- [candidate|plain|junos|running|startup] [plaintext] [fault...]`.

#![expect(clippy::print_stdout, reason = "an example tells how to reach the switch")]

use std::net::{Ipv4Addr, SocketAddr};

use mercury_sim::{Mode, Options, Simulator};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = Options {
        lags: vec!["Port-Channel1".to_owned()],
        gnmi_listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
        ..Options::default()
    };
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "candidate" => options.mode = Mode::Candidate,
            "plain" => options.mode = Mode::CandidatePlain,
            "junos" => options.mode = Mode::CandidateJunos,
            "running" => options.mode = Mode::Running,
            "startup" => options.mode = Mode::RunningStartup,
            "plaintext" => options.gnmi_plaintext = true,
            fault => options.faults.push(fault.parse()?),
        }
    }
    let switch = Simulator::start(options).await?;
    println!("address {}", switch.addr());
    if let Some(addr) = switch.gnmi_addr() {
        println!("gnmi {addr}");
    }
    println!("username {}", switch.username());
    println!("password {}", switch.password());
    println!("host-key {} {}", switch.host_key_openssh(), switch.host_key_fingerprint());
    print!("{}", switch.gnmi_certificate_pem());
    tokio::signal::ctrl_c().await?;
    Ok(())
}
