"""Callers that misbehave, for ./bench_hostile.

    hostile_callers.py KIND COUNT ADDRESS [SWITCH/PORT...]

COUNT callers from 127.0.0.1, of one KIND, until standard input ends:

unfinished  send headers without credentials, and of the body the beginning
deaf        ask and ask, and take no answer
guess       guess passwords
ask         ask what would be sent for each SWITCH/PORT in turn, and wait for the answer

Whoever is answered or sent away comes again. Prints {"begun": true} when each has
been there once, and at the end how often each answer came.
"""

import asyncio
import base64
import collections
import json
import sys

KIND, COUNT = sys.argv[1], int(sys.argv[2])
HOST, _, PORT = sys.argv[3].rpartition(":")
SWITCHES = sys.argv[4:]
AGAIN = .1                                       # s, before one comes again

answers = collections.Counter()
here = set()


def head(length, *more):
    lines = ["POST / HTTP/1.1", f"Host: {HOST}", "Content-Type: application/json", f"Content-Length: {length}", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def call(method, params, *more, number=1):
    body = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()
    return head(len(body), *more) + body


def basic(user, password):
    return "Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


async def answer(reader):
    """What one is told, in a word."""
    status = await reader.readline()
    if not status:
        return "closed"
    length = 0
    while (line := await reader.readline()).strip():
        name, _, value = line.decode().partition(":")
        length = int(value) if name.lower() == "content-length" else length
    body = await reader.readexactly(length)
    error = json.loads(body).get("error") if body.startswith(b"{") else None
    kind = ((error or {}).get("data") or {}).get("kind") if isinstance(error, dict) else None
    return kind or status.split()[1].decode()


async def unfinished(number, reader, writer):
    writer.write(head(100) + b'{"jsonrpc"')
    told(number, await answer(reader))


async def deaf(number, reader, writer):
    request = call("get_switches", {}, number="x" * 10_000)
    here.add(number)
    while True:
        writer.write(request)
        await writer.drain()


async def guess(number, reader, writer):
    for attempt in range(1_000_000):
        writer.write(call("get_switches", {}, basic(("ironic", "nobody")[number % 2], f"guess {number} {attempt}")))
        what = await answer(reader)
        told(number, what)
        if what == "closed":                     # Mercury may have stopped
            return


async def ask(number, reader, writer):
    switch, _, port = SWITCHES[number % len(SWITCHES)].partition("/")
    params = {"switch_id": switch, "port_name": port, "mode": "access", "native_vlan": 100}
    writer.write(call("plan_port", params))
    here.add(number)
    told(number, await answer(reader))


def told(number, what):
    here.add(number)
    answers[what] += 1


async def caller(number):
    while True:
        writer = None
        try:
            reader, writer = await asyncio.open_connection(HOST, int(PORT), local_addr=("127.0.0.1", 0))
            await {"unfinished": unfinished, "deaf": deaf, "guess": guess, "ask": ask}[KIND](number, reader, writer)
        except (OSError, EOFError):
            told(number, "closed")
        finally:
            if writer:
                writer.transport.abort()
        await asyncio.sleep(AGAIN)


async def main():
    tasks = [asyncio.create_task(caller(number)) for number in range(COUNT)]
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    while len(here) < COUNT and not ended.done():
        await asyncio.sleep(.05)
    print(json.dumps({"begun": True}), flush=True)
    await ended
    for task in tasks:
        task.cancel()
    print(json.dumps(answers), flush=True)


asyncio.run(main())
