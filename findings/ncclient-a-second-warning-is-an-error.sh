#!/bin/bash
# ncclient 0.7.1 and netconf_client 3.6.0: an edit that the switch made and answered
# with warnings. RFC 6241 section 4.3: error-severity is `error` or `warning`, and there
# may be several. Guess: the exception's severity says which it was.
# Seen, as each client comes: with one warning ncclient raises RPCError of severity
# `warning`; with two it is `error`, though each of the two in its errlist still says
# `warning`. With errors_params' RaiseMode.ERRORS neither raises, and `ok` is False.
# netconf_client raises for a warning too, and its severity is always `error`.
# So: an exception is no proof that nothing was changed. Look at each rpc-error of the
# reply, and at what is in the datastore.
#
# Needs Python 3.11 with venv and pip's index, nothing else; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check ncclient==0.7.1 netconf-client==3.6.0 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }

cat > probe.py <<'PY'
"""A server on a socket answers an edit with rpc-errors of such severities; how each client tells it."""
import socket
import threading

from lxml import etree
from ncclient import manager
from ncclient.operations import RaiseMode, RPCError
from netconf_client.error import RpcError
from netconf_client.ncclient import Manager
from netconf_client.session import Session

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
END = b"]]>]]>"
EDIT = f"<config xmlns='{BASE}'/>"


def error(severity):
    return (
        "<rpc-error><error-type>application</error-type><error-tag>operation-failed</error-tag>"
        f"<error-severity>{severity}</error-severity><error-message>MTU is above the line card's</error-message></rpc-error>"
    )


def serve(stream, severities):
    """Answers the edit so, and everything else <ok/>, framed as base:1.0 has it."""
    capability = "<capability>urn:ietf:params:netconf:base:1.0</capability>"
    hello = f"<hello xmlns='{BASE}'><capabilities>{capability}</capabilities><session-id>1</session-id></hello>"
    stream.sendall(hello.encode() + END)
    held = b""
    while data := stream.recv(65536):
        held += data
        while END in held:
            message, _, held = held.partition(END)
            root = etree.fromstring(message)
            number = root.get("message-id")
            if number:
                body = "".join(map(error, severities)) if b"edit-config" in message else "<ok/>"
                stream.sendall(f"<rpc-reply xmlns='{BASE}' message-id='{number}'>{body}</rpc-reply>".encode() + END)


def ncclient(name, severities, mode):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(name)
    listener.listen()
    threading.Thread(target=lambda: serve(listener.accept()[0], severities), daemon=True).start()
    with manager.connect_uds(path=name, errors_params={"raise_mode": mode}) as client:
        try:
            return f"no exception, ok is {client.edit_config(target='running', config=EDIT).ok}"
        except RPCError as raised:
            each = [one.severity for one in raised.errlist or []]
            return f"RPCError {raised.severity}" + (f" of {each}" if each else "")


def netconf_client(severities):
    ours, theirs = socket.socketpair()
    threading.Thread(target=serve, args=(theirs, severities), daemon=True).start()
    with Manager(Session(ours), timeout=30) as client:
        try:
            client.edit_config(config=EDIT, target="running")
            return "no exception"
        except RpcError as raised:
            return f"RpcError {raised.severity}"


for number, severities in enumerate([["warning"], ["warning", "warning"], ["error"]]):
    print(f"{severities}")
    print(f"  ncclient: {ncclient(f'all{number}.sock', severities, RaiseMode.ALL)}")
    print(f"  ncclient, RaiseMode.ERRORS: {ncclient(f'errors{number}.sock', severities, RaiseMode.ERRORS)}")
    print(f"  netconf_client: {netconf_client(severities)}")
PY
PYTHONWARNINGS=ignore venv/bin/python probe.py > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
['warning']
  ncclient: RPCError warning
  ncclient, RaiseMode.ERRORS: no exception, ok is False
  netconf_client: RpcError error
['warning', 'warning']
  ncclient: RPCError error of ['warning', 'warning']
  ncclient, RaiseMode.ERRORS: no exception, ok is False
  netconf_client: RpcError error
['error']
  ncclient: RPCError error
  ncclient, RaiseMode.ERRORS: RPCError error
  netconf_client: RpcError error
SEEN
echo "seen: what was made with warnings is told as an error"
