#!/bin/bash
# napalm 5.2.0, compliance_report: a description of the wanted state in a file, and what
# the getters tell. Its documentation, of the list [Vlan5, Vlan100] with `_mode: strict`:
# "we want to make sure the device has only those two interfaces". Guess: a device with
# others is told.
# Seen: every wanted text is looked for anywhere in what is there (the documentation does
# say that regular expressions may be used, not that a name is one, nor unanchored).
# Ethernet1 is found in Ethernet10, so a VLAN on the wrong port complies, strict or not;
# and as it takes the other's place, the right two ports in another order do not. A list
# written "using the same format the getter would retrieve it", without the extra key
# `list`, is compared as far as the shorter goes: of two wanted neighbours one or none
# will do, no ports at all are what any number of ports is, and no error says that `list`
# is missing.
# So: write every name as '^Ethernet1$', every list with `list` and `_mode: strict`, and
# see each check fail once.
#
# Needs Python 3.11 with venv and pip's index, nothing else; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check napalm==5.2.0 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }

cat > probe.py <<'PY'
"""The real report on a device that answers the getters with what it is given."""
import copy

from napalm.base import NetworkDriver


class Device(NetworkDriver):
    def __init__(self, vlans=None, neighbours=None):
        self.vlans, self.neighbours = vlans, neighbours

    def get_vlans(self):
        return copy.deepcopy(self.vlans)

    def get_lldp_neighbors(self):
        return copy.deepcopy(self.neighbours)


def complies(device, getter, wanted):
    return device.compliance_report(validation_source=[{getter: wanted}])["complies"]


def vlan(ports):
    return {"10": {"name": "web", "interfaces": ports}}


def strict(values):
    return {"_mode": "strict", "list": list(values)}


ONE, TWO = ({"hostname": name, "port": "Ethernet49"} for name in ("leaf1", "leaf2"))

print("ports of a VLAN, strict list")
for wanted, real in [
    (["Ethernet1"], ["Ethernet1"]),
    (["Ethernet1"], ["Ethernet2"]),
    (["Ethernet1"], ["Ethernet10"]),
    (["Ethernet1", "Ethernet10"], ["Ethernet10", "Ethernet1"]),
    (["^Ethernet1$"], ["Ethernet10"]),
]:
    print(f"  wanted {wanted}, real {real}: {complies(Device(vlan(real)), 'get_vlans', vlan(strict(wanted)))}")
print("ports of a VLAN, as the getter writes them")
for wanted, real in [([], ["Ethernet1"]), (["Ethernet1", "Ethernet2"], ["Ethernet1"])]:
    print(f"  wanted {wanted}, real {real}: {complies(Device(vlan(real)), 'get_vlans', vlan(wanted))}")
print("neighbours of a port, real against two wanted")
for real in ([ONE, TWO], [ONE], []):
    device = Device(neighbours={"Ethernet1": real})
    plain = complies(device, "get_lldp_neighbors", {"_mode": "strict", "Ethernet1": [ONE, TWO]})
    listed = complies(device, "get_lldp_neighbors", {"_mode": "strict", "Ethernet1": strict([dict(ONE), dict(TWO)])})
    print(f"  {len(real)} of them: as the getter writes them {plain}, strict list {listed}")
PY
PYTHONWARNINGS=ignore venv/bin/python probe.py > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
ports of a VLAN, strict list
  wanted ['Ethernet1'], real ['Ethernet1']: True
  wanted ['Ethernet1'], real ['Ethernet2']: False
  wanted ['Ethernet1'], real ['Ethernet10']: True
  wanted ['Ethernet1', 'Ethernet10'], real ['Ethernet10', 'Ethernet1']: False
  wanted ['^Ethernet1$'], real ['Ethernet10']: False
ports of a VLAN, as the getter writes them
  wanted [], real ['Ethernet1']: True
  wanted ['Ethernet1', 'Ethernet2'], real ['Ethernet1']: True
neighbours of a port, real against two wanted
  2 of them: as the getter writes them True, strict list True
  1 of them: as the getter writes them True, strict list False
  0 of them: as the getter writes them True, strict list False
SEEN
echo "seen: a VLAN on another port complies, and so does a port without its neighbours"
