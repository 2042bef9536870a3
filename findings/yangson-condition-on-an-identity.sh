#!/bin/bash
# yangson 1.7.9: a `when` that compares a leaf of type identityref with a string of a prefix
# and a name, as OpenConfig's published modules do (openconfig-if-ethernet 2.18.0:
# when "oc-if:config/oc-if:type = 'ianaift:ethernetCsmacd'"). Guess: the prefix is that of the
# module's import, so the condition holds, as it does for yanglint (libyang 2.1.30).
# Seen: it never holds, because the leaf's string value is its JSON, with the module's name
# in the place of the prefix; what the condition guards is refused (SchemaError,
# member-not-allowed). It holds where prefix and module's name happen to be the same.
# So: OpenConfig's Ethernet ports cannot be validated by yangson, nor kept by servers that
# stand on it, such as JetConf, unless the modules are changed.
#
# Needs Python 3.11 with venv and pip's index, and Debian's apt; ends with 1 if any of
# this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check yangson==1.7.9 > pip.log 2>&1 || { cat pip.log >&2; exit 1; }
apt-get download -qq libyang2=2.1.30-2 libyang2-tools=2.1.30-2 > apt.log 2>&1 || { cat apt.log >&2; exit 1; }
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(dirname "$(find root -name 'libyang.so*' | head -n 1)")
export LD_LIBRARY_PATH

cat > kinds.yang <<'YANG'
module kinds {
  namespace "urn:example:kinds";
  prefix k;
  revision 2026-01-01;
  identity kind;
  identity ethernet { base kind; }
}
YANG
for prefix in short kinds; do
  mkdir "$prefix"
  cp kinds.yang "$prefix/"
  cat > "$prefix/port.yang" <<YANG
module port {
  namespace "urn:example:port";
  prefix p;
  import kinds { prefix $prefix; }
  revision 2026-01-01;
  container port {
    leaf kind { type identityref { base $prefix:kind; } }
    container ethernet {
      when "../kind = '$prefix:ethernet'";
      leaf speed { type uint8; }
    }
  }
}
YANG
done
echo '{"port:port": {"kind": "kinds:ethernet", "ethernet": {"speed": 10}}}' > port.json

cat > probe.py <<'PY'
import json
import subprocess

from yangson import DataModel
from yangson.exceptions import SchemaError

LIBRARY = json.dumps({"ietf-yang-library:modules-state": {"module-set-id": "1", "module": [
    {"name": name, "revision": "2026-01-01", "namespace": f"urn:example:{name}", "conformance-type": "implement"}
    for name in ("kinds", "port")]}})

with open("port.json") as file:
    port = json.load(file)
said = {}
for prefix in ("short", "kinds"):
    lint = ["root/usr/bin/yanglint", "-p", prefix, f"{prefix}/kinds.yang", f"{prefix}/port.yang",
            "-t", "config", "port.json"]
    assert subprocess.run(lint, capture_output=True).returncode == 0, (prefix, "yanglint refuses it")
    try:
        DataModel(LIBRARY, [prefix]).from_raw(port).validate()
        said[prefix] = "valid"
    except SchemaError as error:
        said[prefix] = error.tag
print("yanglint takes both; yangson says", said)
assert said == {"short": "config member-not-allowed", "kinds": "valid"}, said
PY
venv/bin/python probe.py
