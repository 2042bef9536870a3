"""A real Ironic, API and conductor in one process, with sqlite and nodes of fake
hardware whose ramdisks are ./agent.py.

    run.py FOLDER

FOLDER/operator.conf is what an operator writes into ironic.conf about the network.
What this machine wants beside goes into FOLDER/here.conf, and what the test wants
otherwise is FOLDER/test.conf; they come after it. Prints one line of JSON when Ironic
answers: the ports of its API, and of the agents. Ends, and everything with it, at the
end of input.
"""

import http.client
import json
import pathlib
import socket
import subprocess
import sys
import time

import agent

LIMIT = 45      # seconds for Ironic to answer
TRIES = 3       # the port that was free may have been taken

HERE = """\
[DEFAULT]
auth_strategy = noauth
rpc_transport = none
host = conductor
my_ip = 127.0.0.1
state_path = {folder}/state
tempdir = {folder}
enabled_hardware_types = fake-hardware
enabled_bios_interfaces = no-bios
enabled_boot_interfaces = ipxe
enabled_console_interfaces = no-console
enabled_deploy_interfaces = custom-agent
enabled_firmware_interfaces = no-firmware
enabled_inspect_interfaces = agent
enabled_management_interfaces = noop
default_management_interface = noop
enabled_power_interfaces = fake
enabled_raid_interfaces = no-raid
enabled_rescue_interfaces = agent
enabled_storage_interfaces = noop
enabled_vendor_interfaces = no-vendor
[database]
connection = sqlite:///{folder}/ironic.sqlite
[api]
host_ip = 127.0.0.1
port = {port}
api_workers = 1
[service_catalog]
auth_type = none
endpoint_override = http://127.0.0.1:{port}
[agent]
require_tls = false
deploy_logs_collect = never
[dhcp]
dhcp_provider = none
[deploy]
http_url = http://127.0.0.1:1
http_root = {folder}/http
[pxe]
tftp_root = {folder}/tftp
tftp_master_path = {folder}/tftp/master
images_path = {folder}/images
instance_master_path = {folder}/master
[conductor]
workers_pool_size = 60
file_url_allowed_paths = {folder}/kernel
deploy_kernel = file://{folder}/kernel
deploy_ramdisk = file://{folder}/kernel
rescue_kernel = file://{folder}/kernel
rescue_ramdisk = file://{folder}/kernel
"""


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    ironic, port = start(folder)
    try:
        agents = agent.Agents(("127.0.0.1", port))
        print(json.dumps({"api": port, "agents": agents.port}), flush=True)
        sys.stdin.read()
    finally:
        end(ironic)


def start(folder):
    """Ironic, and the port of its API."""
    for name in ("http", "tftp", "images", "master"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "kernel").touch()     # nobody boots it
    for _ in range(TRIES):
        port = free_port()
        (folder / "here.conf").write_text(HERE.format(folder=folder, port=port))
        if not (folder / "ironic.sqlite").exists():
            run(folder, "ironic-dbsync", "create_schema").check_returncode()
        ironic = launch(folder)
        if answers(port, folder):
            return ironic, port
        end(ironic)
    sys.stderr.write((folder / "ironic.log").read_text()[-4000:])
    raise SystemExit("run.py: Ironic does not answer; its own words are above")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def words(folder, program, *arguments):
    files = [str(folder / name) for name in ("operator.conf", "here.conf", "test.conf")]
    return [sys.executable, "-B", str(pathlib.Path(sys.executable).with_name(program)),
            *(word for file in files for word in ("--config-file", file)), *arguments]


def run(folder, program, *arguments):
    with open(folder / "dbsync.log", "w") as log:
        return subprocess.run(words(folder, program, *arguments), stdin=subprocess.DEVNULL, stdout=log,
                              stderr=subprocess.STDOUT, timeout=LIMIT)


def launch(folder):
    """It makes a group of its own, of which all are killed when this process is gone,
    however it went."""
    script = '"$@" & read -r _; kill -KILL -- -$! $!'
    with open(folder / "ironic.log", "w") as log:
        return subprocess.Popen(["bash", "-c", script, "ironic", *words(folder, "ironic")], stdin=subprocess.PIPE,
                                stdout=log, stderr=subprocess.STDOUT, start_new_session=True)


def answers(port, folder):
    """Whether it does in time; the conductor is there when it has a driver."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/v1/drivers")
            if json.loads(connection.getresponse().read()).get("drivers"):
                return True
        except (OSError, ValueError, http.client.HTTPException):
            pass
        # It starts again and again, or stands there without a conductor.
        log = (folder / "ironic.log").read_text()
        if "exited with status" in log or "stopped conductor" in log:
            return False
        time.sleep(0.05)
    return False


def end(ironic):
    ironic.stdin.close()
    ironic.wait()


if __name__ == "__main__":
    main()
