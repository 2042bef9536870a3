"""Measures the network team's desk; see bench_desk."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

PORT = """<interface><name>Ethernet{0}</name><config><name>Ethernet{0}</name>\
<type xmlns:i="urn:ietf:params:xml:ns:yang:iana-if-type">i:ethernetCsmacd</type><mtu>9000</mtu></config>\
<ethernet xmlns="http://openconfig.net/yang/interfaces/ethernet"><switched-vlan xmlns="http://openconfig.net/yang/vlan">\
<config><interface-mode>ACCESS</interface-mode><access-vlan>{1}</access-vlan></config></switched-vlan></ethernet></interface>"""
# So many candidates get a yanglint each, and the rest is worked out from that.
EACH = 100
# What is more than a candidate may have, in bytes.
LARGE = 100_000_000
# How long anything may take, in seconds.
WITHIN = 1200


# The seconds of processor that each program took.
CPU = []


def candidate(number, ports=24):
    vlans = (1 + (number + port) % 4094 for port in range(ports))
    inside = "".join(PORT.format(port + 1, vlan) for port, vlan in enumerate(vlans))
    return f'<interfaces xmlns="http://openconfig.net/yang/interfaces">{inside}</interfaces>'


def run(words, text=None, cwd=None):
    """How long a program takes, the most memory it has in MiB, its exit code, and what it prints."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as given:
        given.write((text or "").encode())
        given.seek(0)
        begun = time.perf_counter()
        child = subprocess.Popen(words, stdin=given, stdout=out, stderr=subprocess.STDOUT, cwd=cwd)
        _, status, used = os.wait4(child.pid, 0)
        took = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        CPU.append(used.ru_utime + used.ru_stime)
        return took, used.ru_maxrss / 1024, child.returncode, out.read().decode(errors="replace")


def line(what, took, count, memory=None):
    room = "" if memory is None else f", {memory:.0f} MiB"
    cpu = f", {1000 * sum(CPU) / count:.2f} ms of processor each"
    CPU.clear()
    print(f"{what:<44} {count / took:>9.1f} a second ({count} in {took:.1f} s{cpu}{room})", flush=True)


def candidates(program, modules, folder, files):
    for number in range(files):
        (folder / f"{number:05}.xml").write_text(candidate(number))
    size = (folder / "00000.xml").stat().st_size
    print(f"{files} candidates of {size} bytes, {os.cpu_count()} processors", flush=True)
    few = folder.parent / "few"
    few.mkdir()
    for number in range(files // 10):
        (few / f"{number:05}.xml").write_text(candidate(number))
    speeds = {}
    for name, where, count in [("mercury validate, a tenth of them", few, files // 10), ("mercury validate", folder, files)]:
        words = [program, "validate", str(where), "--dialect", "openconfig", "--whole"]
        took, memory, code, said = run(words)
        assert code == 0, said[-2000:]
        line(name, took, count, memory)
        speeds[name] = count / took
    loads = "".join(f"load {module.stem}\n" for module in sorted(pathlib.Path(modules).glob("*.yang")))
    begin = f"searchpath {modules}\n{loads}"
    data = "".join(f"data -t config {folder}/{number:05}.xml\n" for number in range(files))
    took, memory, _, said = run(["yanglint"], begin + data)
    assert "YANGLINT[E]" not in said, said[-2000:]
    line("one yanglint (libyang in one process)", took, files, memory)
    speeds["one"] = files / took
    begun = time.perf_counter()
    names = sorted(str(module) for module in pathlib.Path(modules).glob("*.yang"))
    for number in range(EACH):
        _, _, code, said = run(["yanglint", "-t", "config", "-p", modules, *names, f"{folder}/{number:05}.xml"])
        assert code == 0, said[-2000:]
    took = time.perf_counter() - begun
    line("a yanglint for each", took, EACH)
    own = speeds["mercury validate"]
    print(f"mercury: {own / speeds['one']:.2f} of one yanglint's speed, {own / (EACH / took):.0f} of one for each")


def large(program, folder):
    file = folder / "large.xml"
    with file.open("w") as out:
        out.write('<interfaces xmlns="http://openconfig.net/yang/interfaces">')
        number = 0
        while out.tell() < LARGE:
            out.write(PORT.format(number, 110))
            number += 1
        out.write("</interfaces>")
    for name, size in [("refused", None), ("at the limit", 16 << 20)]:
        if size:
            text = file.read_text()[: size - 2000]
            text = text[: text.rindex("<interface>")] + "</interfaces>"
            file.write_text(text)
        took, memory, code, _ = run([program, "validate", str(file), "--dialect", "openconfig", "--whole"])
        CPU.clear()
        times = memory / (file.stat().st_size / (1 << 20))
        print(f"a candidate of {file.stat().st_size} bytes, {name}: exit {code}, {took:.1f} s, {memory:.0f} MiB, "
              f"{times:.1f} times its size", flush=True)


def switches(program, folder, count):
    inventory = folder / "inventory.toml"
    fd = os.open(inventory, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w") as out:
        simulator = subprocess.Popen([program, "simulate", "--count", str(count), "--name", "leaf"], stdout=out,
                                     stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + WITHIN
        while inventory.read_text().count("[[switch]]") < count:
            assert simulator.poll() is None and time.monotonic() < deadline, "the simulators do not start"
            time.sleep(0.1)
        names = [f"leaf{number + 1}" if count > 1 else "leaf" for number in range(count)]
        table = folder / "expected.csv"
        table.write_text("switch,port,mode,vlan\n" + "".join(f"{name},Ethernet1,access,110\n" for name in names))
        requests = folder / "requests.json"
        requests.write_text(json.dumps([{"method": "update_port", "params": {
            "switch_id": name, "port_name": "Ethernet1", "mode": "access", "native_vlan": 110}} for name in names]))
        for name, words in [("audit", ["audit", "--expected", str(table)]), ("plan", ["plan", "--request", str(requests)])]:
            took, memory, code, said = run([program, "--switches", str(inventory), *words])
            assert code in (0, 1) and "not known" not in said, said[-2000:]
            line(f"mercury {name} over {count} simulated switches", took, count, memory)
    finally:
        simulator.terminate()
        simulator.wait()


def main():
    program, modules, files, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    with tempfile.TemporaryDirectory(prefix="mercury-desk-") as place:
        place = pathlib.Path(place)
        folder = place / "candidates"
        folder.mkdir()
        candidates(program, modules, folder, files)
        large(program, place)
        switches(program, place, count)


main()
