//! Which settings a service takes over while it runs, and which not.

use std::path::{Path, PathBuf};

use super::{Dialects, Settings};
use crate::finding::{Finding, Findings, Severity};
use crate::inventory::{Changes, Inventory};

impl Settings {
    /// The settings a service runs with after it has read these `new` ones, and the
    /// keys of those that differ and take a restart.
    #[must_use]
    pub fn renewed(&self, new: Self) -> (Self, Vec<&'static str>) {
        let differs = [
            ("listen", self.listen != new.listen),
            ("metrics_listen", self.metrics_listen != new.metrics_listen),
            ("auth", self.auth != new.auth),
            ("htpasswd", self.htpasswd != new.htpasswd),
            ("allow_remote_noauth", self.allow_remote_noauth != new.allow_remote_noauth),
            ("allow_plaintext_passwords", self.allow_plaintext_passwords != new.allow_plaintext_passwords),
            ("digest", differ(&self.digest, &new.digest)),
            ("tls", differ(&self.tls, &new.tls)),
            ("keystone", differ(&self.keystone, &new.keystone)),
            ("socket", differ(&self.socket, &new.socket)),
            ("call_home", self.call_home != new.call_home),
            ("lock_dir", self.lock_dir != new.lock_dir),
            ("etcd", self.etcd != new.etcd),
            ("fleet", self.fleet != new.fleet),
            ("audit", self.audit != new.audit),
            ("traces", self.traces != new.traces),
            ("status_page", self.status_page != new.status_page),
            ("limits", self.limits != new.limits),
            ("log", self.log != new.log),
        ];
        let keys = differs.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect();
        let runs = Self {
            switches: new.switches,
            allowed_vlans: new.allowed_vlans,
            rules: new.rules,
            dialects: new.dialects,
            dialect_folder: new.dialect_folder,
            rule_files: new.rule_files,
            policy: new.policy,
            policy_file: new.policy_file,
            known_hosts: new.known_hosts,
            secret_files: new.secret_files,
            reload_interval: new.reload_interval,
            ..self.clone()
        };
        (runs, keys)
    }

    /// What decides which changes may be made, where it differs from `before`: what it is
    /// called in the log, and the names.
    #[must_use]
    pub fn decides_otherwise(&self, before: &Self) -> Vec<(&'static str, Changes)> {
        let granted = match (&before.policy, &self.policy) {
            (Some(before), Some(now)) => now.changes(before),
            _ => Changes::default(),
        };
        let rules = self.rules.changes(&before.rules);
        let all = [
            ("callers of the policy", granted),
            ("rules", rules),
            ("dialects", self.dialects.changes(&before.dialects)),
        ];
        all.into_iter().filter(|(_, changes)| !changes.is_empty()).collect()
    }

    /// Whether nothing is wrong but that inventory files are not there, which somebody
    /// else may write yet, and somebody looks for them.
    pub fn lacks_only_files(&self, findings: &Findings) -> bool {
        let is_absent = |finding: &Finding| {
            finding.file.as_ref().is_some_and(|file| self.switches.contains(file) && !file.exists())
        };
        let mut errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
        self.reload_interval.is_some() && errors.all(is_absent)
    }

    /// Every file that these settings, their own file `config` and `inventory` were
    /// read from or name.
    pub fn files(&self, config: Option<&Path>, inventory: &Inventory) -> Vec<PathBuf> {
        let own = config.map(Path::to_owned).into_iter().chain(self.htpasswd.clone()).chain(self.policy_file.clone());
        let lists = [&self.switches, &self.rule_files, &self.known_hosts];
        let files = own.chain(lists.into_iter().flatten().cloned()).chain(inventory.files().iter().cloned());
        files.chain(self.dialect_folder.iter().flat_map(|folder| Dialects::watched(folder))).collect()
    }
}

/// By what they show of themselves, which is all but secrets that are written in them.
fn differ<T: std::fmt::Debug>(one: &T, other: &T) -> bool {
    format!("{one:?}") != format!("{other:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, settings};

    #[test]
    fn what_takes_a_restart_is_named_and_kept() {
        let (before, _) = settings::read(None, &Overrides::default());
        let mut new = before.clone();
        new.listen = "127.0.0.1:1".parse().unwrap();
        new.limits.max_in_flight = 1;
        new.switches = vec!["other.toml".into()];
        let (runs, restart) = before.renewed(new);
        assert_eq!(restart, ["listen", "limits"]);
        assert_eq!((runs.listen, runs.limits), (before.listen, before.limits));
        assert_eq!(runs.switches, [PathBuf::from("other.toml")]);
    }
}
