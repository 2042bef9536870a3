#!/bin/bash
# ansible 12.3.0 (arista.eos 12.0.0, cisco.ios 11.1.1), `state: parsed` of the modules for
# interfaces, layer 2 interfaces and LAGs: a running configuration in, what it says out.
# Guess: a description is free text, and what it mentions configures nothing.
# Seen: arista.eos looks for its words anywhere in the interface's text. Where the line of
# the description mentions them, it stands first and wins: `was: switchport access vlan 99`
# puts a port of VLAN 7 into VLAN 99, `was channel-group 5 mode on` makes a port a member
# of Port-Channel5, `needs mtu 1500` hides an MTU of 9000. No warning. cisco.ios is right
# about the same texts.
# So: cut a description off its line before anything else is looked for in it.
#
# Needs Python 3.11 with venv and pip's index, nothing else; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check ansible==12.3.0 ansible-core==2.19.14 paramiko==4.0.0 > pip.log 2>&1 ||
  { cat pip.log >&2; exit 1; }

cat > probe.py <<'PY'
"""A play that has each text read, without any switch, and prints what was read."""
import json

TEXTS = [
    ("arista.eos.eos_l2_interfaces", "Ethernet1", "was: switchport access vlan 99", "switchport access vlan 7"),
    ("arista.eos.eos_lag_interfaces", "Ethernet2", "was channel-group 5 mode on", "switchport access vlan 7"),
    ("arista.eos.eos_interfaces", "Ethernet3", "needs mtu 1500", "mtu 9000"),
    ("cisco.ios.ios_l2_interfaces", "GigabitEthernet1/0/1", "was: switchport access vlan 99", "switchport access vlan 7"),
    ("cisco.ios.ios_interfaces", "GigabitEthernet1/0/3", "needs mtu 1500", "mtu 9000"),
]
tasks = []
for number, (module, name, description, setting) in enumerate(TEXTS):
    indent = " " if "ios" in module else "   "
    text = f"interface {name}\n{indent}description {description}\n{indent}{setting}\n"
    system = ".".join([*module.split(".")[:2], module.split(".")[1]])
    tasks.append({module: {"state": "parsed", "running_config": text}, "register": "read",
                  "vars": {"ansible_network_os": system}})
    tasks.append({"copy": {"content": "{{ read.parsed | to_json }}", "dest": f"{{{{ work }}}}/{number}.json"},
                  "vars": {"ansible_connection": "local"}})
print(json.dumps([{"hosts": "switch", "gather_facts": False, "connection": "ansible.netcommon.network_cli",
                   "tasks": tasks}]))
PY
venv/bin/python probe.py > play.yml
echo "switch ansible_host=127.0.0.1 ansible_user=u ansible_password=p ansible_python_interpreter=$work/venv/bin/python" > hosts
HOME=$work PATH=$work/venv/bin:$PATH venv/bin/ansible-playbook -i hosts -e "work=$work" play.yml > play.log 2>&1 ||
  { cat play.log >&2; exit 1; }
for number in 0 1 2 3 4; do
  venv/bin/python -c 'import json, sys; print(json.dumps(json.load(open(sys.argv[1])), sort_keys=True))' "$number.json"
done > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
[{"access": {"vlan": 99}, "name": "Ethernet1"}]
[{"members": [{"member": "Ethernet2", "mode": "on"}], "name": "Port-Channel5"}]
[{"description": "needs mtu 1500", "enabled": true, "mtu": 1500, "name": "Ethernet3"}]
[{"access": {"vlan": 7}, "name": "GigabitEthernet1/0/1"}]
[{"description": "needs mtu 1500", "enabled": true, "mtu": 9000, "name": "GigabitEthernet1/0/3"}]
SEEN
echo "seen: a description is read as settings"
