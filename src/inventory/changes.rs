//! What differs between an inventory, or what else has names, and the one before it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::Inventory;

/// Names that are told of each kind of change.
const TOLD: usize = 20;

/// The names of what differs: of switches whose entries do, of callers, rules and dialects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Entries that were not there before, or could not be used.
    pub added: BTreeSet<String>,
    /// Entries that are not there any more, or cannot be used.
    pub removed: BTreeSet<String>,
    /// Entries that say something else now, or have another dialect of the same name.
    pub changed: BTreeSet<String>,
}

impl Changes {
    /// What differs between things that have names and those before.
    pub(crate) fn between<'a, T: PartialEq>(
        before: impl IntoIterator<Item = (&'a str, T)>,
        now: impl IntoIterator<Item = (&'a str, T)>,
    ) -> Self {
        let mut before: BTreeMap<&str, T> = before.into_iter().collect();
        let mut changes = Self::default();
        for (name, own) in now {
            match before.remove(name) {
                Some(same) if same == own => {}
                Some(_) => _ = changes.changed.insert(name.to_owned()),
                None => _ = changes.added.insert(name.to_owned()),
            }
        }
        changes.removed = before.into_keys().map(str::to_owned).collect();
        changes
    }

    /// Whether every entry is as before.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no switch differs");
        }
        let kinds = [("added", &self.added), ("removed", &self.removed), ("changed", &self.changed)];
        let mut separator = "";
        for (kind, names) in kinds.into_iter().filter(|(_, names)| !names.is_empty()) {
            let told: Vec<&str> = names.iter().take(TOLD).map(String::as_str).collect();
            write!(f, "{separator}{kind}: {}", told.join(", "))?;
            if names.len() > TOLD {
                write!(f, " and {} more", names.len() - TOLD)?;
            }
            separator = "; ";
        }
        Ok(())
    }
}

impl Inventory {
    /// The same, where entries that are as `before` are the very same in memory too;
    /// and what differs.
    #[must_use]
    pub fn after(mut self, before: &Self) -> (Self, Changes) {
        let mut changes = Changes::default();
        let (dialects, other) = std::mem::take(&mut self.dialects).after(&before.dialects);
        self.dialects = dialects;
        let known = |of: &Self, name: &str| of.names.get(name).and_then(|index| of.switches.get(*index)).cloned();
        for switch in &mut self.switches {
            let name = &switch.identity.name;
            match known(before, name) {
                Some(same) if same == *switch && !other.contains(&switch.identity.dialect) => *switch = same,
                Some(_) => _ = changes.changed.insert(name.clone()),
                None => _ = changes.added.insert(name.clone()),
            }
        }
        let lost = before.switches.iter().map(|switch| &switch.identity.name);
        changes.removed = lost.filter(|name| known(&self, name).is_none()).cloned().collect();
        (self, changes)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::inventory::{Credentials, SecretRef, Switch};

    fn switch(name: &str, password: &str) -> Switch {
        let mut switch = Switch::new(name, "192.0.2.1", "openconfig", "mercury");
        switch.identity.credentials =
            Credentials { password: Some(SecretRef::Inline(password.into())), enable_secret: None };
        switch
    }

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn what_differs_is_named_and_the_rest_is_the_very_same() {
        let before: Inventory = ["a", "b", "c"].map(|name| switch(name, "old")).into_iter().collect();
        let now: Inventory = [switch("a", "old"), switch("b", "new"), switch("d", "old")].into_iter().collect();
        let (now, changes) = now.after(&before);
        let expected = Changes { added: names(&["d"]), removed: names(&["c"]), changed: names(&["b"]) };
        assert_eq!(changes, expected, "a password alone is a difference too");
        assert!(Arc::ptr_eq(now.find("a").unwrap(), before.find("a").unwrap()));
        assert!(!Arc::ptr_eq(now.find("b").unwrap(), before.find("b").unwrap()));
        assert_eq!(changes.to_string(), "added: d; removed: c; changed: b");
        let (_, nothing) = now.clone().after(&now);
        assert!(nothing.is_empty());
    }

    #[test]
    fn no_more_names_are_told_than_anybody_reads() {
        let now: Inventory = (0..50).map(|n| switch(&format!("leaf{n:02}"), "old")).collect();
        let (_, changes) = now.after(&Inventory::default());
        assert!(changes.to_string().ends_with("leaf19 and 30 more"), "{changes}");
    }
}
