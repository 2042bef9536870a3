#!/bin/bash
# pyeapi 1.0.4, Arista's own client: `api('switchports')` reads the ports of `show
# running-config all`. EOS has, beside `switchport trunk native vlan N`, the word `tag` in
# the number's place (untagged frames are dropped), and modes of two words.
# Guess: a port that it has no word for is told as such, and the others are as they are.
# Seen: one trunk with `native vlan tag` makes getall() raise AttributeError: none of the
# switch's ports is told, those before it neither. get() of the others works.
# Mode `dot1q-tunnel` is told as `dot1q`, and `trunk phone` as a plain trunk.
# So: ask port by port, and read the mode's line yourself.
#
# Needs Python 3.11 with venv and pip's index, no switch: the node is given the text that it
# would have fetched. Ends with 1 if any of this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check pyeapi==1.0.4 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }

cat > probe.py <<'PY'
from pyeapi.client import Node


def port(name, mode, native="1", access="1", allowed="1-4094"):
    return (f"interface {name}\n   switchport access vlan {access}\n   switchport trunk native vlan {native}\n"
            f"   switchport trunk allowed vlan {allowed}\n   switchport mode {mode}\n!\n")


def ports(text):
    """Of a switch whose whole configuration this is."""
    node = Node(None)
    node._running_config = text
    return node.api("switchports")


before, behind = port("Ethernet1", "access", access="10"), port("Ethernet3", "trunk", native="99", allowed="10,20")
tagged = port("Ethernet2", "trunk", native="tag", allowed="10,20")
tunnel = port("Ethernet4", "dot1q-tunnel", access="40") + port("Ethernet5", "trunk phone", native="50")

print("without", {name: found["mode"] for name, found in sorted(ports(before + behind + tunnel).getall().items())})
switch = ports(before + tagged + behind)
try:
    print("with", switch.getall())
except AttributeError as error:
    print("with", type(error).__name__, error)
found = switch.get("Ethernet3")
print("Ethernet3", found["mode"], found["trunk_native_vlan"], found["trunk_allowed_vlans"])
PY
venv/bin/python probe.py > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
without {'Ethernet1': 'access', 'Ethernet3': 'trunk', 'Ethernet4': 'dot1q', 'Ethernet5': 'trunk'}
with AttributeError 'NoneType' object has no attribute 'group'
Ethernet3 trunk 99 10,20
SEEN
