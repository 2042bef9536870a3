"""Calls Mercury with the HTTP libraries that people use, as their manuals say.

    callers.py CLIENT URL [--digest|--basic] [--user NAME] [--ca FILE] [--cert FILE --key FILE]
               [--times N] [--together]

CLIENT is requests, httpx or aiohttp. The password comes in MERCURY_PASSWORD. The same
request is made --times times with one session, one after the other or --together;
standard output is a JSON list of the statuses. Whatever is raised ends it with 1.
"""

import argparse
import asyncio
import json
import os
import ssl

BODY = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "reset_port", "params": {
    "switch_id": "nowhere", "port_name": "Ethernet1", "native_vlan": 1}}).encode()
HEADERS = {"Content-Type": "application/json"}


def main():
    options = parse_options()
    print(json.dumps(CLIENTS[options.client](options)))


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("client", choices=sorted(CLIENTS))
    parser.add_argument("url")
    parser.add_argument("--digest", action="store_true")
    parser.add_argument("--basic", action="store_true")
    parser.add_argument("--user", default="")
    parser.add_argument("--ca")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--together", action="store_true")
    options = parser.parse_args()
    options.password = os.environ.get("MERCURY_PASSWORD", "")
    return options


def with_requests(options):
    import requests
    session = requests.Session()
    if options.digest:
        session.auth = requests.auth.HTTPDigestAuth(options.user, options.password)
    elif options.basic:
        session.auth = (options.user, options.password)
    if options.cert:
        session.cert = (options.cert, options.key)
    # REQUESTS_CA_BUNDLE goes before a session's own `verify`.
    more = {"data": BODY, "headers": HEADERS, "verify": options.ca or True}
    return [session.post(options.url, **more).status_code for _ in range(options.times)]


def with_httpx(options):
    import httpx
    auth = None
    if options.digest:
        auth = httpx.DigestAuth(options.user, options.password)
    elif options.basic:
        auth = httpx.BasicAuth(options.user, options.password)
    with httpx.Client(auth=auth, verify=tls(options), timeout=60) as client:
        return [client.post(options.url, content=BODY, headers=HEADERS).status_code for _ in range(options.times)]


def with_aiohttp(options):
    return asyncio.run(aiohttp_calls(options))


async def aiohttp_calls(options):
    import aiohttp
    more = {}
    if options.digest:
        more["middlewares"] = (aiohttp.DigestAuthMiddleware(login=options.user, password=options.password),)
    elif options.basic:
        more["auth"] = aiohttp.BasicAuth(options.user, options.password)
    connector = aiohttp.TCPConnector(ssl=tls(options))
    async with aiohttp.ClientSession(connector=connector, **more) as session:
        async def call():
            async with session.post(options.url, data=BODY, headers=HEADERS) as response:
                return response.status
        if options.together:
            return await asyncio.gather(*[call() for _ in range(options.times)])
        return [await call() for _ in range(options.times)]


def tls(options):
    context = ssl.create_default_context(cafile=options.ca)
    if options.cert:
        context.load_cert_chain(options.cert, options.key)
    return context


CLIENTS = {"requests": with_requests, "httpx": with_httpx, "aiohttp": with_aiohttp}

if __name__ == "__main__":
    main()
