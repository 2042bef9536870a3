//! `mercury fleet`.

#[cfg(feature = "etcd")]
use serde_json::json;

use super::{Common, Ended, Failure};

#[cfg(not(feature = "etcd"))]
#[expect(clippy::unused_async, reason = "as with the feature")]
pub(super) async fn fleet(_: &Common) -> Ended {
    let message = "this mercury was built without etcd, by which the members of a fleet know each other";
    Err(Failure::Other(message.to_owned()))
}

/// Shows the members, and which of them has which switch.
#[cfg(feature = "etcd")]
pub(super) async fn fleet(common: &Common) -> Ended {
    use super::{DONE, Output, found, print};
    use crate::{
        fleet::{presence, view::Subject},
        registry,
        target::lock_name,
    };

    let (settings, inventory) = common.load(&common.overrides(), None)?;
    let (Some(_), Some(etcd)) = (&settings.fleet, settings.etcd.clone()) else {
        return Err(Failure::Other("the settings have no [fleet]".to_owned()));
    };
    let view = presence::look(etcd).await.map_err(Failure::because)?;
    let mut rows = Vec::new();
    for switch in &inventory {
        let dialect = registry::dialect(switch, inventory.dialects()).map_err(Failure::because)?;
        let lock = lock_name(switch, registry::port(switch, &dialect));
        let calls_home = switch.calls_home();
        let member = view.served_by(Subject { lock: &lock, calls_home }).map(str::to_owned);
        rows.push((switch.identity.name.as_str(), calls_home, member));
    }
    let exit = if view.members().next().is_none() { found() } else { DONE };
    if common.output == Output::Json {
        let members: Vec<_> = view
            .members()
            .map(|(name, member)| json!({"name": name, "address": member.address, "leaving": member.leaving}))
            .collect();
        let switches: Vec<_> = rows
            .iter()
            .map(|(name, calls_home, member)| json!({"name": name, "calls_home": calls_home, "member": member}))
            .collect();
        print::json(&json!({"members": members, "switches": switches}));
        return Ok(exit);
    }
    for (name, member) in view.members() {
        let has = rows.iter().filter(|(.., served)| served.as_deref() == Some(name)).count();
        let leaving = if member.leaving { ", which leaves" } else { "" };
        let switches = print::counted(has, "switch", "switches");
        print::line(&format!("{name} at {}{leaving}: {switches}", member.address));
    }
    if view.members().next().is_none() {
        print::line("no member is there");
    }
    for (name, calls_home, member) in &rows {
        let told = match (member, calls_home) {
            (Some(member), true) => format!("{member}, which it has called"),
            (Some(member), false) => member.clone(),
            (None, true) => "nobody: it calls home, and has called no member".to_owned(),
            (None, false) => "whoever is asked".to_owned(),
        };
        print::line(&format!("{name:<16} {told}"));
    }
    Ok(exit)
}
