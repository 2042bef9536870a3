#!/bin/bash
# Ironic 39.0.0, inspection hooks local-link-connection and parse-lldp: a server that was
# inspected is moved to another switch and inspected again. The first hook's docstring has
# it that port and switch, "if found and if valid, will be saved" on the Ironic port.
# Guess: the port then names the switch port that the LLDP of this inspection names.
# Seen: what the port has already is never replaced, member by member, without a warning
# or a line in the log, and no option changes that (ironic-inspector, which it succeeds,
# has overwrite_existing, true by default; the guide to migration names no difference
# between the two hooks). The server stays on the old port, with which its networks are
# then set up: on whoever is there now. Where the first switch sent no system name, the
# new one's is put beside the old one's id, so that the two members of one record name
# two switches. parse-lldp tells the new switch and port, in the inspection data that
# nothing configures by.
# So: after recabling clear local_link_connection first, and compare it with parsed_lldp.
#
# Needs Python 3.11 with venv and pip's index, nothing else; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check ironic==39.0.0 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }

cat > probe.py <<'PY'
"""The real hooks on a real port object that is not stored anywhere, for two inspections of one server."""
import logging
from types import SimpleNamespace
from unittest import mock

from ironic.conf import CONF
from ironic.drivers.modules.inspector.hooks import local_link_connection, parse_lldp
from ironic.objects import port as port_object
from ironic.objects import register_all

register_all()
CONF([], project="ironic")
logged = []
handler = logging.Handler(logging.INFO)
handler.emit = logged.append
logging.getLogger("ironic").addHandler(handler)
logging.getLogger("ironic").setLevel(logging.INFO)

MAC = "02:00:00:00:00:11"
task = SimpleNamespace(context=None, node=SimpleNamespace(uuid="n"))


def lldp(chassis, port, name):
    """TLVs as the agent sends them: chassis id (4, a MAC), port id (5, an interface's name), system name."""
    tlvs = [[1, "04" + chassis.replace(":", "")], [2, "05" + port.encode().hex()]]
    return tlvs + ([[5, name.encode().hex()]] if name else [])


def inspect(port, tlvs):
    inventory = {"interfaces": [{"name": "eth0", "mac_address": MAC}]}
    data = {"all_interfaces": {"eth0": {}}, "lldp_raw": {"eth0": tlvs}}
    with mock.patch.object(port_object.Port, "get_by_address", return_value=port), mock.patch.object(port_object.Port, "save"):
        local_link_connection.LocalLinkConnectionHook()(task, inventory, data)
        parse_lldp.ParseLLDPHook()(task, inventory, data)
    parsed = data["parsed_lldp"]["eth0"]
    print("  port:", ", ".join(f"{name} {value}" for name, value in sorted(port.local_link_connection.items())))
    print("  data:", ", ".join(parsed.get(name, "no name") for name in ("switch_port_id", "switch_chassis_id", "switch_system_name")))


for named in (True, False):
    print(f"system name {'sent' if named else 'not sent'} by the first switch")
    port = port_object.Port(None, address=MAC, local_link_connection={})
    inspect(port, lldp("02:00:00:00:00:01", "Ethernet1", "leaf1" if named else None))
    inspect(port, lldp("02:00:00:00:00:02", "Ethernet2", "leaf2"))
print("lines in the log:", len(logged))
PY
PYTHONWARNINGS=ignore venv/bin/python probe.py > seen.txt 2> log.txt || { cat log.txt >&2; exit 1; }
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
system name sent by the first switch
  port: port_id Ethernet1, switch_id 02:00:00:00:00:01, switch_info leaf1
  data: Ethernet1, 02:00:00:00:00:01, leaf1
  port: port_id Ethernet1, switch_id 02:00:00:00:00:01, switch_info leaf1
  data: Ethernet2, 02:00:00:00:00:02, leaf2
system name not sent by the first switch
  port: port_id Ethernet1, switch_id 02:00:00:00:00:01
  data: Ethernet1, 02:00:00:00:00:01, no name
  port: port_id Ethernet1, switch_id 02:00:00:00:00:01, switch_info leaf2
  data: Ethernet2, 02:00:00:00:00:02, leaf2
lines in the log: 0
SEEN
echo "seen: a server that was moved is still said to be at its old switch port"
