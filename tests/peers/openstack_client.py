"""Calls Mercury with its Python package (adapters/openstack).

    openstack_client.py URL [--ca FILE] [--timeout SECONDS] [--retry-for SECONDS]
                        [--basic NAME | --digest NAME | --cert FILE --key FILE | --token TOKEN | --keystone URL]

The password comes in MERCURY_PASSWORD. One JSON object per line on standard input, one per
line on standard output; `method` is one of the client's. Nobody waits: `waited` tells for how
long it would have been.

    {"method": "attach_port", "args": [...], "more": {...}}
    {"result": ..., "waited": [...]}   or   {"error": {"class": ..., "message": ..., "kind": ..., "code": ...,
     "data": ..., "status": ..., "settled": ...}, "waited": [...]}

After an error without an answer `settled` is what `Client.settle` says. {"told": true} is
answered with all that was logged, and with how the client and its way to log in are shown.
{"make": URL, "way": "basic", "more": {...}} makes another client, or with "keystone" what gets
tokens from there, and calls nobody.
"""

import argparse
import io
import json
import logging
import os
import sys
import traceback

import mercury_openstack as mercury


def main():
    options = parse_options()
    log = io.StringIO()
    logging.basicConfig(level=logging.DEBUG, stream=log)
    waited = []
    client = mercury.Client(options.url, way(options), verify=options.ca or True, timeout=options.timeout,
                            retry_for=options.retry_for, sleep=waited.append,
                            context={"request_id": "req-python", "user": "somebody"})
    for line in sys.stdin:
        command = json.loads(line)
        if "told" in command:
            shown = {"told": f"{log.getvalue()}{client!r} {way(options)!r} {vars(client)!r}"}
        elif "make" in command:
            shown = made(command["make"], command["way"], command.get("more", {}))
        else:
            waited.clear()
            shown = {**answer(client, command), "waited": waited}
        print(json.dumps(shown), flush=True)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--ca")
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--retry-for", type=float, default=60)
    for name in ("basic", "digest", "cert", "key", "token", "keystone"):
        parser.add_argument(f"--{name}")
    return parser.parse_args()


def way(options):
    password = os.environ.get("MERCURY_PASSWORD", "")
    if options.basic:
        return mercury.Basic(options.basic, password)
    if options.digest:
        return mercury.Digest(options.digest, password)
    if options.cert:
        return mercury.Certificate(options.cert, options.key)
    if options.token:
        return mercury.Token(options.token)
    if options.keystone:
        return mercury.Token(mercury.KeystonePassword(options.keystone, "ironic", password, "service"))
    return None


def made(url, name, more):
    password = os.environ["MERCURY_PASSWORD"]
    try:
        if name == "keystone":
            mercury.KeystonePassword(url, "ironic", password, "service", **more)
        else:
            ways = {"basic": mercury.Basic("ironic", password), "digest": mercury.Digest("ironic", password),
                    "token": mercury.Token(password)}
            mercury.Client(url, ways[name], **more)
        return {"result": None}
    except ValueError as error:
        return {"error": {"class": "ValueError", "message": str(error)}}


def answer(client, command):
    try:
        return {"result": getattr(client, command["method"])(*command.get("args", ()), **command.get("more", {}))}
    except mercury.MercuryError as error:
        logging.info("%s", traceback.format_exc())
        shown = {name: getattr(error, name, None) for name in ("kind", "code", "data", "status")}
        shown.update({"class": type(error).__name__, "message": str(error)})
        if isinstance(error, mercury.NoAnswer):
            shown["settled"] = settled(client, error)
        return {"error": shown}


def settled(client, error):
    try:
        return client.settle(error)
    except mercury.MercuryError as other:
        return type(other).__name__


if __name__ == "__main__":
    main()
