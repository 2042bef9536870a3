"""The measuring that ./bench is about."""

import http.client
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile
import time

PROGRAM, GNMI, CLIENT, CHANGES = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
PATH = "/interfaces/interface[name=Ethernet1]/ethernet/switched-vlan"


def config(vlan):
    return {"openconfig-vlan:config": {"interface-mode": "ACCESS", "access-vlan": vlan}}


def measure(name, change, count=CHANGES):
    change(99)                                   # connects, and warms up
    times = []
    began = time.perf_counter()
    for vlan in itertools.islice(itertools.cycle((100, 101)), count):
        start = time.perf_counter()
        change(vlan)
        times.append(time.perf_counter() - start)
    rate = count / (time.perf_counter() - began)
    times.sort()
    at = lambda share: times[min(int(count * share), count - 1)] * 1000
    print(f"| {name} | {rate:.0f} | {at(.5):.1f} ms | {at(.99):.1f} ms |", flush=True)


def owned(*command):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def mercury(switch, folder, extra=""):
    inventory = folder / "inventory.toml"
    inventory.write_text(
        f'[[switch]]\nname = "leaf"\naddress = "{switch["host"]}"\nport = {switch["port"]}\nprotocol = "gnmi"\n'
        f'dialect = "openconfig"\nusername = "{switch["username"]}"\npassword = "{switch["password"]}"\n'
        f'tls_pins = ["{switch["fingerprint"]}"]\n{extra}')
    inventory.chmod(0o600)
    process = owned(PROGRAM, "--output", "json", "--log-level", "error", "serve", "--listen", "127.0.0.1:0",
                    "--switches", str(inventory), "--auth", "noauth")
    address = json.loads(process.stdout.readline())["listen"]
    connection = http.client.HTTPConnection(address)

    def change(vlan):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "update_port", "params": {
            "switch_id": "leaf", "port_name": "Ethernet1", "description": "bench", "mode": "access",
            "native_vlan": vlan}})
        connection.request("POST", "/", body)
        answer = json.loads(connection.getresponse().read())
        assert answer["result"]["outcome"] in ("committed", "unchanged"), answer

    return process, change


def gnmic(file, *flags):
    def change(vlan):
        subprocess.run([CLIENT, str(file), *flags, "set", "replace", f"openconfig:{PATH}", json.dumps(config(vlan))],
                       check=True, stdout=subprocess.DEVNULL)
    return change


def pygnmi(switch):
    from pygnmi.client import gNMIclient
    client = gNMIclient(target=(switch["host"], switch["port"]), username=switch["username"],
                        password=switch["password"], skip_verify=True)
    # It insists on Capabilities, which lemming does not have.
    client.capabilities = lambda *_: {"supported_models": [], "supported_encodings": ["json_ietf"]}
    client.connect()
    return client, lambda vlan: client.set(replace=[(f"openconfig:{PATH}", config(vlan))], encoding="json_ietf")


def compare(title, switch, folder, *flags, extra=""):
    file = folder / "facts.json"
    file.write_text(json.dumps(switch))
    process, change = mercury(switch, folder, extra)
    measure(f"{title}, Mercury", change)
    process.terminate()
    process.wait()
    measure(f"{title}, gnmic's library, a process each", gnmic(file, *flags), min(CHANGES, 100))
    client, change = pygnmi(switch)
    measure(f"{title}, pygnmi, one connection", change)
    client.close()


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    print("| | changes/s | p50 | p99 |\n|---|---|---|---|")
    simulator = owned(PROGRAM, "simulate", "--output", "json", "--gnmi")
    facts = json.loads(simulator.stdout.readline())
    simulated = {"host": facts["address"], "port": facts["gnmi_port"], "username": facts["username"],
                 "password": facts["password"], "fingerprint": facts["gnmi_certificate_pin"], "tls": True,
                 "login": True, "mutual": False, "ca": "", "client_cert": "", "client_key": ""}
    compare("simulator", simulated, folder, "-skip-verify")
    process, change = mercury(simulated, folder, 'confirmed_commit = "on"\n')
    measure("simulator, Mercury, to be confirmed", change)
    process.terminate()
    simulator.kill()
    (folder / "lemming").mkdir()
    lemming = owned(GNMI, "run", str(folder / "lemming"), "lemming")
    compare("lemming", json.loads(lemming.stdout.readline()), folder)
    lemming.stdin.close()
    lemming.wait()
