#!/bin/bash
# netutils 1.19.2, vlanconfig_to_list: documented to take IOS-like VLAN configuration
# and to give the list of VLANs by IOS-like rules. `add`, `remove` and `except` are such
# configuration: Cisco's SG350 keeps a trunk of VLANs 1 and 5 as `remove 2-4,6-4094`.
# Guess: they are followed, or refused as other words are.
# Seen: every number counts as a VLAN that is there. That trunk is given as 4092 VLANs,
# neither 1 nor 5 among them; `except 1-5` is 1 to 5; `remove 20` after a list adds 20,
# here a second time; a native VLAN in the same text joins the list. No error. `all` and
# `none`, which have no number, are errors.
# So: give it one plain list only, and read the word before the numbers yourself.
#
# Needs Python 3.11 with venv and pip's index, nothing else; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check netutils==1.19.2 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }

cat > probe.py <<'PY'
from netutils.vlan import vlanconfig_to_list

LIST = "switchport trunk allowed vlan"
for lines in [
    [f"{LIST} 10,20-22"],
    [f"{LIST} 10,20", f"{LIST} add 30"],
    [f"{LIST} 10,20", f"{LIST} remove 20"],
    [f"{LIST} remove 2-4,6-4094"],
    [f"{LIST} except 1-5"],
    ["switchport trunk native vlan 99", f"{LIST} 10,20"],
    [f"{LIST} none"],
    [f"{LIST} all"],
]:
    try:
        vlans = vlanconfig_to_list("\n".join(lines))
    except ValueError as error:
        vlans = type(error).__name__
    if len(vlans) == 4092:
        vlans = f"{len(vlans)} VLANs, {[vlan for vlan in range(1, 4095) if vlan not in vlans]} not among them"
    print(f"{' / '.join(lines).replace(LIST, 'allowed')}: {vlans}")
PY
venv/bin/python probe.py > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
allowed 10,20-22: [10, 20, 21, 22]
allowed 10,20 / allowed add 30: [10, 20, 30]
allowed 10,20 / allowed remove 20: [10, 20, 20]
allowed remove 2-4,6-4094: 4092 VLANs, [1, 5] not among them
allowed except 1-5: [1, 2, 3, 4, 5]
switchport trunk native vlan 99 / allowed 10,20: [10, 20, 99]
allowed none: ValueError
allowed all: ValueError
SEEN
echo "seen: the VLANs that a trunk does not carry are given as those that it does"
