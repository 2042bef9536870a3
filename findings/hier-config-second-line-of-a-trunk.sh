#!/bin/bash
# hier_config 3.7.1, platform CISCO_NXOS: the remediation of a trunk whose VLANs stand
# on two lines, `switchport trunk allowed vlan 10,20` and `… add 30`, as older NX-OS
# writes long lists. Guess: the commands that lead from the running configuration to the
# intended one.
# Seen: both lines are taken for two values of one setting, so that whichever is there
# already excuses the other. A line that should go is left: no command at all, and the
# trunk goes on carrying VLAN 30. A first line that changes is sent alone, and as it
# replaces the list, VLAN 30, which was to stay, is off the trunk. The same lists on one
# line are right.
# So: fold the lines into one list before anything is compared.
#
# Needs Python 3.11 with venv and pip's index, nothing else; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check hier-config==3.7.1 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }

cat > probe.py <<'PY'
"""What is sent for a trunk, what it carries before and after, and what was meant."""
from hier_config import Platform, WorkflowRemediation, get_hconfig

PORT = "interface Ethernet1/1"
LIST = "switchport trunk allowed vlan"


def text(lines):
    return "\n".join([PORT, *(f"  {LIST} {line}" for line in lines)]) + "\n"


def carried(lines, before=()):
    """The VLANs after such lines in this order: a list replaces, `add` adds to it."""
    vlans = set(before)
    for line in lines:
        numbers = {int(number) for number in line.split()[-1].split(",")}
        vlans = vlans | numbers if line.startswith("add ") else numbers
    return sorted(vlans)


def remedy(*configurations):
    sent = WorkflowRemediation(*(get_hconfig(Platform.CISCO_NXOS, text(lines)) for lines in configurations))
    commands = [line.cisco_style_text().strip() for line in sent.remediation_config.all_children_sorted()]
    return [command.replace(f"{LIST} ", "") for command in commands if command != PORT]


for running, intended in [
    (["10,20", "add 30"], ["10,20"]),
    (["10,20", "add 30"], ["10,20", "add 40"]),
    (["10,20", "add 30"], ["10,25", "add 30"]),
    (["10,20,30"], ["10,20"]),
]:
    commands = remedy(running, intended)
    after, meant = carried(commands, carried(running)), carried(intended)
    print(f"{running} to {intended}: sends {commands}, carries {after}, meant {meant}")
PY
venv/bin/python probe.py > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
['10,20', 'add 30'] to ['10,20']: sends [], carries [10, 20, 30], meant [10, 20]
['10,20', 'add 30'] to ['10,20', 'add 40']: sends ['add 40'], carries [10, 20, 30, 40], meant [10, 20, 40]
['10,20', 'add 30'] to ['10,25', 'add 30']: sends ['10,25'], carries [10, 25], meant [10, 25, 30]
['10,20,30'] to ['10,20']: sends ['10,20'], carries [10, 20], meant [10, 20]
SEEN
echo "seen: the second line of a trunk's VLANs is neither taken away nor kept"
