//! Reads the arguments, runs one command, and maps its end to an exit code.

use std::process::ExitCode;

use clap::Parser;
use tikv_jemallocator::Jemalloc;

/// `.cargo/config.toml` says how it is set.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    mercury::cli::run(mercury::cli::Arguments::parse())
}
