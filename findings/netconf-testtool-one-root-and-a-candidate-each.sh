#!/bin/bash
# OpenDaylight's netconf-testtool 7.0.4 with --md-sal true, asked by ncclient 0.7.1.
# 1. RFC 6241 section 6: a subtree filter may hold several sibling subtrees. Guess: both are
#    answered. Seen: `operation-not-supported`, for <get-config> and <get>, also where both
#    have data; each alone is answered.
# 2. RFC 6241 section 8.3: the candidate is one datastore that sessions share, so what one
#    edits another sees, and a lock (section 7.5) is refused while another session holds it.
#    Seen: each session has a candidate of its own. Both get the lock, neither sees what the
#    other edits, the other's <commit> is answered OK and commits nothing of it, and the
#    later commit wins without a word.
# So: a client that works with this tool has shown nothing about locks, and one that reads
# interfaces and VLANs in one request cannot be tried on it without splitting its filter.
#
# Needs Java 17 with Maven and its central repository, Python 3.11 with venv and pip's
# index; ends with 1 if any of this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

mvn -q -B dependency:copy -DoutputDirectory=. \
  -Dartifact=org.opendaylight.netconf:netconf-testtool:7.0.4:jar:executable > mvn.log 2>&1 ||
  { cat mvn.log >&2; exit 1; }
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check ncclient==0.7.1 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }

mkdir schemas
cat > schemas/ports@2026-01-01.yang <<'YANG'
module ports {
  namespace "urn:example:ports";
  prefix p;
  revision 2026-01-01;
  container ports { list port { key name; leaf name { type string; } leaf vlan { type uint16; } } }
}
YANG
cat > schemas/vlans@2026-01-01.yang <<'YANG'
module vlans {
  namespace "urn:example:vlans";
  prefix v;
  revision 2026-01-01;
  container vlans { list vlan { key id; leaf id { type uint16; } } }
}
YANG
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
java -Xmx256m -jar netconf-testtool-7.0.4-executable.jar --md-sal true --schemas-dir schemas \
  --ip 127.0.0.1 --starting-port "$port" > server.log 2>&1 &
server=$!
until grep -q "started successfully" server.log; do kill -0 "$server"; sleep 0.2; done

cat > ask.py <<'PY'
import sys

from ncclient import manager
from ncclient.operations import RPCError
from ncclient.xml_ import to_ele

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
PORTS, VLANS = '<ports xmlns="urn:example:ports"{}', '<vlans xmlns="urn:example:vlans"{}'


def session():
    return manager.connect(host="127.0.0.1", port=int(sys.argv[1]), username="u", password="p",
                           hostkey_verify=False, allow_agent=False, look_for_keys=False)


def port(name):
    return PORTS.format(f"><port><name>{name}</name></port></ports>")


def edit(who, content):
    return who.edit_config(f'<config xmlns="{BASE}">{content}</config>', target="candidate")


def names(who, store):
    answer = who.get_config(store, ("subtree", PORTS.format("/>"))).data_ele
    return " ".join(sorted(node.text for node in answer.iter("{urn:example:ports}name"))) or "nothing"


def roots(*subtrees):
    source = "<source><running/></source>"
    asked = f'<get-config xmlns="{BASE}">{source}<filter type="subtree">{"".join(subtrees)}</filter></get-config>'
    try:
        one.dispatch(to_ele(asked))
        return "answered"
    except RPCError as error:
        return error.tag


one, other = session(), session()
edit(one, port("a") + VLANS.format("><vlan><id>10</id></vlan></vlans>"))
one.commit()
print("ports:", roots(PORTS.format("/>")))
print("vlans:", roots(VLANS.format("/>")))
print("both:", roots(PORTS.format("/>"), VLANS.format("/>")))
print("one locks:", "ok" if one.lock("candidate").ok else "refused")
print("other locks:", "ok" if other.lock("candidate").ok else "refused")
edit(one, port("b"))
print("candidate of one:", names(one, "candidate"))
print("candidate of other:", names(other, "candidate"))
print("other commits:", "ok" if other.commit().ok else "refused")
print("running:", names(one, "running"))
print("one commits:", "ok" if one.commit().ok else "refused")
print("running:", names(other, "running"))
PY
venv/bin/python ask.py "$port" > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
ports: answered
vlans: answered
both: operation-not-supported
one locks: ok
other locks: ok
candidate of one: a b
candidate of other: a
other commits: ok
running: a
one commits: ok
running: a b
SEEN
echo "seen: one subtree a filter, and a candidate and a lock for each session"
