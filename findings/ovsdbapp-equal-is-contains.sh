#!/bin/bash
# ovsdbapp 3.0.0 (ovs 4.0.0), with which Neutron talks to Open vSwitch; ovsdb-server and
# ovs-vsctl 3.1.0 (Debian 12) for comparison. Its documentation of db_find sends the reader
# to ovs-vsctl's manual for the operations, and calls db_set "set fields in a record".
# Guess: `=`, `!=` and set mean here what they mean there and in RFC 7047, which has
# "includes" and "excludes" beside "==" and "!=" (section 5.1).
# Seen: of a set, `=` asks whether the argument's members are all there and `!=` whether
# none of them is: who looks for the trunks of just VLAN 100 is given those that carry
# others too, and a trunk of 100 and 200 is never unequal to it. db_get tells a set of
# one as its member, so that the trunks of one VLAN are a number and not a list. db_set
# of a map keeps every key that is not named, and of an empty map changes nothing.
# So: compare sets in your own code, read them with db_list, and take keys away by
# db_remove or db_clear.
#
# Needs Python 3.11 with venv and pip's index, and Debian's apt (its package index
# fetched), nothing else; ends with 1 if any of this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check ovsdbapp==3.0.0 ovs==4.0.0 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }
version=3.1.0-2+deb12u1
apt-get download -qq "openvswitch-common=$version" "openvswitch-switch=$version" libbpf1 libcap-ng0 libelf1 \
  libevent-2.1-7 libnuma1 libunbound8 libxdp1 > apt.log 2>&1 || { cat apt.log >&2; exit 1; }
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(find "$work/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
export LD_LIBRARY_PATH OVS_RUNDIR=$work OVS_LOGDIR=$work

root/usr/bin/ovsdb-tool create ovs.db root/usr/share/openvswitch/vswitch.ovsschema
root/usr/sbin/ovsdb-server --remote=punix:db.sock --no-chdir --log-file=server.log --unixctl="$work/ctl" ovs.db 2> server.err &
server=$!
until [ -S db.sock ]; do kill -0 "$server" || { cat server.err >&2; exit 1; }; sleep 0.1; done
vsctl() { root/usr/bin/ovs-vsctl --db="unix:$work/db.sock" --no-wait "$@"; }
vsctl init
vsctl add-br br0
vsctl add-port br0 one -- set port one trunks=100
vsctl add-port br0 two -- set port two trunks=100,200
vsctl add-port br0 other -- set port other trunks=300

cat > probe.py <<'PY'
import logging
import sys

from ovsdbapp.backend import ovs_idl
from ovsdbapp.backend.ovs_idl import connection
from ovsdbapp.schema.open_vswitch import impl_idl

logging.disable(logging.CRITICAL)


class NoWait(impl_idl.OvsdbIdl):
    """As --no-wait of ovs-vsctl has it: there is no ovs-vswitchd."""

    create_transaction = ovs_idl.Backend.create_transaction


idl = connection.OvsdbIdl.from_server(sys.argv[1], "Open_vSwitch")
api = NoWait(connection.Connection(idl=idl, timeout=30))
PORTS = ("one", "two", "other")


def find(operation):
    rows = api.db_find("Port", ("trunks", operation, [100]), columns=["name"]).execute(check_error=True)
    return sorted(row["name"] for row in rows if row["name"] in PORTS)


print("ovsdbapp, trunks = 100:", find("="))
print("ovsdbapp, trunks != 100:", find("!="))
print("ovsdbapp, trunks of each:", *(api.db_get("Port", name, "trunks").execute(check_error=True) for name in PORTS))
for value in ({"a": "1", "b": "2"}, {"a": "3"}, {}):
    api.db_set("Port", "one", ("external_ids", value)).execute(check_error=True)
    print(f"ovsdbapp, after a set of {value}:", api.db_get("Port", "one", "external_ids").execute(check_error=True))
PY
names() { vsctl --bare --columns=name find port "$1" | sed '/^$/d' | grep -v br0 | sort | paste -sd' '; }
{
  venv/bin/python probe.py "unix:$work/db.sock"
  echo "ovs-vsctl, trunks=100: $(names 'trunks=100')"
  echo "ovs-vsctl, trunks!=100: $(names 'trunks!=100')"
  for value in '{a="1",b="2"}' '{a="3"}' '{}'; do
    vsctl set port two "external_ids=$value"
    echo "ovs-vsctl, after a set of $value: $(vsctl get port two external_ids)"
  done
} > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
ovsdbapp, trunks = 100: ['one', 'two']
ovsdbapp, trunks != 100: ['other']
ovsdbapp, trunks of each: 100 [100, 200] 300
ovsdbapp, after a set of {'a': '1', 'b': '2'}: {'a': '1', 'b': '2'}
ovsdbapp, after a set of {'a': '3'}: {'a': '3', 'b': '2'}
ovsdbapp, after a set of {}: {'a': '3', 'b': '2'}
ovs-vsctl, trunks=100: one
ovs-vsctl, trunks!=100: other two
ovs-vsctl, after a set of {a="1",b="2"}: {a="1", b="2"}
ovs-vsctl, after a set of {a="3"}: {a="3"}
ovs-vsctl, after a set of {}: {}
SEEN
echo "seen: equal is contains, and a set of a map is a merge"
