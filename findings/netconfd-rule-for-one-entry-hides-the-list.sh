#!/bin/bash
# netconfd (yuma123 2.13-1, Debian 12): an access rule (RFC 8341) that denies reading
# one entry of a list. Section 3.4.5: rules are matched node by node, and a denied node
# is left out of the reply with what is below it. Guess: the other entries are shown.
# Seen: the whole list is empty for that user, whether it asks for everything, for the
# list, or for an entry that no rule names; the answer is a well-formed one without a
# word. Somebody whom the rules do not touch sees every entry.
# So: an entry that a reply leaves out may be there, and so may all of them.
#
# Needs Debian's apt (its package index fetched) and nothing else; ends with 1 if
# any of this is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

version=2.13-1
apt-get download -qq "netconfd=$version" "libyuma-base=$version" "libyuma2=$version" >/dev/null 2>&1
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
      leaf note { type string; }
    }
  }
}
YANG
cat > startup.xml <<'XML'
<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">
<things xmlns="urn:example:probe">
  <thing><name>one</name><note>a</note></thing>
  <thing><name>two</name><note>b</note></thing>
  <thing><name>three</name><note>c</note></thing>
</things>
<nacm xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-acm">
  <read-default>permit</read-default><write-default>permit</write-default><exec-default>permit</exec-default>
  <groups><group><name>guests</name><user-name>guest</user-name></group></groups>
  <rule-list><name>guests</name><group>guests</group>
    <rule><name>two</name><module-name>*</module-name>
      <path xmlns:p="urn:example:probe">/p:things/p:thing[p:name='two']</path>
      <access-operations>read</access-operations><action>deny</action></rule>
  </rule-list>
</nacm>
</config>
XML
export LD_LIBRARY_PATH=$libraries HOME=$work
: > netconfd.log
"$root/usr/sbin/netconfd" --module=probe --startup=startup.xml --startup-error=stop --target=running \
  --superuser=nobody --modpath="$work/modules:$root/usr/share/yuma/modules" \
  --ncxserver-sockname="$work/ncx.sock" --log-level=info >> netconfd.log 2>&1 &
server=$!
until grep -q 'Running netconfd' netconfd.log; do kill -0 "$server" || { cat netconfd.log >&2; exit 1; }; sleep 0.1; done

# Framing in chunks (RFC 6242 section 4.2), all at once.
python3 - > session.xml <<'PY'
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
LIST = "<filter type='subtree'><things xmlns='urn:example:probe'>{}</things></filter>"

print(
    f"<hello xmlns='{BASE}'><capabilities><capability>urn:ietf:params:netconf:base:1.1</capability>"
    "</capabilities></hello>]]>]]>", end=""
)
steps = [
    f"<get-config><source><running/></source>{inside}</get-config>"
    for inside in ("", LIST.format("<thing/>"), LIST.format("<thing><name>one</name></thing>"))
]
for number, step in enumerate([*steps, "<close-session/>"], 1):
    message = f"<rpc xmlns='{BASE}' message-id='{number}'>{step}</rpc>"
    print(f"\n#{len(message)}\n{message}\n##\n", end="")
PY

# The subsystem ends with its input, so that is held open until all is answered. A
# session begun in the server's first moments may get no answers: it is begun again.
ask() {
  local out=$work/$1.xml
  for _ in 1 2 3 4 5; do
    : > "$out"
    { cat session.xml; for _ in $(seq 50); do grep -q 'message-id="4"' "$out" && break; sleep 0.1; done; } |
      SSH_CONNECTION="127.0.0.1 1 127.0.0.1 830" USER=$1 LOGNAME=$1 \
      "$root/usr/sbin/netconf-subsystem" --ncxserver-sockname="830@$work/ncx.sock" >> "$out" || true
    if grep -q 'message-id="4"' "$out"; then return; fi
  done
}
ask guest
ask other

python3 - <<'PY'
import re, sys
seen = {}
for user in ("other", "guest"):
    text = re.sub(r"\n#+\d*\n", "", open(f"{user}.xml", encoding="utf-8").read())
    replies = re.findall(r"<rpc-reply.*?</rpc-reply>", text, re.S)[:3]
    seen[user] = [re.findall(r"<thing>\s*<name>(\w+)</name>", reply) for reply in replies]
    for asked, names in zip(("everything", "the list", "the entry `one`"), seen[user]):
        print(f"{user} asks for {asked}: {names or 'nothing'}")
    if "rpc-error" in text or len(replies) != 3:
        sys.exit(f"unexpected: {text[-3000:]}")
whole = ["one", "three", "two"]
ok = [sorted(names) for names in seen["other"]] == [whole, whole, ["one"]] and seen["guest"] == [[], [], []]
sys.exit(0 if ok else "this is no longer so")
PY
echo "seen: a rule that hides one entry hides the list"
