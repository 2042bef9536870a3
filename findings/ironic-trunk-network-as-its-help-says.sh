#!/bin/bash
# Ironic 39.0.0, network interface `ironic-networking`: the help of every
# [ironic_networking] *_network option says {access|trunk}/native_vlan=VLAN_ID.
# Guess: `cleaning_network = trunk/native_vlan=120` has nodes cleaned on VLAN 120, or
# is refused.
# Seen: it is read without a word, is "not valid" for want of allowed_vlans, and the
# port's own extra.switchport is taken instead: a node is cleaned on its tenant's
# VLAN. validate() passes. With /allowed_vlans=120 behind it, 120 is used. A port
# without extra.switchport is passed over: no call at all, and no error.
# So: always write allowed_vlans behind a trunk; see what a service is really asked.
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
"""The real interface, with a task of one port, and what it asks the service for."""
from types import SimpleNamespace
from unittest import mock

from ironic.conf import CONF
from ironic.drivers.modules.network import ironic_networking

LINK = {"switch_id": "02:00:00:00:00:01", "port_id": "Ethernet1"}
TENANT = {"mode": "access", "native_vlan": 150}


def asked(network, extra):
    """(mode, native VLAN, allowed VLANs) of each update_port of a cleaning."""
    CONF.set_override("cleaning_network", network, group="ironic_networking")
    port = SimpleNamespace(uuid="p", address="02:00:00:00:00:02", name=None, pxe_enabled=True,
                           extra=extra, local_link_connection=LINK, node_uuid="n")
    node = SimpleNamespace(uuid="n", name="n", driver_info={}, provision_state="cleaning", instance_uuid=None)
    task = SimpleNamespace(node=node, ports=[port], portgroups=[], context=None)
    interface = ironic_networking.IronicNetworking()
    interface.validate(task)
    with mock.patch.object(ironic_networking.networking_api, "update_port") as update:
        interface.add_cleaning_network(task)
    return [call.args[4:6] + (call.kwargs["allowed_vlans"],) for call in update.call_args_list]


CONF([], project="ironic")
for option in ("cleaning_network", "provisioning_network", "idle_network"):
    said = CONF.ironic_networking._group._opts[option]["opt"].help
    assert "{access|trunk}/native_vlan=VLAN_ID" in said and "allowed_vlans" not in said, said
for network, extra in [
    ("trunk/native_vlan=120", {"switchport": TENANT}),
    ("trunk/native_vlan=120/allowed_vlans=120", {"switchport": TENANT}),
    ("access/native_vlan=120", {"switchport": TENANT}),
    ("trunk/native_vlan=120", {}),
]:
    print(f"{network}, switchport {extra.get('switchport', {}).get('native_vlan')}: {asked(network, extra)}")
PY
PYTHONWARNINGS=ignore venv/bin/python probe.py > seen.txt 2> log.txt || { cat log.txt >&2; exit 1; }
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
trunk/native_vlan=120, switchport 150: [('access', 150, None)]
trunk/native_vlan=120/allowed_vlans=120, switchport 150: [('trunk', 120, [120])]
access/native_vlan=120, switchport 150: [('access', 120, None)]
trunk/native_vlan=120, switchport None: []
SEEN
echo "seen: a trunk network without allowed_vlans is passed over for the port's own VLAN"
