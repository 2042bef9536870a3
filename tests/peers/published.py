"""Checks what is sent to a switch, and what the switch has then, with yanglint
against the modules that its vendor publishes, deviations included.

    published.py FOLDER < documents

FOLDER has the modules (.yang), and load.json, which says what to load in which
order. `documents` is a JSON list of {"name", "form", "text"}; forms are

edit-config   <config> with nc:operation, as NETCONF sends it
set-request   a SetRequest as tests/cases shows it
state-xml     a datastore below one <data>
state-json    a datastore as JSON, its names bare

What is sent has known names, all of them configuration, and values of the type.
What is removed has a name that there is. A datastore has all that `when`, `must`,
leafrefs and mandatory leaves ask for.
Prints a JSON object: of each name the problems, as yanglint words them.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
from xml.dom import minidom

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
# What is loaded where no load.json says it: openconfig/public without deviations.
OPENCONFIG = ["openconfig-" + name for name in (
    "interfaces", "if-ethernet", "if-aggregate", "vlan-types", "vlan", "lacp", "spanning-tree-types", "spanning-tree",
    "network-instance-types", "evpn-types", "network-instance")] + ["iana-if-type"]
NODE = re.compile(r"[ |]*[+xo]--(rw|ro|-x|-n|-w)?:? *(\()?([^\s?!*/)]+)\)?[?!]?\*?(?: *\[([^]]*)\])?")
NUMBERS = ("int8", "int16", "int32", "uint8", "uint16", "uint32")


def main():
    with tempfile.TemporaryDirectory() as home:
        print(json.dumps(check(Modules(pathlib.Path(sys.argv[1]), pathlib.Path(home)), json.load(sys.stdin))))


class Modules:
    """The modules of one vendor."""

    def __init__(self, source, home):
        # yanglint looks for modules in the folder above as well, where other
        # vendors' may lie: it gets a folder of its own.
        self.home, self.folder = home, home / "modules"
        self.folder.mkdir()
        for file in source.glob("*.yang"):
            (self.folder / file.name).symlink_to(file.resolve())
        said = source / "load.json"
        names = json.loads(said.read_text())["load"] if said.exists() else OPENCONFIG
        # What others import must be said to be implemented before it is imported.
        self.files = [self.file(name) for name in sorted(names, key=lambda name: not name.endswith("-types"))]
        self.prefixes, self.namespaces = {}, {}
        for file in self.folder.iterdir():
            name, text = file.stem.partition("@")[0], file.read_text(encoding="utf-8")
            if prefix := re.search(r"^\s*prefix\s+\"?([\w.-]+)", text, re.M):
                self.prefixes[prefix[1]] = name
            if namespace := re.search(r"^\s*namespace\s+[\"']([^\"']+)", text, re.M):
                self.namespaces[namespace[1]] = name
        self.top, self.built_in = Node(None, None, "", "rw", None), {}
        self.read(self.yanglint("-f", "tree"))

    def file(self, name):
        found = sorted(self.folder.glob(f"{name}.yang")) + sorted(self.folder.glob(f"{name}@*.yang"))
        if not found:
            sys.exit(f"there is no module {name}")
        return found[0]

    def read(self, tree):
        """The data nodes of a tree diagram (RFC 8340)."""
        own, above = None, []
        for line in tree.splitlines():
            if heading := re.match(r"(?:module: | {2})([^ +|]+)", line):
                own, above = (heading[1] if line[0] == "m" else None), [(0, self.top)]
            found = NODE.match(line)
            if not found or not own:          # augments are where they belong as well
                continue
            access, is_choice, name, keys = found.groups()
            column = line.index("--")
            while above[-1][0] >= column:
                above.pop()
            parent = above[-1][1]
            if is_choice:                     # a choice or a case, which data does not show
                above.append((column, parent))
                continue
            prefix, _, bare = name.rpartition(":")
            node = Node(parent, self.prefixes[prefix] if prefix else own, bare, access, keys)
            above.append((column, parent.children.setdefault((node.module, bare), node)))

    def value(self, leaf, text):
        """A leaf's text as JSON, where numbers are no texts (RFC 7951 section 6.1)."""
        path = leaf.path()
        if path not in self.built_in:
            said = self.yanglint("-f", "info", "-q", "-P", path)
            # A leafref is followed by the type of what it refers to.
            self.built_in[path] = re.findall(r"^ *type ([\w-]+)", said, re.M)[-1]
        return int(text) if self.built_in[path] in NUMBERS else text

    def derived(self, base, module):
        """The identities that are derived from one of this name, as JSON has them;
        those of a module first, as yanglint does not say whose base it is."""
        found = []
        for file in sorted(self.folder.iterdir()):
            text = file.read_text(encoding="utf-8")
            for name, body in re.findall(r"^\s*identity\s+\"?([\w.-]+)\"?\s*\{(.*?)\n\s*\}", text, re.M | re.S):
                if re.search(rf"base\s+\"?(?:[\w.-]+:)?{re.escape(base)}\"?\s*;", body):
                    found.append(f"{file.stem.partition('@')[0]}:{name}")
        return sorted(found, key=lambda name: name.partition(":")[0] != module)

    def yanglint(self, *arguments):
        done = subprocess.run(["yanglint", "-QQ", "-i", *arguments, *self.files],
                              capture_output=True, text=True, check=False, cwd=self.home)
        if done.returncode:
            sys.exit(f"yanglint {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def complaints(self, documents):
        """What yanglint says of each document: (name, format, type, text)."""
        script = ["verb error", "add -i " + " ".join(map(str, self.files))]
        for index, (_, form, kind, text) in enumerate(documents):
            (self.home / f"{index}.{form}").write_text(text, encoding="utf-8")
            script += [f"document-{index}", f"data -t {kind} {index}.{form}"]
        done = subprocess.run(["yanglint"], input="\n".join([*script, "end", ""]), text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.home)
        # A word that is no command is echoed: it tells where the next document begins.
        first, *parts = re.split(r'.*Unknown command "(document-\d+|end)".*\n', done.stdout)
        if first.strip() or parts[::2] != [f"document-{index}" for index in range(len(documents))] + ["end"]:
            sys.exit(f"yanglint did not look at every document: {done.stdout}")
        said = {}
        for (name, *_), lines in zip(documents, parts[1::2]):
            lines = [line for line in lines.splitlines() if line.strip()]
            # What libyang says is followed by that there was something.
            said.setdefault(name, []).extend([line for line in lines if line.startswith("libyang")] or lines)
        return said


class Node:
    """One node of the schema."""

    def __init__(self, parent, module, name, access, keys):
        self.parent, self.module, self.name, self.writable = parent, module, name, access == "rw"
        self.keys, self.children = keys.split() if keys else [], {}

    def child(self, name, module=None):
        """The child of this name; without a module it may be of any."""
        found = [node for (its, bare), node in self.children.items() if bare == name and module in (None, its)]
        if len(found) != 1:
            raise Unknown(f"{'several' if found else 'no'} {module or 'any'}:{name} in {self.path()}")
        if not found[0].writable:
            raise Unknown(f"{found[0].path()} is not configuration")
        return found[0]

    def qualified(self):
        """Its name in JSON: with its module's where that is not the parent's."""
        return self.name if self.module == self.parent.module else f"{self.module}:{self.name}"

    def path(self):
        return f"{self.parent.path()}/{self.module}:{self.name}" if self.parent else ""


class Unknown(Exception):
    """A name that is none."""


def check(modules, documents):
    forms = {"edit-config": edit_config, "set-request": set_request, "state-xml": state_xml, "state-json": state_json}
    problems, ready = {}, []
    for document in documents:
        own = problems.setdefault(document["name"], [])
        try:
            for form, kind, text in forms[document["form"]](modules, document["text"], own):
                ready.append((document["name"], form, kind, text))
        except Unknown as problem:
            own.append(str(problem))
    for name, said in modules.complaints(ready).items():
        problems[name].extend(said)
    return problems


def edit_config(modules, text, problems):
    config = minidom.parseString(text).documentElement
    junos(config)
    for child in elements(config):
        known(modules, modules.top, child, problems)
    yield "xml", "edit", "".join(child.toxml() for child in elements(config))


def known(modules, parent, element, problems):
    """Takes out what no module of the vendor's knows, once that is said, so that
    the rest is looked at; what is removed, which has no value; and operations."""
    try:
        node = parent.child(element.localName, modules.namespaces.get(element.namespaceURI, element.namespaceURI))
    except Unknown as problem:
        problems.append(str(problem))
        element.parentNode.removeChild(element)
        return
    operation = element.getAttributeNS(BASE, "operation")
    for child in elements(element):
        known(modules, node, child, problems)
    if operation in ("remove", "delete"):
        element.parentNode.removeChild(element)
    elif operation:
        element.removeAttributeNS(BASE, "operation")


# What an OpenConfig switch has of its own accord and must have: Mercury asks for
# and sends the type of what it makes alone. Module, container, list, and an
# identity with its module and namespace.
OWN = [
    ("interfaces", "interfaces", "interface",
     "ethernetCsmacd", "iana-if-type", "urn:ietf:params:xml:ns:yang:iana-if-type"),
    ("network-instance", "network-instances", "network-instance",
     "DEFAULT_INSTANCE", "openconfig-network-instance-types", "http://openconfig.net/yang/network-instance-types"),
]


def state_xml(modules, text, problems):
    data = minidom.parseString(text).documentElement
    junos(data)
    for one in elements(data):
        known(modules, modules.top, one, problems)
    for module, container, _, identity, _, namespace in OWN:
        its = f"http://openconfig.net/yang/{module}"
        for entry in [one for top in data.getElementsByTagNameNS(its, container) for one in elements(top)]:
            name = below(entry, "name")
            config = below(entry, "config")
            kind = f'<type xmlns="{its}" xmlns:t="{namespace}">t:{identity}</type>'
            if not config:
                config = entry.appendChild(minidom.parseString(f'<config xmlns="{its}"/>').documentElement)
            for leaf in (name.cloneNode(deep=True), minidom.parseString(kind).documentElement):
                if not below(config, leaf.localName):
                    config.appendChild(leaf)
    yield "xml", "config", "".join(one.toxml() for one in elements(data))


def junos(parent):
    """The namespaces of the published modules instead of the one that Junos speaks
    in; a device that is set yang-compliant speaks in those."""
    for top in elements(parent):
        if top.namespaceURI != "http://xml.juniper.net/xnm/1.1/xnm":
            continue
        rename(top, "root", deep=False)
        for child in elements(top):
            rename(child, "root" if child.localName == "apply-groups" else child.localName, deep=True)


def rename(element, name, deep):
    element.namespaceURI = f"http://yang.juniper.net/junos-qfx/conf/{name}"
    element.setAttribute("xmlns", element.namespaceURI)
    if element.hasAttribute("inactive"):      # which no module says anything of
        element.removeAttribute("inactive")
    for child in elements(element) if deep else ():
        rename(child, name, deep)


def below(parent, name):
    return next((one for one in elements(parent) if one.localName == name), None)


def elements(parent):
    return [child for child in parent.childNodes if child.nodeType == child.ELEMENT_NODE]


def set_request(modules, text, problems):
    for line in text.splitlines():
        operation, _, rest = line.partition(" ")
        if operation == "prefix":
            continue
        # No path of a switch has a blank in it.
        path, _, rest = rest.partition(" ")
        try:
            steps = follow(modules, path[path.index("/"):])
            if operation != "delete":
                yield "json", "edit", json.dumps(wrapped(modules, steps, typed(rest)))
        except Unknown as problem:
            problems.append(f"{line.partition(' json')[0]}: {problem}")


def follow(modules, path):
    """The nodes that a path names, each with the keys it gives."""
    node, steps = modules.top, []
    for step in re.findall(r"/((?:[^/\[]|\[[^]]*\])+)", path):
        name, keys = re.match(r"[^[]+", step)[0], dict(re.findall(r"\[([^=]+)=([^]]*)\]", step))
        module, _, bare = name.rpartition(":")
        node = node.child(bare, module or None)
        if sorted(keys) not in ([], sorted(node.keys)):
            raise Unknown(f"{node.path()} has the keys {node.keys}")
        steps.append((node, keys))
    return steps


def typed(text):
    """A TypedValue as tests/cases shows it."""
    kind, _, value = text.partition(" ")
    if kind == "leaflist_val":
        return [typed(one) for one in value[1:-1].split(", ")]
    return json.loads(value)


def wrapped(modules, steps, value):
    """A value in what its path names, down from the root."""
    last = steps[-1][0]
    if isinstance(value, dict) and [name.rpartition(":")[2] for name in value] == [last.name]:
        # SONiC wants the node itself named, an entry in a list of one.
        (value,) = value.values()
        value = value[0] if last.keys else value
    for node, keys in reversed(steps):
        if keys:
            own = {key: modules.value(node.child(key), text) for key, text in keys.items()}
            named = {name.rpartition(":")[2] for name in value}
            value = [{**{key: text for key, text in own.items() if key not in named}, **value}]
        value = {node.qualified(): value}
    return value


def state_json(modules, text, _):
    data = qualified(modules, modules.top, json.loads(text))
    for module, container, entry, identity, its, _ in OWN:
        for one in data.get(f"openconfig-{module}:{container}", {}).get(entry, []):
            config = one.setdefault("config", {})
            config.setdefault("name", one["name"])
            # SONiC deviates it away.
            if (f"openconfig-{module}", "type") in modules.top.child(container).child(entry).child("config").children:
                config.setdefault("type", f"{its}:{identity}")
    yield "json", "config", json.dumps(data)


def qualified(modules, parent, value):
    """JSON with the names that RFC 7951 section 4 asks for."""
    if isinstance(value, list):
        return [qualified(modules, parent, one) for one in value]
    if not isinstance(value, dict):
        return value
    full = {}
    for name, below in value.items():
        node = parent.child(name)
        full[node.qualified()] = modules.value(node, below) if name in parent.keys else qualified(modules, node, below)
    return full


if __name__ == "__main__":
    main()
