//! The files, written aside, checked as `mercury config check` does, and only then put
//! where they belong.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::super::{
    Failure,
    new_files::{self, NewFiles},
};
use crate::{
    config::{self, Overrides},
    inventory::Switch,
};

pub(super) const SETTINGS: &str = "mercury.toml";
const INVENTORY: &str = "inventory.toml";
/// What the settings are; all else is as by default.
const SETTINGS_TEXT: &str = "# How the service runs; config/mercury.toml of Mercury's sources shows every option.\n\
                             switches = [\"inventory.toml\"]\n";

/// A text in TOML.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Whether neither file is there yet.
pub(super) fn are_free(folder: &Path) -> Result<(), Failure> {
    new_files::are_free(folder, &[SETTINGS, INVENTORY])
}

/// Files in a folder of their own below the one they are for; dropped, they are gone.
pub(super) struct Staged {
    into: PathBuf,
    folder: PathBuf,
    entry: String,
}

impl Staged {
    pub(super) fn write(into: &Path, entry: &str) -> Result<Self, Failure> {
        let folder = into.join(format!(".mercury-init.{}", std::process::id()));
        let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", folder.display()));
        fs::create_dir_all(into).map_err(failed)?;
        fs::create_dir(&folder).map_err(failed)?;
        let staged = Self { into: into.to_owned(), folder: folder.clone(), entry: entry.to_owned() };
        for (name, text) in [(SETTINGS, SETTINGS_TEXT), (INVENTORY, entry)] {
            fs::write(folder.join(name), text).map_err(failed)?;
        }
        Ok(staged)
    }

    /// The switch, if nothing is wrong with the files.
    pub(super) fn loaded(&self) -> Result<Arc<Switch>, Failure> {
        let (_, inventory, findings) = config::check(Some(&self.folder.join(SETTINGS)), &Overrides::default());
        let switch = inventory.as_ref().and_then(|inventory| inventory.iter().next().cloned());
        switch.filter(|_| !findings.has_errors()).ok_or(Failure::Findings(findings))
    }

    /// Puts the files where they belong; none is written over, and both are there or none.
    pub(super) fn keep(self) -> Result<Vec<PathBuf>, Failure> {
        let mut new = NewFiles::default();
        new.open(&self.into.join(SETTINGS), SETTINGS_TEXT)?;
        new.open(&self.into.join(INVENTORY), &self.entry)?;
        Ok(new.keep())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, folder = %self.folder.display(), "a folder could not be removed");
        }
    }
}
