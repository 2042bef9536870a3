#!/usr/bin/env python3
"""Command lines as fakenos imitates them: prompts, modes, and answers that others captured.

    fakenos_hosts.py PASSWORD PLATFORM...

Prints a JSON object with the port of each platform, on loopback, and serves until its
standard input ends. Whoever comes in has the name `mercury`. A port that somebody else took
between its choice and its use is chosen again.
"""

import json
import socket
import sys

from fakenos import FakeNOS


def free():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def started(platform, password):
    for _ in range(5):
        port = free()
        host = {"username": "mercury", "password": password, "port": port, "platform": platform}
        hosts = FakeNOS(inventory={"hosts": {"access-1": host}})
        try:
            hosts.start()
            return hosts, port
        except OSError:
            continue
    sys.exit(f"{platform}: no port")


def main(password, *platforms):
    running = {platform: started(platform, password) for platform in platforms}
    print(json.dumps({platform: port for platform, (_, port) in running.items()}), flush=True)
    sys.stdin.read()
    for hosts, _ in running.values():
        hosts.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
