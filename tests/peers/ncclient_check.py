"""Looks at a switch with ncclient, which knows nothing of Mercury.

    ncclient_check.py SWITCH [--source running|candidate|startup]
    ncclient_check.py SWITCH --locks
    ncclient_check.py SWITCH --lock-hold [--target candidate|running]
    ncclient_check.py SWITCH --dirty-candidate
    ncclient_check.py SWITCH --guard-root PORT

SWITCH is the file switch.json that tests/peers/netconfd wrote. Each prints one
line of JSON:

(nothing)          {"interfaces": {name: {...}}, "vlans": {number: name}, "lacp": {name: {...}},
                    "stp": {name: {...}}}
--locks            {"candidate": null or {"tag": ..., "holder": session}, "running": ...}:
                   what a <lock> is answered, with the lock given back at once
--lock-hold        {"locked": target, "session": own number}; the lock is held until
                   the end of standard input
--dirty-candidate  {"session": own number}: an edit of Ethernet16 that nobody commits
--guard-root       {"session": own number}: a root guard in the port's spanning tree entry
"""

import argparse
import json
import logging
import sys
import time

from lxml import etree
from ncclient import manager
from ncclient.operations import RPCError

NS = {
    "nc": "urn:ietf:params:xml:ns:netconf:base:1.0",
    "if": "http://openconfig.net/yang/interfaces",
    "eth": "http://openconfig.net/yang/interfaces/ethernet",
    "lag": "http://openconfig.net/yang/interfaces/aggregate",
    "vlan": "http://openconfig.net/yang/vlan",
    "lacp": "http://openconfig.net/yang/lacp",
    "stp": "http://openconfig.net/yang/spanning-tree",
    "ni": "http://openconfig.net/yang/network-instance",
}


def main():
    options = parse_options()
    logging.disable(logging.CRITICAL)
    with connect(options.switch) as session:
        if options.locks:
            show({name: lock_state(session, name) for name in stores(session)})
        elif options.lock_hold:
            target = options.target or stores(session)[0]
            session.lock(target)
            show({"locked": target, "session": int(session.session_id)})
            sys.stdin.read()
        elif options.dirty_candidate:
            session.edit_config(target="candidate", config=DIRT)
            show({"session": int(session.session_id)})
        elif options.guard_root:
            lock_all(session)
            target = stores(session)[0]
            session.edit_config(target=target, config=GUARD.format(port=options.guard_root))
            if target == "candidate":
                session.commit()
            unlock(session, stores(session))
            show({"session": int(session.session_id)})
        else:
            show(state(session.get_config(source=options.source).data_ele))


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("switch")
    parser.add_argument("--source", default="running", choices=("running", "candidate", "startup"))
    parser.add_argument("--target", choices=("running", "candidate"))
    parser.add_argument("--locks", action="store_true")
    parser.add_argument("--lock-hold", action="store_true")
    parser.add_argument("--dirty-candidate", action="store_true")
    parser.add_argument("--guard-root", metavar="PORT")
    return parser.parse_args()


def connect(path):
    with open(path, encoding="utf-8") as file:
        switch = json.load(file)
    return manager.connect(
        host=switch["host"], port=switch["port"], username=switch["username"],
        key_filename=switch["key"], hostkey_verify=False, look_for_keys=False,
        allow_agent=False, ssh_config=None, timeout=30)


def show(value):
    print(json.dumps(value), flush=True)


def stores(session):
    has_candidate = ":candidate" in session.server_capabilities
    return ("candidate", "running") if has_candidate else ("running",)


def lock_state(session, target):
    try:
        session.lock(target)
    except RPCError as error:
        holder = etree.fromstring(error.xml if isinstance(error.xml, bytes) else
                                  etree.tostring(error.xml)).find(".//nc:session-id", NS)
        return {"tag": error.tag, "holder": None if holder is None else int(holder.text)}
    session.unlock(target)
    return None


def lock_all(session):
    """Waits for others to give the locks back, at most 30 seconds."""
    end = time.monotonic() + 30
    while True:
        held = []
        try:
            for target in stores(session):
                session.lock(target)
                held.append(target)
            return
        except RPCError as error:
            unlock(session, held)
            if error.tag != "lock-denied" or time.monotonic() > end:
                raise
            time.sleep(0.02)


def unlock(session, targets):
    for target in reversed(targets):
        session.unlock(target)


def state(data):
    return {
        "interfaces": {text(i, "if:name"): interface(i)
                       for i in data.iterfind("if:interfaces/if:interface", NS)},
        "vlans": {text(v, "ni:vlan-id"): text(v, "ni:config/ni:name")
                  for v in data.iterfind(".//ni:vlans/ni:vlan", NS)},
        "lacp": {text(i, "lacp:name"): {local(e): e.text for e in i.iterfind("lacp:config/*", NS)}
                 for i in data.iterfind("lacp:lacp/lacp:interfaces/lacp:interface", NS)},
        "stp": {text(i, "stp:name"): {local(e): e.text for e in i.iterfind("stp:config/*", NS)}
                for i in data.iterfind("stp:stp/stp:interfaces/stp:interface", NS)},
    }


def interface(node):
    """Leaves that the switch does not have are null; enabled is true by default."""
    carried = node.find("lag:aggregation/vlan:switched-vlan/vlan:config", NS)
    if carried is None:
        carried = node.find("eth:ethernet/vlan:switched-vlan/vlan:config", NS)
    return {
        "type": text(node, "if:config/if:type"),
        "enabled": text(node, "if:config/if:enabled") != "false",
        "description": text(node, "if:config/if:description"),
        "mtu": number(node, "if:config/if:mtu"),
        "mode": text(carried, "vlan:interface-mode"),
        "access": number(carried, "vlan:access-vlan"),
        "native": number(carried, "vlan:native-vlan"),
        "trunk": [] if carried is None else
                 [e.text for e in carried.iterfind("vlan:trunk-vlans", NS)],
        "aggregate-id": text(node, "eth:ethernet/eth:config/lag:aggregate-id"),
        "lag-type": text(node, "lag:aggregation/lag:config/lag:lag-type"),
        "min-links": number(node, "lag:aggregation/lag:config/lag:min-links"),
    }


def text(node, path):
    return None if node is None else node.findtext(path, None, NS)


def number(node, path):
    found = text(node, path)
    return None if found is None else int(found)


def local(element):
    return etree.QName(element).localname


DIRT = f"""<config xmlns="{NS['nc']}"><interfaces xmlns="{NS['if']}"><interface>
<name>Ethernet16</name><config><description>somebody else was here</description></config>
</interface></interfaces></config>"""


GUARD = f"""<config xmlns="{NS['nc']}"><stp xmlns="{NS['stp']}"><interfaces><interface>
<name>{{port}}</name><config><name>{{port}}</name><guard>ROOT</guard></config>
</interface></interfaces></stp></config>"""


if __name__ == "__main__":
    main()
