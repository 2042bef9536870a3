"""The leaves beside those that Mercury owns, of the vendors' published modules,
each with a value: tests/siblings has a file for each dialect.

    siblings.py FOLDER DIALECT

FOLDER has the vendor's modules (see published.py). Mercury owns the leaves that it
sends or removes in tests/cases; they are left out, as are keys and what is no
configuration. Prints

    # MODULE NAMESPACE      every module that is named below
    PATH <tab> VALUE        one leaf a line

PATH is an instance in the dialect's own tree, with names of tests/cases and a
module where it changes (RFC 7951 section 4); Junos, which has one namespace, has
none. VALUE is JSON as RFC 7951 has it, of the leaf's type and not its default; a
leaf for which none is known here is left out. `when`, `must` and choices are not
looked at: not every leaf can be there at once.
"""

import functools
import json
import pathlib
import re
import sys
import tempfile
import tomllib
from xml.dom import minidom

from published import Modules, elements, follow, junos, typed, wrapped

CASES = pathlib.Path(__file__).parent.parent / "cases"
NAMES = tomllib.loads((CASES / "names.toml").read_text(encoding="utf-8"))
PORT, LAG, VLAN = "Ethernet1/1", "Port-Channel7", "100"
OPENCONFIG = [
    "/interfaces/interface[name={port}]/config",
    "/interfaces/interface[name={port}]/ethernet",
    "/interfaces/interface[name={lag}]/aggregation",
    "/lacp/interfaces/interface[name={lag}]",
    "/stp/interfaces/interface[name={port}]",
    "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id={vlan}]",
]
# What Mercury writes in; `/*` stands for the leaves of an entry, and not what is
# below its containers.
ROOTS = {
    "openconfig": OPENCONFIG,
    "arista_eos": OPENCONFIG,
    "sonic": OPENCONFIG[:3] + [
        "/interfaces/interface[name=Vlan{vlan}]/config",
        "/interfaces/interface[name=Vlan{vlan}]/routed-vlan",
    ],
    "juniper_junos": [
        "/configuration/interfaces/interface[name={port}]/*",
        "/configuration/interfaces/interface[name={port}]/ether-options",
        "/configuration/interfaces/interface[name={port}]/gigether-options",
        "/configuration/interfaces/interface[name={lag}]/aggregated-ether-options",
        "/configuration/interfaces/interface[name={port}]/unit[name=0]/*",
        "/configuration/interfaces/interface[name={port}]/unit[name=0]/family/ethernet-switching",
        # All that an entry may hold, but the many leaves of its dhcp-relay.
        "/configuration/vlans/vlan[name=vlan-{vlan}]/*",
        *(f"/configuration/vlans/vlan[name=vlan-{{vlan}}]/{below}" for below in (
            "vlan-tags", "interface[name={port}.0]", "forwarding-options/filter", "forwarding-options/flood",
            "forwarding-options/dhcp-security", "forwarding-options/fip-security", "multicast-snooping-options",
            "switch-options", "vxlan", "proxy-mac")),
        "/configuration/protocols/rstp/interface[name={port}]",
    ],
    "nokia_srl": [
        "/interface[name={port}]/*",
        "/interface[name={port}]/ethernet",
        "/interface[name={port}]/breakout-mode",
        "/interface[name={port}]/transceiver",
        "/interface[name={port}]/subinterface[index={vlan}]",
        "/interface[name={lag}]/lag",
        "/network-instance[name=vlan-{vlan}]",
        "/network-instance[name=vlan-{vlan}]/interface[name={port}.{vlan}]",
    ],
}
# What is sent into modules that are not among those: nothing can be said of what is beside.
BEYOND = {"nokia_srl": re.compile(r"/tunnel-interface\[|/network-instance\[[^]]*\]/protocols/bgp-(evpn|vpn)\b")}
# What Junos has in every container; that of the entries stands for all.
EVERYWHERE = ("apply-groups", "apply-groups-except", "apply-macro")
# Texts of many kinds: the first that fits a leaf's lengths and patterns is taken.
TEXTS = ["kept", "192.0.2.1", "2001:db8::1", "192.0.2.0/24", "2001:db8::/64", "00:00:5e:00:53:01",
         "00:00:00:00:00:5e:00:53:00:01", "ethernet-1/2", "ethernet-1/2.1", "65000:1", "target:65000:1", "10", "1",
         "2026-11-28T00:00:00Z", "0x88cc", "00:00:00:00:00:00:00:00:00:01", "10m", "1g", "a1b2c3d4", "50:00:00:00:00:00:00:01"]
WHOLE = {"int8", "int16", "int32", "uint8", "uint16", "uint32"}
LONG = {"int64", "uint64"}


def main():
    folder, dialect = pathlib.Path(sys.argv[1]), sys.argv[2]
    names = NAMES.get(dialect, {})
    names = {"port": names.get(PORT, PORT), "lag": names.get(LAG, LAG), "vlan": VLAN}
    with tempfile.TemporaryDirectory() as home:
        modules = Modules(folder, pathlib.Path(home))
        owned = set(sent(modules, dialect))
        lines = [line for root in ROOTS[dialect] for line in siblings(modules, root.format(**names), names, owned)]
        report(modules, dialect, lines)


def sent(modules, dialect):
    """The schema paths of what a dialect sends or removes in the cases."""
    for file in CASES.glob(f"*/{dialect}.edit-config.xml"):
        config = minidom.parse(str(file)).documentElement
        junos(config)
        yield from of_xml(modules, modules.top, config)
    for file in CASES.glob(f"*/{dialect}.set-request.txt"):
        for line in file.read_text(encoding="utf-8").splitlines():
            operation, path, *value = line.split(" ", 2)
            if operation == "prefix":
                continue
            path = path[path.index("/"):]
            if dialect in BEYOND and BEYOND[dialect].match(path):
                continue
            steps = follow(modules, path)
            if operation == "delete":
                yield steps[-1][0].path()
            else:
                yield from of_json(modules.top, wrapped(modules, steps, typed(value[0])))


def of_xml(modules, node, element):
    yield node.path()
    for inner in elements(element):
        yield from of_xml(modules, node.child(inner.localName, modules.namespaces[inner.namespaceURI]), inner)


def of_json(node, value):
    yield node.path()
    for one in value if isinstance(value, list) else [value]:
        for name, inner in one.items() if isinstance(one, dict) else ():
            yield from of_json(node.child(name.rpartition(":")[2]), inner)


def report(modules, dialect, lines):
    """Prints what yanglint takes; what it does not is a fault of this script."""
    ready = []
    for path, value in lines:
        ready.append((path, "json", "edit", json.dumps(wrapped(modules, follow(modules, path), value))))
    wrong = {path: said for path, said in modules.complaints(ready).items() if said}
    if wrong:
        sys.exit(f"{dialect}: values that are none: {json.dumps(wrong, indent=1)}")
    if dialect != "juniper_junos":
        used = {name for path, _ in lines for name in re.findall(r"/([\w-]+):", path)}
        used |= {value.partition(":")[0] for _, value in lines if isinstance(value, str)}
        for namespace, module in sorted(modules.namespaces.items(), key=lambda one: one[1]):
            if module in used:
                print(f"# {module} {namespace}")
    for path, value in lines:
        shown = re.sub(r"/[\w-]+:", "/", path) if dialect == "juniper_junos" else path
        print(f"{shown}\t{json.dumps(value)}")


def siblings(modules, root, names, owned):
    """The leaves at and below an instance, with values."""
    entry, alone = (root[:-2], True) if root.endswith("/*") else (root, False)
    steps = follow(modules, entry)
    node = steps[-1][0]
    at = ""
    for step, keys in steps:
        at += f"/{step.qualified()}" + "".join(f"[{key}={text}]" for key, text in keys.items())
    yield from below(modules, node, schema(modules, steps), at, names, owned, alone)


def schema(modules, steps):
    """What yanglint says of the last node."""
    last = max(index for index, (_, keys) in enumerate(steps) if keys)
    found = printed(modules, steps[last][0].path())
    for node, _ in steps[last + 1:]:
        found = next(one for one in data(found) if one[1] == node.name)
    return found


@functools.cache
def printed(modules, path):
    (statement,) = parse(modules.yanglint("-f", "info", "-P", path))
    return statement


def data(parent):
    """The data nodes below a statement, those of choices and cases too."""
    for child in parent[2]:
        if child[0] in ("choice", "case"):
            yield from data(child)
        elif child[0] in ("container", "list", "leaf", "leaf-list"):
            yield child


def below(modules, node, statement, at, names, owned, alone=False):
    if statement[0] in ("leaf", "leaf-list"):
        value = sample(modules, node.module, statement, names)
        if node.path() not in owned and value is not None:
            yield at, [value] if statement[0] == "leaf-list" else value
        return
    # OpenConfig has a list's key in its config as well.
    keys = node.keys + (node.parent.keys if node.name == "config" else [])
    for child in data(statement):
        is_leaf = child[0] in ("leaf", "leaf-list")
        if child[1] in keys or alone and not is_leaf or not alone and child[1] in EVERYWHERE:
            continue
        if ("config", "false") in [one[:2] for one in child[2]]:
            continue
        inner = node.child(child[1])
        here = f"{at}/{inner.qualified()}"
        if child[0] == "list":
            leaves = {leaf[1]: leaf for leaf in data(child)}
            values_of = {key: sample(modules, inner.module, leaves[key], names) for key in inner.keys}
            if None in values_of.values():
                continue
            for key, value in values_of.items():      # to ask yanglint for each takes minutes
                modules.built_in[inner.child(key).path()] = "uint32" if isinstance(value, int) else "string"
            here += "".join(f"[{key}={value}]" for key, value in values_of.items())
        yield from below(modules, inner, child, here, names, owned)


def sample(modules, module, leaf, names):
    """A value of a leaf's type that is not its default; None where none is known."""
    default = next((one[1] for one in leaf[2] if one[0] == "default"), None)
    (kind,) = [one for one in leaf[2] if one[0] == "type"]
    return next((value for value in values(modules, module, kind, names) if text(value) != default), None)


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def values(modules, module, kind, names):
    """Values of a type, as yanglint prints it with all that it is derived from."""
    _, name, parts = kind

    def of(keyword):
        return [one[1] for one in parts if one[0] == keyword]

    if name == "boolean":
        yield from (True, False)
    elif name == "enumeration":
        yield from of("enum")
    elif name == "bits":
        yield from of("bit")
    elif name == "empty":
        yield [None]
    elif name == "binary":
        yield "a2VwdA=="
    elif name in WHOLE or name in LONG or name == "decimal64":
        bounds = [bound for part in (of("range") or ["0..100"])[0].split("|") for bound in part.strip().split("..")]
        numbers = [bound for bound in bounds if bound not in ("min", "max")] or ["1"]
        for number in numbers:
            yield int(number) if name in WHOLE else number
    elif name == "identityref":
        yield from modules.derived(of("base")[0], module)
    elif name == "leafref":
        refers = re.sub(r"[\w-]+:", "", of("path")[0])
        if refers.endswith("interface/name"):
            yield names["port"]
        for inner in parts:
            if inner[0] == "type":
                yield from values(modules, module, inner, names)
    elif name == "union":
        for inner in parts:
            if inner[0] == "type":
                yield from values(modules, module, inner, names)
    elif name == "string":
        yield from (one for one in TEXTS if fits(one, parts))


def fits(value, parts):
    for keyword, argument, inner in parts:
        if keyword == "length":
            spans = [part.strip().replace("max", "1000000").split("..") for part in argument.split("|")]
            if not any(int(span[0]) <= len(value) <= int(span[-1]) for span in spans):
                return False
        elif keyword == "pattern":
            # Where these stand for themselves (RFC 7950 section 9.4.5) no text of ours fits.
            if argument[:1] == "^" or argument[-1:] == "$":
                return False
            inverted = ("modifier", "invert-match") in [(one[0], one[1]) for one in inner]
            expression = argument.replace(r"\p{N}", r"\d").replace(r"\p{L}", "[A-Za-z]")
            if bool(re.fullmatch(expression, value)) == inverted:
                return False
    return True


def parse(printed):
    """Statements (RFC 7950 section 6.3): keyword, argument, statements below."""
    top = []
    above, words = [top], []
    for quoted, mark, word in re.findall(r'"((?:[^"\\]|\\.)*)"|([{};])|([^\s{};"]+)', printed):
        if mark in ("{", ";"):
            keyword, *argument = words
            statement = (keyword, "".join(argument), [])
            above[-1].append(statement)
            if mark == "{":
                above.append(statement[2])
            words = []
        elif mark == "}":
            above.pop()
        else:
            words.append(word or re.sub(r"\\(.)", lambda c: {"n": "\n", "t": "\t"}.get(c[1], c[1]), quoted))
    return top


if __name__ == "__main__":
    main()
