"""An Open vSwitch in user space, and a way in by SSH: what the bench_* of Open vSwitch have
in common, and the Mercury that is measured beside.
"""

import getpass
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading


class Bridge:
    """A bridge with ports that lead nowhere, and a way in by SSH."""

    def __init__(self, folder, *ports):
        self.folder = folder
        self.environment = dict(os.environ, OVS_RUNDIR=folder, OVS_DBDIR=folder, OVS_LOGDIR=folder)
        self.run("ovsdb-tool", "create", f"{folder}/conf.db", "/usr/share/openvswitch/vswitch.ovsschema")
        self.run("ovsdb-server", "--detach", "--no-chdir", f"--pidfile={folder}/db.pid",
                 f"--remote=punix:{folder}/db.sock", f"{folder}/conf.db")
        self.vsctl("--no-wait", "init")
        self.run("ovs-vswitchd", "--enable-dummy=override", "--disable-system", "--detach", "--no-chdir",
                 f"--pidfile={folder}/vs.pid", f"unix:{folder}/db.sock")
        self.vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy")
        for port in ports:
            self.vsctl("add-port", "br0", port, "--", "set", "interface", port, "type=dummy")
        self.port = self.listen()

    def run(self, *command):
        done = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{command}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def vsctl(self, *command):
        return self.run("ovs-vsctl", "--timeout=20", *command)

    def ssh(self, command, *options):
        """What somebody types there."""
        self.run("ssh", "-q", "-i", f"{self.folder}/user", "-p", str(self.port), "-o", "StrictHostKeyChecking=no",
                 "-o", f"UserKnownHostsFile={self.folder}/known", *options, f"{getpass.getuser()}@127.0.0.1", command)

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
    """The service, with these entries."""

    def __init__(self, program, folder, *entries):
        pathlib.Path(folder, "inventory.toml").write_text("\n".join(entries))
        self.process = subprocess.Popen(
            [program, "serve", "--listen", "127.0.0.1:0", "--auth", "noauth", "--switches", f"{folder}/inventory.toml",
             "--output", "json", "--log-level", "warn"], stdout=subprocess.PIPE, stderr=sys.stderr, text=True)
        port = re.search(r":(\d+)", self.process.stdout.readline()).group(1)
        self.client = http.client.HTTPConnection("127.0.0.1", int(port))

    def change(self, method, params):
        """What comes of a call that has to change something."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self.client.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(self.client.getresponse().read())
        if answer.get("result", {}).get("changed") is not True:
            sys.exit(f"Mercury: {answer}")
        return answer["result"]


def entry(bridge, name, more=""):
    """The entry of a bridge, by its database's socket."""
    return (f'[[switch]]\nname = "{name}"\naddress = "unix:{bridge.folder}/db.sock"\nprotocol = "ovsdb"\n'
            f'dialect = "netmiko_ovs_linux"\n{more}')
