#!/bin/bash
# jdiff 1.0.2 (deepdiff 8.6.2), made to compare what switches say before and after a
# change; of exact_match its documentation says that a difference is made and tested to
# see whether all the keys and values match. Guess: where a value differs, it does not.
# Seen: of the differences that deepdiff finds, those are left out in which the type of
# the value changes too, and the check passes with nothing to show. NX-OS writes one row
# of a table as an object and several as a list: a second neighbour that comes or goes is
# an exact match. So is null for a VLAN that was there, a name for a null, no list for a
# list; the check `tolerance`, made of the same difference, lets a number become null.
# Number for number and text for text are told rightly.
# So: compare the two with == as well, or bring every value to one type first.
#
# Needs Python 3.11 with venv and pip's index, nothing else; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check jdiff==1.0.2 deepdiff==8.6.2 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }

cat > probe.py <<'PY'
from jdiff import CheckType

EXACT, TOLERANCE = CheckType.create("exact_match"), CheckType.create("tolerance")
ONE, TWO = ({"chassis_id": name, "l_port_id": "Eth1/49", "port_id": "Eth1/1"} for name in ("spine1", "spine2"))


def table(*rows):
    """As NX-OS writes it: `show lldp neighbors | json`."""
    return {"TABLE_nbor": {"ROW_nbor": list(rows) if len(rows) > 1 else rows[0]}}


for what, before, after in [
    ("another neighbour", table(ONE), table(TWO)),
    ("a neighbour more", table(ONE), table(ONE, TWO)),
    ("a neighbour less", table(ONE, TWO), table(TWO)),
    ("a VLAN for another", {"untagged_vlan": 10}, {"untagged_vlan": 20}),
    ("no VLAN any more", {"untagged_vlan": 10}, {"untagged_vlan": None}),
    ("a LAG for none", {"lag": None}, {"lag": "Port-channel5"}),
    ("no list of VLANs", {"tagged_vlans": [10, 20]}, {"tagged_vlans": None}),
]:
    shown, passed = EXACT.evaluate(before, after)
    print(f"exact_match, {what}: {'differs' if before != after else 'equal'}, {'passes' if passed else 'fails'}, {len(shown)} shown")
for before, after in ((100, 20), (100, None)):
    shown, passed = TOLERANCE.evaluate({"routes": before}, {"routes": after}, tolerance=10)
    print(f"tolerance of 10 %, {before} to {after}: {'passes' if passed else 'fails'}, {len(shown)} shown")
PY
venv/bin/python probe.py > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
exact_match, another neighbour: differs, fails, 1 shown
exact_match, a neighbour more: differs, passes, 0 shown
exact_match, a neighbour less: differs, passes, 0 shown
exact_match, a VLAN for another: differs, fails, 1 shown
exact_match, no VLAN any more: differs, passes, 0 shown
exact_match, a LAG for none: differs, passes, 0 shown
exact_match, no list of VLANs: differs, passes, 0 shown
tolerance of 10 %, 100 to 20: fails, 1 shown
tolerance of 10 %, 100 to None: passes, 0 shown
SEEN
echo "seen: a neighbour that comes or goes is an exact match"
