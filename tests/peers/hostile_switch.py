"""Switches that misbehave, for ./bench_hostile.

    hostile_switch.py KIND COUNT

KIND is what is wrong, one of KINDS below. Prints {"ports": [...], "fingerprint": ...},
the ports of COUNT switches on 127.0.0.1 and, over NETCONF, their host key; ends
with standard input.
"""

import base64
import concurrent.futures
import hashlib
import itertools
import json
import os
import re
import socket
import sys
import threading

import paramiko

MEGABYTES = 60
ENTRIES = 40_000
PIECE = 128 << 10
HELLO = ('<hello xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><capabilities>'
         "<capability>urn:ietf:params:netconf:base:1.1</capability>"
         "<capability>urn:ietf:params:netconf:capability:candidate:1.0</capability>"
         "</capabilities><session-id>1</session-id></hello>]]>]]>")
DATA = '<data><interfaces xmlns="http://openconfig.net/yang/interfaces">'
END = "</interfaces></data></rpc-reply>"


def names():
    return (f"Ethernet{number}" for number in range(ENTRIES))


def repeated(piece):
    return piece * (MEGABYTES * 1_000_000 // len(piece))


# gNMI

def gnmi(kind, count):
    import grpc
    from pygnmi.spec.v080 import gnmi_pb2 as pb

    def elem(element, **key):
        return pb.PathElem(name=element, key=key)

    def got(text):
        update = pb.Update(path=pb.Path(elem=[elem("interfaces")]), val=pb.TypedValue(json_ietf_val=text.encode()))
        return pb.GetResponse(notification=[pb.Notification(update=[update])]).SerializeToString()

    def entry(name):
        return {"name": name, "config": {"name": name, "type": "iana-if-type:ethernetCsmacd", "enabled": True}}

    def capabilities(_, context):
        models = [pb.ModelData(name=name, organization="OpenConfig", version="1.0.0")
                  for name in ("openconfig-interfaces", "openconfig-vlan", "openconfig-network-instance")]
        return pb.CapabilityResponse(supported_models=models, supported_encodings=[pb.JSON_IETF],
                                     gNMI_version="0.10.0").SerializeToString()

    if kind == "gnmi-objects":
        reply = got(f'{{"openconfig-interfaces:interface":[{repeated("{},")}{{}}]}}')
    else:
        reply = got(json.dumps({"openconfig-interfaces:interface": [entry(name) for name in names()]}))

    def leaves(first):
        path = lambda number: pb.Path(elem=[elem("interfaces"), elem("interface", name=f"Ethernet{number}"),
                                            elem("config"), elem("description")])
        update = [pb.Update(path=path(number), val=pb.TypedValue(string_val="x"))
                  for number in range(first, first + 1000)]
        return pb.SubscribeResponse(update=pb.Notification(update=update)).SerializeToString()

    # Made beforehand: making them is slower than understanding them.
    responses = [leaves(first) for first in range(0, 200_000, 1000)] if kind == "gnmi-endless" else []

    def get(_, context):
        if kind == "gnmi-endless":
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "Get is not supported")
        return reply

    def subscribe(_, context):
        if kind != "gnmi-endless":
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "Subscribe is not supported")
        for response in itertools.cycle(responses):
            if not context.is_active():
                return
            yield response

    handlers = {"Capabilities": grpc.unary_unary_rpc_method_handler(capabilities),
                "Get": grpc.unary_unary_rpc_method_handler(get),
                "Subscribe": grpc.stream_stream_rpc_method_handler(subscribe)}
    pool = concurrent.futures.ThreadPoolExecutor(64)
    server = grpc.server(pool, options=[("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("gnmi.gNMI", handlers)])
    ports = [server.add_insecure_port("127.0.0.1:0") for _ in range(count)]
    server.start()
    return ports, server


# SSH

class Anybody(paramiko.ServerInterface):
    """Lets everybody in, and opens whatever channel is asked for."""

    def check_auth_password(self, username, password):
        return paramiko.AUTH_SUCCESSFUL

    def get_allowed_auths(self, username):
        return "password"

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED


def over_ssh(count, door, netconf=None):
    """Ports of as many servers, and their host key."""
    key = paramiko.ECDSAKey.generate()

    def serve(listener):
        while True:
            connection, _ = listener.accept()
            transport = paramiko.Transport(connection)
            transport.add_server_key(key)
            if netconf:
                transport.set_subsystem_handler("netconf", netconf)
            threading.Thread(target=start, args=(transport,), daemon=True).start()

    def start(transport):
        try:
            transport.start_server(server=door())
        except (paramiko.SSHException, EOFError):
            pass

    ports = [listen(serve) for _ in range(count)]
    digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
    return ports, f"SHA256:{digest}"


# NETCONF

def netconf(kind, count):
    def interface(name):
        return (f"<interface><name>{name}</name><config><name>{name}</name><enabled>true</enabled></config>"
                "</interface>")

    if kind == "netconf-entries":
        body = DATA + "".join(map(interface, names())) + END
    else:
        body = DATA + repeated("<a/>") + END
    body = body.encode()
    more = repeated("<a/>")[:1 << 20].encode()

    def send(channel, octets):
        """Chunks of RFC 6242; sendall copies what is left for each packet, so they are small."""
        for first in range(0, len(octets), PIECE):
            piece = octets[first:first + PIECE]
            channel.sendall(b"\n#%d\n" % len(piece))
            channel.sendall(piece)

    class Netconf(paramiko.SubsystemHandler):
        def start_subsystem(self, name, transport, channel):
            try:
                self.talk(channel)
            except (OSError, EOFError):
                pass                                # the client has had enough

        def talk(self, channel):
            channel.sendall(HELLO.encode())
            heard = b""
            while b"]]>]]>" not in heard:
                heard += channel.recv(4096) or self.gone()
            heard = heard.partition(b"]]>]]>")[2]
            while True:
                while not re.search(rb"\n##\n", heard):
                    heard += channel.recv(65536) or self.gone()
                request, _, heard = heard.partition(b"\n##\n")
                number = re.search(rb'message-id="([^"]*)"', request).group(1)
                begin = b'<rpc-reply xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="%s">' % number
                send(channel, begin)
                if kind == "netconf-endless":
                    send(channel, DATA.encode())
                    while True:
                        send(channel, more)
                send(channel, body)
                channel.sendall(b"\n##\n")

        def gone(self):
            raise EOFError

    return over_ssh(count, Anybody, Netconf)


# The command line

def command_line(kind, count):
    """Cisco IOS as far as its prompt: in `cli-flood` there is none, but lines without end, and in
    `cli-pager` no answer is the last page."""
    flood = b"".join(b"%%LINK-3-UPDOWN: Interface Ethernet%d, changed state to up\r\n" % number
                     for number in range(1000))

    class Door(Anybody):
        def check_channel_pty_request(self, *_):
            return True

        def check_channel_shell_request(self, channel):
            threading.Thread(target=talk, args=(channel,), daemon=True).start()
            return True

    def talk(channel):
        try:
            if kind == "cli-flood":
                while True:
                    channel.sendall(flood)
            channel.sendall(b"\r\nhostile#")
            while heard := channel.recv(4096):
                # A blank asks for the next page, and so does a line.
                channel.sendall(heard.replace(b"\n", b"\r\n") + flood[:4000] + b"\r\n --More-- ")
        except (OSError, EOFError):
            pass                                    # the client has had enough

    return over_ssh(count, Door)


# HTTP

def over_http(count, answer):
    """Ports of as many servers; each request is a GET, whose path is answered."""
    def serve(listener):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection):
        heard = b""
        try:
            while piece := connection.recv(65536):
                heard += piece
                while b"\r\n\r\n" in heard:
                    request, _, heard = heard.partition(b"\r\n\r\n")
                    answer(connection, request.split(b" ", 2)[1])
        except OSError:
            pass                                    # the client has had enough

    return [listen(serve) for _ in range(count)], None


def restconf(kind, count):
    """60 MB of objects, or a reply without end, to whatever is asked."""
    more = repeated("{},")[:1 << 20].encode()
    body = b'{"openconfig-interfaces:interface":[' + repeated("{},").encode() + b"{}]}"

    def answer(connection, path):
        if not path.startswith(b"/restconf/data") or b"monitoring" in path or b"library" in path:
            connection.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            return
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/yang-data+json\r\n"
        if kind == "restconf-objects":
            connection.sendall(head + b"content-length: %d\r\n\r\n" % len(body) + body)
            return
        connection.sendall(head + b"transfer-encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"%x\r\n%s\r\n" % (len(more), more))

    return over_http(count, answer)


def nvue(kind, count):
    """An applied revision that is 60 MB of objects."""
    objects = b'{"interface":{"swp1":[' + repeated("{},").encode() + b"{}]}}"

    def answer(connection, path):
        body = b'{"state":"applied"}' if path.startswith(b"/nvue_v1/revision/") else objects
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                           b"content-length: %d\r\n\r\n" % len(body))
        connection.sendall(body)

    return over_http(count, answer)


# OVSDB

def ovsdb(kind, count):
    """A database that says what it is, and to whatever else is asked 60 MB of objects, or a
    reply without end."""
    objects = repeated("{},").encode()
    version = {"rows": [{"ovs_version": "3.1.0", "db_version": "8.3.1"}]}
    said = {"set_db_change_aware": {}, "list_dbs": ["Open_vSwitch"], "transact": [version]}

    def serve(listener):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection):
        heard, known = "", set()
        try:
            while piece := connection.recv(65536):
                heard += piece.decode()
                while heard:
                    try:
                        request, end = json.JSONDecoder().raw_decode(heard)
                    except ValueError:
                        break
                    heard = heard[end:]
                    answer(connection, request, known)
        except OSError:
            pass                                    # the client has had enough

    def answer(connection, request, known):
        method = request["method"]
        if method not in known:
            known.add(method)
            reply = {"id": request["id"], "result": said.get(method), "error": None}
            connection.sendall(json.dumps(reply).encode())
            return
        connection.sendall(b'{"id":%d,"result":[{"rows":[' % request["id"])
        connection.sendall(objects)
        while kind == "ovsdb-endless":
            connection.sendall(objects)
        connection.sendall(b"{}]}]}")

    return [listen(serve) for _ in range(count)], None


# None of them

def dead(kind, count):
    """Accepts and says nothing."""
    held = []

    def serve(listener):
        while True:
            held.append(listener.accept())

    return [listen(serve) for _ in range(count)], held


def listen(serve):
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    return listener.getsockname()[1]


KINDS = {"gnmi-objects": gnmi, "gnmi-endless": gnmi, "gnmi-entries": gnmi,
         "netconf-elements": netconf, "netconf-endless": netconf, "netconf-entries": netconf,
         "cli-flood": command_line, "cli-pager": command_line,
         "restconf-objects": restconf, "restconf-endless": restconf,
         "nvue-objects": nvue,
         "ovsdb-objects": ovsdb, "ovsdb-endless": ovsdb, "dead": dead}


def main():
    kind, count = sys.argv[1], int(sys.argv[2])
    ports, kept = KINDS[kind](kind, count)
    print(json.dumps({"ports": ports, "fingerprint": kept if isinstance(kept, str) else None}), flush=True)
    sys.stdin.read()
    os._exit(0)                                     # whatever its threads are at


if __name__ == "__main__":
    main()
