#!/bin/bash
# networking-baremetal 8.1.0 (Neutron), driver netconf-openconfig: what it sends when a
# port is let go. RFC 6241 section 7.2: `operation` is an attribute in the namespace
# urn:ietf:params:xml:ns:netconf:base:1.0. Guess: so it is there, and the port's VLAN
# and description are removed.
# Seen: the attribute is in no namespace, and so is <config> itself. libyang 2.1.30
# (yanglint, Debian 12) refuses the edit where it parses strictly. Where it does not,
# the attributes are dropped, and of the removal an edit is left that merges the
# dummy values beside them, mtu 0 and enabled false, and does not name the VLAN: a
# server that reads so leaves the port on it, and answers <ok/>. With the attribute in
# its namespace libyang takes the very same edit.
# Some servers take it as it is (netconfd 2.13-1 does).
# So: see one removal with your own eyes, in running, before such a switch is trusted
# with it; a client's <ok/> does not say that its operations were understood.
#
# Needs Python 3.11 with venv and pip's index, and Debian's apt (its package index
# fetched), nothing else; ends with 1 if any of this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check networking-baremetal==8.1.0 neutron==29.0.0 ncclient==0.7.1 pyang==2.7.1 \
  > pip.log 2>&1 || { cat pip.log >&2; exit 1; }
version=2.1.30-2
apt-get download -qq "libyang2-tools=$version" "libyang2=$version" >/dev/null 2>&1
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(find root -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
export LD_LIBRARY_PATH

# The nodes of OpenConfig that the edit names, in OpenConfig's namespaces.
mkdir modules
cat > modules/openconfig-interfaces.yang <<'YANG'
module openconfig-interfaces {
  yang-version 1.1;
  namespace "http://openconfig.net/yang/interfaces";
  prefix oc-if;
  container interfaces {
    list interface {
      key name;
      leaf name { type string; }
      container config {
        leaf description { type string; }
        leaf enabled { type boolean; default true; }
        leaf mtu { type uint16; }
      }
    }
  }
}
YANG
cat > modules/openconfig-if-ethernet.yang <<'YANG'
module openconfig-if-ethernet {
  yang-version 1.1;
  namespace "http://openconfig.net/yang/interfaces/ethernet";
  prefix oc-eth;
  import openconfig-interfaces { prefix oc-if; }
  augment "/oc-if:interfaces/oc-if:interface" {
    container ethernet { container config { leaf duplex-mode { type string; } } }
  }
}
YANG
cat > modules/openconfig-vlan.yang <<'YANG'
module openconfig-vlan {
  yang-version 1.1;
  namespace "http://openconfig.net/yang/vlan";
  prefix oc-vlan;
  import openconfig-interfaces { prefix oc-if; }
  import openconfig-if-ethernet { prefix oc-eth; }
  augment "/oc-if:interfaces/oc-if:interface/oc-eth:ethernet" {
    container switched-vlan {
      container config { leaf interface-mode { type string; } leaf access-vlan { type uint16; } }
    }
  }
}
YANG

cat > probe.py <<'PY'
"""The real driver and ncclient let a port go; a server on a socket writes down the edit."""
import socket
import threading
from types import SimpleNamespace
from unittest import mock

from lxml import etree
from ncclient import manager
from networking_baremetal.drivers.netconf import openconfig
from oslo_config import cfg

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
END = b"]]>]]>"


def serve(listener, seen):
    """Answers <ok/> to everything, framed as base:1.0 has it."""
    stream, _ = listener.accept()
    capabilities = "".join(
        f"<capability>urn:ietf:params:netconf:{name}</capability>" for name in ("base:1.0", "capability:writable-running:1.0"))
    hello = f"<hello xmlns='{BASE}'><capabilities>{capabilities}</capabilities><session-id>1</session-id></hello>"
    stream.sendall(hello.encode() + END)
    held = b""
    while data := stream.recv(65536):
        held += data
        while END in held:
            message, _, held = held.partition(END)
            root = etree.fromstring(message)
            seen.append(root)
            if root.get("message-id"):
                stream.sendall(f"<rpc-reply xmlns='{BASE}' message-id='{root.get('message-id')}'><ok/></rpc-reply>".encode() + END)


listener = socket.socket(socket.AF_UNIX)
listener.bind("switch.sock")
listener.listen()
seen = []
threading.Thread(target=serve, args=(listener, seen), daemon=True).start()

cfg.CONF([], project="probe")
driver = openconfig.NetconfOpenConfigDriver("switch")
driver.load_config()
port = {"id": "00000000-0000-4000-8000-000000000001", "admin_state_up": True, "binding:profile": {}}
network = {"mtu": 1500, "provider:network_type": "vlan"}
context = SimpleNamespace(current=port, network=SimpleNamespace(current=network))
with mock.patch.object(openconfig.manager, "connect", lambda **_: manager.connect_uds(path="switch.sock")):
    driver.delete_port(context, [{"port_id": "Ethernet1", "switch_id": "02:00:00:00:00:01"}])

[edit] = [root for root in seen if root.find(f"{{{BASE}}}edit-config") is not None]
config = edit.find(f"{{{BASE}}}edit-config")[-1]
print("config in the namespace", etree.QName(config).namespace)
found = [(name, value) for element in config.iter() for name, value in element.attrib.items()]
print("attributes", found)
[sent] = config
etree.ElementTree(sent).write("sent.xml")
for element in sent.iter():
    if "operation" in element.attrib:
        element.set(f"{{{BASE}}}operation", element.attrib.pop("operation"))
etree.ElementTree(sent).write("mended.xml")
PY
PYTHONWARNINGS=ignore venv/bin/python probe.py > seen.txt 2> log.txt || { cat log.txt >&2; exit 1; }

parse() {
  root/usr/bin/yanglint ${2:+"$2"} -p modules -p venv/share/yang/modules/ietf -t edit -f xml \
    venv/share/yang/modules/ietf/ietf-netconf.yang modules/*.yang "$1" 2>&1 | sed -E 's/ \(Data location.*//'
}
{
  echo "as sent: $(parse sent.xml | head -n 1)"
  echo "as sent, not strictly:"
  parse sent.xml --not-strict
  echo "with the namespace: $(parse mended.xml | grep -c 'nc:operation="remove"') removals of leaves"
} >> seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
config in the namespace None
attributes [('operation', 'remove'), ('operation', 'remove'), ('operation', 'remove'), ('operation', 'merge'), ('operation', 'remove')]
as sent: libyang err : Missing mandatory prefix for XML metadata "operation".
as sent, not strictly:
<interfaces xmlns="http://openconfig.net/yang/interfaces">
  <interface>
    <name>Ethernet1</name>
    <config>
      <description/>
      <enabled>false</enabled>
      <mtu>0</mtu>
    </config>
  </interface>
</interfaces>
with the namespace: 3 removals of leaves
SEEN
echo "seen: the removal of a port's VLAN is refused, or read as no removal"
