#!/bin/bash
# pygnmi 0.8.15 and aiognmi 0.1.1, gNMI clients: what they make of the scalar values that a
# target answers with in encoding PROTO, of which each leaf is an update of its own. gNMI
# specification, section 2.2.3: one field of TypedValue for each kind, all unsigned
# numbers in uint_val, a leaf-list in leaflist_val, bytes in bytes_val. Guess: each comes
# out as the value it is, or as an error.
# Seen: aiognmi tells None for every unsigned number, so for every MTU, VLAN and counter,
# and for a float; `failed` is False. pygnmi's get() leaves the member `val` away for a
# leaf-list, for bytes and for a double. Its subscription loses a notification with a
# leaf-list or bytes in it as a whole, the other leaves too: the answer is None, and the
# log has a line that does not say which.
# So: ask both for json_ietf, and take a value that is None or not there for unknown.
#
# Needs Python 3.11 with venv and pip's index, nothing else; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

python3 -m venv one
one/bin/pip install -q --disable-pip-version-check pygnmi==0.8.15 grpcio==1.85.3 protobuf==7.36.2 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }
python3 -m venv two
two/bin/pip install -q --disable-pip-version-check aiognmi==0.1.1 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }

cat > server.py <<'PY'
"""A gNMI target that answers a Get with a leaf of each kind, and streams three changes after its sync."""
from concurrent.futures import ThreadPoolExecutor

import grpc
from pygnmi.spec.v080 import gnmi_pb2 as gnmi
from pygnmi.spec.v080 import gnmi_pb2_grpc

LEAVES = {
    "string": gnmi.TypedValue(string_val="leaf1"),
    "int": gnmi.TypedValue(int_val=-5),
    "uint": gnmi.TypedValue(uint_val=9000),
    "bool": gnmi.TypedValue(bool_val=True),
    "bytes": gnmi.TypedValue(bytes_val=bytes([1, 2, 3, 4])),
    "float": gnmi.TypedValue(float_val=1.5),
    "double": gnmi.TypedValue(double_val=1.5),
    "leaf-list": gnmi.TypedValue(leaflist_val=gnmi.ScalarArray(element=[gnmi.TypedValue(uint_val=10), gnmi.TypedValue(uint_val=20)])),
    "json_ietf": gnmi.TypedValue(json_ietf_val=b'[10, 20]'),
}


def notification(*names):
    updates = [gnmi.Update(path=gnmi.Path(elem=[gnmi.PathElem(name=name)]), val=LEAVES[name]) for name in names]
    return gnmi.Notification(timestamp=1, update=updates)


class Target(gnmi_pb2_grpc.gNMIServicer):
    def Capabilities(self, request, context):
        return gnmi.CapabilityResponse(supported_encodings=[gnmi.PROTO, gnmi.JSON_IETF], gNMI_version="0.8.0")

    def Get(self, request, context):
        return gnmi.GetResponse(notification=[notification(*LEAVES)])

    def Subscribe(self, requests, context):
        next(requests)
        yield gnmi.SubscribeResponse(sync_response=True)
        for names in (("uint",), ("bytes",), ("uint", "leaf-list")):
            yield gnmi.SubscribeResponse(update=notification(*names))
        for _ in requests:
            pass


server = grpc.server(ThreadPoolExecutor(4))
gnmi_pb2_grpc.add_gNMIServicer_to_server(Target(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
with open("port.txt", "w") as file:
    print(port, file=file)
server.wait_for_termination()
PY
one/bin/python server.py &
server=$!
until [ -s port.txt ]; do kill -0 "$server"; sleep 0.1; done

cat > one.py <<'PY'
from pygnmi.client import gNMIclient

port = int(open("port.txt").read())
with gNMIclient(target=("127.0.0.1", port), username="u", password="p", insecure=True) as client:
    [notification] = client.get(path=["/"], encoding="proto")["notification"]
    for update in notification["update"]:
        print(f"pygnmi get, {update['path']}: {update.get('val', 'no val')}")
    stream = client.subscribe2({"subscription": [{"path": "/", "mode": "on_change"}], "mode": "stream", "encoding": "proto"})
    stream.next()
    for names in ("uint", "bytes", "uint and leaf-list"):
        told = stream.next()
        print(f"pygnmi subscribe, {names}: {told and [update.get('val') for update in told['update']['update']]}")
    stream.close()
PY
cat > two.py <<'PY'
import asyncio

from aiognmi import AsyncgNMIClient


async def main():
    port = int(open("port.txt").read())
    async with AsyncgNMIClient(host="127.0.0.1", port=port, username="u", password="p", insecure=True) as client:
        response = await client.get(paths=["/"], encoding="proto")
    print(f"aiognmi get, failed is {response.failed}")
    for update in response.result["notifications"][0]["updates"]:
        value = update["val"]
        print(f"aiognmi get, {update['path']}: {value if not hasattr(value, 'element') else [one.uint_val for one in value.element]}")


asyncio.run(main())
PY
{ one/bin/python one.py && two/bin/python two.py; } > seen.txt 2> log.txt || { cat log.txt >&2; exit 1; }
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
pygnmi get, string: leaf1
pygnmi get, int: -5
pygnmi get, uint: 9000
pygnmi get, bool: True
pygnmi get, bytes: no val
pygnmi get, float: 1.5
pygnmi get, double: no val
pygnmi get, leaf-list: no val
pygnmi get, json_ietf: [10, 20]
pygnmi subscribe, uint: [9000]
Parsing of telemetry information is failed.
pygnmi subscribe, bytes: None
Parsing of telemetry information is failed.
pygnmi subscribe, uint and leaf-list: None
aiognmi get, failed is False
aiognmi get, string: leaf1
aiognmi get, int: -5
aiognmi get, uint: None
aiognmi get, bool: True
aiognmi get, bytes: b'\x01\x02\x03\x04'
aiognmi get, float: None
aiognmi get, double: 1.5
aiognmi get, leaf-list: [10, 20]
aiognmi get, json_ietf: [10, 20]
SEEN
echo "seen: of the scalar values some come out as nothing"
