//! The new files: all of them or none, and none written over.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::super::Failure;

const SETTINGS: &str = "mercury.toml";
const INVENTORY: &str = "inventory.toml";
const SECRETS: &str = "secrets";

/// What was understood, in TOML.
#[derive(Default)]
pub(super) struct Written {
    /// Lines of `mercury.toml`, tables last.
    pub(super) settings: Vec<String>,
    pub(super) tables: Vec<String>,
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

/// Whether nothing of that name is there yet.
pub(super) fn is_free(folder: &Path) -> Result<(), Failure> {
    let taken = [SETTINGS, INVENTORY, SECRETS].map(|name| folder.join(name)).into_iter();
    match taken.filter(|file| file.symlink_metadata().is_ok()).map(|file| file.display().to_string()).next() {
        Some(file) => Err(Failure::Other(format!("{file} is there already, and is not written over"))),
        None => Ok(()),
    }
}

impl Written {
    pub(super) const fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.tables.is_empty() && self.switches.is_empty() && self.switch_file.is_none()
    }

    /// Writes all, and says where; settings first.
    pub(super) fn put(self, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
        let mut made = Vec::new();
        let done = self.all(folder, &mut made);
        if done.is_err() {
            // Newest first, so that a folder is empty when it is its turn.
            for path in made.iter().rev() {
                let removed = if path.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) };
                removed.map_err(|error| Failure::Other(format!("{}: {error}", path.display())))?;
            }
        }
        done.map(|()| made.into_iter().filter(|path| path.is_file()).collect())
    }

    fn all(self, folder: &Path, made: &mut Vec<PathBuf>) -> Result<(), Failure> {
        fs::create_dir_all(folder).map_err(|error| Failure::Other(format!("{}: {error}", folder.display())))?;
        let mut switches: Vec<String> = self.switch_file.into_iter().collect();
        if !self.switches.is_empty() {
            switches.push(INVENTORY.to_owned());
        }
        let mut settings = vec!["# Imported; config/mercury.toml of Mercury's sources shows every option.".to_owned()];
        settings.push(format!("switches = {}", list(switches.iter().map(String::as_str))));
        settings.extend(self.settings);
        settings.extend(self.tables);
        put(&folder.join(SETTINGS), &settings, made)?;
        if self.switches.is_empty() {
            return Ok(());
        }
        if self.switches.iter().any(|entry| !entry.secrets.is_empty()) {
            let secrets = folder.join(SECRETS);
            let made_it = fs::DirBuilder::new().mode(0o700).create(&secrets);
            made_it.map_err(|error| Failure::Other(format!("{}: {error}", secrets.display())))?;
            made.push(secrets);
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
                private(&folder.join(&name), &secret, made)?;
            }
        }
        put(&folder.join(INVENTORY), &lines, made)
    }
}

fn put(path: &Path, lines: &[String], made: &mut Vec<PathBuf>) -> Result<(), Failure> {
    private(path, &(lines.join("\n") + "\n"), made)
}

/// A new file that nobody else may read.
fn private(path: &Path, text: &str, made: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Other(format!("{}: {error}", path.display()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    made.push(path.to_owned());
    file.write_all(text.as_bytes()).map_err(failed)
}
