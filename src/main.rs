//! Reads the arguments, runs one command, and maps its end to an exit code.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    mercury::cli::run(mercury::cli::Arguments::parse())
}
