#!/bin/bash
# ovs-vsctl 3.1.0 (Open vSwitch, Debian 12). Its manual: commands of one call are one
# transaction, and are carried out in order, each seeing what those before it have done;
# del-port removes a port, and a row that nothing refers to goes when all is done.
# Guess: an interface that is taken up again by another port in the same call, as one
# that joins a bond is, keeps what it had and has what the call sets of it.
# Seen: it keeps its UUID and what it had, and what the same call has set of it before
# del-port is dropped; the call says nothing and ends with 0. After del-port the interface
# cannot be named any more, though it is there in the end. Where the port is taken from the
# bridge by `remove bridge ... ports` in del-port's place, what was set is there.
# So: move an interface by its references alone, and leave del-port out of that call.
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

# Two ports, one of which has something of its own.
begin() {
  vsctl --if-exists del-br br0 -- add-br br0 -- add-port br0 p1 -- add-port br0 p2
  vsctl set interface p1 external_ids:owner=team
  before=$(vsctl get interface p1 _uuid)
}
told() {
  local kept=another
  [ "$(vsctl get interface p1 _uuid)" = "$before" ] && kept=the\ same
  echo "$1: ends with $2; ports: $(vsctl list-ports br0 | paste -sd' '); p1: $kept row," \
    "owner $(vsctl get interface p1 external_ids:owner), mtu_request $(vsctl get interface p1 mtu_request)"
}
interfaces=(-- --id=@i1 get interface p1 -- --id=@i2 get interface p2)
bond=(-- --id=@bond create port name=bond1 interfaces=@i1,@i2 -- add bridge br0 ports @bond)
mtu=(-- set interface p1 mtu_request=9000)
{
  begin
  end=0
  vsctl "${interfaces[@]}" "${mtu[@]}" -- del-port br0 p1 -- del-port br0 p2 "${bond[@]}" > /dev/null 2> said || end=$?
  told "set, del-port, taken up again" "$end, says \"$(cat said)\""
  begin
  end=0
  vsctl "${interfaces[@]}" -- del-port br0 p1 -- del-port br0 p2 "${bond[@]}" "${mtu[@]}" > /dev/null 2> said || end=$?
  told "del-port, taken up again, set" "$end, says \"$(cat said)\""
  begin
  end=0
  vsctl "${interfaces[@]}" -- --id=@o1 get port p1 -- --id=@o2 get port p2 "${mtu[@]}" \
    -- remove bridge br0 ports @o1,@o2 "${bond[@]}" > /dev/null 2> said || end=$?
  told "set, removed from the bridge, taken up again" "$end, says \"$(cat said)\""
} > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
set, del-port, taken up again: ends with 0, says ""; ports: bond1; p1: the same row, owner team, mtu_request []
del-port, taken up again, set: ends with 1, says "ovs-vsctl: no row "p1" in table Interface"; ports: p1 p2; p1: the same row, owner team, mtu_request []
set, removed from the bridge, taken up again: ends with 0, says ""; ports: bond1; p1: the same row, owner team, mtu_request 9000
SEEN
echo "seen: what a call sets of an interface is lost beside del-port"
