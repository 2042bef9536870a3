//! The `[socket]` table.

use super::fields::{Entry, Table, Value};
use super::reader::{Found, Reader};
use crate::finding::{Code, Finding, Findings};
use std::path::{Path, PathBuf};

/// A socket of the file system beside the port, whose callers the system itself names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// `path`: where it is; required.
    pub path: PathBuf,
    /// `mode`: its permission bits, in octal; `"0600"`.
    pub mode: u32,
    /// `uids`: the users who may call; none. One of the two must be given.
    pub uids: Vec<u32>,
    /// `gids`: the groups whose processes may call, by their primary group; none.
    pub gids: Vec<u32>,
}

impl Socket {
    /// Whether a process of this user and this group may call.
    #[must_use]
    pub fn admits(&self, uid: u32, gid: u32) -> bool {
        self.uids.contains(&uid) || self.gids.contains(&gid)
    }
}

/// Every key of the table.
pub(super) const KEYS: &[&str] = &["path", "mode", "uids", "gids"];

/// What Linux takes for a path, with an end and a suffix of ours.
const MAX_PATH: usize = 96;

/// Reads the table, if the file has one.
pub(super) fn read(file: &Path, root: &Table, findings: &mut Findings) -> Option<Socket> {
    let entry = root.entries.get("socket")?;
    let Value::Table(table) = &entry.value else {
        let message = format!("must be a table, not {}", entry.value.type_name());
        findings.push(Finding::error(Code::WrongType, message).field("socket").at(file, Some(entry.line)));
        return None;
    };
    let mut reader = Reader::new(file, "socket", table, findings);
    reader.refuse_unknown(KEYS, |_| None);
    reader.require("path");
    let socket = Socket {
        path: reader.path("path").unwrap_or_default(),
        mode: mode(&mut reader).unwrap_or(0o600),
        uids: ids(&mut reader, "uids"),
        gids: ids(&mut reader, "gids"),
    };
    if socket.path.as_os_str().len() > MAX_PATH {
        let message = format!("must have at most {MAX_PATH} bytes, from the root on");
        reader.blame_key("path", Finding::error(Code::OutOfRange, message));
    }
    if socket.uids.is_empty() && socket.gids.is_empty() && !reader.failed() {
        let finding = Finding::error(Code::MissingKey, "must say who may call, or gids must");
        reader.blame_key("uids", finding.help("id -u USER shows a user's"));
    }
    (!reader.failed()).then_some(socket)
}

fn mode(reader: &mut Reader<'_>) -> Option<u32> {
    let text = reader.text("mode")?;
    let mode = u32::from_str_radix(&text, 8).ok().filter(|mode| *mode <= 0o777 && mode & 0o600 == 0o600);
    if mode.is_none() {
        reader.blame_key("mode", Finding::error(Code::BadValue, "must be octal, \"0600\" to \"0777\""));
    }
    mode
}

fn ids(reader: &mut Reader<'_>, key: &str) -> Vec<u32> {
    let Some(found) = reader.find(key) else { return Vec::new() };
    let one = std::slice::from_ref(found.entry);
    let items: &[Entry] = if let Value::List(items) = &found.entry.value { items } else { one };
    let mut ids = Vec::new();
    for entry in items {
        match entry.value {
            Value::Integer(number) if u32::try_from(number).is_ok() => ids.extend(u32::try_from(number)),
            _ => {
                let item = Found { entry, field: found.field.clone() };
                reader.blame(&item, Finding::error(Code::BadValue, "must be numbers, as `id` shows them"));
            }
        }
    }
    ids
}
