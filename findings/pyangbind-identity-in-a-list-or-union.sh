#!/bin/bash
# pyangbind 0.8.7 (classes made by pyang 2.7.1): an identity of another module as a value,
# written as RFC 7951 JSON (mode "ietf") and as XML. Guess: in JSON with its module's name
# (RFC 7951 section 6.8: required where the modules differ), in XML with a prefix that is
# declared, wherever the leaf stands.
# Seen: so for a leaf of type identityref. In a leaf-list of the same type, and in a leaf
# whose union has that type, the JSON has the bare name, which yanglint refuses ("identity
# not found in module"); of the union the XML has the bare name too, and of the leaf-list
# there is no XML but an AttributeError.
# So: read a configuration that such a tool wrote with the schema at hand, and tell its
# author which module the identity is of.
#
# Needs Python 3.11 with venv and pip's index, and Debian's apt; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check pyangbind==0.8.7 pyang==2.7.1 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }
apt-get download -qq libyang2=2.1.30-2 libyang2-tools=2.1.30-2 > apt.log 2>&1 || { cat apt.log >&2; exit 1; }
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(dirname "$(find root -name 'libyang.so*' | head -n 1)")
export LD_LIBRARY_PATH

cat > media.yang <<'YANG'
module media {
  namespace "urn:example:media";
  prefix m;
  revision 2026-01-01;
  identity medium;
  identity optical { base medium; }
}
YANG
cat > port.yang <<'YANG'
module port {
  namespace "urn:example:port";
  prefix p;
  import media { prefix m; }
  revision 2026-01-01;
  container port {
    leaf one { type identityref { base m:medium; } }
    leaf-list many { type identityref { base m:medium; } }
    leaf either { type union { type identityref { base m:medium; } type uint16; } }
  }
}
YANG
plugins=$(venv/bin/python -c 'import os, pyangbind; print(os.path.join(os.path.dirname(pyangbind.__file__), "plugin"))')
venv/bin/pyang --plugindir "$plugins" -f pybind -p . -o classes.py port.yang media.yang > pyang.log 2>&1 || { cat pyang.log >&2; exit 1; }

cat > probe.py <<'PY'
import json
import subprocess

import classes
from pyangbind.lib import pybindJSON
from pyangbind.lib.serialise import pybindIETFXMLEncoder

LINT = ["root/usr/bin/yanglint", "-p", ".", "media.yang", "port.yang", "-t", "config", "port.json"]
for name in ("one", "many", "either"):
    tree = classes.port()
    if name == "many":
        tree.port.many.append("optical")
    else:
        setattr(tree.port, name, "optical")
    written = json.loads(pybindJSON.dumps(tree, mode="ietf"))
    with open("port.json", "w") as file:
        json.dump(written, file)
    valid = subprocess.run(LINT, capture_output=True).returncode == 0
    try:
        xml = next(line.strip() for line in pybindIETFXMLEncoder.serialise(tree).splitlines() if f"<{name}" in line)
    except AttributeError as error:
        xml = type(error).__name__
    print(json.dumps(written["port:port"]), "valid" if valid else "refused", xml)
PY
venv/bin/python probe.py > seen.txt
cat seen.txt
diff - seen.txt <<'SEEN' || { echo "this is no longer so" >&2; exit 1; }
{"one": "media:optical"} valid <one xmlns:media="urn:example:media">media:optical</one>
{"many": ["optical"]} refused AttributeError
{"either": "optical"} refused <either>optical</either>
SEEN
echo "seen: an identity in a leaf-list or a union loses its module"
