#!/bin/bash
# ansible 12.3.0 (ansible.netcommon 8.2.0), restconf_config with `method: put`, which its
# documentation has "to replace the target data resource". RFC 8040 section 4.5: the body
# of a PUT is what the resource is to be afterwards. Guess: `content` is sent.
# Seen: the resource is read first, and the PUT carries only those leaves of `content`
# that differ from it. The server replaces the resource by these: of a trunk that gets a
# VLAN the mode and the native VLAN are gone, though `content` has them all. The same task
# again puts these back and takes the VLANs away, and so on. Where `content` only leaves
# something out there is no PUT at all, `changed` is false and what should go stays; so
# too where only the order differs, in a list ordered by the user (RFC 7317's search).
# So: use `patch` and an explicit `delete`, or send the PUT with the `uri` module.
#
# Needs Python 3.11 with venv and pip's index, nothing else; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check ansible==12.3.0 ansible-core==2.19.14 > pip.log 2>&1 ||
  { cat pip.log >&2; exit 1; }

cat > server.py <<'PY'
"""RESTCONF for whole resources: GET, PUT that replaces, PATCH that merges the leaves of one container."""
import json
from http.server import BaseHTTPRequestHandler, HTTPServer

TRUNK = {"interface-mode": "TRUNK", "native-vlan": 99, "trunk-vlans": [10, 20]}
STORE = {f"/restconf/data/port{number}": {"openconfig-vlan:config": dict(TRUNK)} for number in (1, 2, 3)}
STORE["/restconf/data/dns"] = {"ietf-system:dns-resolver": {"search": ["a.example", "b.example"]}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, code, body=b""):
        self.send_response(code)
        self.send_header("Content-Type", "application/yang-data+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200, json.dumps(STORE[self.path]).encode())

    def do_PUT(self):
        text = self.rfile.read(int(self.headers["Content-Length"]))
        with open("requests.txt", "a") as file:
            print(self.command, self.path.rpartition("/")[2], json.dumps(json.loads(text), sort_keys=True), file=file)
        for name, value in json.loads(text).items():
            merged = STORE[self.path][name] | value
            STORE[self.path] = {name: value if self.command == "PUT" else merged}
        with open("store.json", "w") as file:
            json.dump(STORE, file)
        self.answer(204)

    do_PATCH = do_PUT


open("requests.txt", "w").close()
server = HTTPServer(("127.0.0.1", 0), Handler)
with open("port.txt", "w") as file:
    print(server.server_port, file=file)
server.serve_forever()
PY
venv/bin/python server.py &
server=$!
until [ -s port.txt ]; do kill -0 "$server"; sleep 0.1; done

cat > play.py <<'PY'
import json

WHOLE = {"interface-mode": "TRUNK", "native-vlan": 99, "trunk-vlans": [10, 20, 30]}
SHORT = {"interface-mode": "TRUNK", "trunk-vlans": [10, 20]}
tasks = []
for method, at, content in [
    ("put", "port1", {"openconfig-vlan:config": WHOLE}),
    ("put", "port1", {"openconfig-vlan:config": WHOLE}),
    ("patch", "port2", {"openconfig-vlan:config": WHOLE}),
    ("put", "port3", {"openconfig-vlan:config": SHORT}),
    ("put", "dns", {"ietf-system:dns-resolver": {"search": ["b.example", "a.example"]}}),
]:
    module = {"path": f"/data/{at}", "method": method, "content": json.dumps(content)}
    tasks.append({"ansible.netcommon.restconf_config": module, "register": "made"})
    line = f"{method} {at}: changed {{{{ made.changed | lower }}}}"
    tasks.append({"shell": f"echo '{line}' >> requests.txt", "vars": {"ansible_connection": "local"}})
print(json.dumps([{"hosts": "switch", "gather_facts": False, "connection": "ansible.netcommon.httpapi", "tasks": tasks}]))
PY
venv/bin/python play.py > play.yml
echo "switch ansible_host=127.0.0.1 ansible_user=u ansible_password=p ansible_httpapi_port=$(cat port.txt)" \
  "ansible_httpapi_use_ssl=false ansible_network_os=ansible.netcommon.restconf" \
  "ansible_python_interpreter=$work/venv/bin/python" > hosts
HOME=$work PATH=$work/venv/bin:$PATH venv/bin/ansible-playbook -i hosts play.yml > play.log 2>&1 ||
  { cat play.log >&2; exit 1; }
{
  cat requests.txt
  echo "afterwards:"
  venv/bin/python -c 'import json
for path, resource in json.load(open("store.json")).items():
    print(path.rpartition("/")[2], json.dumps(*resource.values(), sort_keys=True))'
} > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
PUT port1 {"openconfig-vlan:config": {"trunk-vlans": [10, 20, 30]}}
put port1: changed true
PUT port1 {"openconfig-vlan:config": {"interface-mode": "TRUNK", "native-vlan": 99}}
put port1: changed true
PATCH port2 {"openconfig-vlan:config": {"trunk-vlans": [10, 20, 30]}}
patch port2: changed true
put port3: changed false
put dns: changed false
afterwards:
port1 {"interface-mode": "TRUNK", "native-vlan": 99}
port2 {"interface-mode": "TRUNK", "native-vlan": 99, "trunk-vlans": [10, 20, 30]}
port3 {"interface-mode": "TRUNK", "native-vlan": 99, "trunk-vlans": [10, 20]}
dns {"search": ["a.example", "b.example"]}
SEEN
echo "seen: a PUT carries the difference, and the rest of the resource is gone"
