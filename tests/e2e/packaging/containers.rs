//! Containers, Kubernetes, and the place of Ironic's networking service in Metal3.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Client, Ironic, Lines, Setup, Simulated, installed};

const CONTAINERFILE: &str = include_str!("../../../config/container/Containerfile");
const KUBERNETES: &str = include_str!("../../../config/kubernetes/mercury.yaml");

/// The instructions of the last stage, and their arguments.
fn last_stage(text: &'static str) -> Vec<(&'static str, &'static str)> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let all: Vec<_> = lines.map(|line| line.split_once(' ').unwrap()).collect();
    let begin = all.iter().rposition(|(word, _)| *word == "FROM").unwrap();
    all[begin..].to_vec()
}

/// What a container's or a pod's command is, of this binary's flags, up to its settings.
fn begins(words: &[String]) {
    let setup = Setup::new();
    let settings = setup.write("mercury.toml", "made_up = 1\n");
    let words: Vec<&str> = words
        .iter()
        .map(|word| if word.ends_with("mercury.toml") { settings.to_str().unwrap() } else { word.as_str() })
        .collect();
    let finished = setup.run(&words);
    assert!(finished.stderr.contains("made_up"), "{}", finished.stderr);
}

#[test]
fn the_container_is_mercury_alone_and_nobodys_root() {
    let stage = last_stage(CONTAINERFILE);
    let of = |word: &str| stage.iter().filter(|(name, _)| *name == word).map(|(_, rest)| *rest).collect::<Vec<_>>();
    assert_eq!(of("FROM"), ["scratch"], "no shell, no package");
    assert!(of("RUN").is_empty());
    let user = of("USER")[0].split(':').next().unwrap().parse::<u32>().unwrap();
    assert!(user > 0);
    assert_eq!(of("EXPOSE"), ["6190"]);
    let entry: Vec<String> = serde_json::from_str(of("ENTRYPOINT")[0]).unwrap();
    let copied = of("COPY").iter().any(|rest| rest.split(' ').next_back() == Some(entry[0].as_str()));
    assert!(copied, "{stage:?}");
    begins(&serde_json::from_str::<Vec<String>>(of("CMD")[0]).unwrap());
    let build = CONTAINERFILE.lines().find(|line| line.contains("cargo build")).unwrap();
    assert!(build.contains("--locked") && build.contains("--features etcd,yang"));
    let rust = concat!("rust:", env!("CARGO_PKG_RUST_VERSION"));
    assert!(CONTAINERFILE.contains(rust), "it is built by {rust}");
}

fn documents() -> Vec<Value> {
    serde_saphyr::from_multiple(KUBERNETES).unwrap()
}

fn kind(documents: &[Value], kind: &str) -> Value {
    documents.iter().find(|document| document["kind"] == kind).unwrap().clone()
}

#[test]
fn the_pod_may_little_and_is_told_settings_that_mercury_takes() {
    let documents = documents();
    let pod = &kind(&documents, "Deployment")["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["automountServiceAccountToken"], false);
    let may = &container["securityContext"];
    assert_eq!((&may["readOnlyRootFilesystem"], &may["allowPrivilegeEscalation"]), (&json!(true), &json!(false)));
    assert_eq!(may["capabilities"]["drop"], json!(["ALL"]));
    let words: Vec<String> = serde_json::from_value(container["args"].clone()).unwrap();
    begins(&words);

    // As it is mounted: every path of the settings is in a volume of the pod.
    let text = kind(&documents, "ConfigMap")["data"]["mercury.toml"].as_str().unwrap().to_owned();
    let folder = tempfile::Builder::new().prefix("mercury-e2e-").tempdir().unwrap();
    let root = folder.path();
    for mount in container["volumeMounts"].as_array().unwrap() {
        let volume = pod["volumes"].as_array().unwrap().iter().find(|volume| volume["name"] == mount["name"]).unwrap();
        let at = root.join(mount["mountPath"].as_str().unwrap().trim_start_matches('/'));
        fs::create_dir_all(&at).unwrap();
        let files: &[(&str, String)] = match volume["name"].as_str().unwrap() {
            "settings" => &[("mercury.toml", text.replace("\"/", &format!("\"{}/", root.display())))],
            "switches" => &[("inventory.toml", String::new())],
            "users" => &[("htpasswd", format!("ironic:{}\n", bcrypt::hash("s3same", 4).unwrap()))],
            "tls" => &certificate(),
            _ => &[],
        };
        let mode = volume["secret"]["defaultMode"].as_u64();
        for (name, text) in files {
            fs::write(at.join(name), text).unwrap();
            let mode = mode.map_or(0o644, |mode| u32::try_from(mode).unwrap());
            fs::set_permissions(at.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
    }
    let settings = root.join(words[2].trim_start_matches('/'));
    let checked = Setup::new().run(&["--config", settings.to_str().unwrap(), "config", "check"]);
    assert_eq!(checked.code(), 0, "{}{}", checked.stdout, checked.stderr);

    let table: toml::Table = text.parse().unwrap();
    let port = |address: &str| table[address].as_str().unwrap().rsplit(':').next().unwrap().parse::<u16>().unwrap();
    let ports = container["ports"].as_array().unwrap();
    assert_eq!(
        (&ports[0]["containerPort"], &ports[1]["containerPort"]),
        (&json!(port("listen")), &json!(port("metrics_listen")))
    );
    assert_eq!(kind(&documents, "Service")["spec"]["ports"][0]["port"], 6190);
    let grace = pod["terminationGracePeriodSeconds"].as_i64().unwrap();
    let stop = table["limits"]["stop_timeout"].as_str().unwrap().trim_end_matches('s').parse::<i64>().unwrap();
    assert!(grace > stop, "Kubernetes kills before Mercury has undone what it must");
    let probes: Vec<&Value> =
        ["readinessProbe", "livenessProbe"].iter().map(|probe| &container[probe]["httpGet"]["path"]).collect();
    assert_eq!(probes, ["/readyz", "/healthz"]);
}

fn certificate() -> [(&'static str, String); 2] {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    [("tls.crt", made.cert.pem()), ("tls.key", made.signing_key.serialize_pem())]
}

#[test]
fn metal3s_image_has_mercury_where_the_operator_starts_the_service() {
    let text = include_str!("../../../config/metal3/Containerfile");
    let copied: Vec<_> =
        last_stage(text).into_iter().filter(|(word, _)| *word == "COPY").map(|(_, rest)| rest).collect();
    assert_eq!(
        copied.last().unwrap().split(' ').collect::<Vec<_>>(),
        ["config/metal3/runironic-networking", "/bin/runironic-networking"]
    );
}

/// What the scripts of Metal3's image have in their environment and before them, below a folder.
struct Metal3 {
    folder: tempfile::TempDir,
    environment: Vec<(&'static str, String)>,
    child: Option<std::process::Child>,
}

impl Metal3 {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("mercury-e2e-").tempdir().unwrap();
        let switches = folder.path().join("etc/ironic/networking/configs/switch-configs.conf");
        fs::create_dir_all(switches.parent().unwrap()).unwrap();
        let environment = vec![
            ("IRONIC_NETWORKING_ENABLED", "true".to_owned()),
            ("IRONIC_NETWORKING_JSON_RPC_HOST", "127.0.0.1".to_owned()),
            ("IRONIC_NETWORKING_JSON_RPC_PORT", "0".to_owned()),
            ("IRONIC_NETWORKING_SWITCH_CONFIGS", switches.display().to_string()),
            ("IRONIC_NETWORKING_ENABLED_SWITCH_DRIVERS", "generic-switch".to_owned()),
            ("IRONIC_IP", "127.0.0.1".to_owned()),
            ("IRONIC_INSECURE", "true".to_owned()),
            ("MERCURY", env!("CARGO_BIN_EXE_mercury").to_owned()),
            ("MERCURY_ROOT", folder.path().display().to_string()),
            ("MERCURY_STATE", folder.path().join("state").display().to_string()),
        ];
        Self { folder, environment, child: None }
    }

    fn mounted(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        // As Kubernetes mounts secrets.
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    }

    /// The address that it is ready at, or its words.
    fn start(&mut self) -> Result<String, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/metal3/runironic-networking");
        let mut command = Command::new("bash");
        command.arg(script).args(["--output", "json"]).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let piped = std::process::Stdio::piped;
        let mut child = command.stdout(piped()).stderr(piped()).spawn().unwrap();
        let ready = Lines::of(child.stdout.take().unwrap()).first();
        match ready {
            Some(line) => {
                self.child = Some(child);
                let ready: Value = serde_json::from_str(&line).unwrap();
                Ok(ready["listen"].as_str().unwrap().to_owned())
            }
            None => Err(String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap()),
        }
    }
}

impl Drop for Metal3 {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _already_gone = child.kill();
            let _gone = child.wait();
        }
    }
}

fn users() -> String {
    format!("ironic:{}\n", bcrypt::hash("s3same", 4).unwrap())
}

/// A section as Metal3's operator writes it for a switch.
fn switches(switch: &Simulated) -> String {
    let entry = switch.entry("leaf1").with("mac_addresses", "[\"52:54:00:00:00:21\"]");
    format!("# This file is managed by the Baremetal Operator\n\n{}", entry.ini())
}

#[test]
fn in_metal3s_place_ironic_finds_mercury_with_and_without_tls() {
    let switch = Simulated::start(Mode::Candidate);
    let update = json!({"switch_id": "52:54:00:00:00:21", "port_name": "Ethernet1", "description": "d",
                        "mode": "access", "native_vlan": 110});

    let mut plain = Metal3::new();
    plain.mounted("etc/ironic/networking/configs/switch-configs.conf", &switches(&switch));
    plain.mounted("auth/ironic-rpc/htpasswd", &users());
    let address = plain.start().unwrap().parse().unwrap();
    assert_eq!(Client::at(address).post("/", b"{}").status, 401);
    let mut ironic = Client::at(address).basic("ironic", "s3same");
    assert_eq!(ironic.done("update_port", &update)["status"], "configured");
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 110");

    let mut encrypted = Metal3::new();
    encrypted.mounted("etc/ironic/networking/configs/switch-configs.conf", &switches(&switch));
    encrypted.environment.push(("IRONIC_HTPASSWD", users()));
    for (name, text) in certificate() {
        encrypted.mounted(&format!("certs/ironic/{name}"), &text);
    }
    let address = encrypted.start().unwrap();
    let port = address.rsplit(':').next().unwrap();
    let ca = encrypted.folder.path().join("certs/ironic/tls.crt");
    let mut words = vec!["-sS", "--max-time", "20", "-u", "ironic:s3same", "--cacert", ca.to_str().unwrap()];
    let (url, body) = (format!("https://localhost:{port}/"), request().to_string());
    words.extend(["-H", "Content-Type: application/json", "-d", &body, &url]);
    let output = Command::new("curl").args(words).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert!(answer["result"]["leaf1"].is_object(), "{answer}");
    if installed() {
        let mut ironic = Ironic::at(port.parse().unwrap(), ca.to_str(), "ironic", "s3same");
        assert_eq!(ironic.done("update_port", &update)["status"], "configured");
    }
    let written = encrypted.folder.path().join("state/htpasswd");
    assert_eq!(fs::metadata(written).unwrap().permissions().mode() & 0o777, 0o600);
}

/// The operator's file has no host keys, so they are mounted.
#[test]
fn in_metal3s_place_host_keys_are_taken_from_a_mounted_file() {
    if !installed() {
        return;
    }
    let switch = Simulated::start(Mode::Candidate);
    let text = switches(&switch).replace("insecure = true\n", "");
    let port = text.lines().find_map(|line| line.strip_prefix("port = ")).unwrap();
    let scan = Command::new("ssh-keyscan").args(["-p", port, "127.0.0.1"]).output().unwrap();
    let scanned = String::from_utf8(scan.stdout).unwrap();
    let update = json!({"switch_id": "52:54:00:00:00:21", "port_name": "Ethernet1", "description": "d",
                        "mode": "access", "native_vlan": 110});
    for (mounted, became) in [("# no key\n", "none"), (scanned.as_str(), "access 110")] {
        let mut metal3 = Metal3::new();
        metal3.mounted("etc/ironic/networking/configs/switch-configs.conf", &text);
        metal3.mounted("auth/ironic-rpc/htpasswd", &users());
        metal3.mounted("etc/ironic/networking/host-keys/known_hosts", mounted);
        let mut ironic = Client::at(metal3.start().unwrap().parse().unwrap()).basic("ironic", "s3same");
        match became {
            "none" => assert_eq!(ironic.fails("update_port", &update).kind(), "host-key"),
            _ => assert_eq!(ironic.done("update_port", &update)["status"], "configured"),
        }
        assert_eq!(switch.look().port("Ethernet1").vlans, became);
    }
}

fn request() -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "get_switches", "params": {}})
}

#[test]
fn in_metal3s_place_nobody_is_let_in_where_nobody_is_named() {
    let mut metal3 = Metal3::new();
    metal3.mounted("etc/ironic/networking/configs/switch-configs.conf", "");
    let told = metal3.start().unwrap_err();
    assert!(told.contains("nobody is told who may call"), "{told}");
    metal3.mounted("auth/ironic-rpc/htpasswd", &users());
    // The controller fills it later, and it is looked at again.
    let address = metal3.start().unwrap().parse().unwrap();
    let mut ironic = Client::at(address).basic("ironic", "s3same");
    assert_eq!(ironic.done("get_switches", &json!({})), json!({}));
}
