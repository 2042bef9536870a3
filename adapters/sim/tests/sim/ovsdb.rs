//! The OVSDB face beside Debian's ovsdb-server and ovs-vswitchd: what is asked of both is
//! answered alike.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use mercury_sim::{Handle, Options, Simulator};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

const SCHEMA: &str = "/usr/share/openvswitch/vswitch.ovsschema";
const TABLES: [&str; 6] = ["Open_vSwitch", "Bridge", "Port", "Interface", "Controller", "Mirror"];
const PORTS: u16 = 3;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A client that knows nothing of either.
struct Client {
    stream: Box<dyn Stream>,
    text: Vec<u8>,
    /// What rows are called, by their uuid.
    rows: BTreeMap<String, String>,
}

impl Client {
    fn of_face(handle: &Handle) -> Self {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let handle = handle.clone();
        tokio::spawn(async move { handle.serve_ovsdb(theirs).await });
        Self { stream: Box::new(ours), text: Vec::new(), rows: BTreeMap::new() }
    }

    async fn of_server(socket: &Path) -> Self {
        let stream = Box::new(tokio::net::UnixStream::connect(socket).await.unwrap());
        Self { stream, text: Vec::new(), rows: BTreeMap::new() }
    }

    async fn object(&mut self) -> Option<Value> {
        let mut chunk = [0; 4096];
        loop {
            let mut objects = serde_json::Deserializer::from_slice(&self.text).into_iter::<Value>();
            if let Some(Ok(object)) = objects.next() {
                let taken = objects.byte_offset();
                self.text.drain(..taken);
                return Some(object);
            }
            let read = self.stream.read(&mut chunk).await.unwrap_or(0);
            if read == 0 {
                return None;
            }
            self.text.extend_from_slice(&chunk[..read]);
        }
    }

    async fn send(&mut self, message: &Value) {
        self.stream.write_all(message.to_string().as_bytes()).await.unwrap();
    }

    async fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.send(&json!({ "id": 7, "method": method, "params": params })).await;
        self.object().await.unwrap()
    }

    async fn transact(&mut self, operations: &[Value]) -> Value {
        let params: Value = std::iter::once(json!("Open_vSwitch")).chain(operations.iter().cloned()).collect();
        self.ask("transact", &params).await
    }

    /// The same, with rows by their names, in one order, and without the words of errors.
    async fn told(&mut self, operations: &[Value]) -> Value {
        let mut answer = self.transact(operations).await;
        for table in TABLES {
            let columns: &[&str] = match table {
                "Open_vSwitch" => &["_uuid"],
                "Controller" => &["_uuid", "target"],
                _ => &["_uuid", "name"],
            };
            let rows =
                self.transact(&[json!({ "op": "select", "table": table, "where": [], "columns": columns })]).await;
            for row in rows["result"][0]["rows"].as_array().unwrap() {
                let name = row["name"].as_str().or_else(|| row["target"].as_str()).unwrap_or_default();
                self.rows.insert(row["_uuid"][1].as_str().unwrap().to_owned(), format!("{table} {name}"));
            }
        }
        self.plain(&mut answer);
        answer
    }

    fn plain(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(name) = self.rows.get(text) {
                    *text = name.clone();
                } else if text.len() == 36 && text.matches('-').count() == 4 {
                    "a row that is gone".clone_into(text);
                }
            }
            Value::Array(all) => {
                all.iter_mut().for_each(|one| self.plain(one));
                if all.first() == Some(&json!("set")) {
                    all[1].as_array_mut().unwrap().sort_by_key(Value::to_string);
                }
            }
            Value::Object(members) => {
                if members.contains_key("error") {
                    members.remove("details");
                    members.remove("syntax");
                }
                members.values_mut().for_each(|one| self.plain(one));
                if let Some(Value::Array(rows)) = members.get_mut("rows") {
                    rows.sort_by_key(Value::to_string);
                }
            }
            _ => {}
        }
    }
}

/// A server and a switch in user space.
struct Server {
    directory: tempfile::TempDir,
}

impl Server {
    /// `None` where the peers are left out.
    fn start() -> Option<Self> {
        std::env::var_os("MERCURY_PEERS")?;
        let server = Self { directory: tempfile::tempdir().unwrap() };
        let at = |name: &str| server.directory.path().join(name).display().to_string();
        server.run("ovsdb-tool", &["create", &at("conf.db"), SCHEMA]);
        let (pid, remote) = (format!("--pidfile={}", at("db.pid")), format!("--remote=punix:{}", at("db.sock")));
        server.run("ovsdb-server", &["--detach", "--no-chdir", &pid, &remote, &at("conf.db")]);
        let (pid, database) = (format!("--pidfile={}", at("vs.pid")), format!("unix:{}", at("db.sock")));
        let dummy = ["--enable-dummy=override", "--disable-system", "--detach", "--no-chdir", &pid, &database];
        server.run("ovs-vswitchd", &dummy);
        Some(server)
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let folders = ["OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR"].map(|name| (name, self.directory.path()));
        let done = Command::new(program).args(arguments).envs(folders).stdin(Stdio::null()).output().unwrap();
        assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn signal(&self, pid: &str, name: &str) {
        if let Ok(pid) = fs::read_to_string(self.directory.path().join(pid)) {
            let _gone = Command::new("kill").args([name, pid.trim()]).status();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal("vs.pid", "-KILL");
        self.signal("db.pid", "-TERM");
    }
}

async fn face() -> Simulator {
    let options = Options { listen: None, ovsdb: true, ports: PORTS, ..Options::default() };
    Simulator::start(options).await.unwrap()
}

/// What the face has in the beginning.
fn content() -> Vec<Value> {
    let mut operations = Vec::new();
    let mut places = Vec::new();
    let ports = (1..=PORTS).map(|number| (format!("Ethernet{number}"), "dummy"));
    for (number, (name, kind)) in std::iter::once(("br0".to_owned(), "internal")).chain(ports).enumerate() {
        let (interface, port) = (format!("i{number}"), format!("p{number}"));
        operations.push(insert("Interface", &interface, &json!({ "name": name, "type": kind })));
        operations.push(insert("Port", &port, &json!({ "name": name, "interfaces": ["named-uuid", interface] })));
        places.push(json!(["named-uuid", port]));
    }
    operations.push(insert(
        "Bridge",
        "b",
        &json!({ "name": "br0", "datapath_type": "dummy", "ports": ["set", places] }),
    ));
    let whole = json!({ "bridges": ["named-uuid", "b"], "next_cfg": 1, "ovs_version": "3.1.0", "db_version": "8.3.1" });
    operations.push(json!({ "op": "insert", "table": "Open_vSwitch", "row": whole }));
    operations
}

fn insert(table: &str, name: &str, row: &Value) -> Value {
    json!({ "op": "insert", "table": table, "uuid-name": name, "row": row })
}

/// Of the port Ethernet1.
fn update(row: &Value) -> Value {
    json!({ "op": "update", "table": "Port", "where": [["name", "==", "Ethernet1"]], "row": row })
}

fn mutate(column: &str, mutator: &str, value: &Value) -> Value {
    json!({ "op": "mutate", "table": "Port", "where": [["name", "==", "Ethernet1"]],
            "mutations": [[column, mutator, value]] })
}

fn select(table: &str, clauses: &Value, columns: &[&str]) -> Value {
    json!({ "op": "select", "table": table, "where": clauses, "columns": columns })
}

fn port(clauses: &Value) -> Value {
    select("Port", clauses, &["name", "vlan_mode", "tag", "trunks", "external_ids", "other_config", "interfaces"])
}

fn wait(timeout: u64, until: &str, columns: &[&str], rows: &Value) -> Value {
    json!({ "op": "wait", "timeout": timeout, "table": "Port", "where": [["name", "==", "Ethernet1"]],
            "columns": columns, "until": until, "rows": rows })
}

fn raise() -> Value {
    json!({ "op": "mutate", "table": "Open_vSwitch", "where": [], "mutations": [["next_cfg", "+=", 1]] })
}

/// Waits until ovs-vswitchd is so far.
fn applied(number: u64) -> Value {
    json!({ "op": "wait", "timeout": 10_000, "table": "Open_vSwitch", "where": [["cur_cfg", "<", number]],
            "columns": ["cur_cfg"], "until": "==", "rows": [] })
}

fn transactions() -> Vec<Vec<Value>> {
    let numbers = || select("Open_vSwitch", &json!([]), &["next_cfg", "ovs_version", "bridges"]);
    let bridges = || select("Bridge", &json!([]), &["name", "ports", "fail_mode", "controller", "external_ids"]);
    let interfaces = || select("Interface", &json!([]), &["name", "type", "mtu_request", "external_ids", "options"]);
    let one = |operation: Value| vec![operation, port(&json!([["name", "==", "Ethernet1"]]))];
    let all = || port(&json!([]));
    let mirrors = || select("Mirror", &json!([]), &["name", "output_port", "select_src_port", "select_all"]);
    vec![
        vec![numbers(), bridges(), all(), interfaces()],
        // What is written, and in which forms.
        one(update(&json!({ "tag": 100, "vlan_mode": "access", "trunks": ["set", []] }))),
        one(update(&json!({ "tag": ["set", []], "vlan_mode": ["set", ["trunk"]], "trunks": ["set", [30, 10]] }))),
        one(update(&json!({ "trunks": 7 }))),
        one(update(&json!({ "external_ids": ["map", [["b", "2"], ["a", "1"]]] }))),
        one(mutate("trunks", "insert", &json!(["set", [8, 7]]))),
        one(mutate("trunks", "delete", &json!(["set", [7, 9]]))),
        one(mutate("external_ids", "insert", &json!(["map", [["a", "new"], ["c", "3"]]]))),
        one(mutate("external_ids", "delete", &json!(["set", ["a", "nosuch"]]))),
        one(mutate("external_ids", "delete", &json!("c"))),
        one(mutate("external_ids", "delete", &json!(["map", [["b", "other"]]]))),
        vec![raise(), numbers()],
        // What is not.
        one(update(&json!({ "tag": 5000 }))),
        one(update(&json!({ "tag": -1 }))),
        one(update(&json!({ "tag": "7" }))),
        one(update(&json!({ "tag": ["set", [1, 2]] }))),
        one(update(&json!({ "vlan_mode": "nosuch" }))),
        one(update(&json!({ "trunks": ["set", [5, 5]] }))),
        one(update(&json!({ "trunks": ["set", [5, 4096]] }))),
        one(update(&json!({ "nosuch": 1 }))),
        one(update(&json!({ "name": "other" }))),
        one(update(&json!({ "external_ids": ["set", []] }))),
        one(update(&json!({ "interfaces": ["set", []] }))),
        one(update(&json!({ "_uuid": ["uuid", "00000000-0000-0000-0000-000000000001"] }))),
        one(mutate("tag", "insert", &json!(8))),
        one(mutate("name", "+=", &json!(8))),
        one(mutate("nosuch", "insert", &json!(8))),
        one(mutate("interfaces", "delete", &json!(["uuid", "00000000-0000-0000-0000-000000000001"]))),
        one(mutate("trunks", "insert", &json!(5000))),
        vec![raise(), json!({ "op": "nosuch" }), numbers()],
        vec![json!({ "op": "select", "table": "nosuch", "where": [] })],
        vec![json!({ "op": "select", "table": "Port" })],
        vec![update(&json!({ "tag": 9 })), json!({ "op": "abort" }), all()],
        vec![json!({ "op": "assert", "lock": "nosuch" })],
        vec![json!({ "op": "comment", "comment": "why" }), json!({ "op": "commit", "durable": false })],
        // Nothing was changed by any of it.
        vec![numbers(), all()],
        // Where.
        vec![port(&json!([["tag", "==", ["set", []]]]))],
        vec![port(&json!([["tag", "!=", ["set", []]]]))],
        vec![port(&json!([["trunks", "includes", 8]])), port(&json!([["trunks", "excludes", ["set", [8, 9]]]]))],
        vec![port(&json!([["external_ids", "includes", ["map", [["b", "2"]]]]]))],
        vec![port(&json!([["tag", "==", 9999]]))],
        vec![port(&json!([["tag", "<", 9]])), port(&json!([["name", "==", "Ethernet1"], ["trunks", "==", 8]]))],
        vec![port(&json!([["name", "<", "Ethernet2"]]))],
        vec![port(&json!([["name", "nosuch", "Ethernet2"]]))],
        vec![select("Interface", &json!([["type", "==", "vxlan"], ["name", "==", ""]]), &["name", "options"])],
        // Waits.
        one(wait(0, "==", &["tag", "trunks"], &json!([{ "tag": ["set", []], "trunks": 8 }]))),
        one(wait(0, "==", &["tag", "trunks"], &json!([{ "trunks": 8 }]))),
        one(wait(0, "==", &["tag", "trunks"], &json!([{ "trunks": ["set", [8]], "vlan_mode": "access" }]))),
        one(wait(0, "==", &["tag"], &json!([{ "tag": 3 }]))),
        one(wait(0, "!=", &["tag"], &json!([{ "tag": 3 }]))),
        one(wait(0, "==", &["tag"], &json!([]))),
        one(wait(0, "==", &["tag"], &json!([{}, {}]))),
        one(wait(0, "==", &["tag"], &json!([{ "nosuch": 3 }]))),
        one(wait(50, "==", &["tag"], &json!([{ "tag": 3 }]))),
        one(wait(0, "nosuch", &["tag"], &json!([]))),
        vec![update(&json!({ "tag": 3 })), wait(0, "==", &["tag"], &json!([{ "tag": 3 }])), all()],
        vec![update(&json!({ "tag": 4 })), wait(0, "==", &["tag"], &json!([{ "tag": 3 }])), all()],
        vec![all()],
        // Rows that come and go.
        vec![
            insert("Interface", "i", &json!({ "name": "t1", "type": "dummy" })),
            insert("Port", "p", &json!({ "name": "t1", "interfaces": ["named-uuid", "i"], "tag": 5 })),
        ],
        vec![all(), interfaces()],
        vec![
            json!({ "op": "mutate", "table": "Bridge", "where": [["name", "==", "br0"]],
                    "mutations": [["ports", "insert", ["set", [["named-uuid", "p"]]]]] }),
            insert("Port", "p", &json!({ "name": "t1", "interfaces": ["named-uuid", "i"], "tag": 5 })),
            insert("Interface", "i", &json!({ "name": "t1", "type": "dummy" })),
            bridges(),
        ],
        vec![all(), interfaces(), bridges()],
        vec![
            insert("Interface", "i", &json!({ "name": "t1", "type": "dummy" })),
            insert("Port", "p", &json!({ "name": "t1", "interfaces": ["named-uuid", "i"] })),
            json!({ "op": "mutate", "table": "Bridge", "where": [["name", "==", "br0"]],
                    "mutations": [["ports", "insert", ["named-uuid", "p"]]] }),
        ],
        vec![
            insert("Port", "p", &json!({ "name": "t2", "interfaces": ["named-uuid", "nosuch"] })),
            json!({ "op": "mutate", "table": "Bridge", "where": [["name", "==", "br0"]],
                    "mutations": [["ports", "insert", ["named-uuid", "p"]]] }),
        ],
        vec![insert("Port", "my-port", &json!({ "name": "t2" }))],
        vec![insert("Port", "p", &json!({ "name": "t2" })), insert("Port", "p", &json!({ "name": "t3" }))],
        vec![json!({ "op": "delete", "table": "Port", "where": [["name", "==", "t1"]] }), all()],
        vec![json!({ "op": "delete", "table": "Port", "where": [["name", "==", "nosuch"]] })],
        // A mirror refers to a port as long as that is there.
        vec![
            insert("Interface", "i", &json!({ "name": "t2", "type": "dummy" })),
            insert("Port", "p", &json!({ "name": "t2", "interfaces": ["named-uuid", "i"], "protected": true })),
            // Nobody has it, and so it goes.
            insert("Port", "q", &json!({ "name": "t4", "interfaces": ["named-uuid", "i"] })),
            insert(
                "Mirror",
                "m",
                &json!({ "name": "span", "output_port": ["named-uuid", "q"],
                                           "select_src_port": ["set", [["named-uuid", "p"], ["named-uuid", "q"]]] }),
            ),
            json!({ "op": "mutate", "table": "Bridge", "where": [["name", "==", "br0"]],
                    "mutations": [["ports", "insert", ["named-uuid", "p"]], ["mirrors", "insert", ["named-uuid", "m"]]] }),
        ],
        vec![mirrors(), port(&json!([["protected", "!=", false]])), port(&json!([["cvlans", "!=", ["set", []]]]))],
        vec![json!({ "op": "insert", "table": "Open_vSwitch", "row": {} })],
        vec![update(&json!({ "interfaces": ["uuid", "00000000-0000-0000-0000-000000000001"] }))],
        vec![all(), interfaces(), bridges(), numbers()],
        // What ovs-vswitchd makes of it.
        vec![raise()],
        vec![applied(3), select("Open_vSwitch", &json!([]), &["cur_cfg", "next_cfg"])],
        vec![
            insert("Interface", "i", &json!({ "name": "t3", "type": "nosuch" })),
            insert("Port", "p", &json!({ "name": "t3", "interfaces": ["named-uuid", "i"] })),
            json!({ "op": "mutate", "table": "Bridge", "where": [["name", "==", "br0"]],
                    "mutations": [["ports", "insert", ["named-uuid", "p"]]] }),
            raise(),
        ],
        vec![
            applied(4),
            select("Interface", &json!([["ofport", ">", 0]]), &["name", "error"]),
            select("Interface", &json!([["ofport", "==", -1], ["error", "!=", ["set", []]]]), &["name", "ofport"]),
        ],
    ]
}

#[tokio::test]
async fn a_server_and_the_face_answer_alike() {
    let Some(server) = Server::start() else { return };
    let simulator = face().await;
    let mut real = Client::of_server(&server.directory.path().join("db.sock")).await;
    let mut face = Client::of_face(&simulator.handle());
    let made = real.told(&content()).await;
    assert!(made["result"].as_array().unwrap().iter().all(|result| result["error"].is_null()), "{made}");
    assert_eq!(real.told(&[applied(1)]).await["result"], json!([{}]));
    let columns = &face.ask("get_schema", &json!(["Open_vSwitch"])).await["result"]["tables"];
    let published: Value = serde_json::from_slice(&fs::read(SCHEMA).unwrap()).unwrap();
    for (name, table) in columns.as_object().unwrap() {
        for (member, own) in table.as_object().unwrap() {
            for (column, own) in own.as_object().into_iter().flatten() {
                assert_eq!(*own, published["tables"][name][member][column], "{name} {column}");
            }
            assert!(member == "columns" || *own == published["tables"][name][member], "{name} {member}");
        }
    }
    let mut otherwise = String::new();
    for operations in transactions() {
        let (real, face) = (real.told(&operations).await, face.told(&operations).await);
        if real != face {
            otherwise += &format!("{}\n  real {real}\n  face {face}\n", Value::from(operations));
        }
    }
    assert!(otherwise.is_empty(), "{otherwise}");
    // While ovs-vswitchd is stopped nothing is applied, and what waits times out.
    server.signal("vs.pid", "-STOP");
    simulator.handle().ovsdb().unwrap().run_vswitchd(false);
    for client in [&mut real, &mut face] {
        client.told(&[raise()]).await;
        let mut late = applied(5);
        late["timeout"] = json!(100);
        assert_eq!(client.told(&[late]).await["result"], json!([{ "error": "timed out" }]));
    }
}

#[tokio::test]
async fn what_is_no_transaction_is_answered_alike() {
    let Some(server) = Server::start() else { return };
    let simulator = face().await;
    let mut real = Client::of_server(&server.directory.path().join("db.sock")).await;
    let mut face = Client::of_face(&simulator.handle());
    for (method, params) in [
        ("list_dbs", json!([])),
        ("set_db_change_aware", json!([true])),
        ("echo", json!([1, {"a": null}])),
        ("nosuch", json!([])),
        ("transact", json!(["nosuch", {}])),
        ("transact", json!(["Open_vSwitch"])),
    ] {
        let mut answers = [real.ask(method, &params).await, face.ask(method, &params).await];
        let [real, face] = &mut answers;
        if let Some(Value::Array(names)) = real.get_mut("result").filter(|_| method == "list_dbs") {
            names.sort_by_key(Value::to_string);
        }
        for answer in [&mut *real, &mut *face] {
            if let Some(error) = answer["error"].as_object_mut() {
                error.remove("details");
                error.remove("syntax");
            }
        }
        assert_eq!(real, face, "{method}");
    }
}

/// It asks after 5 s without a word, and goes 5 s later.
#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_left() {
    let simulator = face().await;
    let mut client = Client::of_face(&simulator.handle());
    assert_eq!(client.object().await.unwrap()["method"], "echo");
    client.send(&json!({ "id": "echo", "result": [], "error": null })).await;
    let begun = tokio::time::Instant::now();
    assert_eq!(client.object().await.unwrap()["method"], "echo");
    assert!(client.object().await.is_none());
    assert_eq!(begun.elapsed(), Duration::from_secs(10));
}
