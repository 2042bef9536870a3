"""Looks at a switch again and again with ncclient, over one session:
eye.py SWITCH.JSON; one line of JSON for each line of input."""

import json
import logging
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "peers"))
import ncclient_check

logging.disable(logging.CRITICAL)
with ncclient_check.connect(sys.argv[1]) as session:
    for line in sys.stdin:
        source = json.loads(line)
        ncclient_check.show(ncclient_check.state(session.get_config(source=source).data_ele))
