//! `mercury completions` and `mercury man`: what shells and `man` know of the commands.

use std::{fs, path::PathBuf};

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Arguments, DONE, Ended, Failure, print};

/// Of every command.
pub(super) const ENDS: &str = "Exit codes: 0 it is done and nothing is wrong; 1 something was found, differs or was \
                               refused; 2 it could not be done.";

/// For which shell.
#[derive(Clone, Debug, Args)]
pub(super) struct CompletionsArguments {
    #[arg(value_enum)]
    shell: Shell,
}

/// Where to.
#[derive(Clone, Debug, Args)]
pub(super) struct ManArguments {
    /// The folder that gets a page for each command.
    folder: PathBuf,
}

/// Prints what a shell reads.
pub(super) fn completions(arguments: &CompletionsArguments) -> Ended {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "mercury", &mut text);
    print::line(String::from_utf8(text).map_err(Failure::because)?.trim_end());
    Ok(DONE)
}

/// Writes the pages.
pub(super) fn man(arguments: &ManArguments) -> Ended {
    let folder = &arguments.folder;
    let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Arguments::command(), folder).map_err(failed)?;
    Ok(DONE)
}
