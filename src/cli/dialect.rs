//! `mercury dialect`: those there are, what one says, whether one is complete.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;
use mercury_adapter::Save;
use serde_json::json;

use super::{
    Common, DONE, Ended, Failure, Output,
    findings::{self, Checked},
    print,
};
use crate::{
    config::{Dialects, reader::nearest},
    finding::Findings,
};

/// Which files.
#[derive(Clone, Debug, Args)]
pub(super) struct CheckArguments {
    /// Files of dialects, each called as its dialect.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// All files are read above the built-in dialects, as a folder of them is.
pub(super) fn check(common: &Common, arguments: &CheckArguments) -> Ended {
    let mut all = Findings::default();
    let loaded = Dialects::above(&arguments.files, &mut all);
    let checked = arguments.files.iter().map(|file| {
        let own = all.iter().filter(|finding| finding.file.as_ref() == Some(file)).cloned().collect();
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let dialect = loaded.iter().flat_map(|dialects| dialects.iter()).find(|dialect| dialect.name == name);
        let spoken = |dialect: &std::sync::Arc<mercury_adapter::Dialect>| {
            let protocol = |protocol: &str| format!("{protocol}: {}", dialect.standing(protocol));
            dialect.protocols().into_iter().map(protocol).collect()
        };
        let told = dialect.map(spoken).unwrap_or_default();
        Checked { told, ..Checked::of(file.display().to_string(), "dialect", own) }
    });
    let mut checked: Vec<Checked> = checked.collect();
    let elsewhere: Findings = all.iter().filter(|finding| finding.file.is_none()).cloned().collect();
    if !elsewhere.is_empty() {
        let name = "built-in dialects above them".to_owned();
        checked.push(Checked::of(name, "dialect", elsewhere));
    }
    Ok(findings::tell(common, checked))
}

pub(super) fn show(name: &str) -> Ended {
    let text = mercury_adapter::builtin_text(name).ok_or_else(|| {
        let known = mercury_adapter::builtin().unwrap_or_default();
        let names: Vec<&str> = known.iter().map(|dialect| dialect.name.as_str()).collect();
        let near = nearest(name, &names).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        Failure::Other(format!("there is no built-in dialect {name:?}{near}"))
    })?;
    print::line(text.trim_end());
    Ok(DONE)
}

pub(super) fn list(common: &Common) -> Ended {
    let dialects = common.dialects()?;
    if common.output == Output::Json {
        let entry = |dialect: &mercury_adapter::Dialect| {
            json!({
                "name": dialect.name, "vendor": dialect.vendor, "os": dialect.os,
                "protocols": dialect.protocols().into_iter().map(|name| (name, dialect.standing(name))).collect::<BTreeMap<_, _>>(),
                "tells-ports": asked_for_ports(dialect),
                "evidence": dialect.evidence, "deviations": dialect.deviations, "sources": dialect.sources,
            })
        };
        print::json(&dialects.iter().map(|dialect| entry(dialect)).collect());
        return Ok(DONE);
    }
    for dialect in dialects.iter() {
        print::line(&format!("{:<16} {} {}", dialect.name, dialect.vendor, dialect.os));
        for protocol in dialect.protocols() {
            print::line(&format!("{:<16}   {protocol}: {}", "", dialect.standing(protocol)));
        }
        if let Some(first) = asked_for_ports(dialect).first() {
            print::line(&format!("{:<16}   cli tells which ports there are by: {first}", ""));
        }
        match dialect.gnmi.as_ref().map(|gnmi| &gnmi.save) {
            Some(Save::WhereConfigured(how)) => print::line(&format!("{:<16}   survives a reboot where: {how}", "")),
            Some(Save::Cli(command)) => print::line(&format!("{:<16}   is saved with: {command}", "")),
            Some(Save::Automatic) => print::line(&format!("{:<16}   saves by itself", "")),
            Some(Save::Unknown) | None => {}
        }
        for deviation in &dialect.deviations {
            let over = deviation.protocol.as_ref().map(|protocol| format!(" over {protocol}")).unwrap_or_default();
            print::line(&format!("{:<16}   without {}{over}: {}", "", deviation.leaf, deviation.reason));
        }
    }
    Ok(DONE)
}

/// The commands that tell of ports whether or not they are configured, each asked where those
/// before it told nothing.
fn asked_for_ports(dialect: &mercury_adapter::Dialect) -> Vec<&str> {
    dialect.cli.iter().flat_map(|cli| &cli.states).map(|table| table.command.as_str()).collect()
}
