//! The Debian package, as cargo-deb makes it by `[package.metadata.deb]` of Cargo.toml, and
//! what dpkg makes of it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use super::run;
use crate::harness::{Setup, installed, python::beside};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The package of this binary, without its symbols, which `folder` would not be the better for.
fn made(folder: &Path) -> PathBuf {
    let (target, package) = (folder.join("target"), folder.join("mercury.deb"));
    fs::create_dir_all(target.join("release")).unwrap();
    let binary = target.join("release/mercury");
    run(Command::new("strip").arg("-o").arg(&binary).arg(env!("CARGO_BIN_EXE_mercury")));
    run(Command::new(root().join("config/deb/pages")).arg(&binary).current_dir(root()));
    let mut packager = Command::new(beside("cargo-deb").join("bin/cargo-deb"));
    packager.args(["--no-build", "--no-strip", "--no-dbgsym", "--offline", "--locked"]);
    // Fast, as it is looked at once.
    packager.args(["--fast", "--compress-system", "-Z", "gz", "--output"]).arg(&package);
    let (_, told) = run(packager.current_dir(root()).env("CARGO_TARGET_DIR", &target));
    assert_eq!(told, "", "it has nothing to complain of");
    package
}

fn dpkg_deb(words: &[&str], package: &Path) -> String {
    run(Command::new("dpkg-deb").args(words).arg(package)).0
}

/// Mode and owner of a file in a package.
fn listed<'a>(held: &'a str, file: &str) -> (&'a str, &'a str) {
    let line = held.lines().find(|line| line.ends_with(&format!(" .{file}")));
    let mut words = line.unwrap_or_else(|| panic!("{file} is missing: {held}")).split_whitespace();
    (words.next().unwrap(), words.next().unwrap())
}

#[test]
fn the_debian_package_holds_what_the_service_needs_and_dpkg_takes_it() {
    if !installed() {
        return;
    }
    let folder = tempfile::Builder::new().prefix("mercury-e2e-").tempdir().unwrap();
    let package = made(folder.path());
    let held = dpkg_deb(&["--contents"], &package);
    for (file, mode) in [
        ("/usr/bin/mercury", "-rwxr-xr-x"),
        ("/etc/mercury/mercury.toml", "-rw-r--r--"),
        ("/etc/mercury/inventory.toml", "-rw-r-----"),
        ("/usr/lib/sysusers.d/mercury.conf", "-rw-r--r--"),
        ("/usr/lib/systemd/system/mercury.service", "-rw-r--r--"),
        ("/usr/lib/systemd/system/mercury.socket", "-rw-r--r--"),
        ("/usr/share/man/man1/mercury.1.gz", "-rw-r--r--"),
        ("/usr/share/man/man1/mercury-serve.1.gz", "-rw-r--r--"),
        ("/usr/share/bash-completion/completions/mercury", "-rw-r--r--"),
        ("/usr/share/zsh/vendor-completions/_mercury", "-rw-r--r--"),
        ("/usr/share/fish/vendor_completions.d/mercury.fish", "-rw-r--r--"),
        ("/usr/share/doc/mercury/changelog.Debian.gz", "-rw-r--r--"),
        ("/usr/share/doc/mercury/copyright", "-rw-r--r--"),
        ("/usr/share/doc/mercury/operating.md", "-rw-r--r--"),
        ("/usr/share/doc/mercury/rules.rego", "-rw-r--r--"),
        ("/usr/share/doc/mercury/examples/inventory.toml", "-rw-r--r--"),
    ] {
        assert_eq!(listed(&held, file), (mode, "0/0"), "{file}");
    }
    let depends = run(Command::new("dpkg-deb").arg("--field").arg(&package).arg("Depends")).0;
    assert!(depends.contains("libc6 (>=") && depends.contains("libpcre2-8-0"), "{depends}");
    let control = folder.path().join("control");
    run(Command::new("dpkg-deb").arg("--control").args([&package, &control]));
    let conffiles = fs::read_to_string(control.join("conffiles")).unwrap();
    assert_eq!(conffiles.lines().collect::<Vec<_>>(), ["/etc/mercury/mercury.toml", "/etc/mercury/inventory.toml"]);

    // As dpkg lays it out.
    let tree = folder.path().join("tree");
    run(Command::new("dpkg-deb").arg("--extract").args([&package, &tree]));
    let unit = fs::read_to_string(tree.join("usr/lib/systemd/system/mercury.service")).unwrap();
    let program = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/")?.split(' ').next()).unwrap();
    let version = run(Command::new(tree.join(program)).arg("--version")).0;
    assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");
    let user = fs::read_to_string(tree.join("usr/lib/sysusers.d/mercury.conf")).unwrap();
    let user = user.lines().find_map(|line| line.strip_prefix("u ")?.split(' ').next()).unwrap().to_owned();
    assert!(unit.contains(&format!("User={user}")), "{unit}");
    let settings = tree.join("etc/mercury/mercury.toml");
    let checked = Setup::new().run(&["--config", settings.to_str().unwrap(), "config", "check"]);
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
    on_a_copy_of_this_system(folder.path(), &package, &user);
}

/// Installs and purges it where all that is written lands in memory, and is gone with the
/// namespace. Where one may not mount, that is told.
fn on_a_copy_of_this_system(folder: &Path, package: &Path, user: &str) {
    let stage = folder.join("stage");
    fs::create_dir(&stage).unwrap();
    let script = r#"
        mount -t tmpfs tmpfs "$1" && mkdir "$1/upper" "$1/work" "$1/root" &&
        mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root" || exit 77
        set -e
        cd "$1/root"; mount --bind /proc proc; mount --rbind /dev dev; cp "$2" opt/mercury.deb
        inside() { chroot . env PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
        inside dpkg --no-triggers --install /opt/mercury.deb
        inside stat -c 'is %A %U:%G %n' /etc/mercury /etc/mercury/inventory.toml /etc/mercury/mercury.toml
        inside setpriv --reuid "$3" --regid "$3" --clear-groups mercury --config /etc/mercury/mercury.toml config check
        inside dpkg --no-triggers --purge mercury
        test ! -e etc/mercury && test ! -e usr/bin/mercury && echo 'is gone'
    "#;
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(&stage).arg(package).arg(user);
    let output = command.output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    // unshare itself, and the first mounts.
    if matches!(output.status.code(), Some(1 | 77)) && !told.contains("Unpacking") {
        eprintln!("left out: what dpkg makes of the package, as nothing may be mounted here: {told}");
        return;
    }
    assert!(output.status.success(), "{told}");
    let is: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("is ")).collect();
    let owner = format!("root:{user}");
    assert_eq!(
        is,
        [
            &format!("drwxr-x--- {owner} /etc/mercury"),
            &format!("-rw-r----- {owner} /etc/mercury/inventory.toml"),
            "-rw-r--r-- root:root /etc/mercury/mercury.toml",
            "gone"
        ],
        "{told}"
    );
    assert!(told.contains("0 usable switches"), "{told}");
}

/// The documentation sends people to each.
#[test]
fn the_debian_package_has_all_features_and_its_changelog_is_of_this_version() {
    let (metadata, _) = run(cargo().args(["metadata", "--no-deps", "--offline", "--format-version", "1"]));
    let all: Value = serde_json::from_str(&metadata).unwrap();
    let packages = all["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "mercury").unwrap();
    let features = package["features"].as_object().unwrap();
    let deb = &package["metadata"]["deb"];
    assert_eq!(deb["features"], json!(features.keys().filter(|name| *name != "default").collect::<Vec<_>>()));
    let changelog = fs::read_to_string(root().join(deb["changelog"].as_str().unwrap())).unwrap();
    assert!(changelog.starts_with(concat!("mercury (", env!("CARGO_PKG_VERSION"), "-1) ")), "{changelog}");
    let synopsis = package["description"].as_str().unwrap();
    assert!(synopsis.len() <= 80, "it is one line of Description: {synopsis}");
}
