#!/usr/bin/env python3
"""What some systems are configured by in a shell, under the name that this was copied to;
with one command something goes wrong where the file `fault` says so. The first two are
no evidence of what a switch does.

    sudo       sonic-utilities over a file, as `sudo -n config ...` and `sudo -n show ...`
               are called: it checks what the real ones check, with their exit status
    net        NCLU over a file: what is added or deleted waits for `net commit`
    ovs-vsctl  the real one
"""

import json
import os
import pathlib
import select
import signal
import subprocess
import sys

HOME = os.environ["COMMANDS_HOME"]


def at(name):
    return os.path.join(HOME, name)


def has(name):
    with open(at(name)) as file:
        return json.load(file)


def write(name, value):
    with open(at(name + ".new"), "w") as file:
        json.dump(value, file, sort_keys=True)
    os.rename(at(name + ".new"), at(name))


def server():
    """The sshd that this came by, and its own parent if that is of the connection too."""
    found, process = [], os.getppid()
    while process > 1:
        parent = pathlib.Path(f"/proc/{process}")
        name = (parent / "comm").read_text().strip()
        if name.startswith("sshd"):
            found.append(process)
        elif found or not name.startswith(("sh", "bash", "dash")):
            break
        process = int((parent / "stat").read_text().rsplit(")", 1)[1].split()[1])
    return found


def drop():
    """Ends the connection that this came by."""
    for process in server():
        os.kill(process, signal.SIGKILL)
    sys.exit(1)


def hang():
    """Until nobody listens any more."""
    gone = select.poll()
    gone.register(os.pidfd_open(server()[0]), select.POLLIN)
    gone.poll()
    sys.exit(1)


def flood():
    """Until nobody reads any more."""
    while True:
        os.write(1, b"x" * 8191 + b"\n")


def fault():
    """What goes wrong with this command."""
    try:
        left, what = pathlib.Path(at("fault")).read_text().split()
    except FileNotFoundError:
        return None
    if left == "0":
        os.remove(at("fault"))
        return what
    pathlib.Path(at("fault")).write_text(f"{int(left) - 1} {what}")
    return None


def sonic(words, fail):
    running = has("running.json")
    members = running.setdefault("VLAN_MEMBER", {})
    maps = running.setdefault("VXLAN_TUNNEL_MAP", {})
    channels = running.setdefault("PORTCHANNEL", {})
    joined = running.setdefault("PORTCHANNEL_MEMBER", {})
    match words:
        case ["config", "vlan", "add", number]:
            if f"Vlan{number}" in running["VLAN"]:
                fail(f"Vlan{number} already exists")
            running["VLAN"][f"Vlan{number}"] = {"vlanid": number}
        case ["config", "vlan", "del", number]:
            if any(key.startswith(f"Vlan{number}|") for key in members):
                fail(f"VLAN ID {number} can not be removed. First remove all members assigned to this VLAN.")
            if any(row["vlan"] == f"Vlan{number}" for row in maps.values()):
                fail(f"VLAN ID {number} can not be removed. First remove its VXLAN map.")
            del running["VLAN"][f"Vlan{number}"]
        case ["config", "vxlan", "map", "add", vtep, number, vni]:
            if vtep not in running.get("VXLAN_TUNNEL", {}):
                fail(f"VTEP {vtep} not configured")
            if f"Vlan{number}" not in running["VLAN"]:
                fail(f"Vlan{number} does not exist")
            if any(f"Vlan{number}" == row["vlan"] or vni == row["vni"] for row in maps.values()):
                fail("the VLAN or the VNI has a map already")
            maps[f"{vtep}|map_{vni}_Vlan{number}"] = {"vlan": f"Vlan{number}", "vni": vni}
        case ["config", "vxlan", "map", "del", vtep, number, vni]:
            if maps.pop(f"{vtep}|map_{vni}_Vlan{number}", None) is None:
                fail("there is no such map")
        case ["config", "vlan", "member", "add", *untagged, number, port]:
            if f"Vlan{number}" not in running["VLAN"]:
                fail(f"Vlan{number} does not exist")
            is_untagged = any(
                key.endswith(f"|{port}") and row["tagging_mode"] == "untagged" for key, row in members.items())
            if untagged and is_untagged:
                fail(f"{port} cannot have more than one untagged Vlan.")
            members[f"Vlan{number}|{port}"] = {"tagging_mode": "untagged" if untagged else "tagged"}
        case ["config", "vlan", "member", "del", number, port]:
            if members.pop(f"Vlan{number}|{port}", None) is None:
                fail(f"{port} is not a member of Vlan{number}")
        case ["config", "portchannel", "add", name, *options]:
            said = dict(zip(options[::2], options[1::2], strict=True))
            if name in channels:
                fail(f"{name} already exists!")
            if said.keys() - {"--min-links", "--fast-rate"}:
                fail(f"no such option: {options}")
            if not 1 <= int(said.get("--min-links", "1")) <= 1024 or said.get("--fast-rate", "true") not in ("true", "false"):
                fail(f"Invalid value for {options}")
            channels[name] = {
                "admin_status": "up", "mtu": "9100", "lacp_key": "auto",
                "min_links": said.get("--min-links", "1"), "fast_rate": said.get("--fast-rate", "false")}
        case ["config", "portchannel", "del", name]:
            if any(key.endswith(f"|{name}") for key in members):
                fail(f"{name} has vlan configured, remove vlan membership to proceed")
            if any(key.startswith(f"{name}|") for key in joined):
                fail(f"Portchannel {name} contains members.")
            del channels[name]
        case ["config", "portchannel", "member", "add", name, port]:
            if name not in channels:
                fail(f"{name} is not present.")
            if any(key.endswith(f"|{port}") for key in members):
                fail(f"{port} Interface configured as VLAN_MEMBER")
            joined[f"{name}|{port}"] = {}
        case ["config", "portchannel", "member", "del", name, port]:
            if joined.pop(f"{name}|{port}", None) is None:
                fail(f"{port} is not a member of portchannel {name}")
        case _:
            fail(f"No such command '{words[-1]}'.")
    for table in ("VXLAN_TUNNEL_MAP", "PORTCHANNEL", "PORTCHANNEL_MEMBER"):
        if not running[table]:
            del running[table]
    write("running.json", running)


def nclu(words, fail):
    running, pending = has("running.json"), has("pending.json")
    match words:
        case ["add" | "del", *_]:
            pending.append("net " + " ".join(words))
        case ["abort"]:
            pending = []
        case ["commit"]:
            for line in pending:
                added = line.replace("net del", "net add", 1)
                running = [own for own in running if own != added and not own.startswith(added + " ")]
                running += [line] if line == added else []
            pending = []
        case _:
            fail("Command not found.")
    write("running.json", running)
    write("pending.json", pending)


def refuse(words):
    print(f"Error: {words}" if FACE == "sudo" else f"ERROR: {words}", file=sys.stderr)
    sys.exit(1)


def ovs(words, _fail):
    done = subprocess.run(["/usr/bin/ovs-vsctl", *words], stdin=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(done.returncode)


FACE, WORDS = os.path.basename(sys.argv[0]), sys.argv[1:]
# What they say beside what they do: a sudo whose host's name is in no file, and others.
WARNING = {
    "sudo": "sudo: unable to resolve host leaf-7: Name or service not known",
    "ovs-vsctl": "2026-11-29T22:00:00Z|00001|ovsdb_idl|WARN|a column is missing",
}
print(WARNING.get(FACE, "DeprecationWarning: a module is old"), file=sys.stderr, flush=True)
match FACE, WORDS:
    case "sudo", ["-n", "show", "runningconfiguration", "all"]:
        print(json.dumps(has("running.json"), indent=4))
        sys.exit()
    case "sudo", ["-n", "config", "save", "-y"]:
        write("startup.json", has("running.json"))
        sys.exit()
    case "net", ["show", "configuration", "commands"]:
        print("\n".join(has("running.json")))
        sys.exit()
    case "net", ["pending"]:
        print("\n".join(["User     Timestamp  Command", *(f"mercury  2026-11-28 {line}" for line in has("pending.json"))]))
        sys.exit()
    case "net", ["abort"]:
        nclu(WORDS, refuse)
        sys.exit()
struck = fault()
if struck == "refuse":
    refuse("the moon is full")
if FACE == "sudo":
    sonic(WORDS[1:], refuse)
else:
    {"net": nclu, "ovs-vsctl": ovs}[FACE](WORDS, refuse)
sys.stdout.flush()
match struck:
    case "drop-after":
        drop()
    case "hang":
        hang()
    case "flood":
        flood()
