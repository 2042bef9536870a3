"""Proves that the peers do what their descriptions say, before anybody relies on
them: tests/peers/selftest.py (any Python 3; needs tests/peers/install)."""

import contextlib
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile
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
                for name in ("interfaces/aggregate", "vlan", "lacp", "network-instance"):
                    self.assertIn(f"http://openconfig.net/yang/{name}?", session.hello)

    def test_our_modules_load_as_they_are(self):
        self.check(MODULES="own")

    @unittest.skipUnless(os.environ.get("MERCURY_OPENCONFIG_MODULES"), "no published modules at hand")
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


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
