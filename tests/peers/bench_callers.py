"""What it costs to ask who calls: calls over one kept connection without and with TLS, HTTP
Digest and an audit log, in turn, and new TLS 1.3 connections a second. And what callers notice
while the files are read again, of which one switch among many has changed.

    bench_callers.py MERCURY [--calls N] [--seconds S] [--switches N]

MERCURY is the program. The first two services have no switches, so that a call is nothing but
the way in and out. The client is Python's: its own share of TLS and Digest is in the
difference. The third has switches that nobody can reach. Prints one JSON object.
"""

import argparse
import concurrent.futures
import hashlib
import http.client
import json
import os
import pathlib
import re
import signal
import ssl
import statistics
import subprocess
import tempfile
import time

BODY = b'{"jsonrpc": "2.0", "id": 1, "method": "get_allowed_network_types", "params": {}}'
REALM = "Baremetal API"
PASSWORD = "a password of the benchmark"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("mercury")
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--switches", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        files(options.mercury, folder, options.switches)
        with Service(options.mercury, folder, "plain.toml") as plain, \
                Service(options.mercury, folder, "asked.toml") as asked:
            times = {"noauth": [], "digest_tls_audit": []}
            free, known = Kept(plain, None), Kept(asked, folder / "cert.pem")
            for _ in range(options.calls):      # in turn: what else the machine does hits both
                times["noauth"].append(free.call())
                times["digest_tls_audit"].append(known.call())
            fresh = connections(asked, options.seconds)
        with Service(options.mercury, folder, "many.toml") as many:
            again = [reload(many, folder, options.switches, vlan) for vlan in (101, 102, 103)]
    result = {f"p{share}_ms": {way: round(percentile(all_, share) * 1000, 3) for way, all_ in times.items()}
              for share in (50, 99)}
    result["p50_above_noauth_ms"] = round(result["p50_ms"]["digest_tls_audit"] - result["p50_ms"]["noauth"], 3)
    result["new_tls13_connections_a_second"] = fresh
    result["reload"] = {"switches": options.switches, "of_which_changed": 1,
                        "took_ms": [took for took, _ in again], "slowest_call_ms": [slowest for _, slowest in again]}
    result["cores"] = os.cpu_count()
    print(json.dumps(result))


def percentile(times, share):
    return statistics.quantiles(times, n=100)[share - 1]


def files(mercury, folder, switches):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "90",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
                   check=True, capture_output=True)
    lines = subprocess.run([mercury, "config", "digest", "ironic"], input=PASSWORD, check=True,
                           capture_output=True, text=True).stdout
    tls = '[tls]\ncert = "cert.pem"\nkey = "key.pem"\n'
    write(folder / "users", lines)
    write(folder / "plain.toml", "switches = []\n")
    write(folder / "asked.toml", 'switches = []\nauth = "http_digest"\n[audit]\nfile = "audit.jsonl"\n'
                                 f'[digest]\nusers = "users"\n{tls}')
    write(folder / "many.toml", 'switches = ["inventory.toml"]\nreload_interval = 0\n')
    inventory(folder, switches, 100)
    (folder / "key.pem").chmod(0o600)


def inventory(folder, switches, vlan):
    """So many switches, the last of which has this VLAN."""
    entry = '[[switch]]\nname = "leaf{0}"\naddress = "10.{1}.{2}.{3}"\nallowed_vlans = "{4}"\n'
    entries = (entry.format(n, n >> 16, n >> 8 & 255, n & 255, vlan if n == switches else 100)
               for n in range(1, switches + 1))
    defaults = '[defaults]\ndialect = "openconfig"\nusername = "mercury"\npassword = "of nobody"\ninsecure = true\n'
    write(folder / "inventory.toml", defaults + "".join(entries))


def reload(service, folder, switches, vlan):
    """How long the files took to be read again, and the slowest call meanwhile, both in ms."""
    caller, slowest, read = Kept(service, None), 0, len(service.told("the files were read again"))
    inventory(folder, switches, vlan)
    service.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 60
    while len(told := service.told("the files were read again")) == read:
        slowest = max(slowest, caller.call())
        assert time.monotonic() < deadline, "the files are not read"
    assert told[-1]["changed"] == 1 and told[-1]["added"] == told[-1]["removed"] == 0, told[-1]
    return told[-1]["took_ms"], round(slowest * 1000, 3)


def write(path, text):
    path.touch(mode=0o600)
    path.write_text(text)


class Service:
    """`mercury serve` on a port that the system chooses."""

    def __init__(self, mercury, folder, settings):
        self.log = folder / f"{settings}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [mercury, "serve", "--config", folder / settings, "--listen", "127.0.0.1:0", "--output", "json",
                 "--log-format", "json"],
                stdout=subprocess.PIPE, stderr=log, env={**os.environ, "RUNTIME_DIRECTORY": str(folder)})

    def __enter__(self):
        ready = json.loads(self.process.stdout.readline())
        self.port = int(ready["listen"].rpartition(":")[2])
        return self

    def told(self, message):
        """The lines of its log with this message, that are whole."""
        lines = self.log.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n") and message in line]

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Kept:
    """One connection, with an answer to a challenge on each call once there was one."""

    def __init__(self, service, ca):
        if ca:
            context = ssl.create_default_context(cafile=ca)
            self.connection = http.client.HTTPSConnection("localhost", service.port, context=context)
            self.headers = self.challenged()
        else:
            self.connection = http.client.HTTPConnection("localhost", service.port)
            self.headers = lambda: {}
        self.call()

    def challenged(self):
        status, headers = self.post({})
        assert status == 401, status
        nonce = re.search('nonce="([^"]+)"', headers["WWW-Authenticate"])[1]
        secret = sha256(f"ironic:{REALM}:{PASSWORD}")
        target = sha256("POST:/")
        count = 0

        def headers():
            nonlocal count
            count += 1
            response = sha256(f"{secret}:{nonce}:{count:08x}:c:auth:{target}")
            return {"Authorization": f'Digest username="ironic", realm="{REALM}", nonce="{nonce}", uri="/", '
                                     f'algorithm=SHA-256, cnonce="c", nc={count:08x}, qop=auth, '
                                     f'response="{response}"'}
        return headers

    def call(self):
        """Seconds until the answer is there."""
        begun = time.perf_counter()
        status, _ = self.post(self.headers())
        assert status == 200, status
        return time.perf_counter() - begun

    def post(self, headers):
        self.connection.request("POST", "/", BODY, {"Content-Type": "application/json", **headers})
        response = self.connection.getresponse()
        response.read()
        return response.status, response.headers


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def connections(service, seconds):
    """OpenSSL opens them, one after the other in two processes, and asks for /healthz."""
    command = ["openssl", "s_time", "-connect", f"localhost:{service.port}", "-new", "-tls1_3",
               "-www", "/healthz", "-time", str(seconds)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = [pool.submit(subprocess.run, command, capture_output=True, text=True) for _ in range(2)]
        texts = [run.result().stdout for run in runs]
    return sum(round(int(n) / int(s)) for text in texts
               for n, s in [re.search(r"(\d+) connections in (\d+) real seconds", text).groups()])


if __name__ == "__main__":
    main()
