#!/bin/bash
# scrapli-netconf 2026.1.12 (with scrapli 2025.1.30): the reply to a refused edit, as
# `failed` tells it. XML leaves the prefix to the server, and RFC 6242 section 4.2 lets it
# cut a message into chunks anywhere; Junos with `rfc-compliant` writes nc:rpc-error.
# Guess: an <rpc-error> is found by its name and namespace.
# Seen: four byte strings are looked for in the reply as it came, <rpc-error>,
# </rpc-error> and their plural. With a prefix none is there: `failed` is False, there
# is no message, raise_for_status() is silent, and the refused edit counts as made. So
# too where chunks end within both tags, though the result beside it is put together
# rightly and shows the error. ncclient 0.7.1 reads every one of them as an error.
# So: look for rpc-error in the parsed reply, whatever `failed` says.
#
# Needs Python 3.11 with venv and pip's index, nothing else; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check scrapli-netconf==2026.1.12 scrapli==2025.1.30 ncclient==0.7.1 \
  > pip.log 2>&1 || { cat pip.log >&2; exit 1; }

cat > probe.py <<'PY'
"""Five spellings of two replies, and what each client makes of them."""
from lxml import etree
from ncclient.operations.rpc import RPCReply
from scrapli.exceptions import ScrapliCommandFailure
from scrapli_netconf.constants import NetconfVersion
from scrapli_netconf.response import NetconfResponse

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
ERROR = (
    "<{p}rpc-error><{p}error-type>application</{p}error-type><{p}error-tag>operation-failed</{p}error-tag>"
    "<{p}error-severity>error</{p}error-severity><{p}error-message>no such VLAN</{p}error-message></{p}rpc-error>"
)


def reply(prefix, body):
    p = f"{prefix}:" if prefix else ""
    declared = f"xmlns:{prefix}" if prefix else "xmlns"
    return f"<{p}rpc-reply {declared}='{BASE}' message-id='101'>{body.format(p=p)}</{p}rpc-reply>"


def whole(message):
    return f"{message}]]>]]>", NetconfVersion.VERSION_1_0


def chunked(message, size):
    chunks = [message[at:at + size] for at in range(0, len(message), size)]
    return "".join(f"\n#{len(chunk)}\n{chunk}" for chunk in chunks) + "\n##\n", NetconfVersion.VERSION_1_1


def scrapli(framed, version):
    response = NetconfResponse(netconf_version=version, xml_input=etree.fromstring("<edit-config/>"), host="leaf1", channel_input="")
    response.record_response(framed.encode())
    try:
        response.raise_for_status()
        raised = "raises nothing"
    except ScrapliCommandFailure:
        raised = "raises"
    shown = "error shown" if "rpc-error" in response.result else "no error shown"
    return f"failed={response.failed} {response.error_messages} {raised}, {shown}"


def ncclient(message):
    parsed = RPCReply(message)
    parsed.parse()
    return "ok" if parsed.ok else "error"


for name, message, framed in [
    ("<ok/>", reply("", "<{p}ok/>"), whole),
    ("<rpc-error>", reply("", ERROR), whole),
    ("<nc:rpc-error>", reply("nc", ERROR), whole),
    ("<nc:rpc-error> in a chunk", reply("nc", ERROR), lambda message: chunked(message, 1000)),
    ("<rpc-error> in chunks of 8", reply("", ERROR), lambda message: chunked(message, 8)),
]:
    print(f"{name}: {scrapli(*framed(message))}; ncclient: {ncclient(message)}")
PY
venv/bin/python probe.py > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
<ok/>: failed=False [] raises nothing, no error shown; ncclient: ok
<rpc-error>: failed=True ['no such VLAN'] raises, error shown; ncclient: error
<nc:rpc-error>: failed=False [] raises nothing, error shown; ncclient: error
<nc:rpc-error> in a chunk: failed=False [] raises nothing, error shown; ncclient: error
<rpc-error> in chunks of 8: failed=False [] raises nothing, error shown; ncclient: error
SEEN
echo "seen: a refused edit counts as made where the error has a prefix or is cut into chunks"
