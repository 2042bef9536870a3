//! What is made of the files for containers: images by buildah, and objects of Kubernetes.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use super::run;
use crate::harness::{installed, python::beside};

const USER: u32 = 65532;

/// A place for images. What stages before the last one make is in a folder: no registry has
/// to be asked for what they begin with.
struct Images {
    folder: tempfile::TempDir,
}

impl Images {
    /// Where the stage that builds left this binary, without its symbols, and whom it trusts.
    fn new() -> Self {
        let own = Self { folder: tempfile::Builder::new().prefix("mercury-e2e-").tempdir().unwrap() };
        let binary = own.made().join("src/target/release/mercury");
        let roots = own.made().join("etc/ssl/certs/ca-certificates.crt");
        for path in [&binary, &roots] {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
        }
        run(Command::new("strip").arg("-o").arg(binary).arg(env!("CARGO_BIN_EXE_mercury")));
        fs::write(roots, "whom it trusts\n").unwrap();
        own
    }

    fn made(&self) -> PathBuf {
        self.folder.path().join("made")
    }

    fn buildah(&self) -> Command {
        let mut command = Command::new("buildah");
        for (flag, folder) in [("--root", "store"), ("--runroot", "run")] {
            command.arg(flag).arg(self.folder.path().join(folder));
        }
        command.args(["--storage-driver", "vfs"]);
        command
    }

    /// Builds an image by this file; says what its configuration is.
    fn build(&self, file: &str, name: &str, words: &[String]) -> Value {
        let mut command = self.buildah();
        command.args(["build", "--quiet", "--isolation", "chroot", "-f", file, "-t", name]).args(words);
        run(command.arg(".").current_dir(env!("CARGO_MANIFEST_DIR")));
        let (told, _) = run(self.buildah().args(["inspect", "--type", "image", name]));
        serde_json::from_str::<Value>(&told).unwrap()["OCIv1"]["config"].clone()
    }

    /// A container of an image, and where its files are.
    fn container(&self, image: &str) -> (String, PathBuf) {
        let (name, _) = run(self.buildah().args(["from", "--pull-never", image]));
        let (at, _) = run(self.buildah().args(["mount", name.trim()]));
        (name.trim().to_owned(), at.trim().into())
    }
}

/// Files below a folder, each with its mode.
fn files(folder: &Path) -> BTreeSet<String> {
    let (told, _) = run(Command::new("find").arg(folder).args(["!", "-type", "d", "-printf", "%P %m\n"]));
    told.lines().map(str::to_owned).collect()
}

#[test]
fn the_image_holds_one_program_that_runs_as_nobody() {
    if !installed() {
        return;
    }
    let images = Images::new();
    let words = [format!("--build-context=build={}", images.made().display())];
    let config = images.build("config/container/Containerfile", "mercury", &words);
    assert_eq!(config["User"], format!("{USER}:{USER}"));
    assert_eq!(config["Entrypoint"], json!(["/usr/bin/mercury"]));
    assert_eq!(config["StopSignal"], "SIGTERM");
    assert_eq!(config["ExposedPorts"], json!({"6190/tcp": {}}));

    let (container, at) = images.container("mercury");
    let held = ["etc/ssl/certs/ca-certificates.crt 644", "usr/bin/mercury 755"];
    assert_eq!(files(&at), held.map(str::to_owned).into(), "no shell, and nothing beside");

    // What is mounted into it; and, as this binary is not a static one, what it is linked with.
    let (settings, locks) = (images.folder.path().join("settings"), images.folder.path().join("locks"));
    fs::create_dir_all(&settings).unwrap();
    fs::create_dir_all(&locks).unwrap();
    fs::write(settings.join("mercury.toml"), "switches = [\"inventory.toml\"]\n").unwrap();
    fs::write(settings.join("inventory.toml"), "").unwrap();
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&locks, fs::Permissions::from_mode(0o700)).unwrap();
    chown(&locks, Some(USER), Some(USER)).unwrap();
    let inside = |words: &[&str]| {
        let mut command = images.buildah();
        command.args(["run", "--isolation", "chroot", "-v", "/usr/lib:/lib:ro", "-v", "/lib64:/lib64:ro"]);
        command.args(["-v", &format!("{}:/etc/mercury:ro", settings.display())]);
        command.args(["-v", &format!("{}:/run/mercury", locks.display())]);
        let output = command.args([&container, "--"]).args(words).output().unwrap();
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let mut begun: Vec<String> = serde_json::from_value(config["Entrypoint"].clone()).unwrap();
    let told = inside(&[&begun[0], "--config", "/etc/mercury/mercury.toml", "config", "check"]);
    let is_at_home = told.contains("0 usable switches") && !told.contains("error");
    assert!(is_at_home, "the folder of locks is found, and Mercury's own: {told}");
    // What the image begins with goes as far as its settings.
    fs::write(settings.join("mercury.toml"), "made_up = 1\n").unwrap();
    begun.extend(serde_json::from_value::<Vec<String>>(config["Cmd"].clone()).unwrap());
    let told = inside(&begun.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(told.contains("made_up"), "{told}");
    let told = inside(&["sh", "-c", "echo let in"]);
    assert!(!told.contains("let in"), "{told}");

    // Metal3's has it beside what that image has, which is nothing here.
    let mercury = format!("--build-context=mercury={}", at.display());
    images.build("config/metal3/Containerfile", "ironic", &[mercury, "--build-arg=IRONIC=scratch".to_owned()]);
    let (_, at) = images.container("ironic");
    let held = ["bin/runironic-networking 755", "usr/bin/mercury 755"];
    assert_eq!(files(&at), held.map(str::to_owned).into());
}

/// By what Kubernetes publishes of its objects; a word that is not known is refused.
#[test]
fn kubernetes_knows_every_word_of_the_manifest() {
    if !installed() {
        return;
    }
    let validate = |manifest: &Path| {
        let mut command = Command::new(beside("kubernetes").join("bin/kubernetes-validate"));
        command.args(["--strict", "--kubernetes-version", "1.30"]).arg(manifest).output().unwrap()
    };
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/kubernetes/mercury.yaml");
    let output = validate(&manifest);
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
    for kind in ["configmap", "deployment", "service", "networkpolicy"] {
        assert!(told.contains(&format!("passed for resource {kind}/")), "{told}");
    }
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.yaml");
    let text = fs::read_to_string(manifest).unwrap().replace("readOnlyRootFilesystem", "readOnlyRootFileSystem");
    fs::write(&wrong, text).unwrap();
    assert!(!validate(&wrong).status.success(), "a misspelt word passes");
}
