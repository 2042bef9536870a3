"""An imitation of ironic-python-agent: the ramdisk of nodes that have no hardware.

It looks itself up for its token, heartbeats until its node is switched off, and does
the commands it is given in no time. What a kernel's command line and the hardware
would tell the real one, it asks Ironic: whether this is an inspection, and which MAC
addresses it has.
"""

import http.client
import http.server
import json
import threading
import time
import urllib.parse

VERSION = "11.5.0"      # what it says it is
API = "1.99"            # Ironic's API as this agent speaks it
PAUSE = 0.15            # seconds between heartbeats, and between other tries
LIFE = 120              # seconds; a ramdisk that nobody wants any more ends
MANAGER = {"imitation": "1"}


class Agents:
    """The agents of all nodes: `POST /boot/NODE` starts one, and Ironic finds its
    commands below `/NODE/v1/commands/`."""

    def __init__(self, ironic):
        self.ironic = ironic
        self.ramdisks = {}
        agents = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                agents.post(self)

            def do_GET(self):
                agents.get(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def boot(self, node):
        before = self.ramdisks.get(node)
        if before:
            before.off.set()
        self.ramdisks[node] = Ramdisk(self.ironic, node, f"http://127.0.0.1:{self.port}/{node}")

    def post(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        url = urllib.parse.urlsplit(request.path)
        first, *rest = url.path.strip("/").split("/")
        if first == "boot":
            self.boot(rest[0])
            return answer(request, 202, {})
        ramdisk = self.known(request, first, url.query)
        if ramdisk:
            answer(request, *ramdisk.do(json.loads(body)))

    def get(self, request):
        url = urllib.parse.urlsplit(request.path)
        ramdisk = self.known(request, url.path.strip("/").split("/")[0], url.query)
        if ramdisk:
            answer(request, 200, {"commands": ramdisk.commands})

    def known(self, request, node, query):
        """The ramdisk, for who has its token."""
        ramdisk = self.ramdisks.get(node)
        token = urllib.parse.parse_qs(query).get("agent_token", [None])[0]
        if ramdisk and ramdisk.token and token == ramdisk.token:
            return ramdisk
        answer(request, 401, {"faultstring": "Invalid agent_token"})
        return None


class Ramdisk:
    """One boot of one node."""

    def __init__(self, ironic, node, url):
        self.ironic, self.node, self.url = ironic, node, url
        self.token = None
        self.commands = []
        self.off = threading.Event()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        end = time.monotonic() + LIFE
        while time.monotonic() < end and not self.off.is_set():
            try:
                self.step()
            except (OSError, http.client.HTTPException):
                pass        # Ironic is busy or gone
            self.off.wait(PAUSE)

    def step(self):
        status, node = self.ask("GET", f"/v1/nodes/{self.node}")
        if status != 200 or node["power_state"] == "power off":
            return self.off.set()
        if node["provision_state"] == "inspect wait":
            return self.inspect()
        if self.token is None:
            # Ironic gives a token once, and stars to whoever asks again.
            status, found = self.ask("GET", f"/v1/lookup?node_uuid={self.node}")
            token = found["config"]["agent_token"] if status == 200 else None
            self.token = None if token == "******" else token
        if self.token:
            status, _ = self.ask("POST", f"/v1/heartbeat/{self.node}", {
                "callback_url": self.url, "agent_version": VERSION, "agent_token": self.token})
            if status == 400:       # the token of an earlier boot
                self.off.set()

    def inspect(self):
        _, ports = self.ask("GET", f"/v1/nodes/{self.node}/ports")
        interfaces = [{"name": f"eth{number}", "mac_address": port["address"], "ipv4_address": None,
                       "has_carrier": True, "lldp": None, "vendor": None, "product": None}
                      for number, port in enumerate(ports["ports"])]
        inventory = {"interfaces": interfaces, "disks": [], "bmc_address": None,
                     "cpu": {"count": 1, "architecture": "x86_64"}, "memory": {"physical_mb": 1024},
                     "boot": {"current_boot_mode": "uefi", "pxe_interface": interfaces[0]["mac_address"]}}
        status, _ = self.ask("POST", f"/v1/continue_inspection?node_uuid={self.node}", {"inventory": inventory})
        if status in (200, 202):
            self.off.set()

    def do(self, command):
        """Does one command; the HTTP status and body of its answer."""
        action = COMMANDS.get(command["name"])
        if action is None:
            return 400, {"faultstring": f"Unknown command: {command['name']}"}
        done = {"id": str(len(self.commands)), "command_name": command["name"].partition(".")[2],
                "command_params": command["params"], "command_status": "SUCCEEDED",
                "command_error": None, "command_result": action(command["params"])}
        self.commands.append(done)
        if command["name"] == "rescue.finalize_rescue":
            self.off.set()
        return 200, done

    def ask(self, method, path, body=None):
        host, port = self.ironic
        connection = http.client.HTTPConnection(host, port, timeout=30)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, {
                "Content-Type": "application/json", "X-OpenStack-Ironic-API-Version": API})
            response = connection.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text else None
        finally:
            connection.close()


def steps_of(kind, name):
    def steps(_):
        step = {"step": name, "interface": "deploy", "priority": 80, "reboot_requested": False, "abortable": True}
        return {f"{kind}_steps": {"imitation": [step]}, "hardware_manager_version": MANAGER}
    return steps


def executed(kind):
    return lambda params: {f"{kind}_result": None, f"{kind}_step": params["step"]}


def nothing(_):
    return None


COMMANDS = {
    "clean.get_clean_steps": steps_of("clean", "erase_devices_metadata"),
    "clean.execute_clean_step": executed("clean"),
    "deploy.get_deploy_steps": steps_of("deploy", "write_image"),
    "deploy.execute_deploy_step": executed("deploy"),
    "standby.sync": nothing,
    "rescue.finalize_rescue": nothing,
}


def answer(request, status, body):
    text = json.dumps(body).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(text)))
    request.end_headers()
    request.wfile.write(text)
