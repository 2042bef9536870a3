"""Proves that the peers do what their descriptions say, before anybody relies on
them: tests/peers/selftest.py (any Python 3; needs tests/peers/install)."""

import contextlib
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
import unittest.mock

PEERS = pathlib.Path(__file__).resolve().parent
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
LIMIT = 20      # seconds for any one state to come


class Switch:
    """A switch that belongs to this process, as a Rust test would own one."""

    def __init__(self, *mode):
        # Not below the checkout: the switch's own user must be able to enter.
        self.folder = tempfile.TemporaryDirectory(prefix="mercury-selftest-")
        self.process = subprocess.Popen(
            [PEERS / "netconfd", "run", self.folder.name, *mode],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.facts = json.loads(self.process.stdout.readline())

    def path(self, name):
        return pathlib.Path(self.folder.name, name)

    def do(self, verb):
        done = subprocess.run([PEERS / "netconfd", verb, self.folder.name],
                              check=True, capture_output=True, text=True)
        return json.loads(done.stdout) if done.stdout else None

    def arm(self, **fault):
        self.path("fault.new").write_text(json.dumps(fault))
        self.path("fault.new").rename(self.path("fault"))

    def log(self):
        return [json.loads(line) for line in self.path("relay.log").read_text().splitlines()]

    def close(self):
        self.process.stdin.close()
        self.process.wait(LIMIT)
        self.process.stdout.close()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Session:
    """A NETCONF 1.0 session over the ssh command; answers come as text."""

    def __init__(self, switch, key="key"):
        facts = switch.facts
        self.process = subprocess.Popen(
            ["ssh", "-F", "none", "-i", facts[key], "-p", str(facts["port"]), "-o", "BatchMode=yes",
             "-o", "IdentitiesOnly=yes", "-o", f"UserKnownHostsFile={facts['known_hosts']}",
             f"{facts['username']}@{facts['host']}", "-s", "netconf"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
        self.rest = b""
        self.write(f'<hello xmlns="{BASE}"><capabilities><capability>'
                   'urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>')
        self.hello = self.read()

    def write(self, *messages):
        self.process.stdin.write(b"".join(m.encode() + b"]]>]]>" for m in messages))

    def read(self, limit=LIMIT):
        """The next message, or None at the end of the session or after the limit."""
        end = time.monotonic() + limit
        while b"]]>]]>" not in self.rest:
            left = max(0, end - time.monotonic())
            if not select.select([self.process.stdout], [], [], min(1, left))[0]:
                if left <= 1:
                    return None
                # netconfd can sleep over a request that came with its start; any
                # further byte wakes it.
                with contextlib.suppress(BrokenPipeError):
                    self.process.stdin.write(b"\n")
                continue
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                return None
            self.rest += data
        message, _, self.rest = self.rest.partition(b"]]>]]>")
        return message.decode()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def rpc(number, body):
    return f'<rpc message-id="{number}" xmlns="{BASE}">{body}</rpc>'


LOCK = "<lock><target><candidate/></target></lock>"
UNLOCK = "<unlock><target><candidate/></target></unlock>"
COMMIT = "<commit/>"


def edit(text, target="candidate"):
    return (f'<edit-config><target><{target}/></target><config>'
            f'<interfaces xmlns="http://openconfig.net/yang/interfaces"><interface><name>Ethernet1</name>'
            f'<config><description>{text}</description></config></interface></interfaces>'
            f'</config></edit-config>')


def running(switch):
    with Session(switch) as session:
        session.write(rpc(1, "<get-config><source><running/></source></get-config>"))
        return session.read()


def virtualenv(test):
    """The Python that tests/peers/install has furnished; without one the test is left out."""
    python = pathlib.Path(os.environ.get("MERCURY_TEST_VENV", ""), "bin/python")
    if not python.exists():
        test.skipTest("no virtualenv here; tests/peers/install prints its path, for MERCURY_TEST_VENV")
    return python


def until(condition):
    end = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("did not happen in time")
        time.sleep(0.005)


def lives(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Lifetime(unittest.TestCase):
    def test_everything_ends_with_the_owner(self):
        for end in (lambda s: s.process.stdin.close(), lambda s: s.process.terminate(),
                    lambda s: s.process.kill()):
            switch = Switch()
            with Session(switch) as session:
                end(switch)
                until(lambda: not lives(switch.facts["netconfd_pid"]))
                until(lambda: not lives(switch.facts["sshd_pid"]))
                self.assertIsNone(session.read())
            switch.close()

    def test_a_folder_left_over_from_a_crash_does_no_harm(self):
        with tempfile.TemporaryDirectory(prefix="mercury-selftest-") as folder:
            for name in ("netconfd.pid", "sshd.pid", "supervisor.pid"):
                pathlib.Path(folder, name).write_text(f"{os.getpid()}\n")
            subprocess.run([PEERS / "netconfd", "start", folder], check=True, capture_output=True)
            subprocess.run([PEERS / "netconfd", "stop", folder], check=True)
            subprocess.run([PEERS / "netconfd", "stop", folder], check=True)

    def test_a_restart_keeps_the_port_and_what_was_committed(self):
        with Switch() as switch:
            with Session(switch) as session:
                session.write(rpc(1, edit("kept")), rpc(2, COMMIT))
                self.assertIn("<ok/>", session.read() and session.read())
            switch.do("kill")
            with Session(switch) as session:
                self.assertIsNone(session.hello)
            self.assertEqual(switch.do("restart")["port"], switch.facts["port"])
            self.assertIn("kept", running(switch))

    def test_each_mode_offers_its_datastores(self):
        with Switch("running") as a, Switch("startup") as b:
            with Session(a, "rsa_key") as session:
                self.assertIn(":writable-running", session.hello)
                self.assertNotIn(":candidate:", session.hello)
            with Session(b) as session:
                self.assertIn(":startup:", session.hello)


class Modules(unittest.TestCase):
    def check(self, **environment):
        with unittest.mock.patch.dict(os.environ, environment), Switch() as switch:
            told = switch.path("netconfd.log").read_text().lower()
            self.assertNotIn("error", told)
            with Session(switch) as session:
                for name in ("interfaces/aggregate", "vlan", "lacp", "spanning-tree", "network-instance"):
                    self.assertIn(f"http://openconfig.net/yang/{name}?", session.hello)

    def test_our_modules_load_as_they_are(self):
        self.check(MODULES="own")

    @unittest.skipUnless(os.environ.get("MERCURY_PUBLISHED_MODULES"), "no published modules at hand")
    def test_the_published_modules_load(self):
        self.check(MODULES="published")


class Relay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.switch = Switch()

    @classmethod
    def tearDownClass(cls):
        cls.switch.close()

    def setUp(self):
        for name in ("fault", "fault.fired", "held", "release", "delay", "relay.log"):
            self.switch.path(name).unlink(missing_ok=True)

    def test_pipelined_requests_are_one_flight(self):
        self.switch.path("delay").write_text("50")
        with Session(self.switch) as session:
            session.write(rpc(1, LOCK))
            session.write(rpc(2, edit("a")))
            self.assertIn("<ok/>", session.read() and session.read())
            session.write(rpc(3, UNLOCK))
            session.read()
        self.assertEqual(
            [(m["operation"], m["message_id"], m["flight"]) for m in self.switch.log()
             if m["direction"] == "to-switch"],
            [("hello", None, 1), ("lock", "1", 2), ("edit-config", "2", 2), ("unlock", "3", 3)])

    def test_a_cut_before_the_request_leaves_the_switch_as_it_was(self):
        self.switch.arm(op="commit", nth=1, moment="before", action="cut")
        with Session(self.switch) as session:
            session.write(rpc(1, edit("never")), rpc(2, COMMIT))
            while session.read():
                pass
        self.assertTrue(self.switch.path("fault.fired").exists())
        self.assertNotIn("never", running(self.switch))

    def test_a_cut_after_the_request_leaves_it_done_and_unanswered(self):
        for action in ("cut", "drop"):
            self.switch.arm(op="commit", nth=1, moment="after", action=action)
            with Session(self.switch) as session:
                session.write(rpc(1, edit(f"silently-{action}")), rpc(2, COMMIT))
                answers = []
                while (message := session.read()) is not None:
                    answers.append(message)
            self.assertFalse([m for m in answers if 'message-id="2"' in m])
            self.assertIn(f"silently-{action}", running(self.switch))

    def test_the_second_of_two_requests_can_be_chosen(self):
        self.switch.arm(op="edit-config", nth=2, moment="reply", action="cut")
        with Session(self.switch) as session:
            session.write(rpc(1, edit("one")))
            self.assertIn("<ok/>", session.read())
            session.write(rpc(2, edit("two")))
            self.assertIn("<ok/>", session.read())
            self.assertIsNone(session.read())

    def test_a_held_answer_comes_when_released(self):
        self.switch.arm(op="lock", nth=1, moment="after", action="hold")
        with Session(self.switch) as session:
            session.write(rpc(1, "<discard-changes/>"), rpc(2, LOCK))
            self.assertIn('message-id="1"', session.read())
            until(self.switch.path("held").exists)
            self.assertIsNone(session.read(limit=0.05))
            self.switch.path("release").touch()
            self.assertIn("<ok/>", session.read())

    def test_a_process_can_be_killed_between_request_and_answer(self):
        victim = subprocess.Popen(["sleep", "600"])
        self.switch.arm(op="lock", nth=1, moment="after", action="kill-pid", pid=victim.pid)
        with Session(self.switch) as session:
            session.write(rpc(1, "<discard-changes/>"))
            session.read()
            session.write(rpc(2, LOCK))
            self.assertIsNone(session.read())
        self.assertEqual(victim.wait(LIMIT), -signal.SIGKILL)

    def test_the_switch_can_lose_power_at_a_moment(self):
        self.switch.arm(op="commit", nth=1, moment="before", action="kill-switch")
        with Session(self.switch) as session:
            session.write(rpc(1, edit("lost")), rpc(2, COMMIT))
            while session.read():
                pass
        self.switch.do("restart")
        self.assertNotIn("lost", running(self.switch))


class GnmiSwitch:
    """A gNMI switch that belongs to this process, and a client at it."""

    def __init__(self, kind, folder=None, **environment):
        self.own = None if folder else tempfile.TemporaryDirectory(prefix="mercury-selftest-")
        self.folder = pathlib.Path(folder or self.own.name)
        self.process = subprocess.Popen(
            [PEERS / "gnmi", "run", self.folder, kind], env={**os.environ, **environment},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.facts = json.loads(self.process.stdout.readline())

    def path(self, name):
        return self.folder / name

    def client(self, *words):
        return subprocess.Popen([PEERS / "gnmi", "client", self.folder, *words],
                                stdout=subprocess.PIPE, text=True)

    def do(self, *words):
        """What the client says: (succeeded, decoded)."""
        client = self.client(*words)
        said = client.communicate(timeout=LIMIT)[0]
        return client.returncode == 0, json.loads(said)

    def describe(self, text, encoding="string"):
        """Sets a description; says how that ended: OK or the code."""
        well, said = self.do("-encoding", encoding, "set", "update", f"{PORT}/config/description", text)
        return "OK" if well else said["code"]

    def description(self):
        leaf = f"{PORT}/config/description"
        if self.facts["kind"] == "lemming":
            return self.do("once", f"openconfig:{leaf}")[1].get(leaf)
        return self.do("get", leaf)[1].get(leaf)

    def arm(self, **fault):
        self.path("fault.new").write_text(json.dumps(fault))
        self.path("fault.new").rename(self.path("fault"))

    def log(self):
        return [json.loads(line) for line in self.path("calls.log").read_text().splitlines()]

    def close(self):
        self.process.stdin.close()
        self.process.wait(LIMIT)
        self.process.stdout.close()
        if self.own:
            self.own.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


PORT = "/interfaces/interface[name=Ethernet1]"
SWITCHED = f"{PORT}/ethernet/switched-vlan"
TRUNK = '{"config": {"interface-mode": "TRUNK", "native-vlan": 100, "trunk-vlans": [101, "110..119"]}}'

with_gnmi = unittest.skipUnless(
    subprocess.run([PEERS / "gnmi", "available"], check=False).returncode == 0,
    "no gNMI switches here; tests/peers/install says why")


@with_gnmi
class GnmiLifetime(unittest.TestCase):
    def test_a_switch_ends_with_its_owner(self):
        for end in (lambda s: s.process.stdin.close(), lambda s: s.process.terminate(),
                    lambda s: s.process.kill()):
            with GnmiSwitch("gnxi") as switch:
                self.assertTrue(lives(switch.facts["pid"]))
                end(switch)
                until(lambda: not lives(switch.facts["pid"]))

    def test_a_switch_ends_with_an_owner_that_is_killed(self):
        with tempfile.TemporaryDirectory(prefix="mercury-selftest-") as folder:
            script = (f"import subprocess, time; subprocess.Popen([{str(PEERS / 'gnmi')!r}, 'run', {folder!r}, 'gnxi'],"
                      " stdin=subprocess.PIPE); time.sleep(600)")
            owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
            pid = json.loads(owner.stdout.readline())["pid"]
            owner.kill()
            owner.wait()
            owner.stdout.close()
            until(lambda: not lives(pid))

    def test_a_switch_that_was_killed_comes_back_as_itself(self):
        with tempfile.TemporaryDirectory(prefix="mercury-selftest-") as folder:
            with GnmiSwitch("gnxi", folder) as switch:
                before = switch.facts
                os.kill(before["pid"], signal.SIGKILL)
            with GnmiSwitch("gnxi", folder, PORT=str(before["port"])) as switch:
                self.assertEqual({**before, "pid": 0}, {**switch.facts, "pid": 0})
                self.assertEqual(switch.describe("back"), "OK")

    def test_a_folder_has_one_switch(self):
        with GnmiSwitch("gnxi") as switch:
            second = subprocess.run([PEERS / "gnmi", "run", switch.folder, "gnxi"], stdin=subprocess.DEVNULL,
                                    capture_output=True, text=True, timeout=LIMIT, check=False)
            self.assertIn("runs in", second.stderr)
            self.assertEqual(switch.describe("first"), "OK")

    def test_nobody_gets_in_without_what_was_asked_for(self):
        with GnmiSwitch("gnxi") as a, GnmiSwitch("gnxi", MUTUAL="on") as b, GnmiSwitch("gnxi", TLS="off") as c:
            for switch in (a, b, c):
                self.assertEqual(switch.describe("in"), "OK")
            facts = a.facts
            for change, code in (({"password": "no"}, "Unauthenticated"), ({"ca": b.facts["ca"]}, "Unavailable"),
                                 ({"tls": False}, "Unavailable")):
                a.path("switch.json").write_text(json.dumps({**facts, **change}))
                self.assertEqual(a.describe("out"), code)
            b.path("switch.json").write_text(json.dumps({**b.facts, "mutual": False}))
            self.assertEqual(b.describe("out"), "Unavailable")
        with GnmiSwitch("gnxi", LOGIN="off", WITHOUT="Capabilities") as switch:
            self.assertEqual(switch.describe("in"), "OK")
            self.assertEqual(switch.do("capabilities")[1]["code"], "Unimplemented")

    def test_a_client_that_nobody_here_wrote_trusts_the_certificate(self):
        python = virtualenv(self)
        script = textwrap.dedent("""
            import json, sys
            from pygnmi.client import gNMIclient
            facts = json.load(open(sys.argv[1]))
            with gNMIclient(target=(facts["host"], facts["port"]), username=facts["username"],
                            password=facts["password"], path_root=facts["ca"]) as client:
                print(json.dumps([client.capabilities(), client.get(path=[sys.argv[2]], encoding="json_ietf")]))
        """)
        with GnmiSwitch("gnxi") as switch:
            said = subprocess.run([python, "-c", script, switch.path("switch.json"), PORT],
                                  capture_output=True, text=True, timeout=LIMIT, check=True).stdout
        capabilities, answer = json.loads(said)
        self.assertIn("openconfig-interfaces", [model["name"] for model in capabilities["supported_models"]])
        self.assertIn("iana-if-type:ethernetCsmacd", json.dumps(answer))


@with_gnmi
class Lemming(unittest.TestCase):
    """What README.md says of it. Its start takes seconds: all share one."""

    @classmethod
    def setUpClass(cls):
        cls.switch = GnmiSwitch("lemming")

    @classmethod
    def tearDownClass(cls):
        cls.switch.close()

    def once(self, path):
        return self.switch.do("once", f"openconfig:{path}")[1]

    def test_it_starts_as_described(self):
        types = self.once("/interfaces/interface[name=*]/config/type")
        self.assertEqual(len(types), 17)
        self.assertEqual(types["/interfaces/interface[name=Port-Channel1]/config/type"], "ieee8023adLag")
        instance = "/network-instances/network-instance[name=default]/config/type"
        self.assertEqual(self.once(instance), {instance: "DEFAULT_INSTANCE"})

    def test_it_has_neither_get_nor_capabilities(self):
        for words in (("get", PORT), ("capabilities",)):
            self.assertEqual(self.switch.do(*words)[1]["code"], "Unimplemented")

    def test_a_trunk_is_written_whole_and_read_leaf_by_leaf(self):
        self.assertTrue(self.switch.do("set", "replace", SWITCHED, TRUNK)[0])
        config = f"{SWITCHED}/config"
        self.assertEqual(self.once(SWITCHED), {
            f"{config}/interface-mode": "TRUNK", f"{config}/native-vlan": 100,
            f"{config}/trunk-vlans": [101, "110..119"]})
        self.assertEqual(self.switch.do("once", SWITCHED)[1], {})       # without an origin: nothing
        self.assertTrue(self.switch.do("set", "delete", SWITCHED)[0])
        self.assertEqual(self.once(SWITCHED), {})

    def test_all_of_a_set_or_nothing(self):
        well, said = self.switch.do("set", "update", f"{PORT}/config/description", '"half"',
                                    "replace", SWITCHED, '{"config": {"access-vlan": 5000}}')
        self.assertFalse(well)
        self.assertEqual(said["code"], "InvalidArgument")
        self.assertNotEqual(self.switch.description(), "half")

    def test_where_it_takes_no_write(self):
        for path in (f"{PORT}/config", "/interfaces", f"{SWITCHED}/config"):
            self.assertEqual(self.switch.do("set", "update", path, "{}")[1]["code"], "InvalidArgument")


@with_gnmi
class Gnxi(unittest.TestCase):
    """What README.md says of it."""

    @classmethod
    def setUpClass(cls):
        cls.switch = GnmiSwitch("gnxi")

    @classmethod
    def tearDownClass(cls):
        cls.switch.close()

    def test_it_starts_as_described(self):
        held = self.switch.do("get", "/interfaces")[1]["/interfaces"]["openconfig-interfaces:interface"]
        self.assertEqual(len(held), 17)
        models = self.switch.do("capabilities")[1]["supportedModels"]
        self.assertIn("openconfig-vlan", [model["name"] for model in models])
        self.assertEqual(self.switch.do("once", PORT)[1]["code"], "Unimplemented")

    def test_a_trunk_is_written_and_read_whole(self):
        self.assertTrue(self.switch.do("set", "replace", SWITCHED, TRUNK)[0])
        self.assertEqual(self.switch.do("get", SWITCHED)[1], {SWITCHED: {"openconfig-vlan:config": {
            "interface-mode": "TRUNK", "native-vlan": 100, "trunk-vlans": [101, "110..119"]}}})
        self.assertTrue(self.switch.do("set", "delete", SWITCHED)[0])
        self.assertEqual(self.switch.do("get", SWITCHED)[1]["code"], "NotFound")

    def test_all_of_a_set_or_nothing(self):
        self.assertEqual(self.switch.do("set", "delete", PORT, "update", SWITCHED, "[]")[1]["code"], "InvalidArgument")
        self.assertTrue(self.switch.do("get", PORT)[0])

    def test_an_update_of_an_entry_forgets_what_it_does_not_say(self):
        entry = "/interfaces/interface[name=Ethernet2]"
        self.assertTrue(self.switch.do("set", "update", entry, '{"config": {"name": "Ethernet2"}}')[0])
        self.assertEqual(self.switch.do("get", f"{entry}/config")[1],
                         {f"{entry}/config": {"openconfig-interfaces:name": "Ethernet2"}})


@with_gnmi
class GnmiFaults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.switch = GnmiSwitch("gnxi", WITHOUT="")

    @classmethod
    def tearDownClass(cls):
        cls.switch.close()

    def setUp(self):
        for name in ("fault", "fault.fired", "held", "release", "delay"):
            self.switch.path(name).unlink(missing_ok=True)
        self.assertEqual(self.switch.describe("before"), "OK")

    def fired(self):
        return self.switch.path("fault.fired").exists()

    def test_every_call_is_counted(self):
        begun = len(self.switch.log())
        self.switch.describe("counted")
        self.switch.do("get", PORT)
        self.switch.do("once", PORT)
        calls = self.switch.log()[begun:]
        self.assertEqual([c["method"] for c in calls], ["Set", "Get", "Subscribe"])
        self.assertEqual([c["call"] for c in calls], [begun + 1, begun + 2, begun + 3])
        self.assertEqual(len({c["connection"] for c in calls}), 3)
        self.assertIn("counted", calls[0]["request"])

    def test_an_error_instead_of_the_set_or_of_its_answer(self):
        self.switch.arm(method="Set", nth=1, moment="before", action="error:RESOURCE_EXHAUSTED")
        self.assertEqual(self.switch.describe("never"), "ResourceExhausted")
        self.assertEqual(self.switch.description(), "before")
        self.switch.arm(method="Set", nth=1, moment="after", action="error:UNAVAILABLE")
        self.assertEqual(self.switch.describe("silently"), "Unavailable")
        self.assertEqual(self.switch.description(), "silently")
        self.assertTrue(self.fired())

    def test_a_connection_that_breaks_before_or_after(self):
        self.switch.arm(method="Set", nth=1, moment="before", action="drop")
        self.assertEqual(self.switch.describe("never"), "Unavailable")
        self.assertEqual(self.switch.description(), "before")
        self.switch.arm(method="Set", nth=1, moment="after", action="drop")
        self.assertEqual(self.switch.describe("silently"), "Unavailable")
        self.assertEqual(self.switch.description(), "silently")

    def test_the_second_of_two_calls_can_be_chosen(self):
        self.switch.arm(method="Set", nth=2, moment="before", action="error:ABORTED")
        self.assertEqual(self.switch.describe("one"), "OK")
        self.assertFalse(self.fired())
        self.assertEqual(self.switch.describe("two"), "Aborted")
        self.assertTrue(self.fired())

    def test_what_is_held_happens_when_released_even_if_nobody_waits(self):
        self.switch.arm(method="Set", nth=1, moment="before", action="hold")
        with self.switch.client("-encoding", "string",
                                "set", "update", f"{PORT}/config/description", "late") as client:
            until(self.switch.path("held").exists)
            client.kill()
        self.assertEqual(self.switch.description(), "before")
        self.switch.path("release").touch()
        until(lambda: self.switch.description() == "late")

    def test_answers_can_be_slow(self):
        self.switch.path("delay").write_text("200")
        begun = time.monotonic()
        self.assertEqual(self.switch.describe("slow"), "OK")
        self.assertGreater(time.monotonic() - begun, 0.2)

    def test_a_reading_that_breaks_off(self):
        paths = (f"{PORT}/config", "/interfaces/interface[name=Ethernet2]/config")
        self.assertTrue(self.switch.do("once", *paths)[0])
        self.switch.arm(method="Subscribe", nth=1, moment="middle", action="drop")
        self.assertEqual(self.switch.do("once", *paths)[1]["code"], "Unavailable")
        self.assertTrue(self.fired())

    def test_a_process_can_be_killed_between_request_and_answer(self):
        victim = subprocess.Popen(["sleep", "600"])
        self.switch.arm(method="Set", nth=1, moment="after", action="kill-pid", pid=victim.pid)
        self.assertEqual(self.switch.describe("orphaned"), "Unavailable")
        self.assertEqual(victim.wait(LIMIT), -signal.SIGKILL)

    def test_the_switch_can_lose_power_at_a_moment(self):
        with GnmiSwitch("gnxi") as switch:
            switch.arm(method="Set", nth=1, moment="before", action="kill")
            self.assertEqual(switch.describe("lost"), "Unavailable")
            until(lambda: not lives(switch.facts["pid"]))


class Ironic(unittest.TestCase):
    def test_it_ends_with_its_owner_however_that_ends(self):
        for end in (lambda process: process.stdin.close(), lambda process: process.kill()):
            with tempfile.TemporaryDirectory(prefix="mercury-selftest-") as folder:
                for name in ("operator.conf", "test.conf"):
                    pathlib.Path(folder, name).touch()
                process = subprocess.Popen([virtualenv(self), "-B", PEERS / "ironic" / "run.py", folder],
                                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
                facts = json.loads(process.stdout.readline())
                self.assertTrue(listens(facts["api"]) and listens(facts["agents"]))
                end(process)
                until(lambda: not listens(facts["api"]) and not listens(facts["agents"]))
                process.wait(LIMIT)
                process.stdin.close()
                process.stdout.close()


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
