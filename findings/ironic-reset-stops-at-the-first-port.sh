#!/bin/bash
# Ironic 39.0.0, network interface `ironic-networking`: removing the tenant's networks
# of a node with two ports, when the networking service answers the first reset with
# an error. The method collects errors and raises one NetworkError at the end. Guess:
# the second port is reset whatever befell the first.
# Seen: so after NetworkError and InvalidParameterValue only. After the service's own
# SwitchNotFound, after TemporaryFailure, and where the service cannot be reached
# (keystoneauth1's ConnectFailure), the error leaves the loop: the second port is never
# asked for and stays on the tenant's VLAN, also where another switch has it.
# So: a service answers NetworkError wherever the node's other ports should go on.
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
"""The real interface, with a task of two ports, and what is asked of the service."""
from types import SimpleNamespace
from unittest import mock

from ironic.common import exception
from ironic.conf import CONF
from ironic.drivers.modules.network import ironic_networking
from keystoneauth1.exceptions import ConnectFailure

CONF([], project="ironic")
CONF.set_override("idle_network", "access/native_vlan=199", group="ironic_networking")


def port(number):
    return SimpleNamespace(
        uuid=f"p{number}", address=f"02:00:00:00:00:1{number}", name=None, pxe_enabled=False,
        extra={"switchport": {"mode": "access", "native_vlan": 150}},
        local_link_connection={"switch_id": f"02:00:00:00:00:0{number}", "port_id": f"Ethernet{number}"})


def reset_with(error):
    """The ports that are asked for, and what is raised, if the first reset fails so."""
    node = SimpleNamespace(uuid="n", name="n", driver_info={}, provision_state="deleting", instance_uuid=None)
    task = SimpleNamespace(node=node, ports=[port(1), port(2)], portgroups=[], context=None)
    with mock.patch.object(ironic_networking.networking_api, "reset_port", side_effect=[error, {}]) as reset:
        try:
            ironic_networking.IronicNetworking().unconfigure_tenant_networks(task)
            raised = None
        except Exception as seen:
            raised = type(seen).__name__
    return [call.args[2] for call in reset.call_args_list], raised


for error in (exception.NetworkError("x"), exception.InvalidParameterValue("x"), exception.SwitchNotFound(switch_id="x"),
              exception.TemporaryFailure("x"), ConnectFailure("x")):
    print(type(error).__name__, *reset_with(error))
PY
PYTHONWARNINGS=ignore venv/bin/python probe.py > seen.txt 2> log.txt || { cat log.txt >&2; exit 1; }
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
NetworkError ['Ethernet1', 'Ethernet2'] NetworkError
InvalidParameterValue ['Ethernet1', 'Ethernet2'] NetworkError
SwitchNotFound ['Ethernet1'] SwitchNotFound
TemporaryFailure ['Ethernet1'] TemporaryFailure
ConnectFailure ['Ethernet1'] ConnectFailure
SEEN
echo "seen: three kinds of error at the first port keep the second from being reset"
