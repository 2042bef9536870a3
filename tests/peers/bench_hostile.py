"""The measuring that ./bench_hostile is about.

Mercury, the simulated switch of the innocent caller, the hostile callers and the
hostile switches are a process each, and this one is the innocent caller: from an
address of its own, on a new connection each time, one call after the other. What
is hostile would be on other machines, so it has the processors when nobody else
wants them.
"""

import base64
import fcntl
import http.client
import json
import math
import pathlib
import subprocess
import sys
import tempfile
import time

import bcrypt

PROGRAM, CALLS, ONLY = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
HERE = pathlib.Path(__file__).parent
LEAST, LONGEST = 10, 60                          # s that the hostile half of a row takes
BESIDE = 3                                       # s of it before Mercury is asked to stop
PATIENCE = 30                                    # s after which an answer counts as failed
PASSWORD = "the innocent caller's"
USERS = 5000                                     # that have it, more than there are calls of a row

# What is hostile: callers of a kind, how many; switches of a kind, how many.
SCENARIOS = {
    "nobody": {},
    "a process that takes a core": {"busy": True},
    "standard error that nobody reads": {"unread": True},
    "256 unfinished bodies, no credentials": {"callers": ("unfinished", 256), "auth": 10},
    "64 callers that take no answer": {"callers": ("deaf", 64)},
    "120 guess passwords, bcrypt 10": {"callers": ("guess", 120), "auth": 10},
    "120 guess passwords, bcrypt 12, a new caller each time": {"callers": ("guess", 120), "auth": 12, "fresh": True},
    "a dead switch, its queue full": {"switches": ("dead", 1), "callers": ("ask", 200)},
    "6 gNMI switches, 60 MB of {}": {"switches": ("gnmi-objects", 6), "callers": ("ask", 12)},
    "a gNMI subscription without end": {"switches": ("gnmi-endless", 1), "callers": ("ask", 4)},
    "a gNMI list of 40,000 entries": {"switches": ("gnmi-entries", 1), "callers": ("ask", 4)},
    "3 NETCONF switches, 60 MB of <a/>": {"switches": ("netconf-elements", 3), "callers": ("ask", 6)},
    "a NETCONF reply without end": {"switches": ("netconf-endless", 1), "callers": ("ask", 4)},
    "a NETCONF list of 40,000 entries": {"switches": ("netconf-entries", 1), "callers": ("ask", 4)},
    "a command line that never shows a prompt": {"switches": ("cli-flood", 1), "callers": ("ask", 4)},
    "a command line without a last page": {"switches": ("cli-pager", 1), "callers": ("ask", 4)},
    "6 RESTCONF switches, 60 MB of {}": {"switches": ("restconf-objects", 6), "callers": ("ask", 12)},
    "a RESTCONF reply without end": {"switches": ("restconf-endless", 1), "callers": ("ask", 4)},
    "6 NVUE switches, 60 MB of {}": {"switches": ("nvue-objects", 6), "callers": ("ask", 12)},
    "6 OVSDB servers, 60 MB of {}": {"switches": ("ovsdb-objects", 6), "callers": ("ask", 12)},
    "an OVSDB reply without end": {"switches": ("ovsdb-endless", 1), "callers": ("ask", 4)},
}


class Owned:
    """A process that ends with its standard input, and says one line first."""

    def __init__(self, *command, **options):
        command = list(map(str, command))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)
        self.said = json.loads(self.process.stdout.readline())

    def end(self):
        """What it says at its end."""
        self.process.stdin.close()
        last = self.process.stdout.read()
        self.process.wait()
        return last


def inventory(switch, hostile, kind):
    entries = [switch["inventory"]]
    for number, port in enumerate(hostile["ports"] if hostile else ()):
        protocol = kind.partition("-")[0]
        dialect = {"cli": "cisco_ios", "ovsdb": "netmiko_ovs_linux", "nvue": "cumulus_nvue"}.get(protocol, "openconfig")
        entry = (f'[[switch]]\nname = "hostile{number}"\naddress = "127.0.0.1"\nport = {port}\n'
                 f'dialect = "{dialect}"\n')
        if protocol != "ovsdb":
            entry += 'username = "mercury"\npassword = "mercury"\n'
        if protocol in ("gnmi", "restconf", "nvue", "ovsdb"):
            entry += f'protocol = "{protocol}"\nplaintext = true\n'
        else:
            entry += 'protocol = "cli"\n' if protocol == "cli" else ""
            entry += f'host_key_fingerprints = ["{hostile["fingerprint"] or switch["host_key_fingerprint"]}"]\n'
        entries.append(entry)
    return "\n".join(entries)


def private(path, text):
    path.touch(0o600)
    path.write_text(text)
    return path


def serve(folder, entries, auth, unread):
    settings = private(folder / "mercury.toml", f'lock_dir = "{folder}/locks"\n')
    flags = ["--auth", "noauth"]
    if auth:
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(auth)).decode().replace("$2b$", "$2y$", 1)
        # One hash is enough: whoever comes for the first time is found out about all the same.
        users = "".join(f"{user}:{hashed}\n" for user in ["ironic", *(f"caller{number}" for number in range(USERS))])
        flags = ["--auth", "http_basic", "--htpasswd", private(folder / "htpasswd", users)]
    options = {"stderr": subprocess.PIPE if unread else open(folder / "log", "w")}
    return Owned(PROGRAM, "--output", "json", "--config", settings, "--switches",
                 private(folder / "switches.toml", entries), "serve", "--listen", "127.0.0.1:0", *flags, **options)


def memory(pid, field):
    """MiB."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) // 1024


def settled(pid, innocent):
    """What is resident when it has not become less for a second, or after 20."""
    lowest, since, end = math.inf, 0, time.monotonic() + 20
    while time.monotonic() < min(since + 1, end) or lowest == math.inf:
        innocent.call()
        if (resident := memory(pid, "VmRSS:")) < lowest:
            lowest, since = resident, time.monotonic()
    return lowest


class Innocent:
    def __init__(self, address, switch, fresh):
        self.address, self.switch, self.count, self.fresh = address, switch, 0, fresh

    def headers(self):
        """Where `fresh`, of a user who was never there."""
        user = f"caller{self.count}" if self.fresh else "ironic"
        credentials = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
        return {"Content-Type": "application/json", "Authorization": f"Basic {credentials}"}

    def call(self):
        """Whether it was answered as it should be."""
        self.count += 1
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "update_port", "params": {
            "switch_id": self.switch, "port_name": "Ethernet1", "description": "bench", "mode": "access",
            "native_vlan": 100 + self.count % 2}})
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE, source_address=("127.0.0.2", 0))
        try:
            connection.request("POST", "/", body, self.headers())
            return json.loads(connection.getresponse().read())["result"]["outcome"] == "committed"
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return False
        finally:
            connection.close()

    def calls(self, least=0):
        """Times in ms, ascending, and how many failed."""
        times, failed, begun = [], 0, time.monotonic()
        passed = lambda: time.monotonic() - begun
        while (len(times) < CALLS or passed() < least) and passed() < LONGEST:
            began = time.perf_counter()
            failed += not self.call()
            times.append((time.perf_counter() - began) * 1000)
        return sorted(times), failed


def at(times, share):
    return times[min(math.ceil(len(times) * share), len(times)) - 1]


def started(switch, folder, switches, auth, unread, fresh):
    """The hostile switches, a Mercury that has them in its inventory, and its innocent caller."""
    kind = switches[0] if switches else ""
    hostile = Owned("nice", "-n19", sys.executable, HERE / "hostile_switch.py", *switches) if switches else None
    mercury = serve(folder, inventory(switch, hostile and hostile.said, kind), auth, unread)
    return hostile, mercury, Innocent(mercury.said["listen"], switch["name"], fresh)


def asking(callers, switches, address):
    """Those who ask, hostile themselves or about hostile switches."""
    kind, count = switches or ("", 0)
    port = "swp1" if kind.startswith("nvue-") else "Ethernet1"
    names = [f"hostile{number}/{port}" for number in range(count)]
    return Owned("nice", "-n19", sys.executable, HERE / "hostile_callers.py", *callers, address, *names)


def stop(switch, folder, switches=None, callers=None, auth=None, unread=False, fresh=False, **_):
    """Seconds from SIGTERM to the end, in the middle of what is hostile: replies arrive and are parsed."""
    hostile, mercury, innocent = started(switch, folder, switches, auth, unread, fresh)
    others = asking(callers, switches, innocent.address) if callers else None
    innocent.calls(BESIDE)
    began = time.perf_counter()
    mercury.process.terminate()
    mercury.process.wait()
    took = time.perf_counter() - began
    for owned in filter(None, (others, hostile)):
        owned.end()
    return took


def row(name, switch, folder, switches=None, callers=None, auth=None, unread=False, busy=False, fresh=False):
    hostile, mercury, innocent = started(switch, folder, switches, auth, unread, fresh)
    pid, address = mercury.process.pid, innocent.address
    for _ in range(20):                          # opens the session
        innocent.call()
    quiet, failed = innocent.calls()
    before = memory(pid, "VmRSS:")
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")    # VmHWM is VmRSS again, proc(5)
    others = None
    if callers:
        others = asking(callers, switches, address)
    if busy:
        others = Owned(sys.executable, "-c", "import threading, sys\nprint('{}', flush=True)\n"
                       "threading.Thread(target=exec, args=('while True: pass',), daemon=True).start()\n"
                       "sys.stdin.read()\nprint('{}')")
    if unread:
        # Some 200 octets are logged of each call: from here on they have nowhere to go.
        room = fcntl.fcntl(mercury.process.stderr, fcntl.F_GETPIPE_SZ)
        for _ in range(room // 100):
            innocent.call()
    noisy, more = innocent.calls(LEAST)
    answers = json.loads(others.end()) if others else {}
    if hostile:
        hostile.end()
    peak = memory(pid, "VmHWM:")
    after = settled(pid, innocent)
    mercury.process.terminate()
    mercury.process.wait()
    told = ", ".join(f"{what} {count}" for what, count in sorted(answers.items()))
    print(f"| {name} | {at(quiet, .5):.1f} | {at(quiet, .99):.1f} | {at(noisy, .5):.1f} | {at(noisy, .99):.1f} "
          f"| {at(noisy, .99) / at(quiet, .99):.1f} | {failed + more} of {len(quiet) + len(noisy)} "
          f"| {before}, {peak}, {after} | {told} |", end="", flush=True)


def main():
    unknown = [name for name in ONLY if not any(name in known for known in SCENARIOS)]
    if unknown:
        sys.exit(f"no such scenario: {', '.join(unknown)}; there are: {'; '.join(SCENARIOS)}")
    print("| hostile | quiet p50 | quiet p99 | p50, ms | p99, ms | times | failed | MiB before, peak, after "
          "| what the hostile callers got | stops in, s |\n|---|---|---|---|---|---|---|---|---|---|")
    for name, scenario in SCENARIOS.items():
        if ONLY and not any(only in name for only in ONLY):
            continue
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            folder.chmod(0o700)
            simulator = Owned(PROGRAM, "simulate", "--output", "json", "--count-until-eof")
            row(name, simulator.said, folder, **scenario)
            print(f" {stop(simulator.said, folder, **scenario):.1f} |", flush=True)
            simulator.end()


main()
