"""Measures the network team's desk; see bench_desk."""

import json
import os
import pathlib
import statistics
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
    print(f"  {what:<44} {count / took:>9.1f} a second ({count} in {took:.1f} s{cpu}{room})", flush=True)


def modules_of(folder):
    """The names of a folder's modules, types first; submodules come with theirs."""
    files = sorted(pathlib.Path(folder).glob("*.yang"))
    names = [file.stem for file in files if "\nsubmodule " not in "\n" + file.read_text()]
    return sorted(names, key=lambda name: not name.endswith("-types"))


def candidates(tools, name, modules, more, folders):
    """One set of modules: cold, then by Mercury, by libyang alone, and by yanglint."""
    program, libyang = tools
    few, all_ = folders
    files, names = len(list(all_.iterdir())), modules_of(modules)
    print(f"against {name} ({len(names)} modules):", flush=True)
    words = [program, "validate", "--dialect", "openconfig", "--whole", *more]
    cold = [run([*words, str(all_ / "00000.xml")])[0] for _ in range(5)]
    CPU.clear()
    print(f"  the modules loaded and one candidate validated, cold: {statistics.median(cold):.2f} s", flush=True)
    speeds, memories = {}, {}
    alone = [*words, "--schema-only"]
    for title, own, where, count in [
        ("mercury validate, a tenth of them", words, few, files // 10),
        ("mercury validate", words, all_, files),
        ("mercury validate --schema-only", alone, all_, files),
    ]:
        took, memory, code, said = run([*own, str(where)])
        assert code == 0, said[-2000:]
        line(title, took, count, memory)
        speeds[title], memories[title] = count / took, memory
    for title, threads in [("libyang alone, one thread", 1), ("libyang alone, a thread for each processor", os.cpu_count())]:
        took, memory, code, said = run([libyang, modules, str(all_), str(threads), *names])
        assert code == 0, said[-2000:]
        line(title, took, files, memory)
        speeds[threads] = files / took
    loads = "".join(f"load {name}\n" for name in names)
    data = "".join(f"data -t config {all_}/{number:05}.xml\n" for number in range(files))
    took, memory, _, said = run(["yanglint"], f"searchpath {modules}\n{loads}{data}")
    assert "YANGLINT[E]" not in said, said[-2000:]
    line("one yanglint that is given all of them", took, files, memory)
    begun = time.perf_counter()
    loaded = [f"{modules}/{name}.yang" for name in names]
    for number in range(EACH):
        _, _, code, said = run(["yanglint", "-ii", "-t", "config", "-p", modules, *loaded, f"{all_}/{number:05}.xml"])
        assert code == 0, said[-2000:]
    took = time.perf_counter() - begun
    line("a yanglint for each", took, EACH)
    print("  what that comes to, and its goal:")
    flat = memories["mercury validate"] / memories["mercury validate, a tenth of them"]
    for what, figure, goal in [
        *((f"{title}, of libyang's own speed", f"{speeds[title] / speeds[os.cpu_count()]:.2f}", "0.90 by YANG")
          for title in ("mercury validate --schema-only", "mercury validate")),
        *((f"{title}, times a yanglint each", f"{speeds[title] * took / EACH:.0f}", "50")
          for title in ("mercury validate --schema-only", "mercury validate")),
        ("memory of all, times that of a tenth", f"{flat:.2f}", "flat"),
        ("cold, s", f"{statistics.median(cold):.2f}", "0.5"),
    ]:
        print(f"  {what:<60} {figure:>9} ({goal})", flush=True)


def written(folder, files):
    folder.mkdir()
    for number in range(files):
        (folder / f"{number:05}.xml").write_text(candidate(number))
    return folder


def large(program, folder):
    for name, size in [("refused", LARGE), ("at the limit", (16 << 20) - 2000)]:
        # Piece by piece: a child's most memory is never less than this process has when it begins.
        file, number = folder / "large.xml", 0
        with file.open("w") as out:
            out.write('<interfaces xmlns="http://openconfig.net/yang/interfaces">')
            while out.tell() < size:
                out.write(PORT.format(number, 110))
                number += 1
            out.write("</interfaces>")
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
    program, libyang, modules = sys.argv[1:4]
    files, count = int(sys.argv[4]), int(sys.argv[5])
    published = os.environ.get("MERCURY_PUBLISHED_MODULES")
    with tempfile.TemporaryDirectory(prefix="mercury-desk-") as place:
        place = pathlib.Path(place)
        folders = written(place / "few", files // 10), written(place / "all", files)
        size = (folders[1] / "00000.xml").stat().st_size
        print(f"{files} candidates of {size} bytes, {os.cpu_count()} processors", flush=True)
        candidates((program, libyang), "Mercury's own subset", modules, [], folders)
        if published:
            modules = f"{published}/openconfig"
            candidates((program, libyang), "OpenConfig as it is published", modules, ["--yang-dir", modules], folders)
        large(program, place)
        switches(program, place, count)


main()
