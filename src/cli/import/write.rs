//! The new files: all of them or none, and none written over.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::super::{
    Failure,
    new_files::{self, NewFiles},
};

const SETTINGS: &str = "mercury.toml";
const INVENTORY: &str = "inventory.toml";
const SECRETS: &str = "secrets";

/// What was understood, in TOML.
#[derive(Default)]
pub(super) struct Written {
    /// Lines of `mercury.toml`, tables last.
    pub(super) settings: Vec<String>,
    pub(super) tables: Vec<String>,
    /// Comments about what stands in the files and nothing becomes of.
    pub(super) passed_over: Vec<String>,
    /// A file of switches that Mercury reads as it is.
    pub(super) switch_file: Option<String>,
    pub(super) switches: Vec<Entry>,
}

/// A `[[switch]]`.
pub(super) struct Entry {
    pub(super) lines: Vec<String>,
    /// Its secrets: the option, and what becomes a file.
    pub(super) secrets: Vec<(&'static str, String)>,
}

/// A text in TOML.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A list of texts in TOML.
pub(super) fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    format!("[{}]", texts.into_iter().map(quoted).collect::<Vec<_>>().join(", "))
}

/// A line of a comment, which may hold anything.
pub(super) fn comment(text: &str) -> String {
    format!("# {}", text.replace(char::is_control, " "))
}

/// Whether nothing of their names is there yet.
pub(super) fn is_free(folder: &Path) -> Result<(), Failure> {
    new_files::are_free(folder, &[SETTINGS, INVENTORY, SECRETS])
}

impl Written {
    pub(super) const fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.tables.is_empty() && self.switches.is_empty() && self.switch_file.is_none()
    }

    /// Writes all, and says where; settings first.
    pub(super) fn put(self, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
        let mut new = NewFiles::default();
        self.all(folder, &mut new)?;
        Ok(new.keep())
    }

    fn all(self, folder: &Path, new: &mut NewFiles) -> Result<(), Failure> {
        fs::create_dir_all(folder).map_err(|error| Failure::Other(format!("{}: {error}", folder.display())))?;
        let mut switches: Vec<String> = self.switch_file.into_iter().collect();
        if !self.switches.is_empty() {
            switches.push(INVENTORY.to_owned());
        }
        let mut settings = vec!["# Imported; config/mercury.toml of Mercury's sources shows every option.".to_owned()];
        settings.push(format!("switches = {}", list(switches.iter().map(String::as_str))));
        settings.extend(self.passed_over);
        settings.extend(self.settings);
        settings.extend(self.tables);
        put(&folder.join(SETTINGS), &settings, new)?;
        if self.switches.is_empty() {
            return Ok(());
        }
        if self.switches.iter().any(|entry| !entry.secrets.is_empty()) {
            new.private_folder(&folder.join(SECRETS))?;
        }
        let mut lines = vec!["# Imported; config/inventory.toml of Mercury's sources shows every option.".to_owned()];
        for (index, entry) in self.switches.into_iter().enumerate() {
            lines.push(String::new());
            lines.push("[[switch]]".to_owned());
            lines.extend(entry.lines);
            for (option, secret) in entry.secrets {
                // Names may hold what names of files may not.
                let name = format!("{SECRETS}/{}-{option}", index + 1);
                lines.push(format!("{option} = {{ file = {} }}", quoted(&name)));
                new.private(&folder.join(&name), &secret)?;
            }
        }
        put(&folder.join(INVENTORY), &lines, new)
    }
}

fn put(path: &Path, lines: &[String], new: &mut NewFiles) -> Result<(), Failure> {
    new.private(path, &(lines.join("\n") + "\n"))
}
