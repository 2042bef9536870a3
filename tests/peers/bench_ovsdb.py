"""The measuring that ./bench_ovsdb is about.

One Open vSwitch in user space, as tests/e2e has it. Both ways wait until ovs-vswitchd has
applied a move, and each move is looked at with ovs-vsctl outside of its time, so that
nobody is fast by doing nothing. Mercury reads first and reads back, in its time.
"""

import getpass
import http.client
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM, MOVES = sys.argv[1], int(sys.argv[2])
VLANS = (100, 200)


class Bridge:
    """A bridge with a port that leads nowhere, and a way in by SSH."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = dict(os.environ, OVS_RUNDIR=folder, OVS_DBDIR=folder, OVS_LOGDIR=folder)
        self.run("ovsdb-tool", "create", f"{folder}/conf.db", "/usr/share/openvswitch/vswitch.ovsschema")
        self.run("ovsdb-server", "--detach", "--no-chdir", f"--pidfile={folder}/db.pid",
                 f"--remote=punix:{folder}/db.sock", f"{folder}/conf.db")
        self.vsctl("--no-wait", "init")
        self.run("ovs-vswitchd", "--enable-dummy=override", "--disable-system", "--detach", "--no-chdir",
                 f"--pidfile={folder}/vs.pid", f"unix:{folder}/db.sock")
        self.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy")
        self.vsctl("add-port", "br0", "p1", "--", "set", "interface", "p1", "type=dummy")
        self.port = self.listen()

    def run(self, *command):
        done = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{command}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def vsctl(self, *command):
        return self.run("ovs-vsctl", "--timeout=20", *command)

    def listen(self):
        at = self.folder
        for name in ("host", "user"):
            self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{at}/{name}")
        pathlib.Path(at, "config").write_text(
            f"HostKey {at}/host\nAuthorizedKeysFile {at}/user.pub\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n"
            f"PasswordAuthentication no\nPidFile none\nLogLevel ERROR\nSetEnv OVS_RUNDIR={at}\n")
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)

        def serve():
            while True:
                connection, _ = listener.accept()
                sshd = subprocess.Popen(["/usr/sbin/sshd", "-i", "-f", f"{at}/config", "-E", f"{at}/log"],
                                        stdin=connection, stdout=connection, stderr=subprocess.DEVNULL)
                connection.close()
                threading.Thread(target=sshd.wait, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        return listener.getsockname()[1]

    def end(self):
        for name in ("vs.pid", "db.pid"):
            subprocess.run(["kill", pathlib.Path(self.folder, name).read_text().strip()], check=False)


class Mercury:
    def __init__(self, bridge):
        at = bridge.folder
        pathlib.Path(at, "inventory.toml").write_text(
            f'[[switch]]\nname = "leaf1"\naddress = "unix:{at}/db.sock"\nprotocol = "ovsdb"\n'
            'dialect = "netmiko_ovs_linux"\n')
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--auth", "noauth", "--switches", f"{at}/inventory.toml",
             "--output", "json", "--log-level", "warn"], stdout=subprocess.PIPE, stderr=sys.stderr, text=True)
        port = re.search(r":(\d+)", self.process.stdout.readline()).group(1)
        self.client = http.client.HTTPConnection("127.0.0.1", int(port))

    def move(self, vlan):
        params = {"switch_id": "leaf1", "port_name": "p1", "mode": "access", "native_vlan": vlan}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "update_port", "params": params})
        self.client.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(self.client.getresponse().read())
        if answer.get("result", {}).get("changed") is not True:
            sys.exit(f"Mercury: {answer}")


def ssh(bridge, vlan):
    bridge.run("ssh", "-q", "-i", f"{bridge.folder}/user", "-p", str(bridge.port), "-o", "StrictHostKeyChecking=no",
               "-o", f"UserKnownHostsFile={bridge.folder}/known", f"{getpass.getuser()}@127.0.0.1",
               f"ovs-vsctl --timeout=10 set port p1 vlan_mode=access tag={vlan} trunks=[]")


def measured(bridge, move):
    times = []
    for number in range(MOVES + 1):
        vlan = VLANS[number % 2]
        begun = time.perf_counter()
        move(vlan)
        # The first one connects.
        times += [time.perf_counter() - begun] if number else []
        if (shown := bridge.vsctl("get", "port", "p1", "tag")) != str(vlan):
            sys.exit(f"the port is on {shown}, not on {vlan}")
    return statistics.median(times) * 1000


with tempfile.TemporaryDirectory() as folder:
    bridge = Bridge(folder)
    mercury = Mercury(bridge)
    try:
        ours = measured(bridge, mercury.move)
        bridge.vsctl("set", "port", "p1", "tag=1")
        theirs = measured(bridge, lambda vlan: ssh(bridge, vlan))
    finally:
        mercury.process.kill()
        bridge.end()
print("| way | median of a move |\n|---|---|")
print(f"| Mercury, `protocol = \"ovsdb\"` | {ours:.1f} ms |")
print(f"| `ovs-vsctl` over SSH | {theirs:.0f} ms |")
print(f"\n{theirs / ours:.0f} times")
