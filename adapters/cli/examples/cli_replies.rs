//! What reading a large configuration at a command line costs: time, and the most
//! memory it took, as a multiple of what the switch prints.
//!
//! ```console
//! $ cargo run --release -p mercury-cli --example cli_replies -- 1 10
//! ```
//!
//! The numbers are megabytes. The memory is what the allocator is asked for, from the
//! first octet that comes to the data that is read of all.

#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss, reason = "a measurement for people")]

#[path = "../tests/dialects/forms.rs"]
mod forms;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use forms::{FORMS, answers, text};
use mercury_adapter::{Budget, CliDialect, CliSession, CliTransport, MAX_REPLY, builtin};
use mercury_cli::prompt::{Machine, Secrets};
use mercury_model::Scope;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// One whose answers end with a prompt, and one whose commands have an end of their own.
const DIALECTS: [&str; 2] = ["cisco_ios", "netmiko_ovs_linux"];

/// Octets that come at once.
const AT_ONCE: usize = 32 << 10;

fn main() {
    let asked: Vec<usize> = std::env::args().skip(1).filter_map(|count| count.parse().ok()).collect();
    let sizes = if asked.is_empty() { vec![1, 10] } else { asked };
    let dialects = builtin().unwrap();
    for name in DIALECTS {
        let dialect = dialects.iter().find(|dialect| dialect.name == name).unwrap();
        let (_, around, port) = FORMS.iter().find(|(own, ..)| *own == name).unwrap();
        // Its patterns are made when they are first used.
        measure(dialect.cli.as_ref().unwrap(), &text(*around, port, 1000));
        for size in &sizes {
            let text = text(*around, port, size * 1_000_000);
            let (ports, took, peak) = measure(dialect.cli.as_ref().unwrap(), &text);
            println!(
                "{name:<20} {ports:>7} ports {:>6.1} MB  {:>7} ms  peak {:>6.1} MB, {:.1} times what is printed",
                text.len() as f64 / 1e6,
                took.as_millis(),
                peak as f64 / 1e6,
                peak as f64 / text.len() as f64,
            );
        }
    }
}

/// Ports, time, and octets.
fn measure(cli: &CliDialect, text: &str) -> (usize, Duration, usize) {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let begun = Instant::now();
    let is_prompt = cli.session.transport == CliTransport::Shell;
    let answers = answers(cli, if is_prompt { at_a_prompt(&cli.session, text) } else { text.to_owned() });
    let mut share = Budget::new(usize::MAX).share(MAX_REPLY);
    let running = mercury_cli::running(cli, &Scope::all(), &answers, &mut share).unwrap();
    (running.interfaces.len(), begun.elapsed(), ALLOCATOR.peak_usage() - before)
}

/// The answer to a line that a switch prints this for.
fn at_a_prompt(session: &Arc<CliSession>, text: &str) -> String {
    let mut machine = Machine::new(Arc::clone(session), Secrets::default(), Duration::ZERO);
    machine.receive(b"sw1#", Duration::ZERO).unwrap();
    let now = machine.wakes_at().unwrap();
    machine.wake(now).unwrap();
    machine.next_answer().unwrap();
    machine.send("show", None);
    machine.receive(b"show\r\n", now).unwrap();
    text.as_bytes().chunks(AT_ONCE).for_each(|piece| machine.receive(piece, now).unwrap());
    machine.receive(b"\r\nsw1#", now).unwrap();
    machine.next_answer().unwrap().text
}
