"""What Open vSwitch's own Python client sees of ports: the path of a socket, then names.

Prints one JSON object, of each port its mode, tag, trunks and Mercury's mark.
"""

import json
import sys

import ovs.db.idl
import ovs.poller

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
COLUMNS = ["name", "vlan_mode", "tag", "trunks", "external_ids"]


def seen(socket):
    """The replica of the table Port, once it is whole."""
    helper = ovs.db.idl.SchemaHelper(SCHEMA)
    helper.register_columns("Port", COLUMNS)
    idl = ovs.db.idl.Idl(f"unix:{socket}", helper)
    sequence = idl.change_seqno
    while idl.change_seqno == sequence:
        idl.run()
        if idl.change_seqno != sequence:
            break
        poller = ovs.poller.Poller()
        idl.wait(poller)
        poller.block()
    rows = {row.name: row for row in idl.tables["Port"].rows.values()}
    idl.close()
    return rows


def shown(row):
    first = lambda column: next(iter(column), None)
    return {"mode": first(row.vlan_mode), "tag": first(row.tag), "trunks": sorted(row.trunks),
            "mark": row.external_ids.get("mercury")}


rows = seen(sys.argv[1])
print(json.dumps({name: shown(rows[name]) for name in sys.argv[2:]}))
