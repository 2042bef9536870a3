//! The Debian package, by `[package.metadata.deb]` of Cargo.toml.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let words = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Command::new(cargo).args(words).current_dir(root()).output().unwrap();
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = all["packages"].as_array().unwrap();
    packages.iter().find(|package| package["name"] == "mercury").unwrap().clone()
}

fn run(program: impl AsRef<std::ffi::OsStr>, words: &[&Path]) -> String {
    let output = Command::new(program).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The files that a pattern of an asset names: one, or all of an ending in a folder.
fn sources(pattern: &str, pages: &Path) -> Vec<PathBuf> {
    let path = match pattern.strip_prefix("target/package/") {
        Some(made) => pages.join(made),
        None if pattern == "target/release/mercury" => PathBuf::from(env!("CARGO_BIN_EXE_mercury")),
        None => root().join(pattern),
    };
    let name = path.file_name().unwrap().to_str().unwrap();
    let Some(ending) = name.strip_prefix('*') else { return vec![path] };
    let entries = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file() && path.to_str().unwrap().ends_with(ending)).collect()
}

/// Lays out what the assets say, and tells where each file went.
fn lay_out(deb: &Value, pages: &Path, into: &Path) -> BTreeSet<String> {
    let mut laid = BTreeSet::new();
    for asset in deb["assets"].as_array().unwrap() {
        let [pattern, target, mode] = [0, 1, 2].map(|place| asset[place].as_str().unwrap());
        let files = sources(pattern, pages);
        assert!(!files.is_empty(), "{pattern} is nothing");
        for file in files {
            let name = file.file_name().unwrap().to_str().unwrap();
            let target = if target.ends_with('/') { format!("{target}{name}") } else { target.to_owned() };
            let path = into.join(&target);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::copy(&file, &path).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            fs::set_permissions(&path, fs::Permissions::from_mode(u32::from_str_radix(mode, 8).unwrap())).unwrap();
            laid.insert(format!("/{target}"));
        }
    }
    // As cargo-deb has it, the units of this name.
    let unit = &deb["systemd-units"];
    let folder = root().join(unit["unit-scripts"].as_str().unwrap());
    let units = into.join("lib/systemd/system");
    fs::create_dir_all(&units).unwrap();
    for ending in ["service", "socket"] {
        let name = format!("{}.{ending}", unit["unit-name"].as_str().unwrap());
        fs::copy(folder.join(&name), units.join(&name)).unwrap();
        laid.insert(format!("/lib/systemd/system/{name}"));
    }
    laid
}

#[test]
fn the_debian_package_holds_what_the_service_needs() {
    let folder = tempfile::Builder::new().prefix("mercury-e2e-").tempdir().unwrap();
    let (pages, tree) = (folder.path().join("pages"), folder.path().join("tree"));
    run(root().join("config/deb/pages"), &[Path::new(env!("CARGO_BIN_EXE_mercury")), &pages]);
    let package = metadata();
    let deb = &package["metadata"]["deb"];
    let laid = lay_out(deb, &pages, &tree);
    for wanted in [
        "/usr/bin/mercury",
        "/etc/mercury/mercury.toml",
        "/usr/lib/sysusers.d/mercury.conf",
        "/lib/systemd/system/mercury.service",
        "/lib/systemd/system/mercury.socket",
        "/usr/share/man/man1/mercury.1",
        "/usr/share/man/man1/mercury-serve.1",
        "/usr/share/bash-completion/completions/mercury",
        "/usr/share/doc/mercury/examples/inventory.toml",
    ] {
        assert!(laid.contains(wanted), "{wanted} is missing: {laid:?}");
    }
    for file in deb["conf-files"].as_array().unwrap() {
        assert!(laid.contains(file.as_str().unwrap()), "{file} is in no asset");
    }
    // All that there are: the documentation sends people to each.
    let features = package["features"].as_object().unwrap();
    assert_eq!(
        deb["features"],
        serde_json::json!(features.keys().filter(|name| *name != "default").collect::<Vec<_>>())
    );
    let unit = &deb["systemd-units"];
    let name = format!("{}.service", unit["unit-name"].as_str().unwrap());
    let unit = root().join(unit["unit-scripts"].as_str().unwrap()).join(name);
    let text = fs::read_to_string(&unit).unwrap();
    let program = text.lines().find_map(|line| line.strip_prefix("ExecStart=")?.split(' ').next());
    assert!(laid.contains(program.unwrap()));
    let user = fs::read_to_string(tree.join("usr/lib/sysusers.d/mercury.conf")).unwrap();
    let user = user.lines().find_map(|line| line.strip_prefix("u ")?.split(' ').next()).unwrap().to_owned();
    assert!(text.contains(&format!("User={user}")), "{text}");
    // The settings that it brings are settings, as they are installed.
    let settings = tree.join("etc/mercury/mercury.toml");
    let checked = crate::harness::Setup::new().run(&["--config", settings.to_str().unwrap(), "config", "check"]);
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);
    built(&package, &tree, &folder.path().join("mercury.deb"), &laid);
}

/// Has dpkg-deb make the package, and looks into it.
fn built(package: &Value, tree: &Path, into: &Path, laid: &BTreeSet<String>) {
    if Command::new("dpkg-deb").arg("--version").output().is_err() {
        eprintln!("left out: there is no dpkg-deb");
        return;
    }
    let control = tree.join("DEBIAN");
    fs::create_dir(&control).unwrap();
    let deb = &package["metadata"]["deb"];
    let [name, version] = ["name", "version"].map(|field| package[field].as_str().unwrap());
    let text = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: {}\nSection: {}\nPriority: {}\nDescription: {}\n",
        deb["maintainer"].as_str().unwrap(),
        deb["section"].as_str().unwrap(),
        deb["priority"].as_str().unwrap(),
        package["description"].as_str().unwrap()
    );
    fs::write(control.join("control"), text).unwrap();
    let conffiles: String =
        deb["conf-files"].as_array().unwrap().iter().map(|file| format!("{}\n", file.as_str().unwrap())).collect();
    fs::write(control.join("conffiles"), conffiles).unwrap();
    let script = root().join(deb["maintainer-scripts"].as_str().unwrap()).join("postinst");
    run("sh", &[Path::new("-n"), &script]);
    fs::copy(script, control.join("postinst")).unwrap();
    run(
        "dpkg-deb",
        &["-Znone", "--root-owner-group", "--build"]
            .map(Path::new)
            .iter()
            .copied()
            .chain([tree, into])
            .collect::<Vec<_>>(),
    );
    let held = run("dpkg-deb", &[Path::new("--contents"), into]);
    let files: BTreeSet<String> = held
        .lines()
        .filter(|line| line.starts_with('-'))
        .map(|line| line.rsplit(" .").next().unwrap().to_owned())
        .collect();
    assert_eq!(&files, laid);
    assert!(held.lines().all(|line| line.contains(" root/root ")), "{held}");
    let inventory = held.lines().find(|line| line.ends_with("/etc/mercury/inventory.toml")).unwrap();
    assert!(inventory.starts_with("-rw-r-----"), "{inventory}");
    let mercury = held.lines().find(|line| line.ends_with("/usr/bin/mercury")).unwrap();
    assert!(mercury.starts_with("-rwxr-xr-x"), "{mercury}");
}
