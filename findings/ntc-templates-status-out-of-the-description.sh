#!/bin/bash
# ntc-templates 9.3.0, cisco_ios `show interfaces status`: a table of fixed columns, in
# which the port's description, free text, stands before its status. Guess: whatever
# the operator wrote stays in the name, as it does with the package's template for
# arista_eos and the same table.
# Seen: where the description ends in a word that is also a status, that word is the
# status and the true one is thrown away: `spare disabled` makes a port that carries
# traffic a disabled one, `to be connected` makes a disabled one connected. A number
# behind the word is taken for the VLAN: `disabled 2024` is VLAN 2024. No error.
# So: never choose a free port by it; ask for the running configuration, or cut the
# line by the columns of its heading.
#
# Needs Python 3.11 with venv and pip's index, nothing else; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check ntc-templates==9.3.0 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }

cat > probe.py <<'PY'
from ntc_templates.parse import parse_output

# What the operator wrote, and the port's true status and VLAN.
PORTS = [
    ("web server", "connected", 10),
    ("spare disabled", "connected", 20),
    ("to be connected", "disabled", 30),
    ("disabled 2024", "connected", 40),
    ("connected to leaf2", "notconnect", 50),
]
LAYOUTS = {
    "cisco_ios": ("show interfaces status", "Gi1/0/{}", "{:<9} {:<18} {:<12} {:<10} {:>6} {:>6} {}"),
    "arista_eos": ("show interfaces status", "Et{}", "{:<10} {:<18} {:<12} {:<8} {:<6} {:<6} {}"),
}
for platform, (command, port, row) in LAYOUTS.items():
    table = row.format("Port", "Name", "Status", "Vlan", "Duplex", "Speed", "Type") + "\n"
    for number, (name, status, vlan) in enumerate(PORTS, 1):
        table += row.format(port.format(number), name, status, vlan, "a-full", "a-1000", "10/100/1000BaseTX") + "\n"
    parsed = [(one["name"], one["status"], int(one["vlan_id"])) for one in parse_output(platform, command, table)]
    print(platform)
    for true, seen in zip(PORTS, parsed, strict=True):
        print(f"  {true} {'as it is' if seen == true else f'told as {seen}'}")
PY
venv/bin/python probe.py > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
cisco_ios
  ('web server', 'connected', 10) as it is
  ('spare disabled', 'connected', 20) told as ('spare', 'disabled', 20)
  ('to be connected', 'disabled', 30) told as ('to be', 'connected', 30)
  ('disabled 2024', 'connected', 40) told as ('', 'disabled', 2024)
  ('connected to leaf2', 'notconnect', 50) as it is
arista_eos
  ('web server', 'connected', 10) as it is
  ('spare disabled', 'connected', 20) as it is
  ('to be connected', 'disabled', 30) as it is
  ('disabled 2024', 'connected', 40) as it is
  ('connected to leaf2', 'notconnect', 50) as it is
SEEN
echo "seen: a port's status comes out of its description"
