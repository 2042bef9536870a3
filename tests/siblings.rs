//! The leaves beside those that Mercury owns, as the vendors' modules have them:
//! `tests/siblings` has a file for each dialect, one leaf a line, its path, a tab
//! and a value in JSON (see `tests/peers/siblings.py`). `MERCURY_BLESS=1` writes
//! the files anew.

#![expect(clippy::unwrap_used, reason = "a file that cannot be read fails the test")]

#[path = "kit/vendors.rs"]
mod vendors;

use std::{ffi::OsStr, fs, path::PathBuf};

use vendors::{VENDORS, folder, run};

fn file(dialect: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/siblings").join(format!("{dialect}.txt"))
}

/// Those with ports and VLANs of their own: `openconfig_evpn` has plain OpenConfig's.
fn dialects() -> impl Iterator<Item = &'static str> {
    VENDORS.iter().map(|(dialect, _)| *dialect).filter(|dialect| *dialect != "openconfig_evpn")
}

#[test]
fn the_siblings_are_those_of_the_vendors_modules() {
    let mut problems = Vec::new();
    std::thread::scope(|scope| {
        let asked: Vec<_> = dialects()
            .filter_map(|dialect| Some((dialect, folder(dialect)?)))
            .map(|(dialect, folder)| {
                let arguments = move || run("siblings.py", &[folder.as_os_str(), OsStr::new(dialect)], &[]);
                (dialect, scope.spawn(arguments))
            })
            .collect();
        for (dialect, said) in asked {
            let said = said.join().unwrap();
            if std::env::var_os("MERCURY_BLESS").is_some() {
                fs::write(file(dialect), &said).unwrap();
            }
            let written = fs::read_to_string(file(dialect)).unwrap_or_default();
            let (old, new): (Vec<_>, Vec<_>) = (written.lines().collect(), said.lines().collect());
            problems.extend(old.iter().filter(|line| !new.contains(line)).map(|line| format!("{dialect} - {line}")));
            problems.extend(new.iter().filter(|line| !old.contains(line)).map(|line| format!("{dialect} + {line}")));
        }
    });
    assert!(problems.is_empty(), "MERCURY_BLESS=1 writes tests/siblings:\n{}", problems.join("\n"));
}

#[test]
fn a_file_has_one_leaf_a_line_with_its_value() {
    for dialect in dialects() {
        let text = fs::read_to_string(file(dialect)).unwrap();
        let leaves: Vec<_> = text.lines().filter(|line| !line.starts_with("# ")).collect();
        assert!(leaves.len() >= 3, "{dialect}: {leaves:?}");
        for line in leaves {
            let (path, value) = line.split_once('\t').unwrap_or_else(|| panic!("{dialect}: {line}"));
            assert!(path.starts_with('/'), "{dialect}: {line}");
            serde_json::from_str::<serde_json::Value>(value).unwrap();
        }
    }
}
