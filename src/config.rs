//! The service's configuration: typed, documented, and checked all at once.
//!
//! A file is read into a table that remembers lines, every value is
//! taken out of it by a typed reader, and everything wrong becomes a
//! [`Finding`]; nothing stops at the first mistake. [`check`] is the one way in
//! for `mercury config check` and for `mercury serve`, so the two cannot disagree.

mod audit;
mod call_home;
mod callers;
mod dialects;
mod digest;
mod etcd;
pub(crate) mod fields;
pub(crate) mod fleet;
mod keystone;
mod limits;
mod log;
mod policy;
pub(crate) mod reader;
mod renewal;
mod servers;
mod settings;
mod socket;
pub(crate) mod source;
mod stamps;
mod tls;
pub(crate) mod toml_tree;
mod traces;

pub use audit::{AuditLog, AuditPlace};
pub use call_home::CallHome;
pub use callers::ways;
pub use dialects::Dialects;
pub use etcd::Etcd;
pub use fleet::Fleet;
pub use log::{Log, LogFormat, LogLevel};
pub use policy::{CallerPolicy, Login, OPERATIONS, Wanted};
pub use settings::{AuthKind, Limits, Overrides, Settings};
pub use socket::Socket;
pub use source::{FileAccess, SourceError};
pub use stamps::Stamps;
pub use tls::{Tls, TlsVersion};
pub use traces::Collector;

use crate::auth::{DigestUsers, Htpasswd};
use crate::finding::{Code, Finding, Findings};
use crate::inventory::{Context, Face, Inventory, NetconfSettings, NetconfTransport, Switch};
use std::path::Path;
use std::sync::Arc;

/// Reads the configuration file, every inventory file and the htpasswd file,
/// and collects everything wrong in all of them.
///
/// The settings are there when nothing of error severity was found in them.
/// The inventory holds the switches that are usable, and knows why the others are
/// not; `serve` serves those. Where no switch is asked ([`FileAccess::Unasked`]) what asking one
/// and being asked take is not looked for.
pub fn check(config: Option<&Path>, overrides: &Overrides) -> (Option<Settings>, Option<Inventory>, Findings) {
    let (settings, mut findings) = settings::read(config, overrides);
    let sound = !findings.has_errors();
    if settings.secret_files != FileAccess::Unasked {
        findings.merge(callers_and_certificates(&settings));
    }
    let (inventory, more) = Inventory::load(&settings.switches, &Context::from(&settings));
    findings.merge(more);
    findings.merge(impatient(&settings, &inventory));
    findings.merge(deaf(&settings, &inventory));
    findings.merge(unlike(&inventory));
    (sound.then_some(settings), Some(inventory), findings)
}

/// What is wrong with the files of users, certificates and keys.
fn callers_and_certificates(settings: &Settings) -> Findings {
    let mut findings = Findings::default();
    if let Some(path) = &settings.htpasswd {
        findings.merge(Htpasswd::read(path).1);
    }
    if let Some(digest) = &settings.digest {
        let (users, wrong) = DigestUsers::read(&digest.users);
        findings.merge(wrong);
        for realm in users.realms().iter().filter(|realm| **realm != digest.realm) {
            let message =
                format!("has lines of the realm {realm:?}, which let nobody in: the realm is {:?}", digest.realm);
            findings.push(Finding::error(Code::Conflict, message).field("digest.realm").at(&digest.users, None));
        }
    }
    if let Some(tls) = &settings.tls {
        findings.merge(crate::tls::check(tls));
    }
    if let Some(fleet) = &settings.fleet {
        findings.merge(crate::tls::check_member(fleet));
    }
    findings
}

/// Whether a change may take longer than its caller is let wait; told of one
/// switch only.
fn impatient(settings: &Settings, inventory: &Inventory) -> Findings {
    let within = settings.limits.request_timeout;
    let slow = inventory.into_iter().find_map(|switch| {
        let commits = if switch.may_confirm() { 2 } else { 1 };
        let takes = switch.timing.commit_timeout.saturating_mul(commits);
        (takes > within).then(|| (&switch.identity.name, takes.as_secs()))
    });
    let finding = slow.map(|(name, takes)| {
        let message = format!(
            "{} s; the commits of one change of {name} may take {takes} s by its commit_timeout",
            within.as_secs()
        );
        let finding = Finding::warning(Code::Conflict, message).field("limits.request_timeout");
        finding.help("the change goes on, but its caller is told that it timed out")
    });
    finding.into_iter().collect()
}

/// Whether a switch calls where nobody listens; told of one switch only.
fn deaf(settings: &Settings, inventory: &Inventory) -> Findings {
    let hears = |switch: &&Arc<Switch>| {
        let home = settings.call_home.as_ref();
        home.is_some_and(|home| if switch.carried_by() == "TLS" { !home.tls.is_empty() } else { !home.ssh.is_empty() })
    };
    let unheard = inventory.into_iter().find(|switch| switch.calls_home() && !hears(switch));
    let finding = unheard.map(|switch| {
        let (name, carried) = (&switch.identity.name, switch.carried_by());
        let message = format!("{name} calls home over {carried}, and nobody listens for that");
        let key = carried.to_lowercase();
        Finding::warning(Code::Conflict, message)
            .field(format!("call_home.{key}"))
            .help(format!("{key} = [\"0.0.0.0:PORT\"]"))
    });
    finding.into_iter().collect()
}

/// Whether switches that call home over TLS are to be shown several certificates, of which
/// TLS can show one; told of one switch only.
fn unlike(inventory: &Inventory) -> Findings {
    let shown = |switch: &Arc<Switch>| match &switch.face {
        Face::Netconf(NetconfSettings { call_home: true, transport: NetconfTransport::Tls(tls), .. }) => {
            tls.client.as_ref().map(|client| (switch.identity.name.clone(), client.chain.clone()))
        }
        _ => None,
    };
    let mut all = inventory.into_iter().filter_map(shown);
    let first = all.next();
    let other = first.and_then(|(name, chain)| Some((name, all.find(|(_, other)| *other != chain)?.0)));
    let finding = other.map(|(first, other)| {
        let message = format!("{first} has another; who calls home over TLS is shown one certificate, whoever it is");
        let finding = Finding::warning(Code::Conflict, message).field(format!("switch.{other}.tls_cert"));
        finding.help("tls_cert and tls_key in [defaults]")
    });
    finding.into_iter().collect()
}

#[cfg(test)]
mod tests;
