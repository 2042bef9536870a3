#!/bin/bash
# ttp_templates 0.6.18 (ttp 0.10.1), the templates that read the interfaces and the VLANs
# of a running configuration for an inventory (`mode` is tagged, access, …; a VLAN's
# `tagged_interfaces` are those "carrying the VLAN tagged"). Switches keep the settings
# of the mode in which a port is not, `switchport access vlan` of a trunk and the trunk's
# list of an access port. Guess: `switchport mode` says which of them count.
# Seen: on Cisco IOS, NX-OS and Arista EOS a trunk with an access VLAN left over is told
# as an access port of that VLAN, in the very words that tell an access port with a
# trunk's list left over. A native VLAN that is written is gone. By the VLANs, such a
# trunk carries the access VLAN untagged, and such an access port carries the whole list
# tagged. A port without left-overs is right. No error.
# So: read the mode yourself, and only then the lines that belong to it.
#
# Needs Python 3.11 with venv and pip's index, nothing else; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check ttp-templates==0.6.18 ttp==0.10.1 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }

cat > probe.py <<'PY'
from ttp_templates import parse_output

PORTS = [
    ("trunk", ["trunk allowed vlan 20,30", "mode trunk"]),
    ("trunk, access VLAN left", ["access vlan 10", "trunk allowed vlan 20,30", "mode trunk"]),
    ("trunk, native VLAN 99, access VLAN left",
     ["access vlan 10", "trunk native vlan 99", "trunk allowed vlan 20,30", "mode trunk"]),
    ("access", ["access vlan 10", "mode access"]),
    ("access, trunk's list left", ["access vlan 10", "trunk allowed vlan 20,30", "mode access"]),
]
PLATFORMS = [
    ("cisco_ios", "GigabitEthernet1/0/", " ", "show running-config | section interface", "show running-config | section vlan"),
    ("cisco_nxos", "Ethernet1/", "  ", "show running-config interface", "show running-config vlan"),
    ("arista_eos", "Ethernet", "   ", "show running-config section interface", "show running-config section vlan"),
]
for platform, port, indent, interfaces, vlans in PLATFORMS:
    print(platform)
    text = ""
    for number, (_, lines) in enumerate(PORTS, 1):
        # Only IOS writes `switchport mode access`: elsewhere it is the default.
        kept = [line for line in lines if platform == "cisco_ios" or line != "mode access"]
        text += f"interface {port}{number}\n" + "".join(f"{indent}switchport {line}\n" for line in kept) + "!\n"
    [told] = parse_output(data=text, platform=platform, command=interfaces)
    for (what, _), one in zip(PORTS, told, strict=True):
        print(f"  {what}: {one['mode']}, untagged {one['untagged_vlan']}, tagged {one['tagged_vlans']}")
    numbers = {f"{port}{number}": number for number in range(1, len(PORTS) + 1)}
    [told] = parse_output(data=text, platform=platform, command=vlans)
    for one in told:
        kinds = [sorted(numbers[name] for name in one[f"{kind}_interfaces"]) for kind in ("untagged", "tagged")]
        print(f"  VLAN {one['vid']}: ports {kinds[0]} untagged, {kinds[1]} tagged")
PY
venv/bin/python probe.py > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
cisco_ios
  trunk: tagged, untagged None, tagged [20, 30]
  trunk, access VLAN left: access, untagged 10, tagged [20, 30]
  trunk, native VLAN 99, access VLAN left: access, untagged 10, tagged [20, 30]
  access: access, untagged 10, tagged []
  access, trunk's list left: access, untagged 10, tagged [20, 30]
  VLAN 20: ports [] untagged, [1, 2, 3, 5] tagged
  VLAN 30: ports [] untagged, [1, 2, 3, 5] tagged
  VLAN 10: ports [2, 3, 4, 5] untagged, [] tagged
cisco_nxos
  trunk: tagged, untagged None, tagged [20, 30]
  trunk, access VLAN left: access, untagged 10, tagged [20, 30]
  trunk, native VLAN 99, access VLAN left: access, untagged 10, tagged [20, 30]
  access: access, untagged 10, tagged []
  access, trunk's list left: access, untagged 10, tagged [20, 30]
  VLAN 20: ports [] untagged, [1, 2, 3, 5] tagged
  VLAN 30: ports [] untagged, [1, 2, 3, 5] tagged
  VLAN 10: ports [2, 3, 4, 5] untagged, [] tagged
arista_eos
  trunk: tagged, untagged None, tagged [20, 30]
  trunk, access VLAN left: access, untagged 10, tagged [20, 30]
  trunk, native VLAN 99, access VLAN left: access, untagged 10, tagged [20, 30]
  access: access, untagged 10, tagged []
  access, trunk's list left: access, untagged 10, tagged [20, 30]
  VLAN 20: ports [] untagged, [1, 2, 3, 5] tagged
  VLAN 30: ports [] untagged, [1, 2, 3, 5] tagged
  VLAN 10: ports [2, 3, 4, 5] untagged, [] tagged
SEEN
echo "seen: a trunk with an access VLAN left over is told as an access port"
