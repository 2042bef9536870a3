#!/usr/bin/env python3
"""The lines that networking-generic-switch types for what is asked of a port.

    generic_switch.py < asked

`asked` is a JSON object: of each `device_type` the port's name and a list of requests,
each {"name", "method", "arguments", "options"}: a method of the package's devices, what
it is called with, and the entry's `ngs_` options; `PORT` is the port. Prints a JSON
object: `types`, all that the package has over netmiko, and `lines`, of each type that was
asked of each request the lines in their order, or {"error"}. The package's own code does
all of it; netmiko's connection alone is one that writes down what is typed and answers
nothing. Types that netmiko does not know are let in all the same, to see their lines.
"""

import json
import sys
from importlib import metadata

import netmiko
from oslo_config import cfg

from networking_generic_switch import devices

CONFIG = {"ip": "192.0.2.1", "username": "nobody", "password": "nothing"}


class Written:
    """A connection that writes down what is typed."""

    def __init__(self):
        self.lines = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def enable(self):
        return ""

    def config_mode(self, *_args, **_named):
        return ""

    def exit_config_mode(self, *_args, **_named):
        return ""

    def send_config_set(self, config_commands=(), **_named):
        self.lines += [config_commands] if isinstance(config_commands, str) else config_commands
        return ""

    def send_command(self, command, *_args, **_named):
        self.lines.append(command)
        return ""

    send_command_timing = send_command

    def save_config(self, *_args, **_named):
        raise NotImplementedError

    def commit(self, *_args, **_named):
        return "commit complete"

    def is_alive(self):
        return True

    def disconnect(self):
        pass


def lines(kind, port, request):
    connection = Written()
    netmiko.ConnectHandler = lambda **_config: connection
    options = {name: value.replace("PORT", port) for name, value in request["options"].items()}
    device = devices.device_manager({"device_type": kind, **CONFIG, **options}, kind)
    arguments = [port if one == "PORT" else one for one in request["arguments"]]
    getattr(device, request["method"])(*arguments)
    return connection.lines


def answer(kind, port, request):
    try:
        return lines(kind, port, request)
    except Exception as error:  # Whatever it is, that is what the package does.
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    cfg.CONF([], project="generic-switch")
    asked = json.load(sys.stdin)
    netmiko.platforms = [*netmiko.platforms, *(kind.removeprefix("netmiko_") for kind in asked)]
    group = metadata.entry_points(group="generic_switch.devices")
    print(json.dumps({
        "types": sorted(one.name for one in group if one.name.startswith("netmiko_")),
        "lines": {kind: {request["name"]: answer(kind, own["port"], request) for request in own["requests"]}
                  for kind, own in asked.items()}}))


if __name__ == "__main__":
    main()
