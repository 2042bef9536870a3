#!/bin/bash
# ovs-vsctl 3.1.0 (Open vSwitch, Debian 12). Its manual: commands of one call are one
# transaction, and wait-until waits until a record's column has a value; RFC 7047 has a
# `wait` operation (5.2.6) that ends a transaction whose rows are not as they were seen.
# Guess: `wait-until port p1 tag=10 -- set port p1 tag=20` changes the port only while its
# tag is 10.
# Seen: what is sent holds the update alone. The client looks at its own copy of the
# database, and whoever changes the tag between that look and the transaction is
# overwritten. `get port p1 tag`, which is there to print, has a `wait` with what it
# printed sent along.
# So: a change that rests on what was read takes `get` into its call, for each column.
#
# Needs Debian's apt (its package index fetched), nothing else; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

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
vsctl add-br br0 -- add-port br0 p1

# The operations that a call sends, each with its columns.
sent() {
  local what=$1; shift
  vsctl set port p1 tag=10
  rm -f wire.log
  vsctl --log-file=wire.log -vjsonrpc:file:dbg "$@" > /dev/null
  grep -o 'method="transact", params=.*' wire.log | grep -o '"op":"[a-z]*"' | grep -v comment | sort | paste -sd' ' |
    sed "s/^/$what: /; s/\"op\"://g"
}
{
  sent "wait-until, set" wait-until port p1 tag=10 -- set port p1 tag=20
  sent "get, set" get port p1 tag -- set port p1 tag=20
  sent "set" set port p1 tag=20
} > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
wait-until, set: "update"
get, set: "update" "wait"
set: "update"
SEEN
echo "seen: the server is not told what wait-until waited for"
