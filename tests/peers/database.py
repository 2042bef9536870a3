#!/usr/bin/env python3
"""A stand-in for sonic-utilities over a file, as `sudo -n config ...` and `sudo -n show
...` are called: it checks what the real ones check, answers with their exit status, and
does something else with one command when told to. It is no evidence of what a switch
does."""

import json
import os
import pathlib
import signal
import sys

HOME = os.environ["DATABASE_HOME"]


def at(name):
    return os.path.join(HOME, name)


def write(name, value):
    with open(at(name + ".new"), "w") as file:
        json.dump(value, file, sort_keys=True)
    os.rename(at(name + ".new"), at(name))


def fail(words):
    print("Usage: config [OPTIONS] COMMAND [ARGS]...\n", file=sys.stderr)
    sys.exit(f"Error: {words}")


def strike(fault):
    match fault:
        case "refuse":
            fail("the moon is full")
        case "hang":
            # Until nobody listens any more.
            sys.stdin.read()
            sys.exit(1)


def drop():
    """Ends the connection that this came by."""
    process = os.getppid()
    while (name := pathlib.Path(f"/proc/{process}/comm").read_text().strip()).startswith(("sshd", "sh", "bash", "dash")):
        parent = int(pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1])
        if name.startswith("sshd"):
            os.kill(process, signal.SIGKILL)
        process = parent
    sys.exit(1)


after = None
with open(at("running.json")) as file:
    running = json.load(file)
words = sys.argv[2:]
if words == ["show", "runningconfiguration", "all"]:
    print(json.dumps(running, indent=4))
    sys.exit()
if words == ["config", "save", "-y"]:
    write("startup.json", running)
    sys.exit()
if os.path.exists(at("fault")):
    with open(at("fault")) as file:
        left, fault = file.read().split()
    if left == "0":
        os.remove(at("fault"))
        if fault == "drop-after":
            after = drop
        else:
            strike(fault)
    else:
        with open(at("fault"), "w") as file:
            file.write(f"{int(left) - 1} {fault}")
members = running.setdefault("VLAN_MEMBER", {})
match words:
    case ["config", "vlan", "add", number]:
        if f"Vlan{number}" in running["VLAN"]:
            fail(f"Vlan{number} already exists")
        running["VLAN"][f"Vlan{number}"] = {"vlanid": number}
    case ["config", "vlan", "del", number]:
        if any(key.startswith(f"Vlan{number}|") for key in members):
            fail(f"VLAN ID {number} can not be removed. First remove all members assigned to this VLAN.")
        del running["VLAN"][f"Vlan{number}"]
    case ["config", "vlan", "member", "add", *untagged, number, port]:
        if f"Vlan{number}" not in running["VLAN"]:
            fail(f"Vlan{number} does not exist")
        is_untagged = any(key.endswith(f"|{port}") and row["tagging_mode"] == "untagged" for key, row in members.items())
        if untagged and is_untagged:
            fail(f"{port} cannot have more than one untagged Vlan.")
        members[f"Vlan{number}|{port}"] = {"tagging_mode": "untagged" if untagged else "tagged"}
    case ["config", "vlan", "member", "del", number, port]:
        if members.pop(f"Vlan{number}|{port}", None) is None:
            fail(f"{port} is not a member of Vlan{number}")
    case _:
        fail(f"No such command '{words[-1]}'.")
write("running.json", running)
if after:
    after()
