"""The measuring that ./bench_ovsdb is about.

One Open vSwitch in user space, as tests/e2e has it. Both ways wait until ovs-vswitchd has
applied a move, and each move is looked at with ovs-vsctl outside of its time, so that
nobody is fast by doing nothing. Mercury reads first and reads back, in its time.
"""

import statistics
import sys
import tempfile
import time

from open_vswitch import Bridge, Mercury, entry

PROGRAM, MOVES = sys.argv[1], int(sys.argv[2])
VLANS = (100, 200)


def measured(bridge, move):
    times = []
    for number in range(MOVES + 1):
        vlan = VLANS[number % 2]
        begun = time.perf_counter()
        move(vlan)
        # The first one connects.
        times += [time.perf_counter() - begun] if number else []
        if (shown := bridge.vsctl("get", "port", "p1", "tag")) != str(vlan):
            sys.exit(f"the port is on {shown}, not on {vlan}")
    return statistics.median(times) * 1000


with tempfile.TemporaryDirectory() as folder:
    bridge = Bridge(folder, "p1")
    mercury = Mercury(PROGRAM, folder, entry(bridge, "leaf1"))
    try:
        ours = measured(bridge, lambda vlan: mercury.change("update_port", {
            "switch_id": "leaf1", "port_name": "p1", "mode": "access", "native_vlan": vlan}))
        bridge.vsctl("set", "port", "p1", "tag=1")
        theirs = measured(bridge, lambda vlan: bridge.ssh(
            f"ovs-vsctl --timeout=10 set port p1 vlan_mode=access tag={vlan} trunks=[]"))
    finally:
        mercury.process.kill()
        bridge.end()
print("| way | median of a move |\n|---|---|")
print(f"| Mercury, `protocol = \"ovsdb\"` | {ours:.1f} ms |")
print(f"| `ovs-vsctl` over SSH | {theirs:.0f} ms |")
print(f"\n{theirs / ours:.0f} times")
