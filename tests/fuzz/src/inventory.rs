//! Whatever stands in a file of switches, in Mercury's TOML or Ironic's INI.

use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use mercury::inventory::{Context, Inventory};
use tempfile::TempDir;

/// The first byte chooses the format; the rest is the file.
pub fn inventory(data: &[u8]) {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let Some((format, text)) = data.split_first() else { return };
    let folder = FOLDER.get_or_init(|| tempfile::tempdir().unwrap()).path();
    let file = write(folder, if format % 2 == 0 { "switches.toml" } else { "switches.conf" }, text);
    static CONTEXT: OnceLock<Context> = OnceLock::new();
    let (inventory, findings) = Inventory::load(&[file], CONTEXT.get_or_init(Context::default));
    for finding in findings.iter() {
        let text = finding.to_string();
        assert!(!text.is_empty());
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "a control character in {text:?}");
    }
    assert!(!inventory.is_empty() || !findings.is_empty(), "neither a switch nor a reason");
    for switch in &inventory {
        assert!(!switch.identity.name.is_empty() && !switch.identity.name.chars().any(char::is_control));
        assert!(!switch.identity.address.is_empty() && !switch.identity.address.chars().any(char::is_control));
        assert_eq!(
            inventory.find(&switch.identity.name).map(|found| &found.identity.name),
            Some(&switch.identity.name)
        );
        for mac in &switch.identity.mac_addresses {
            assert!(inventory.find(&mac.to_string()).is_some());
        }
    }
}

fn write(folder: &Path, name: &str, text: &[u8]) -> PathBuf {
    let path = folder.join(name);
    let options = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).to_owned();
    options.open(&path).and_then(|mut file| file.write_all(text)).unwrap();
    path
}
