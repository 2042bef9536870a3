"""NETCONF over SSH and over TLS, and RESTCONF, side by side: see bench_transports.

    bench_transports.py MERCURY

Prints a line of JSON for each row, and then how much less a cold connect takes over TLS.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

PEERS = pathlib.Path(__file__).parent


def main():
    measured(sys.argv[1])


def measured(mercury, requests=400):
    """Prints the rows."""
    with tempfile.TemporaryDirectory(prefix="mercury-bench-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)         # the switch's own user enters
        real = by_netconfd(mercury, folder)
    simulated = rows([mercury, "bench", "--transports", "--requests", requests, "--output", "json"])
    for of, shown in (("netconfd", real), ("simulated", simulated)):
        for row in shown:
            print(json.dumps({"switch": of, **row}))
    print(json.dumps({"cold_ssh_over_tls_p50": {"netconfd": ratio(real), "simulated": ratio(simulated)}}), flush=True)


def by_netconfd(mercury, folder):
    switch = Peer([PEERS / "netconfd", "run", folder / "switch", "candidate"])
    certificates(folder)
    front = Peer(["/usr/bin/python3", "-IS", PEERS / "front", folder / "switch", "listen",
                  folder / "switch.pem", folder / "switch.key", folder / "ca.pem"])
    with switch, front:
        inventory = folder / "inventory.toml"
        inventory.touch(mode=0o600)
        inventory.write_text(entries(switch.said, front.said, folder))
        # In turns, within one process: what else the machine does hits both.
        return rows([mercury, "bench", "--switches", inventory, "--connect", "ssh", "--connect", "tls",
                     "--output", "json"])


def entries(switch, front, folder):
    both = f'dialect = "openconfig"\naddress = "127.0.0.1"\nallowed_ports = ["Ethernet1"]\nallowed_vlans = "2-4094"\n'
    return (f'[[switch]]\nname = "ssh"\n{both}port = {switch["port"]}\nusername = "{switch["username"]}"\n'
            f'key_file = "{switch["key"]}"\nknown_hosts = ["{switch["known_hosts"]}"]\n'
            f'[[switch]]\nname = "tls"\n{both}port = {front["port"]}\ntransport = "tls"\ntls_ca = "{folder}/ca.pem"\n'
            f'tls_cert = "{folder}/mercury.pem"\ntls_key = "{folder}/mercury.key"\n')


def certificates(folder):
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", "90", "-subj", "/CN=bench")
    for name, usage in (("switch", "serverAuth"), ("mercury", "clientAuth")):
        (folder / "names").write_text(f"subjectAltName=IP:127.0.0.1\nextendedKeyUsage={usage}\n")
        openssl("req", *curve, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", f"{name}.pem", "-days", "90", "-extfile", "names")
        (folder / f"{name}.key").chmod(0o600)


def rows(command):
    done = subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def ratio(shown):
    cold = {row["row"].rpartition(" ")[2]: row["p50_ms"] for row in shown if row["row"].startswith("cold")}
    return round(cold["SSH"] / cold["TLS"], 1)


class Peer:
    """A program that says one line of JSON when it is ready, and ends with its input."""

    def __init__(self, command):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.said = json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


if __name__ == "__main__":
    main()
