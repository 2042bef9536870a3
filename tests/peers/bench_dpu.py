"""The measuring that ./bench_dpu is about.

Two Open vSwitches in user space, each with daemons of its own: a switch, and the card on its
port `eth7`. A move is an attach to another VLAN: the switch's port carries it before the
card's end has it. Every way waits until ovs-vswitchd has applied each part, and both sides
are looked at with ovs-vsctl outside of its time, so that nobody is fast by doing nothing.
Mercury reads both sides first and reads them back, in its time; `ovs-vsctl` over SSH does
neither, and takes no VLAN off the switch's port but by saying the new one in its place.
"""

import os
import statistics
import sys
import tempfile
import time

from open_vswitch import Bridge, Mercury, entry

PROGRAM, MOVES = sys.argv[1], int(sys.argv[2])
VLANS = (100, 200)
CARD = """[switch.card]
hosts = ["node7.example.org"]
uplinks = [{ port = "p0", switch = "leaf1", switch_port = "eth7" }]
representors = [{ port = "pf0hpf" }]
"""


def attach(vlan):
    link = {"hostname": "node7.example.org", "port_id": "pf0hpf"}
    port = {"id": "7a1c", "binding:vnic_type": "smart-nic", "binding:profile": {"local_link_information": [link]}}
    return {"port": port, "network": vlan}


def typed(switch, card, vlan, *options):
    switch.ssh(f"ovs-vsctl --timeout=10 set port eth7 vlan_mode=trunk trunks={vlan}", *options)
    card.ssh(f"ovs-vsctl --timeout=10 set port pf0hpf vlan_mode=access tag={vlan} trunks=[]", *options)


def measured(switch, card, move):
    times = []
    for number in range(MOVES + 1):
        vlan = VLANS[number % 2]
        begun = time.perf_counter()
        move(vlan)
        # The first one connects.
        times += [time.perf_counter() - begun] if number else []
        shown = [card.vsctl("get", "port", "pf0hpf", "vlan_mode", "tag").split(),
                 switch.vsctl("get", "port", "eth7", "vlan_mode", "trunks").split()]
        if shown != [["access", str(vlan)], ["trunk", f"[{vlan}]"]]:
            sys.exit(f"after a move to {vlan}: {shown}")
    return statistics.median(times) * 1000


def idle(switch, card):
    """As in the beginning: nothing is carried, and others' ports are."""
    switch.vsctl("set", "port", "eth7", "vlan_mode=trunk", "trunks=4095")
    card.vsctl("clear", "port", "pf0hpf", "tag", "--", "set", "port", "pf0hpf", "vlan_mode=trunk", "trunks=4095")


with tempfile.TemporaryDirectory() as folder:
    bridges = []
    try:
        for name, ports in (("leaf1", ("eth1", "eth7")), ("dpu7", ("p0", "pf0hpf", "pf0vf0"))):
            at = os.path.join(folder, name)
            os.mkdir(at)
            bridges.append(Bridge(at, *ports))
        leaf, dpu = bridges
        leaf.vsctl("set", "port", "eth1", "tag=7", "external_ids:theirs=kept")
        dpu.vsctl("set", "port", "pf0vf0", "tag=8")
        idle(leaf, dpu)
        mercury = Mercury(PROGRAM, folder, entry(leaf, "leaf1"), entry(dpu, "dpu7", CARD))
        try:
            flights = set()

            def ours(vlan):
                answer = mercury.change("attach_port", attach(vlan))
                flights.add(tuple((one["switch"], one["flights"]) for one in answer["switches"]))

            mercurys = measured(leaf, dpu, ours)
        finally:
            mercury.process.kill()
        idle(leaf, dpu)
        theirs = measured(leaf, dpu, lambda vlan: typed(leaf, dpu, vlan))
        idle(leaf, dpu)
        kept = ("-o", "ControlMaster=auto", "-o", f"ControlPath={folder}/%p", "-o", "ControlPersist=5")
        reused = measured(leaf, dpu, lambda vlan: typed(leaf, dpu, vlan, *kept))
        others = [leaf.vsctl("get", "port", "eth1", "tag"), dpu.vsctl("get", "port", "pf0vf0", "tag")]
        if others != ["7", "8"]:
            sys.exit(f"others' ports: {others}")
    finally:
        for bridge in bridges:
            bridge.end()
print("| way | median of a move |\n|---|---|")
print(f"| Mercury, switch and card in one transaction | {mercurys:.1f} ms |")
print(f"| `ovs-vsctl` over SSH, one side after the other | {theirs:.0f} ms |")
print(f"| the same, connections kept (ControlMaster) | {reused:.0f} ms |")
print(f"\n{theirs / mercurys:.0f} times, {reused / mercurys:.0f} times; round trips of Mercury: {sorted(flights)}")
