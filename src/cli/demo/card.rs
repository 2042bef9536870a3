//! The card of `mercury demo --dpu`: Debian's own Open vSwitch in user space, in a folder
//! of its own, gone when the demo is.

use std::{
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, Command},
    time::timeout,
};

use super::super::Failure;
use crate::inventory::{Card, Face, OvsdbSettings, Representor, Switch, UNIX, Uplink};

/// What Debian's openvswitch-switch and openvswitch-common hold.
const SCHEMA: &str = "/usr/share/openvswitch/vswitch.ovsschema";
/// How long a program may take.
const SOON: Duration = Duration::from_secs(20);

const HOST: &str = "node7";
const REPRESENTORS: [&str; 2] = ["pf0hpf", "pf0vf0"];

/// What the demo does with it, one call after the other.
pub(super) fn calls() -> Vec<(&'static str, &'static str, Value)> {
    let port = |representor: &str| {
        let link = json!({"hostname": HOST, "port_id": representor});
        json!({"binding:vnic_type": "smart-nic", "binding:profile": {"local_link_information": [link]}})
    };
    let with = |representor: &str, network: Value| json!({"port": port(representor), "network": network});
    let [host, function] = REPRESENTORS;
    vec![
        ("May the host behind the card be attached?", "is_link_valid", with(host, json!(100))),
        ("What would be sent to both", "plan_port", with(host, json!(100))),
        ("The host gets VLAN 100 on its card and on the switch", "attach_port", with(host, json!(100))),
        ("One of its functions joins it", "attach_port", with(function, json!(100))),
        ("The host leaves; the function still has the VLAN", "detach_port", with(host, json!(100))),
        ("The function leaves, and nothing is left behind", "detach_port", with(function, json!(100))),
    ]
}

/// Starts the database and the switch in the folder `$1` when it is told to, and ends them and
/// takes the folder away when its input ends, as it does however the demo came to its end.
const KEEPER: &str = r#"
if read -r _; then
  ovsdb-server -vconsole:off --unixctl="$1/db.ctl" --remote="punix:$1/db.sock" "$1/conf.db" &
  server=$!
  ovs-vswitchd -vconsole:off --enable-dummy=override --disable-system --unixctl="$1/vs.ctl" "unix:$1/db.sock" &
  switch=$!
  cat
  kill "$server" "$switch"
  wait
fi
rm -rf -- "$1"
"#;

/// An Open vSwitch with an uplink and representors that lead nowhere.
pub(super) struct OpenVSwitch {
    folder: Folder,
    keeper: Child,
}

struct Folder(PathBuf);

impl OpenVSwitch {
    /// Starts it.
    ///
    /// # Errors
    /// It is not installed, or does not start.
    pub(super) async fn start() -> Result<Self, Failure> {
        if !Path::new(SCHEMA).exists() {
            let message = "the card is a real Open vSwitch, which is not installed (Debian: openvswitch-switch)";
            return Err(Failure::Other(message.to_owned()));
        }
        let path = std::env::temp_dir().join(format!("mercury-demo-{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&path).map_err(Failure::because)?;
        let folder = Folder(path);
        let mut keeper = folder.keeper()?;
        let at = |name: &str| folder.0.join(name).display().to_string();
        folder.run("ovsdb-tool", &["create", &at("conf.db"), SCHEMA]).await?;
        if let Some(told) = &mut keeper.stdin {
            told.write_all(b"\n").await.map_err(|error| failed("sh", &error))?;
        }
        // It retries until the server listens.
        folder.vsctl(&["--no-wait", "init"]).await?;
        folder.vsctl(&["add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy"]).await?;
        for port in ["p0"].iter().chain(&REPRESENTORS) {
            folder.vsctl(&["add-port", "br0", port, "--", "set", "interface", port, "type=dummy"]).await?;
        }
        for port in REPRESENTORS {
            folder.vsctl(&["set", "port", port, "vlan_mode=trunk", "trunks=4095"]).await?;
        }
        Ok(Self { folder, keeper })
    }

    /// Waits until all of it is gone.
    ///
    /// # Errors
    /// It does not go in time.
    pub(super) async fn end(mut self) -> Result<(), Failure> {
        drop(self.keeper.stdin.take());
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        timeout(SOON, self.keeper.wait()).await.map_err(late).flatten().map(drop).map_err(|error| failed("sh", &error))
    }

    /// Its entry: behind a port of a switch.
    pub(super) fn entry(&self, switch: &str, port: &str) -> Result<Switch, Failure> {
        let address = format!("{UNIX}{}", self.folder.0.join("db.sock").display());
        let mut entry = Switch::new("dpu7", &address, "netmiko_ovs_linux", "");
        entry.face = Face::Ovsdb(OvsdbSettings::default());
        let name = |name: &str| name.parse().map_err(Failure::because);
        let uplink = Uplink { port: name("p0")?, switch: switch.to_owned(), switch_port: name(port)? };
        let representors =
            REPRESENTORS.iter().map(|port| Ok(Representor { port: name(port)?, uplinks: Vec::new(), function: None }));
        entry.rules.card = Some(Card {
            hosts: vec![HOST.to_owned()],
            serial_number: None,
            uplinks: vec![uplink],
            representors: representors.collect::<Result<_, Failure>>()?,
        });
        Ok(entry)
    }

    /// What `ovs-vsctl` shows of its representors, one a line.
    pub(super) async fn shown(&self) -> Result<Vec<String>, Failure> {
        let columns = "--columns=name,vlan_mode,tag,trunks";
        let said =
            self.folder.vsctl(&["-f", "csv", "--no-headings", columns, "list", "port", "pf0hpf", "pf0vf0"]).await?;
        Ok(said.lines().map(str::to_owned).collect())
    }
}

impl Folder {
    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        let folders = ["OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR"].map(|name| (name, &self.0));
        command.args(arguments).envs(folders).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// What ends with the demo, and by no signal of its terminal.
    fn keeper(&self) -> Result<Child, Failure> {
        let folder = self.0.display().to_string();
        let mut command = self.command("sh", &["-c", KEEPER, "mercury-demo", &folder]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).kill_on_drop(false);
        command.spawn().map_err(|error| failed("sh", &error))
    }

    async fn vsctl(&self, arguments: &[&str]) -> Result<String, Failure> {
        let database = format!("--db=unix:{}", self.0.join("db.sock").display());
        self.run("ovs-vsctl", &[&["--timeout=10", "--retry", &database], arguments].concat()).await
    }

    /// What a program says that ends well.
    async fn run(&self, program: &str, arguments: &[&str]) -> Result<String, Failure> {
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        let done = timeout(SOON, self.command(program, arguments).output()).await.map_err(late).flatten();
        let done = done.map_err(|error| failed(program, &error))?;
        if !done.status.success() {
            return Err(Failure::Other(format!("{program}: {}", String::from_utf8_lossy(&done.stderr).trim())));
        }
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    }
}

fn failed(program: &str, error: &io::Error) -> Failure {
    Failure::Other(format!("{program}: {error}"))
}
