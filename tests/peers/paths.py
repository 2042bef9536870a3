"""Looks nodes up in the published modules of a vendor.

    paths.py FOLDER < nodes

FOLDER has the vendor's modules (see published.py). `nodes` is a JSON list of
{"name", "steps", "defaults"}; a step is {"namespace", "module", "name", "keys"}, of
which the namespace or the module may be null, and then it is of any. Prints a JSON
object: of each name {"problem", "defaults"}: why there is no such node, or null; and,
where they are asked for, the leaves below it that have a default, each with that:
not those of lists, nor state.
"""

import json
import pathlib
import sys
import tempfile

from published import Modules
from siblings import data, printed


def main():
    with tempfile.TemporaryDirectory() as home:
        modules = Modules(pathlib.Path(sys.argv[1]), pathlib.Path(home))
        print(json.dumps({one["name"]: looked_up(modules, one) for one in json.load(sys.stdin)}))


def looked_up(modules, one):
    node = modules.top
    for step in one["steps"]:
        module = step["module"] or step["namespace"]
        if step["namespace"] and not step["module"]:
            module = modules.namespaces.get(step["namespace"], step["namespace"])
        found = [child for (its, name), child in node.children.items()
                 if name == step["name"] and module in (None, its)]
        if len(found) != 1:
            there = "several" if found else "no"
            return {"problem": f"{there} {module or 'any'}:{step['name']} in {node.path() or '/'}"}
        (node,) = found
        if sorted(step["keys"]) not in ([], sorted(node.keys)):
            return {"problem": f"{node.path()} has the keys {node.keys}"}
    defaults = dict(below(printed(modules, node.path()))) if one["defaults"] else None
    return {"problem": None, "defaults": defaults}


def below(statement, at=""):
    for child in data(statement):
        here = f"{at}/{child[1]}" if at else child[1]
        if child[0] == "list" or ("config", "false") in [one[:2] for one in child[2]]:
            continue
        default = next((one[1] for one in child[2] if one[0] == "default"), None)
        if default is not None:
            yield here, default
        yield from below(child, here)


if __name__ == "__main__":
    main()
