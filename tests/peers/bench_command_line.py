"""The measuring that ./bench_command_line is about.

One Open vSwitch in user space behind OpenSSH, as tests/e2e has it; every move of a port
is looked at with ovs-vsctl when its row is over, so that nobody is fast by doing
nothing. Mercury's moves are read back by itself as well, which is in its time.
"""

import concurrent.futures
import contextlib
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

from oslo_config import cfg

PROGRAM, MOVES, CLIENTS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
VLANS = (100, 200)


class Bridge:
    """A bridge with ports that lead nowhere, and a way in."""

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
        for number in range(CLIENTS):
            self.vsctl("add-port", "br0", f"p{number}", "--", "set", "interface", f"p{number}", "type=dummy")
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
            f"PasswordAuthentication no\nPidFile none\nLogLevel ERROR\nSetEnv OVS_RUNDIR={at}\nMaxSessions 64\n")
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)

        def serve():
            while True:
                with contextlib.suppress(OSError):
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
    name = "Mercury"

    def __init__(self, bridge):
        at = bridge.folder
        host = pathlib.Path(at, "host.pub").read_text()
        pathlib.Path(at, "known_hosts").write_text(f"[127.0.0.1]:{bridge.port} {host}")
        pathlib.Path(at, "switches.toml").write_text(
            f'[[switch]]\nname = "leaf1"\nprotocol = "cli"\ndialect = "netmiko_ovs_linux"\naddress = "127.0.0.1"\n'
            f'port = {bridge.port}\nusername = "{getpass.getuser()}"\nkey_file = "{at}/user"\n'
            f'known_hosts = ["{at}/known_hosts"]\n')
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--auth", "noauth", "--switches", f"{at}/switches.toml",
             "--output", "json", "--log-level", "warn"], stdout=subprocess.PIPE, stderr=sys.stderr, text=True)
        self.port = int(re.search(r":(\d+)", self.process.stdout.readline()).group(1))

    def client(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)

        def move(port, vlan):
            params = {"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": vlan}
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "update_port", "params": params})
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
            return answer.get("result", {}).get("changed")

        return move

    def end(self):
        self.process.terminate()
        self.process.wait()


class GenericSwitch:
    def __init__(self, bridge, **options):
        from networking_generic_switch.devices.netmiko_devices import ovs
        self.name = "networking-generic-switch" + "".join(f", {name}" for name in options)
        entry = {"device_type": "netmiko_ovs_linux", "ip": "127.0.0.1", "port": bridge.port,
                 "username": getpass.getuser(), "use_keys": True, "key_file": f"{bridge.folder}/user",
                 "ngs_max_connections": CLIENTS, **options}
        self.device = ovs.OvsLinux(entry, device_name="leaf1")

    def client(self):
        def move(port, vlan):
            self.device.plug_port_to_network(port, vlan)
            return True

        return move

    def end(self):
        pass


def timed(bridge, who, clients, moves):
    """Each client moves a port of its own to and fro."""
    def work(number):
        move, took = who.client(), []
        move(f"p{number}", VLANS[1])
        barrier.wait(60)
        for count in range(moves):
            begun = time.perf_counter()
            if not move(f"p{number}", VLANS[count % 2]):
                raise RuntimeError(f"{who.name} moved nothing")
            took.append(time.perf_counter() - begun)
        return took

    barrier = threading.Barrier(clients + 1)
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(work, number) for number in range(clients)]
        barrier.wait(60)
        begun = time.perf_counter()
        took = [one for future in running for one in future.result()]
        elapsed = time.perf_counter() - begun
    wanted = str(VLANS[(moves - 1) % 2])
    for number in range(clients):
        tag = bridge.vsctl("get", "port", f"p{number}", "tag")
        if tag != wanted:
            sys.exit(f"{who.name}: p{number} is on VLAN {tag}, not {wanted}")
    return statistics.median(took), len(took) / elapsed


def main():
    cfg.CONF([], project="bench")
    with tempfile.TemporaryDirectory() as folder:
        bridge = Bridge(folder)
        try:
            rows = []
            print("| who | clients | p50, ms | moves/s |\n|---|---|---|---|")
            for make in (Mercury, GenericSwitch, lambda at: GenericSwitch(at, ngs_ssh_reuse_connection=True)):
                who = make(bridge)
                for clients in (1, CLIENTS):
                    # Who takes seconds is not asked for hundreds.
                    moves = MOVES * 10 if who.name == "Mercury" else max(2, MOVES // clients)
                    p50, rate = timed(bridge, who, clients, moves)
                    rows.append((who.name, clients, p50, rate))
                    print(f"| {who.name} | {clients} | {p50 * 1000:.1f} | {rate:.1f} |", flush=True)
                who.end()
            alone, many = rows[0], rows[1]
            for other in (2, 4):
                name = rows[other][0]
                print(f"{name}: {rows[other][2] / alone[2]:.0f} times the p50, "
                      f"{many[3] / rows[other + 1][3]:.0f} times fewer moves a second of {CLIENTS} clients")
        finally:
            bridge.end()


if __name__ == "__main__":
    main()
