//! The modules that vendors publish, and the scripts of `tests/peers` that ask
//! yanglint about them.
//!
//! `MERCURY_PUBLISHED_MODULES` names a folder with a folder for each vendor.
//! Without it, or without yanglint, nothing is checked, and the test says so;
//! with `MERCURY_PEERS` it must not be yanglint that is missing.

use std::{
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};

/// The dialects whose vendor publishes modules that may be passed on, and the
/// vendor's folder. Cisco's may not be; Dell publishes none.
pub(crate) const VENDORS: [(&str, &str); 6] = [
    ("arista_eos", "arista"),
    ("juniper_junos", "juniper"),
    ("nokia_srl", "nokia"),
    ("openconfig", "openconfig"),
    ("openconfig_evpn", "openconfig"),
    ("sonic", "sonic"),
];

/// The folder of a dialect's vendor; `None` where there is none, or nothing is
/// to be checked at all.
pub(crate) fn folder(dialect: &str) -> Option<PathBuf> {
    static ROOT: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
        let root = std::env::var_os("MERCURY_PUBLISHED_MODULES").map(PathBuf::from);
        let has_yanglint = Command::new("yanglint").arg("--version").output().is_ok();
        let reason = match (&root, has_yanglint) {
            (Some(_), true) => return root,
            (None, _) => "MERCURY_PUBLISHED_MODULES names no folder with them",
            (Some(_), false) => "there is no yanglint; tests/peers/install installs it",
        };
        assert!(root.is_none() || std::env::var_os("MERCURY_PEERS").is_none(), "{reason}");
        // Past the test harness, which keeps what a passing test prints to itself.
        writeln!(std::io::stderr().lock(), "\nskipped: every check against the vendors' published modules; {reason}")
            .unwrap();
        None
    });
    let vendor = VENDORS.iter().find(|(name, _)| *name == dialect)?.1;
    let folder = ROOT.as_ref()?.join(vendor);
    assert!(folder.is_dir(), "MERCURY_PUBLISHED_MODULES has no {vendor}");
    Some(folder)
}

/// What a script prints.
pub(crate) fn run(script: &str, arguments: &[&OsStr], input: &[u8]) -> String {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let script = above.map(|folder| folder.join("tests/peers").join(script)).find(|file| file.exists()).unwrap();
    let mut child = Command::new("python3")
        .arg("-B")
        .arg(&script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Where it ends before it has read all, its own words say why.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {arguments:?}: {words}", script.display());
    String::from_utf8(output.stdout).unwrap()
}
