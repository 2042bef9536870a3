"""A RESTCONF server (RFC 8040) that nobody here wrote: JetConf 0.3.6, whose data are yangson's
and held against the YANG modules.

    restconf_server.py MODULES YUMA      prints {"port": N}, and then answers each line of
                                         standard input with the running configuration

MODULES is the folder of Mercury's own subset of OpenConfig, YUMA one with IETF's modules.

What is JetConf's: paths, methods, the media type of a draft, errors, ETag, validation. What is
not: it speaks HTTP/2 alone, and here Python's own server of HTTP/1.1 calls its handlers; an edit
waits there for an operation of its own, `conf-commit`, and here that follows each edit at once;
and it has no PATCH, which is its PUT here, of what yangson's `merge` makes of the two. With
`JETCONF_PATCH=no` it has none.
"""

import collections
import http.server
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import threading

from jetconf import config
from jetconf.data import JsonDatastore, RpcInfo

API = "/restconf"
# What jetconf takes for the user where there is no certificate.
USER = "test-user"
IETF = ("ietf-yang-library@2016-06-21", "ietf-inet-types@2013-07-15", "ietf-yang-types@2013-07-15")
DATA = {
    "openconfig-interfaces:interfaces": {"interface": [
        {"name": f"Ethernet{number}",
         "config": {"name": f"Ethernet{number}", "type": "iana-if-type:ethernetCsmacd", "enabled": True,
                    "description": f"somebody's {number}"},
         **({"openconfig-if-ethernet:ethernet": {"openconfig-vlan:switched-vlan": {"config": switched}}}
            if switched else {})}
        for number, switched in ((1, None), (2, {"interface-mode": "ACCESS", "access-vlan": 10}),
                                 (3, {"interface-mode": "TRUNK", "native-vlan": 10, "trunk-vlans": [11, "20..30"]}))]},
    "openconfig-network-instance:network-instances": {"network-instance": [
        {"name": "default", "config": {"name": "default",
                                       "type": "openconfig-network-instance-types:DEFAULT_INSTANCE"},
         "vlans": {"vlan": [{"vlan-id": number, "config": {"vlan-id": number, "name": f"V{number}"}}
                            for number in (10, 11, 20)]}}]},
}
patching = threading.local()


class UserDatastore(JsonDatastore):
    """What JetConf asks of whoever uses it."""

    def update_node_rpc(self, root, rpc, value):
        if not getattr(patching, "now", False):
            return super().update_node_rpc(root, rpc, value)
        (_, value), = value.items()
        merged = root.goto(self.parse_ii(rpc.path, rpc.path_format)).merge(value, raw=True)
        return merged.top(), False


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        datastore, handlers = served(folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(datastore, handlers))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        say({"port": server.server_address[1]})
        for _ in sys.stdin:
            say(datastore.get_data_root().raw_value())


def say(value):
    sys.__stdout__.write(json.dumps(value) + "\n")
    sys.__stdout__.flush()


def served(folder):
    """JetConf over the modules, and its handlers of requests."""
    modules(folder / "modules")
    package = folder / "mercury_peer"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "usr_datastore.py").write_text("from __main__ import UserDatastore\n")
    (package / "yang-library-data.json").write_text(json.dumps(library(folder / "modules")))
    sys.path.insert(0, str(folder))
    (folder / "data.json").write_text(json.dumps(DATA))
    (folder / "config.yaml").write_text(json.dumps({
        "GLOBAL": {"PIDFILE": str(folder / "pid"), "PERSISTENT_CHANGES": False, "LOG_LEVEL": "error",
                   "YANG_LIB_DIR": str(folder / "modules"), "DATA_JSON_FILE": str(folder / "data.json"),
                   "BACKEND_PACKAGE": "mercury_peer"},
        "HTTP_SERVER": {"DOC_ROOT": str(folder / "documents"), "API_ROOT": API, "DISABLE_SSL": True,
                        "DBG_DISABLE_CERT": True, "LISTEN_LOCALHOST_ONLY": True, "PORT": 0},
        "NACM": {"ENABLED": False}}))
    config.CFG = config.JcConfig()
    config.CFG.load_file(str(folder / "config.yaml"))
    from jetconf.jetconf import Jetconf         # they look at config.CFG when they are loaded
    from jetconf.rest_server import H2Protocol
    server = Jetconf(config.CFG)
    server.init()
    return server.datastore, H2Protocol.HTTP_HANDLERS.list


def modules(folder):
    shutil.copytree(sys.argv[1], folder)
    for name in IETF:
        shutil.copy(pathlib.Path(sys.argv[2]) / f"{name}.yang", folder)
    # yangson 1.7.9 compares an identity by its module's name, as it stands in JSON, where
    # OpenConfig's condition has a prefix (RFC 7950 leaves that open): it never holds there.
    ethernet = folder / "openconfig-if-ethernet.yang"
    ethernet.write_text(ethernet.read_text().replace("'ianaift:", "'iana-if-type:"))


def library(folder):
    found = []
    for file in sorted(folder.glob("*.yang")):
        text = file.read_text()
        found.append({"name": file.stem.partition("@")[0], "conformance-type": "implement",
                      "namespace": re.search(r'namespace\s+"([^"]+)"', text)[1],
                      "revision": re.search(r'\n\s*revision\s+"?([0-9-]{10})', text)[1]})
    return {"ietf-yang-library:modules-state": {"module-set-id": "1", "module": found}}


def handler(datastore, handlers):
    one_at_a_time = threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            with one_at_a_time:
                status, kind, more, data = self.outcome(body)
            self.send_response(int(status))
            for name, value in {"Content-Type": kind, "Content-Length": len(data), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def outcome(self, body):
            patches = self.command == "PATCH" and os.environ.get("JETCONF_PATCH") != "no"
            method = "PUT" if patches else self.command
            if method not in ("GET", "PUT", "POST", "DELETE", "OPTIONS"):
                return error(405, "operation-not-supported", method)
            headers = collections.OrderedDict((name.lower(), value) for name, value in self.headers.items())
            headers.update({":method": method, ":path": self.path})
            found = handlers.get(method, self.path.partition("?")[0].rstrip("/"))
            if not found:
                return error(400, "malformed-message", self.path)
            patching.now = patches
            done = found(headers, body, None)
            if method != "GET" and done.status_code.startswith("2"):
                return commit(datastore) or shown(done)
            return shown(done)

        do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = do_OPTIONS = answer

        def log_message(self, *_):
            pass

    return Handler


def shown(done):
    return done.status_code, done.content_type, dict(done.extra_headers or {}), done.data


def commit(datastore):
    """By JetConf's own operation; what it says where it refuses."""
    rpc = RpcInfo()
    rpc.username, rpc.skip_nacm_check = USER, True
    operations = datastore.handlers.op_obj
    try:
        operations.jetconf_conf_commit(rpc)
    except Exception as refused:        # of many kinds: whatever yangson finds wrong
        operations.jetconf_conf_reset(rpc)
        return error(400, "invalid-value", f"{type(refused).__name__}: {refused}")
    return None


def error(status, tag, message):
    told = {"ietf-restconf:errors": {"error": [
        {"error-type": "protocol", "error-tag": tag, "error-message": message}]}}
    return status, "application/yang.api+json", {}, json.dumps(told).encode()


main()
