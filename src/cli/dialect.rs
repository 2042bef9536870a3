//! `mercury dialect list`.

use std::collections::BTreeMap;

use mercury_adapter::Save;
use serde_json::json;

use super::{Common, DONE, Ended, Output, dialects, print};

pub(super) fn list(common: &Common) -> Ended {
    let dialects = dialects()?;
    if common.output == Output::Json {
        let entry = |dialect: &mercury_adapter::Dialect| {
            json!({
                "name": dialect.name, "vendor": dialect.vendor, "os": dialect.os,
                "protocols": dialect.protocols().into_iter().map(|name| (name, dialect.standing(name))).collect::<BTreeMap<_, _>>(),
                "evidence": dialect.evidence, "deviations": dialect.deviations, "sources": dialect.sources,
            })
        };
        print::json(&dialects.iter().map(|dialect| entry(dialect)).collect());
        return Ok(DONE);
    }
    for dialect in dialects {
        print::line(&format!("{:<16} {} {}", dialect.name, dialect.vendor, dialect.os));
        for protocol in dialect.protocols() {
            print::line(&format!("{:<16}   {protocol}: {}", "", dialect.standing(protocol)));
        }
        match dialect.gnmi.as_ref().map(|gnmi| &gnmi.save) {
            Some(Save::WhereConfigured(how)) => print::line(&format!("{:<16}   survives a reboot where: {how}", "")),
            Some(Save::Cli(command)) => print::line(&format!("{:<16}   is saved with: {command}", "")),
            Some(Save::Automatic) => print::line(&format!("{:<16}   saves by itself", "")),
            Some(Save::Unknown) | None => {}
        }
        for deviation in &dialect.deviations {
            print::line(&format!("{:<16}   without {}: {}", "", deviation.leaf, deviation.reason));
        }
    }
    Ok(DONE)
}
