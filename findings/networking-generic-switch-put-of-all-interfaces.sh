#!/bin/bash
# networking-generic-switch 10.2.0 (Neutron), driver for OpenConfig over RESTCONF
# (RestconfOpenConfigSwitch): a port is put on a VLAN and let go, a network is deleted.
# RFC 8040 section 4.5: a PUT replaces its target resource by its body. Guess: the target
# is the port, or its switched-vlan.
# Seen: the target is all of openconfig-interfaces:interfaces and the body has the one
# port, so that a server which does as the RFC says (and takes a body that is not an
# instance of the target) has only this port left, without its MTU. Where a server merges
# instead, letting go says nothing of the VLAN and empties the description: without
# ngs_port_default_vlan the port stays on the tenant's VLAN, with success. The same model
# over NETCONF marks the VLAN for removal; the mark is lost in the JSON. A deleted
# network's VLAN, too, is renamed and suspended, never deleted. With
# ngs_disable_inactive_ports the port is to be enabled and plugged; of two parts for the
# same resource only the last is sent: letting go disables it, plugging never enables it.
# So: try this driver on a switch that carries nothing, and read back what it left.
#
# Needs Python 3.11 with venv and pip's index, nothing else; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check networking-generic-switch==10.2.0 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }

cat > probe.py <<'PY'
"""The real driver against a server on HTTP; what it asks, and what two ways of serving a PUT make of it."""
import copy
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from networking_generic_switch.devices.netconf_devices.openconfig import NetconfOpenConfigSwitch
from networking_generic_switch.devices.restconf_devices.openconfig import RestconfOpenConfigSwitch
from networking_generic_switch.yang_models import utils

CONFIG = {"mtu": 9000, "enabled": True}
asked = []


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_PUT(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked.append((self.command, self.path.removeprefix("/restconf/data/"), body))
        self.send_response(204)
        self.end_headers()

    do_PATCH = do_PUT


def merge(into, what):
    """As a merge has it, with the entries of a list known by their name."""
    for name, value in what.items():
        if name == "interface":
            entries = into.setdefault(name, [])
            for entry in value:
                old = next((one for one in entries if one["name"] == entry["name"]), None)
                merge(old, entry) if old else entries.append(entry)
        elif isinstance(value, dict):
            merge(into.setdefault(name, {}), value)
        else:
            into[name] = value


def show(title, interfaces):
    print(title)
    for entry in interfaces["interface"]:
        print(" ", json.dumps(entry))


server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
settings = {"device_type": "restconf_openconfig", "host": "127.0.0.1", "port": str(server.server_port),
            "username": "u", "password": "p", "ngs_restconf_scheme": "http"}
for more in ({}, {"ngs_disable_inactive_ports": "True"}):
    driver = RestconfOpenConfigSwitch({**settings, **more}, device_name="leaf1")
    driver.plug_port_to_network("Ethernet1", 100)
    driver.delete_port("Ethernet1", 100)
driver.del_network(100, "00000000-0000-4000-8000-000000000001")
for what, (command, path, body) in zip(("plug", "let go", "plug, inactive ports disabled", "let go, inactive ports disabled", "delete"), asked):
    print(f"{what}: {command} {path} {json.dumps(body)}")

(_, _, plugged), (_, _, freed), *_ = copy.deepcopy(asked)
merged = {"interface": [{"name": f"Ethernet{number}", "config": dict(CONFIG)} for number in (1, 2, 3)]}
show("before:", merged)
show("plugged, where a PUT replaces:", plugged)
merge(merged, plugged)
merge(merged, freed)
show("plugged and let go, where a PUT merges:", merged)

netconf = NetconfOpenConfigSwitch({"device_type": "netconf_openconfig", "host": "127.0.0.1"}, device_name="leaf1")
netconf.send_config_to_device = lambda config: print(f"NETCONF, let go: {utils.config_to_xml(config)}")
netconf.delete_port("Ethernet1", 100)
PY
PYTHONWARNINGS=ignore venv/bin/python probe.py > seen.txt 2> log.txt || { cat log.txt >&2; exit 1; }
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
plug: PUT openconfig-interfaces:interfaces {"interface": [{"name": "Ethernet1", "openconfig-if-ethernet:ethernet": {"openconfig-vlan:switched-vlan": {"config": {"interface-mode": "ACCESS", "access-vlan": 100}}}}]}
let go: PUT openconfig-interfaces:interfaces {"interface": [{"name": "Ethernet1", "config": {"description": ""}}]}
plug, inactive ports disabled: PUT openconfig-interfaces:interfaces {"interface": [{"name": "Ethernet1", "openconfig-if-ethernet:ethernet": {"openconfig-vlan:switched-vlan": {"config": {"interface-mode": "ACCESS", "access-vlan": 100}}}}]}
let go, inactive ports disabled: PUT openconfig-interfaces:interfaces {"interface": [{"name": "Ethernet1", "config": {"enabled": false}}]}
delete: PATCH openconfig-network-instance:network-instances {"network-instance": [{"name": "default", "openconfig-vlan:vlans": {"vlan": [{"vlan-id": 100, "config": {"vlan-id": 100, "name": "neutron-DELETED-100", "status": "SUSPENDED"}}]}}]}
before:
  {"name": "Ethernet1", "config": {"mtu": 9000, "enabled": true}}
  {"name": "Ethernet2", "config": {"mtu": 9000, "enabled": true}}
  {"name": "Ethernet3", "config": {"mtu": 9000, "enabled": true}}
plugged, where a PUT replaces:
  {"name": "Ethernet1", "openconfig-if-ethernet:ethernet": {"openconfig-vlan:switched-vlan": {"config": {"interface-mode": "ACCESS", "access-vlan": 100}}}}
plugged and let go, where a PUT merges:
  {"name": "Ethernet1", "config": {"mtu": 9000, "enabled": true, "description": ""}, "openconfig-if-ethernet:ethernet": {"openconfig-vlan:switched-vlan": {"config": {"interface-mode": "ACCESS", "access-vlan": 100}}}}
  {"name": "Ethernet2", "config": {"mtu": 9000, "enabled": true}}
  {"name": "Ethernet3", "config": {"mtu": 9000, "enabled": true}}
NETCONF, let go: <config><interfaces xmlns="http://openconfig.net/yang/interfaces"><interface><name>Ethernet1</name><config><description operation="remove" /></config><ethernet xmlns="http://openconfig.net/yang/interfaces/ethernet"><config operation="merge" /><switched-vlan xmlns="http://openconfig.net/yang/vlan"><config operation="remove" /></switched-vlan></ethernet></interface></interfaces></config>
SEEN
echo "seen: a port's PUT is of all interfaces, and letting go says nothing of the VLAN"
