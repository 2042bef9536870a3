"""Calls Mercury with the client that Ironic itself uses, unmodified:
ironic.networking.rpcapi.NetworkingAPI over JSON-RPC, or with the network interface
of a node that uses it, ironic.drivers.modules.network.ironic_networking.

    ironic_client.py --port PORT [--host HOST] [--auth noauth|http_basic]
                     [--username NAME] [--password WORD] [--timeout SECONDS]
                     [--tls [--cafile FILE]]

One JSON object per line on standard input, one per line on standard output:

    {"method": "update_port", "args": {"switch_id": ...}, "context": {"user": ...}}
    {"driver": "unconfigure_tenant_networks", "ports": [{"uuid": ..., "extra": {...},
     "local_link_connection": {...}}], "driver_info": {"idle_network": ...}}
    {"result": ...}   or   {"error": {"class": ..., "message": ..., "code": ...}}

The context is optional; without one the call is an administrator's. The class of
an error is the full name of the exception that Ironic's code would see. Needs
neither a message bus nor a database. The password may also come in MERCURY_PASSWORD.
"""

import argparse
import json
import logging
import os
import sys
import tempfile
import types
import warnings

warnings.simplefilter("ignore")     # Ironic's libraries deprecate each other on import

from ironic.common import context as ironic_context
from ironic.conf import CONF
from ironic.drivers.modules.network import ironic_networking
from ironic.networking import rpcapi

METHODS = ("update_port", "reset_port", "update_lag", "delete_lag", "get_switches")


def main():
    options = parse_options()
    logging.disable(logging.CRITICAL)       # standard output and error are the tests'
    configure(options)
    api = rpcapi.NetworkingAPI()
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(answer(api, json.loads(line))), flush=True)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--auth", choices=("noauth", "http_basic"), default="noauth")
    parser.add_argument("--username", default="")
    parser.add_argument("--password", default=os.environ.get("MERCURY_PASSWORD", ""))
    parser.add_argument("--timeout", type=int, default=120, help="seconds; Ironic's default is 120")
    parser.add_argument("--tls", action="store_true", help="Ironic's client_use_ssl")
    parser.add_argument("--cafile", help="who has signed the service's certificate")
    return parser.parse_args()


def configure(options):
    """Settings go in by file, as an operator writes them."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(
            "[DEFAULT]\n"
            "rpc_transport = json-rpc\n"
            "[ironic_networking]\n"
            "rpc_transport = json-rpc\n"
            "[ironic_networking_json_rpc]\n"
            f"host_ip = {options.host}\n"
            f"port = {options.port}\n"
            f"auth_strategy = {options.auth}\n"
            f"timeout = {options.timeout}\n")
        if options.tls:
            file.write("client_use_ssl = true\n")
        if options.cafile:
            file.write(f"cafile = {options.cafile}\n")
        if options.auth == "http_basic":
            # A dollar sign would start a substitution.
            word = options.password.replace("$", "$$")
            file.write(f"username = {options.username}\npassword = {word}\n")
        file.flush()
        CONF([], project="ironic", default_config_files=[file.name])


def answer(api, command):
    method = command.get("method")
    if "driver" not in command and method not in METHODS:
        return {"error": {"class": "ValueError", "message": f"no such method: {method}", "code": None}}
    try:
        context = request_context(command.get("context"))
        if "driver" in command:
            return {"result": drive(context, command)}
        return {"result": getattr(api, method)(context, **command.get("args", {}))}
    except Exception as error:      # whatever Ironic would see
        kind = type(error)
        return {"error": {"class": f"{kind.__module__}.{kind.__qualname__}",
                          "message": str(error),
                          "code": getattr(error, "code", getattr(error, "http_status", None))}}


def drive(context, command):
    """A conductor's task has much more; the driver looks at no more than this."""
    task = types.SimpleNamespace(
        context=context,
        node=types.SimpleNamespace(uuid="node", driver_info=command.get("driver_info", {})),
        ports=[types.SimpleNamespace(**port) for port in command["ports"]],
        portgroups=[])
    return getattr(ironic_networking.IronicNetworking(), command["driver"])(task)


def request_context(values):
    if values is None:
        return ironic_context.get_admin_context()
    return ironic_context.RequestContext.from_dict(values)


if __name__ == "__main__":
    main()
