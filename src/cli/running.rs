//! `mercury running`: what a switch has now, as a file that stands in its place.

use clap::Args;
use mercury_model::Scope;

use super::{Common, DONE, Ended, Failure, print, switch::named};
use crate::{config::LogLevel, inventory::Face, registry};

/// A switch to read.
#[derive(Clone, Debug, Args)]
pub(super) struct RunningArguments {
    /// Its name, MAC address or address.
    switch: String,
}

pub(super) async fn run(common: &Common, arguments: &RunningArguments) -> Ended {
    let (_, inventory) = common.load(&common.overrides(), Some(LogLevel::Error))?;
    let (switch, dialects) = (named(&inventory, &arguments.switch)?, inventory.dialects());
    let name = &switch.identity.name;
    let told = |reason: String| Failure::Other(format!("{name}: {reason}"));
    let text = match &switch.face {
        Face::Cli(_) => {
            let recording = registry::record(&switch, dialects).await.map_err(told)?;
            if let Some(reason) = recording.failed {
                return Err(told(format!("what it shows cannot be read: {reason}")));
            }
            recording.transcript.to_string()
        }
        _ => {
            let rules = &switch.rules;
            let scope = Scope::all().with_stp(rules.manages_stp()).with_overlays(rules.serves_vnis());
            let connector = registry::connector(&switch, dialects).map_err(Failure::because)?;
            let shown = connector.shown(&scope, switch.timing.reply_timeout).await.map_err(told)?;
            let speaks = switch.protocol().title();
            shown.ok_or_else(|| told(format!("over {speaks} it has no text that --running reads")))?
        }
    };
    print::line(text.trim_end());
    print::talk(&match &switch.face {
        Face::Cli(_) => format!(
            "{name}: descriptions and names are masked, and secrets where a word says that one follows: look through it"
        ),
        Face::Netconf(_) => format!("{name}: all of its configuration, with what secrets it shows"),
        _ => format!("{name}: what is read of its ports and VLANs, with their descriptions"),
    });
    Ok(DONE)
}
