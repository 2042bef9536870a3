"""Looks at a switch again and again with ncclient, over a session it keeps:
eye.py SWITCH.JSON; one line of JSON for each line of input. A session that the
switch has ended since the last look, as one that was killed does, is opened anew."""

import json
import logging
import pathlib
import sys

from ncclient.transport.errors import TransportError

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "peers"))
import ncclient_check

logging.disable(logging.CRITICAL)
session = ncclient_check.connect(sys.argv[1])
for line in sys.stdin:
    source = json.loads(line)
    try:
        data = session.get_config(source=source)
    except TransportError:
        session = ncclient_check.connect(sys.argv[1])
        data = session.get_config(source=source)
    ncclient_check.show(ncclient_check.state(data.data_ele))
