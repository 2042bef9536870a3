//! `mercury yang fetch`: the YANG modules of a switch, for `validate --yang-dir`. The switch
//! is asked and not changed.

mod folder;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Args, Subcommand};
use mercury_adapter::{ModuleList, ModuleSource, YangModule};
use serde_json::json;

use super::{Common, DONE, Ended, Failure, Output, found, print, progress::Progress, switch::not_in};
use crate::{config::LogLevel, registry};
use folder::{Folder, Unsafe};

/// So many modules are asked for at once.
const AT_ONCE: usize = 16;
/// A switch may have so many.
const MAX_MODULES: usize = 10_000;
/// All their texts together may have so many bytes.
const MAX_TOTAL: usize = 512 << 20;

#[derive(Debug, Subcommand)]
pub(super) enum YangCommand {
    /// Fetch the modules of a switch (RFC 6022) into a folder, with a `yang-library.json`
    /// that says which of them it implements, and with which features and deviations; what
    /// is there already is not fetched again.
    Fetch(FetchArguments),
}

#[derive(Clone, Debug, Args)]
pub(super) struct FetchArguments {
    /// Its name, MAC address or address.
    switch: String,
    /// The folder they are written to; it is made where it is not there.
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
    /// How long all of it may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    within: u64,
}

/// What became of the modules.
#[derive(Default)]
struct Fetched {
    written: usize,
    cached: usize,
    octets: usize,
    /// Module, and why it is not there.
    missing: Vec<(String, String)>,
}

pub(super) async fn fetch(common: &Common, arguments: &FetchArguments) -> Ended {
    let (_, inventory) = common.load(&common.overrides(), Some(LogLevel::Error))?;
    let switch = inventory.find(&arguments.switch);
    let switch = switch.ok_or_else(|| not_in(&inventory, &arguments.switch))?;
    let name = &switch.identity.name;
    let at_switch = |error: String| Failure::Other(format!("{name}: {error}"));
    let connector = registry::connector(switch, inventory.dialects()).map_err(Failure::because)?;
    let source = connector.modules().await.map_err(|error| at_switch(error.to_string()))?;
    let speaks = switch.protocol().title();
    let mut source = source.ok_or_else(|| at_switch(format!("over {speaks} a switch tells of no modules")))?;
    let deadline = Deadline::after(Duration::from_secs(arguments.within), switch.timing.reply_timeout);
    let mut listed = source.list(deadline.left()).await.map_err(|lost| at_switch(lost.to_string()))?;
    listed.modules.truncate(MAX_MODULES);
    let fetched = if listed.modules.is_empty() || listed.untold.is_some() {
        None
    } else {
        let folder = Folder::open(&arguments.into, name).map_err(Failure::Other)?;
        let fetched = fill(&folder, source.as_mut(), &listed, &deadline).await.map_err(at_switch)?;
        folder.describe(&listed.modules).map_err(Failure::Other)?;
        Some(fetched)
    };
    source.close().await;
    tell(common, name, &listed, fetched.as_ref());
    Ok(if fetched.is_some_and(|fetched| fetched.missing.is_empty()) { DONE } else { found() })
}

/// When all of it must be over, and how long one answer may take.
struct Deadline {
    end: Instant,
    one: Duration,
}

impl Deadline {
    fn after(all: Duration, one: Duration) -> Self {
        Self { end: Instant::now() + all, one }
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now()).min(self.one)
    }
}

/// Fetches what the folder does not have.
async fn fill(
    folder: &Folder,
    source: &mut dyn ModuleSource,
    listed: &ModuleList,
    deadline: &Deadline,
) -> Result<Fetched, String> {
    let mut fetched = Fetched::default();
    let mut wanted = Vec::new();
    for module in &listed.modules {
        match folder.has(module) {
            Ok(true) => fetched.cached += 1,
            Ok(false) => wanted.push(module.clone()),
            Err(Unsafe(reason)) => fetched.missing.push((module.name.clone(), reason)),
        }
    }
    let progress = Progress::of(wanted.len(), "modules");
    for some in wanted.chunks(AT_ONCE) {
        let texts = source.texts(some, deadline.left()).await.map_err(|lost| lost.to_string())?;
        for (module, text) in some.iter().zip(texts) {
            let text = text.map_err(|refusal| refusal.to_string());
            let written = text.and_then(|text| {
                fetched.octets += text.len();
                folder.write(module, &text)
            });
            match written {
                Ok(()) => fetched.written += 1,
                Err(reason) => fetched.missing.push((shown(module), reason)),
            }
            progress.step();
        }
        if fetched.octets > MAX_TOTAL {
            return Err(format!("its modules have more than {MAX_TOTAL} bytes"));
        }
    }
    Ok(fetched)
}

/// As its file is called, but for the ending.
fn shown(module: &YangModule) -> String {
    match &module.revision {
        Some(revision) => format!("{}@{revision}", module.name),
        None => module.name.clone(),
    }
}

fn tell(common: &Common, name: &str, listed: &ModuleList, fetched: Option<&Fetched>) {
    let by = listed.told_by.join(", ");
    if common.output == Output::Json {
        let modules = listed.modules.iter().map(|module| {
            json!({"name": module.name, "revision": module.revision, "features": module.features,
                "deviations": module.deviations, "import_only": module.import_only})
        });
        let missing = fetched.map(|fetched| {
            let each = fetched.missing.iter().map(|(module, reason)| json!({"module": module, "reason": reason}));
            each.collect::<Vec<_>>()
        });
        return print::json(&json!({
            "switch": name, "told_by": listed.told_by, "modules": modules.collect::<Vec<_>>(),
            "not_fetchable": listed.untold, "written": fetched.map(|fetched| fetched.written),
            "cached": fetched.map(|fetched| fetched.cached), "missing": missing,
        }));
    }
    let count = print::counted(listed.modules.len(), "module", "modules");
    let Some(fetched) = fetched else {
        listed.modules.iter().for_each(|module| print::line(&shown(module)));
        let why = listed.untold.as_deref().unwrap_or("it tells of no module");
        return print::talk(&format!("{name}: {count}; nothing was fetched: {why}"));
    };
    for (module, reason) in &fetched.missing {
        print::talk(&format!("{name}: {module}: {reason}"));
    }
    let Fetched { written, cached, missing, .. } = fetched;
    print::line(&format!(
        "{name}: {count} ({by}): {written} fetched, {cached} there already, {} not to be had",
        missing.len()
    ));
}
