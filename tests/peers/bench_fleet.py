"""What it costs to ask the wrong one: two Mercurys and a real etcd, one simulated switch, and
calls that change a port of it, to the member that has the switch and to the other, in turn.

    bench_fleet.py MERCURY [--calls N]

MERCURY is the program. Each call moves the port to another VLAN and reads it back. The locks of
both are in etcd. Prints one JSON object.
"""

import argparse
import http.client
import json
import pathlib
import re
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from bench_callers import Service, percentile, write

NAMES = ("a", "b")
# Who is asked, and the VLANs that they move the port to: never where it is.
VLANS = {"the_one_that_has_it": (111, 112), "the_other": (113, 114)}
# How long anything may take to be there, in seconds.
WITHIN = 60


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("mercury")
    parser.add_argument("--calls", type=int, default=1000)
    options = parser.parse_args()
    print(json.dumps(side_by_side(options.mercury, options.calls)))


def side_by_side(mercury, calls):
    """What a call takes of each of the two, and how much more of the other."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with Etcd(folder) as etcd, Switch(mercury, folder):
            files(folder, etcd.url)
            with Service(mercury, folder, "a.toml") as a, Service(mercury, folder, "b.toml") as b:
                return measured([a, b], calls)


def measured(services, calls):
    for service in services:
        wait("the others", lambda: any(line.get("members") == len(NAMES) for line in service.told("members")))
    callers = [Caller(service) for service in services]
    for vlan, caller in zip((101, 103), callers):
        caller.moved(vlan)
    over = [handed(service) for service in services]
    assert sum(map(bool, over)) == 1, over      # one of them hands over what it is asked
    other = next(index for index, count in enumerate(over) if count)
    times = {who: [] for who in VLANS}
    for number in range(calls):         # in turn: what else the machine does hits both
        for who, caller in zip(VLANS, (callers[1 - other], callers[other])):
            times[who].append(caller.moved(VLANS[who][number % 2]))
    assert handed(services[other]) - over[other] == calls and handed(services[1 - other]) == 0
    result = {f"p{share}_ms": {who: round(percentile(all_, share) * 1000, 3) for who, all_ in times.items()}
              for share in (50, 99)}
    result["p50_more_ms"] = round(result["p50_ms"]["the_other"] - result["p50_ms"]["the_one_that_has_it"], 3)
    return result


class Caller:
    """One connection that is kept."""

    def __init__(self, service):
        self.connection = http.client.HTTPConnection("localhost", service.port)

    def moved(self, vlan):
        """Seconds until a port is in another VLAN."""
        params = {"switch_id": "leaf", "port_name": "Ethernet1", "mode": "access", "native_vlan": vlan}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "update_port", "params": params})
        begun = time.perf_counter()
        self.connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(self.connection.getresponse().read())
        took = time.perf_counter() - begun
        assert answer["result"]["changed"], answer
        return took


def handed(service):
    """How many of its requests another member has answered."""
    connection = http.client.HTTPConnection("localhost", service.port)
    connection.request("GET", "/metrics")
    told = connection.getresponse().read().decode()
    found = re.search(r'^mercury_handed_over_total\{result="answered"\} (\d+)', told, re.MULTILINE)
    return int(found[1]) if found else 0


def wait(what, is_there):
    deadline = time.monotonic() + WITHIN
    while not is_there():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def files(folder, etcd):
    """Settings of two members, whose certificates one authority has signed."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", "90", "-subj", "/CN=members")
    for name in NAMES:
        (folder / "names").write_text(f"subjectAltName=DNS:{name}.example.org,IP:127.0.0.1\n"
                                      "extendedKeyUsage=serverAuth,clientAuth\n")
        openssl("req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", f"{name}.pem", "-days", "90", "-extfile", "names")
        (folder / f"{name}.key").chmod(0o600)
        write(folder / f"{name}.toml", f'switches = ["inventory.toml"]\n[etcd]\nendpoints = ["{etcd}"]\n'
              f'[fleet]\nname = "{name}"\nlisten = "127.0.0.1:0"\ncert = "{name}.pem"\nkey = "{name}.key"\n'
              'ca = "ca.pem"\nmembers = ["DNS:a.example.org", "DNS:b.example.org"]\n')


class Switch:
    """A simulated one; its entry is in inventory.toml."""

    def __init__(self, mercury, folder):
        self.inventory = folder / "inventory.toml"
        self.inventory.touch(mode=0o600)
        with self.inventory.open("w") as out:
            self.process = subprocess.Popen([mercury, "simulate", "--name", "leaf"], stdout=out,
                                            stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def __enter__(self):
        wait("the switch", lambda: "[[switch]]" in self.inventory.read_text())

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Etcd:
    """Debian's, with what it keeps in the folder; it says itself where it listens."""

    def __init__(self, folder):
        self.log = folder / "etcd.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                ["etcd", "--data-dir", folder / "etcd", "--listen-client-urls", "http://127.0.0.1:0",
                 "--advertise-client-urls", "http://127.0.0.1:0", "--listen-peer-urls", "http://127.0.0.1:0",
                 "--log-level", "info", "--unsafe-no-fsync"], stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self):
        wait("etcd", self.found)
        return self

    def found(self):
        """The port is that of what answers as etcd does."""
        for port in listening(self.process.pid):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                    if b"true" in answer.read():
                        self.url = f"http://127.0.0.1:{port}"
                        return True
            except (urllib.error.URLError, OSError, http.client.HTTPException):
                pass
        return False

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def listening(process):
    """The TCP ports that a process listens on (proc(5))."""
    sockets = set()
    for handle in pathlib.Path(f"/proc/{process}/fd").iterdir():
        try:
            sockets.add(str(handle.readlink()).removeprefix("socket:[").removesuffix("]"))
        except FileNotFoundError:
            pass        # it is closed by now
    lines = [line.split() for line in pathlib.Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]]
    return [int(line[1].partition(":")[2], 16) for line in lines if line[3] == "0A" and line[9] in sockets]


if __name__ == "__main__":
    main()
