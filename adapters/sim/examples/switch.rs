//! Runs one simulated switch until interrupted, to try a client on it:
//! `cargo run -p mercury-sim --example switch -- [candidate|plain|running|startup] [fault...]`.

#![expect(clippy::print_stdout, reason = "an example tells how to reach the switch")]

use mercury_sim::{Mode, Options, Simulator};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = Options { lags: vec!["Port-Channel1".to_owned()], ..Options::default() };
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "candidate" => options.mode = Mode::Candidate,
            "plain" => options.mode = Mode::CandidatePlain,
            "running" => options.mode = Mode::Running,
            "startup" => options.mode = Mode::RunningStartup,
            fault => options.faults.push(fault.parse()?),
        }
    }
    let switch = Simulator::start(options).await?;
    println!("address {}", switch.addr());
    println!("username {}", switch.username());
    println!("password {}", switch.password());
    println!("host-key {} {}", switch.host_key_openssh(), switch.host_key_fingerprint());
    tokio::signal::ctrl_c().await?;
    Ok(())
}
