//! Reading the files again, when somebody says so or they have changed: all of them
//! are read and checked before anything is taken over, and where something new is
//! wrong everything stays as it is.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;

use super::super::{Common, log, machine};
use crate::{
    config::{self, Overrides, Settings, Stamps},
    finding::{Code, Finding, Findings, Severity},
    inventory::{Changes, Inventory},
    lock::Coordinator,
    metrics,
    service::Current,
    status,
};

/// How long one waits for the next look where none is wanted.
const NEVER: Duration = Duration::from_secs(u32::MAX as u64);

/// What the files said that the service runs with.
pub(super) struct Read {
    pub(super) settings: Settings,
    pub(super) findings: Findings,
}

/// Reads the files of a service again.
pub(super) struct Reload {
    common: Common,
    overrides: Overrides,
    current: Arc<Current>,
    locks: Arc<dyn Coordinator>,
    settings: Settings,
    /// What was wrong already, wherever in its file.
    known: BTreeSet<Finding>,
    /// As the files were when they were read.
    read: Stamps,
    /// As they were at the last look.
    seen: Stamps,
}

impl Reload {
    /// The files as they are before they are read first: of those that the settings name.
    pub(super) fn stamps(common: &Common, overrides: &Overrides) -> Stamps {
        let config = common.config.as_deref();
        let files = Settings::load(config, overrides).map(|settings| settings.files(config, &Inventory::default()));
        Stamps::of(files.unwrap_or_default())
    }

    /// For a service that runs with what was `read` after the files were as `before`.
    pub(super) fn new(
        (common, overrides): (&Common, Overrides),
        (before, read): (Stamps, Read),
        current: Arc<Current>,
        locks: Arc<dyn Coordinator>,
    ) -> Self {
        let files = read.settings.files(common.config.as_deref(), current.service().inventory());
        let files: BTreeSet<PathBuf> = files.into_iter().collect();
        // One that changed while it was read has changed since.
        let stamps = before.only(&files).and(Stamps::of(files));
        let known = read.findings.iter().map(without_place).collect();
        let common = common.clone();
        Self { common, overrides, current, locks, settings: read.settings, known, seen: stamps.clone(), read: stamps }
    }

    /// Reads them whenever it is asked to, or they have changed, until it is told to stop.
    pub(super) async fn watch(self, mut asked: Signal, stop: CancellationToken) {
        let reload = Arc::new(Mutex::new(self));
        loop {
            let interval = reload.lock().unwrap_or_else(PoisonError::into_inner).settings.reload_interval;
            let is_asked = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                _ = asked.recv() => {
                    tracing::info!(signal = "SIGHUP", "reading the files again");
                    true
                }
                () = tokio::time::sleep(interval.unwrap_or(NEVER)) => false,
            };
            let reload = Arc::clone(&reload);
            let looking = tokio::task::spawn_blocking(move || {
                let mut reload = reload.lock().unwrap_or_else(PoisonError::into_inner);
                if is_asked || reload.is_due() {
                    reload.read();
                }
            });
            if looking.await.is_err() {
                tracing::error!("Mercury failed while it read the files; everything stays as it is");
            }
        }
    }

    /// Whether the files have changed, and not since the last look: whoever writes
    /// them has probably come to an end.
    fn is_due(&mut self) -> bool {
        let now = self.read.again();
        let is_due = now != self.read && now == self.seen;
        self.seen = now;
        is_due
    }

    fn read(&mut self) {
        let begun = Instant::now();
        let before = self.read.again();
        let (settings, inventory, findings) = config::check(self.common.config.as_deref(), &self.overrides);
        let mut files = self.files(&self.settings, self.current.service().inventory());
        if let (Some(settings), Some(inventory)) = (&settings, &inventory) {
            files.extend(self.files(settings, inventory));
        }
        // As they were before they were read: one that changed meanwhile is read once more.
        self.read = before.only(&files).and(Stamps::of(files));
        self.seen = self.read.clone();
        let found: BTreeSet<Finding> = findings.iter().map(without_place).collect();
        let news: Vec<&Finding> =
            findings.iter().filter(|finding| !self.known.contains(&without_place(finding))).collect();
        news.iter().for_each(|finding| log::finding(finding));
        let (Some(settings), Some(inventory)) = (settings, inventory) else { return kept() };
        // What time alone has made wrong is no mistake in the files.
        let is_a_mistake =
            |finding: &&Finding| finding.severity == Severity::Error && finding.code != Code::CertificateLifetime;
        if news.iter().any(is_a_mistake) {
            return kept();
        }
        match self.take_over(settings, inventory) {
            Ok(changes) => {
                self.known = found;
                let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                tracing::info!(
                    added = changes.added.len(),
                    removed = changes.removed.len(),
                    changed = changes.changed.len(),
                    took_ms,
                    "the files were read again: {changes}"
                );
            }
            Err(error) => {
                tracing::error!("{error}");
                kept();
            }
        }
    }

    fn take_over(&mut self, new: Settings, inventory: Inventory) -> Result<Changes, crate::registry::RegistryError> {
        machine::provide(&self.settings.limits, inventory.len());
        machine::for_switches(&inventory).iter().for_each(log::finding);
        let (service, changes) = self.current.service().renewed(inventory, &self.locks)?;
        let (settings, restart) = self.settings.renewed(new);
        if !restart.is_empty() {
            tracing::warn!("settings differ that take a restart: {}", restart.join(", "));
        }
        tell_of_differences(&self.settings, &settings);
        self.settings = settings;
        let service = service.under(self.settings.policy.clone());
        metrics::read_again(true);
        metrics::switches(service.inventory().len(), service.inventory().all_broken().count());
        let served = service.inventory().iter().map(|switch| switch.identity.name.clone()).collect::<BTreeSet<_>>();
        self.current.replace(service);
        status::keep(&served);
        metrics::keep(served);
        Ok(changes)
    }

    fn files(&self, settings: &Settings, inventory: &Inventory) -> BTreeSet<PathBuf> {
        settings.files(self.common.config.as_deref(), inventory).into_iter().collect()
    }
}

/// What decides which changes may be made.
fn tell_of_differences(before: &Settings, now: &Settings) {
    match (&before.policy, &now.policy) {
        (Some(_), None) => tracing::warn!("there is no policy any more: every caller may do everything now"),
        (None, Some(_)) => tracing::info!("there is a policy now: callers may do what it grants and nothing else"),
        _ => {}
    }
    for (what, changes) in now.decides_otherwise(before) {
        tracing::info!("{what} differ; {changes}");
    }
}

fn kept() {
    metrics::read_again(false);
    tracing::error!("what the files say is not taken over, and everything stays as it is");
}

/// What was wrong already is wrong when it is on another line, too, or tells of
/// another.
fn without_place(finding: &Finding) -> Finding {
    let mut parts = finding.message.split("line ");
    let first = parts.next().unwrap_or_default().to_owned();
    let message =
        parts.fold(first, |text, part| text + "line " + part.trim_start_matches(|c: char| c.is_ascii_digit()));
    Finding { line: None, column: None, message, ..finding.clone() }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser as _;

    use super::*;
    use crate::{cli::Arguments, lock, service::Service};

    #[test]
    fn a_file_that_changes_while_it_is_read_first_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let [config, switches] = ["mercury.toml", "switches.toml"].map(|name| folder.path().join(name));
        fs::write(&config, format!("switches = [{switches:?}]\n")).unwrap();
        fs::write(&switches, "").unwrap();
        let common = Arguments::parse_from(["mercury", "--config", config.to_str().unwrap(), "config", "check"]).common;
        let overrides = common.overrides();
        for changes in [false, true] {
            let before = Reload::stamps(&common, &overrides);
            let (settings, inventory, findings) = config::check(Some(&config), &overrides);
            if changes {
                fs::write(&switches, "# another\n").unwrap();
            }
            let (settings, inventory) = (settings.unwrap(), inventory.unwrap());
            let locks = lock::from_settings(&settings);
            let current = Current::new(Service::over(inventory, []));
            let read = Read { settings, findings };
            let mut reload = Reload::new((&common, overrides.clone()), (before, read), current, locks);
            assert!(!reload.is_due(), "somebody may still write it");
            assert_eq!(reload.is_due(), changes);
        }
    }
}
