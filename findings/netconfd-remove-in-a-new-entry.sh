#!/bin/bash
# netconfd (yuma123 2.13-1, Debian 12): an edit-config that makes a list entry and,
# in the same edit, says operation="remove" of an optional leaf of it that nobody
# ever set. RFC 6241 section 7.2: of data that does not exist, a remove "is silently
# ignored". Guess: the new entry comes without the leaf.
# Seen: <ok/>, and running has the leaf with the value 0. A remove of the same leaf
# in an entry that is there already is ignored as it should be.
# So: never send a remove for what was not read, least of all in something new.
#
# Needs Debian's apt (its package index fetched) and nothing else; ends with 1 if
# any of this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

version=2.13-1
cd "$work" && apt-get download -qq "netconfd=$version" "libyuma-base=$version" "libyuma2=$version" >/dev/null 2>&1
for package in ./*.deb; do dpkg -x "$package" root; done
root=$work/root
libraries=$(find "$root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)

mkdir modules
cat > modules/probe.yang <<'YANG'
module probe {
  namespace "urn:example:probe";
  prefix p;
  revision 2026-01-01;
  container things {
    list thing {
      key name;
      leaf name { type string; }
      leaf links { type uint16; }
      leaf note { type string; }
    }
  }
}
YANG
export LD_LIBRARY_PATH=$libraries HOME=$work
"$root/usr/sbin/netconfd" --module=probe --no-startup --target=running --superuser="$(id -un)" \
  --modpath="$work/modules:$root/usr/share/yuma/modules" --ncxserver-sockname="$work/ncx.sock" \
  --log-level=info >> netconfd.log 2>&1 &
server=$!
: > netconfd.log
until grep -q 'Running netconfd' netconfd.log; do kill -0 "$server" || { cat netconfd.log >&2; exit 1; }; sleep 0.1; done

# `remove` is of base:1.1, and so is its framing in chunks (RFC 6242 section 4.2).
python3 - > session.xml <<'PY'
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"

def edit(name, operation, note):
    links = f'<links xmlns:nc="{BASE}" nc:operation="{operation}"/>' if operation else ""
    return (
        f"<edit-config><target><running/></target><config><things xmlns='urn:example:probe'><thing>"
        f"<name>{name}</name><note>{note}</note>{links}</thing></things></config></edit-config>"
    )

print(
    f"<hello xmlns='{BASE}'><capabilities><capability>urn:ietf:params:netconf:base:1.1</capability>"
    "</capabilities></hello>]]>]]>", end=""
)
steps = [
    edit("new", "remove", "a"),
    edit("old", "", "a"),
    edit("old", "remove", "b"),
    "<get-config><source><running/></source></get-config>",
    "<close-session/>",
]
for number, step in enumerate(steps, 1):
    message = f"<rpc xmlns='{BASE}' message-id='{number}'>{step}</rpc>"
    print(f"\n#{len(message)}\n{message}\n##\n", end="")
PY

# The subsystem ends with its input, so that is held open until all is answered.
answered() { for _ in $(seq 300); do grep -q 'message-id="5"' answers.xml && return; sleep 0.1; done; }
: > answers.xml
{ cat session.xml; answered; } |
  SSH_CONNECTION="127.0.0.1 1 127.0.0.1 830" USER=$(id -un) LOGNAME=$(id -un) \
  "$root/usr/sbin/netconf-subsystem" --ncxserver-sockname="830@$work/ncx.sock" >> answers.xml || true

python3 - <<'PY'
import re, sys
answers = open("answers.xml", encoding="utf-8").read()
flat = re.sub(r"\s+|#\d+\n|##\n", "", re.sub(r"\n#+\d*\n", "", answers))
print("edits answered ok:", flat.count("<ok/>"))
things = dict((name, rest) for name, rest in re.findall(r"<thing><name>(\w+)</name>(.*?)</thing>", flat))
for name, rest in sorted(things.items()):
    print(f"{name}: {rest}")
ok = "<links>0</links>" in things.get("new", "") and "links" not in things.get("old", "links")
sys.exit(0 if ok else "this is no longer so: " + answers[-2000:])
PY
echo "seen: a remove of an absent leaf in a new entry leaves the leaf with the value 0"
